"""Q42: a namespace belongs to one person, and a token that is good elsewhere gets 401 (ZOO-Project, EOEPCA)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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


def ada_s() -> TestEndpoint:
    endpoint = TestEndpoint("zoo", quirks_on=[Quirk.Q42])
    endpoint.people = {ADAS: "ada", "opaque": "ada"}
    return endpoint


@asynccontextmanager
async def within(
    namespace: str, endpoint: TestEndpoint, folder: Path, token: str = ADAS
) -> AsyncIterator[tuple[Client, str]]:
    """The tools, with a URL in that namespace, and the URL."""
    async with served(endpoint, namespace) as url:
        settings = Settings(
            endpoints={"zoo": EndpointSettings(url=url, authentication=BearerAuthentication(token=token))},
            data_folder=folder,
            local=LocalSettings(enabled=False),
        )
        async with Client(build_server(settings)) as client:
            yield client, url


async def test_q42_ones_own_namespace_is_open(tmp_path: Path) -> None:
    async with within("ada", ada_s(), tmp_path) as (client, _):
        assert (await call(client, "ogc_list_processes"))["processes"]


async def test_q42_a_good_token_in_anothers_namespace_is_told_from_a_bad_one(tmp_path: Path) -> None:
    endpoint = ada_s()
    async with within("acme", endpoint, tmp_path) as (client, url):
        told = await refused(client, "ogc_list_processes")
        assert "Wrong namespace? You are 'ada' there, and the URL names 'acme'" in told
        assert url.replace("acme", "ada") in told, "the URL that would be right"
        (row,) = (await call(client, "ogc_list_endpoints"))["endpoints"]
        assert not row["reachable"]
        assert "Wrong namespace?" in row["problem"]
        described = await refused(client, "ogc_execute_process", process_id="echo", inputs={})
        assert "Wrong namespace?" in described
    assert endpoint.asked("POST") == []


async def test_q42_a_token_that_can_not_be_read_leaves_it_a_question(tmp_path: Path) -> None:
    async with within("acme", ada_s(), tmp_path, "opaque") as (client, _):
        told = await refused(client, "ogc_list_processes")
    assert "Is the namespace 'acme' in" in told
    assert "Write a new token into [endpoints.zoo]" in told
