"""CWL application packages, loaded from text with nothing but the text: no import, no include, no file, no network.

cwl-utils parses and validates. It tries every type of process on a `$graph` and says little when none fits, so each
process is parsed on its own first: then every fault has its line and column.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from mcp_ogc.errors import PackageError, PackageFault, UnknownName
from mcp_ogc.packages.document import copied, place, read_document, short_id
from mcp_ogc.packages.requirements import refusal
from mcp_ogc.packages.shape import (
    TYPES,
    each,
    merged_members,
    misshapen,
    missing_processes,
    odd_requirements,
    references,
    requirements_of,
    type_names,
    undefined_types,
    unreached_types,
    untyped,
    with_inline,
)

if TYPE_CHECKING:
    from cwl_utils.parser import Process
    from schema_salad.exceptions import SchemaSaladException

VERSIONS = ("v1.0", "v1.1", "v1.2")
MOST_FAULTS = 6
ENOUGH_FAULTS = 100
"""Of the requirements of one process; what is told has fewer."""
ADDRESS = "file:///package"
"""What the text is called while it is parsed; nothing is ever read from there. It does not depend on where the text is
from, so that neither do ids; and it has a scheme, without which the types a package defines are not found."""
SILENT = re.compile("Expected a <class '?NoneType'?> but got (list|CommentedSeq)")
FIELD = re.compile("the `([^`]*)` field is not valid because:")
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
    document: Mapping[str, Any] = field(repr=False, compare=False)
    """What was parsed: it remembers the place of every member (`document.place_of`)."""

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
        """The id of what runs where none is named."""
        return short_id(self.workflow().id)

    def workflow(self, workflow_id: str | None = None) -> Process:
        """The process to run: the one named (`w`), else `main`, else the first Workflow that no other runs.

        A package without Workflow runs its first process.

        Raises:
            UnknownName: There is none of that id.
        """
        by_id = {short_id(process.id): process for process in self.processes}
        if workflow_id is not None:
            if workflow_id not in by_id:
                raise UnknownName("workflow", workflow_id, tuple(by_id), remedy="w names a process of the package")
            return by_id[workflow_id]
        run_by_others = {short_id(step.run) for process in self.processes for step in _steps(process)}
        roots = [name for name in self.workflows if name not in run_by_others]
        return by_id["main" if "main" in by_id else (roots or self.workflows or tuple(by_id))[0]]


def _steps(process: Process) -> Sequence[Any]:
    """The steps of a process that run another part of the package."""
    return [step for step in getattr(process, "steps", ()) if isinstance(step.run, str)]


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
        reason = "cwlVersion is missing" if version is None else f"cwlVersion is {str(version)[:40]!r}"
        line, column = place(document, "cwlVersion" if version is not None else None)
        raise PackageError(
            reason,
            source=source,
            line=line,
            column=column,
            remedy=f"It must be one of {', '.join(VERSIONS)}",
            faults=(PackageFault(line, column, "cwl-version", reason),),
        )
    document.pop("$schemas", None)  # vocabularies to be fetched: nothing here needs them
    graph = document.get("$graph", [document])
    _refuse(list(misshapen(document, graph)), source)
    processes = list(with_inline(graph))
    ids = {short_id(str(process.get("id", ""))) for process in processes}
    missing = [fault for process in processes for fault in missing_processes(process, ids)]
    _refuse([*references(document), *missing, *merged_members(graph)], source)
    _refuse([fault for process in graph for fault in _faults(process, document)], source)
    defined = TYPES | set(type_names(document))
    _refuse([fault for one in processes for fault in (*untyped(one), *undefined_types(one, defined))], source)
    _refuse(list(unreached_types(graph)), source)
    return Package(
        text=text,
        source=source,
        digest=f"sha256:{hashlib.sha256(text.encode()).hexdigest()}",
        cwl_version=version,
        software_version=_software_version(document, graph),
        processes=_parsed(document, source),
        document=document,
    )


def _faults(process: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[PackageFault]:
    """The faults of one process, parsed on its own."""
    alone = copied(process)
    alone["cwlVersion"] = document["cwlVersion"]
    if "$namespaces" in document:
        alone["$namespaces"] = document["$namespaces"]
    told = list(islice(_requirement_faults(process, document), ENOUGH_FAULTS))
    if len(told) == ENOUGH_FAULTS:  # the parser would take seconds over thousands, and tells less of each
        yield from told
        return
    for fault in _parser_faults(alone, lambda: _parse(alone)):
        # Of a list of requirements the parser says only that it is no valid list.
        if not (told and SILENT.search(fault.reason)):
            told.append(fault)
    yield from told


def _requirement_faults(process: Mapping[str, Any], document: Mapping[str, Any]) -> Iterator[PackageFault]:
    """The faults of requirements, one by one: those of a process, and of its steps."""
    import copy

    from ruamel.yaml.comments import CommentedMap
    from schema_salad.sourceline import add_lc_filename

    cwl = _dialect(document)
    for holder in (part for one in with_inline([process]) for part in (one, *each(one, "steps"))):
        yield from odd_requirements(holder)
        for name, told, where in requirements_of(holder):
            if refused := refusal(name, told, document, cwl):
                yield PackageFault(*where, "requirement", *refused)
            elif ":" not in name:
                alone: CommentedMap = copy.copy(told) if isinstance(told, CommentedMap) else CommentedMap()
                alone["class"] = name
                add_lc_filename(alone, ADDRESS)
                parse = getattr(cwl, name).fromDoc
                yield from _parser_faults(alone, partial(parse, alone, ADDRESS, _options(cwl)))


def _parser_faults(node: Any, parse: Callable[[], Any]) -> Iterator[PackageFault]:
    from schema_salad.exceptions import SchemaSaladException

    try:
        parse()
    except SchemaSaladException as error:
        yield from _leaves(error)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        yield PackageFault(*place(node, "class"), "cwl", f"can't be read: {error}")


def _leaves(error: SchemaSaladException, field: str = "") -> Iterator[PackageFault]:
    """What is wrong, without what it is a part of but for the name of the field."""
    named = FIELD.match(error.message)
    field = named[1] if named else field
    for child in error.children:
        yield from _leaves(child, field)
    if not error.children and error.message:
        line, column = error.start or (0, 0)
        reason = " ".join(error.message.split()).removeprefix("* ").replace(ADDRESS, "")
        is_of_value = field and reason.startswith(("Value is", "Expected a"))
        yield PackageFault(line, column, "cwl", f"{field}: {reason}" if is_of_value else reason)


def _parsed(document: Mapping[str, Any], source: str) -> tuple[Process, ...]:
    from schema_salad.exceptions import SchemaSaladException

    try:
        parsed = _parse(document)
    except SchemaSaladException as error:
        _refuse(list(_leaves(error)), source)
        raise PackageError(str(error)[:500], source=source) from error
    return tuple(parsed) if isinstance(parsed, Sequence) else (parsed,)


def _parse(document: Any) -> Any:
    from cwl_utils.parser import load_document_by_yaml

    return load_document_by_yaml(document, ADDRESS, _options(_dialect(document)), load_all=True)


def _dialect(document: Mapping[str, Any]) -> Any:
    """The module of cwl-utils for a version of CWL."""
    from cwl_utils.parser import cwl_v1_0, cwl_v1_1, cwl_v1_2

    return dict(zip(VERSIONS, (cwl_v1_0, cwl_v1_1, cwl_v1_2), strict=True))[document["cwlVersion"]]


def _options(dialect: Any) -> Any:
    """Parse looking at nothing but the document.

    schema-salad asks its fetcher whether an id or a type with an address of its own exists: the default one sends a
    request to that host, or looks for that file.
    """
    from schema_salad.exceptions import ValidationException
    from schema_salad.fetcher import Fetcher

    class OnlyTheText(Fetcher):
        def fetch_text(self, url: str, content_types: list[str] | None = None) -> str:
            raise ValidationException(f"{url[:200]} is not fetched: a package is one document")

        def check_exists(self, url: str) -> bool:
            return not urlsplit(url).scheme or url.partition("#")[0] == ADDRESS

        def urljoin(self, base_url: str, url: str) -> str:
            return urljoin(base_url, url)

    return dialect.LoadingOptions(fetcher=OnlyTheText(), fileuri=ADDRESS)


def _refuse(faults: list[PackageFault], source: str) -> None:
    if not faults:
        return
    first, *others = list(dict.fromkeys(faults))
    more = "".join(f"\n{source}:{fault.line}:{fault.column}: {fault.reason}" for fault in others[:MOST_FAULTS])
    if len(others) > MOST_FAULTS:
        more += f"\nand {len(others) - MOST_FAULTS} more"
    raise PackageError(
        f"{first.reason}{more}",
        source=source,
        line=first.line,
        column=first.column,
        remedy="Mend it and call again",
        faults=(first, *others),
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
