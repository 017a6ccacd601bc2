"""The tools on a server whose only endpoint has a quirk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from mcp import Client

from mcp_ogc.server import build_server
from mcp_ogc.settings import EndpointSettings, LocalSettings, Settings
from tests.servers.processes.endpoint import TestEndpoint, served


@asynccontextmanager
async def conversation(endpoint: TestEndpoint, folder: Path) -> AsyncIterator[Client]:
    async with served(endpoint) as url:
        settings = Settings(
            endpoints={"far": EndpointSettings(url=url, execute_members={"queue": "small"})},
            data_folder=folder / "data",
            download_folder=folder / "downloads",
            local=LocalSettings(enabled=False),
        )
        async with Client(build_server(settings)) as client:
            yield client
