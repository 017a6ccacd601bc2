"""A workspace opened from settings: its endpoints, the embedded one among them, the samples, who reads its rasters."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from mcp_ogc.embedded import LocalEndpoint
from mcp_ogc.net.redaction import Redaction
from mcp_ogc.net.traffic import Traffic
from mcp_ogc.workspace import LOCAL, LOCAL_URL, Sample, Workspace, open_workspace, rules_of

if TYPE_CHECKING:
    from mcp_ogc.ogc.client import ProcessesClient
    from mcp_ogc.packages.trial import Trial
    from mcp_ogc.rasters.worker.pool import Workers
    from mcp_ogc.settings import Settings


class LateWorkers:
    """The raster workers of all users, there when the first workspace opens."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._workers: Workers | None = None

    def get(self) -> Workers:
        """The same always."""
        if self._workers is None:
            from mcp_ogc.rasters.worker.pool import Workers

            self._workers = Workers(self._settings.rasters.drivers, self._settings.limits.asset_bytes)
        return self._workers

    async def aclose(self) -> None:
        """End their processes."""
        if self._workers is not None:
            await self._workers.close()


@asynccontextmanager
async def open_from_settings(settings: Settings, redaction: Redaction | None = None) -> AsyncIterator[Workspace]:
    """The workspace these settings describe, the local endpoint and the samples with it."""
    from mcp_ogc.rasters.worker.pool import open_workers

    async with (
        open_workers(settings.rasters.drivers, settings.limits.asset_bytes) as workers,
        opened(settings, redaction or Redaction(), workers, Traffic(settings.quotas.bytes_per_hour)) as work,
    ):
        yield work


@asynccontextmanager
async def opened(
    settings: Settings, redaction: Redaction, workers: Workers, traffic: Traffic
) -> AsyncIterator[Workspace]:
    """The same for one user: by workers that are there for all, and counted longer than it is open."""
    samples = _samples() if settings.has_local else {}
    local = _local_endpoint(settings, samples) if settings.has_local else None
    async with open_workspace(settings, local, samples, redaction.learn, workers, traffic) as work:
        yield work


def _samples() -> Mapping[str, Sample]:
    from mcp_ogc.local.sample.samples import digest, example_inputs, names, package_text

    return {name: Sample(package_text(name), digest(name), example_inputs(name)) for name in names()}


def _local_endpoint(settings: Settings, samples: Mapping[str, Sample]) -> LocalEndpoint:
    from mcp_ogc.local.sample.samples import scene_folder

    folders = (settings.local_folder, scene_folder())

    @asynccontextmanager
    async def open_client() -> AsyncIterator[ProcessesClient]:
        import httpx

        from mcp_ogc.local.app import open_app
        from mcp_ogc.local.late_app import LateApp
        from mcp_ogc.ogc.client import ProcessesClient
        from mcp_ogc.ogc.dialects.local import LOCAL as LOCAL_DIALECT

        rules = rules_of(settings, LOCAL)
        digests = [sample.digest for sample in samples.values()]
        opening = partial(
            open_app,
            settings.local,
            settings.local_folder,
            trusted_digests=digests,
            readable_folders=[scene_folder(), *settings.permitted_folders],
        )
        async with (
            aclosing(LateApp(opening)) as app,
            httpx.AsyncClient(transport=httpx.ASGITransport(app)) as http,
        ):
            yield ProcessesClient(http, LOCAL_URL, limits=settings.limits, dialect=LOCAL_DIALECT, rules=rules)

    def foresee(text: str, workflow_id: str | None) -> Trial:
        from mcp_ogc.local.deployment import CWL_TYPES, read_deployment
        from mcp_ogc.local.problems import Problem
        from mcp_ogc.local.trust import Trust
        from mcp_ogc.ogc.problems import read_problem

        digests = [*settings.local.trusted_packages, *(sample.digest for sample in samples.values())]
        trust = Trust(digests, settings.local.container_engine)
        try:
            row = read_deployment(text.encode(), CWL_TYPES[0], workflow_id)
            trust.permission(row)
        except Problem as problem:
            body = json.dumps(problem.document()).encode()
            raise read_problem(problem.status, body, url=f"{LOCAL_URL}/processes", subject="deployment") from None
        return trust.trial(row)

    return LocalEndpoint(open_client, folders, foresee)
