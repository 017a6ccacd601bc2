"""OGC 18-062r2, class OpenAPI 3.0."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from mcp_ogc.local.app import open_app
from mcp_ogc.local.openapi import definition
from mcp_ogc.settings import LocalSettings
from tests.local.conftest import submit, tool, until
from tests.local.requirements.asking import CWL, HELLO

pytestmark = pytest.mark.anyio


@pytest.fixture
async def api(http: httpx.AsyncClient) -> Any:
    return (await http.get("/api")).json()


async def test_oas30_oas_definition_1(api: Any) -> None:
    from openapi_spec_validator import validate

    assert api["openapi"].startswith("3.0")
    validate(api)


async def test_oas30_oas_definition_2(http: httpx.AsyncClient) -> None:
    """Its media type says which version of OpenAPI it is."""
    assert (await http.get("/api")).headers["content-type"] == "application/vnd.oai.openapi+json;version=3.0"


async def test_oas30_oas_impl(http: httpx.AsyncClient, api: Any) -> None:
    for path, operations in api["paths"].items():
        served = path.replace("{processID}", "echo").replace("{", "").replace("}", "")
        for method in operations:
            assert (await http.request(method, served)).status_code != 405, f"{method} {path}"


async def test_oas30_completeness(root: Path) -> None:
    """It has every route and no other."""

    def names(path: str) -> str:
        return re.sub(r"\{[^}]*\}", "{}", path)

    async with open_app(LocalSettings(), root) as app:
        served = {(names(route.path), method.lower()) for route in app.routes for method in route.methods}  # type: ignore[attr-defined]
    told = {(names(path), method) for path, operations in definition("")["paths"].items() for method in operations}
    assert {(path, method) for path, method in served if method != "head"} == told


async def test_oas30_exceptions_codes(http: httpx.AsyncClient, api: Any) -> None:
    """What is answered when it goes wrong is among what the definition says may be answered."""
    for path, method, answer in (
        ("/processes", "get", await http.get("/processes?limit=x")),
        ("/processes/{processID}", "get", await http.get("/processes/none")),
        ("/jobs/{jobID}", "get", await http.get("/jobs/none")),
        ("/processes", "post", await http.post("/processes", content="x", headers={"Content-Type": "text/plain"})),
    ):
        assert str(answer.status_code) in api["paths"][path][method]["responses"]


async def test_oas30_security(api: Any) -> None:
    """Nothing is asked for, and so none is declared."""
    assert "security" not in api
    assert "securitySchemes" not in api.get("components", {})


async def test_answers_fit_the_schemas_of_the_api_definition(http: httpx.AsyncClient, api: Any) -> None:
    """What /api says is what is answered: of every operation that answers JSON."""
    from openapi_schema_validator import OAS30Validator

    await http.post("/processes", content=tool("broken", "exit 1"), headers=CWL)
    done, failed = await submit(http, "echo", string="x"), await submit(http, "broken")
    for job_id in (done, failed):
        await until(http, job_id)
    answers = {
        ("/", "get"): [await http.get("/")],
        ("/conformance", "get"): [await http.get("/conformance")],
        ("/processes", "get"): [await http.get("/processes"), await http.get("/processes?limit=x")],
        ("/processes", "post"): [
            await http.post("/processes", content=HELLO, headers=CWL),
            await http.post("/processes", content=HELLO, headers=CWL),
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
        responses = api["paths"][path][method]["responses"]
        for answer in given:
            content = responses[str(answer.status_code)]["content"]
            kind = answer.headers["content-type"].split(";")[0]
            schema = {**content[kind]["schema"], "components": api["components"]}
            OAS30Validator(schema).validate(answer.json())
