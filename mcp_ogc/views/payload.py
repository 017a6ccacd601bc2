"""What the view needs of an answer and the model does not: it travels in `_meta`, which costs the model nothing.

The picture itself is the answer's image, and most numbers are in its structured content: neither is sent twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcp_ogc.text import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import JsonValue

    from mcp_ogc.rasters.georeference import Corners
    from mcp_ogc.rasters.pictures.picture import Preview
    from mcp_ogc.rasters.summary import BandSummary, Histogram

KEY = "mcp-ogc/view"


def for_view(
    name: str,
    bounds: tuple[float, ...] | None,
    corners: Corners | None,
    picture: Preview | None,
    bands: Sequence[BandSummary] = (),
) -> dict[str, JsonValue]:
    """The `_meta` of an answer about one picture.

    Args:
        name: What the picture is of: a raster's handle.
        bounds: Where the picture lies: west, south, east, north in degrees; None where that is not known.
        corners: Of the picture, in degrees, where its rows do not run along parallels within these bounds.
        picture: That of the answer, for its legend.
        bands: For their histograms.
    """
    told: dict[str, JsonValue] = {
        "name": name,
        "bounds": list(bounds) if bounds else None,
        "corners": [list(corner) for corner in corners] if corners else None,
        "histograms": [_histogram(band.band, band.histogram) for band in bands if band.histogram],
    }
    if picture:
        told["about"] = picture.description
        told["legend"] = [{"label": clean(entry.label), "colour": entry.colour} for entry in picture.legend]
    return {KEY: told}


def _histogram(band: int, histogram: Histogram) -> JsonValue:
    return {"band": band, "low": histogram.edges[0], "high": histogram.edges[-1], "counts": list(histogram.counts)}
