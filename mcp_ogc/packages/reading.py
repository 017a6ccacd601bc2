"""Why a package can't be read, in words that can be acted on."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import NamedTuple

from mcp_ogc.errors import PackageFault
from mcp_ogc.packages.findings import Finding, Severity


class Advice(NamedTuple):
    """What a fault leads to, what would be right, and where that is written."""

    why: str
    repair: str
    provenance: str


REFUSED = "No server and no engine can read it"
CLASSES = ("Workflow", "CommandLineTool", "ExpressionTool", "Operation")
ADVICE = {
    "document": Advice(REFUSED, "Plain YAML or JSON: one map, no tags, no more aliases than needed", "YAML 1.2"),
    "cwl-version": Advice(REFUSED, "cwlVersion: v1.2 (or v1.0, v1.1) at the top", "CWL Workflow §4, cwlVersion"),
    "namespaces": Advice(REFUSED, '$namespaces: {s: "https://schema.org/"}', "CWL SchemaSalad §3.1"),
    "graph": Advice(REFUSED, "$graph is a list of processes, each with class and id", "CWL Workflow §4.5"),
    "class": Advice(REFUSED, f"Add class: {' or '.join(CLASSES[:2])}", "CWL Workflow §4"),
    "id": Advice(REFUSED, "Add id:", "CWL Workflow §4.5"),
    "duplicate-id": Advice(
        "One of them is lost", "Give one another id, and mend the `run:` that means it", "CWL Workflow §4.5"
    ),
    "reference": Advice(
        "Only the text itself is deployed; nothing is fetched or included",
        "Put what it refers to in its place",
        "threat T15",
    ),
    "run": Advice(
        "Only the text itself is deployed", 'Put that process into $graph and run it by "#id"', "CWL Workflow §5.2, run"
    ),
    "unknown-type": Advice(
        REFUSED,
        "boolean, int, long, float, double, string, File, Directory, each with [] or ?; or one of SchemaDefRequirement",
        "CWL Workflow §5.1, type",
    ),
    "untyped": Advice(
        "Nobody knows which values it takes", "Add type:, such as string, File or Directory", "CWL Workflow §5.1, type"
    ),
    "requirement": Advice(
        "Engines refuse what they do not know", "Name a requirement of CWL, or leave it to hints", "CWL Workflow §5.2"
    ),
    "cwl": Advice(REFUSED, "Mend it as CWL has it", "CWL v1.2"),
}
INVALID_FIELD = re.compile(r"invalid field `([^`]*)`, expected one of: (.*)")
UNDEFINED = re.compile(r"(Field `class` )?contains undefined reference to `(?:file:///)?([^`]*)`")
UNNAMED_LIST = re.compile(r"Expected a <class '?NoneType'?> but got list")


def read_fault(fault: PackageFault, source: str) -> Finding:
    """What keeps a package from being read, as a finding."""
    advice = ADVICE[fault.rule]
    message, repair = _plain(fault.reason)
    return Finding(
        severity=Severity.ERROR,
        source=source,
        line=max(fault.line, 1),
        column=max(fault.column, 1),
        rule=fault.rule,
        message=message[:300],
        why=advice.why,
        repair=repair or advice.repair,
        provenance=advice.provenance,
    )


def _plain(reason: str) -> tuple[str, str]:
    """What the parser says, shorter, and what would be right where that shows."""
    if told := INVALID_FIELD.fullmatch(reason):
        fields = re.findall("`([^`]*)`", told[2])
        near = get_close_matches(told[1], fields, n=1)
        return f"there is no field {told[1]} here", f"{near[0]}?" if near else f"Fields: {', '.join(fields)}"
    if told := UNDEFINED.fullmatch(reason):
        near = get_close_matches(told[2], CLASSES, n=1) if told[1] else []
        what = "class" if told[1] else "word"
        return f"CWL has no {what} {told[2]} here", f"{near[0]}?" if near else ""
    if UNNAMED_LIST.fullmatch(reason):
        return "a member of this list is not valid", ""
    return reason.removesuffix(" because:").replace("is a array", "is a list"), ""
