"""OGC 18-062r2, class Core: what the endpoint is and which processes it has."""

import httpx
import pytest

from mcp_ogc.local.app import CONFORMS_TO
from tests.local.conftest import deploy, problem
from tests.local.requirements.asking import HELLO, get, linked

pytestmark = pytest.mark.anyio

PAGE_RELATIONS = ("service-desc", "conformance", "processes", "job-list")


async def test_core_landingpage_op(http: httpx.AsyncClient) -> None:
    assert (await http.get("/")).status_code == 200


async def test_core_landingpage_success(http: httpx.AsyncClient) -> None:
    landing = await get(http, "/")
    for relation in PAGE_RELATIONS:
        assert (await http.get(linked(landing, relation))).status_code == 200, relation


async def test_core_api_definition_op(http: httpx.AsyncClient) -> None:
    assert (await http.get("/api")).status_code == 200


async def test_core_api_definition_success(http: httpx.AsyncClient) -> None:
    answer = await http.get(linked(await get(http, "/"), "service-desc"))
    assert answer.headers["content-type"] == "application/vnd.oai.openapi+json;version=3.0"
    assert answer.json()["info"]["title"]


async def test_core_conformance_op(http: httpx.AsyncClient) -> None:
    assert (await http.get("/conformance")).status_code == 200


async def test_core_conformance_success(http: httpx.AsyncClient) -> None:
    assert (await get(http, "/conformance"))["conformsTo"] == list(CONFORMS_TO)


async def test_core_http(http: httpx.AsyncClient) -> None:
    await problem(await http.get("/nothing"), 404)
    answer = await http.put("/processes")
    await problem(answer, 405)
    assert {"GET", "POST"} <= {method.strip() for method in answer.headers["allow"].split(",")}


async def test_core_pl_limit_definition(http: httpx.AsyncClient) -> None:
    for limit in ("0", "-1", "x", "9" * 5000, "1.5"):
        told = await problem(await http.get("/processes", params={"limit": limit}), 400, "invalid-parameter-value")
        assert "whole number" in told["detail"]


async def test_core_pl_limit_response(http: httpx.AsyncClient) -> None:
    assert len((await get(http, "/processes", limit="1"))["processes"]) == 1
    assert len((await get(http, "/processes", limit="1000000000"))["processes"]) == 2, "more than the most is the most"


async def test_core_pl_links(http: httpx.AsyncClient) -> None:
    first = await get(http, "/processes", limit="1")
    following = await get(http, linked(first, "next"))
    assert [process["id"] for process in first["processes"] + following["processes"]] == ["echo", "pause"]
    assert linked(await get(http, "/processes"), "self").endswith("/processes")
    for process in first["processes"]:
        assert (await get(http, linked(process, "self")))["id"] == process["id"]


async def test_core_process_list(http: httpx.AsyncClient) -> None:
    assert (await http.get("/processes")).status_code == 200


async def test_core_process_list_success(http: httpx.AsyncClient) -> None:
    processes = (await get(http, "/processes"))["processes"]
    assert [process["id"] for process in processes] == ["echo", "pause"]
    for process in processes:
        assert {"id", "version", "jobControlOptions", "outputTransmission", "links"} <= set(process)
        assert "inputs" not in process


async def test_core_process(http: httpx.AsyncClient) -> None:
    for process in (await get(http, "/processes"))["processes"]:
        assert (await http.get(f"/processes/{process['id']}")).status_code == 200


async def test_core_process_success(http: httpx.AsyncClient) -> None:
    document = await get(http, "/processes/pause")
    assert (document["id"], set(document["inputs"]), set(document["outputs"])) == ("pause", {"seconds"}, {"waited"})


async def test_core_process_exception_no_such_process(http: httpx.AsyncClient) -> None:
    for method, path in (("GET", ""), ("POST", "/execution"), ("DELETE", ""), ("GET", "/package")):
        answer = await http.request(method, f"/processes/none{path}")
        await problem(answer, 404, "ogcapi-processes-1/1.0/no-such-process")


async def test_a_process_that_is_not_there_names_the_nearest(http: httpx.AsyncClient) -> None:
    await deploy(http, HELLO)
    assert "Did you mean hello" in (await problem(await http.get("/processes/helo"), 404))["detail"]
    answer = await http.post("/processes/Ecco/execution", json={})
    assert "echo" in (await problem(answer, 404, "no-such-process"))["detail"]


async def test_core_test_process(http: httpx.AsyncClient) -> None:
    """One that anybody can run, with every kind of input."""
    described = await get(http, "/processes/echo")
    assert {"string", "number", "integer", "boolean", "array", "bbox", "image", "geometry"} <= set(described["inputs"])
    assert all(one.get("minOccurs") == 0 for one in described["inputs"].values())
