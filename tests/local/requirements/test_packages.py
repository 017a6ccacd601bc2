"""OGC 20-044, classes OGC Application Package and CWL."""

import json
from typing import Any

import httpx
import pytest

from tests.local.conftest import BASE, deploy, problem, submit, tool, until
from tests.local.requirements.asking import CWL, HELLO, OGCAPPPKG, get

pytestmark = pytest.mark.anyio

NEWER = HELLO.replace("label: L", "label: Newer")


@pytest.mark.parametrize(
    ("package", "status_code", "told"),
    [
        ({"processDescription": {"id": "../up"}, "executionUnit": {"value": HELLO}}, 400, "letters, digits"),
        ({"processDescription": {"id": "a/b"}, "executionUnit": {"value": HELLO}}, 400, "letters, digits"),
        ({"processDescription": {"id": 2}, "executionUnit": {"value": HELLO}}, 400, "id, version, title"),
        ({"processDescription": [], "executionUnit": {"value": HELLO}}, 400, "id, version, title"),
        ({"executionUnit": {"value": HELLO, "mediaType": "application/vnd.oci.image"}}, 415, "application/cwl"),
        ({"executionUnit": []}, 400, "application/cwl"),
        ({"executionUnit": [{"value": HELLO}, {"value": HELLO}]}, 400, "application/cwl"),
        ({"executionUnit": {"value": 5}}, 400, "application/cwl"),
        ({"executionUnit": {"value": {"class": "Workflow"}}}, 400, "cwlVersion"),
        ([], 400, "executionUnit"),
        ({}, 400, "application/cwl"),
    ],
)
async def test_ogcapppkg_schema(http: httpx.AsyncClient, package: Any, status_code: int, told: str) -> None:
    """What does not fit it is refused, with what would be right."""
    answer = await http.post("/processes", json=package, headers=OGCAPPPKG)
    assert told in (await problem(answer, status_code))["detail"]
    assert len((await get(http, "/processes"))["processes"]) == 2


async def test_ogcapppkg_body(http: httpx.AsyncClient) -> None:
    """Its execution unit may be one object or an array of one."""
    for unit in ({"value": HELLO, "mediaType": "application/cwl"}, [{"unit": HELLO}]):
        answer = await http.post("/processes", json={"executionUnit": unit}, headers=OGCAPPPKG)
        assert (answer.status_code, answer.json().get("id")) == (201, "hello")
        await http.delete("/processes/hello")


@pytest.mark.parametrize("media_type", ["application/ogcapppkg+json", "application/json; charset=utf-8"])
async def test_ogcapppkg_deploy_body(http: httpx.AsyncClient, media_type: str) -> None:
    body = json.dumps({"executionUnit": {"value": HELLO}})
    answer = await http.post("/processes", content=body, headers={"Content-Type": media_type})
    assert (answer.status_code, answer.json().get("id")) == (201, "hello")


async def test_ogcapppkg_by_reference_is_refused_with_what_to_do(http: httpx.AsyncClient) -> None:
    body = {"executionUnit": {"href": "https://x.example/a.cwl", "type": "application/cwl"}}
    answer = await http.post("/processes", json=body)
    assert "by value" in (await problem(answer, 400))["detail"]


async def test_ogcapppkg_replace_body(http: httpx.AsyncClient) -> None:
    await deploy(http, HELLO)
    answer = await http.put("/processes/hello", json={"executionUnit": {"value": NEWER}}, headers=OGCAPPPKG)
    assert answer.status_code == 204
    assert (await get(http, "/processes/hello"))["title"] == "Newer"


async def test_ogcapppkg_process_description(http: httpx.AsyncClient) -> None:
    """It is taken, its id too; inputs and outputs are the CWL's to say."""
    told = {"id": "renamed", "version": "2.1.0", "title": "T", "description": "D", "keywords": ["a"]}
    package = {"processDescription": {**told, "inputs": {"x": {}}}, "executionUnit": {"value": HELLO}}
    answer = await http.post("/processes", json=package)
    assert answer.headers["location"] == f"{BASE}/processes/renamed"
    document = await get(http, "/processes/renamed")
    assert {name: document[name] for name in told} == told
    assert document["inputs"] == {}
    assert (await until(http, await submit(http, "renamed")))["status"] == "successful"


async def test_ogcapppkg_package_response_body(http: httpx.AsyncClient) -> None:
    """What was deployed, to the byte; and from a package of bare CWL, one with it as its execution unit."""
    body = json.dumps({"executionUnit": {"value": HELLO}, "extra": [1]}, indent=3)
    assert (await http.post("/processes", content=body, headers=OGCAPPPKG)).status_code == 201
    assert (await http.get("/processes/hello/package")).text == body
    assert (await http.get("/processes/hello/package", headers={"Accept": "application/cwl"})).text == HELLO
    await deploy(http, tool("bare", "true"))
    answer = await http.get("/processes/bare/package", headers={"Accept": "application/ogcapppkg+json"})
    assert answer.json()["executionUnit"]["value"] == tool("bare", "true")


async def test_cwl_body(http: httpx.AsyncClient) -> None:
    """YAML, or JSON, which is YAML too."""
    from ruamel.yaml import YAML

    as_json = json.dumps(YAML(typ="safe", pure=True).load(HELLO))
    for body in (HELLO, as_json):
        assert (await http.post("/processes", content=body, headers=CWL)).json()["id"] == "hello"
        await http.delete("/processes/hello")


@pytest.mark.parametrize("media_type", ["application/cwl", "application/cwl+yaml"])
async def test_cwl_deploy_body(http: httpx.AsyncClient, media_type: str) -> None:
    answer = await http.post("/processes", content=HELLO, headers={"Content-Type": media_type})
    assert (answer.status_code, answer.json().get("id")) == (201, "hello")


async def test_cwl_deploy_w_param(http: httpx.AsyncClient) -> None:
    second = HELLO.split("$graph:\n")[1].split("- class: CommandLineTool")[0].replace("id: hello", "id: second")
    answer = await http.post("/processes", params={"w": "second"}, content=HELLO + second, headers=CWL)
    assert answer.json()["id"] == "second"


async def test_cwl_deploy_exception_workflow_not_found(http: httpx.AsyncClient) -> None:
    answer = await http.post("/processes", params={"w": "none"}, content=HELLO, headers=CWL)
    await problem(answer, 400, "ogcapi-processes-2/1.0/workflow-not-found")


async def test_cwl_execution_unit(http: httpx.AsyncClient) -> None:
    """CWL by value: as its text, or as JSON."""
    from ruamel.yaml import YAML

    document = YAML(typ="safe", pure=True).load(HELLO)
    for unit in (
        {"value": HELLO, "mediaType": "application/cwl"},
        {"value": document, "mediaType": "application/cwl+json"},
    ):
        answer = await http.post("/processes", json={"executionUnit": unit}, headers=OGCAPPPKG)
        assert (answer.status_code, answer.json().get("id")) == (201, "hello")
        await http.delete("/processes/hello")


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", "application/cwl"),
        ("application/cwl+yaml", "application/cwl+yaml"),
        ("application/cwl+json, application/cwl;q=0.5", "application/cwl"),
        ("application/cwl;q=0.1, application/ogcapppkg+json", "application/ogcapppkg+json"),
        ("text/html, application/*;q=0.1", "application/cwl"),
        ("nonsense;q=x, application/cwl", "application/cwl"),
    ],
)
async def test_cwl_package_response_body(http: httpx.AsyncClient, accept: str, media_type: str) -> None:
    """As what is accepted most."""
    await deploy(http, HELLO)
    answer = await http.get("/processes/hello/package", headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    assert HELLO in (answer.text, answer.json()["executionUnit"]["value"] if "ogcapppkg" in media_type else "")


async def test_cwl_replace_body(http: httpx.AsyncClient) -> None:
    await deploy(http, HELLO)
    assert (await http.put("/processes/hello", content=NEWER, headers=CWL)).status_code == 204
    assert (await http.get("/processes/hello/package")).text == NEWER
