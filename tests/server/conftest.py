"""A client in memory, in both eras of the protocol."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from mcp import Client

from mcp_ogc.server import build_server
from mcp_ogc.settings import EndpointSettings, LocalSettings, Settings
from tests.servers.loopback import serve, server
from tests.servers.object_storage import object_storage
from tests.servers.oidc import provider

__all__ = ["object_storage", "provider", "serve", "server"]


@pytest.fixture(params=["auto", "legacy"])
async def client(request: pytest.FixtureRequest, settings: Settings) -> AsyncIterator[Client]:
    async with Client(build_server(settings), mode=request.param) as client:
        yield client


@pytest.fixture
async def far(base_url: str, tmp_path: Path) -> AsyncIterator[Client]:
    """A client of ours whose only endpoint, `far`, is the server that the tests of a module start at `base_url`."""
    settings = Settings(
        endpoints={"far": EndpointSettings(url=base_url)},
        data_folder=tmp_path / "data",
        download_folder=tmp_path / "downloads",
        local=LocalSettings(enabled=False),
    )
    async with Client(build_server(settings)) as client:
        yield client
