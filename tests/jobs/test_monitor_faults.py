"""What goes wrong while jobs are followed: told to those who wait, or waited out, and nobody loses a change."""

from contextlib import AsyncExitStack
from datetime import datetime

import anyio
import httpx
import pytest

from mcp_ogc.errors import (
    AskedTooOften,
    AuthenticationRequired,
    EndpointFault,
    FollowingFailed,
    JournalError,
    OgcError,
    TimedOut,
)
from mcp_ogc.jobs.monitor import SWEEPS, Monitor
from mcp_ogc.ogc.client import ProcessesClient
from mcp_ogc.ogc.dialects.standard import STANDARD
from mcp_ogc.ogc.models import JobStatus, StatusInfo
from mcp_ogc.settings import Limits
from mcp_ogc.workspace import Workspace
from tests.jobs.conftest import BASE, Upstream

pytestmark = pytest.mark.anyio


async def test_an_endpoint_that_does_not_answer_is_told_at_once_and_later_waited_out(
    monitor: Monitor, upstream: Upstream
) -> None:
    upstream.answers["/jobs/j1"] = [httpx.Response(500)]
    with pytest.raises(EndpointFault, match="HTTP 500"):
        await monitor.wait("j1", 30)
    upstream.put("j1", "successful")
    upstream.answers["/jobs/j1"] = [
        httpx.Response(200, json={"jobID": "j1", "status": "running"}),
        httpx.Response(503),
        httpx.Response(502),
    ]
    with anyio.fail_after(30):
        assert (await monitor.wait("j1", 30)).status is JobStatus.SUCCESSFUL


@pytest.mark.parametrize(("status", "error"), [(401, AuthenticationRequired), (503, EndpointFault)])
async def test_what_was_seen_before_a_wait_is_no_answer_to_it(
    monitor: Monitor, upstream: Upstream, status: int, error: type[OgcError]
) -> None:
    upstream.put("j1", "running")
    async with monitor.following("j1"):  # as long as somebody is subscribed, what was seen is kept
        assert (await monitor.wait("j1", 0)).status is JobStatus.RUNNING
        upstream.answers["/jobs/j1"] = [httpx.Response(status) for _ in range(100)]
        with pytest.raises(error):
            await monitor.wait("j1", 0)


async def test_a_sign_in_that_ends_during_a_wait_is_told_at_once(
    monitor: Monitor, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp_ogc.jobs.monitor.HEARTBEAT", 3600)  # nothing but the problem wakes it
    upstream.put("j1", "running")

    async def expire(_: StatusInfo) -> None:
        upstream.answers["/jobs/j1"] = [httpx.Response(401) for _ in range(100)]

    with anyio.fail_after(20), pytest.raises(AuthenticationRequired):
        await monitor.wait("j1", 45, on_status=expire)
    assert len(upstream.asked) < 5, "that many looks are not of three quarters of a minute"


async def test_a_server_that_wants_to_be_left_alone_is(monitor: Monitor, upstream: Upstream) -> None:
    upstream.put("j1", "successful")
    upstream.answers["/jobs/j1"] = [
        httpx.Response(200, json={"jobID": "j1", "status": "running"}),
        httpx.Response(429, headers={"Retry-After": "3600"}),
    ]
    assert (await monitor.wait("j1", 2)).status is JobStatus.RUNNING
    assert upstream.asked == ["/jobs/j1"] * 2


@pytest.mark.parametrize(("status", "error"), [(429, AskedTooOften), (503, EndpointFault)])
async def test_a_server_that_wants_to_be_left_alone_is_by_the_waits_to_come_and_for_its_other_jobs(
    monitor: Monitor, upstream: Upstream, status: int, error: type[OgcError]
) -> None:
    for job_id in ("j1", "j2"):
        upstream.put(job_id, "running")
    upstream.answers["/jobs/j1"] = [httpx.Response(status, headers={"Retry-After": "300"})]
    with pytest.raises(error):
        await monitor.wait("j1", 0)
    for job_id in ("j1", "j2"):
        with pytest.raises(error, match=r"far .*left alone.*call again in (299|300) s"):
            await monitor.wait(job_id, 5)
    assert upstream.asked == ["/jobs/j1"]


async def test_a_server_is_asked_again_once_the_time_it_wanted_is_over(monitor: Monitor, upstream: Upstream) -> None:
    upstream.put("j1", "running")
    upstream.answers["/jobs/j1"] = [httpx.Response(503, headers={"Retry-After": "1"})]
    with pytest.raises(EndpointFault):
        await monitor.wait("j1", 0)
    assert (await monitor.wait("j1", 0)).status is JobStatus.RUNNING
    assert upstream.asked == ["/jobs/j1"] * 2


async def test_a_wait_ends_in_time_though_the_endpoint_hangs(
    monitor: Monitor, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp_ogc.jobs.monitor.LOOK_SECONDS", 0.2)
    upstream.put("j1", "running")
    upstream.held["/jobs/j1"] = anyio.Event()
    with anyio.fail_after(30), pytest.raises(TimedOut, match=r"'j1'.*call again"):
        await monitor.wait("j1", 0)
    del upstream.held["/jobs/j1"]
    assert (await monitor.wait("j1", 0)).status is JobStatus.RUNNING


@pytest.mark.usefixtures("hurried")
async def test_q12_where_the_list_ends_in_time_outs_each_job_is_looked_at(monitor: Monitor, upstream: Upstream) -> None:
    ids = [f"j{number}" for number in range(8)]
    for job_id in ids:
        upstream.put(job_id, "running")
    upstream.answers["/jobs"] = [httpx.Response(504) for _ in range(100)]
    infos: list[StatusInfo] = []

    async def wait(job_id: str) -> None:
        infos.append(await monitor.wait(job_id, 40))

    with anyio.fail_after(40):
        async with anyio.create_task_group() as tasks:
            for job_id in ids:
                tasks.start_soon(wait, job_id)
            while len([path for path in upstream.asked if path != "/jobs"]) < 12:
                await anyio.lowlevel.checkpoint()
            for job_id in ids:
                upstream.put(job_id, "successful")
    assert {info.status for info in infos} == {JobStatus.SUCCESSFUL}
    assert upstream.asked.count("/jobs") == SWEEPS


async def test_after_an_outage_the_list_is_read_again_by_those_who_follow_all_along(
    monitor: Monitor, upstream: Upstream, changes: list[StatusInfo], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seconds in {"GAP": 0.05, "SWEEP_PAUSE": 0.05, "LIST_PAUSE": 0.2}.items():
        monkeypatch.setattr(f"mcp_ogc.jobs.monitor.{name}", seconds)
    ids = [f"j{number}" for number in range(60)]
    for job_id in ids:
        upstream.put(job_id, "running")
    with anyio.fail_after(30):
        async with AsyncExitStack() as followed:
            for job_id in ids:
                await followed.enter_async_context(monitor.following(job_id))
            while len(changes) < len(ids):
                await anyio.lowlevel.checkpoint()
            outage = upstream.answers["/jobs"] = [httpx.Response(504) for _ in range(SWEEPS + 1)]
            while outage:
                await anyio.lowlevel.checkpoint()
            before = len(upstream.asked)
            while "/jobs" not in upstream.asked[before:]:
                await anyio.lowlevel.checkpoint()
            for job_id in ids:
                upstream.put(job_id, "successful")
            while len(changes) < 2 * len(ids):
                await anyio.lowlevel.checkpoint()
    assert {change.status for change in changes[len(ids) :]} == {JobStatus.SUCCESSFUL}


async def test_a_journal_that_can_not_be_written_for_a_moment_keeps_nobody_from_knowing_and_loses_no_change(
    monitor: Monitor, upstream: Upstream, work: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream.put("j1", "running")
    await monitor.wait("j1", 0)
    upstream.put("j1", "successful")
    write, failures = work.journal.record_all, [JournalError("it is locked")] * 2

    async def sometimes(endpoint: str, infos: list[StatusInfo], *, asked: datetime | None = None) -> None:
        if failures:
            raise failures.pop()
        await write(endpoint, infos, asked=asked)

    monkeypatch.setattr(work.journal, "record_all", sometimes)
    assert (await monitor.wait("j1", 0)).status is JobStatus.SUCCESSFUL, "what is seen is told all the same"
    assert (await work.journal.find("j1"))[0].status is JobStatus.RUNNING
    with anyio.fail_after(30):
        async with monitor.following("j1"):
            while (await work.journal.find("j1"))[0].status is not JobStatus.SUCCESSFUL:
                await anyio.lowlevel.checkpoint()


async def test_who_is_answered_last_although_asked_first_is_told_what_the_others_saw(
    monitor: Monitor, upstream: Upstream, work: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Newer answers are being written down whenever one of the first comes."""
    upstream.put("j1", "running")
    may_write, told = anyio.Event(), []
    write = work.journal.record_all

    async def slowly(endpoint: str, infos: list[StatusInfo], *, asked: datetime | None = None) -> None:
        await may_write.wait()
        await write(endpoint, infos, asked=asked)

    async def look() -> None:
        told.append((await monitor.wait("j1", 0)).status)

    monkeypatch.setattr(work.journal, "record_all", slowly)
    first, again = anyio.Event(), anyio.Event()
    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            upstream.held["/jobs/j1"] = first
            tasks.start_soon(look)
            await anyio.wait_all_tasks_blocked()
            del upstream.held["/jobs/j1"]
            tasks.start_soon(look)
            await anyio.wait_all_tasks_blocked()
            upstream.held["/jobs/j1"] = again  # where the first look is in vain, it is made again
            first.set()
            await anyio.wait_all_tasks_blocked()
            del upstream.held["/jobs/j1"]
            tasks.start_soon(look)
            await anyio.wait_all_tasks_blocked()
            again.set()
            await anyio.wait_all_tasks_blocked()
            may_write.set()
    assert told == [JobStatus.RUNNING] * 3


async def test_a_job_whose_document_is_slow_keeps_no_other_waiting(monitor: Monitor, upstream: Upstream) -> None:
    upstream.put("slow", "running")
    upstream.put("j1", "running")
    held = upstream.held["/jobs/slow"] = anyio.Event()

    async def end(_: StatusInfo) -> None:
        upstream.put("j1", "successful")

    with anyio.fail_after(20):
        async with monitor.following("slow"):
            while "/jobs/slow" not in upstream.asked:
                await anyio.lowlevel.checkpoint()
            assert (await monitor.wait("j1", 10, on_status=end)).status is JobStatus.SUCCESSFUL
            assert upstream.asked.count("/jobs/slow") == 1, "it is not asked for again before it answers"
            upstream.put("slow", "successful")
            held.set()
            assert (await monitor.wait("slow", 10)).status is JobStatus.SUCCESSFUL


async def test_a_listener_that_fails_costs_nobody_a_change(
    upstream: Upstream, work: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(_: str, info: StatusInfo) -> None:
        raise LookupError(info.status)

    upstream.put("j1", "running")
    async with httpx.AsyncClient(transport=httpx.MockTransport(upstream)) as http:
        client = ProcessesClient(http, BASE, limits=Limits(), dialect=STANDARD)
        monitor = Monitor("far", client, work.journal, work.background, broken)

        async def end(_: StatusInfo) -> None:
            upstream.put("j1", "successful")

        with anyio.fail_after(30):
            assert (await monitor.wait("j1", 30, on_status=end)).status is JobStatus.SUCCESSFUL
    assert (await work.journal.find("j1"))[0].status is JobStatus.SUCCESSFUL
    assert "could not be told" in caplog.text


async def test_what_nobody_thought_of_is_told_to_those_who_wait_and_the_poller_goes_on(
    monitor: Monitor, upstream: Upstream, work: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for job_id in ("j1", "j2"):
        upstream.put(job_id, "running")
    write, failures = work.journal.record_all, [LookupError("unforeseen")]

    async def sometimes(endpoint: str, infos: list[StatusInfo], *, asked: datetime | None = None) -> None:
        if failures and upstream.jobs["j1"]["status"] == "successful" and infos and infos[0].job_id == "j1":
            raise failures.pop()
        await write(endpoint, infos, asked=asked)

    monkeypatch.setattr(work.journal, "record_all", sometimes)

    async def end(_: StatusInfo) -> None:
        upstream.put("j1", "successful")

    with anyio.fail_after(30):
        async with monitor.following("j2"):
            with pytest.raises(FollowingFailed, match="LookupError"):
                await monitor.wait("j1", 20, on_status=end)
            assert (await monitor.wait("j1", 0)).status is JobStatus.SUCCESSFUL
            upstream.put("j2", "failed")
            while (await work.journal.find("j2"))[0].status is not JobStatus.FAILED:
                await anyio.lowlevel.checkpoint()
