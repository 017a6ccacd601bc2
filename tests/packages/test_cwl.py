"""Packages load from their text alone, and what is wrong has a line and a column."""

import pytest
from cwl2ogc import BaseCWLtypes2OGCConverter
from hypothesis import given
from hypothesis import strategies as st

from mcp_ogc.errors import OgcError, PackageError, UnknownName
from mcp_ogc.packages.cwl import load
from mcp_ogc.packages.description import describe

WORKFLOW = """\
cwlVersion: v1.2
$namespaces: {s: "https://schema.org/"}
s:softwareVersion: 1.2.3
$graph:
- class: Workflow
  id: main
  label: Main
  doc: Does it
  inputs:
    a: {type: string, label: A, doc: first}
  outputs: []
  steps: []
- class: Workflow
  id: other
  label: Other
  doc: Does else
  inputs: []
  outputs: []
  steps: []
"""
TOOL = "cwlVersion: v1.0\nclass: CommandLineTool\nid: t\nbaseCommand: x\ninputs: {}\noutputs: {}\n"


def test_a_graph_has_workflows_a_version_and_a_digest() -> None:
    package = load(WORKFLOW)
    assert package.workflows == ("main", "other")
    assert (package.main_id, package.software_version, package.cwl_version) == ("main", "1.2.3", "v1.2")
    assert package.digest.startswith("sha256:")
    assert describe(package, "other").title == "Other"
    with pytest.raises(UnknownName, match="main, other"):
        package.workflow("none")


def test_a_single_tool_in_json_loads_too() -> None:
    package = load('{"cwlVersion": "v1.1", "class": "CommandLineTool", "id": "t", "inputs": [], "outputs": []}')
    assert (package.main_id, package.workflows) == ("t", ())


@pytest.mark.parametrize(
    ("text", "place", "told"),
    [
        ("", "package", "no members"),
        ("just words", "package", "no members"),
        ("a: [1", "package:1:6", "not YAML"),
        ("a: 1\n\tb: 2", "package:2:1", "not YAML"),
        ("a: 1\na: 2", "package:2:1", "a stands twice"),
        (WORKFLOW.replace("v1.2", "v2.0"), "package:1", "cwlVersion is 'v2.0'"),
        (WORKFLOW.replace("label: Main", "lable: Main"), "package:7:3", "lable"),
        (WORKFLOW.replace("type: string", "type: strnig"), "package:10:9", "strnig"),
        (WORKFLOW.replace("class: Workflow\n  id: main", "class: Wrkflow\n  id: main"), "package:5:3", "Wrkflow"),
        (WORKFLOW.replace("- class: Workflow\n  id: main", "- id: main"), "package:5", "without class"),
        (WORKFLOW.replace("  id: main\n", ""), "package:5:3", "needs an id"),
        (WORKFLOW.replace("  steps: []", "  steps: {x: {run: other.cwl, in: {}, out: []}}", 1), "package:12:15", "run"),
        (TOOL + "hints: {$import: a.yml}\n", "package:7:9", "$import"),
        (TOOL + "requirements: [NetworkAccess]\n", "package:7:16", "one of requirements is no map with class"),
        (TOOL + "doc: !!python/object:os.system ls\n", "package:7:6", "tag"),
        (TOOL.replace("class: CommandLineTool\n", ""), "package:1", "without class"),
        ("cwlVersion: v1.2\n$graph: 5\n", "package:2", "$graph"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(text: str, place: str, told: str) -> None:
    with pytest.raises(PackageError) as error:
        load(text)
    assert str(error.value).startswith(place)
    assert told in str(error.value)
    assert "Traceback" not in str(error.value)
    assert "NoneType" not in str(error.value)


def test_every_fault_is_told_not_only_the_first() -> None:
    broken = WORKFLOW.replace("label: Main", "lable: Main").replace("label: Other", "lable: Other")
    with pytest.raises(PackageError) as error:
        load(broken)
    assert "package:7:3" in str(error.value)
    assert "package:15:3" in str(error.value)


@pytest.mark.parametrize(
    "bomb",
    [
        "[" * 5000,
        "a: &a [x, x]\nb: &b [" + "*a, " * 90 + "]\nc: [" + "*b, " * 90 + "]",
        "x: '" + "y" * (2 << 20) + "'",
        "- " * 3000,
        "[" + "1," * 60_000 + "]",
    ],
    ids=["deep", "aliases", "long", "nested", "wide"],
)
def test_t15_a_bomb_is_refused_before_it_is_built(bomb: str) -> None:
    with pytest.raises(PackageError):
        load(bomb)


@given(st.text(max_size=200))
def test_no_text_raises_anything_but_our_own_error(text: str) -> None:
    with pytest.raises(OgcError):
        load("cwlVersion: v1.2\n" + text)


INPUTS = """\
cwlVersion: v1.2
$graph:
- class: Workflow
  id: types
  label: Types
  doc: Every type
  inputs:
    text: {type: string}
    count: {type: int}
    big: {type: long}
    ratio: {type: float}
    exact: {type: double}
    flag: {type: boolean}
    file: {type: File}
    folder: {type: Directory}
    texts: {type: "string[]"}
    maybe: {type: int?}
    choice: {type: {type: enum, symbols: [red, green]}}
    zero: {type: int, default: 0}
    false-by-default: {type: boolean, default: false}
    empty: {type: string, default: ""}
    either: {type: [int, string]}
    record:
      type:
        type: record
        fields:
          x: {type: float}
          y: {type: float?}
  outputs: []
  steps: []
"""


def test_every_type_is_described() -> None:
    inputs = describe(load(INPUTS)).inputs
    schemas = {name: declared.schema_ for name, declared in inputs.items()}
    assert schemas["count"] == {"type": "integer", "format": "int32"}
    assert schemas["texts"] == {"type": "array", "items": {"type": "string"}}
    assert schemas["choice"] == {"type": "string", "enum": ["red", "green"]}
    assert schemas["file"] == schemas["folder"] == {"type": "string", "format": "uri"}
    assert schemas["record"]["required"] == ["x"]
    assert {name for name, declared in inputs.items() if not declared.required} == {
        "maybe",
        "zero",
        "false-by-default",
        "empty",
    }
    assert [schemas[name]["default"] for name in ("zero", "false-by-default", "empty")] == [0, False, ""]


# What cwl2ogc 0.22 tells otherwise, and why ours differs.
EXPLAINED = {
    "file": "it refers to remote schemas, which nobody fetches; on the wire it is a URL",
    "folder": "it refers to remote schemas, which nobody fetches; on the wire it is a URL",
    "zero": "it loses a default of 0",
    "false-by-default": "it loses a default of false",
    "empty": 'it loses a default of ""',
    "either": "it says nullable: false, which is what a schema means without saying it",
}


def test_the_description_agrees_with_cwl2ogc_where_nothing_is_explained() -> None:
    converter = BaseCWLtypes2OGCConverter(load(INPUTS).workflow())
    theirs = converter.get_inputs()
    ours = {name: declared.wire() for name, declared in describe(load(INPUTS)).inputs.items()}
    assert set(theirs) == set(ours)
    different = {name for name in ours if theirs[name]["schema"] != ours[name]["schema"]}
    assert different <= set(EXPLAINED), {name: (theirs[name]["schema"], ours[name]["schema"]) for name in different}
