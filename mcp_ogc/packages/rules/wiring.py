"""How the steps of a workflow are tied together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mcp_ogc.packages.description import type_name
from mcp_ogc.packages.document import short_id
from mcp_ogc.packages.findings import Hit, Rule, Severity
from mcp_ogc.packages.parts import Part, Subject, own_requirement
from mcp_ogc.packages.scopes import inputs_named
from mcp_ogc.packages.types import ArrayOf, Fit, alternatives, definition_name, fit, is_array, without_null


@dataclass(frozen=True, slots=True)
class Source:
    """An input of a workflow, or an output of a step."""

    declared: Any
    """Its type, as the process has it."""
    levels: int = 0
    """How many arrays scattering makes around it."""
    is_conditional: bool = False
    """Whether its step may be skipped, and give null."""

    @property
    def type_(self) -> Any:
        """What it gives."""
        return self._scattered(["null", *_list(self.declared)] if self.is_conditional else self.declared)

    @property
    def unconditional(self) -> Any:
        """What it gives where no step is skipped."""
        return self._scattered(self.declared)

    def _scattered(self, told: Any) -> Any:
        for _ in range(self.levels):
            told = ArrayOf(told)
        return told


def unknown_sources(subject: Subject) -> Iterator[Hit]:
    """Sources that are neither an input of the workflow nor an output of a step."""
    for workflow in subject.workflows:
        known = _types_of_sources(subject, workflow)
        names = ", ".join(_told(source) for source in known) or "none"
        for sink, field, place in _sinks(workflow):
            for source in _list(getattr(sink, field)):
                if source not in known:
                    yield Hit(place, f"there is no source {_told(source)}", f"Sources of this workflow: {names}")


def missing_step_inputs(subject: Subject) -> Iterator[Hit]:
    """Inputs that a step's process requires and the step does not give."""
    for workflow, step, process in _steps(subject):
        given = {short_id(one.id) for one in step.in_ if _gives(one)}
        for declared in process.process.inputs:
            name = short_id(declared.id)
            needed = (
                declared.default is None
                and fit("null", subject.type_of(process, declared), subject.types) is not Fit.YES
            )
            if needed and name not in given:
                path = ("steps", short_id(step.id), "in", name)
                yield Hit(
                    workflow.place(*path),
                    f"the step {short_id(step.id)} does not give {name}, which {process.name} requires",
                    f"Add {name} under `in`, or a default to the input of {process.name}",
                )


def unknown_step_inputs(subject: Subject) -> Iterator[Hit]:
    """Inputs that a step gives and its process does not have."""
    for workflow, step, process in _steps(subject):
        known = {short_id(declared.id) for declared in process.process.inputs}
        used = inputs_named(workflow, step)
        for one in step.in_:
            name = short_id(one.id)
            if name not in known and name not in used:
                yield Hit(
                    workflow.place("steps", short_id(step.id), "in", name),
                    f"{process.name} has no input {name}: what is given is dropped",
                    f"Its inputs: {', '.join(known) or 'none'}",
                )


def unknown_step_outputs(subject: Subject) -> Iterator[Hit]:
    """Outputs that a step lists and its process does not have."""
    for workflow, step, process in _steps(subject):
        known = {short_id(declared.id) for declared in process.process.outputs}
        for out in _outputs(step):
            if short_id(out) not in known:
                yield Hit(
                    workflow.place("steps", short_id(step.id), "out", short_id(out)),
                    f"{process.name} has no output {short_id(out)}",
                    f"Its outputs: {', '.join(known) or 'none'}",
                )


def misfits(subject: Subject) -> Iterator[Hit]:
    """Links whose types can't fit."""
    yield from _links(subject, Fit.NO)


def uncertain_fits(subject: Subject) -> Iterator[Hit]:
    """Links whose types fit for some values only."""
    yield from _links(subject, Fit.PERHAPS)


def _links(subject: Subject, wanted: Fit) -> Iterator[Hit]:
    for workflow in subject.workflows:
        known = _types_of_sources(subject, workflow)
        takes = dict(_types_of_sinks(subject, workflow))
        for sink, field, place in _sinks(workflow):
            named = getattr(sink, field)
            if sink.id not in takes or not _list(named) or not all(source in known for source in _list(named)):
                continue
            taken = takes[sink.id]
            for source in _list(named):
                given = _given(sink, known[source], named)
                if fit(given, taken, subject.types) is wanted:
                    told = f"{_told(source)} is {type_name(given)}, and {short_id(sink.id)} takes {type_name(taken)}"
                    flat = ArrayOf(_items(_given(sink, known[source], source)))
                    is_list = isinstance(named, list) and sink.linkMerge is None
                    if is_list and fit(flat, taken, subject.types) is Fit.YES:
                        repair = "Beside source: linkMerge: merge_flattened"
                    else:
                        repair = _one_name(given, taken, subject)
                    yield Hit(place, told, repair)


def _one_name(given: Any, taken: Any, subject: Subject) -> str:
    """What would be right where a type has two names, or one has it only where it is taken."""
    ours, theirs = (set(_definitions(one, subject)) for one in (given, taken))
    if not ours ^ theirs:
        return ""
    name = min(ours or theirs).rsplit("#", 1)[-1]
    return f'A type of SchemaDefRequirement fits itself only: in both type: "#{name}", defined once for both'


def _definitions(cwl_type: Any, subject: Subject) -> Iterator[str]:
    for one in alternatives(cwl_type, subject.types):
        if name := definition_name(one, subject.types):
            yield name
        elif is_array(one):
            yield from _definitions(one.items, subject)


def unknown_scatter(subject: Subject) -> Iterator[Hit]:
    """Scattered inputs that the step does not have; several without a method."""
    for workflow, step, _ in _steps(subject):
        path = ("steps", short_id(step.id))
        scattered = _list(step.scatter)
        given = {one.id for one in step.in_}
        for one in scattered:
            if one not in given:
                names = ", ".join(short_id(name) for name in given)
                told = f"the step {path[1]} is scattered over {short_id(one)}, which is not under its `in`"
                yield Hit(workflow.place(*path, "scatter"), told, f"Inputs of the step: {names or 'none'}")
        if len(scattered) > 1 and step.scatterMethod is None:
            yield Hit(
                workflow.place(*path, "scatter"),
                f"the step {path[1]} is scattered over {len(scattered)} inputs without scatterMethod",
                "Add scatterMethod: dotproduct (pairs), flat_crossproduct or nested_crossproduct",
            )


def circles(subject: Subject) -> Iterator[Hit]:
    """Steps that wait for one another, and processes that run themselves."""
    for workflow in subject.workflows:
        steps = {step.id: step for step in workflow.steps}
        needs = {
            step.id: {source.rsplit("/", 1)[0] for one in step.in_ for source in _list(one.source)} & set(steps)
            for step in workflow.steps
        }
        for name in needs:
            if name in _reached(name, needs):
                yield Hit(workflow.place("steps", short_id(name)), f"the step {short_id(name)} waits for itself")
    runs = {id(part): {id(subject.run_by(step)) for step in part.steps} for part in subject.parts}
    for part in subject.workflows:
        if id(part) in _reached(id(part), runs):
            yield Hit(part.place(), f"the workflow {part.name} runs itself")


def _reached(start: Any, following: dict[Any, set[Any]]) -> set[Any]:
    """What can be come to from a start, the start itself only in a circle."""
    reached: set[Any] = set()
    ahead = [start]
    while ahead:
        for one in following.get(ahead.pop(), set()) - reached:
            reached.add(one)
            ahead.append(one)
    return reached


def sourceless_outputs(subject: Subject) -> Iterator[Hit]:
    """Outputs of a workflow that nothing gives."""
    for workflow in subject.workflows:
        for declared in workflow.process.outputs:
            if not _list(declared.outputSource):
                name = short_id(declared.id)
                yield Hit(workflow.place("outputs", name), f"nothing gives the output {name}: it has no outputSource")


def unused_inputs(subject: Subject) -> Iterator[Hit]:
    """Inputs of a workflow that no step and no output reads."""
    for workflow in subject.workflows:
        read = {source for sink, field, _ in _sinks(workflow) for source in _list(getattr(sink, field))}
        for declared in workflow.process.inputs:
            if declared.id not in read:
                name = short_id(declared.id)
                yield Hit(workflow.place("inputs", name), f"no step reads the input {name} of {workflow.name}")


def unused_steps(subject: Subject) -> Iterator[Hit]:
    """Steps whose outputs nothing reads."""
    for workflow in subject.workflows:
        read = {source for sink, field, _ in _sinks(workflow) for source in _list(getattr(sink, field))}
        for step in workflow.steps:
            if not read & set(_outputs(step)):
                name = short_id(step.id)
                yield Hit(workflow.place("steps", name), f"nothing reads what the step {name} makes")


def _steps(subject: Subject) -> Iterator[tuple[Part, Any, Part]]:
    """Every step, its workflow, and the process it runs."""
    for workflow in subject.workflows:
        for step in workflow.steps:
            if process := subject.run_by(step):
                yield workflow, step, process


def _sinks(workflow: Part) -> Iterator[tuple[Any, str, tuple[int, int]]]:
    """What takes from sources: the member that names them, and its place."""
    for step in workflow.steps:
        for one in step.in_:
            yield one, "source", workflow.place("steps", short_id(step.id), "in", short_id(one.id), "source")
    for declared in workflow.process.outputs:
        yield declared, "outputSource", workflow.place("outputs", short_id(declared.id), "outputSource")


def _types_of_sources(subject: Subject, workflow: Part) -> dict[str, Source]:
    """What each source gives, by its full id."""
    found = {declared.id: Source(subject.type_of(workflow, declared)) for declared in workflow.process.inputs}
    for step in workflow.steps:
        process = subject.run_by(step)
        given = {short_id(one.id): subject.type_of(process, one) for one in process.process.outputs} if process else {}
        levels = len(_list(step.scatter)) if step.scatterMethod == "nested_crossproduct" else 1
        for out in _outputs(step):
            told = "Any" if own_requirement(step, "Loop") else given.get(short_id(out), "Any")
            found[out] = Source(
                told,
                levels=levels if step.scatter is not None else 0,
                is_conditional=getattr(step, "when", None) is not None,
            )
    return found


def _types_of_sinks(subject: Subject, workflow: Part) -> Iterator[tuple[str, Any]]:
    """What each sink takes, by its full id, where that is known."""
    for step in workflow.steps:
        process = subject.run_by(step)
        taken = {short_id(one.id): subject.type_of(process, one) for one in process.process.inputs} if process else {}
        for one in step.in_:
            told = taken.get(short_id(one.id))
            if told is None or one.valueFrom is not None:
                continue
            if one.default is not None:  # it stands in for null
                told = ["null", *(told if isinstance(told, list) else [told])]
            yield one.id, ArrayOf(told) if one.id in _list(step.scatter) else told
    for declared in workflow.process.outputs:
        yield declared.id, subject.type_of(workflow, declared)


def _given(sink: Any, source: Source, named: Any) -> Any:
    """What a sink gets of one of its sources (CWL v1.2 Workflow, linkMerge and pickValue), as cwltool has it.

    Args:
        sink: An input of a step, or an output of the workflow.
        source: What gives.
        named: The sources as the sink names them: several are merged, and one in brackets is where that is asked for.
    """
    pick = getattr(sink, "pickValue", None)
    merge = sink.linkMerge if isinstance(named, list) else None
    given = source.type_
    if pick == "all_non_null":
        if isinstance(named, list):
            merge = merge or "merge_nested"
            given = without_null(given)
        given = ArrayOf(without_null(given.items)) if is_array(given) else given
    elif pick is not None:
        merge = None
        # Of an array cwltool takes an item only where the process itself, and not `when`, says that some may be null.
        plain = source.unconditional
        is_item = is_array(plain) and "null" in _list(plain.items)
        is_item = is_item and (isinstance(named, list) or not source.is_conditional)
        given = without_null(plain.items if is_item else given)
    elif len(_list(named)) > 1:
        merge = merge or "merge_nested"
    if merge == "merge_flattened":
        return ArrayOf([item for one in _list(given) for item in _items(one)])
    return ArrayOf(given) if merge == "merge_nested" else given


def _items(cwl_type: Any) -> list[Any]:
    return _list(cwl_type.items) if is_array(cwl_type) else [cwl_type]


def _gives(step_input: Any) -> bool:
    return bool(_list(step_input.source)) or step_input.default is not None or step_input.valueFrom is not None


def _outputs(step: Any) -> list[str]:
    return [out if isinstance(out, str) else out.id for out in step.out]


def _list(told: Any) -> list[Any]:
    return [] if told is None else told if isinstance(told, list) else [told]


def _told(source: str) -> str:
    """A source as the text has it: `step/output`, or an input."""
    return "/".join(source.rsplit("#", 1)[-1].split("/")[1:]) or short_id(source)


ERROR, WARNING = Severity.ERROR, Severity.WARNING
LINKS = "CWL Workflow §5.2"
RULES = (
    Rule(
        "source", ERROR, "The workflow is refused as it is read", "Name an input or step/output", LINKS, unknown_sources
    ),
    Rule("step-input", ERROR, "The step can't start", "Give it under `in`", LINKS, missing_step_inputs),
    Rule("step-extra-input", WARNING, "Most often a misspelt name", "Name an input it has", LINKS, unknown_step_inputs),
    Rule(
        "step-output",
        ERROR,
        "The workflow is refused as it is read",
        "List outputs it has",
        LINKS,
        unknown_step_outputs,
    ),
    Rule("link-type", ERROR, "The workflow is refused as it is read", "Make the types the same", LINKS, misfits),
    Rule(
        "link-optional",
        WARNING,
        "The step fails when such a value comes",
        "Make the taker optional too, or give a default",
        LINKS,
        uncertain_fits,
    ),
    Rule(
        "scatter",
        ERROR,
        "The step can't start",
        "Scatter over inputs of the step",
        "CWL Workflow §5.2.1, scatter",
        unknown_scatter,
    ),
    Rule("circle", ERROR, "Nothing can start", "Take one of the links out", "CWL Workflow §4", circles),
    Rule("output-source", ERROR, "The output stays empty", "Add outputSource: step/output", LINKS, sourceless_outputs),
    Rule(
        "unused-input",
        WARNING,
        "People fill it in and nothing happens",
        "Link it to a step, or remove it",
        "",
        unused_inputs,
    ),
    Rule(
        "unused-step",
        WARNING,
        "It costs time, and its results are thrown away",
        "Read its outputs, or remove it",
        "",
        unused_steps,
    ),
)
