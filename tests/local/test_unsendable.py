"""What Python's parser reads and no JSON may have: refused where it comes in, and never in the way of what is there."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.local.conftest import opened, problem, submit, tool, until

pytestmark = pytest.mark.anyio

DEEP = "[" * 300 + "]" * 300
UNSENDABLE = {
    "inputs.number is Infinity": '{"inputs": {"number": 1e999}}',
    "inputs.number is NaN": '{"inputs": {"number": NaN}}',
    "inputs.array[1] is -Infinity": '{"inputs": {"array": [1, -Infinity]}}',
    r"inputs.string is '\ud800'": '{"inputs": {"string": "\\ud800"}}',
    r"inputs.'\udfff' has a name with half a character": '{"inputs": {"\\udfff": 1}}',
    "inputs.geometry[0] is nested deeper than 100 levels": f'{{"inputs": {{"geometry": {DEEP}}}}}',
    "note is NaN": '{"inputs": {}, "note": NaN}',
}


@pytest.mark.parametrize("told", UNSENDABLE)
@pytest.mark.parametrize("prefer", ["respond-async", "respond-sync"])
async def test_inputs_that_no_json_carries_are_refused_with_their_place(
    http: httpx.AsyncClient, told: str, prefer: str
) -> None:
    headers = {"Content-Type": "application/json", "Prefer": prefer}
    answer = await http.post("/processes/echo/execution", content=UNSENDABLE[told], headers=headers)
    document = await problem(answer, 400, "invalid-parameter-value")
    assert told in document["detail"]
    assert "expected" in document["detail"]
    assert (await http.get("/jobs")).json()["numberTotal"] == 0


async def test_a_package_that_no_json_carries_is_refused_with_its_place(http: httpx.AsyncClient) -> None:
    package = json.dumps(tool("p", "true"))
    for body, told in (
        (
            f'{{"processDescription": {{"title": "\\ud800"}}, "executionUnit": {{"value": {package}}}}}',
            "Description.title",
        ),
        (f'{{"executionUnit": {{"value": "# \\ud800" }}, "note": {package}}}', "executionUnit.value"),
        ('{"executionUnit": {"value": {"cwlVersion": "v1.2", "x": NaN}}}', "executionUnit.value.x is NaN"),
    ):
        answer = await http.post("/processes", content=body, headers={"Content-Type": "application/ogcapppkg+json"})
        assert told in (await problem(answer, 400))["detail"]
    assert (await http.get("/processes")).json()["numberTotal"] == 2, "the two that are built in"


@pytest.mark.parametrize("inputs", ['{"number": Infinity}', '{"string": "\\ud800"}', f'{{"geometry": {DEEP}}}'])
async def test_jobs_of_earlier_versions_that_have_such_inputs_are_listed_without_them(root: Path, inputs: str) -> None:
    async with opened(root) as http:
        job_id = await submit(http, "echo", string="x")
        await until(http, job_id, "successful")
    with closing(sqlite3.connect(root / "local.sqlite3")) as database, database:
        database.execute("UPDATE jobs SET request = ?", (f'{{"inputs": {inputs}, "response": "document"}}',))
    (root / "jobs" / job_id / "results.json").write_text(inputs, encoding="utf-8")
    async with opened(root) as http:
        (listed,) = (await http.get("/jobs")).json()["jobs"]
        assert listed["jobID"] == job_id
        assert "inputs" not in listed
        assert (await http.get(f"/jobs/{job_id}")).json()["status"] == "successful"
        assert (await http.get(f"/jobs/{job_id}/results")).json() in (
            {"number": None},
            {"string": "\ufffd"},
            {"geometry": json.loads(DEEP)},
        )
        assert (await http.delete(f"/jobs/{job_id}")).json()["status"] == "dismissed"


async def test_processes_of_earlier_versions_with_such_defaults_are_described_without_them(root: Path) -> None:
    package = tool("p", "true", inputs="{n: {type: double, default: 1.5}}")
    async with opened(root) as http:
        answer = await http.post("/processes", content=package, headers={"Content-Type": "application/cwl"})
        assert answer.status_code == 201
    with closing(sqlite3.connect(root / "local.sqlite3")) as database, database:
        database.execute("UPDATE processes SET description = replace(description, '1.5', 'NaN')")
    async with opened(root) as http:
        described: dict[str, Any] = (await http.get("/processes/p")).json()
        assert described["inputs"]["n"]["schema"].get("default") is None
        assert (await http.get("/processes")).json()["numberTotal"] == 3
