"""Endpoints over HTTP; and no test waits for what only spares a server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

import mcp_ogc.net.http
import mcp_ogc.ogc.exchange
from mcp_ogc.local.app import open_app
from mcp_ogc.rasters.reader import RasterReader
from mcp_ogc.settings import LocalSettings
from tests.faults.conversation import Open
from tests.servers.listening import listening
from tests.servers.loopback import serve, server
from tests.servers.processes.endpoint import TestEndpoint, served

__all__ = ["serve", "server"]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tried again is tried at once, and no worker is made ready for rasters that nobody reads."""
    monkeypatch.setattr(mcp_ogc.net.http, "_backoff", lambda number: 0.0)
    monkeypatch.setattr(mcp_ogc.ogc.exchange, "READ_AGAIN_SECONDS", 0)
    monkeypatch.setattr(RasterReader, "get_ready", lambda reader: None)


@pytest.fixture(params=["local", "zoo", "weaver", "pygeoapi"])
def endpoint(request: pytest.FixtureRequest) -> Open:
    """Opens an endpoint, the local one or a personality that lists its jobs, on a folder; gives its URL."""
    name = str(request.param)
    settings = LocalSettings(trusted_packages=("*",), container_engine="none")

    @asynccontextmanager
    async def opened(folder: Path) -> AsyncIterator[str]:
        if name == "local":
            async with open_app(settings, folder, asset_base="http") as app, listening(app) as url:
                yield url
        else:
            async with served(TestEndpoint(name, polls=1)) as url:
                yield url

    return opened
