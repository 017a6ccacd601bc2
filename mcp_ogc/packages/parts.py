"""The parts of a package: its processes with their places in the text, and what is in force for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mcp_ogc.packages.document import member, place_of, short_id
from mcp_ogc.packages.types import resolved

if TYPE_CHECKING:
    from mcp_ogc.ogc.dialects.dialect import Dialect
    from mcp_ogc.packages.cwl import Package


@dataclass(frozen=True, eq=False)
class Part:
    """One process of a package, also one that a step holds itself."""

    process: Any
    """As cwl-utils has it."""
    node: Any
    """As the text has it, with its places."""

    @property
    def id(self) -> str:
        """Its short id; that of a process within a step is made up by the parser."""
        return short_id(self.process.id)

    @property
    def name(self) -> str:
        """What to call it in a sentence."""
        return self.id if "id" in self.node else f"the {self.kind}"

    @property
    def kind(self) -> str:
        """CommandLineTool, ExpressionTool, Operation or Workflow."""
        return str(self.process.class_)

    @property
    def steps(self) -> Sequence[Any]:
        """The steps of a Workflow; none of anything else."""
        return self.process.steps if self.kind == "Workflow" else ()

    @cached_property
    def inputs(self) -> frozenset[str]:
        """The ids of its inputs."""
        return frozenset(short_id(one.id) for one in self.process.inputs)

    def place(self, *path: str | int) -> tuple[int, int]:
        """Line and column of a member; with no path, of its id, or where it begins."""
        return place_of(self.node, *(path or ("id",)))

    def has(self, *path: str | int) -> bool:
        """Whether the text has that member."""
        node = self.node
        for name in path:
            node = member(node, name)
        return node is not None


@dataclass(frozen=True, eq=False)
class Subject:
    """What rules look at: a package that parses, and where it is to be deployed."""

    package: Package
    workflow_id: str | None = None
    dialect: Dialect | None = None
    """Of the endpoint it goes to; None where none is named."""

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """Every process, those that steps hold after the one that has the step."""
        document = self.package.document
        graph = document.get("$graph")
        nodes = graph if graph is not None else [document]
        pairs = zip(self.package.processes, nodes, strict=True)
        return tuple(part for process, node in pairs for part in _with_inline(Part(process, node)))

    @cached_property
    def main(self) -> Part:
        """What is deployed."""
        chosen = self.package.workflow(self.workflow_id)
        return next(part for part in self.parts if part.process is chosen)

    @cached_property
    def types(self) -> Mapping[str, Any]:
        """The types that the package defines (SchemaDefRequirement), by full and by short name.

        `type_of` tells what a short one means to one process.
        """
        definitions = [own_requirement(part.process, "SchemaDefRequirement") for part in self.parts]
        types = [one for definition in definitions if definition for one in definition.types]
        return {**{short_id(one.name): one for one in types}, **{one.name: one for one in types}}

    def type_of(self, part: Part, declared: Any) -> Any:
        """The type of an input or output of a process: two processes may mean two types by one name."""
        found = self.requirement(part, "SchemaDefRequirement")
        own = {short_id(one.name): one for one in found[0].types} if found else {}
        return resolved(declared.type_, {**self.types, **own})

    @property
    def workflows(self) -> tuple[Part, ...]:
        """The Workflows."""
        return tuple(part for part in self.parts if part.kind == "Workflow")

    @property
    def tools(self) -> tuple[Part, ...]:
        """The CommandLineTools."""
        return tuple(part for part in self.parts if part.kind == "CommandLineTool")

    @cached_property
    def roots(self) -> tuple[Part, ...]:
        """What no step of another runs."""
        run = {id(self.run_by(step)) for part in self.parts for step in part.steps}
        return tuple(part for part in self.parts if id(part) not in run)

    @cached_property
    def _by_id(self) -> Mapping[str, Part]:
        return {part.id: part for part in reversed(self.parts)}

    @cached_property
    def _by_process(self) -> Mapping[int, Part]:
        return {id(part.process): part for part in self.parts}

    @cached_property
    def _runners(self) -> Mapping[int, Sequence[tuple[Any, Part]]]:
        """The steps that run a part, and whose they are."""
        found: dict[int, list[tuple[Any, Part]]] = {}
        for runner in self.parts:
            for step in runner.steps:
                found.setdefault(id(self.run_by(step)), []).append((step, runner))
        return found

    def run_by(self, step: Any) -> Part | None:
        """The process that a step runs."""
        if isinstance(step.run, str):
            return self._by_id.get(short_id(step.run))
        return self._by_process.get(id(step.run))

    def requirement(self, part: Part, name: str) -> tuple[Any, Part] | None:
        """A requirement or hint in force for a process, its own or inherited, and whose it is.

        CWL v1.2 Workflow §4.2: requirements and hints are inherited from the step and from the workflow. One that
        only some of the runners have is not in force.
        """
        settled = self._in_force
        ahead, followed = [part], set()
        while (asked := (id(part), name)) not in settled:
            one = ahead[-1]
            followed.add(id(one))
            above = [] if own_requirement(one.process, name) else [runner for _, runner in self._runners_of(one)]
            unknown = [runner for runner in above if (id(runner), name) not in settled and id(runner) not in followed]
            if unknown:
                ahead.append(unknown[0])
            else:
                settled[id(ahead.pop()), name] = self._requirement(one, name)
        return settled[asked]

    @cached_property
    def _in_force(self) -> dict[tuple[int, str], tuple[Any, Part] | None]:
        """What was asked for already: a part that a thousand steps run is asked about by each of them, and there may
        be more ways up from it than could be followed one by one."""
        return {}

    def _runners_of(self, part: Part) -> Sequence[tuple[Any, Part]]:
        return self._runners.get(id(part), ())

    def _requirement(self, part: Part, name: str) -> tuple[Any, Part] | None:
        """What is in force for a part, once that is settled for those that run it; nothing comes out of a circle."""
        if own := own_requirement(part.process, name):
            return own, part
        inherited = [
            (own, runner) if (own := own_requirement(step, name)) else self._in_force.get((id(runner), name))
            for step, runner in self._runners_of(part)
        ]
        return inherited[0] if inherited and all(inherited) else None


def own_requirement(holder: Any, name: str) -> Any:
    """A requirement of a process or a step, or a hint where there is none."""
    asked = [*(holder.requirements or ()), *(holder.hints or ())]
    return next((one for one in asked if class_of(one) == name), None)


def told(requirement: Any, name: str) -> Any:
    """A member of a requirement; hints of steps, and those that the parser does not know, stay maps."""
    return requirement.get(name) if isinstance(requirement, Mapping) else getattr(requirement, name, None)


def class_of(requirement: Any) -> str:
    """The class of a requirement."""
    return short_id(str(told(requirement, "class" if isinstance(requirement, Mapping) else "class_")))


def _with_inline(part: Part) -> Iterator[Part]:
    yield part
    for step in part.steps:
        if not isinstance(step.run, str):
            node = member(member(member(part.node, "steps"), short_id(step.id)), "run")
            yield from _with_inline(Part(step.run, node))
