"""What an endpoint can do: what it declares, and what is found to be so. Found by GET only.

Neither alone is enough: pygeoapi lists and dismisses jobs without declaring it, others declare what a gateway in front
of them refuses (quirk Q15).
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

import anyio

from mcp_ogc.errors import (
    AccessDenied,
    AuthenticationRequired,
    RemoteProblem,
    TimedOut,
    TooLarge,
    UnreadableAnswer,
)
from mcp_ogc.ogc.dialects.dialect import LogSource
from mcp_ogc.ogc.models import Conformance, JobControl, JsonObject, ProcessSummary
from mcp_ogc.ogc.problems import is_passing

if TYPE_CHECKING:
    from mcp_ogc.ogc.client import ProcessesClient

T = TypeVar("T")

LOOKED_AT = 50
"""Processes of the list whose members tell what can be done with them."""
QUESTION_SECONDS = 3.0
"""For what an endpoint can be used without: a list of jobs may take a minute (quirk Q12)."""


class Capability(StrEnum):
    """What changes a conversation if it is absent."""

    LIST_JOBS = "list jobs"
    DISMISS = "dismiss"
    DEPLOY = "deploy"
    PACKAGE = "read packages"
    LOGS = "logs"


# (part, conformance class) that declares it; logs are nobody's.
DECLARED_BY: Mapping[Capability, tuple[tuple[int, str], ...]] = {
    Capability.LIST_JOBS: ((1, "job-list"),),
    Capability.DISMISS: ((1, "dismiss"),),
    Capability.DEPLOY: ((2, "deploy-replace-undeploy"), (2, "cwl"), (2, "ogcapppkg")),
    Capability.PACKAGE: ((2, "cwl"), (2, "ogcapppkg")),
}
# Operation of the API definition that shows it: how its path ends, and its method.
SHOWN_BY: Mapping[Capability, tuple[str, str]] = {
    Capability.LIST_JOBS: ("/jobs", "get"),
    Capability.DISMISS: ("/jobs/{}", "delete"),
    Capability.DEPLOY: ("/processes", "post"),
    Capability.PACKAGE: ("/processes/{}/package", "get"),
    Capability.LOGS: ("/jobs/{}/logs", "get"),
}


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an endpoint declares, and what was found; absent from `found` is what a GET can't tell."""

    dialect: str
    declared: frozenset[Capability]
    found: Mapping[Capability, bool]
    whole: bool = True
    """Whether nothing that was asked met a fault, which may have passed when it is asked again."""

    def has(self, capability: Capability) -> bool:
        """Whether it can be expected to work: what was found counts more than what is declared."""
        return self.found.get(capability, capability in self.declared)

    @property
    def usable(self) -> tuple[Capability, ...]:
        """All that can be expected to work."""
        return tuple(one for one in Capability if self.has(one))


async def capabilities_of(client: ProcessesClient) -> Capabilities:
    """Ask an endpoint, by GET only: conformance, API definition, list of jobs, list of processes.

    Raises:
        AuthenticationRequired, AccessDenied: It wants to know who asks.
        Unreachable: It does not answer.
    """
    asking = _Asking()
    dialect = await client.dialect()
    conformance = await asking.soon(client.conformance()) or Conformance()
    definition = await asking.soon(client.api_definition()) or {}
    processes = await asking.or_none(client.processes(limit=LOOKED_AT))
    found = _shown(definition)
    lists_jobs = await asking.soon(_lists_jobs(client))
    if lists_jobs is not None:
        found[Capability.LIST_JOBS] = lists_jobs
    found |= _told_by(processes.processes if processes else ())
    if not dialect.logs or LogSource.LOGS in dialect.logs:
        found[Capability.LOGS] = bool(dialect.logs)
    declared = frozenset(
        capability
        for capability, classes in DECLARED_BY.items()
        if any(conformance.declares(part, name) for part, name in classes)
    )
    return Capabilities(dialect.title, declared, found, whole=client.is_recognised and not asking.faults)


def _shown(definition: JsonObject) -> dict[Capability, bool]:
    """What the API definition has an operation for. One that has none of the paths we know says nothing."""
    paths = definition.get("paths")
    operations = {
        (_generic(path), method.lower())
        for path, item in (paths.items() if isinstance(paths, dict) else ())
        if isinstance(item, dict)
        for method in item
    }
    return {
        capability: True
        for capability, (end, method) in SHOWN_BY.items()
        if any(path.endswith(end) and verb == method for path, verb in operations)
    }


def _generic(path: str) -> str:
    """A path with its parameters' names left out; deployed processes may be written out, and say the same."""
    parts = ["{}" if part.startswith("{") else part for part in path.rstrip("/").split("/")]
    return "/".join(parts)


def _told_by(processes: tuple[ProcessSummary, ...]) -> dict[Capability, bool]:
    """What processes say can be done with them."""
    told: dict[Capability, bool] = {}
    if any(process.mutable for process in processes):
        told |= {Capability.DEPLOY: True, Capability.PACKAGE: True}
    if any(JobControl.DISMISS in (process.job_control_options or ()) for process in processes):
        told[Capability.DISMISS] = True
    return told


async def _lists_jobs(client: ProcessesClient) -> bool:
    try:
        await client.jobs(limit=1)
    except (AuthenticationRequired, AccessDenied):
        raise
    except (RemoteProblem, UnreadableAnswer) as error:
        if is_passing(error):
            raise
        return False
    return True


class _Asking:
    """Questions that an endpoint may leave unanswered, and how many met a fault of its own."""

    def __init__(self) -> None:
        self.faults = 0

    async def soon(self, answer: Awaitable[T]) -> T | None:
        """An answer that comes soon and can be taken, where the endpoint has one."""
        with anyio.move_on_after(QUESTION_SECONDS):
            try:
                return await self.or_none(answer)
            except (TimedOut, TooLarge):
                return None
        return None

    async def or_none(self, answer: Awaitable[T]) -> T | None:
        """An answer, where the endpoint has one; it need not have all of these resources."""
        try:
            return await answer
        except (AuthenticationRequired, AccessDenied):
            raise
        except (RemoteProblem, UnreadableAnswer) as error:
            self.faults += is_passing(error)
        return None
