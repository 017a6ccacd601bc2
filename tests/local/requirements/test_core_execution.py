"""OGC 18-062r2, class Core: executions and what they answer at once."""

from typing import Any

import httpx
import pytest

from tests.local.conftest import BASE, deploy, problem
from tests.local.requirements.asking import ASYNC, FILE, HELLO, executed, get, linked

pytestmark = pytest.mark.anyio


async def echoed(http: httpx.AsyncClient, **inputs: Any) -> dict[str, Any]:
    """What `echo` makes of inputs, as a document."""
    answer = await executed(http, inputs=inputs, response="document")
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def test_core_process_execute_op(http: httpx.AsyncClient) -> None:
    where = linked(await get(http, "/processes/echo"), "execute")
    assert where == f"{BASE}/processes/echo/execution"
    assert (await http.post(where, json={"inputs": {"string": "a"}})).text == "a"


async def test_core_process_execute_request(http: httpx.AsyncClient) -> None:
    for body in ("[]", "{", '{"inputs": []}', '{"response": "pdf"}', '{"outputs": []}', '{"outputs": {"string": 1}}'):
        await problem(await http.post("/processes/echo/execution", content=body), 400)
    answer = await http.post("/processes/echo/execution", content="<a/>", headers={"Content-Type": "text/xml"})
    await problem(answer, 415)


async def test_core_process_execute_default_outputs(http: httpx.AsyncClient) -> None:
    body: dict[str, Any] = {"inputs": {"string": "a", "number": 1}, "response": "document"}
    assert (await executed(http, **body)).json() == {"string": "a", "number": 1}
    body["outputs"] = {"number": {"transmissionMode": "value"}}
    assert (await executed(http, **body)).json() == {"number": 1}
    answer = await executed(http, inputs={}, outputs={"none": {}})
    await problem(answer, 400, "no-such-output")


async def test_core_process_execute_inputs(http: httpx.AsyncClient) -> None:
    given = {"string": "a", "number": 1.5, "integer": 2, "boolean": False, "choice": "two"}
    assert await echoed(http, **given) == given


async def test_core_process_execute_input_array(http: httpx.AsyncClient) -> None:
    assert await echoed(http, strings=["a", "b"]) == {"strings": ["a", "b"]}
    assert await echoed(http, array=[1, 2, 3]) == {"array": [1, 2, 3]}


async def test_core_process_execute_input_inline_bbox(http: httpx.AsyncClient) -> None:
    box = {"bbox": [1, 2, 3, 4], "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}
    assert await echoed(http, bbox=box) == {"bbox": box}


async def test_core_process_execute_input_inline_binary(http: httpx.AsyncClient) -> None:
    image = {"value": "AAAA", "encoding": "base64", "mediaType": "image/tiff; application=geotiff"}
    assert await echoed(http, image=image) == {"image": image}


async def test_core_process_execute_input_inline_mixed(http: httpx.AsyncClient) -> None:
    """A qualified value beside literals."""
    measured = {"value": {"measurement": 1, "uom": "m"}, "mediaType": "application/json"}
    assert await echoed(http, measurement=measured, number=2) == {"measurement": measured, "number": 2}


async def test_core_process_execute_input_inline_object(http: httpx.AsyncClient) -> None:
    """An object comes back qualified, as inlineOrRefData.yaml has it."""
    point = {"type": "Point", "coordinates": [1, 2]}
    assert await echoed(http, geometry=point) == {"geometry": {"value": point}}


async def test_core_process_execute_input_ref(http: httpx.AsyncClient) -> None:
    image = {"href": "https://x.example/a.tif", "type": "image/tiff"}
    assert await echoed(http, image=image) == {"image": image}


async def test_core_process_execute_input_validation(http: httpx.AsyncClient) -> None:
    for inputs in ({"integer": "x"}, {"unknown": 1}, {"strings": ["a"] * 6}):
        await problem(await executed(http, inputs=inputs), 400, "invalid-parameter-value")


@pytest.mark.parametrize("inputs", [{"seconds": {"href": "https://x.example/"}}, {"seconds": {"value": "x"}}])
async def test_seconds_are_checked_before_there_is_a_job(http: httpx.AsyncClient, inputs: dict[str, Any]) -> None:
    for headers in ({}, ASYNC):
        answer = await http.post("/processes/pause/execution", json={"inputs": inputs}, headers=headers)
        await problem(answer, 400, "invalid-parameter-value")
    assert (await executed(http, "pause", inputs={"seconds": {"value": 0}})).json() == 0.0


async def test_core_process_execute_default_execution_mode(http: httpx.AsyncClient) -> None:
    """Asked for nothing, a process of both kinds is synchronous, and a package, which knows no other way, is a job."""
    assert (await executed(http, "pause", inputs={"seconds": 0})).status_code == 200
    await deploy(http, HELLO)
    assert (await executed(http, "hello", inputs={})).status_code == 201


async def test_core_process_execute_auto_execution_mode(http: httpx.AsyncClient) -> None:
    body = {"inputs": {"seconds": 0}}
    answer = await http.post("/processes/pause/execution", json=body, headers={"Prefer": "wait=5, respond-async"})
    assert answer.status_code == 201
    assert answer.headers["preference-applied"] == "respond-async"


async def test_core_process_execute_sync_raw_value_one(http: httpx.AsyncClient) -> None:
    one = await executed(http, inputs={"string": "plain"})
    assert (one.text, one.headers["content-type"]) == ("plain", "text/plain; charset=utf-8")
    assert (await executed(http, inputs={})).status_code == 204, "of no output there is nothing"


async def test_core_process_execute_sync_raw_value_multi(http: httpx.AsyncClient) -> None:
    several = await executed(http, inputs={"string": "a", "number": 1})
    assert several.headers["content-type"].startswith("multipart/related")
    assert "Content-ID: <string>" in several.text
    assert "Content-ID: <number>" in several.text


async def test_core_process_execute_sync_raw_ref(http: httpx.AsyncClient) -> None:
    answer = await executed(http, inputs={"image": {"href": "https://x.example/a.tif", "type": "image/tiff"}})
    assert answer.status_code == 204
    assert answer.links["image"]["url"] == "https://x.example/a.tif"


async def test_core_process_execute_sync_raw_mixed_multi(http: httpx.AsyncClient) -> None:
    inputs = {"string": "a", "image": {"href": "https://x.example/a.tif", "type": "image/tiff"}}
    answer = await executed(http, inputs=inputs)
    assert answer.headers["content-type"].startswith("multipart/related")
    assert "Content-Location: https://x.example/a.tif" in answer.text


async def test_core_process_execute_sync_document(http: httpx.AsyncClient) -> None:
    """results.yaml: a value that is no object, a bounding box, a qualified value, or a link."""
    document = await echoed(
        http,
        string="a",
        array=[1, 2],
        bbox={"bbox": [1, 2, 3, 4]},
        geometry={"type": "Point", "coordinates": [1, 2], "bbox": [1, 2, 1, 2]},
        measurement={"measurement": 1, "uom": "m"},
        image={"href": "https://x.example/a.tif"},
    )
    assert len(document) == 6
    for name, value in document.items():
        if isinstance(value, dict):
            kinds = [{"value", *value} <= {"value", "mediaType", "encoding", "schema"} and "value" in value]
            kinds += [set(value) <= {"bbox", "crs"}, "href" in value]
            assert sum(kinds) == 1, name


async def test_core_process_execute_success_async(http: httpx.AsyncClient) -> None:
    await deploy(http, FILE)
    for process_id in ("echo", "made"):
        answer = await http.post(f"/processes/{process_id}/execution", json={"inputs": {}}, headers=ASYNC)
        info = answer.json()
        assert answer.status_code == 201
        assert answer.headers["location"] == f"{BASE}/jobs/{info['jobID']}"
        assert (info["type"], info["processID"]) == ("process", process_id)
        assert info["status"] in ("accepted", "running", "successful")
