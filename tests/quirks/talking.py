"""A quirk is tested through what users have: the tools, or the client behind them, against an endpoint that has it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcp import Client

from mcp_ogc.net.http import open_http
from mcp_ogc.ogc.answers import Answer
from mcp_ogc.ogc.client import ProcessesClient
from mcp_ogc.ogc.dialects.dialect import Dialect
from mcp_ogc.ogc.dialects.recognition import named
from mcp_ogc.ogc.models import Execute, JobStatus, StatusInfo
from mcp_ogc.server import build_server
from mcp_ogc.settings import EndpointSettings, Limits, LocalSettings, Settings
from tests.servers.processes.endpoint import TestEndpoint, served

ECHO: Mapping[str, Any] = {"text": "hello"}
FAR = "far"
"""The name the endpoint has in the settings."""
QUEUE = {"queue": "small"}
"""What MAAP wants with an execution (Q39)."""

WORKFLOW = """cwlVersion: v1.2
class: Workflow
id: greeting
label: Greeting
doc: Says hello
inputs:
  name: {type: string, label: Name, doc: Whom to greet}
outputs: {}
steps: {}
"""


@dataclass(frozen=True)
class Talk:
    """A client of the endpoint, and what it was told the endpoint is."""

    client: ProcessesClient
    endpoint: TestEndpoint

    async def executed(self, process_id: str = "echo", inputs: Mapping[str, Any] = ECHO) -> StatusInfo:
        """The job an execution became."""
        info = await self.client.execute(process_id, Execute(inputs=dict(inputs)))
        assert isinstance(info, StatusInfo), f"it ran at once: {info}"
        return info

    async def ended(self, process_id: str = "echo", inputs: Mapping[str, Any] = ECHO) -> StatusInfo:
        """A job once nothing more happens."""
        info = await self.executed(process_id, {**inputs, "polls": 1})
        while not info.status.ended:
            info = await self.client.job(info.job_id)
        return info

    async def results(self, process_id: str = "echo", inputs: Mapping[str, Any] = ECHO) -> Answer:
        """What a successful job made, as it came."""
        info = await self.ended(process_id, inputs)
        assert info.status is JobStatus.SUCCESSFUL
        return await self.client.results(info.job_id)


@asynccontextmanager
async def talking(
    endpoint: TestEndpoint, *, dialect: str | Dialect | None = None, slashes: str = "", **more: Any
) -> AsyncIterator[Talk]:
    """The client itself, over loopback and through the one way out; the dialect is recognised unless it is given."""
    async with served(endpoint) as url:
        settings = Settings(endpoints={FAR: EndpointSettings(url=url)}, local=LocalSettings(enabled=False))
        known = named(dialect) if isinstance(dialect, str) else dialect
        async with open_http(settings) as http:
            yield Talk(ProcessesClient(http, f"{url}{slashes}", limits=Limits(), dialect=known, **more), endpoint)


@asynccontextmanager
async def conversation(endpoint: TestEndpoint, folder: Path, **more: Any) -> AsyncIterator[Client]:
    """The tools, on a server whose only endpoint it is; `more` of its settings."""
    async with served(endpoint) as url:
        settings = Settings(
            endpoints={FAR: EndpointSettings(url=url, **more)},
            data_folder=folder / "data",
            download_folder=folder / "downloads",
            local=LocalSettings(enabled=False),
        )
        async with Client(build_server(settings)) as client:
            yield client


def sent(endpoint: TestEndpoint) -> Any:
    """The inputs of the only execution that reached it."""
    (asked,) = endpoint.asked("POST", "/execution")
    return asked.json["inputs"]
