"""What a tool runs in: its image, and the resources it asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mcp_ogc.packages.document import short_id
from mcp_ogc.packages.findings import Hit, Rule, Severity
from mcp_ogc.packages.parts import Part, Subject, told

IMAGE = re.compile(
    r"(?:(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?)(?::\d+)?/)?"
    r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*"
    r"(?::(?P<tag>\w[\w.-]{0,127}))?(?:@(?P<digest>[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-fA-F]{32,}))?"
)
"""OCI distribution: registry with port, repository, tag, digest."""
MOVING = {"latest", "stable", "main", "master", "dev", "develop", "edge", "nightly"}
AMOUNTS = ("cores", "ram", "tmpdir", "outdir")
MOST_CORES, MOST_MEBIBYTES = 256, 4 << 20
"""4 TiB: more than that was meant in bytes or kilobytes."""


def missing_images(subject: Subject) -> Iterator[Hit]:
    """Tools without an image."""
    if subject.dialect is not None and subject.dialect.runs_natively:
        return
    for tool in subject.tools:
        if not subject.requirement(tool, "DockerRequirement"):
            yield Hit(tool.place(), f"{tool.name} names no image")


def bad_images(subject: Subject) -> Iterator[Hit]:
    """What is no reference to an image."""
    for image, place in _images(subject):
        if not IMAGE.fullmatch(image):
            yield Hit(place, f"{image[:80]!r} is not the name of an image")


def moving_images(subject: Subject) -> Iterator[Hit]:
    """Images that may be another one tomorrow."""
    for image, place in _images(subject):
        parts = IMAGE.fullmatch(image)
        if parts and not parts["digest"] and (parts["tag"] is None or parts["tag"].lower() in MOVING):
            tag = f"the tag {parts['tag']} moves" if parts["tag"] else "it has no tag, so latest is meant"
            yield Hit(place, f"the image {image[:80]} is not pinned: {tag}")


def local_images(subject: Subject) -> Iterator[Hit]:
    """Images made from files, or known by an id of one machine."""
    for tool in subject.tools:
        found = subject.requirement(tool, "DockerRequirement")
        if found and not told(found[0], "dockerPull"):
            yield Hit(_place(found[1], "DockerRequirement"), f"the image of {tool.name} can't be pulled: no dockerPull")


def _images(subject: Subject) -> Iterator[tuple[str, tuple[int, int]]]:
    """Every image that is pulled, once each, and its place."""
    seen = set()
    for tool in subject.tools:
        found = subject.requirement(tool, "DockerRequirement")
        image = told(found[0], "dockerPull") if found else None
        if found and isinstance(image, str):
            place = _place(found[1], "DockerRequirement", "dockerPull")
            if place not in seen:
                seen.add(place)
                yield image, place


def missing_resources(subject: Subject) -> Iterator[Hit]:
    """Tools that do not say what they need."""
    for tool in subject.tools:
        if not subject.requirement(tool, "ResourceRequirement"):
            yield Hit(tool.place(), f"{tool.name} does not say which memory and cores it needs")


def bad_resources(subject: Subject) -> Iterator[Hit]:
    """Amounts that are no numbers, none at all, or a minimum above its maximum."""
    for found, part in _resources(subject):
        for amount in AMOUNTS:
            low, high = (told(found, f"{amount}{end}") for end in ("Min", "Max"))
            for end, value in (("Min", low), ("Max", high)):
                place = _place(part, "ResourceRequirement", f"{amount}{end}")
                if isinstance(value, str) and "$" not in value:
                    yield Hit(place, f"{amount}{end} is the text {value[:30]!r}", _unit(amount))
                elif isinstance(value, int | float) and (value < 0 or (value == 0 and amount in ("cores", "ram"))):
                    yield Hit(place, f"{amount}{end} is {value}", _unit(amount))
            if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
                place = _place(part, "ResourceRequirement", f"{amount}Min")
                yield Hit(place, f"{amount}Min {low} is more than {amount}Max {high}", f"Give {amount}Max or lower Min")


def huge_resources(subject: Subject) -> Iterator[Hit]:
    """Amounts that no machine has."""
    for found, part in _resources(subject):
        for amount in AMOUNTS:
            most = MOST_CORES if amount == "cores" else MOST_MEBIBYTES
            for end in ("Min", "Max"):
                value = told(found, f"{amount}{end}")
                if isinstance(value, int | float) and value > most:
                    place = _place(part, "ResourceRequirement", f"{amount}{end}")
                    unit = "" if amount == "cores" else " mebibytes"
                    yield Hit(place, f"{amount}{end} is {value:,}{unit}", _unit(amount))


def _resources(subject: Subject) -> Iterator[tuple[Any, Part]]:
    seen = set()
    for part in subject.parts:
        found = subject.requirement(part, "ResourceRequirement")
        if found and id(found[0]) not in seen:
            seen.add(id(found[0]))
            yield found


def _unit(amount: str) -> str:
    return "Give a number of cores" if amount == "cores" else "Give a number of mebibytes, such as 4096 for 4 GiB"


def _place(part: Part, name: str, *path: str) -> tuple[int, int]:
    """The place of a requirement: of the process's own, or of one of its steps'."""
    above: list[tuple[str, ...]] = [(), *(("steps", short_id(step.id)) for step in part.steps)]
    ways = [(*way, holder, name) for way in above for holder in ("requirements", "hints")]
    return next((part.place(*way, *path) for way in ways if part.has(*way)), part.place())


ERROR, WARNING = Severity.ERROR, Severity.WARNING
TOOL = "/req/app-pck/clt"
RULES = (
    Rule(
        "image",
        WARNING,
        "Clusters run tools in containers only",
        "Add DockerRequirement: {dockerPull: registry/name:1.2.3}",
        TOOL,
        missing_images,
    ),
    Rule(
        "image-name",
        ERROR,
        "It can't be pulled, so every job fails",
        "registry/name:1.2.3, the name in lower case, without docker://",
        TOOL,
        bad_images,
    ),
    Rule(
        "image-pinned",
        WARNING,
        "The same package may give other results tomorrow",
        "Give a version as the tag, or @sha256:…",
        TOOL,
        moving_images,
    ),
    Rule(
        "image-pulled",
        WARNING,
        "Clusters build no images",
        "Push it to a registry and name it with dockerPull",
        TOOL,
        local_images,
    ),
    Rule(
        "resources",
        WARNING,
        "It gets the cluster's defaults: too little memory, and it is killed",
        "Add ResourceRequirement: {coresMin: 1, ramMin: 2048} (mebibytes)",
        "/req/app-pck/clt",
        missing_resources,
    ),
    Rule("resource-amount", ERROR, "The step can't be scheduled", "", "CWL CommandLineTool §5.13", bad_resources),
    Rule(
        "resource-unit",
        WARNING,
        "No machine has that: jobs wait for ever",
        "",
        "CWL CommandLineTool §5.13",
        huge_resources,
    ),
)
