"""Every rule finds what breaks it, where it is, and nothing in a sound package."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_ogc.ogc.dialects.dialect import Dialect
from mcp_ogc.ogc.dialects.local import LOCAL
from mcp_ogc.ogc.dialects.weaver import WEAVER
from mcp_ogc.ogc.dialects.zoo import ZOO
from mcp_ogc.packages.findings import Severity
from mcp_ogc.packages.lint import RULES, lint

PUBLISHED = Path(__file__).parent / "published"
SOUND = """\
cwlVersion: v1.2
$namespaces: {s: "https://schema.org/"}
s:softwareVersion: 1.2.3
$graph:
- class: Workflow
  id: main
  label: Main
  doc: Maps something
  requirements:
    ScatterFeatureRequirement: {}
    SubworkflowFeatureRequirement: {}
    StepInputExpressionRequirement: {}
    MultipleInputFeatureRequirement: {}
  inputs:
    items: {type: "string[]", label: Items, doc: STAC items}
    aoi: {type: string?, label: Area, doc: Bounding box}
    limit: {type: int, default: 5, label: Limit, doc: At most}
    mode: {type: {type: enum, symbols: [fast, exact]}, default: fast, label: Mode, doc: How}
  outputs:
    results: {type: Directory, outputSource: collect/catalog, label: Results, doc: STAC catalog}
  steps:
    one:
      run: "#sub"
      scatter: item
      in:
        item: items
        aoi: aoi
        limit: limit
      out: [map]
    collect:
      run: "#collect"
      in:
        maps: {source: [one/map], linkMerge: merge_flattened}
        mode: {source: mode, valueFrom: $(self)}
      out: [catalog]
- class: Workflow
  id: sub
  inputs: {item: string, aoi: string?, limit: int}
  outputs:
    map: {type: File, outputSource: crop/map}
  steps:
    crop:
      run: "#crop"
      in: {item: item, aoi: aoi, limit: limit}
      out: [map]
- class: CommandLineTool
  id: crop
  baseCommand: [crop, --fast]
  arguments: [--to, $(runtime.outdir)]
  requirements:
    DockerRequirement: {dockerPull: "registry.example.org:5000/eo/crop:1.2.3"}
    ResourceRequirement: {coresMin: 1, coresMax: 2, ramMin: 2048}
  inputs:
    item: {type: string, inputBinding: {prefix: --item, position: 1}}
    aoi: {type: string?, inputBinding: {prefix: --aoi}}
    limit: {type: int, inputBinding: {prefix: --limit}}
  outputs:
    map: {type: File, outputBinding: {glob: "*.tif"}}
- class: CommandLineTool
  id: collect
  baseCommand: collect
  hints:
    DockerRequirement: {dockerPull: "eo/collect@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}
    ResourceRequirement: {coresMin: 1, ramMin: 512}
  inputs:
    maps: {type: "File[]", inputBinding: {position: 1}}
    mode: {type: string, inputBinding: {prefix: --mode}}
  outputs:
    catalog: {type: Directory, outputBinding: {glob: .}}
"""  # noqa: E501
TOOL = "cwlVersion: v1.2\nclass: CommandLineTool\nid: t\nbaseCommand: x\ninputs: {}\noutputs: {}\n"


def line_of(text: str, marker: str) -> int:
    return text[: text.index(marker)].count("\n") + 1


def test_a_sound_package_has_no_finding() -> None:
    report = lint(SOUND)
    assert [(finding.place, finding.rule, finding.message) for finding in report.findings] == []
    assert report.package is not None


# The rule, what of the sound package is replaced by what, and where it must be found: at a text of the broken one.
BROKEN = [
    ("source", "item: items", "item: itms", "item: itms"),
    ("source", "outputSource: crop/map", "outputSource: crop/mop", "map: {type: File, out"),
    ("step-input", "        limit: limit\n      out", "      out", "in:\n        item: items"),
    ("step-extra-input", "in: {item: item, aoi: aoi, ", "in: {item: item, aoi: aoi, aoy: aoi, ", "in: {item"),
    ("step-output", "out: [catalog]", "out: [catalogue]", "out: [catalogue]"),
    ("link-type", "limit: {type: int, inputBinding", "limit: {type: string, inputBinding", "in: {item"),
    ("link-type", "limit: {type: int, inputBinding", "limit: {type: long, inputBinding", "in: {item"),
    ("link-type", "scatter: item\n      in:", "in:", "item: items"),
    ("link-optional", "aoi: {type: string?, inputBinding", "aoi: {type: string, inputBinding", "in: {item"),
    ("scatter", "scatter: item", "scatter: itm", "scatter: itm"),
    ("scatter", "scatter: item", "scatter: [item, limit]", "scatter: ["),
    ("circle", "maps: {source: [one/map]", "maps: {source: [collect/catalog]", "    collect:\n"),
    ("circle", 'run: "#crop"', 'run: "#sub"', "id: sub"),
    ("output-source", "type: Directory, outputSource: collect/catalog", "type: Directory", "    results:"),
    ("unused-input", "        aoi: aoi\n", "", "aoi: {type: string?, label"),
    ("unused-step", "source: [one/map]", "source: []", "    one:\n"),
    ("requirement", "    ScatterFeatureRequirement: {}\n", "", "scatter: item"),
    ("requirement", "    SubworkflowFeatureRequirement: {}\n", "", 'run: "#sub"'),
    ("requirement", "    StepInputExpressionRequirement: {}\n", "", "mode: {source"),
    ("javascript", "$(runtime.outdir)", "$(runtime.cores + 1)", "arguments:"),
    ("javascript", "$(runtime.outdir)", "'${return 1;}'", "arguments:"),
    ("expression-closed", "$(runtime.outdir)", "$(runtime.outdir", "arguments:"),
    ("expression-input", "$(runtime.outdir)", "$(inputs.itm)", "arguments:"),
    (
        "expression-undefined",
        "  arguments: [--to, $(runtime.outdir)]\n  requirements:\n",
        "  arguments: [$(inputs.itm + 1)]\n  requirements:\n    InlineJavascriptRequirement: {}\n",
        "arguments:",
    ),
    ("expression-name", "$(runtime.outdir)", "$(date)", "arguments:"),
    ("default-type", "default: 5", "default: five", "limit: {type: int"),
    ("default-type", "default: fast", "default: slow", "mode: {type: {"),
    ("untold-default", "type: int, default: 5", "type: float, default: .nan", "limit: {type: float"),
    ("untyped-input", "aoi: {type: string?, label", "aoi: {type: Any, label", "aoi: {type: Any, l"),
    ("id-characters", "map: {type: File, outputBinding", '"map;1": {type: File, outputBinding', '"map;1"'),
    ("command", "  baseCommand: collect\n", "", "id: collect"),
    ("command-words", "baseCommand: collect", "baseCommand: python collect.py", "baseCommand: python"),
    ("command-expression", "baseCommand: collect", "baseCommand: $(inputs.mode)", "baseCommand: $("),
    ("shell", "[--to, $(runtime.outdir)]", '[--to, x, "|", tee]', "arguments:"),
    ("shell", "prefix: --aoi}", "prefix: --aoi, shellQuote: false}", "prefix: --aoi"),
    ("unbound-input", "aoi: {type: string?, inputBinding: {prefix: --aoi}}", "aoi: string?", "    aoi: string?"),
    ("output-binding", '{type: File, outputBinding: {glob: "*.tif"}}', "File", "map: File"),
    ("glob", '"*.tif"', "/tmp/*.tif", "/tmp/*.tif"),
    ("glob", '"*.tif"', "../x.tif", "../x.tif"),
    ("glob-directory", "glob: .}", 'glob: "*.json"}', "*.json"),
    ("position", "position: 1}}\n    aoi", "position: first}}\n    aoi", "position: first"),
    (
        "staging",
        "  baseCommand: collect\n",
        "  baseCommand: collect\n  requirements:\n    InitialWorkDirRequirement:\n"
        "      listing:\n      - {entryname: ../x, entry: y}\n",
        "../x",
    ),
    (
        "argument-order",
        "limit: {type: int, inputBinding: {prefix: --limit}}",
        "limit: {type: {type: array, items: int, inputBinding: {prefix: --limit}}}",
        "limit: {type: {",
    ),
    ("network", "baseCommand: collect", "baseCommand: [curl, --fail]", "baseCommand: [curl"),
    ("network", "[--to, $(runtime.outdir)]", "[--from, https://example.org/x]", "arguments:"),
    (
        "secondary-files",
        "mode: {type: string, input",
        "mode: {secondaryFiles: [.x], type: string, input",
        "mode: {secondary",
    ),
    ("file-beside", "maps: {type: ", "maps: {default: [{class: File, location: a.tif}], type: ", "a.tif"),
    ("image", '    DockerRequirement: {dockerPull: "registry.example.org:5000/eo/crop:1.2.3"}\n', "", "id: crop"),
    ("image-name", "registry.example.org:5000/eo/crop", "docker://eo/crop", "docker://"),
    ("image-name", "registry.example.org:5000/eo/crop", "eo/Crop", "eo/Crop"),
    ("image-pinned", ":1.2.3", "", "registry.example.org:5000/eo/crop"),
    ("image-pinned", ":1.2.3", ":latest", ":latest"),
    ("image-pulled", 'dockerPull: "registry.example.org:5000/eo/crop:1.2.3"', "dockerImageId: x", "dockerImageId"),
    ("resources", "    ResourceRequirement: {coresMin: 1, coresMax: 2, ramMin: 2048}\n", "", "id: crop"),
    ("resource-amount", "ramMin: 2048", "ramMin: 4 GB", "4 GB"),
    ("resource-amount", "coresMax: 2", "coresMax: 0.5", "coresMax: 0.5"),
    ("resource-amount", "ramMin: 512", "ramMin: -1", "ramMin: -1"),
    ("resource-unit", "ramMin: 2048", "ramMin: 4294967296", "4294967296"),
    ("single-workflow", 'run: "#sub"', 'run: "#crop"', "id: sub"),
    ("unused-process", 'run: "#crop"', 'run: "#collect"', "id: crop"),
    ("process-id", "id: main", "id: m;ain", "id: m;ain"),
    ("workflow-text", "  label: Main\n", "", "id: main"),
    ("workflow-text", "  doc: Maps something\n", '  doc: ""\n', 'doc: ""'),
    ("input-text", ", doc: Bounding box", "", "aoi: {type: string?, label"),
    ("stac-output", "results: {type: Directory", "results: {type: File", "outputs:\n    results"),
    ("version", "s:softwareVersion: 1.2.3\n", "", "cwlVersion"),
    ("version", "https://schema.org/", "https://example.org/", "s:softwareVersion"),
    ("version-number", "s:softwareVersion: 1.2.3", "s:softwareVersion: 1.2", "s:softwareVersion"),
    ("prefix", '$namespaces: {s: "https://schema.org/"}\n', "", "s:softwareVersion"),
    ("prefix", "map: {type: File, outputBinding", "map: {type: File, format: edam:1, outputBinding", "edam:1"),
]


@pytest.mark.parametrize(("rule", "old", "new", "where"), BROKEN)
def test_a_breach_is_found_where_it_is(rule: str, old: str, new: str, where: str) -> None:
    assert old in SOUND
    broken = SOUND.replace(old, new, 1)
    found = [(finding.rule, finding.line) for finding in lint(broken).findings]
    assert (rule, line_of(broken, where)) in found


# What is sound elsewhere, and not on one kind of server.
ON_SERVERS = [
    (ZOO, "id-forbidden", "aoi: {type: string?, label", '"a,oi": {type: string?, label', '"a,oi"'),
    (ZOO, "id-module", "id: main", "id: 1main", "id: 1main"),
    (ZOO, "stage-out", "results: {type: Directory", "results: {type: File", "outputs:\n    results"),
    (ZOO, "stage-in", "aoi: {type: string?, label", "aoi: {type: File?, label", "aoi: {type: File?"),
    (ZOO, "false", "aoi: {type: string?, label", "aoi: {type: boolean?, label", "aoi: {type: boolean?"),
    (ZOO, "default-hidden", "default: 5", "default: 0", "default: 0"),
    (ZOO, "null-word", "aoi: {type: string?", 'aoi: {default: "NULL", type: string?', 'default: "NULL"'),
    (ZOO, "single-value", "", "", "items: {type"),
    (WEAVER, "parts", "", "", "$graph"),
    (WEAVER, "workflow-choice", 'run: "#sub"', 'run: "#crop"', "id: sub"),
]


@pytest.mark.parametrize(("dialect", "rule", "old", "new", "where"), ON_SERVERS)
def test_what_a_server_trips_over_is_found_for_that_server_only(
    dialect: Dialect, rule: str, old: str, new: str, where: str
) -> None:
    broken = SOUND.replace(old, new, 1)
    found = [(finding.rule, finding.line) for finding in lint(broken, dialect=dialect).findings]
    assert (rule, line_of(broken, where)) in found
    assert rule not in {finding.rule for finding in lint(broken).findings}


def test_a_bare_tool_is_a_warning_and_an_error_where_only_workflows_are_deployed() -> None:
    assert {finding.rule: finding.severity for finding in lint(TOOL).findings}["workflow"] is Severity.WARNING
    error, *_ = lint(TOOL, dialect=ZOO).errors
    assert (error.rule, error.line) == ("workflow-only", 2)


def test_a_tool_without_an_image_is_sound_where_tools_run_natively() -> None:
    image = '    DockerRequirement: {dockerPull: "registry.example.org:5000/eo/crop:1.2.3"}\n'
    assert lint(SOUND.replace(image, ""), dialect=LOCAL).findings == ()


def test_an_id_that_two_have_and_a_workflow_that_does_nothing_are_found() -> None:
    twice = TOOL.replace("inputs: {}", "inputs:\n- {id: a, type: string}\n- {id: a, type: int}")
    assert ("cwl", 7) in {(finding.rule, finding.line) for finding in lint(twice).errors}
    idle = "cwlVersion: v1.2\nclass: Workflow\nid: w\ninputs: {}\noutputs: {}\nsteps: {}\n"
    assert ("steps", 6) in {(finding.rule, finding.line) for finding in lint(idle).findings}


def test_every_rule_is_broken_by_one_of_these_tests() -> None:
    broken = {case[0] for case in BROKEN} | {case[1] for case in ON_SERVERS}
    assert {rule.id for rule in RULES} == broken | {"workflow", "workflow-only", "steps"}


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("ScaterFeatureRequirement: {}", "there is no requirement ScaterFeatureRequirement"),
        ("s:Loop: {}", "s:Loop is an extension"),
        ("cwltool:Loop: {}", "$namespaces does not declare cwltool"),
        ("ResourceRequirement: 5", "ResourceRequirement is not a map"),
        ("ResourceRequirement: {ram: 5}", "there is no field ram here"),
    ],
)
def test_a_requirement_that_is_none_is_found_among_others(asked: str, told: str) -> None:
    broken = SOUND.replace("ScatterFeatureRequirement: {}", asked, 1)
    (finding,) = lint(broken).findings
    assert (finding.line, finding.severity) == (line_of(broken, asked), Severity.ERROR)
    assert told in finding.message


def test_namespaces_within_a_process_are_found_there() -> None:
    broken = SOUND.replace("  id: sub\n", "  id: sub\n  $namespaces: {x: 'https://x.example/'}\n")
    (finding,) = lint(broken).findings
    assert (finding.rule, finding.line) == ("namespaces", line_of(broken, "$namespaces: {x"))


def test_a_step_may_inherit_what_its_workflow_or_its_step_asks_for() -> None:
    image = '    DockerRequirement: {dockerPull: "registry.example.org:5000/eo/crop:1.2.3"}\n'
    for_all = SOUND.replace(image, "").replace("  id: sub\n", f"  id: sub\n  hints:\n{image}")
    assert lint(for_all).findings == ()
    step = "    crop:\n      hints: {DockerRequirement: {dockerPull: eo/crop:1}}\n"
    assert lint(SOUND.replace(image, "").replace("    crop:\n", step)).findings == ()
    unpinned = lint(SOUND.replace(image, "").replace("    crop:\n", step.replace(":1}", "}"))).findings
    assert [finding.rule for finding in unpinned] == ["image-pinned"]


def test_every_published_invalid_document_gets_a_located_error_that_can_be_read() -> None:
    for path in sorted(PUBLISHED.glob("*.cwl")):
        text = path.read_text(encoding="utf-8")
        report = lint(text, source=path.name)
        assert report.errors, path.name
        for finding in report.errors:
            assert 1 <= finding.line <= len(text.splitlines()), path.name
            assert finding.message, path.name
            assert finding.repair, path.name
            assert "Traceback" not in finding.message, path.name
            assert "can't be read" not in finding.message, path.name


LINES = SOUND.splitlines()


@settings(deadline=None)
@given(st.integers(0, len(LINES) - 1), st.sampled_from(["drop", "repeat", "indent", "empty", "cut", "list", "number"]))
def test_whatever_is_done_to_a_line_is_answered_with_located_findings(index: int, done: str) -> None:
    line = LINES[index]
    key = line.partition(":")[0]
    changed = {
        "drop": [],
        "repeat": [line, line],
        "indent": [f"  {line}"],
        "empty": [f"{key}:"],
        "cut": [line[: len(line) // 2]],
        "list": [f"{key}: [1, {{a: b}}]"],
        "number": [f"{key}: 5"],
    }
    text = "\n".join([*LINES[:index], *changed[done], *LINES[index + 1 :]])
    for finding in lint(text, dialect=ZOO).findings:
        assert 1 <= finding.line <= len(LINES) + 2
        assert finding.message


def test_of_thousands_of_faults_enough_are_told() -> None:
    """Each would take the parser as long as a whole package."""
    many = "  requirements:\n" + "".join(f"    {name}Requirement: {{}}\n" for name in range(3000))
    found = lint(SOUND.replace("  requirements:\n", many, 1)).errors
    assert len(found) == 100
    assert {finding.rule for finding in found} == {"requirement"}
