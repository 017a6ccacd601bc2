"""The whole conversation with fastprocesses itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from mcp import Client

from tests.server.talk import call, finished, refused, text_of
from tests.servers.fastprocesses import fastprocesses

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("fastprocesses")]


@pytest.fixture(scope="module")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with fastprocesses(tmp_path_factory.mktemp("fastprocesses")) as url:
        yield url


async def test_it_is_recognised_though_it_does_not_name_itself(far: Client) -> None:
    (row,) = (await call(far, "ogc_list_endpoints"))["endpoints"]
    assert row["kind"] == "fastprocesses"
    assert "list jobs" in row["declared"]  # its two classes are one, for want of a comma
    assert row["found"] == ["list jobs"]
    assert "logs" in row["not_found"]


async def test_a_process_is_found_described_run_and_its_result_read(far: Client) -> None:
    listed = await call(far, "ogc_list_processes")
    assert {row["process_id"] for row in listed["processes"]} == {"greeting", "slow"}
    described = await call(far, "ogc_describe_process", process_id="greeting")
    assert [row["input_id"] for row in described["inputs"]] == ["name"]
    inputs = {"name": "Ada"}
    job = await call(far, "ogc_execute_process", process_id="greeting", inputs=inputs, wait_seconds=0)
    assert not job["job_id"].startswith("sync-")
    assert (await finished(far, job["job_id"]))["status"] == "successful"
    (output,) = (await call(far, "ogc_get_results", job_id=job["job_id"]))["outputs"]
    assert output["output_id"] == "greeting"
    assert "Hello Ada" in str(output)
    rows = (await call(far, "ogc_list_jobs"))["jobs"]
    assert job["job_id"] in {row["job_id"] for row in rows}


async def test_a_result_it_has_in_its_cache_is_a_job_too(far: Client) -> None:
    for _ in range(2):
        arguments = {"process_id": "greeting", "inputs": {"name": "Grace"}, "wait_seconds": 0, "new_run": True}
        job = await call(far, "ogc_execute_process", **arguments)
        await finished(far, job["job_id"])
    assert "Hello Grace" in str(await call(far, "ogc_get_results", job_id=job["job_id"]))


async def test_a_failed_job_says_why(far: Client) -> None:
    inputs = {"name": "nobody"}
    job = await call(far, "ogc_execute_process", process_id="greeting", inputs=inputs, wait_seconds=0)
    assert (await finished(far, job["job_id"]))["status"] == "failed"
    answer = await far.call_tool("ogc_get_job", {"job_id": job["job_id"]})
    assert "there is nobody to greet" in text_of(answer)
    assert "failed" in await refused(far, "ogc_get_results", job_id=job["job_id"])


async def test_a_job_is_followed_to_its_end_and_none_is_dismissed(far: Client, tmp_path: Path) -> None:
    until = tmp_path / "end"
    inputs = {"until": str(until)}
    job = await call(far, "ogc_execute_process", process_id="slow", inputs=inputs, wait_seconds=0)
    assert job["status"] in ("accepted", "running")
    assert "no results yet" in await refused(far, "ogc_get_results", job_id=job["job_id"])
    preview = await call(far, "ogc_dismiss_job", job_id=job["job_id"])
    told = await refused(far, "ogc_dismiss_job", job_id=job["job_id"], confirm=preview["confirm"])
    assert "far dismisses no jobs" in told
    until.touch()
    assert (await finished(far, job["job_id"]))["status"] == "successful"


async def test_what_it_has_not_is_told(far: Client) -> None:
    assert "Did you mean greeting" in await refused(far, "ogc_describe_process", process_id="greetings")
    assert "far has no job" in await refused(far, "ogc_get_job", job_id="nothing")
    package = "cwlVersion: v1.2\nclass: Workflow\nid: w\ninputs: []\noutputs: []\nsteps: []\n"
    assert "far can't deploy" in await refused(far, "ogc_deploy_process", package=package)
    assert "far has no package of" in await refused(far, "ogc_get_package", process_id="greeting")
