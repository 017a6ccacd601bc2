"""A raster that a tool was asked about, and where it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from mcp_ogc.uris import RasterHandle

if TYPE_CHECKING:
    from mcp_ogc.rasters.classes import ClassLabel
    from mcp_ogc.rasters.reader import Place
    from mcp_ogc.workspace import Workspace

RasterName = Annotated[str, Field(description="ogc:// URI as ogc_get_results gives it; or an https or s3 URL")]
Bands = Annotated[list[int] | None, Field(description="1-based; the first 16 if left out")]


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
        UnknownName: There is no such job, output, item or asset.
        OgcError: The results can't be read.
    """
    from mcp_ogc.rasters.classes import ClassLabel
    from mcp_ogc.rasters.reader import Place

    if not raster.startswith("ogc://"):
        return Located(Place(raster))
    handle = RasterHandle.parse(raster)
    results = await work.results(work.endpoint(handle.endpoint), handle.job_id)
    asset = results.asset(handle.output, handle.item, handle.asset)
    labels = tuple(ClassLabel(one.value, one.name, one.color, one.band) for one in asset.classes)
    return Located(Place(asset.href, asset.storage), handle, asset.checksum, labels)
