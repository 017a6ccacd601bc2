"""The view as the server offers it: a page beside answers that stand without it."""

from pathlib import Path

import pytest
from mcp import Client
from mcp_types import TextResourceContents

from mcp_ogc.server import build_server
from mcp_ogc.settings import Settings
from mcp_ogc.views.app import VIEW

pytestmark = pytest.mark.anyio

SCENE = Path(__file__).parents[1] / "data" / "L7_ETMs.tif"


@pytest.mark.parametrize("era", ["auto", "legacy"])
async def test_tools_name_a_page_that_may_fetch_nothing(settings: Settings, era: str) -> None:
    async with Client(build_server(settings), mode=era) as client:
        tools = (await client.list_tools()).tools
        pages = {tool.name: tool.meta["ui"]["resourceUri"] for tool in tools if tool.meta}
        assert set(pages) == {
            "ogc_execute_process",
            "ogc_get_results",
            "ogc_summarize_raster",
            "ogc_compare_rasters",
        }
        assert set(pages.values()) == {VIEW}
        (page,) = (await client.read_resource(VIEW)).contents
    assert isinstance(page, TextResourceContents)
    assert page.mime_type == "text/html;profile=mcp-app"
    assert page.text.startswith("<!doctype html>")
    assert page.meta is not None
    assert all(domains == [] for domains in page.meta["ui"]["csp"].values())
    assert len(page.meta["ui"]["csp"]) == 4


async def test_the_server_says_that_it_has_apps(settings: Settings) -> None:
    async with Client(build_server(settings)) as client:
        assert "io.modelcontextprotocol/ui" in (client.server_capabilities.extensions or {})


async def test_what_only_the_view_needs_is_in_meta_and_text_and_picture_are_there_all_the_same(
    settings: Settings,
) -> None:
    permitted = settings.model_copy(update={"permitted_folders": (SCENE.parent,)})
    async with Client(build_server(permitted)) as client:
        answer = await client.call_tool("ogc_summarize_raster", {"raster": SCENE.as_uri(), "bands": [4]})
    assert [block.type for block in answer.content] == ["text", "image"]
    told = (answer.meta or {})["mcp-ogc/view"]
    structured = answer.structured_content or {}
    assert told["bounds"] == structured["bounds_lonlat"]
    assert set(told) == {"name", "bounds", "corners", "about", "legend"}
    assert "histogram" in structured["bands"][0], "which is not sent twice"
