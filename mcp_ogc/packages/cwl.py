"""CWL application packages, loaded from text with nothing but the text: no import, no include, no file, no network.

cwl-utils parses and validates. It tries every type of process on a `$graph` and says little when none fits, so each
process is parsed on its own first: then every fault has its line and column.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urljoin, urlsplit

from mcp_ogc.errors import PackageError, UnknownName
from mcp_ogc.packages.document import place, read_document

if TYPE_CHECKING:
    from cwl_utils.parser import Process
    from schema_salad.exceptions import SchemaSaladException

VERSIONS = ("v1.0", "v1.1", "v1.2")
MOST_FAULTS = 6
ADDRESS = "file:///package"
"""What the text is called while it is parsed; nothing is ever read from there. It does not depend on where the text is
from, so that neither do ids; and it has a scheme, without which the types a package defines are not found."""
SCALARS = {"null", "boolean", "int", "long", "float", "double", "string"}
TYPES = SCALARS | {"File", "Directory", "Any", "stdin", "stdout", "stderr", "array", "enum", "record"}
SCHEMA_ORG = ("https://schema.org/", "http://schema.org/")


@dataclass(frozen=True, slots=True)
class Package:
    """A package that parses. `digest` is `sha256:` of the text as given."""

    text: str
    source: str
    digest: str
    cwl_version: str
    software_version: str | None
    processes: tuple[Process, ...]

    @property
    def workflows(self) -> tuple[str, ...]:
        """The ids of its Workflows, in the order of the document."""
        return tuple(short_id(process.id) for process in self.processes if process.class_ == "Workflow")

    @property
    def parts(self) -> tuple[str, ...]:
        """The ids of all its processes, in the order of the document."""
        return tuple(short_id(process.id) for process in self.processes)

    @property
    def main_id(self) -> str:
        """The id of what runs where none is named: the first Workflow, else the first process."""
        return short_id(self.workflow().id)

    def workflow(self, workflow_id: str | None = None) -> Process:
        """The process to run: the one named (`w`), else the first Workflow, else the first process.

        Raises:
            UnknownName: There is none of that id.
        """
        by_id = {short_id(process.id): process for process in self.processes}
        if workflow_id is not None:
            if workflow_id not in by_id:
                raise UnknownName("workflow", workflow_id, tuple(by_id), remedy="w names a process of the package")
            return by_id[workflow_id]
        return by_id[(self.workflows or tuple(by_id))[0]]


class Fault(NamedTuple):
    """What is wrong, and where; 1-based."""

    line: int
    column: int
    reason: str


def load(text: str, *, source: str = "package") -> Package:
    """Load a package.

    Args:
        text: YAML or JSON, a `$graph` or a single process, CWL v1.0 to v1.2.
        source: What to call it in errors.

    Raises:
        PackageError: With line, column and reason of the first fault, and the others after it.
    """
    document = read_document(text, source)
    version = document.get("cwlVersion")
    if version not in VERSIONS:
        raise PackageError(
            f"cwlVersion is {version!r}",
            source=source,
            line=place(document, "cwlVersion")[0],
            remedy=f"It must be one of {', '.join(VERSIONS)}",
        )
    document.pop("$schemas", None)  # vocabularies to be fetched: nothing here needs them
    graph = document.get("$graph", [document])
    _refuse(list(_misshapen(document, graph)), source)
    processes = list(_with_inline(graph))
    ids = {short_id(str(process.get("id", ""))) for process in processes}
    missing = [fault for process in processes for fault in _missing_processes(process, ids)]
    _refuse([*_references(document), *missing], source)
    _refuse([fault for process in graph for fault in _faults(process, document)], source)
    defined = TYPES | set(_type_names(document))
    _refuse([fault for process in processes for fault in _undefined_types(process, defined)], source)
    return Package(
        text=text,
        source=source,
        digest=f"sha256:{hashlib.sha256(text.encode()).hexdigest()}",
        cwl_version=version,
        software_version=_software_version(document, graph),
        processes=_parsed(document, source),
    )


def short_id(identifier: str) -> str:
    """An id without the document's name: `package#water/aoi` is `aoi`, of a process `water`."""
    return identifier.rsplit("#", 1)[-1].rsplit("/", 1)[-1]


def _misshapen(document: Mapping[str, Any], graph: Any) -> Iterator[Fault]:
    """What must be right before processes can be looked at one by one."""
    namespaces = document.get("$namespaces")
    if namespaces is not None and not (
        isinstance(namespaces, Mapping) and all(isinstance(uri, str) for uri in namespaces.values())
    ):
        yield Fault(*place(document, "$namespaces"), "$namespaces is not a map of prefixes to URIs")
    if not isinstance(graph, Sequence) or not graph or not all(isinstance(process, Mapping) for process in graph):
        yield Fault(*place(document, "$graph"), "$graph is not a list of processes")
        return
    seen = set()
    for process in graph:
        if "class" not in process:
            yield Fault(*place(process, None), "a process without class")
        elif "id" not in process and "$graph" in document:
            yield Fault(*place(process, "class"), "a process of a $graph needs an id")
        name = str(process.get("id", "")).removeprefix("#")
        if name in seen:
            yield Fault(*place(process, "id"), f"there is another process {name}")
        seen.add(name)


def _references(node: Any) -> Iterator[Fault]:
    """Directives that would make the package more than its text; they are followed wherever they stand."""
    if isinstance(node, Mapping):
        for name, value in node.items():
            if name in ("$import", "$include", "$mixin"):
                reason = f"{name} is not followed: put what it refers to into the package itself"
                yield Fault(*place(node, name), reason)
            else:
                yield from _references(value)
    elif isinstance(node, Sequence) and not isinstance(node, str):
        for value in node:
            yield from _references(value)


def _each(process: Mapping[str, Any], field: str) -> Iterator[Mapping[str, Any]]:
    """The members of what may be a list or a map."""
    told = process.get(field)
    members = told.values() if isinstance(told, Mapping) else told if isinstance(told, list) else ()
    yield from (member for member in members if isinstance(member, Mapping))


def _with_inline(processes: Iterable[Any]) -> Iterator[Mapping[str, Any]]:
    """Processes, and those that their steps hold."""
    for process in processes:
        if isinstance(process, Mapping):
            yield process
            yield from _with_inline(step.get("run") for step in _each(process, "steps"))


def _missing_processes(process: Mapping[str, Any], ids: set[str]) -> Iterator[Fault]:
    """Steps that run what is not in the package."""
    for step in _each(process, "steps"):
        run = step.get("run")
        if isinstance(run, str) and not run.startswith("#"):
            yield Fault(*place(step, "run"), f"run: {run[:80]} is another document: put that process into $graph")
        elif isinstance(run, str) and short_id(run) not in ids:
            yield Fault(*place(step, "run"), f"run: there is no process {run[:80]} in the package")


def _undefined_types(process: Mapping[str, Any], defined: set[str]) -> Iterator[Fault]:
    """Types that neither CWL nor the package has; the parser takes any name for one that is defined elsewhere."""
    typed = [
        process.get("inputs"),
        process.get("outputs"),
        *(one.get("types") for one in _each(process, "requirements")),
    ]
    for text, where in (found for declared in typed for found in _types_of_each(declared)):
        name = text.removesuffix("?").removesuffix("[]")
        if re.split("[#/:]", name)[-1] not in defined:
            yield Fault(*where, f"there is no type {name[:80]}, neither in CWL nor in the package")


def _types_of_each(declared: Any) -> Iterator[tuple[str, tuple[int, int]]]:
    for key in declared if isinstance(declared, Mapping) else range(len(declared or ())):
        yield from _types(declared, key)


def _types(node: Any, key: Any) -> Iterator[tuple[str, tuple[int, int]]]:
    """The names of types below a member, and their places."""
    value = node[key]
    if isinstance(value, str):
        yield value, place(node, key)
    elif isinstance(value, Sequence):
        yield from _types_of_each(value)
    elif isinstance(value, Mapping):
        for inner in ("type", "items"):
            if inner in value:
                yield from _types(value, inner)
        yield from _types_of_each(value.get("fields"))


def _type_names(node: Any) -> Iterator[str]:
    """The names of the types a package defines."""
    if isinstance(node, Mapping):
        if isinstance(node.get("name"), str) and "type" in node:
            yield re.split("[#/:]", node["name"])[-1]
        for value in node.values():
            yield from _type_names(value)
    elif isinstance(node, Sequence) and not isinstance(node, str):
        for value in node:
            yield from _type_names(value)


def _faults(process: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[Fault]:
    """The faults of one process, parsed on its own."""
    import copy

    from schema_salad.exceptions import SchemaSaladException

    alone = copy.deepcopy(process)
    alone["cwlVersion"] = document["cwlVersion"]  # type: ignore[index]
    if "$namespaces" in document:
        alone["$namespaces"] = document["$namespaces"]  # type: ignore[index]
    try:
        _parse(alone)
    except SchemaSaladException as error:
        yield from _leaves(error)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        yield Fault(*place(process, "class"), f"can't be read: {error}")


def _leaves(error: SchemaSaladException) -> Iterator[Fault]:
    for leaf in error.leaves():
        line, column = leaf.start or (0, 0)
        reason = " ".join(leaf.message.split()) or " ".join(str(leaf).split())
        yield Fault(line, column, reason.removeprefix("* ").replace(ADDRESS, ""))


def _parsed(document: Mapping[str, Any], source: str) -> tuple[Process, ...]:
    from schema_salad.exceptions import SchemaSaladException

    try:
        parsed = _parse(document)
    except SchemaSaladException as error:
        _refuse(list(_leaves(error)), source)
        raise PackageError(str(error)[:500], source=source) from error
    return tuple(parsed) if isinstance(parsed, Sequence) else (parsed,)


def _parse(document: Any) -> Any:
    """Parse with cwl-utils, which looks at nothing but the document.

    schema-salad asks its fetcher whether an id or a type with an address of its own exists: the default one sends a
    request to that host, or looks for that file.
    """
    from cwl_utils.parser import cwl_v1_0, cwl_v1_1, cwl_v1_2, load_document_by_yaml
    from schema_salad.exceptions import ValidationException
    from schema_salad.fetcher import Fetcher

    class OnlyTheText(Fetcher):
        def fetch_text(self, url: str, content_types: list[str] | None = None) -> str:
            raise ValidationException(f"{url[:200]} is not fetched: a package is one document")

        def check_exists(self, url: str) -> bool:
            return not urlsplit(url).scheme or url.partition("#")[0] == ADDRESS

        def urljoin(self, base_url: str, url: str) -> str:
            return urljoin(base_url, url)

    dialect = dict(zip(VERSIONS, (cwl_v1_0, cwl_v1_1, cwl_v1_2), strict=True))[document["cwlVersion"]]
    options = dialect.LoadingOptions(fetcher=OnlyTheText(), fileuri=ADDRESS)
    return load_document_by_yaml(document, ADDRESS, options, load_all=True)


def _refuse(faults: list[Fault], source: str) -> None:
    if not faults:
        return
    first, *others = list(dict.fromkeys(faults))
    more = "".join(f"\n{source}:{fault.line}:{fault.column}: {fault.reason}" for fault in others[:MOST_FAULTS])
    if len(others) > MOST_FAULTS:
        more += f"\nand {len(others) - MOST_FAULTS} more"
    raise PackageError(
        f"{first.reason}{more}", source=source, line=first.line, column=first.column, remedy="Mend it and call again"
    )


def _software_version(document: Mapping[str, Any], graph: Sequence[Mapping[str, Any]]) -> str | None:
    """`softwareVersion` or `version` of schema.org, under whatever prefix the package gives it (OGC 20-089 §8)."""
    namespaces = document.get("$namespaces") or {}
    prefixes = [*(f"{prefix}:" for prefix, uri in namespaces.items() if uri in SCHEMA_ORG), *SCHEMA_ORG]
    names = [f"{prefix}{word}" for word in ("softwareVersion", "version") for prefix in prefixes]
    for holder in (document, *graph):
        for name in names:
            if holder.get(name) is not None:
                return str(holder[name])
    return None
