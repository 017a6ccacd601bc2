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
    "merge": Advice(
        "Engines give up before they say where",
        "Write out what it stands for",
        "CWL SchemaSalad §2, YAML 1.2 has no <<",
    ),
    "cwl": Advice(REFUSED, "Mend it as CWL has it", "CWL v1.2"),
}
INVALID_FIELD = re.compile(r"invalid field `([^`]*)`, expected one of: (.*)")
UNDEFINED = re.compile(r"(Field `class` )?contains undefined reference to `(?:file:///)?([^`]*)`")
UNNAMED_LIST = re.compile(r"(?:\w+: )?Expected a <class '?NoneType'?> but got (?:list|CommentedSeq)")
WRONG_VALUE = re.compile(
    r"(?:(?P<field>\w+): )?(?:Value is an? (?P<is>[\w.]+), but valid \w+ for this field (?:is|are) (?P<takes>.*?)\.?"
    r"|Expected a <class '?\w+'?> but got (?P<got>\w+))"
)
KINDS = {"str": "a text", "int": "a whole number", "bool": "true or false", "NoneType": "empty"}
KINDS |= {"float": "a decimal number", "array": "a list", "list": "a list", "object": "a map", "dict": "a map"}
"""What YAML holds, by the names of Python and of the parser."""
MISPLACED = (
    (("items",), "type", "type: {type: array, items: string}"),
    (("symbols",), "type", "type: {type: enum, symbols: [one, another]}"),
    (("fields",), "type", "type: {type: record, fields: {name: string}}"),
    (("glob", "outputEval", "loadContents"), "outputBinding", "outputBinding: {%s: …}"),
    (("prefix", "position", "separate", "itemSeparator", "shellQuote"), "inputBinding", "inputBinding: {%s: …}"),
    (("default",), "prefix", "Beside inputBinding, not within it: default: …"),
    (("source",), "outputSource", "outputSource: step/output"),
    (("inputs",), "in", "A step has in: {input: source}"),
    (("outputs",), "out", "A step has out: [output]"),
    (("when",), "scatter", "when: is of CWL v1.2: cwlVersion: v1.2"),
    (("pickValue",), "linkMerge", "pickValue: is of CWL v1.2: cwlVersion: v1.2"),
    (("dockerPull",), "hints", "hints: {DockerRequirement: {dockerPull: …}}"),
)
"""Fields, one that is known where they are not, and what is meant."""
LISTS = ("arguments", "baseCommand", "scatter")
"""What may be left out, else takes a list: the parser tells the first only."""
YAML_FAULTS = (
    ("found character '\\t'", "Indent with spaces: YAML takes no tabs"),
    ("mapping values are not allowed", 'A text with a colon in it goes in quotes: doc: "this: that"'),
    ("found undefined alias", 'A text that begins with * goes in quotes: glob: "*.tif"'),
    ("stands twice", "Remove one of them, or give it another name"),
    ("expected ','", "Close the bracket; what has brackets, braces, commas, colons or # in it goes in quotes"),
    ("expected <block end>", "Members of one map begin in the same column"),
    ("could not find expected ':'", "A member is name: value; a text of several lines begins with | and is indented"),
    ("unexpected end of stream", "Close the quote or the bracket that is opened there"),
    ("cannot start any token", "Put the text in quotes"),
)
"""What to do about what a reader of YAML says."""


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
        repair=fault.repair or repair or advice.repair,
        provenance=advice.provenance,
    )


def _plain(reason: str) -> tuple[str, str]:
    """What the parser says, shorter, and what would be right where that shows."""
    if told := INVALID_FIELD.fullmatch(reason):
        return f"there is no field {told[1]} here", _field_meant(told[1], re.findall("`([^`]*)`", told[2]))
    if told := UNDEFINED.fullmatch(reason):
        near = get_close_matches(told[2], CLASSES, n=1) if told[1] else []
        what = "class" if told[1] else "word"
        return f"CWL has no {what} {told[2]} here", f"{near[0]}?" if near else ""
    if told := re.fullmatch(r"missing required field `(\w+)`", reason):
        quoted = '; in quotes, run: "#id", since # begins a comment' if told[1] == "run" else ""
        return f"the field {told[1]} is missing", f"Add {told[1]}:{quoted}"
    if UNNAMED_LIST.fullmatch(reason):
        return "a member of this list is not valid", ""
    if told := WRONG_VALUE.fullmatch(reason):
        return _wrong_value(told)
    repair = next((repair for said, repair in YAML_FAULTS if said in reason), "")
    return reason.removesuffix(" because:").replace("is a array", "is a list"), repair


def _field_meant(field: str, known: list[str]) -> str:
    """What would be right where a field is not known."""
    for fields, beside, repair in MISPLACED:
        if field in fields and beside in known:
            return repair.replace("%s", field)
    near = get_close_matches(field, known, n=1)
    return f"{near[0]}?" if near else f"Fields: {', '.join(known)}"


def _wrong_value(told: re.Match[str]) -> tuple[str, str]:
    """A value of another kind than its field takes."""
    field = told["field"] or "the value"
    kinds = re.split(", ", (told["takes"] or ("array" if field in LISTS else "")).strip("()").removeprefix("an "))
    takes = " or ".join(KINDS.get(kind, kind) for kind in kinds)
    message = f"{field} is {_kind(told['is'] or told['got'])}" + (f", and takes {takes}" if takes else "")
    if field == "envDef":
        return message, "envDef: {NAME: value}"
    return message, f"{field}: [one, another]" if takes == KINDS["array"] and told["field"] else ""


def _kind(name: str) -> str:
    """What a value is: readers of YAML have kinds of their own for texts and numbers written in several ways."""
    last = name.rsplit(".", 1)[-1]
    own = {"String": "str", "Float": "float", "Int": "int", "Boolean": "bool", "Map": "dict", "Seq": "list"}
    plain = next((kind for end, kind in own.items() if last.endswith(end)), last)
    return KINDS.get(plain, f"a {plain}")
