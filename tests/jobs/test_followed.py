"""When a followed job is looked at next."""

from datetime import UTC, datetime, timedelta

import anyio
import pytest

from mcp_ogc.errors import EndpointFault, NoSuchJob, RemoteProblem
from mcp_ogc.jobs.followed import FIRST_PAUSE, LONGEST_PAUSE, Asked, Followed
from mcp_ogc.ogc.models import JobStatus, StatusInfo

pytestmark = pytest.mark.anyio

ASKED = Asked(0, datetime.now(UTC))


def running(progress: int = 0) -> StatusInfo:
    return StatusInfo(job_id="j1", status=JobStatus.RUNNING, progress=progress)


async def test_a_job_that_does_not_change_is_looked_at_ever_more_rarely_and_soon_again_once_it_does() -> None:
    job = Followed("j1", None)
    pauses = []
    for _ in range(20):
        job.takes(running(), FIRST_PAUSE, ASKED)
        pauses.append(job.pause)
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (FIRST_PAUSE, LONGEST_PAUSE)
    assert pauses[5] > 5 * FIRST_PAUSE
    assert job.takes(running(50), FIRST_PAUSE, ASKED)
    assert job.pause == FIRST_PAUSE


async def test_no_two_looks_are_the_same_time_apart() -> None:
    waits = []
    for number in range(50):
        job = Followed(f"j{number}", None)
        job.takes(running(), 10.0, ASKED)
        waits.append(job.due - anyio.current_time())
    assert all(8.5 < wait <= 11 for wait in waits)
    assert len({round(wait, 3) for wait in waits}) > 25


async def test_an_endpoint_that_fails_is_asked_later_and_not_before_it_wants_to_be() -> None:
    job = Followed("j1", None)
    job.takes(running(), FIRST_PAUSE, ASKED)
    job.missed(EndpointFault("HTTP 503"))
    assert job.pause == 2 * FIRST_PAUSE
    for _ in range(20):
        job.missed(EndpointFault("HTTP 503"))
    assert job.pause == LONGEST_PAUSE
    told = RemoteProblem("HTTP 429")
    told.retry_after = 120.0
    job.missed(told)
    assert job.due - anyio.current_time() > 100
    assert job.info == running(), "what was known is still known"


async def test_what_is_over_is_over() -> None:
    job = Followed("j1", None)
    assert not job.is_over
    job.missed(EndpointFault("HTTP 500"))
    assert not job.is_over
    job.takes(StatusInfo(job_id="j1", status=JobStatus.FAILED), FIRST_PAUSE, ASKED)
    assert job.is_over
    gone = Followed("j2", None)
    gone.missed(NoSuchJob("gone"))
    assert gone.is_over


def test_q10_a_job_is_young_for_half_a_minute() -> None:
    now = datetime.now(UTC)
    assert Followed("j1", now - timedelta(seconds=20)).is_young
    assert not Followed("j1", now - timedelta(seconds=40)).is_young
    assert not Followed("j1", None).is_young


@pytest.mark.parametrize(("wanted", "pause"), [(20.0, 20.0), (float("inf"), 600.0), (1e300, 600.0)])
async def test_a_server_is_left_alone_as_long_as_it_wants_but_not_for_ever(wanted: float, pause: float) -> None:
    job = Followed("j1", None)
    problem = EndpointFault("HTTP 503", status=503)
    problem.retry_after = wanted
    job.missed(problem)
    assert job.pause == pause
