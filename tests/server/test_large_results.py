"""However much a job made, its answer is read: so much is shown, how much is left out, and how to see it."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from mcp import Client

from mcp_ogc.server import build_server
from mcp_ogc.settings import EndpointSettings, Settings
from mcp_ogc.tools.results import MOST_ASSETS, MOST_OUTPUTS, SHOWN_ASSETS, SHOWN_OUTPUTS
from tests.server.talk import text_of
from tests.servers.loopback import Reply, Server

pytestmark = pytest.mark.anyio

CONCISE, DETAILED = 3_000, 10_000
"""Characters: some 600 tokens, and 4,000, with the lines around a list."""


@pytest.fixture
async def client(settings: Settings, server: Server) -> AsyncIterator[Client]:
    with_far = settings.model_copy(
        update={"endpoints": {"far": EndpointSettings(url=f"{server.url}/ogc")}, "default_endpoint": "far"}
    )
    answer(server, "", {"links": []})
    answer(server, "conformance", {"conformsTo": ["http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/core"]})
    answer(server, "jobs/j", {"jobID": "j", "processID": "p", "type": "process", "status": "successful"})
    async with Client(build_server(with_far)) as client:
        yield client


def answer(server: Server, path: str, document: dict[str, Any]) -> None:
    server.on(f"/ogc/{path}", Reply(headers={"Content-Type": "application/json"}, body=json.dumps(document).encode()))


async def shown(client: Client, **more: Any) -> tuple[str, dict[str, Any]]:
    result = await client.call_tool("ogc_get_results", {"job_id": "j", "endpoint": "far", **more})
    assert not result.is_error, text_of(result)
    return text_of(result), result.structured_content or {}


async def test_an_item_of_a_thousand_assets_shows_some(client: Client, server: Server) -> None:
    assets = {f"asset{n:04}": {"href": f"https://x.example/{n}.tif", "type": "image/tiff"} for n in range(1000)}
    item = {"type": "Feature", "stac_version": "1.0.0", "id": "i", "geometry": None, "links": [], "assets": assets}
    item["properties"] = {"datetime": "2026-01-01T00:00:00Z"}
    answer(server, "jobs/j/results", {"type": "FeatureCollection", "features": [item]})
    for more, count, bound in (({}, SHOWN_ASSETS, CONCISE), ({"limit": 1}, MOST_ASSETS, DETAILED)):
        text, told = await shown(client, **more)
        assert len(text) < bound
        (only,) = told["outputs"][0]["items"]
        assert (len(only["assets"]), only["assets_left_out"]) == (count, 1000 - count)
        assert "ogc_export_job saves all" in text


async def test_an_array_of_thousands_of_files_shows_some(client: Client, server: Server) -> None:
    files = [{"href": f"https://x.example/{n}.csv", "type": "text/csv"} for n in range(3000)]
    answer(server, "jobs/j/results", {"o": files})
    for more, count, bound in (({}, SHOWN_ASSETS, CONCISE), ({"limit": 1}, MOST_ASSETS, DETAILED)):
        text, told = await shown(client, **more)
        assert len(text) < bound
        assert told["outputs"][0]["files_left_out"] == 3000 - count


async def test_thousands_of_outputs_are_counted_and_any_of_them_can_be_named(client: Client, server: Server) -> None:
    answer(server, "jobs/j/results", {f"out{n}": n for n in range(2000)})
    for more, count, bound in (({}, SHOWN_OUTPUTS, CONCISE), ({"limit": 20}, MOST_OUTPUTS, DETAILED)):
        text, told = await shown(client, **more)
        assert len(text) < bound
        assert (len(told["outputs"]), told["outputs_left_out"]) == (count, 2000 - count)
        assert "2,000 outputs.\n" in text
        assert f"{2000 - count:,} outputs left out" in text
    text, told = await shown(client, output="out1999")
    assert "1999" in text
    assert "outputs_left_out" not in told
