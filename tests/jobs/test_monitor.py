"""One poller an endpoint, however many wait for however many jobs."""

from datetime import UTC, datetime, timedelta

import anyio
import httpx
import pytest

from mcp_ogc.errors import (
    NoSuchJob,
)
from mcp_ogc.jobs.monitor import LONGEST_WAIT, Monitor
from mcp_ogc.ogc.dialects.standard import STANDARD
from mcp_ogc.ogc.models import JobStatus, StatusInfo
from mcp_ogc.tools.job_answers import row, row_line
from mcp_ogc.workspace import Workspace
from tests.jobs.conftest import Upstream

pytestmark = pytest.mark.anyio


async def test_a_wait_of_no_seconds_looks_once_and_the_journal_remembers_it(
    monitor: Monitor, upstream: Upstream, work: Workspace
) -> None:
    upstream.put("j1", "running", progress=20)
    info = await monitor.wait("j1", 0)
    assert (info.status, info.progress) == (JobStatus.RUNNING, 20)
    assert upstream.asked == ["/jobs/j1"]
    (entry,) = await work.journal.find("j1")
    assert (entry.endpoint, entry.status, entry.progress) == ("far", JobStatus.RUNNING, 20)


async def test_all_who_wait_for_a_job_share_its_requests_and_are_told_of_each_change(
    monitor: Monitor, upstream: Upstream, changes: list[StatusInfo], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp_ogc.jobs.monitor.HEARTBEAT", 3600)  # nothing but a change wakes them
    monkeypatch.setattr("mcp_ogc.jobs.followed.LONGEST_PAUSE", 3600)  # their own looks put nothing off
    upstream.put("j1", "accepted")
    ended: list[StatusInfo] = []
    seen = anyio.Event()

    async def watch(info: StatusInfo) -> None:
        if info.status is JobStatus.RUNNING:
            seen.set()

    async def wait() -> None:
        ended.append(await monitor.wait("j1", 30, on_status=watch))

    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(wait)
            while not changes:
                await anyio.lowlevel.checkpoint()
            first = len(upstream.asked)
            upstream.put("j1", "running", progress=50)
            await seen.wait()
            upstream.put("j1", "successful", progress=100)
    assert [info.status for info in ended] == [JobStatus.SUCCESSFUL] * 20
    assert first <= 25
    assert len(upstream.asked) - first < 20, "twenty waiters are not twenty pollers"
    assert [info.status for info in changes] == [JobStatus.ACCEPTED, JobStatus.RUNNING, JobStatus.SUCCESSFUL]


async def test_cancelling_a_wait_leaves_the_job_alone(monitor: Monitor, upstream: Upstream) -> None:
    upstream.put("j1", "running")
    with anyio.move_on_after(0.3):
        await monitor.wait("j1", 40)
    await anyio.wait_all_tasks_blocked()
    assert set(upstream.asked) == {"/jobs/j1"}, "nothing but GET"
    assert (await monitor.wait("j1", 0)).status is JobStatus.RUNNING


@pytest.mark.usefixtures("hurried")
async def test_many_jobs_are_read_from_the_list(monitor: Monitor, upstream: Upstream) -> None:
    ids = [f"j{number}" for number in range(60)]
    for job_id in ids:
        upstream.put(job_id, "running")

    async def wait(job_id: str) -> None:
        ended.append((await monitor.wait(job_id, 40)).status)

    ended: list[JobStatus] = []
    with anyio.fail_after(40):
        async with anyio.create_task_group() as tasks:
            for job_id in ids:
                tasks.start_soon(wait, job_id)
            while "/jobs" not in upstream.asked:
                await anyio.lowlevel.checkpoint()
            for job_id in ids:
                upstream.put(job_id, "successful")
    assert ended == [JobStatus.SUCCESSFUL] * 60
    assert len([path for path in upstream.asked if path.startswith("/jobs/")]) <= 20


@pytest.mark.usefixtures("hurried")
async def test_where_there_is_no_list_each_job_is_looked_at(monitor: Monitor, upstream: Upstream) -> None:
    upstream.lists_jobs = False
    ids = [f"j{number}" for number in range(8)]
    for job_id in ids:
        upstream.put(job_id, "successful")
    infos: list[StatusInfo] = []

    async def wait(job_id: str) -> None:
        infos.append(await monitor.wait(job_id, 40))

    with anyio.fail_after(40):
        async with anyio.create_task_group() as tasks:
            for job_id in ids:
                tasks.start_soon(wait, job_id)
    assert {info.job_id for info in infos} == set(ids)
    assert all(info.status is JobStatus.SUCCESSFUL for info in infos)
    assert upstream.asked.count("/jobs") <= 1


async def test_q10_a_job_that_was_just_submitted_may_not_be_visible_yet(monitor: Monitor, upstream: Upstream) -> None:
    submitted = datetime.now(UTC)
    assert (await monitor.wait("j1", 0, submitted=submitted)).status is JobStatus.ACCEPTED
    upstream.put("j1", "running")
    assert (await monitor.wait("j1", 0, submitted=submitted)).status is JobStatus.RUNNING


async def test_q10_a_job_that_is_not_there_long_after_its_submission_is_not_there(monitor: Monitor) -> None:
    with pytest.raises(NoSuchJob):
        await monitor.wait("j1", 0, submitted=datetime.now(UTC) - timedelta(minutes=2))
    with pytest.raises(NoSuchJob):
        await monitor.wait("j2", 30)


async def test_q10_a_failure_right_after_the_submission_is_looked_at_twice(
    monitor: Monitor, upstream: Upstream, changes: list[StatusInfo]
) -> None:
    upstream.put("j1", "running")
    upstream.answers["/jobs/j1"] = [httpx.Response(200, json={"jobID": "j1", "status": "failed"})]
    info = await monitor.wait("j1", 0, submitted=datetime.now(UTC))
    assert info.status is JobStatus.RUNNING
    assert JobStatus.FAILED not in {change.status for change in changes}
    upstream.put("j1", "failed")
    assert (await monitor.wait("j1", 10, submitted=datetime.now(UTC))).status is JobStatus.FAILED


async def test_no_wait_is_longer_than_its_bound_or_its_callers_time(
    monitor: Monitor, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp_ogc.jobs.monitor.TIME_TO_ANSWER", 20)
    upstream.put("j1", "running")
    with anyio.fail_after(20.5):
        assert (await monitor.wait("j1", 45)).status is JobStatus.RUNNING


async def test_no_wait_is_longer_than_what_desktop_clients_bear(
    monitor: Monitor, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert LONGEST_WAIT == 45
    monkeypatch.setattr("mcp_ogc.jobs.monitor.LONGEST_WAIT", 0.2)
    upstream.put("j1", "running")
    assert (await monitor.wait("j1", 30)).status is JobStatus.RUNNING
    assert len(upstream.asked) < 6, "that many looks are not of half a minute"


async def test_a_wait_says_that_it_goes_on_though_nothing_changes(
    monitor: Monitor, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp_ogc.jobs.monitor.HEARTBEAT", 0.02)
    upstream.put("j1", "running")
    told: list[JobStatus] = []

    async def watch(info: StatusInfo) -> None:
        told.append(info.status)
        if len(told) == 5:
            upstream.put("j1", "successful")

    with anyio.fail_after(30):
        await monitor.wait("j1", 40, on_status=watch)
    assert told[:5] == [JobStatus.RUNNING] * 5
    assert len(upstream.asked) < len(told), "a word to the client is no request to the endpoint"


async def test_q10_a_failure_in_the_list_right_after_the_submission_is_looked_at_twice(
    monitor: Monitor, upstream: Upstream, changes: list[StatusInfo]
) -> None:
    ids = [f"j{number}" for number in range(6)]
    for job_id in ids:
        upstream.put(job_id, "successful")
    early = [{**job, "status": "failed"} for job in upstream.jobs.values()]
    upstream.answers["/jobs"] = [httpx.Response(200, json={"jobs": early, "links": []})]
    infos: list[StatusInfo] = []

    async def wait(job_id: str) -> None:
        infos.append(await monitor.wait(job_id, 40, submitted=datetime.now(UTC)))

    with anyio.fail_after(40):
        async with anyio.create_task_group() as tasks:
            for job_id in ids:
                tasks.start_soon(wait, job_id)
    assert "/jobs" in upstream.asked
    assert {info.status for info in infos} == {JobStatus.SUCCESSFUL}
    assert JobStatus.FAILED not in {change.status for change in changes}


async def test_a_poller_that_ends_while_a_job_is_asked_for_leaves_nobody_unseen(
    monitor: Monitor, upstream: Upstream, changes: list[StatusInfo]
) -> None:
    upstream.put("slow", "running")
    upstream.held["/jobs/slow"] = anyio.Event()
    with anyio.fail_after(20):
        async with monitor.following("slow"):
            while "/jobs/slow" not in upstream.asked:
                await anyio.lowlevel.checkpoint()
        upstream.put("j1", "successful")
        async with monitor.following("j1"):
            while not changes:
                await anyio.lowlevel.checkpoint()
    assert [change.job_id for change in changes] == ["j1"]


async def test_a_followed_job_that_is_gone_is_written_down_until_it_is_seen_again(
    monitor: Monitor, upstream: Upstream, work: Workspace
) -> None:
    upstream.put("j1", "running")
    await monitor.wait("j1", 0)
    del upstream.jobs["j1"]
    with pytest.raises(NoSuchJob):
        await monitor.wait("j1", 0)
    (first,) = await work.journal.find("j1")
    with pytest.raises(NoSuchJob):
        await monitor.wait("j1", 0)
    (entry,) = await work.journal.find("j1")
    assert first.gone
    assert (entry.gone, entry.status) == (first.gone, JobStatus.RUNNING), "since when, and what it was last"
    line = row_line(row(entry, STANDARD))
    assert "no longer has it" in line
    assert row(entry, STANDARD).gone in line
    upstream.put("j1", "running")
    await monitor.wait("j1", 0)
    assert (await work.journal.find("j1"))[0].gone is None


async def test_who_subscribed_is_told_though_nobody_waits(
    monitor: Monitor, upstream: Upstream, changes: list[StatusInfo]
) -> None:
    upstream.put("j1", "running")
    with anyio.fail_after(30):
        async with monitor.following("j1"):
            while not changes:
                await anyio.lowlevel.checkpoint()
            upstream.put("j1", "failed", message="why")
            while changes[-1].status is not JobStatus.FAILED:
                await anyio.lowlevel.checkpoint()
    assert changes[-1].message == "why"


async def test_who_subscribed_is_told_once_that_a_job_is_gone_and_that_it_is_back(
    monitor: Monitor, upstream: Upstream, changes: list[StatusInfo], work: Workspace
) -> None:
    upstream.put("j1", "running")
    with anyio.fail_after(60):
        async with monitor.following("j1"):
            while not changes:
                await anyio.lowlevel.checkpoint()
            del upstream.jobs["j1"]
            while len(changes) == 1:
                await anyio.lowlevel.checkpoint()
            for _ in range(2):
                with pytest.raises(NoSuchJob):
                    await monitor.wait("j1", 0)
            upstream.put("j1", "running")
            await monitor.wait("j1", 0)
    assert [change.status for change in changes] == [JobStatus.RUNNING, JobStatus.DISMISSED, JobStatus.RUNNING]
    assert (await work.journal.find("j1"))[0].gone is None
