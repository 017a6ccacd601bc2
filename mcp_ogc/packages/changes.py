"""What replacing a deployed package would change, for those who run it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mcp_ogc.packages.description import describe, plain_default, type_name
from mcp_ogc.packages.document import short_id
from mcp_ogc.packages.parts import Subject, told
from mcp_ogc.packages.types import Fit, value_fit

if TYPE_CHECKING:
    from mcp_ogc.packages.cwl import Package


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `is_breaking`: a call that works today may fail, or its results can't be read as before."""

    what: str
    is_breaking: bool = False


def changes(
    old: Package, new: Package, *, old_workflow: str | None = None, new_workflow: str | None = None
) -> tuple[Change, ...]:
    """What is different, breaking ones first; nothing where both are the same text.

    Args:
        old: What is deployed.
        new: What would replace it.
        old_workflow: Which workflow of the old one is deployed.
        new_workflow: Which of the new one would be.

    Raises:
        UnknownName: One of them has no such workflow.
    """
    if old.digest == new.digest and old_workflow == new_workflow:
        return ()
    before, after = Subject(old, old_workflow), Subject(new, new_workflow)
    found = [*_inputs(before, after), *_outputs(before, after), *_images(before, after), *_versions(old, new)]
    return tuple(sorted(found, key=lambda change: not change.is_breaking))


def images(subject: Subject) -> dict[str, str]:
    """The image of each tool that names one."""
    found = {tool.id: subject.requirement(tool, "DockerRequirement") for tool in subject.tools}
    named = {tool: told(one[0], "dockerPull") for tool, one in found.items() if one}
    return {tool: image for tool, image in named.items() if isinstance(image, str)}


def _inputs(before: Subject, after: Subject) -> Iterator[Change]:
    old, new = _declared(before, "inputs"), _declared(after, "inputs")
    optional = {name: not one.required for name, one in describe(after.package, after.workflow_id).inputs.items()}
    was_optional = {name: not one.required for name, one in describe(before.package, before.workflow_id).inputs.items()}
    for name in [name for name in old if name not in new]:
        yield Change(f"input {name} ({type_name(old[name].type_)}) is gone", is_breaking=True)
    for name in [name for name in new if name not in old]:
        need = "optional" if optional[name] else "required"
        yield Change(f"input {name} ({type_name(new[name].type_)}, {need}) is new", is_breaking=not optional[name])
    for name in [name for name in new if name in old]:
        given, taken = before.type_of(before.main, old[name]), after.type_of(after.main, new[name])
        yield from _retyped("input", name, old[name], new[name], value_fit(given, taken, after.types))
        if optional[name] != was_optional[name]:
            need = "optional" if optional[name] else "required"
            yield Change(f"input {name} is {need} now", is_breaking=not optional[name])
        if plain_default(old[name].default) != plain_default(new[name].default):
            yield Change(f"input {name}: the default was {_default(old[name])} and is {_default(new[name])}")


def _outputs(before: Subject, after: Subject) -> Iterator[Change]:
    old, new = _declared(before, "outputs"), _declared(after, "outputs")
    for name in [name for name in old if name not in new]:
        yield Change(f"output {name} ({type_name(old[name].type_)}) is gone", is_breaking=True)
    for name in [name for name in new if name not in old]:
        yield Change(f"output {name} ({type_name(new[name].type_)}) is new")
    for name in [name for name in new if name in old]:
        # What is read must be among what was read before.
        given, taken = after.type_of(after.main, new[name]), before.type_of(before.main, old[name])
        yield from _retyped("output", name, old[name], new[name], value_fit(given, taken, after.types))


def _retyped(noun: str, name: str, old: Any, new: Any, fits: Fit) -> Iterator[Change]:
    was, becomes = type_name(old.type_), type_name(new.type_)
    if was != becomes or fits is not Fit.YES:
        becomes = becomes if was != becomes else f"another {becomes}"
        yield Change(f"{noun} {name} was {was} and is {becomes}", is_breaking=fits is not Fit.YES)


def _images(before: Subject, after: Subject) -> Iterator[Change]:
    old, new = images(before), images(after)
    for tool in [*new, *(gone for gone in old if gone not in new)]:
        if old.get(tool) != new.get(tool):
            yield Change(f"image of {tool}: {old.get(tool, 'none')} → {new.get(tool, 'none')}")


def _versions(old: Package, new: Package) -> Iterator[Change]:
    if old.software_version != new.software_version:
        yield Change(f"version {old.software_version or 'unknown'} → {new.software_version or 'unknown'}")
    elif old.text != new.text:
        yield Change(f"version stays {new.software_version or 'unknown'}, though the package is another")


def _declared(subject: Subject, field: str) -> Mapping[str, Any]:
    return {short_id(one.id): one for one in getattr(subject.main.process, field)}


def _default(declared: Any) -> str:
    return "none" if declared.default is None else repr(plain_default(declared.default))[:60]
