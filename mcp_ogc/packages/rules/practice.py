"""What the OGC best practice for Earth Observation application packages asks of one (OGC 20-089)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mcp_ogc.packages.document import place, place_of, short_id
from mcp_ogc.packages.findings import Hit, Rule, Severity
from mcp_ogc.packages.parts import Subject
from mcp_ogc.packages.types import holds

PROCESS_ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}")
PREFIXED = re.compile(r"([A-Za-z][\w.-]*):(?!//)\S+")
SCHEMES = {"http", "https", "file", "s3", "urn", "cwl", "cwltool", "sld", "iana"}
VERSION_WORDS = ("softwareVersion", "version")


def no_workflow(subject: Subject) -> Iterator[Hit]:
    """Packages without a Workflow."""
    if not subject.workflows:
        yield Hit(subject.main.place("class"), f"there is no Workflow, only a {subject.main.kind}")


def several_workflows(subject: Subject) -> Iterator[Hit]:
    """Workflows beside the one that is deployed, that none of its steps runs."""
    roots = [part for part in subject.roots if part.kind == "Workflow"]
    for other in roots if len(roots) > 1 and subject.workflow_id is None else ():
        if other is not subject.main:
            told = f"{other.name} is another Workflow; {subject.main.name} is what is deployed"
            yield Hit(other.place(), told, f'Choose with workflow_id="{other.id}", or make it a step, or remove it')


def unused_processes(subject: Subject) -> Iterator[Hit]:
    """Tools that no step runs."""
    for part in subject.roots if subject.workflows else ():
        if part.kind != "Workflow":
            yield Hit(part.place(), f"no step runs {part.name}")


def no_steps(subject: Subject) -> Iterator[Hit]:
    """Workflows that do nothing."""
    for workflow in subject.workflows:
        if not workflow.steps:
            yield Hit(workflow.place("steps"), f"{workflow.name} has no steps")


def bad_process_id(subject: Subject) -> Iterator[Hit]:
    """What is deployed without an id, or with one that can't be part of a URL."""
    main = subject.main
    if "id" not in main.node:
        yield Hit(main.place(), f"the {main.kind} has no id, which becomes the id of the process")
    elif not PROCESS_ID.fullmatch(main.id):
        yield Hit(main.place(), f"{main.id[:60]!r} can't be the id of a process: it becomes part of URLs")


def undocumented_workflow(subject: Subject) -> Iterator[Hit]:
    """What is deployed without a title or a description."""
    main = subject.main
    for field, becomes in (("label", "title"), ("doc", "description")):
        if not _is_told(getattr(main.process, field)):
            told = f"{main.name} has no {field}, which becomes the {becomes} of the process"
            yield Hit(main.place(field) if main.has(field) else main.place(), told, f"Add {field}: to {main.name}")


def undocumented_inputs(subject: Subject) -> Iterator[Hit]:
    """Inputs of what is deployed without a title or a description."""
    main = subject.main
    for declared in main.process.inputs:
        name = short_id(declared.id)
        missing = [field for field in ("label", "doc") if not _is_told(getattr(declared, field))]
        if missing:
            told = f"the input {name} has " + ("neither label nor doc" if len(missing) > 1 else f"no {missing[0]}")
            yield Hit(main.place("inputs", name), told, f"Add {': … and '.join(missing)}: … to {name}")


def no_stac_output(subject: Subject) -> Iterator[Hit]:
    """What is deployed gives no Directory, where its STAC catalog would be."""
    main = subject.main
    folders = [one for one in main.process.outputs if holds(one.type_, frozenset({"Directory"}), subject.types)]
    if not folders:
        yield Hit(
            main.place("outputs"), f"{main.name} has no Directory output, which holds the STAC catalog of results"
        )


def no_version(subject: Subject) -> Iterator[Hit]:
    """Packages that do not say which version they are."""
    if subject.package.software_version is None:
        where = next((place(holder, key) for holder, key, _ in _versions(subject)), place_of(subject.package.document))
        yield Hit(where, "the package has no s:softwareVersion")


def loose_versions(subject: Subject) -> Iterator[Hit]:
    """Versions that YAML takes for numbers: 1.10 is 1.1."""
    for holder, key, value in _versions(subject):
        if isinstance(value, float):
            yield Hit(place(holder, key), f"{key}: {value} is a number to YAML, so 1.10 would be 1.1")


def _versions(subject: Subject) -> Iterator[tuple[Mapping[str, Any], str, Any]]:
    """What looks like a version of the package, whatever its prefix is."""
    holders = [subject.package.document, *(part.node for part in subject.parts)]
    for holder in {id(one): one for one in holders}.values():
        for key, value in holder.items():
            if re.split("[:/]", str(key))[-1] in VERSION_WORDS and str(key) not in VERSION_WORDS:
                yield holder, key, value


def undeclared_prefixes(subject: Subject) -> Iterator[Hit]:
    """Prefixes that $namespaces does not have: what is behind them means nothing."""
    document = subject.package.document
    declared = {*(document.get("$namespaces") or {}), *SCHEMES}
    for told, where in _prefixed(document):
        prefix = PREFIXED.fullmatch(told)
        if prefix and prefix[1] not in declared:
            repair = f'Under $namespaces: {prefix[1]}: "https://schema.org/"' if prefix[1] == "s" else ""
            yield Hit(where, f"{told[:60]} has the prefix {prefix[1]}, which $namespaces does not declare", repair)


def _prefixed(node: Any) -> Iterator[tuple[str, tuple[int, int]]]:
    """Names of members, formats and classes: what may have a prefix."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield str(key), place(node, key)
            for one in value if isinstance(value, list) else [value]:
                if key in ("format", "class") and isinstance(one, str) and "$" not in one:
                    yield one, place(node, key)
            if key not in ("default", "$namespaces", "steps") or not isinstance(value, str):
                yield from _prefixed(value) if key not in ("default", "$namespaces") else ()
    elif isinstance(node, list):
        for value in node:
            yield from _prefixed(value)


def _is_told(text: Any) -> bool:
    return bool(("".join(text) if isinstance(text, list) else text or "").strip())


ERROR, WARNING = Severity.ERROR, Severity.WARNING
RULES = (
    Rule(
        "workflow",
        WARNING,
        "Many servers deploy Workflows only",
        "Make the tool the one step of a Workflow that passes its inputs and outputs on",
        "/req/app-pck/cwl, Q23",
        no_workflow,
    ),
    Rule(
        "single-workflow",
        WARNING,
        "Servers differ in which one they take",
        "",
        "/req/app-pck/cwl, Q22",
        several_workflows,
    ),
    Rule(
        "unused-process",
        WARNING,
        "It is deployed for nothing",
        "Run it in a step, or remove it",
        "/req/app-pck/cwl",
        unused_processes,
    ),
    Rule("steps", WARNING, "It does nothing", "Add steps", "/req/app-pck/wf", no_steps),
    Rule(
        "process-id",
        ERROR,
        "It can't be deployed",
        "Give it an id of letters, digits, - and _",
        "/req/app-pck/wf",
        bad_process_id,
    ),
    Rule(
        "workflow-text", WARNING, "It is what people choose a process by", "", "/req/app-pck/wf", undocumented_workflow
    ),
    Rule(
        "input-text",
        WARNING,
        "Nobody can tell what to fill in; ZOO-Project shows the word None",
        "",
        "/req/app-pck/wf-inputs, Q37",
        undocumented_inputs,
    ),
    Rule(
        "stac-output",
        WARNING,
        "Results are files without place, time and names; some platforms take none",
        "Add an output of type Directory with catalog.json in it",
        "OGC 20-089 stage-out, eoepca#68",
        no_stac_output,
    ),
    Rule(
        "version",
        WARNING,
        "Nobody can tell which version gave a result",
        'Add s:softwareVersion: "1.0.0", and $namespaces: {s: "https://schema.org/"}',
        "/req/app-pck/metadata",
        no_version,
    ),
    Rule(
        "version-number",
        WARNING,
        "Another version is shown",
        "Put it in quotes",
        "/req/app-pck/metadata",
        loose_versions,
    ),
    Rule(
        "prefix",
        WARNING,
        "Engines take it for nothing, or refuse it",
        "Declare it under $namespaces",
        "CWL SchemaSalad §3.1",
        undeclared_prefixes,
    ),
)
