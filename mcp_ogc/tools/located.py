"""A raster that a tool was asked about, and where it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import anyio.to_thread
from pydantic import Field

from mcp_ogc.errors import UnknownName
from mcp_ogc.ogc.models import JobStatus
from mcp_ogc.text import call
from mcp_ogc.uris import RasterHandle

if TYPE_CHECKING:
    from mcp_ogc.rasters.classes import ClassLabel
    from mcp_ogc.rasters.reader import Place
    from mcp_ogc.workspace import Workspace

RasterName = Annotated[str, Field(description="ogc:// URI as ogc_get_results gives it; or an https or s3 URL")]
Bands = Annotated[list[int] | None, Field(description="1-based, at most 16; the first 16 if left out")]


@dataclass(frozen=True, slots=True)
class Located:
    """A raster by its address, and what its item says of it."""

    place: Place
    handle: RasterHandle | None = None
    checksum: str | None = None
    labels: tuple[ClassLabel, ...] = ()

    def labels_of(self, band: int) -> dict[int, ClassLabel]:
        """What the values of a band are called, by the value."""
        from mcp_ogc.rasters.classes import labels_of

        return labels_of(self.labels, band)


async def located(work: Workspace, raster: str) -> Located:
    """Where a raster is.

    Raises:
        UnknownName: There is no such job, output, item or asset; or its file is gone.
        OgcError: The results can't be read.
    """
    from mcp_ogc.rasters.classes import ClassLabel
    from mcp_ogc.rasters.reader import Place

    if not raster.startswith("ogc://"):
        return Located(Place(raster))
    handle = RasterHandle.parse(raster)
    results = await work.results(work.endpoint(handle.endpoint), handle.job_id)
    asset = results.asset(handle.output, handle.item, handle.asset)
    try:
        await anyio.to_thread.run_sync(work.objects.local_path, asset.href)
    except UnknownName:
        raise await _gone(work, handle) from None
    labels = tuple(ClassLabel(one.value, one.name, one.color, one.band) for one in asset.classes)
    return Located(Place(asset.href, asset.storage), handle, asset.checksum, labels)


async def _gone(work: Workspace, handle: RasterHandle) -> UnknownName:
    """A raster that the results name and this machine has no more: its path says nothing to who asked."""
    known = await work.journal.find(handle.job_id, handle.endpoint)
    entry = known[0] if known else None
    if entry and entry.process_id and (entry.status is JobStatus.DISMISSED or entry.gone):
        again = call("ogc_describe_process", process_id=entry.process_id, endpoint=handle.endpoint)
        remedy = f"Its job was dismissed or removed, and its files with it; to execute it again: {again}"
    else:
        others = call("ogc_get_results", job_id=handle.job_id, endpoint=handle.endpoint)
        remedy = f"It was removed after its job had ended; what the job made: {others}"
    return UnknownName("file any more of raster", str(handle), remedy=remedy)
