"""Links between steps are held to what cwltool takes: whatever is merged, picked, scattered or skipped on the way."""

import itertools
from pathlib import Path
from typing import Any

import pytest
from cwl_utils.parser import save

from mcp_ogc.packages.cwl import load
from mcp_ogc.packages.lint import lint
from mcp_ogc.packages.types import Fit, fit
from tests.packages.oracle import accepts, posix

GATHERED = """\
cwlVersion: v1.2
$graph:
- class: Workflow
  id: main
  requirements: {{ScatterFeatureRequirement: {{}}, MultipleInputFeatureRequirement: {{}}}}
  inputs: {{xs: "{given}", go: boolean}}
  outputs: {{out: {{type: "{taken}", outputSource: {source}{how}}}}}
  steps:
    s: {{run: "#tool", {step} in: {{x: xs, go: go}}, out: [out]}}
    t: {{run: "#tool", {step} in: {{x: xs, go: go}}, out: [out]}}
- class: CommandLineTool
  id: tool
  baseCommand: "true"
  inputs: {{x: {{type: string, inputBinding: {{}}}}, go: boolean}}
  outputs: {{out: {{type: "{made}", outputBinding: {{glob: .}}}}}}
"""
STEPS = ["", "scatter: x,", "when: $(inputs.go),", "scatter: x, when: $(inputs.go),"]
PICKS = ["", ", pickValue: all_non_null", ", pickValue: first_non_null"]
MERGES = ["", ", linkMerge: merge_flattened"]


def gathered(step: str, source: str, taken: str, how: str = "", made: str = "Directory") -> str:
    given = "string[]" if "scatter" in step else "string"
    return GATHERED.format(given=given, step=step, source=source, taken=taken, how=how, made=made)


@posix
@pytest.mark.parametrize("source", ["s/out", "[s/out]", "[s/out, t/out]"])
@pytest.mark.parametrize("step", STEPS)
def test_what_is_gathered_fits_where_cwltool_lets_it(source: str, step: str, tmp_path: Path) -> None:
    ways = itertools.product(["Directory", "Directory[]"], PICKS, MERGES, ["Directory", "Directory?"])
    for taken, pick, merge, made in ways:
        text = gathered(step, source, taken, pick + merge, made)
        errors = [error.message for error in lint(text).errors]
        assert bool(errors) is not accepts(text, tmp_path), (text, errors)


def test_what_skipped_steps_left_out_is_picked_without_a_word() -> None:
    text = gathered(STEPS[3], "s/out", "Directory[]", PICKS[1])
    assert not {"link-type", "link-optional"} & {finding.rule for finding in lint(text).findings}


def test_a_list_in_a_list_is_told_with_the_way_to_flatten_it() -> None:
    (error,) = lint(gathered(STEPS[3], "[s/out]", "Directory[]", PICKS[1])).errors
    assert error.message == "s/out is Directory[][], and out takes Directory[]"
    assert error.repair == "Beside source: linkMerge: merge_flattened"
    assert lint(gathered(STEPS[3], "[s/out]", "Directory[]", PICKS[1] + MERGES[1])).errors == ()


SCALARS = ["boolean", "int", "long", "float", "double", "string", "File", "Directory"]
FORMS = ["{}", '["null", {}]', "{{type: array, items: {}}}", "{{type: record, fields: {{a: {}}}}}"]


def parsed(written: str) -> Any:
    """A type as cwl-utils has it, and as cwltool has."""
    tool = f"cwlVersion: v1.2\nclass: CommandLineTool\nid: t\ninputs: {{x: {{type: {written}}}}}\noutputs: []\n"
    (declared,) = load(tool).workflow().inputs
    return declared.type_, save(declared.type_, relative_uris=False)


@posix
@pytest.mark.parametrize("form", FORMS)
def test_types_fit_one_another_as_in_cwltool(form: str) -> None:
    from cwltool.checker import can_assign_src_to_sink

    types = [parsed(one.format(scalar)) for scalar in SCALARS for one in {form, FORMS[0]}]
    for (given, given_there), (taken, taken_there) in itertools.product(types, types):
        strict, loose = (can_assign_src_to_sink(given_there, taken_there, strict) for strict in (True, False))
        assert fit(given, taken, {}) is (Fit.YES if strict else Fit.PERHAPS if loose else Fit.NO)
