"""The summary of a raster: what the file says of itself, and what was found in its bands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mcp_ogc.rasters.area import area_method
from mcp_ogc.rasters.bands import Band, band_summary, notes_of, validity_notes
from mcp_ogc.rasters.georeference import georeference
from mcp_ogc.rasters.summary import Provenance, RasterSummary, Resolution

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcp_ogc.rasters.area import PixelArea
    from mcp_ogc.rasters.classes import ClassLabel
    from mcp_ogc.rasters.source import Opened, Source
    from mcp_ogc.rasters.statistics.tally import Distribution

COMPRESSION = re.compile(r"[\w .+-]{1,30}\Z")


@dataclass(frozen=True, slots=True)
class Counted:
    """Which pixels were counted: those of the raster, or those of one of its overviews."""

    width: int
    height: int
    area: PixelArea
    """Of these pixels."""
    exact: bool = True
    method: str = "every pixel counted at full resolution"
    overview: int | None = None
    """The factor of the overview, None where it is the raster."""
    countable: bool = True
    """Whether those of the raster may be counted at all."""
    notes: tuple[str, ...] = ()


def summary_of(
    opened: Opened,
    source: Source,
    bands: Sequence[Band],
    found: Sequence[Distribution],
    counted: Counted,
    labels: Sequence[ClassLabel],
) -> RasterSummary:
    """The summary of an open raster.

    Args:
        opened: The raster.
        source: Where it is from.
        bands: Those that were counted.
        found: What was found in each of them.
        counted: Which pixels that were.
        labels: What the publisher calls their values.
    """
    dataset = opened.dataset
    place = georeference(dataset)
    area, pixels = counted.area, counted.width * counted.height
    km2 = area.total_km2(counted.width, counted.height)
    summaries = [band_summary(band, one, pixels, km2, area, labels) for band, one in zip(bands, found, strict=True)]
    notes = [*counted.notes]
    if place.note:
        notes.append(place.note)
    notes.extend(validity_notes(dataset, bands))
    compression = dataset.tags(ns="IMAGE_STRUCTURE").get("COMPRESSION", "")
    return RasterSummary(
        driver=opened.driver,
        width=dataset.width,
        height=dataset.height,
        count=dataset.count,
        dtypes=tuple(dataset.dtypes),
        crs=place.crs,
        bounds_native=place.bounds,
        bounds_lonlat=place.lonlat,
        corners_lonlat=place.corners,
        centre_lonlat=place.centre,
        resolution=Resolution(x=place.resolution[0], y=place.resolution[1], unit=place.resolution[2])
        if place.resolution
        else None,
        area_method=area_method(dataset),
        km2=km2,
        compression=compression if COMPRESSION.match(compression) else None,
        tiled=dataset.block_shapes[0][1] != dataset.width,
        block_size=dataset.block_shapes[0],
        overviews=tuple(dataset.overviews(1)),
        exact=counted.exact,
        overview=counted.overview,
        countable=counted.countable,
        method=counted.method,
        bands=tuple(summary.model_copy(update={"notes": tuple(notes_of(summary))}) for summary in summaries),
        file_notes=tuple(notes),
        provenance=provenance_of(opened, source),
    )


def provenance_of(opened: Opened, source: Source) -> Provenance:
    """Where numbers come from that were read just now."""
    return Provenance(
        source=source.name,
        size=source.size,
        etag=source.etag,
        requests=opened.requests,
        bytes_read=opened.bytes_read,
        time=datetime.now(UTC),
    )
