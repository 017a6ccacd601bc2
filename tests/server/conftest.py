"""A client in memory, in both eras of the protocol."""

from collections.abc import AsyncIterator

import pytest
from mcp import Client

from mcp_ogc.server import build_server
from mcp_ogc.settings import Settings
from tests.servers.object_storage import object_storage
from tests.servers.oidc import provider

__all__ = ["object_storage", "provider"]


@pytest.fixture(params=["auto", "legacy"])
async def client(request: pytest.FixtureRequest, settings: Settings) -> AsyncIterator[Client]:
    async with Client(build_server(settings), mode=request.param) as client:
        yield client
