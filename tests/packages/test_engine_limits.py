"""What CWL or YAML has and the engine does not: told before it is deployed, where it is, with what to write instead."""

from pathlib import Path

import pytest

from mcp_ogc.packages.lint import lint
from tests.packages.oracle import accepts, posix, runs
from tests.packages.test_lint import line_of

TYPED = """\
cwlVersion: {version}
class: CommandLineTool
id: main
baseCommand: "true"
inputs:
  x:
    type: {type}
outputs: []
"""
SHORTHANDS = {
    '"double[]"': "",
    '"double?"': "",
    '"double[]?"': "",
    '["null", "double[]"]': "",
    '{type: record, fields: {a: "double[]"}}': "",
    '{type: record, fields: [{name: a, type: "double[]?"}]}': "",
    "{type: array, items: {type: array, items: double}}": "",
    '"double[][]"': "type: {type: array, items: {type: array, items: double}}",
    '"double[][]?"': 'type: ["null", {type: array, items: {type: array, items: double}}]',
    '{type: array, items: "double[]"}': "items: {type: array, items: double}",
    '{type: array, items: "double?"}': 'items: ["null", double]',
    '{type: array, items: ["null", "double[]"]}': "items: {type: array, items: double}",
    '{type: record, fields: {a: "double[][]"}}': "type: {type: array, items: {type: array, items: double}}",
}


@posix
@pytest.mark.parametrize("version", ["v1.0", "v1.1", "v1.2"])
@pytest.mark.parametrize(("written", "repair"), SHORTHANDS.items(), ids=SHORTHANDS)
def test_a_shorthand_that_engines_do_not_read_is_told_in_full(
    written: str, repair: str, version: str, tmp_path: Path
) -> None:
    text = TYPED.format(version=version, type=written)
    found = [(error.rule, error.line, error.repair) for error in lint(text).errors]
    assert found == ([("unknown-type", 7, repair)] if repair else [])
    assert accepts(text, tmp_path) is not bool(found)


MERGING = """\
cwlVersion: v1.2
$graph:
- class: Workflow
  id: main
  inputs:
    a: &declared {type: string, doc: A text}
    b: string
  outputs: []
  steps:
    one: &step {run: "#tool", in: &given {x: a}, out: []}
    two:
      run: "#other"
      in: {x: b}
      out: []
- class: CommandLineTool
  id: tool
  baseCommand: "true"
  requirements: &asked
    ResourceRequirement: &amounts {coresMin: 1, ramMin: 100}
  inputs: &inputs
    x: {type: string, inputBinding: &bound {position: 1}}
  outputs: []
- class: CommandLineTool
  id: other
  baseCommand: "true"
  requirements: {EnvVarRequirement: {envDef: {A: b}}}
  inputs:
    x: {type: string, inputBinding: {}}
  outputs: []
"""
MERGES = {
    "a binding": ("inputBinding: {}", "inputBinding: {<<: *bound, prefix: -x}", ""),
    "a step": ('two:\n      run: "#other"', 'two:\n      <<: *step\n      run: "#other"', ""),
    "amounts": ("{EnvVar", "{ResourceRequirement: {<<: *amounts, ramMin: 200}, EnvVar", ""),
    "what is there anyway": (
        "  inputs:\n    x: {type: string, i",
        "  inputs:\n    <<: *inputs\n    x: {type: string, i",
        "",
    ),
    "the whole by an alias": ("{EnvVarRequirement: {envDef: {A: b}}}", "*asked", ""),
    "requirements": (
        "requirements: {EnvVarRequirement: {envDef: {A: b}}}",
        "requirements:\n    <<: *asked\n    ShellCommandRequirement: {}",
        "<<: *asked",
    ),
    "a type": ("b: string", "b: {<<: *declared, default: c}", "<<: *declared"),
    "what a step is given": ("in: {x: b}", "in: {<<: *given}", "<<: *given"),
    "inputs": ("    x: {type: string, inputBinding: {}}", "    <<: *inputs\n    y: string?", "<<: *inputs"),
}


@posix
@pytest.mark.parametrize(("old", "new", "where"), MERGES.values(), ids=MERGES)
def test_members_of_another_map_are_told_where_cwltool_fails_at_them(
    old: str, new: str, where: str, tmp_path: Path
) -> None:
    assert old in MERGING
    text = MERGING.replace(old, new)
    errors = lint(text).errors
    assert [(error.rule, error.line) for error in errors] == ([("merge", line_of(text, where))] if where else [])
    assert all(error.repair.startswith("Write out") for error in errors)
    assert accepts(text, tmp_path) is not bool(errors)


@posix
def test_software_is_a_hint(tmp_path: Path) -> None:
    asked = "requirements: {SoftwareRequirement: {packages: {gdal: {version: ['3.9']}}}}\n"
    text = TYPED.format(version="v1.2", type="string") + asked
    (error,) = lint(text).errors
    assert (error.rule, error.line) == ("requirement", line_of(text, "requirements:"))
    assert error.repair == "hints: {SoftwareRequirement: …}"
    hinted = text.replace("requirements:", "hints:")
    assert not lint(hinted).errors
    assert (accepts(text, tmp_path), accepts(hinted, tmp_path)) == (False, True)


@posix
@pytest.mark.parametrize(
    ("cwl_type", "value", "repair"),
    [
        ("int", 2147483647, ""),
        ("int", -2147483648, ""),
        ("int", "0x00ff", ""),
        ("int", "+5", ""),
        ("int", 2147483648, "type: long, since an int ends at ±2,147,483,647"),
        ("int?", -2147483649, "type: long, since an int ends at ±2,147,483,647"),
        ("long", 9223372036854775807, ""),
        ("long", 9223372036854775808, "Give a default of the type, or change the type"),
        ("double", 3000000000, ""),
    ],
)
def test_a_default_beyond_what_its_type_holds_is_told(
    cwl_type: str, value: object, repair: str, tmp_path: Path
) -> None:
    text = TYPED.format(version="v1.2", type=f"{cwl_type}\n    default: {value}")
    found = [(error.rule, error.line, error.repair) for error in lint(text).errors]
    assert found == ([("default-type", 8, repair)] if repair else [])
    assert runs(text, tmp_path) is not bool(found)
