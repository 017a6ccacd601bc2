"""CWL application packages, loaded from text with nothing but the text: no import, no include, no file, no network.

cwl-utils parses and validates. It tries every type of process on a `$graph` and says little when none fits, so each
process is parsed on its own first: then every fault has its line and column.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from mcp_ogc.errors import PackageError, UnknownName

if TYPE_CHECKING:
    from cwl_utils.parser import Process
    from schema_salad.exceptions import SchemaSaladException

VERSIONS = ("v1.0", "v1.1", "v1.2")
LARGEST = 1 << 20
DEEPEST = 60
MOST_NODES = 50_000
MOST_ALIASES = 100
MOST_FAULTS = 6
TAGS = {"!", *(f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "seq", "map"))}
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
    document = _read_yaml(text, source)
    version = document.get("cwlVersion")
    if version not in VERSIONS:
        raise PackageError(
            f"cwlVersion is {version!r}",
            source=source,
            line=_line(document, "cwlVersion"),
            remedy=f"It must be one of {', '.join(VERSIONS)}",
        )
    _refuse(list(_references(document)), source)
    document.pop("$schemas", None)  # vocabularies to be fetched: nothing here needs them
    graph = document.get("$graph", [document])
    if not isinstance(graph, Sequence) or not graph or not all(isinstance(one, Mapping) for one in graph):
        raise PackageError("$graph is not a list of processes", source=source, line=_line(document, "$graph"))
    _refuse([fault for process in graph for fault in _faults(process, document, source)], source)
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


def _read_yaml(text: str, source: str) -> Any:
    from ruamel.yaml.comments import CommentedMap
    from ruamel.yaml.error import MarkedYAMLError, YAMLError
    from schema_salad.sourceline import add_lc_filename
    from schema_salad.utils import yaml_no_ts

    if len(text) > LARGEST:
        raise PackageError(f"{len(text):,} characters are more than a package may have ({LARGEST:,})", source=source)
    try:
        _bounded(text, source)
        document = yaml_no_ts().load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise PackageError(
            f"not YAML: {error.problem or error.context}",
            source=source,
            line=mark.line + 1 if mark else 0,
            column=mark.column + 1 if mark else 0,
        ) from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise PackageError(f"not YAML: {str(error).splitlines()[0][:200]}", source=source) from None
    if not isinstance(document, CommentedMap):
        raise PackageError("not a CWL document: it has no members", source=source, remedy="It starts with cwlVersion")
    add_lc_filename(document, source)
    return document


def _bounded(text: str, source: str) -> None:
    """Refuse depth, size, aliases and tags before anything is built from them."""
    from ruamel.yaml import YAML
    from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, NodeEvent

    depth = nodes = aliases = 0
    for event in YAML(typ="safe", pure=True).parse(text):
        place = {"source": source, "line": event.start_mark.line + 1, "column": event.start_mark.column + 1}
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        nodes += isinstance(event, NodeEvent)
        aliases += isinstance(event, AliasEvent)
        if depth > DEEPEST or nodes > MOST_NODES or aliases > MOST_ALIASES:
            raise PackageError(
                f"deeper than {DEEPEST} levels, or with more than {MOST_NODES:,} nodes or {MOST_ALIASES} aliases",
                **place,
            )
        tag = getattr(event, "tag", None)
        if tag is not None and str(tag) not in TAGS:
            raise PackageError(f"the tag {tag} is not allowed", **place)


def _references(node: Any) -> Iterator[Fault]:
    """What would make the package more than its text."""
    if isinstance(node, Mapping):
        for name, value in node.items():
            if name in ("$import", "$include", "$mixin"):
                yield Fault(
                    *_place(node, name), f"{name} is not followed: put what it refers to into the package itself"
                )
            elif name == "run" and isinstance(value, str) and not value.startswith("#"):
                yield Fault(*_place(node, name), f"run: {value[:80]} is another document: put that process into $graph")
            else:
                yield from _references(value)
    elif isinstance(node, Sequence) and not isinstance(node, str):
        for value in node:
            yield from _references(value)


def _faults(process: Mapping[str, Any], document: Mapping[str, Any], source: str) -> Iterator[Fault]:
    """The faults of one process, parsed on its own."""
    import copy

    from cwl_utils.parser import load_document_by_yaml
    from schema_salad.exceptions import SchemaSaladException

    if "class" not in process:
        yield Fault(*_place(process, None), "a process without class")
        return
    if "id" not in process and "$graph" in document:
        yield Fault(*_place(process, "class"), "a process of a $graph needs an id")
        return
    alone = copy.deepcopy(process)
    alone["cwlVersion"] = document["cwlVersion"]  # type: ignore[index]
    if "$namespaces" in document:
        alone["$namespaces"] = document["$namespaces"]  # type: ignore[index]
    alone.pop("$schemas", None)  # type: ignore[attr-defined]
    try:
        load_document_by_yaml(alone, source)
    except SchemaSaladException as error:
        yield from _leaves(error)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        yield Fault(*_place(process, "class"), f"can't be read: {error}")


def _leaves(error: SchemaSaladException) -> Iterator[Fault]:
    for leaf in error.leaves():
        line, column = leaf.start or (0, 0)
        reason = " ".join(leaf.message.split()) or " ".join(str(leaf).split())
        yield Fault(line, column, reason.removeprefix("* "))


def _parsed(document: Mapping[str, Any], source: str) -> tuple[Process, ...]:
    from cwl_utils.parser import load_document_by_yaml
    from schema_salad.exceptions import SchemaSaladException

    try:
        parsed = load_document_by_yaml(document, source, load_all=True)
    except SchemaSaladException as error:
        _refuse(list(_leaves(error)), source)
        raise PackageError(str(error)[:500], source=source) from error
    return tuple(parsed) if isinstance(parsed, Sequence) else (parsed,)


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
    prefixes = (
        [name for name, uri in namespaces.items() if uri in SCHEMA_ORG] if isinstance(namespaces, Mapping) else []
    )
    names = [f"{prefix}:{word}" for word in ("softwareVersion", "version") for prefix in prefixes]
    for holder in (document, *graph):
        for name in names:
            if holder.get(name) is not None:
                return str(holder[name])
    return None


def _line(node: Any, key: str) -> int:
    return _place(node, key)[0]


def _place(node: Any, key: str | None) -> tuple[int, int]:
    """1-based line and column of a key, or of the node itself; 0 where unknown."""
    try:
        line, column = (node.lc.line, node.lc.col) if key is None else node.lc.key(key)
    except (AttributeError, KeyError, TypeError):
        return 0, 0
    return line + 1, column + 1
