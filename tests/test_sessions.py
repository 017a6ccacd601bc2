"""What is open for a user is closed once the user is long gone, and nothing is lost by it."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import httpx
import pytest

from mcp_ogc import uris
from mcp_ogc.errors import QuotaReached
from mcp_ogc.export import Wanted
from mcp_ogc.jobs.entries import SubmissionState
from mcp_ogc.jobs.monitor import Monitor
from mcp_ogc.jobs.submission import submit
from mcp_ogc.net.redaction import Redaction
from mcp_ogc.net.traffic import Traffic
from mcp_ogc.ogc.catalogue import Catalogue
from mcp_ogc.ogc.client import ProcessesClient
from mcp_ogc.ogc.dialects.standard import STANDARD
from mcp_ogc.ogc.models import Execute
from mcp_ogc.opening import opened
from mcp_ogc.rasters.worker.pool import Workers, open_workers
from mcp_ogc.sessions import Sessions
from mcp_ogc.settings import CatalogueSettings, Limits, Settings
from mcp_ogc.subscriptions import Subscriptions
from mcp_ogc.users import OPERATOR, User, served
from mcp_ogc.workspace import Endpoint, Workspace
from tests.servers.loopback import Reply, Server, serve

__all__ = ["serve"]

pytestmark = pytest.mark.anyio

ADA, BOB = (User("https://iam.example.org", name) for name in ("ada", "bob"))
IDLE = 1800.0
BASE = "https://ogc.example/api"


@dataclass
class House:
    """Sessions whose clock a test moves, and who came and went."""

    settings: Settings
    workers: Workers
    now: float = 0.0
    opened: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    gone: anyio.Event = field(default_factory=anyio.Event)
    failing: bool = False

    @asynccontextmanager
    async def opening(self, user: User, traffic: Traffic) -> AsyncIterator[Workspace]:
        self.opened.append(user.subject)
        try:
            async with opened(self.settings.of(user), Redaction(), self.workers, traffic) as work:
                yield work
                if self.failing:
                    raise OSError("the disk is gone")
        finally:
            self.closed.append(user.subject)
            self.gone.set()
            self.gone = anyio.Event()


@pytest.fixture
async def house(settings: Settings) -> AsyncIterator[House]:
    async with open_workers(settings.rasters.drivers, settings.limits.asset_bytes) as workers:
        yield House(settings, workers)


@pytest.fixture
async def sessions(house: House) -> AsyncIterator[Sessions]:
    async with anyio.create_task_group() as tasks:
        sessions = Sessions(house.opening, tasks, str, IDLE, clock=lambda: house.now, bytes_per_hour=1000)
        yield sessions
        sessions.close()


async def asks(sessions: Sessions, user: User) -> Workspace:
    """One request of a user's, from beginning to end."""
    with served(user), sessions.in_use():
        return await sessions.current().late_workspace.get()


async def closed_by(house: House, sessions: Sessions) -> list[str]:
    """Whose workspaces a look closes."""
    before = len(house.closed)
    sessions.close_idle()
    with anyio.fail_after(20):
        while len(house.opened) - len(house.closed) > len(sessions._sessions):
            await house.gone.wait()
    return house.closed[before:]


async def test_who_asks_for_nothing_for_long_is_closed_and_opened_again_when_needed(
    house: House, sessions: Sessions
) -> None:
    first = await asks(sessions, ADA)
    house.now = IDLE - 1
    assert await closed_by(house, sessions) == []
    await asks(sessions, BOB)
    assert await asks(sessions, ADA) is first
    house.now = IDLE + 1
    await asks(sessions, BOB)
    assert await closed_by(house, sessions) == []
    house.now = 2 * IDLE
    assert await closed_by(house, sessions) == ["ada"]
    second = await asks(sessions, ADA)
    assert second is not first
    assert house.opened == ["ada", "bob", "ada"]
    assert await second.journal.newest(1) == ()  # it works


async def test_a_quota_of_bytes_outlives_the_session_and_is_forgotten_after_its_hour(
    house: House, sessions: Sessions, serve: Callable[[], Server]
) -> None:
    server = serve()
    href = server.on("/a.tif", Reply(body=bytes(1000)))
    house.settings = house.settings.model_copy(update={"catalogues": {"c": CatalogueSettings(url=server.url)}})
    await (await asks(sessions, ADA)).objects.read(href)
    house.now = IDLE
    assert await closed_by(house, sessions) == ["ada"]
    with pytest.raises(QuotaReached, match="in 31 min"):
        await (await asks(sessions, ADA)).objects.read(href)
    await (await asks(sessions, BOB)).objects.read(href)
    house.now = 2 * IDLE + 60
    await (await asks(sessions, ADA)).objects.read(href)
    house.now = 6 * IDLE
    assert set(await closed_by(house, sessions)) == {"ada", "bob"}
    assert not sessions._traffic


async def test_a_request_and_a_subscription_keep_what_they_use(house: House, sessions: Sessions) -> None:
    work = await asks(sessions, ADA)
    with served(ADA), sessions.in_use():
        house.now += 10 * IDLE
        assert await closed_by(house, sessions) == []
    subscriptions = Subscriptions(lambda: sessions)
    with served(ADA):
        async with subscriptions.listening([uris.expand(uris.JOB, endpoint="local", job_id="j")]):
            house.now += 10 * IDLE
            assert await closed_by(house, sessions) == []
            assert await asks(sessions, ADA) is work
    house.now += IDLE
    assert await closed_by(house, sessions) == ["ada"]


async def test_a_raster_that_is_being_counted_keeps_its_session(house: House, sessions: Sessions) -> None:
    work, done = await asks(sessions, ADA), anyio.Event()

    async def count(told: object) -> object:
        await done.wait()
        return "counted"

    await work.rasters._zones.get("a", count, None, 0)  # type: ignore[arg-type]
    house.now += IDLE
    assert await closed_by(house, sessions) == []
    done.set()
    assert await work.rasters._zones.get("a", count, None, 20) == "counted"  # type: ignore[arg-type]
    assert await closed_by(house, sessions) == ["ada"]


async def test_a_file_that_is_being_brought_keeps_its_session(house: House, sessions: Sessions, tmp_path: Path) -> None:
    work, source = await asks(sessions, ADA), tmp_path / "x.tif"

    async def told(ended: int, path: Path) -> None:
        pass

    wanted = [Wanted(source.as_uri(), None, Path("x.tif"))]
    await work.transfers.bring(wanted, tmp_path / "downloads", told, 0)
    house.now += IDLE
    assert await closed_by(house, sessions) == []
    await work.transfers.bring(wanted, tmp_path / "downloads", told, 20)
    assert await closed_by(house, sessions) == ["ada"]


async def test_a_submission_on_its_way_is_not_lost(house: House, sessions: Sessions) -> None:
    arrived, may_answer = anyio.Event(), anyio.Event()

    async def upstream(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json={"id": "hello", "version": "1", "inputs": {}, "links": []})
        arrived.set()
        await may_answer.wait()
        return httpx.Response(201, headers={"Location": f"{BASE}/jobs/j1"})

    work = await asks(sessions, ADA)
    async with httpx.AsyncClient(transport=httpx.MockTransport(upstream)) as http:
        client = ProcessesClient(http, BASE, limits=Limits(), dialect=STANDARD)
        monitor = Monitor("far", client, work.journal, work.background, work.changes.publish)
        far = Endpoint("far", BASE, "none", client, monitor, Catalogue(client))
        async with anyio.create_task_group() as caller:
            caller.start_soon(submit, work, far, "hello", Execute(inputs={}))
            await arrived.wait()
            caller.cancel_scope.cancel()
        house.now += IDLE
        gone = house.gone
        sessions.close_idle()
        again = await asks(sessions, ADA)  # whoever comes back meanwhile is not kept waiting
        assert again is not work
        (entry,) = await again.journal.newest(1)
        assert (entry.state, house.closed) == (SubmissionState.INTENDED, [])
        may_answer.set()
        with anyio.fail_after(20):
            await gone.wait()
    (entry,) = await again.journal.newest(1)
    assert (entry.state, entry.job_id) == (SubmissionState.CONFIRMED, "j1")


async def test_the_operator_s_own_session_stays(house: House, sessions: Sessions) -> None:
    work = await asks(sessions, OPERATOR)
    house.now += 100 * IDLE
    assert await closed_by(house, sessions) == []
    assert await asks(sessions, OPERATOR) is work


async def test_what_goes_wrong_in_one_user_s_workspace_is_logged_and_no_other_s_affair(
    house: House, sessions: Sessions, caplog: pytest.LogCaptureFixture
) -> None:
    await asks(sessions, ADA)
    house.now += IDLE
    bob = await asks(sessions, BOB)
    house.failing = True
    with caplog.at_level(logging.ERROR):
        assert await closed_by(house, sessions) == ["ada"]
    house.failing = False
    assert await asks(sessions, BOB) is bob
    await asks(sessions, ADA)
    assert "A user's workspace ended" in caplog.text
