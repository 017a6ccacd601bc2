"""Expressions are held to what the engine does with them: cwltool runs what the lint lets pass, and nothing else."""

from pathlib import Path

import pytest

from mcp_ogc.packages.lint import lint
from tests.packages.oracle import posix, runs

STEP = """\
cwlVersion: v1.2
$graph:
- class: Workflow
  id: main
  requirements: {SubworkflowFeatureRequirement: {}, StepInputExpressionRequirement: {}}
  inputs: {x: {type: string, default: a}, ram: {type: int, default: 64}}
  outputs: []
  steps:
    s:
      run: "#tool"
      in: {x: x, extra: ram}
      out: []
- class: Workflow
  id: sub
  inputs: {x: string, memory: {type: int, default: 64}}
  outputs: []
  steps: {inner: {run: "#tool", in: {x: x}, out: []}}
- class: CommandLineTool
  id: tool
  baseCommand: "true"
  inputs: {x: {type: string, inputBinding: {}}, megabytes: {type: int, default: 64, inputBinding: {}}}
  outputs: []
"""


def asking(requirements: str, *changes: tuple[str, str]) -> str:
    text = STEP.replace('      run: "#tool"\n', f'      run: "#tool"\n      {requirements}\n')
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


RAM = "requirements: {ResourceRequirement: {ramMin: $(inputs.%s)}}"
OWN = ("  baseCommand:", "  requirements: {ResourceRequirement: {ramMin: 32}}\n  baseCommand:")
SUB = ('run: "#tool"\n', 'run: "#sub"\n')
SOUND = {
    "an input of the tool": asking(RAM % "megabytes"),
    "a list": asking("requirements: [{class: ResourceRequirement, ramMin: $(inputs.megabytes)}]"),
    "a hint": asking(RAM.replace("requirements", "hints") % "megabytes"),
    "what the tool itself asks for otherwise": asking(RAM % "nothing", OWN),
    "a tool of the workflow it runs": asking(RAM % "megabytes", SUB),
    "a step's own input, for a value": asking("hints: {}", ("x: x, extra", "x: {valueFrom: a$(inputs.extra)}, extra")),
}
BROKEN = {
    "an input of the step only": (asking(RAM % "extra"), "tool"),
    "a list": (asking("requirements: [{class: ResourceRequirement, ramMin: $(inputs.extra)}]"), "tool"),
    "a hint": (asking(RAM.replace("requirements", "hints") % "extra"), "tool"),
    "an input of the workflow it runs": (asking(RAM % "memory", SUB), "tool"),
    "an input of the tool, for a value": (
        asking("hints: {}", ("x: x, extra", "x: {valueFrom: a$(inputs.megabytes)}, extra")),
        "the step s",
    ),
}


@posix
@pytest.mark.parametrize("text", SOUND.values(), ids=SOUND)
def test_what_a_step_asks_for_may_name_what_its_tool_has(text: str, tmp_path: Path) -> None:
    assert lint(text).errors == ()
    assert runs(text, tmp_path)


@posix
@pytest.mark.parametrize(("text", "owner"), BROKEN.values(), ids=BROKEN)
def test_what_a_step_asks_for_can_t_name_what_its_tool_lacks(text: str, owner: str, tmp_path: Path) -> None:
    (error,) = lint(text).errors
    assert error.rule == "expression-input"
    assert error.message.endswith(f", which {owner} does not have")
    assert not runs(text, tmp_path)


def test_an_input_that_only_a_requirement_of_its_step_names_is_dropped() -> None:
    found = {finding.rule: finding.message for finding in lint(asking(RAM % "extra")).findings}
    assert found["step-extra-input"] == "tool has no input extra: what is given is dropped"


def test_a_requirement_that_many_ways_lead_down_from_is_followed_once() -> None:
    levels = "".join(
        f"- {{class: Workflow, id: w{level}, inputs: [], outputs: [], steps: {{"
        f'a: {{run: "#w{level + 1}", in: [], out: []}}, b: {{run: "#w{level + 1}", in: [], out: []}}}}}}\n'
        for level in range(40)
    )
    tool = '- {class: CommandLineTool, id: w40, baseCommand: "true", inputs: [], outputs: []}\n'
    first = '{run: "#w1"'
    text = f"cwlVersion: v1.2\n$graph:\n{levels}{tool}".replace(first, f"{{{RAM % 'x'}, {first[1:]}", 1)
    assert [error.message for error in lint(text).errors if error.rule == "expression-input"] == [
        "$(inputs.x) names the input x, which w40 does not have"
    ]


SCRIPTED = """\
cwlVersion: v1.2
class: CommandLineTool
id: tool
baseCommand: "true"
requirements: {InlineJavascriptRequirement: {expressionLib: ["var BANDS = {green: 'B03'}; var SCALE = 10;"]}}
inputs: {x: {type: string, default: a}}
outputs: []
arguments:
- valueFrom: |-
    %s
"""
SCRIPTS = {
    "a name of the library": "$(BANDS.green)",
    "a plain name of the library": "$(SCALE)",
    "a word of JavaScript": "$(true)",
    "an object of JavaScript": "$(Math.PI)",
    "a text": '$(runtime.outdir + "/inputs.json")',
    "a template": "$(`inputs.nothing` + inputs.x)",
    "a comment": "${ /* inputs.nothing */ return inputs.x; // and inputs.nothing\n    }",
    "a member of every object": '$(inputs.hasOwnProperty("x"))',
    "an input it asks for first": '${ if (inputs.hasOwnProperty("y")) { return inputs["y"]; } return inputs["x"]; }',
    "another object's inputs": "${ var o = {inputs: {y: 1}}; return o.inputs.y; }",
    "brackets in a regular expression": '${ return inputs.x.replace(/[(]/g, ""); }',
    "a quote in a regular expression": """${ return inputs.x.replace(/"/g, "inputs.nothing").replace(/"/g, ""); }""",
}


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_sound_javascript_is_let_pass(script: str) -> None:
    found = lint(SCRIPTED % script).findings
    assert [finding.message for finding in found if finding.rule.startswith("expression")] == []


@posix
def test_sound_javascript_is_run(tmp_path: Path) -> None:
    head, argument = SCRIPTED.split("- valueFrom", 1)
    assert runs(head + "".join(f"- valueFrom{argument % script}" for script in SCRIPTS.values()), tmp_path)


PLAIN = ("requirements: {Inline", "hints: [] # {Inline")
FAILING = {
    "an input that is not there": ("expression-input", SCRIPTED % "$(inputs.nothing)"),
    "a member of an input that is not there": ("expression-input", SCRIPTED % "$(inputs.nothing.path)"),
    "a name that nobody gives": ("expression-name", SCRIPTED % "$(date)"),
    "an input that is not there, without JavaScript": (
        "expression-input",
        (SCRIPTED % "$(inputs['nothing'])").replace(*PLAIN),
    ),
    "a word of JavaScript, without it": ("expression-name", (SCRIPTED % "$(true)").replace(*PLAIN)),
    "spaces, without JavaScript": ("javascript", (SCRIPTED % "$( inputs.x )").replace(*PLAIN)),
    "a bracket in a regular expression": ("expression-closed", SCRIPTED % '$(inputs.x.replace(/[(]/g, ""))'),
}


@posix
@pytest.mark.parametrize(("rule", "text"), FAILING.values(), ids=FAILING)
def test_what_fails_whatever_happens_is_an_error(rule: str, text: str, tmp_path: Path) -> None:
    assert [error.rule for error in lint(text).errors] == [rule]
    assert not runs(text, tmp_path)


@posix
@pytest.mark.parametrize("script", ["${ return inputs.nothing || 1; }", '$(inputs["nothing"] || 1)'])
def test_an_input_that_is_undefined_in_javascript_is_a_warning(script: str, tmp_path: Path) -> None:
    text = SCRIPTED % script
    assert not lint(text).errors
    assert "expression-undefined" in {finding.rule for finding in lint(text).warnings}
    assert runs(text, tmp_path)


@pytest.mark.parametrize("part", ["/*", "'\\", "(/[", "`\\", "inputs['", "${", "\\"])
def test_a_script_that_is_never_closed_is_read_in_no_time(part: str) -> None:
    assert lint(SCRIPTED % f"${{ {part * (200_000 // len(part))}\n    }}").findings
