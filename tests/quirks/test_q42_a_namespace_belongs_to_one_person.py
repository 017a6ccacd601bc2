"""Q42: a namespace belongs to one person, and a token that is good elsewhere gets 401 (ZOO-Project, EOEPCA)."""

from collections.abc import AsyncIterator
from pathlib import Path

import jwt
import pytest
from mcp import Client

from mcp_ogc.authentication import BearerAuthentication
from mcp_ogc.server import build_server
from mcp_ogc.settings import EndpointSettings, LocalSettings, Settings
from tests.server.talk import call, refused
from tests.servers.processes.endpoint import TestEndpoint, served
from tests.servers.processes.quirk import Quirk

pytestmark = pytest.mark.anyio

ADAS = jwt.encode({"preferred_username": "ada"}, "k" * 32, "HS256")


@pytest.fixture
def endpoint() -> TestEndpoint:
    endpoint = TestEndpoint("zoo", quirks_on=[Quirk.Q42])
    endpoint.people = {ADAS: "ada", "opaque": "ada"}
    return endpoint


@pytest.fixture(params=["acme", "ada"])
async def url(request: pytest.FixtureRequest, endpoint: TestEndpoint) -> AsyncIterator[str]:
    async with served(endpoint, request.param) as url:
        yield url


def settings(folder: Path, url: str, token: str) -> Settings:
    return Settings(
        endpoints={"zoo": EndpointSettings(url=url, authentication=BearerAuthentication(token=token))},
        data_folder=folder,
        local=LocalSettings(enabled=False),
    )


@pytest.mark.parametrize("url", ["ada"], indirect=True)
async def test_q42_ones_own_namespace_is_open(url: str, tmp_path: Path) -> None:
    async with Client(build_server(settings(tmp_path, url, ADAS))) as client:
        assert (await call(client, "ogc_list_processes"))["processes"]


@pytest.mark.parametrize("url", ["acme"], indirect=True)
async def test_q42_a_good_token_in_anothers_namespace_is_told_from_a_bad_one(
    url: str, tmp_path: Path, endpoint: TestEndpoint
) -> None:
    async with Client(build_server(settings(tmp_path, url, ADAS))) as client:
        told = await refused(client, "ogc_list_processes")
        assert "Wrong namespace? You are 'ada' there, and the URL names 'acme'" in told
        assert url.replace("acme", "ada") in told, "the URL that would be right"
        (row,) = (await call(client, "ogc_list_endpoints"))["endpoints"]
        assert not row["reachable"]
        assert "Wrong namespace?" in row["problem"]
        described = await refused(client, "ogc_execute_process", process_id="echo", inputs={})
        assert "Wrong namespace?" in described
    assert endpoint.asked("POST") == []


@pytest.mark.parametrize("url", ["acme"], indirect=True)
async def test_q42_a_token_that_can_not_be_read_leaves_it_a_question(url: str, tmp_path: Path) -> None:
    async with Client(build_server(settings(tmp_path, url, "opaque"))) as client:
        told = await refused(client, "ogc_list_processes")
    assert "Is the namespace 'acme' in" in told
    assert "Write a new token into [endpoints.zoo]" in told
