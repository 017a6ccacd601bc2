"""What reaches an endpoint when a model gives inputs to the tools."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from mcp import Client

from mcp_ogc.server import build_server
from mcp_ogc.settings import EndpointSettings, LocalSettings, Settings
from tests.servers.processes.endpoint import TestEndpoint, served


@asynccontextmanager
async def tools(endpoint: TestEndpoint, folder: Path) -> AsyncIterator[Client]:
    """The tools of a server whose only endpoint it is."""
    async with served(endpoint) as url:
        settings = Settings(
            endpoints={"far": EndpointSettings(url=url)},
            data_folder=folder / "data",
            download_folder=folder / "downloads",
            local=LocalSettings(enabled=False),
        )
        async with Client(build_server(settings)) as client:
            yield client


def sent(endpoint: TestEndpoint) -> Any:
    """The inputs of the only execution."""
    (asked,) = endpoint.asked("POST", "/execution")
    return asked.json["inputs"]
