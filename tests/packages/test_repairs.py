"""What would be right, said so that it can be copied, for what people write wrong."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mcp_ogc.packages.lint import lint

PACKAGE = """\
cwlVersion: v1.2
$namespaces: {s: "https://schema.org/"}
s:softwareVersion: 1.0.0
$graph:
- class: Workflow
  id: water
  label: Water
  doc: Makes a mask of water
  requirements:
    ScatterFeatureRequirement: {}
  inputs:
    scenes:
      type: string[]
      label: Scenes
      doc: Addresses
    method:
      type: {type: enum, symbols: [otsu, fixed]}
      default: otsu
      label: Method
      doc: How the threshold is found
  outputs:
    catalog:
      type: Directory
      outputSource: pack/catalog
  steps:
    mask:
      run: "#mask"
      scatter: scene
      in:
        scene: scenes
        method: method
      out: [mask]
    pack:
      run: "#pack"
      in:
        masks: mask/mask
      out: [catalog]
- class: CommandLineTool
  id: mask
  baseCommand: [python3, -m, mask]
  hints:
    DockerRequirement: {dockerPull: "eo/mask:1.0.0"}
  requirements:
    ResourceRequirement: {coresMin: 1, ramMin: 2048}
  arguments: [--out, mask.tif]
  inputs:
    scene:
      type: string
      inputBinding: {prefix: --scene}
    method:
      type: {type: enum, symbols: [otsu, fixed]}
      inputBinding: {prefix: --method}
  outputs:
    mask:
      type: File
      outputBinding: {glob: mask.tif}
- class: CommandLineTool
  id: pack
  baseCommand: [pack]
  hints:
    DockerRequirement: {dockerPull: "eo/pack:1.0.0"}
  requirements:
    ResourceRequirement: {coresMin: 1, ramMin: 512}
  inputs:
    masks:
      type: File[]
      inputBinding: {position: 1}
  outputs:
    catalog:
      type: Directory
      outputBinding: {glob: catalog}
"""
KINDS = "    SchemaDefRequirement:\n      types:\n      - {name: %s, type: enum, symbols: [otsu, fixed]}\n"

# What is replaced by what, where it must be found in the broken one, what is said, what would be right.
BROKEN = [
    (
        "      type: string[]",
        "      type: array\n      items: string",
        "      items",
        "no field items",
        "type: {type: array",
    ),
    (
        "type: {type: enum, symbols: [otsu, fixed]}\n      inp",
        "type: enum\n      symbols: [otsu, fixed]\n      inp",
        "      symbols",
        "no field symbols",
        "type: {type: enum, symbols",
    ),
    ("outputSource: pack", "source: pack", "source: pack", "no field source", "outputSource: step/output"),
    ("outputBinding: {glob: catalog}", "glob: catalog", "glob: catalog", "no field glob", "outputBinding: {glob: …}"),
    ("inputBinding: {position: 1}", "position: 1", "position: 1", "no field position", "inputBinding: {position: …}"),
    (
        "{prefix: --scene}",
        "{prefix: --scene, default: a}",
        "{prefix: --scene",
        "no field default",
        "Beside inputBinding",
    ),
    (
        "      in:\n        masks",
        "      inputs:\n        masks",
        "      inputs:\n        masks",
        "no field inputs",
        "in: {input: source}",
    ),
    ('run: "#pack"', "run: #pack", "    pack:", "field run is missing", 'run: "#id"'),
    ('run: "#pack"', "run: pack", "run: pack", "another document", 'run: "#pack"'),
    ("out: [catalog]", "out: catalog", "out: catalog", "out is a text, and takes a list", "out: [one, another]"),
    (
        "arguments: [--out, mask.tif]",
        "arguments: --out mask.tif",
        "arguments",
        "is a text, and takes a list",
        "arguments: [one",
    ),
    (
        "ramMin: 512",
        "ramMin: 512, tmpdirMin: [1]",
        "    ResourceRequirement: {coresMin: 1, ramMin: 512",
        "tmpdirMin",
        "",
    ),
    (
        "  arguments:",
        "    EnvVarRequirement: {envDef: PATH=/bin}\n  arguments:",
        "    EnvVar",
        "envDef is a text",
        "envDef: {NAME: value}",
    ),
    (
        "Requirement: {}\n  inputs:",
        "Requirement: true\n  inputs:",
        "    Scatter",
        "not a map",
        "ScatterFeatureRequirement: {}",
    ),
    (
        "    ScatterFeatureRequirement: {}",
        "    - ScatterFeatureRequirement: {}",
        "    - Scatter",
        "no map with class",
        "- class: ScatterFeatureRequirement",
    ),
    (
        "    ScatterFeatureRequirement: {}",
        "    ScaterFeatureRequirement: {}",
        "    Scater",
        "no requirement Scater",
        "ScatterFeatureRequirement: …",
    ),
    ("      label: Scenes\n", "\t  label: Scenes\n", "\t", "character", "Indent with spaces"),
    ("doc: Makes a", "doc: Makes: a", "  doc: Makes", "mapping values", 'doc: "this: that"'),
    ("{glob: mask.tif}", "{glob: *.tif}", "{glob: *", "undefined alias", "in quotes"),
    (
        "    method:\n      type: {type: enum, symbols: [otsu, fixed]}\n      default",
        "    scenes:\n      type: string\n      default",
        "    scenes:\n      type: string\n",
        "scenes stands twice",
        "Remove one",
    ),
    ("type: string[]", "type: string?[]", "type: string?[]", "no type string?", "each with [] or ?"),
    ("default: otsu", "default: Otsu", "default: Otsu", "'Otsu'", "one of otsu, fixed"),
    ("masks: mask/mask", "masks: [mask/mask, mask/mask]", "masks: [", "File[][]", "linkMerge: merge_flattened"),
    (
        "baseCommand: [pack]",
        "baseCommand: [pack, $(inputs.masks)]",
        "baseCommand: [pack",
        "not evaluated",
        "arguments: [",
    ),
]


def test_the_package_itself_has_no_finding() -> None:
    assert lint(PACKAGE).findings == ()


@pytest.mark.parametrize(("old", "new", "where", "told", "repair"), BROKEN)
def test_what_is_wrong_is_said_in_words_and_with_what_would_be_right(
    old: str, new: str, where: str, told: str, repair: str
) -> None:
    assert old in PACKAGE
    broken = PACKAGE.replace(old, new, 1)
    line = broken[: broken.index(where)].count("\n") + 1
    found = [(one.line, one.message, one.repair) for one in lint(broken).errors]
    assert any(at == line and told in message and repair in right for at, message, right in found), found
    assert not any("<class" in message or "ruamel" in message for _, message, _ in found)


def test_a_type_that_a_process_names_for_itself_is_not_found_by_that_name() -> None:
    """cwltool: `Field 'type' references unknown identifier 'Kind', tried …#Kind`."""
    requirement = "    ScatterFeatureRequirement: {}\n"
    named = PACKAGE.replace(
        "      type: {type: enum, symbols: [otsu, fixed]}\n      default", "      type: Kind\n      default"
    )
    (finding,) = lint(named.replace(requirement, requirement + KINDS % "Kind")).findings
    assert (finding.rule, finding.line) == ("unknown-type", 20)
    assert finding.repair.endswith('name: "#Kind"')
    (finding,) = lint(named.replace(requirement, requirement + KINDS % '"#Kind"')).findings
    assert finding.rule == "link-type"  # the tool has its symbols written out, which cwltool takes for another type


def test_what_came_with_a_later_version_of_cwl_is_said_to() -> None:
    when = PACKAGE.replace('      run: "#pack"\n', '      run: "#pack"\n      when: $(inputs.masks)\n')
    (finding,) = lint(when.replace("v1.2", "v1.1")).findings
    assert (finding.message, finding.repair) == (
        "there is no field when here",
        "when: is of CWL v1.2: cwlVersion: v1.2",
    )


def test_an_expression_begins_behind_a_backslash_that_is_itself_escaped() -> None:
    """CWL CommandLineTool v1.2 §3.4: `\\\\` stands for one backslash, and what follows is evaluated."""
    files = "    InitialWorkDirRequirement: {listing: [{entryname: a.sh, entry: 'echo %s$(date)'}]}\n  arguments:"
    rules = [
        {one.rule for one in lint(PACKAGE.replace("  arguments:", files % escape, 1)).errors}
        for escape in ("", "\\", "\\\\", "\\\\\\")
    ]
    assert rules == [{"expression-name"}, set(), {"expression-name"}, set()]


TAGS = "{type: array, items: string, inputBinding: {prefix: --tag}}"
ECHO = """\
cwlVersion: v1.2
class: CommandLineTool
id: tool
baseCommand: echo
arguments: [--out, x.tif]
inputs:
  tags: {type: %s, default: [a, b]}
outputs:
  line: {type: string, outputBinding: {glob: line, loadContents: true, outputEval: "$(self[0].contents)"}}
stdout: line
"""


@pytest.mark.skipif(sys.platform == "win32", reason="cwltool is POSIX only")
@pytest.mark.parametrize("beside", ["", ", inputBinding: {position: 1}"])
def test_values_that_come_between_arguments_are_found_as_cwltool_puts_them(tmp_path: Path, beside: str) -> None:
    package = tmp_path / "tool.cwl"
    package.write_text(ECHO % f"{TAGS}{beside}", encoding="utf-8")
    ran = subprocess.run(
        [Path(sys.executable).with_name("cwltool"), "--quiet", "--no-container", str(package)],
        capture_output=True,
        check=False,
        cwd=tmp_path,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    is_whole = "--out x.tif" in json.loads(ran.stdout)["line"]
    rules = {finding.rule for finding in lint(package.read_text(encoding="utf-8")).findings}
    assert is_whole is bool(beside)
    assert is_whole is ("argument-order" not in rules)
