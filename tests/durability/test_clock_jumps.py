"""A clock that is set an hour forth or back: nothing hangs, nothing is sent twice, and nothing is believed for ever."""

from __future__ import annotations

import pkgutil
import sys
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, Self

import anyio
import pytest
from mcp import Client

import mcp_ogc
from mcp_ogc.confirmation import VALID_SECONDS, Confirmations
from mcp_ogc.errors import ConfirmationRefused, NoSuchJob, QuotaReached, RemoteProblem
from mcp_ogc.jobs.entries import SubmissionState
from mcp_ogc.jobs.followed import LONGEST_WANTED, Followed
from mcp_ogc.jobs.journal import Journal
from mcp_ogc.jobs.quotas import Allowance
from mcp_ogc.jobs.reconciliation import UNDER_WAY
from mcp_ogc.net.traffic import Traffic
from mcp_ogc.server import build_server
from mcp_ogc.settings import QuotaSettings, Settings
from tests.server.talk import call, refused
from tests.servers.processes.endpoint import Fault, TestEndpoint

pytestmark = pytest.mark.anyio

ASKING = ("mcp_ogc.jobs", "mcp_ogc.net", "mcp_ogc.tools", "mcp_ogc.ogc")
HOUR = timedelta(hours=1)
JUMPS = pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["forth", "back"])
HELLO: dict[str, Any] = {"process_id": "hello", "inputs": {"name": "Ada"}, "wait_seconds": 0}


class Clock:
    """What every module of ours takes for the time of day."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def jump(self, by: timedelta) -> None:
        self.offset += by


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock, real = Clock(), time.time

    class Jumping(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Self:
            return super().now(tz) + clock.offset

    for found in pkgutil.walk_packages(mcp_ogc.__path__, "mcp_ogc."):
        if found.name.startswith(ASKING):
            import_module(found.name)  # before its first use, so that it has the clock too
    for module in [module for name, module in sys.modules.items() if name.startswith("mcp_ogc.")]:
        if vars(module).get("datetime") is datetime:
            monkeypatch.setattr(module, "datetime", Jumping)
    monkeypatch.setattr(time, "time", lambda: real() + clock.offset.total_seconds())
    return clock


@pytest.fixture
def endpoint() -> TestEndpoint:
    return TestEndpoint(polls=None)


@pytest.fixture
async def client(far_settings: Settings) -> AsyncIterator[Client]:
    two_an_hour = far_settings.model_copy(update={"quotas": QuotaSettings(submissions_per_hour=2)})
    async with Client(build_server(two_an_hour)) as client:
        yield client


@JUMPS
async def test_a_wait_goes_on_and_ends_with_its_job(
    client: Client, endpoint: TestEndpoint, clock: Clock, jump: timedelta
) -> None:
    job = (await call(client, "ogc_execute_process", **HELLO))["job_id"]
    told: list[dict[str, Any]] = []

    async def wait() -> None:
        told.append(await call(client, "ogc_get_job", job_id=job, wait_seconds=40))

    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait)
            looks = len(endpoint.asked("GET", job))
            while len(endpoint.asked("GET", job)) == looks:
                await anyio.lowlevel.checkpoint()
            clock.jump(jump)
            endpoint.jobs.newest.end("successful")
    assert told[0]["status"] == "successful"
    assert told[0]["seconds"] >= 0


@JUMPS
async def test_an_equal_request_is_the_same_job_while_that_runs_and_another_once_it_ended(
    client: Client, endpoint: TestEndpoint, clock: Clock, jump: timedelta
) -> None:
    first = (await call(client, "ogc_execute_process", **HELLO))["job_id"]
    if jump < timedelta():  # forth, the ten minutes are over
        clock.jump(jump)
        again = await call(client, "ogc_execute_process", **HELLO)
        assert (again["job_id"], again["repeated"]) == (first, True)
        assert len(endpoint.asked("POST", "/execution")) == 1
    endpoint.jobs.newest.end("failed")
    clock.jump(max(jump, timedelta()))
    assert (await call(client, "ogc_execute_process", **HELLO))["job_id"] != first


async def test_a_submission_without_an_answer_is_not_sent_again_by_a_clock_that_was_set_back(
    client: Client, endpoint: TestEndpoint, clock: Clock
) -> None:
    endpoint.faults += [Fault("POST", "/execution", after=True), Fault("GET", "/jobs", times=100)]
    assert "may exist" in await refused(client, "ogc_execute_process", **HELLO)
    clock.jump(-HOUR)
    told = await refused(client, "ogc_execute_process", **HELLO)
    assert "new_run=true" in told, "and there is a way out"
    endpoint.faults.clear()
    (row,) = (await call(client, "ogc_list_jobs"))["jobs"]
    assert row["job_id"] == endpoint.jobs.newest.id
    assert len(endpoint.asked("POST", "/execution")) == 1


async def test_the_quota_of_an_hour_resets_whatever_the_clock_does(client: Client, clock: Clock) -> None:
    async def submit(name: str) -> None:
        await call(client, "ogc_execute_process", **{**HELLO, "inputs": {"name": name}})

    await submit("a")
    await submit("b")
    assert "It resets at" in await refused(client, "ogc_execute_process", **{**HELLO, "inputs": {"name": "c"}})
    clock.jump(-24 * HOUR)
    await submit("c")
    await submit("d")
    told = await refused(client, "ogc_execute_process", **{**HELLO, "inputs": {"name": "e"}})
    assert "in 60 min" in told, "not in a day"
    clock.jump(HOUR)
    await submit("e")


async def test_a_submission_that_was_left_open_by_a_clock_set_back_is_looked_for_and_holds_no_place(
    tmp_path: Path, clock: Clock
) -> None:
    journal = Journal(tmp_path / "journal.sqlite3")
    one_open = Allowance(QuotaSettings(running_jobs=1), {"zoo"})
    await journal.intend("zoo", "water", "1", {}, "left", same_since=None, allowance=one_open)
    with pytest.raises(QuotaReached):
        await journal.intend("zoo", "water", "1", {}, "next", same_since=None, allowance=one_open)
    clock.jump(-HOUR)
    assert await journal.give_up(UNDER_WAY) == {"zoo"}
    assert [entry.digest for entry in await journal.unanswered("zoo")] == ["left"]
    intent = await journal.intend("zoo", "water", "1", {}, "next", same_since=None, allowance=one_open)
    assert (await journal.entry(intent.submission)).state is SubmissionState.INTENDED


@JUMPS
async def test_a_job_that_is_gone_is_not_called_accepted_because_it_seems_to_be_new(
    client: Client, endpoint: TestEndpoint, clock: Clock, jump: timedelta
) -> None:
    job = (await call(client, "ogc_execute_process", **HELLO))["job_id"]
    endpoint.faults.append(Fault("GET", job, 404, body='{"type": "no-such-job"}', times=100))
    clock.jump(jump)
    assert "far no longer has job" in await refused(client, "ogc_get_job", job_id=job)


def test_bytes_an_hour_are_counted_by_a_clock_that_is_not_set(clock: Clock) -> None:
    now = [5000.0]
    traffic = Traffic(100, lambda: now[0])
    traffic.add(100)
    clock.jump(-HOUR)
    with pytest.raises(QuotaReached, match="in 61 min"):
        traffic.check()
    now[0] += 3700
    traffic.check()


@JUMPS
def test_a_confirmation_is_good_for_ten_minutes_of_time_that_passes(clock: Clock, jump: timedelta) -> None:
    passed = [0.0]
    confirmations = Confirmations(lambda: passed[0])
    for seconds, is_good in ((VALID_SECONDS - 1, True), (VALID_SECONDS + 1, False)):
        token = confirmations.issue("ogc_dismiss_job", {"job_id": "j"})
        clock.jump(jump)
        passed[0] += seconds
        if is_good:
            confirmations.redeem(token, "ogc_dismiss_job", {"job_id": "j"})
        else:
            with pytest.raises(ConfirmationRefused, match="expired"):
                confirmations.redeem(token, "ogc_dismiss_job", {"job_id": "j"})


@JUMPS
def test_by_default_confirmations_and_bytes_do_not_ask_what_time_of_day_it_is(clock: Clock, jump: timedelta) -> None:
    confirmations, traffic = Confirmations(), Traffic(1)
    token = confirmations.issue("t", {})
    traffic.add(1)
    clock.jump(24 * jump)
    confirmations.redeem(token, "t", {})
    with pytest.raises(QuotaReached, match="in 61 min"):
        traffic.check()


async def test_a_date_of_another_clock_does_not_keep_a_job_from_being_looked_at() -> None:
    job = Followed("j", None)
    told = RemoteProblem("HTTP 429")
    told.retry_after = float("inf")
    job.missed(told)
    assert job.due - anyio.current_time() <= 1.2 * LONGEST_WANTED
    job.missed(NoSuchJob("gone"))
    assert job.is_over
