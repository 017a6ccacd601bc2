"""Kinds of servers: recognised by what they say of themselves, and each consistent in itself."""

from typing import get_args

import httpx
import pytest

from mcp_ogc.ogc.client import ProcessesClient
from mcp_ogc.ogc.dialects.dialect import Dialect
from mcp_ogc.ogc.dialects.recognition import DIALECTS, named, recognise
from mcp_ogc.ogc.dialects.standard import STANDARD
from mcp_ogc.settings import DialectName, Limits
from tests.ogc.transcripts import recorded

pytestmark = pytest.mark.anyio

MENTIONS_ANOTHER = '{"description": "successor of our ZOO-Project"}'


@pytest.mark.parametrize(
    ("transcript", "name"),
    [("pygeoapi/01-landing", "pygeoapi"), ("zoo/01-landing", "zoo"), ("fastprocesses/01-landing", "fastprocesses")],
)
async def test_real_servers_are_recognised(transcript: str, name: str) -> None:
    landing = recorded(transcript).response

    def answer(request: httpx.Request) -> httpx.Response:
        return landing if request.url.path == "/" else httpx.Response(404)

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        client = ProcessesClient(http, "https://ogc.example", limits=Limits())
        assert (await client.dialect()).name == name


@pytest.mark.parametrize(
    ("url", "headers", "landing", "classes", "name"),
    [
        ("https://h/acme/ogc-api", {"x-powered-by": "ZOO-Project-DRU"}, "{}", (), "zoo"),
        ("https://h/geoserver/ogc/processes/v1", {}, "{}", (), "geoserver"),
        ("https://h/weaver/", {}, "{}", (), "weaver"),
        ("https://h/api/retrieve/v1", {}, "{}", (), "ecmwf"),
        ("https://h", {}, '{"title": "52°North javaPS"}', (), "javaps"),
        ("https://h", {}, '{"title": "NASA MAAP processes"}', (), "maap"),
        ("https://h", {}, '{"title": "OGC API - Processes of Unity SPS"}', (), "unity"),
        # A server's own word counts more than what its page mentions.
        ("https://h", {"x-powered-by": "pygeoapi 0.21"}, MENTIONS_ANOTHER, (), "pygeoapi"),
        ("https://h", {}, '{"title": "the community of opportunity"}', (), "standard"),
        ("https://h", {}, "<html>", (), "standard"),
    ],
)
def test_a_kind_of_server_is_recognised(
    url: str, headers: dict[str, str], landing: str, classes: tuple[str, ...], name: str
) -> None:
    assert recognise(url, headers, landing, classes).name == name


def test_every_name_of_the_settings_is_a_dialect_and_every_dialect_has_one() -> None:
    assert {dialect.name for dialect in DIALECTS} == set(get_args(DialectName))
    assert all(named(dialect.name) is dialect for dialect in DIALECTS)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_marks_are_written_as_they_are_compared(dialect: Dialect) -> None:
    marks = dialect.marks
    told = [*marks.landing, *marks.conformance, *marks.path, *(part for pair in marks.headers for part in pair)]
    assert [text for text in told if text != text.casefold()] == []
    assert all(word == word.casefold() for word in dialect.statuses)


@pytest.mark.parametrize("dialect", [one for one in DIALECTS if one is not STANDARD], ids=lambda one: one.name)
def test_a_dialect_differs_from_the_standard_or_would_not_be_one(dialect: Dialect) -> None:
    assert dialect.marks != STANDARD.marks


async def test_an_endpoint_that_wants_to_know_who_asks_is_recognised_once_it_lets_us_in() -> None:
    answers = [httpx.Response(401), httpx.Response(200, json={"title": "Weaver"}, headers={"Server": "weaver"})]

    def answer(request: httpx.Request) -> httpx.Response:
        return answers.pop(0) if request.url.path == "/" and answers else httpx.Response(404)

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        client = ProcessesClient(http, "https://ogc.example", limits=Limits())
        assert (await client.dialect()).name == "standard"
        assert (await client.dialect()).name == "weaver"
