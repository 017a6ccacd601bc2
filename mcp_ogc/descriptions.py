"""The descriptions of one endpoint's processes, remembered for a minute, with the defaults that only packages tell."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from mcp_ogc.errors import OgcError
from mcp_ogc.recent import Recent

if TYPE_CHECKING:
    from mcp_ogc.ogc.client import ProcessesClient
    from mcp_ogc.ogc.models import ProcessDescription

DESCRIPTION_SECONDS = 60
PACKAGE_SECONDS = 600
"""How long the defaults of a package are good for, as long as the description is the same."""
MOST = 500


@dataclass(frozen=True, slots=True)
class Described:
    """A process as it is described here."""

    description: ProcessDescription
    """With the defaults of its package where the endpoint does not tell them (quirk Q37)."""
    told: ProcessDescription
    """As the endpoint tells it."""
    defaults_unread: OgcError | None
    """Why its package could not be read, if it was to be."""
    told_at: float
    package_read_at: float

    @property
    def is_fresh(self) -> bool:
        """Whether it was told within the last minute."""
        return anyio.current_time() - self.told_at < DESCRIPTION_SECONDS

    def still_holds(self, told: ProcessDescription) -> bool:
        """Whether its defaults are those of what is told now."""
        age = anyio.current_time() - self.package_read_at
        return self.told == told and self.defaults_unread is None and age < PACKAGE_SECONDS


class Descriptions:
    """Asks one endpoint; many who want the same description at once have it asked for once."""

    def __init__(self, client: ProcessesClient) -> None:
        self._client = client
        self._kept: Recent[str, Described] = Recent(MOST)
        self._asking: Recent[str, anyio.Lock] = Recent(MOST)

    async def of(self, process_id: str) -> Described:
        """A process.

        Raises:
            NoSuchProcess: There is none of that id.
            OgcError: It can't be asked for.
        """
        async with self._asking.get(process_id) or self._asking.keep(process_id, anyio.Lock()):
            kept = self._kept.get(process_id)
            if kept and kept.is_fresh:
                return kept
            now = anyio.current_time()
            told = await self._client.describe(process_id)
            if kept and kept.still_holds(told):
                return self._kept.keep(process_id, replace(kept, told_at=now))
            description, unread = told, None
            if await self._lost_defaults(told):
                try:
                    description = await self._with_package_defaults(told)
                except OgcError as error:  # without its package it is as good as it was, and says so
                    unread = error
            return self._kept.keep(process_id, Described(description, told, unread, now, now))

    def forget(self, process_id: str) -> None:
        """Ask again next time: the process was deployed, replaced or undeployed."""
        self._kept.forget(process_id)

    async def _lost_defaults(self, told: ProcessDescription) -> bool:
        """Whether there may be defaults that only the package tells (quirk Q37)."""
        untold = any("default" not in declared.schema_ for declared in told.inputs.values())
        return bool(untold and told.mutable) and not (await self._client.dialect()).tells_defaults

    async def _with_package_defaults(self, told: ProcessDescription) -> ProcessDescription:
        from mcp_ogc.packages.defaults import with_package_defaults

        package = await self._client.package(told.id)
        return await anyio.to_thread.run_sync(with_package_defaults, told, package.text)
