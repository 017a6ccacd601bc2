"""`mcp-ogc-zonal-statistics`: a table of what rasters hold in each zone, a row for each scene and zone."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mcp_ogc.local.sample.steps.item import read_item
from mcp_ogc.local.sample.steps.step import StepError, ends, load_rasterio
from mcp_ogc.local.sample.steps.zones import Zone, read_zones

LONGITUDE_LATITUDE = "EPSG:4326"


@dataclass(frozen=True, slots=True)
class Row:
    """One zone in one scene. A pixel belongs to a zone where its centre lies within.

    Statistics are of valid pixels, with seven significant digits, which is what float32 holds.
    """

    scene: str
    zone: str
    pixels: int
    """Of the zone that the scene has; 0 where they do not meet."""
    valid: int
    km2: float
    """Of the valid pixels."""
    mean: float | None
    std: float | None
    """Of the pixels as a population."""
    min: float | None
    median: float | None
    max: float | None


def main() -> int:
    """Write `zonal-statistics.csv`, and `zonal-statistics.geojson`: the same rows, with their zones."""
    parser = argparse.ArgumentParser(prog="mcp-ogc-zonal-statistics", description=__doc__)
    parser.add_argument("--zones", required=True, help="GeoJSON, or its URL or path")
    parser.add_argument("--item", action="append", required=True, help="STAC item of a scene, in the order of --raster")
    parser.add_argument("--raster", action="append", required=True, help="its raster, projected in metres")
    options = parser.parse_args()
    return ends(lambda: zonal_statistics(options.zones, options.item, options.raster))


def zonal_statistics(zones_given: str, item_hrefs: list[str], rasters: list[str]) -> None:
    """Write the table."""
    if len(item_hrefs) != len(rasters):
        raise StepError(f"{len(item_hrefs)} items and {len(rasters)} rasters")
    zones = read_zones(zones_given)
    rows, features = [], []
    for href, raster in zip(item_hrefs, rasters, strict=True):
        found = rows_of(read_item(href)["id"], raster, zones)
        rows += found
        features += [
            {"type": "Feature", "geometry": zone.geometry, "properties": asdict(row)}
            for zone, row in zip(zones, found, strict=True)
        ]
    with Path("zonal-statistics.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(asdict(rows[0])))
        table.writeheader()
        table.writerows(asdict(row) for row in rows)
    collection = {"type": "FeatureCollection", "features": features}
    Path("zonal-statistics.geojson").write_text(json.dumps(collection), encoding="utf-8")


def rows_of(scene: str, path: str, zones: list[Zone]) -> list[Row]:
    """The rows of one scene.

    Raises:
        StepError: The raster's pixels have no area in square metres.
    """
    rasterio = load_rasterio()
    import numpy as np
    from rasterio.features import geometry_mask
    from rasterio.warp import transform_geom

    with rasterio.open(path, driver="GTiff") as source:
        if source.crs is None or not source.crs.is_projected or source.crs.linear_units_factor[1] != 1:
            raise StepError(f"{path} is not projected in metres: its zones have no area")
        values = np.ma.filled(source.read(1, masked=True).astype("float64"), np.nan)
        km2 = abs(source.transform.determinant) / 1e6
        shape, transform, crs = source.shape, source.transform, source.crs
    found = []
    for zone in zones:
        geometry: dict[str, Any] = transform_geom(LONGITUDE_LATITUDE, crs, zone.geometry)
        inside = values[geometry_mask([geometry], shape, transform, invert=True)]
        valid = inside[np.isfinite(inside)]
        told = (np.mean, np.std, np.min, np.median, np.max)
        numbers = [float(f"{statistic(valid):.7g}") if valid.size else None for statistic in told]
        found.append(Row(scene, zone.name, inside.size, valid.size, round(valid.size * km2, 6), *numbers))
    return found


if __name__ == "__main__":
    sys.exit(main())
