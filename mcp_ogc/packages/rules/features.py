"""Features that have to be asked for: what a package uses, and the requirement it needs for that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mcp_ogc.packages.document import short_id
from mcp_ogc.packages.findings import Hit, Rule, Severity
from mcp_ogc.packages.parts import Part, Subject, own_requirement
from mcp_ogc.packages.scopes import JAVASCRIPT, scopes


def missing_requirements(subject: Subject) -> Iterator[Hit]:
    """Features of workflows that are used and not required."""
    for workflow in subject.workflows:
        for place, step, name, feature in _features(subject, workflow):
            asked = subject.requirement(workflow, name) or (step is not None and own_requirement(step, name))
            if not asked:
                told = f"{feature}, and {workflow.name} does not require {name}"
                yield Hit(place, told, f"Under requirements of {workflow.name}: {name}: {{}}")


def _features(subject: Subject, workflow: Part) -> Iterator[tuple[tuple[int, int], Any, str, str]]:
    for step in workflow.steps:
        name = short_id(step.id)
        path = ("steps", name)
        process = subject.run_by(step)
        if step.scatter is not None:
            yield workflow.place(*path, "scatter"), step, "ScatterFeatureRequirement", f"the step {name} is scattered"
        if process and process.kind == "Workflow":
            told = f"the step {name} runs a workflow"
            yield workflow.place(*path, "run"), step, "SubworkflowFeatureRequirement", told
        for one in step.in_:
            place = workflow.place(*path, "in", short_id(one.id))
            if isinstance(one.source, list) and len(one.source) > 1:
                told = f"{short_id(one.id)} of the step {name} has several sources"
                yield place, step, "MultipleInputFeatureRequirement", told
            if one.valueFrom is not None:
                told = f"{short_id(one.id)} of the step {name} has valueFrom"
                yield place, step, "StepInputExpressionRequirement", told
    for declared in workflow.process.outputs:
        if isinstance(declared.outputSource, list) and len(declared.outputSource) > 1:
            place = workflow.place("outputs", short_id(declared.id), "outputSource")
            told = f"the output {short_id(declared.id)} has several sources"
            yield place, None, "MultipleInputFeatureRequirement", told


def unasked_scripts(subject: Subject) -> Iterator[Hit]:
    """JavaScript without InlineJavascriptRequirement."""
    told = set()
    for part in subject.parts:
        if part.kind == "ExpressionTool" and not subject.requirement(part, JAVASCRIPT):
            place = part.place("expression")
            told.add(place)
            yield Hit(place, f"{part.name} is JavaScript, and {JAVASCRIPT} is missing")
    for scope in scopes(subject):
        for one in scope.expressions if scope.library is None else ():
            if one.is_script and one.place not in told:
                yield Hit(one.place, f"{one.text[:60]} is JavaScript, and {JAVASCRIPT} is missing")


RULES = (
    Rule(
        "requirement",
        Severity.ERROR,
        "The workflow is refused when it starts",
        "",
        "CWL Workflow §5.2",
        missing_requirements,
    ),
    Rule(
        "javascript",
        Severity.ERROR,
        "Every job of it fails",
        "Add InlineJavascriptRequirement: {} under requirements, or write a plain reference: $(inputs.name.path)",
        "CWL CommandLineTool §3.4.2",
        unasked_scripts,
    ),
)
