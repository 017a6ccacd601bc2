"""OGC 20-044, class Deploy, Replace, Undeploy."""

from pathlib import Path

import httpx
import pytest

from mcp_ogc.ogc.models import ProcessSummary
from tests.local.conftest import BASE, deploy, opened, problem, submit, tool, until
from tests.local.requirements.asking import CWL, HELLO, OGCAPPPKG, get

pytestmark = pytest.mark.anyio

NEWER = HELLO.replace("label: L", "label: Newer")


async def test_deploy_replace_undeploy_deploy_post_op(http: httpx.AsyncClient) -> None:
    await deploy(http, HELLO)
    assert (await get(http, "/processes/hello"))["id"] == "hello"


async def test_deploy_replace_undeploy_deploy_content_type(http: httpx.AsyncClient) -> None:
    """The body is read as what its media type says it is, whatever its parameters and case."""
    for media_type in ("application/cwl", "application/cwl+yaml; charset=utf-8", "Application/CWL"):
        answer = await http.post("/processes", content=HELLO, headers={"Content-Type": media_type})
        assert answer.status_code == 201, media_type
        await http.delete("/processes/hello")
    await problem(await http.post("/processes", content=HELLO, headers=OGCAPPPKG), 400)


@pytest.mark.parametrize("body", [b"\xff\xfe", b"", b"[", b"!!python/object:os.system x", b"a: &a [*a, *a]"])
async def test_deploy_replace_undeploy_deploy_body(http: httpx.AsyncClient, body: bytes) -> None:
    """What is no package is refused."""
    await problem(await http.post("/processes", content=body, headers=CWL), 400)


async def test_a_deployment_that_fails_says_where_and_leaves_nothing(http: httpx.AsyncClient) -> None:
    answer = await http.post("/processes", content=HELLO.replace("class: Workflow", "class: Wrkflow"), headers=CWL)
    assert "package:3:3" in (await problem(answer, 400))["detail"]
    assert len((await get(http, "/processes"))["processes"]) == 2


async def test_a_body_without_end_is_refused(http: httpx.AsyncClient) -> None:
    body = b" " * (33 << 20)
    await problem(await http.post("/processes", content=body, headers=CWL), 413)
    await problem(await http.post("/processes/echo/execution", content=body), 413)


async def test_deploy_replace_undeploy_deploy_response_pid(http: httpx.AsyncClient) -> None:
    """The id of the process description where one comes with the package, else the workflow's."""
    package = {"processDescription": {"id": "renamed"}, "executionUnit": {"value": HELLO}}
    for body, process_id in ((HELLO, "hello"), (package, "renamed")):
        sent = {"content": body, "headers": CWL} if isinstance(body, str) else {"json": body}
        answer = await http.post("/processes", **sent)  # type: ignore[arg-type]
        assert answer.json()["id"] == process_id


async def test_deploy_replace_undeploy_deploy_response_success(http: httpx.AsyncClient) -> None:
    answer = await http.post("/processes", content=HELLO, headers=CWL)
    assert (answer.status_code, answer.headers["location"]) == (201, f"{BASE}/processes/hello")


async def test_deploy_replace_undeploy_deploy_response_body(http: httpx.AsyncClient) -> None:
    answer = await http.post("/processes", content=HELLO, headers=CWL)
    assert ProcessSummary.model_validate(answer.json()).id == "hello"
    assert "inputs" not in answer.json()


async def test_deploy_replace_undeploy_deploy_response_duplicate(http: httpx.AsyncClient) -> None:
    await deploy(http, HELLO)
    for package in (HELLO, tool("echo", "true")):
        answer = await http.post("/processes", content=package, headers=CWL)
        await problem(answer, 409, "ogcapi-processes-2/1.0/duplicated-process")


async def test_deploy_replace_undeploy_deploy_response_immutable(http: httpx.AsyncClient) -> None:
    for method in ("PUT", "DELETE"):
        answer = await http.request(method, "/processes/echo", content=HELLO, headers=CWL)
        await problem(answer, 403, "ogcapi-processes-2/1.0/immutable-process")


async def test_deploy_replace_undeploy_deploy_unsupported_media_type(http: httpx.AsyncClient) -> None:
    answer = await http.post("/processes", content="x", headers={"Content-Type": "text/plain"})
    told = await problem(answer, 415, "ogcapi-processes-2/1.0/unsupported-media-type")
    assert "application/cwl" in told["detail"]


async def test_an_untrusted_package_is_refused_with_the_setting_that_trusts_it(tmp_path: Path) -> None:
    async with opened(tmp_path / "l", trusted=()) as http:
        told = await problem(await http.post("/processes", content=HELLO, headers=CWL), 403)
        assert 'trusted_packages = ["sha256:' in told["detail"]
        assert len((await get(http, "/processes"))["processes"]) == 2
    async with opened(tmp_path / "l", trusted=(told["detail"].split('"')[1],)) as http:
        await deploy(http, HELLO)


async def test_deploy_replace_undeploy_replace_put_op(http: httpx.AsyncClient) -> None:
    await problem(await http.put("/processes/hello", content=HELLO, headers=CWL), 404, "no-such-process")
    await deploy(http, HELLO)
    await http.put("/processes/hello", content=NEWER, headers=CWL)
    assert (await get(http, "/processes/hello"))["title"] == "Newer"


async def test_deploy_replace_undeploy_replace_content_type(http: httpx.AsyncClient) -> None:
    await deploy(http, HELLO)
    answer = await http.put("/processes/hello", content=NEWER, headers={"Content-Type": "text/plain"})
    await problem(answer, 415, "unsupported-media-type")


async def test_deploy_replace_undeploy_replace_body(http: httpx.AsyncClient) -> None:
    """What it is replaced with has its id."""
    await deploy(http, HELLO)
    answer = await http.put("/processes/hello", content=tool("other", "true"), headers=CWL)
    assert "'hello'" in (await problem(answer, 400))["detail"]
    assert (await http.get("/processes/hello/package")).text == HELLO


async def test_deploy_replace_undeploy_replace_response(http: httpx.AsyncClient) -> None:
    await deploy(http, HELLO)
    answer = await http.put("/processes/hello", content=NEWER, headers=CWL)
    assert (answer.status_code, answer.content) == (204, b"")


async def test_deploy_replace_undeploy_undeploy_delete_op(http: httpx.AsyncClient) -> None:
    await deploy(http, HELLO)
    await http.delete("/processes/hello")
    await problem(await http.get("/processes/hello"), 404, "no-such-process")


async def test_deploy_replace_undeploy_undeploy_response(http: httpx.AsyncClient) -> None:
    await deploy(http, HELLO)
    assert (await http.delete("/processes/hello")).status_code == 204
    await problem(await http.delete("/processes/hello"), 404, "no-such-process")


async def test_a_job_keeps_the_package_it_began_with(http: httpx.AsyncClient) -> None:
    await deploy(http, HELLO)
    job_id = await submit(http, "hello")
    await http.delete("/processes/hello")
    assert (await until(http, job_id))["status"] == "successful"


async def test_deploy_replace_undeploy_package_get_op(http: httpx.AsyncClient) -> None:
    await deploy(http, HELLO)
    assert (await http.get("/processes/hello/package")).status_code == 200
    await problem(await http.get("/processes/echo/package"), 404)


async def test_deploy_replace_undeploy_package_response_success(http: httpx.AsyncClient) -> None:
    """In an encoding that is accepted; what can't be had so says as what it can."""
    await deploy(http, HELLO)
    for accept in ("image/png", "application/cwl+json", "application/cwl;q=0"):
        answer = await http.get("/processes/hello/package", headers={"Accept": accept})
        assert "application/ogcapppkg+json" in (await problem(answer, 406))["detail"]


async def test_deploy_replace_undeploy_package_response_body(http: httpx.AsyncClient) -> None:
    await deploy(http, HELLO)
    assert (await http.get("/processes/hello/package")).text == HELLO


async def test_deploy_replace_undeploy_static_indicator(http: httpx.AsyncClient) -> None:
    await deploy(http, HELLO)
    mutable = {process["id"]: process["mutable"] for process in (await get(http, "/processes"))["processes"]}
    assert mutable == {"echo": False, "pause": False, "hello": True}
