"""A test for each requirement of each declared conformance class (OGC 18-062r2 and OGC 20-044), named after it."""

import json
import re
from typing import Any

import httpx
import pytest

from mcp_ogc.local.app import CONFORMS_TO
from tests.local.conftest import BASE, deploy, problem, status, submit, tool, until

pytestmark = pytest.mark.anyio

PACKAGE = tool("hello", "echo hello > hello.txt")
CWL = {"Content-Type": "application/cwl"}
EXCEPTIONS = "http://www.opengis.net/def/exceptions/ogcapi-processes-"


async def get(http: httpx.AsyncClient, path: str, **query: str) -> Any:
    answer = await http.get(path, params=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/json")
    return answer.json()


# --- Part 1, core


async def test_core_landingpage(http: httpx.AsyncClient) -> None:
    links = {link["rel"]: link["href"] for link in (await get(http, "/"))["links"]}
    for rel in (
        "service-desc",
        "http://www.opengis.net/def/rel/ogc/1.0/conformance",
        "http://www.opengis.net/def/rel/ogc/1.0/processes",
        "http://www.opengis.net/def/rel/ogc/1.0/job-list",
    ):
        assert (await http.get(links[rel])).status_code == 200


async def test_core_api_definition_and_oas30(http: httpx.AsyncClient) -> None:
    answer = await http.get("/api")
    assert answer.headers["content-type"] == "application/vnd.oai.openapi+json;version=3.0"
    definition = answer.json()
    assert definition["openapi"].startswith("3.0")
    from openapi_spec_validator import validate

    validate(definition)
    for path, operations in definition["paths"].items():
        served = path.replace("{processID}", "echo").replace("{", "").replace("}", "")
        for method in operations:
            assert (await http.request(method, served)).status_code != 405, f"{method} {path}"


async def test_core_conformance(http: httpx.AsyncClient) -> None:
    assert (await get(http, "/conformance"))["conformsTo"] == list(CONFORMS_TO)


async def test_core_process_list_and_pl_links(http: httpx.AsyncClient) -> None:
    document = await get(http, "/processes")
    assert [process["id"] for process in document["processes"]] == ["echo", "pause"]
    assert document["links"][0]["rel"] == "self"
    for process in document["processes"]:
        assert {"id", "version", "jobControlOptions", "outputTransmission", "links"} <= set(process)
        assert "inputs" not in process
        described = next(link for link in process["links"] if link["rel"] == "self")
        assert (await http.get(described["href"])).status_code == 200


async def test_core_pl_limit(http: httpx.AsyncClient) -> None:
    first = await get(http, "/processes", limit="1")
    assert [process["id"] for process in first["processes"]] == ["echo"]
    following = next(link["href"] for link in first["links"] if link["rel"] == "next")
    assert [process["id"] for process in (await http.get(following)).json()["processes"]] == ["pause"]
    assert len((await get(http, "/processes", limit="1000000000"))["processes"]) == 2, "more than the most is the most"
    for limit in ("0", "-1", "x", "9" * 5000, "1.5"):
        told = await problem(await http.get("/processes", params={"limit": limit}), 400, "invalid-parameter-value")
        assert "whole number" in told["detail"]


async def test_core_process_and_ogc_process_description(http: httpx.AsyncClient) -> None:
    document = await get(http, "/processes/echo")
    assert document["id"] == "echo"
    for member in (*document["inputs"].values(), *document["outputs"].values()):
        assert isinstance(member["schema"], dict)
    assert document["inputs"]["strings"]["maxOccurs"] == 5
    assert document["inputs"]["string"]["minOccurs"] == 0
    rels = {link["rel"] for link in document["links"]}
    assert "http://www.opengis.net/def/rel/ogc/1.0/execute" in rels


async def test_core_no_such_process(http: httpx.AsyncClient) -> None:
    for method, path in (("GET", ""), ("POST", "/execution"), ("DELETE", ""), ("GET", "/package")):
        await problem(
            await http.request(method, f"/processes/none{path}"), 404, "ogcapi-processes-1/1.0/no-such-process"
        )


@pytest.mark.parametrize(
    "inputs",
    [
        {"string": "a"},
        {"number": 1.5, "integer": 2, "boolean": False},
        {"array": [1, 2, 3]},
        {"strings": ["a", "b"]},
        {"bbox": {"bbox": [1, 2, 3, 4], "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}},
        {"measurement": {"value": {"measurement": 1, "uom": "m"}, "mediaType": "application/json"}},
        {"image": {"value": "AAAA", "encoding": "base64", "mediaType": "image/tiff; application=geotiff"}},
        {"image": {"href": "https://x.example/a.tif", "type": "image/tiff"}},
        {"geometry": {"type": "Point", "coordinates": [1, 2]}, "datetime": "2020-01-01T00:00:00Z", "choice": "one"},
    ],
    ids=["string", "literals", "array", "input-array", "bbox", "object", "binary", "ref", "mixed"],
)  # fmt: skip
async def test_core_process_execute_inputs_of_every_kind(http: httpx.AsyncClient, inputs: dict[str, Any]) -> None:
    """Objects come back qualified, as inlineOrRefData.yaml has them; everything else as it was given."""
    answer = await http.post("/processes/echo/execution", json={"inputs": inputs, "response": "document"})
    assert answer.status_code == 200
    bare = ("geometry",)
    assert answer.json() == {name: {"value": value} if name in bare else value for name, value in inputs.items()}


async def test_core_process_execute_input_validation(http: httpx.AsyncClient) -> None:
    for inputs in ({"integer": "x"}, {"unknown": 1}, {"strings": ["a"] * 6}):
        answer = await http.post("/processes/echo/execution", json={"inputs": inputs})
        await problem(answer, 400, "invalid-parameter-value")
    for body in ("[]", "{", '{"inputs": []}'):
        await problem(await http.post("/processes/echo/execution", content=body), 400)
    answer = await http.post("/processes/echo/execution", json={"inputs": {}, "outputs": {"none": {}}})
    await problem(answer, 400, "no-such-output")


async def test_core_process_execute_default_outputs_and_selected_ones(http: httpx.AsyncClient) -> None:
    body: dict[str, Any] = {"inputs": {"string": "a", "number": 1}, "response": "document"}
    assert (await http.post("/processes/echo/execution", json=body)).json() == {"string": "a", "number": 1}
    body["outputs"] = {"number": {"transmissionMode": "value"}}
    assert (await http.post("/processes/echo/execution", json=body)).json() == {"number": 1}


async def test_core_process_execute_sync_raw(http: httpx.AsyncClient) -> None:
    one = await http.post("/processes/echo/execution", json={"inputs": {"string": "plain"}})
    assert (one.text, one.headers["content-type"]) == ("plain", "text/plain; charset=utf-8")
    several = await http.post("/processes/echo/execution", json={"inputs": {"string": "a", "number": 1}})
    assert several.headers["content-type"].startswith("multipart/related")
    assert "Content-ID: <string>" in several.text
    none = await http.post("/processes/echo/execution", json={"inputs": {}})
    assert none.status_code == 204


async def test_core_process_execute_default_and_auto_execution_mode(http: httpx.AsyncClient) -> None:
    """A process of both kinds is synchronous unless asked; a package is always a job."""
    body = {"inputs": {"seconds": 0}}
    assert (await http.post("/processes/pause/execution", json=body)).status_code == 200
    answer = await http.post("/processes/pause/execution", json=body, headers={"Prefer": "wait=5, respond-async"})
    assert answer.status_code == 201
    assert answer.headers["preference-applied"] == "respond-async"
    await deploy(http, PACKAGE)
    assert (await http.post("/processes/hello/execution", json={"inputs": {}})).status_code == 201


async def test_core_process_execute_success_async_and_job(http: httpx.AsyncClient) -> None:
    answer = await http.post(
        "/processes/echo/execution", json={"inputs": {"string": "x"}}, headers={"Prefer": "respond-async"}
    )
    info = answer.json()
    assert answer.headers["location"] == f"{BASE}/jobs/{info['jobID']}"
    assert (info["type"], info["processID"]) == ("process", "echo")
    done = await until(http, info["jobID"])
    assert done["status"] == "successful"
    assert done["progress"] == 100
    assert done["created"] <= done["started"] <= done["finished"]
    assert [link["rel"] for link in done["links"]] == ["self", "http://www.opengis.net/def/rel/ogc/1.0/results"]


async def test_core_job_results_async_document_and_one(http: httpx.AsyncClient) -> None:
    job_id = await submit(http, "echo", string="x", number=2)
    await until(http, job_id)
    assert (await http.get(f"/jobs/{job_id}/results")).json() == {"string": "x", "number": 2}
    assert (await http.get(f"/jobs/{job_id}/results/number")).json() == 2
    await problem(await http.get(f"/jobs/{job_id}/results/none"), 404, "no-such-output")


async def test_core_job_results_async_raw_values_and_references(http: httpx.AsyncClient) -> None:
    await deploy(http, tool("made", "echo a > a.txt", outputs="{out: {type: Directory, outputSource: run-it/out}}"))
    answer = await http.post("/processes/made/execution", json={"inputs": {}}, headers={"Prefer": "respond-async"})
    job_id = answer.json()["jobID"]
    await until(http, job_id)
    (file,) = (await http.get(f"/jobs/{job_id}/results")).json()
    assert file["type"] == "text/plain"
    assert file["href"].startswith("file:///")


async def test_core_no_such_job_and_results_not_ready(http: httpx.AsyncClient) -> None:
    for path in ("/jobs/none", "/jobs/none/results", "/jobs/none/logs/x"):
        await problem(await http.get(path), 404, "no-such-job")
    job_id = await submit(http, "pause", seconds=30)
    await problem(await http.get(f"/jobs/{job_id}/results"), 404, "result-not-ready")
    await http.delete(f"/jobs/{job_id}")


async def test_core_job_results_failed(http: httpx.AsyncClient) -> None:
    await deploy(http, tool("broken", "echo why >&2; exit 3"))
    job_id = await submit(http, "broken")
    info = await until(http, job_id)
    assert info["status"] == "failed"
    told = await problem(await http.get(f"/jobs/{job_id}/results"), 500)
    assert told["detail"] == info["message"] == "step run-it exited 3: why"


async def test_core_http_unknown_resources_and_methods(http: httpx.AsyncClient) -> None:
    await problem(await http.get("/nothing"), 404)
    await problem(await http.put("/processes"), 405)


# --- Part 1, job list


async def test_job_list_filters_and_links(http: httpx.AsyncClient) -> None:
    done, running = await submit(http, "echo", string="x"), await submit(http, "pause", seconds=30)
    created = (await until(http, done))["created"]
    document = await get(http, "/jobs")
    assert [job["jobID"] for job in document["jobs"]] == [running, done]
    for query, expected in (
        ({"status": "successful"}, [done]),
        ({"status": "accepted,running"}, [running]),
        ({"processID": "pause"}, [running]),
        ({"type": "process"}, [running, done]),
        ({"type": "other"}, []),
        ({"datetime": f"../{created}"}, [done]),
        ({"datetime": "2000-01-01T00:00:00Z/2001-01-01T00:00:00Z"}, []),
        ({"minDuration": "3600"}, []),
        ({"maxDuration": "3600", "status": "successful"}, [done]),
        ({"limit": "1"}, [running]),
    ):
        found = await get(http, "/jobs", **query)
        assert [job["jobID"] for job in found["jobs"]] == expected, query
    first = await get(http, "/jobs", limit="1", type="process")
    following = next(link["href"] for link in first["links"] if link["rel"] == "next")
    assert "type=process" in following
    assert [job["jobID"] for job in (await http.get(following)).json()["jobs"]] == [done]
    for query in ({"status": "finished"}, {"datetime": "soon"}, {"minDuration": "x"}, {"limit": "0"}):
        await problem(await http.get("/jobs", params=query), 400, "invalid-parameter-value")
    await http.delete(f"/jobs/{running}")


# --- Part 1, dismiss


async def test_dismiss(http: httpx.AsyncClient) -> None:
    job_id = await submit(http, "pause", seconds=60)
    answer = await http.delete(f"/jobs/{job_id}")
    assert (answer.status_code, answer.json()["status"]) == (200, "dismissed")
    await problem(await http.get(f"/jobs/{job_id}"), 404, "no-such-job")
    await problem(await http.delete(f"/jobs/{job_id}"), 404, "no-such-job")


# --- Part 2


async def test_deploy_response_and_static_indicator(http: httpx.AsyncClient) -> None:
    answer = await http.post("/processes", content=PACKAGE, headers=CWL)
    assert answer.status_code == 201
    assert answer.headers["location"] == f"{BASE}/processes/hello"
    assert (answer.json()["id"], answer.json()["mutable"]) == ("hello", True)
    assert (await get(http, "/processes/echo"))["mutable"] is False


async def test_deploy_duplicate_immutable_and_unsupported(http: httpx.AsyncClient) -> None:
    await deploy(http, PACKAGE)
    answer = await http.post("/processes", content=PACKAGE, headers=CWL)
    await problem(answer, 409, "ogcapi-processes-2/1.0/duplicated-process")
    answer = await http.post("/processes", content=tool("echo", "true"), headers=CWL)
    await problem(answer, 409, "duplicated-process")
    answer = await http.post("/processes", content="x", headers={"Content-Type": "text/plain"})
    told = await problem(answer, 415, "ogcapi-processes-2/1.0/unsupported-media-type")
    assert "application/cwl" in told["detail"]
    for method in ("PUT", "DELETE"):
        answer = await http.request(method, "/processes/echo", content=PACKAGE, headers=CWL)
        await problem(answer, 403, "ogcapi-processes-2/1.0/immutable-process")


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("application/cwl+yaml", PACKAGE),
        (
            "application/ogcapppkg+json",
            json.dumps({"executionUnit": {"value": PACKAGE, "mediaType": "application/cwl"}}),
        ),
        ("application/ogcapppkg+json", json.dumps({"executionUnit": [{"unit": PACKAGE}]})),
        ("application/json; charset=utf-8", json.dumps({"executionUnit": {"value": PACKAGE}})),
    ],
)
async def test_cwl_and_ogcapppkg_deploy_bodies(http: httpx.AsyncClient, media_type: str, body: str) -> None:
    answer = await http.post("/processes", content=body, headers={"Content-Type": media_type})
    assert (answer.status_code, answer.json().get("id")) == (201, "hello")


async def test_ogcapppkg_by_reference_is_refused_with_what_to_do(http: httpx.AsyncClient) -> None:
    body = {"executionUnit": {"href": "https://x.example/a.cwl", "type": "application/cwl"}}
    answer = await http.post("/processes", json=body)
    assert "by value" in (await problem(answer, 400))["detail"]


async def test_cwl_deploy_w_param_and_workflow_not_found(http: httpx.AsyncClient) -> None:
    answer = await http.post("/processes", params={"w": "none"}, content=PACKAGE, headers=CWL)
    await problem(answer, 400, "ogcapi-processes-2/1.0/workflow-not-found")
    answer = await http.post("/processes", params={"w": "hello"}, content=PACKAGE, headers=CWL)
    assert answer.json()["id"] == "hello"


async def test_a_deployment_that_fails_leaves_nothing(http: httpx.AsyncClient) -> None:
    answer = await http.post("/processes", content=PACKAGE.replace("class: Workflow", "class: Wrkflow"), headers=CWL)
    assert "package:3:3" in (await problem(answer, 400))["detail"]
    assert len((await get(http, "/processes"))["processes"]) == 2


async def test_replace(http: httpx.AsyncClient) -> None:
    await problem(await http.put("/processes/hello", content=PACKAGE, headers=CWL), 404, "no-such-process")
    await deploy(http, PACKAGE)
    newer = PACKAGE.replace("label: L", "label: Newer")
    answer = await http.put("/processes/hello", content=newer, headers=CWL)
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await get(http, "/processes/hello"))["title"] == "Newer"
    answer = await http.put("/processes/hello", content=tool("other", "true"), headers=CWL)
    assert "'hello'" in (await problem(answer, 400))["detail"]


async def test_undeploy(http: httpx.AsyncClient) -> None:
    await deploy(http, PACKAGE)
    job_id = await submit(http, "hello")
    assert (await http.delete("/processes/hello")).status_code == 204
    await problem(await http.get("/processes/hello"), 404, "no-such-process")
    assert (await until(http, job_id))["status"] == "successful", "a job keeps its package"


async def test_package_is_the_deployed_body(http: httpx.AsyncClient) -> None:
    await deploy(http, PACKAGE)
    assert (await http.get("/processes/hello/package")).text == PACKAGE
    answer = await http.get("/processes/hello/package", headers={"Accept": "application/ogcapppkg+json"})
    assert answer.json()["executionUnit"]["value"] == PACKAGE
    await problem(await http.get("/processes/hello/package", headers={"Accept": "image/png"}), 406)


async def test_an_untrusted_package_is_refused_with_the_setting_that_trusts_it(tmp_path: Any) -> None:
    from mcp_ogc.local.app import open_app
    from mcp_ogc.settings import LocalSettings

    async with (
        open_app(LocalSettings(container_engine="none"), tmp_path / "l") as app,
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as http,
    ):
        told = await problem(await http.post("/processes", content=PACKAGE, headers=CWL), 403)
        assert 'trusted_packages = ["sha256:' in told["detail"]
        digest = told["detail"].split('"')[1]
        assert len((await get(http, "/processes"))["processes"]) == 2
    trusting = LocalSettings(container_engine="none", trusted_packages=(digest,))
    async with (
        open_app(trusting, tmp_path / "l") as app,
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as http,
    ):
        await deploy(http, PACKAGE)


async def test_status_has_no_member_without_value(http: httpx.AsyncClient) -> None:
    info = await status(http, await submit(http, "echo", string="x"))
    assert None not in info.values()


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
async def test_cwl_package_response_body_is_what_is_accepted_most(
    http: httpx.AsyncClient, accept: str, media_type: str
) -> None:
    await deploy(http, PACKAGE)
    answer = await http.get("/processes/hello/package", headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    assert PACKAGE in (answer.text, answer.json()["executionUnit"]["value"] if "ogcapppkg" in media_type else "")


async def test_package_says_what_it_can_be_had_as(http: httpx.AsyncClient) -> None:
    await deploy(http, PACKAGE)
    for accept in ("image/png", "application/cwl+json", "application/cwl;q=0"):
        answer = await http.get("/processes/hello/package", headers={"Accept": accept})
        assert "application/ogcapppkg+json" in (await problem(answer, 406))["detail"]
    await problem(await http.get("/processes/echo/package"), 404)


async def test_ogcapppkg_package_response_body_is_the_deployed_body(http: httpx.AsyncClient) -> None:
    body = json.dumps({"executionUnit": {"value": PACKAGE}, "extra": [1]}, indent=3)
    kind = {"Content-Type": "application/ogcapppkg+json"}
    assert (await http.post("/processes", content=body, headers=kind)).status_code == 201
    assert (await http.get("/processes/hello/package")).text == body
    answer = await http.get("/processes/hello/package", headers={"Accept": "application/cwl"})
    assert answer.text == PACKAGE
    body = body.replace("label: L", "label: Newer")
    assert (await http.put("/processes/hello", content=body, headers=kind)).status_code == 204
    assert (await get(http, "/processes/hello"))["title"] == "Newer"


async def test_ogcapppkg_process_description_beside_the_cwl_is_taken(http: httpx.AsyncClient) -> None:
    """Its id too (/req/deploy-replace-undeploy/deploy-response-pid); inputs and outputs are the CWL's to say."""
    told = {"id": "renamed", "version": "2.1.0", "title": "T", "description": "D", "keywords": ["a"]}
    package = {"processDescription": {**told, "inputs": {"x": {}}}, "executionUnit": {"value": PACKAGE}}
    answer = await http.post("/processes", json=package)
    assert answer.headers["location"] == f"{BASE}/processes/renamed"
    document = await get(http, "/processes/renamed")
    assert {name: document[name] for name in told} == told
    assert document["inputs"] == {}
    assert (await until(http, await submit(http, "renamed")))["status"] == "successful"


@pytest.mark.parametrize(
    ("package", "status_code", "told"),
    [
        ({"processDescription": {"id": "../up"}, "executionUnit": {"value": PACKAGE}}, 400, "letters, digits"),
        ({"processDescription": {"id": "a/b"}, "executionUnit": {"value": PACKAGE}}, 400, "letters, digits"),
        ({"processDescription": {"id": 2}, "executionUnit": {"value": PACKAGE}}, 400, "id, version, title"),
        ({"processDescription": [], "executionUnit": {"value": PACKAGE}}, 400, "id, version, title"),
        ({"executionUnit": {"value": PACKAGE, "mediaType": "application/vnd.oci.image"}}, 415, "application/cwl"),
        ({"executionUnit": []}, 400, "application/cwl"),
        ({"executionUnit": [{"value": PACKAGE}, {"value": PACKAGE}]}, 400, "application/cwl"),
        ({"executionUnit": {"value": 5}}, 400, "application/cwl"),
        ({"executionUnit": {"value": {"class": "Workflow"}}}, 400, "cwlVersion"),
        ([], 400, "executionUnit"),
        ({}, 400, "application/cwl"),
    ],
)
async def test_ogcapppkg_that_can_not_be_deployed_says_what_would_be(
    http: httpx.AsyncClient, package: Any, status_code: int, told: str
) -> None:
    answer = await http.post("/processes", json=package, headers={"Content-Type": "application/ogcapppkg+json"})
    assert told in (await problem(answer, status_code))["detail"]
    assert len((await get(http, "/processes"))["processes"]) == 2


@pytest.mark.parametrize("body", [b"\xff\xfe", b"", b"[", b"!!python/object:os.system x", b"a: &a [*a, *a]"])
async def test_cwl_that_does_not_parse_is_refused(http: httpx.AsyncClient, body: bytes) -> None:
    await problem(await http.post("/processes", content=body, headers=CWL), 400)


async def test_a_body_without_end_is_refused(http: httpx.AsyncClient) -> None:
    body = b" " * (33 << 20)
    await problem(await http.post("/processes", content=body, headers=CWL), 413)
    await problem(await http.post("/processes/echo/execution", content=body), 413)


async def test_core_no_such_process_names_the_nearest(http: httpx.AsyncClient) -> None:
    await deploy(http, PACKAGE)
    assert "Did you mean hello" in (await problem(await http.get("/processes/helo"), 404))["detail"]
    answer = await http.post("/processes/Ecco/execution", json={})
    assert "echo" in (await problem(answer, 404, "no-such-process"))["detail"]


@pytest.mark.parametrize("inputs", [{"seconds": {"href": "https://x.example/"}}, {"seconds": {"value": "x"}}])
async def test_core_process_execute_input_validation_of_the_built_in(
    http: httpx.AsyncClient, inputs: dict[str, Any]
) -> None:
    for headers in ({}, {"Prefer": "respond-async"}):
        answer = await http.post("/processes/pause/execution", json={"inputs": inputs}, headers=headers)
        await problem(answer, 400, "invalid-parameter-value")
    answer = await http.post("/processes/pause/execution", json={"inputs": {"seconds": {"value": 0}}})
    assert answer.json() == 0.0


async def test_json_answers_fit_the_schemas_of_the_api_definition(http: httpx.AsyncClient) -> None:
    """What /api says is what is answered: of every operation that answers JSON."""
    from openapi_schema_validator import OAS30Validator

    definition = (await http.get("/api")).json()
    await deploy(http, tool("broken", "exit 1"))
    done, failed = await submit(http, "echo", string="x"), await submit(http, "broken")
    for job_id in (done, failed):
        await until(http, job_id)
    answers = {
        ("/", "get"): [await http.get("/")],
        ("/conformance", "get"): [await http.get("/conformance")],
        ("/processes", "get"): [await http.get("/processes"), await http.get("/processes?limit=x")],
        ("/processes", "post"): [
            await http.post("/processes", content=PACKAGE, headers=CWL),
            await http.post("/processes", content=PACKAGE, headers=CWL),
        ],
        ("/processes/{processID}", "get"): [
            *[await http.get(f"/processes/{one}") for one in ("echo", "pause", "broken")],
            await http.get("/processes/none"),
        ],
        ("/processes/{processID}/execution", "post"): [
            await http.post("/processes/broken/execution", json={}),
            await http.post("/processes/broken/execution", json=[]),
        ],
        ("/jobs", "get"): [await http.get("/jobs")],
        ("/jobs/{jobID}", "get"): [await http.get(f"/jobs/{done}"), await http.get(f"/jobs/{failed}")],
        ("/jobs/{jobID}/results", "get"): [
            await http.get(f"/jobs/{done}/results"),
            await http.get(f"/jobs/{failed}/results"),
        ],
        ("/jobs/{jobID}", "delete"): [await http.delete(f"/jobs/{done}"), await http.delete(f"/jobs/{done}")],
    }
    for (path, method), given in answers.items():
        responses = definition["paths"][path][method]["responses"]
        for answer in given:
            content = responses[str(answer.status_code)]["content"]
            kind = answer.headers["content-type"].split(";")[0]
            schema = {**content[kind]["schema"], "components": definition["components"]}
            OAS30Validator(schema).validate(answer.json())


async def test_core_api_definition_has_every_route_and_no_other(root: Any) -> None:
    from mcp_ogc.local.app import open_app
    from mcp_ogc.local.openapi import definition
    from mcp_ogc.settings import LocalSettings

    def names(path: str) -> str:
        return re.sub(r"\{[^}]*\}", "{}", path)

    async with open_app(LocalSettings(), root) as app:
        served = {(names(route.path), method.lower()) for route in app.routes for method in route.methods}  # type: ignore[attr-defined]
    told = {(names(path), method) for path, operations in definition("")["paths"].items() for method in operations}
    assert {(path, method) for path, method in served if method != "head"} == told


async def test_core_process_execute_sync_document_fits_the_standard(http: httpx.AsyncClient) -> None:
    """results.yaml of OGC 18-062r2: a value that is no object, a bounding box, a qualified value, or a link."""
    inputs = {
        "string": "a",
        "number": 1.5,
        "array": [1, 2],
        "bbox": {"bbox": [1, 2, 3, 4]},
        "geometry": {"type": "Point", "coordinates": [1, 2], "bbox": [1, 2, 1, 2]},
        "measurement": {"measurement": 1, "uom": "m"},
        "image": {"href": "https://x.example/a.tif"},
    }
    answer = await http.post("/processes/echo/execution", json={"inputs": inputs, "response": "document"})
    for name, value in answer.json().items():
        if isinstance(value, dict):
            kinds = [{"value", *value} <= {"value", "mediaType", "encoding", "schema"} and "value" in value]
            kinds += [set(value) <= {"bbox", "crs"}, "href" in value]
            assert sum(kinds) == 1, name


async def test_a_folder_that_can_not_be_used_is_a_problem_not_a_crash(http: httpx.AsyncClient, root: Any) -> None:
    (root / "local.sqlite3").write_bytes(b"not a database, and longer than a header of one is" * 100)
    told = await problem(await http.get("/jobs"), 500)
    assert "folder" in told["title"]
