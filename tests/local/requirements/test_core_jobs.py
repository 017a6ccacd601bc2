"""OGC 18-062r2, class Core: jobs and their results."""

from typing import Any

import httpx
import pytest

from tests.local.conftest import deploy, problem, status, submit, tool, until
from tests.local.requirements.asking import ASYNC, FILE, TWO_FILES, get, linked

pytestmark = pytest.mark.anyio


async def results(http: httpx.AsyncClient, process_id: str = "echo", **request: Any) -> httpx.Response:
    """The results of a job that was executed with this request."""
    answer = await http.post(f"/processes/{process_id}/execution", json={"inputs": {}, **request}, headers=ASYNC)
    job_id = answer.json()["jobID"]
    assert (await until(http, job_id))["status"] == "successful"
    return await http.get(f"/jobs/{job_id}/results")


async def test_core_job_op(http: httpx.AsyncClient) -> None:
    job_id = await submit(http, "echo", string="x")
    assert (await http.get(f"/jobs/{job_id}")).status_code == 200


async def test_core_job_success(http: httpx.AsyncClient) -> None:
    done = await until(http, await submit(http, "echo", string="x"))
    assert (done["type"], done["processID"], done["status"]) == ("process", "echo", "successful")
    assert done["progress"] == 100
    assert done["created"] <= done["started"] <= done["finished"]
    assert (await get(http, linked(done, "self")))["jobID"] == done["jobID"]


async def test_a_status_has_no_member_without_value(http: httpx.AsyncClient) -> None:
    assert None not in (await status(http, await submit(http, "echo", string="x"))).values()


async def test_core_job_exception_no_such_job(http: httpx.AsyncClient) -> None:
    for path in ("/jobs/none", "/jobs/none/logs/x"):
        await problem(await http.get(path), 404, "ogcapi-processes-1/1.0/no-such-job")


async def test_core_job_results(http: httpx.AsyncClient) -> None:
    done = await until(http, await submit(http, "echo", string="x"))
    assert await get(http, linked(done, "results")) == {"string": "x"}


async def test_core_job_results_async_document(http: httpx.AsyncClient) -> None:
    job_id = await submit(http, "echo", string="x", number=2)
    await until(http, job_id)
    assert (await http.get(f"/jobs/{job_id}/results")).json() == {"string": "x", "number": 2}


async def test_one_output_of_the_results_is_there_by_its_id(http: httpx.AsyncClient) -> None:
    job_id = await submit(http, "echo", string="x", number=2)
    await until(http, job_id)
    assert (await http.get(f"/jobs/{job_id}/results/number")).json() == 2
    await problem(await http.get(f"/jobs/{job_id}/results/none"), 404, "no-such-output")


async def test_core_job_results_async_raw_value_one(http: httpx.AsyncClient) -> None:
    answer = await results(http, inputs={"string": "plain"})
    assert (answer.text, answer.headers["content-type"]) == ("plain", "text/plain; charset=utf-8")


async def test_core_job_results_async_raw_value_multi(http: httpx.AsyncClient) -> None:
    answer = await results(http, inputs={"string": "a", "number": 1})
    assert answer.headers["content-type"].startswith("multipart/related")
    assert "Content-ID: <number>" in answer.text


async def test_core_job_results_async_raw_ref(http: httpx.AsyncClient) -> None:
    answer = await results(http, inputs={"image": {"href": "https://x.example/a.tif", "type": "image/tiff"}})
    assert answer.status_code == 204
    assert answer.links["image"]["url"] == "https://x.example/a.tif"


async def test_core_job_results_async_raw_mixed_multi(http: httpx.AsyncClient) -> None:
    inputs = {"string": "a", "image": {"href": "https://x.example/a.tif", "type": "image/tiff"}}
    answer = await results(http, inputs=inputs)
    assert answer.headers["content-type"].startswith("multipart/related")
    assert "Content-Location: https://x.example/a.tif" in answer.text


async def test_files_are_referred_to_in_a_raw_result(http: httpx.AsyncClient) -> None:
    await deploy(http, FILE)
    (file,) = (await results(http, "made")).json()
    assert file["type"] == "text/plain"
    assert file["href"].startswith("file:///")


async def test_files_of_a_directory_are_under_each_output_that_has_it(http: httpx.AsyncClient) -> None:
    await deploy(http, TWO_FILES)
    document = (await results(http, "made", response="document")).json()
    assert set(document) == {"first", "out"}


async def test_core_job_results_exception_no_such_job(http: httpx.AsyncClient) -> None:
    await problem(await http.get("/jobs/none/results"), 404, "ogcapi-processes-1/1.0/no-such-job")


async def test_core_job_results_exception_results_not_ready(http: httpx.AsyncClient) -> None:
    job_id = await submit(http, "pause", seconds=30)
    await problem(await http.get(f"/jobs/{job_id}/results"), 404, "ogcapi-processes-1/1.0/result-not-ready")
    await http.delete(f"/jobs/{job_id}")


async def test_core_job_results_failed(http: httpx.AsyncClient) -> None:
    await deploy(http, tool("broken", "echo why >&2; exit 3"))
    job_id = await submit(http, "broken")
    info = await until(http, job_id)
    assert info["status"] == "failed"
    told = await problem(await http.get(f"/jobs/{job_id}/results"), 500)
    assert told["detail"] == info["message"] == "step run-it exited 3: why"


async def test_a_folder_that_can_not_be_used_is_a_problem_not_a_crash(http: httpx.AsyncClient, root: Any) -> None:
    (root / "local.sqlite3").write_bytes(b"not a database, and longer than a header of one is" * 100)
    told = await problem(await http.get("/jobs"), 500)
    assert "folder" in told["title"]
