"""OGC 18-062r2, classes Job list and Dismiss."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.local.conftest import problem, submit, until
from tests.local.requirements.asking import get, linked

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Two:
    """An `echo` that has ended and, after it, a `pause` that runs."""

    http: httpx.AsyncClient
    done: str
    running: str
    created: str
    """When the first was."""

    async def listed(self, **query: str) -> list[str]:
        return [job["jobID"] for job in (await get(self.http, "/jobs", **query))["jobs"]]

    async def refused(self, **query: str) -> dict[str, Any]:
        return await problem(await self.http.get("/jobs", params=query), 400, "invalid-parameter-value")


@pytest.fixture
async def two(http: httpx.AsyncClient) -> AsyncIterator[Two]:
    done, running = await submit(http, "echo", string="x"), await submit(http, "pause", seconds=30)
    yield Two(http, done, running, (await until(http, done))["created"])
    await http.delete(f"/jobs/{running}")


async def test_job_list_job_list_op(http: httpx.AsyncClient) -> None:
    assert await get(http, linked(await get(http, "/"), "job-list"))


async def test_job_list_job_list_success(two: Two) -> None:
    assert await two.listed() == [two.running, two.done], "the newest first"


async def test_job_list_type_definition(two: Two) -> None:
    assert await two.listed(type="process") == [two.running, two.done]


async def test_job_list_type_response(two: Two) -> None:
    assert await two.listed(type="other") == []


async def test_job_list_processid_definition(two: Two) -> None:
    assert await two.listed(processID="none") == []


async def test_job_list_processid_mandatory(two: Two) -> None:
    assert {job["processID"] for job in (await get(two.http, "/jobs"))["jobs"]} == {"echo", "pause"}


async def test_job_list_processid_response(two: Two) -> None:
    assert await two.listed(processID="pause") == [two.running]


async def test_job_list_status_definition(two: Two) -> None:
    assert "running" in (await two.refused(status="finished"))["detail"]


async def test_job_list_status_response(two: Two) -> None:
    assert await two.listed(status="successful") == [two.done]
    assert await two.listed(status="accepted,running") == [two.running]


async def test_job_list_datetime_definition(two: Two) -> None:
    await two.refused(datetime="soon")


async def test_job_list_datetime_response(two: Two) -> None:
    assert await two.listed(datetime=f"../{two.created}") == [two.done]
    assert await two.listed(datetime="2000-01-01T00:00:00Z/2001-01-01T00:00:00Z") == []


async def test_job_list_duration_definition(two: Two) -> None:
    await two.refused(minDuration="x")
    await two.refused(maxDuration="-1")


async def test_job_list_duration_response(two: Two) -> None:
    assert await two.listed(minDuration="3600") == []
    assert await two.listed(maxDuration="3600", status="successful") == [two.done]


async def test_job_list_jl_limit_definition(two: Two) -> None:
    await two.refused(limit="0")


async def test_job_list_jl_limit_response(two: Two) -> None:
    assert await two.listed(limit="1") == [two.running]


async def test_job_list_links(two: Two) -> None:
    first = await get(two.http, "/jobs", limit="1", type="process")
    following = linked(first, "next")
    assert "type=process" in following
    assert [job["jobID"] for job in (await get(two.http, following))["jobs"]] == [two.done]


async def test_dismiss_job_dismiss_op(http: httpx.AsyncClient) -> None:
    job_id = await submit(http, "pause", seconds=60)
    assert (await http.delete(f"/jobs/{job_id}")).status_code == 200
    await problem(await http.delete(f"/jobs/{job_id}"), 404, "no-such-job")


async def test_dismiss_job_dismiss_success(http: httpx.AsyncClient) -> None:
    job_id = await submit(http, "pause", seconds=60)
    assert (await http.delete(f"/jobs/{job_id}")).json()["status"] == "dismissed"
    await problem(await http.get(f"/jobs/{job_id}"), 404, "no-such-job")
