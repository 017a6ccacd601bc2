"""What a job made, as the tools show it: a process of the test endpoint is run to its end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcp import Client

from mcp_ogc.server import build_server
from mcp_ogc.settings import EndpointSettings, Limits, LocalSettings, Settings, StorageSettings
from tests.server.talk import call, finished
from tests.servers.processes.endpoint import TestEndpoint, served
from tests.servers.processes.jobs import Job


@dataclass(frozen=True)
class Made:
    """A job that has ended, and a client that asks for what it made."""

    client: Client
    job_id: str

    async def outputs(self) -> dict[str, Any]:
        """By output id."""
        results = await call(self.client, "ogc_get_results", job_id=self.job_id, links=True)
        return {one["output_id"]: one for one in results["outputs"]}

    async def bands(self, raster: str) -> int:
        """How many a raster has: read where it is."""
        summary = await call(self.client, "ogc_summarize_raster", raster=raster, preview=False)
        return int(summary["band_count"])

    async def exported(self) -> dict[str, dict[str, Any]]:
        """The files that were brought, by name."""
        rows = (await call(self.client, "ogc_export_job", job_id=self.job_id))["files"]
        return {Path(row["path"]).name: row for row in rows}


@asynccontextmanager
async def made(
    endpoint: TestEndpoint,
    folder: Path,
    process_id: str,
    *,
    outputs: list[str] | None = None,
    storage: dict[str, StorageSettings] | None = None,
    steer: Callable[[Job], None] = lambda job: None,
    limits: Limits | None = None,
) -> AsyncIterator[Made]:
    """Run a process; `steer` changes the job before its results are asked for."""
    async with served(endpoint) as url:
        settings = Settings(
            endpoints={"far": EndpointSettings(url=url, execute_members={"queue": "small"})},
            data_folder=folder / "data",
            download_folder=folder / "downloads",
            storage=storage or {},
            limits=limits or Limits(),
            local=LocalSettings(enabled=False),
        )
        async with Client(build_server(settings)) as client:
            inputs = (await call(client, "ogc_describe_process", process_id=process_id))["example_inputs"]
            job = await call(
                client, "ogc_execute_process", process_id=process_id, inputs=inputs, outputs=outputs, wait_seconds=0
            )
            assert (await finished(client, job["job_id"]))["status"] == "successful"
            steer(endpoint.jobs.newest)
            yield Made(client, job["job_id"])
