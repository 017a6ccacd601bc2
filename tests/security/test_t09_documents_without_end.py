"""T9: a document that is nested without end, and a list whose pages have none, are left at their bound."""

import json
from collections.abc import Callable
from itertools import count

import pytest
from mcp import Client

from mcp_ogc.server import build_server
from mcp_ogc.settings import Limits, Settings
from tests.server.talk import call, refused, text_of
from tests.servers.loopback import Reply, Server

pytestmark = pytest.mark.anyio

DEEP = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
ENDLESS = 400


@pytest.fixture
def far(settings: Settings, server: Server) -> Settings:
    endpoint = {"far": {"url": f"{server.url}/ogc", "dialect": "standard"}}
    return Settings(**{**settings.model_dump(), "endpoints": endpoint, "local": {"enabled": False}})


@pytest.mark.parametrize(
    ("path", "tool"),
    [
        ("/ogc/processes", "ogc_list_processes"),
        ("/ogc/processes/p", "ogc_describe_process"),
        ("/ogc/jobs/p", "ogc_get_job"),
        ("/ogc/jobs/p/results", "ogc_get_results"),
    ],
)
async def test_json_of_a_hundred_thousand_levels_is_an_answer_that_cannot_be_read(
    far: Settings, server: Server, path: str, tool: str
) -> None:
    server.on("/ogc/jobs/p", Reply(body=b'{"jobID": "p", "status": "successful", "type": "process"}'))
    server.on(path, Reply(headers={"Content-Type": "application/json"}, body=DEEP))
    arguments = {} if "list" in tool else {"process_id": "p"} if "process" in tool else {"job_id": "p"}
    async with Client(build_server(far)) as client:
        answer = await client.call_tool(tool, arguments)
        assert len(answer.model_dump_json()) < 20_000
        assert "JSON" in text_of(answer), "it is told what came"
        server.on(path, Reply(404))
        await client.list_tools()


def pages(server: Server, path: str, page: Callable[[int], dict[str, object]]) -> None:
    """As many pages as anybody asks for, each with the next."""
    links = {"links": [{"rel": "next", "href": f"{server.url}{path}?page=next", "type": "application/json"}]}
    server.on(path, *(Reply(body=json.dumps({**page(number), **links}).encode()) for number in range(ENDLESS)))


async def test_a_list_of_processes_whose_pages_have_no_end_is_left(
    far: Settings, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp_ogc.ogc.catalogue.MOST_PAGES", 20)
    pages(server, "/ogc/processes", lambda number: {"processes": [{"id": f"p{number}", "version": "1"}]})
    async with Client(build_server(far)) as client:
        found = await call(client, "ogc_list_processes", query="there is no such process")
        assert found["processes"] == []
        assert "There is no process" in await refused(client, "ogc_describe_process", process_id="q")
    asked = [seen for seen in server.seen if seen.path.startswith("/ogc/processes?")]
    assert len(asked) == 20


async def test_items_whose_pages_have_no_end_are_left_and_what_is_left_is_told(far: Settings, server: Server) -> None:
    numbers = count()

    def page(_: int) -> dict[str, object]:
        item = {
            "type": "Feature",
            "stac_version": "1.0.0",
            "id": f"s{next(numbers)}",
            "geometry": None,
            "properties": {"datetime": "2026-01-01T00:00:00Z"},
            "links": [],
            "assets": {},
        }
        return {"type": "FeatureCollection", "features": [item]}

    for number in range(ENDLESS):
        links = [{"rel": "next", "href": f"{server.url}/items/{number + 1}"}]
        server.on(f"/items/{number}", Reply(body=json.dumps({**page(number), "links": links}).encode()))
    first = {**page(0), "links": [{"rel": "next", "href": f"{server.url}/items/0"}]}
    server.on("/ogc/jobs/j", Reply(body=b'{"jobID": "j", "status": "successful", "type": "process"}'))
    server.on("/ogc/jobs/j/results", Reply(body=json.dumps({"stac": first}).encode()))
    async with Client(build_server(far)) as client:
        await call(client, "ogc_get_results", job_id="j")
    asked = [seen for seen in server.seen if seen.path.startswith("/items/")]
    assert 0 < len(asked) <= Limits().stac_pages
