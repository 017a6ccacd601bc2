"""The conversation with ZOO-Project, pygeoapi and fastprocesses as they answered, recorded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from mcp_ogc.server import build_server
from mcp_ogc.settings import EndpointSettings, LocalSettings, Settings
from tests.server.talk import call, finished, refused, text_of
from tests.servers.processes.endpoint import served
from tests.servers.recorded import RecordedServer

pytestmark = pytest.mark.anyio

ZOO = ("01-landing", "02-conformance", "03-processes", "10-jobs-list", "04-describe-hellopy", "21-describe-deployed")
PYGEOAPI = ("01-landing", "02-conformance", "03-processes", "10-jobs-list", "04-describe-hello")
FASTPROCESSES = ("01-landing", "02-conformance", "03-processes", "04-describe", "10-jobs")


def zoo(*names: str) -> RecordedServer:
    return RecordedServer("/ogc-api", [f"zoo/{name}" for name in (*ZOO, *names)])


def pygeoapi(*names: str) -> RecordedServer:
    return RecordedServer("", [f"pygeoapi/{name}" for name in (*PYGEOAPI, *names)])


def fastprocesses(*names: str) -> RecordedServer:
    return RecordedServer("", [f"fastprocesses/{name}" for name in (*FASTPROCESSES, *names)])


@asynccontextmanager
async def talk(server: RecordedServer, folder: Path, **more: Any) -> AsyncIterator[Client]:
    async with served(server) as url:
        settings = Settings(
            endpoints={"far": EndpointSettings(url=url, **more)},
            data_folder=folder / "data",
            local=LocalSettings(enabled=False),
        )
        async with Client(build_server(settings)) as client:
            yield client


@pytest.mark.parametrize(
    ("server", "kind", "declared", "found"),
    [
        (zoo(), "ZOO-Project-DRU", {"list jobs", "dismiss", "deploy", "read packages"}, {"list jobs", "dismiss"}),
        (pygeoapi(), "pygeoapi", set(), {"list jobs"}),
        (fastprocesses(), "fastprocesses", {"list jobs"}, {"list jobs"}),
    ],
    ids=["zoo", "pygeoapi", "fastprocesses"],
)
async def test_what_each_can_do_is_shown_as_declared_and_as_found(
    server: RecordedServer, kind: str, declared: set[str], found: set[str], tmp_path: Path
) -> None:
    async with talk(server, tmp_path) as client:
        (row,) = (await call(client, "ogc_list_endpoints"))["endpoints"]
    assert row["kind"] == kind
    assert set(row.get("declared", ())) == declared
    assert found <= set(row["found"])


@pytest.mark.parametrize(
    ("server", "process_id", "inputs", "output_id", "value"),
    [
        (
            zoo("06-exec-async", "07-job-status", "08-job-results"),
            "HelloPy",
            {"a": "Ada"},
            "result",
            "Hello Ada from Python World !",
        ),
        (
            pygeoapi("06-exec-async", "07-job-status", "08-job-results"),
            "hello-world",
            {"name": "Ada"},
            "echo",
            "Hello Ada!",
        ),
        (
            fastprocesses("06-exec-async", "07-status-running", "07b-status-done", "08b-results"),
            "simple_process",
            {"input_text": "async"},
            "output_text",
            "ASYNC",
        ),
    ],
    ids=["zoo", "pygeoapi", "fastprocesses"],
)
async def test_a_process_is_run_as_a_job_and_its_result_read(
    server: RecordedServer, process_id: str, inputs: dict[str, Any], output_id: str, value: str, tmp_path: Path
) -> None:
    async with talk(server, tmp_path) as client:
        described = await call(client, "ogc_describe_process", process_id=process_id)
        assert set(inputs) <= {row["input_id"] for row in described["inputs"]}
        job = await call(client, "ogc_execute_process", process_id=process_id, inputs=inputs, wait_seconds=0)
        assert (await finished(client, job["job_id"]))["status"] == "successful"
        (output,) = (await call(client, "ogc_get_results", job_id=job["job_id"]))["outputs"]
        rows = (await call(client, "ogc_list_jobs"))["jobs"]
    assert output["output_id"].casefold() == output_id
    assert value in str(output)
    assert job["job_id"] in {row["job_id"] for row in rows}
    assert [method for method, _ in server.asked].count("POST") == 1


@pytest.mark.parametrize(
    ("server", "job_id", "reason"),
    [
        (zoo("07f-demo-failed"), "ce0ed93e-e758-11f1-bf42-02fc00000001", ""),
        (pygeoapi("07e2-job-status-failed", "08e2-results-of-failed"), "e95f3202-e757-11f1-a2b6-02fc00000001", "name"),
        (fastprocesses("07c-status-failed", "08c-results-failed"), "92ea3162-cb43-47e1-a72d-3203351e3cb4", "boom"),
    ],
    ids=["zoo", "pygeoapi", "fastprocesses"],
)
async def test_a_failed_job_says_what_the_server_says_of_it_and_has_no_results(
    server: RecordedServer, job_id: str, reason: str, tmp_path: Path
) -> None:
    async with talk(server, tmp_path) as client:
        answer = await client.call_tool("ogc_get_job", {"job_id": job_id})
        assert "failed" in text_of(answer)
        assert reason in text_of(answer)
        assert "failed, so it has no results" in await refused(client, "ogc_get_results", job_id=job_id)


async def test_zoo_s_running_job_has_no_results_yet(tmp_path: Path) -> None:
    job_id = "22e172aa-e759-11f1-a786-02fc00000001"
    async with talk(zoo("24-status-running"), tmp_path) as client:
        assert (await call(client, "ogc_get_job", job_id=job_id))["status"] == "running"
        assert "no results yet" in await refused(client, "ogc_get_results", job_id=job_id)


async def test_zoo_s_job_is_dismissed_and_then_gone(tmp_path: Path) -> None:
    looks = ("07c-job-status-running", "07c-job-status-running", "09b-status-after-dismiss")
    job_id = "cb11b468-e758-11f1-9dc1-02fc00000001"
    async with talk(zoo("09-dismiss-running", *looks), tmp_path) as client:
        preview = await call(client, "ogc_dismiss_job", job_id=job_id)
        dismissed = await call(client, "ogc_dismiss_job", job_id=job_id, confirm=preview["confirm"])
        told = await refused(client, "ogc_get_job", job_id=job_id)
    assert dismissed["dismissed"] is True
    assert "last known here: dismissed" in told


@pytest.mark.parametrize(
    "names",
    [
        ("23-exec-async-deployed", "24-status-running", "24b-status-done", "25-results"),
        ("50-after-restart-exec", "50b-status", "50c-results"),
    ],
    ids=["before a restart", "after it"],
)
async def test_what_was_deployed_at_zoo_runs_and_its_result_is_read(names: tuple[str, ...], tmp_path: Path) -> None:
    async with talk(zoo(*names), tmp_path) as client:
        inputs = {"name": "Ada", "count": 2}
        job = await call(client, "ogc_execute_process", process_id="hello-cwl", inputs=inputs, wait_seconds=0)
        assert (await finished(client, job["job_id"]))["status"] == "successful"
        (output,) = (await call(client, "ogc_get_results", job_id=job["job_id"]))["outputs"]
    assert output["output_id"] == "greeting"
    assert '"class": "Directory"' in str(output)


async def test_zoo_s_job_is_dismissed_right_after_its_submission(tmp_path: Path) -> None:
    names = ("40-dismiss-exec", "41-dismiss-running", "42-status-after-dismiss")
    async with talk(zoo(*names), tmp_path) as client:
        inputs = {"name": "Ada", "count": 2}
        job = await call(client, "ogc_execute_process", process_id="hello-cwl", inputs=inputs, wait_seconds=0)
        preview = await call(client, "ogc_dismiss_job", job_id=job["job_id"])
        dismissed = await call(client, "ogc_dismiss_job", job_id=job["job_id"], confirm=preview["confirm"])
        (row,) = (await call(client, "ogc_list_jobs", status="dismissed"))["jobs"]
    assert dismissed["dismissed"] is True
    assert row["job_id"] == job["job_id"]


async def test_why_a_job_in_a_namespace_failed_is_found_in_what_zoo_has_for_results(tmp_path: Path) -> None:
    names = ("44b-namespaced-describe", "44c-namespaced-exec-async", "44d-namespaced-status", "44e-namespaced-results")
    server = RecordedServer("/alice/ogc-api", [f"zoo/{name}" for name in names])
    async with talk(server, tmp_path, dialect="zoo") as client:
        inputs = {"name": "Ada", "count": 2}
        job = await call(client, "ogc_execute_process", process_id="hello-cwl", inputs=inputs, wait_seconds=0)
        failed = await finished(client, job["job_id"])
    assert failed["status"] == "failed"
    assert failed["why"]["cause"] == "inputs"
    assert "argument was not specified in DataInputs" in str(failed["why"]["untrusted"]["evidence"])


async def test_pygeoapi_s_slow_job_is_accepted_until_it_is_done(tmp_path: Path) -> None:
    names = ("04b-describe-echo", "14-slow-async", "14b-status-5s", "14c-status-12s")
    async with talk(pygeoapi(*names), tmp_path) as client:
        inputs = {"echoInput": "Echo", "pause": 10.25}
        job = await call(client, "ogc_execute_process", process_id="echo", inputs=inputs, wait_seconds=0)
        assert job["status"] == "accepted"
        done = await finished(client, job["job_id"])
    assert (done["status"], done["seconds"]) == ("successful", 10.3)


async def test_what_zoo_has_not_and_what_an_execution_lacks_is_told(tmp_path: Path) -> None:
    async with talk(zoo("04c-describe-missing"), tmp_path) as client:
        told = await refused(client, "ogc_describe_process", process_id="nope")
        assert "There is no process 'nope'" in told
        told = await refused(client, "ogc_execute_process", process_id="HelloPy", inputs={})
    assert "a is missing" in told
