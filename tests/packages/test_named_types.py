"""Types that a package names, and types that nobody does."""

from pathlib import Path

import pytest
from cwl2ogc import BaseCWLtypes2OGCConverter

from mcp_ogc.errors import PackageError
from mcp_ogc.packages.cwl import load
from mcp_ogc.packages.description import describe
from mcp_ogc.packages.lint import lint
from tests.packages.oracle import accepts, posix

NAMED = """\
cwlVersion: v1.2
$namespaces: {iana: "https://www.iana.org/assignments/media-types/"}
$graph:
- class: Workflow
  id: named
  requirements:
  - class: SchemaDefRequirement
    types:
    - {name: "#Index", type: enum, symbols: [ndvi, ndwi]}
    - name: "#Area"
      type: record
      fields:
      - {name: "#Area/west", type: double}
      - {name: "#Area/index", type: "#Index"}
      - {name: "#Area/inner", type: ["null", "#Area"]}
  inputs:
    index: "#Index"
    several: {type: "#Index[]"}
    perhaps: {type: "#Index?"}
    area: {type: "#Area"}
    mixed: {type: {type: array, items: [int, string]}}
    file: {type: File, default: {class: File, location: "https://example.org/a.tif"}}
  outputs:
    map: {type: File, format: iana:image/tiff, outputSource: file}
    maps: {type: "File[]", format: iana:image/tiff, outputSource: file}
    catalogs: {type: "Directory[]", outputSource: file}
  steps: []
"""
INDEX = {"type": "string", "enum": ["ndvi", "ndwi"]}


def test_a_named_type_is_described_by_what_it_stands_for() -> None:
    inputs = describe(load(NAMED)).inputs
    schemas = {name: declared.schema_ for name, declared in inputs.items()}
    assert schemas["index"] == INDEX
    assert schemas["several"] == {"type": "array", "items": INDEX}
    assert schemas["perhaps"] == {**INDEX, "nullable": True}
    assert not inputs["perhaps"].required
    assert schemas["area"]["required"] == ["west", "index"]
    types = {name: (declared.metadata or ())[0].value for name, declared in inputs.items()}
    assert types == {
        "index": "Index",
        "several": "Index[]",
        "perhaps": "Index?",
        "area": "Area",
        "mixed": "(int | string)[]",
        "file": "File",
    }


def test_a_record_that_holds_itself_is_described_one_level_deep() -> None:
    properties = describe(load(NAMED)).inputs["area"].schema_["properties"]
    assert properties == {
        "west": {"type": "number", "format": "double"},
        "index": INDEX,
        "inner": {"nullable": True},
    }


def test_named_types_agree_with_cwl2ogc() -> None:
    """`mixed` aside: it takes alternatives within an array for anything; and `file`, which it describes by remote
    schemas. A record that holds itself it follows without end, so that is left out."""
    text = "\n".join(line for line in NAMED.splitlines() if "#Area/inner" not in line)
    theirs = BaseCWLtypes2OGCConverter(load(text).workflow()).get_inputs()
    ours = describe(load(text)).inputs
    assert [name for name in ours if theirs[name]["schema"] == ours[name].schema_] == [
        "index",
        "several",
        "perhaps",
        "area",
    ]


def test_a_file_s_default_is_the_url_that_a_value_would_be() -> None:
    file = describe(load(NAMED)).inputs["file"]
    assert file.schema_ == {"type": "string", "format": "uri", "default": "https://example.org/a.tif"}


def test_a_media_type_is_told_of_the_files_themselves() -> None:
    outputs = {name: declared.schema_ for name, declared in describe(load(NAMED)).outputs.items()}
    tiff = {"type": "string", "format": "uri", "contentMediaType": "image/tiff"}
    assert outputs["map"] == tiff
    assert outputs["maps"] == {"type": "array", "items": tiff}
    assert outputs["catalogs"] == {"type": "array", "items": {"type": "object", "format": "stac-item-collection"}}


def test_what_a_tool_prints_is_a_file() -> None:
    tool = "cwlVersion: v1.2\nclass: CommandLineTool\nid: t\ninputs: []\noutputs: {said: stdout}\n"
    assert describe(load(tool)).outputs["said"].schema_ == {"type": "string", "format": "uri"}


@pytest.mark.parametrize(
    ("right", "wrong", "place"),
    [
        ('index: "#Index"', "index: Indx", "package:17:5"),
        ('type: "#Index[]"', 'type: "Indx[]"', "package:18:15"),
        ('type: "#Index?"', 'type: "https://example.org/types.yml#Indx?"', "package:19:15"),
        ("items: [int, string]", "items: [int, Indx]", "package:21:46"),
        ("type: double", "type: Indx", "package:13:30"),
        ("{type: File, format: iana:image/tiff", "{type: Indx, format: iana:image/tiff", "package:24:11"),
    ],
)
def test_a_type_that_nobody_defines_is_told_with_its_place(right: str, wrong: str, place: str) -> None:
    assert right in NAMED
    with pytest.raises(PackageError, match="Indx, neither in CWL nor in the package") as refused:
        load(NAMED.replace(right, wrong, 1))
    assert str(refused.value).startswith(place)


SCOPED = """\
cwlVersion: v1.2
$graph:
- class: Workflow
  id: main
  inputs: {text: string}
  outputs: []
  steps:
    first: {run: "#one", in: {text: text}, out: [kind]}
    second: {run: "#two", in: {kind: first/kind}, out: []}
- class: CommandLineTool
  id: one
  requirements: {SchemaDefRequirement: {types: [{name: Kind, type: enum, symbols: [a, b]}]}}
  inputs: {text: string}
  outputs: {kind: {type: one/Kind, outputBinding: {outputEval: a}}}
- class: CommandLineTool
  id: two
  requirements: {SchemaDefRequirement: {types: [{name: Kind, type: enum, symbols: [c, d]}]}}
  inputs: {kind: {type: two/Kind, default: c}}
  outputs: []
"""


def test_a_name_stands_for_the_type_of_the_process_it_is_in() -> None:
    found = {finding.rule: finding.message for finding in lint(SCOPED).findings}
    assert found["link-type"] == "first/kind is Kind, and kind takes Kind"
    assert "default-type" not in found


KINDS = "SchemaDefRequirement: {types: [{name: %s, type: enum, symbols: [a, b]}]}"
SHARED = """\
cwlVersion: v1.2
$graph:
- class: Workflow
  id: main
  requirements: {%s}
  inputs: {kind: {type: %s}}
  outputs: []
  steps: {step: {run: "#tool", in: {kind: kind}, out: []}}
- class: CommandLineTool
  id: tool
  requirements: {%s}
  inputs: {kind: {type: %s}}
  outputs: []
"""
HERE = "{type: enum, symbols: [a, b]}"
KIND, OTHER, OF_TOOL = '"#Kind"', '"#Other"', '"#tool/Kind"'


@posix
@pytest.mark.parametrize(
    ("package", "fits"),
    [
        (SHARED % (KINDS % KIND, KIND, "", KIND), True),
        (SHARED % (KINDS % KIND, KIND, KINDS % KIND, KIND), True),
        (SHARED % (KINDS % KIND, KIND, KINDS % OTHER, OTHER), False),
        (SHARED % (KINDS % KIND, KIND, KINDS % OF_TOOL, OF_TOOL), False),
        (SHARED % (KINDS % KIND, KIND, "", HERE), False),
        (SHARED % ("", HERE, "", HERE), True),
        (SHARED % ("", HERE, "", HERE.replace("b]", "b, c]")), True),
        (SHARED % ("", HERE.replace("b]", "b, c]"), "", HERE), True),
        (SHARED % (KINDS % KIND, '"#Kind[]"', KINDS % KIND, '{type: array, items: "#Kind"}'), True),
        (SHARED % (KINDS % KIND, '"#Kind[]"', KINDS % OTHER, '"#Other[]"'), False),
        (SHARED % (KINDS % KIND, '"#Kind?"', KINDS % KIND, '["null", "#Kind"]'), True),
    ],
)
def test_a_defined_type_fits_itself_only(package: str, fits: bool, tmp_path: Path) -> None:
    assert accepts(package, tmp_path) is fits
    errors = lint(package).errors
    assert [error.rule for error in errors] == ([] if fits else ["link-type"])
    assert all("fits itself only" in error.repair and 'type: "#Kind"' in error.repair for error in errors)


WORKFLOW = """\
cwlVersion: v1.2
$graph:
- class: Workflow
  id: main
  inputs: {run: string}
  outputs: []
  steps:
    first: {run: "#step", in: {text: {default: {run: anything}}}, out: []}
    second:
      run: {class: Workflow, inputs: [], outputs: [], steps: {inner: {run: "#step", in: {}, out: []}}}
      in: {}
      out: []
- {class: CommandLineTool, id: step, inputs: {text: Any}, outputs: []}
"""


def test_an_input_may_be_called_run() -> None:
    assert "run" in describe(load(WORKFLOW)).inputs


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ('inner: {run: "#step"', "inner: {run: other.cwl", "package:10:71: run: other.cwl is another document"),
        ('inner: {run: "#step"', 'inner: {run: "#stop"', "package:10:71: run: there is no process #stop"),
        ('first: {run: "#step"', 'first: {run: "#stop"', "package:8:13: run: there is no process #stop"),
        ("id: step", "id: main", "package:13:28: there is another process main"),
        ("cwlVersion: v1.2\n", "cwlVersion: v1.2\n$namespaces: [s]\n", "package:2:1: $namespaces is not a map"),
    ],
)
def test_what_a_step_runs_is_in_the_package(right: str, wrong: str, told: str) -> None:
    with pytest.raises(PackageError) as refused:
        load(WORKFLOW.replace(right, wrong, 1))
    assert str(refused.value).startswith(told)


def test_ids_do_not_depend_on_where_the_text_is_from() -> None:
    tool = "cwlVersion: v1.2\nclass: CommandLineTool\ninputs: {a: string}\noutputs: []\n"
    assert load(tool, source="https://example.org/a.cwl?sig=x#y").main_id == load(tool).main_id
