"""T13: a loop of executions, a world-wide area and endless reading come to an end that says when it is over."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp_types import ElicitRequestParams, ElicitResult

from mcp_ogc.errors import QuotaReached
from mcp_ogc.net.http import open_http
from mcp_ogc.net.objects import Objects
from mcp_ogc.net.storage import Storage
from mcp_ogc.net.traffic import Traffic
from mcp_ogc.server import build_server
from mcp_ogc.settings import CatalogueSettings, Limits, QuotaSettings, Settings
from tests.server.talk import call, refused, text_of
from tests.servers.loopback import Reply, Server

pytestmark = pytest.mark.anyio

WORLD = {"bbox": [-180, -90, 180, 90], "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}
TOWN = {"bbox": [-35, -8.1, -34.9, -8], "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}


def quotas(settings: Settings, **bounds: Any) -> Settings:
    return settings.model_copy(update={"quotas": QuotaSettings(**bounds)})


async def test_a_hundred_executions_in_a_loop_are_stopped_by_a_quota_that_says_when_it_resets(
    settings: Settings,
) -> None:
    begun = datetime.now(UTC)
    told: list[str] = []
    async with Client(build_server(settings)) as client:
        for number in range(100):
            arguments = {"process_id": "echo", "inputs": {"strings": [f"{number}"]}, "wait_seconds": 0}
            answer = await client.call_tool("ogc_execute_process", arguments)
            if answer.is_error:
                told.append(text_of(answer))
        listed = await call(client, "ogc_list_jobs", limit=100)
    assert len(told) == 100 - settings.quotas.submissions_per_hour
    assert len(listed["jobs"]) == settings.quotas.submissions_per_hour
    assert "nothing was sent" in told[0]
    (resets,) = re.findall(r"resets at (\S+Z)", told[0])
    first = datetime.fromisoformat(resets) - timedelta(hours=1)
    assert begun - timedelta(seconds=1) <= first <= datetime.now(UTC)


async def test_of_many_calls_at_once_none_is_too_much(settings: Settings) -> None:
    refusals: list[bool] = []
    async with Client(build_server(quotas(settings, submissions_per_hour=3))) as client:

        async def execute(number: int) -> None:
            arguments = {"process_id": "echo", "inputs": {"strings": [f"{number}"]}, "wait_seconds": 0}
            refusals.append((await client.call_tool("ogc_execute_process", arguments)).is_error)

        async with anyio.create_task_group() as tasks:
            for number in range(8):
                tasks.start_soon(execute, number)
    assert sorted(refusals) == [False] * 3 + [True] * 5


async def test_open_jobs_have_a_bound_that_resets_when_one_ends(settings: Settings) -> None:
    async with Client(build_server(quotas(settings, running_jobs=1))) as client:
        arguments: dict[str, Any] = {"process_id": "pause", "inputs": {"seconds": 60}, "wait_seconds": 0}
        job = await call(client, "ogc_execute_process", **arguments)
        told = await refused(client, "ogc_execute_process", **{**arguments, "inputs": {"seconds": 61}})
        assert job["job_id"] in told
        assert "resets when one of them ends" in told
        again = await call(client, "ogc_execute_process", **arguments)
        assert again["job_id"] == job["job_id"], "the same job is no further one"
        token = (await call(client, "ogc_dismiss_job", job_id=job["job_id"]))["confirm"]
        await call(client, "ogc_dismiss_job", job_id=job["job_id"], confirm=token)
        await call(client, "ogc_execute_process", **{**arguments, "inputs": {"seconds": 0}})


async def test_a_job_that_ended_with_nobody_looking_does_not_count(settings: Settings) -> None:
    async with Client(build_server(quotas(settings, running_jobs=1))) as client:
        for number in range(4):
            arguments = {"process_id": "pause", "inputs": {"seconds": number / 100}, "wait_seconds": 0}
            while (await client.call_tool("ogc_execute_process", arguments)).is_error:
                await anyio.lowlevel.checkpoint()


@pytest.fixture
def boxed(settings: Settings, server: Server) -> Settings:
    """An endpoint with a process that takes a bounding box."""
    schema = {"type": "object", "format": "ogc-bbox", "required": ["bbox"], "properties": {"bbox": {"type": "array"}}}
    described = {"id": "cover", "version": "1", "inputs": {"aoi": {"schema": schema}}, "outputs": {}, "links": []}
    server.on("/ogc/", Reply(body=json.dumps({"links": []}).encode()))
    server.on("/ogc/processes/cover", Reply(body=json.dumps(described).encode()))
    server.on("/ogc/processes/cover/execution", Reply(201, {"Location": f"{server.url}/ogc/jobs/j1"}))
    server.on("/ogc/jobs/j1", Reply(body=b'{"jobID": "j1", "status": "running", "type": "process"}'))
    endpoint = {"far": {"url": f"{server.url}/ogc", "dialect": "standard"}}
    return Settings(**{**settings.model_dump(), "endpoints": endpoint, "local": {"enabled": False}})


def posts(server: Server) -> int:
    return sum(1 for seen in server.seen if seen.method == "POST")


async def test_a_world_wide_area_is_previewed_and_a_town_is_not(boxed: Settings, server: Server) -> None:
    async with Client(build_server(boxed)) as client:
        world: dict[str, Any] = {"process_id": "cover", "inputs": {"aoi": WORLD}, "wait_seconds": 0}
        held = await client.call_tool("ogc_execute_process", world)
        assert "510,065,622 km²" in text_of(held)
        assert posts(server) == 0
        token = (held.structured_content or {})["confirm"]
        other = {**world, "inputs": {"aoi": {**WORLD, "bbox": [-180, -90, 179, 90]}}}
        assert "something else" in await refused(client, "ogc_execute_process", **other, confirm=token)
        assert posts(server) == 0
        assert (await call(client, "ogc_execute_process", **world, confirm=token))["job_id"] == "j1"
        again = await call(client, "ogc_execute_process", **world)
        assert again["job_id"] == "j1", "what is under way needs no second word"
        assert posts(server) == 1
        await call(client, "ogc_execute_process", process_id="cover", inputs={"aoi": TOWN}, wait_seconds=0)
        assert posts(server) == 2


@pytest.mark.parametrize("agreed", [True, False])
async def test_a_person_who_can_be_asked_is_asked_about_the_area(boxed: Settings, server: Server, agreed: bool) -> None:
    asked: list[str] = []

    async def answer(_context: Any, params: ElicitRequestParams) -> ElicitResult:
        asked.append(params.message)
        return ElicitResult(action="accept", content={"agreed": agreed})

    async with Client(build_server(boxed), elicitation_callback=answer) as client:
        arguments = {"process_id": "cover", "inputs": {"aoi": WORLD}, "wait_seconds": 0}
        told = await client.call_tool("ogc_execute_process", arguments)
    assert told.is_error is not agreed
    assert posts(server) == int(agreed)
    assert "510,065,622 km²" in asked[0]


async def test_bytes_have_a_quota_an_hour(server: Server) -> None:
    now = [1000.0]
    href = server.on("/a.tif", Reply(body=bytes(600)))
    settings = Settings(catalogues={"c": CatalogueSettings(url=server.url)})
    async with open_http(settings) as http:
        objects = Objects(http, Storage({}), [], Limits(), Traffic(1000, lambda: now[0]))
        for _ in range(2):
            await objects.read(href)
        asked = len(server.seen)
        with pytest.raises(QuotaReached, match=r"resets at \d{4}-\d\d-\d\dT.*, in 61 min"):
            await objects.read(href)
        assert len(server.seen) == asked
        now[0] += 61 * 60
        assert len(await objects.read(href)) == 600
