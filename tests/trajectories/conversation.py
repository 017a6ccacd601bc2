"""A conversation as data: a TOML file that says what a person wants, the calls, and what must be in the answers."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

HERE = Path(__file__).parent


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FaultPart(Part):
    """What the endpoint answers wrongly: `tests.servers.processes.endpoint.Fault`."""

    method: str
    path: str
    status: int = 502
    times: int = 1
    after: bool = False


class FarEndpoint(Part):
    """An endpoint of the test: `tests.servers.processes.endpoint.TestEndpoint`."""

    personality: str = "standard"
    polls: int = 2
    processes: Literal["usual", "generated", "german", "broad", "synchronous", "mosaic"] = "usual"
    faults: tuple[FaultPart, ...] = ()


class World(Part):
    """What there is before anyone says a word. `pygeoapi` names an endpoint that is pygeoapi itself."""

    local: Literal["trusting", "wary", "none"] = "none"
    endpoints: dict[str, FarEndpoint] = Field(default_factory=dict)
    pygeoapi: str | None = None
    default_endpoint: str | None = None
    read_only: bool = False


class Replacement(Part):
    """A text that is used again, changed: each pair is what stood there and what stands there now."""

    of: str
    replace: tuple[tuple[str, str], ...] = ()


class Step(Part):
    """What happens next: the person says something, or the assistant makes a call.

    A call is `next`, the last one of that tool that the last answer wrote, with `change`s (`inputs.aoi` goes inside)
    and without what is in `drop`; or `call`, with `arguments` whose strings were all seen before. `{name}` is what an
    earlier step kept, or a text that the person gave.
    """

    says: str | None = None
    next: str | None = None
    call: str | None = None
    arguments: dict[str, Any] = Field(default_factory=dict)
    change: dict[str, Any] = Field(default_factory=dict)
    drop: tuple[str, ...] = ()
    package: Replacement | None = None
    until: str | None = None
    """Called again until this is in the answer; not at all if it was in the last one."""
    refused: bool = False
    answer: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    keep: dict[str, str] = Field(default_factory=dict)
    """Names, and patterns whose first group is kept."""
    picture: bool = False
    detailed: bool = False
    """Whether more than the concise answer is asked for."""


class Trajectory(Part):
    """One conversation, its world and its bounds."""

    wants: str
    calls: int
    tokens: int
    """Of all its answers together."""
    world: World = World()
    gives: dict[str, str] = Field(default_factory=dict)
    """Texts that come with what the person says: paths below tests/."""
    steps: tuple[Step, ...]


def trajectories() -> dict[str, Trajectory]:
    """Every conversation, by the name of its file."""
    return {path.stem: _read(path) for path in sorted((HERE / "conversations").glob("*.toml"))}


def _read(path: Path) -> Trajectory:
    return Trajectory.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
