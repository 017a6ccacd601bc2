"""An endpoint whose jobs a test moves by hand, and a monitor of it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import anyio
import httpx
import pytest

from mcp_ogc.jobs.monitor import Monitor
from mcp_ogc.ogc.client import ProcessesClient
from mcp_ogc.ogc.dialects.standard import STANDARD
from mcp_ogc.ogc.models import StatusInfo
from mcp_ogc.settings import Limits
from mcp_ogc.workspace import Workspace

BASE = "https://ogc.example/api"


@dataclass
class Upstream:
    """Jobs by id, as a test left them; every request that came."""

    jobs: dict[str, dict[str, object]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    """Paths; with the method before it where it is not GET."""
    lists_jobs: bool = True
    answers: dict[str, list[httpx.Response]] = field(default_factory=dict)
    """What a path answers first, before it answers as it should."""
    held: dict[str, anyio.Event] = field(default_factory=dict)
    """Paths that do not answer before their event."""

    def put(self, job_id: str, status: str, **members: object) -> None:
        self.jobs[job_id] = {"jobID": job_id, "type": "process", "status": status, "processID": "p", **members}

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api")
        self.asked.append(path if request.method == "GET" else f"{request.method} {path}")
        if path in self.held:
            await self.held[path].wait()
        if self.answers.get(path):
            return self.answers[path].pop(0)
        if path == "/jobs":
            if not self.lists_jobs:
                return httpx.Response(404)
            limit, offset = (int(request.url.params.get(name, 0)) for name in ("limit", "offset"))
            return httpx.Response(200, json={"jobs": list(self.jobs.values())[offset : offset + limit], "links": []})
        job = self.jobs.get(path.removeprefix("/jobs/"))
        return httpx.Response(200, json=job) if job else httpx.Response(404, json={"type": "x/no-such-job"})


@pytest.fixture
def upstream() -> Upstream:
    return Upstream()


@pytest.fixture
def changes() -> list[StatusInfo]:
    """What was published."""
    return []


@pytest.fixture
async def monitor(work: Workspace, upstream: Upstream, changes: list[StatusInfo]) -> AsyncIterator[Monitor]:
    async def changed(_: str, info: StatusInfo) -> None:
        changes.append(info)

    async with httpx.AsyncClient(transport=httpx.MockTransport(upstream)) as http:
        client = ProcessesClient(http, BASE, limits=Limits(), dialect=STANDARD)
        yield Monitor("far", client, work.journal, work.background, changed)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers are spared less: what is asked for is the same, and nobody waits for when."""
    monkeypatch.setattr("mcp_ogc.jobs.monitor.GAP", 0.02)
    monkeypatch.setattr("mcp_ogc.jobs.monitor.SWEEP_PAUSE", 0.2)
