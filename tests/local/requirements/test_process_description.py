"""OGC 18-062r2, classes OGC Process Description and JSON."""

from typing import Any

import httpx
import pytest

from mcp_ogc.ogc.models import ProcessDescription
from tests.local.conftest import deploy, tool
from tests.local.requirements.asking import get, linked

pytestmark = pytest.mark.anyio

DESCRIBED = ("echo", "pause")
MIXED = tool("mixed", "true", inputs="{x: ['null', int, string]}")


@pytest.fixture(params=DESCRIBED)
async def description(request: pytest.FixtureRequest, http: httpx.AsyncClient) -> Any:
    return await get(http, f"/processes/{request.param}")


async def test_ogc_process_description_json_encoding(description: Any) -> None:
    assert ProcessDescription.model_validate(description).id == description["id"]


async def test_ogc_process_description_inputs_def(description: Any) -> None:
    assert isinstance(description["inputs"], dict)


async def test_ogc_process_description_input_def(description: Any) -> None:
    for name, one in description["inputs"].items():
        assert one["title"], name
        assert isinstance(one["schema"], dict), name


async def test_inputs_say_how_often_they_may_be_given(http: httpx.AsyncClient) -> None:
    inputs = (await get(http, "/processes/echo"))["inputs"]
    assert (inputs["strings"]["maxOccurs"], inputs["string"]["minOccurs"]) == (5, 0)


async def test_ogc_process_description_input_mixed_type(http: httpx.AsyncClient) -> None:
    await deploy(http, MIXED)
    schema = (await get(http, "/processes/mixed"))["inputs"]["x"]["schema"]
    assert {one["type"] for one in schema.get("oneOf", schema.get("anyOf", ()))} == {"integer", "string"}


async def test_ogc_process_description_outputs_def(description: Any) -> None:
    assert isinstance(description["outputs"], dict)
    assert description["outputs"]


async def test_ogc_process_description_output_def(description: Any) -> None:
    for name, one in description["outputs"].items():
        assert isinstance(one["schema"], dict), name


async def test_ogc_process_description_output_mixed_type(http: httpx.AsyncClient) -> None:
    """A picture is base64, or a link: one schema that says which media type it has either way."""
    schema = (await get(http, "/processes/echo"))["outputs"]["image"]["schema"]
    assert (schema["contentEncoding"], schema["contentMediaType"]) == ("base64", "image/tiff; application=geotiff")


async def test_ogc_process_description_links(http: httpx.AsyncClient, description: Any) -> None:
    assert linked(description, "execute").endswith(f"/processes/{description['id']}/execution")
    assert (await get(http, linked(description, "self")))["id"] == description["id"]


async def test_json_definition(http: httpx.AsyncClient) -> None:
    """Every resource of the standard says that it answers JSON; logs, files and packages are what they are."""
    paths = (await http.get("/api")).json()["paths"]
    described = ("/", "/conformance", "/processes", "/processes/{processID}", "/jobs", "/jobs/{jobID}")
    for path in (*described, "/jobs/{jobID}/results"):
        assert "application/json" in paths[path]["get"]["responses"]["200"]["content"], path


async def test_json_content(http: httpx.AsyncClient) -> None:
    for path in ("/", "/conformance", "/processes", "/processes/echo", "/jobs"):
        assert isinstance(await get(http, path), dict)
