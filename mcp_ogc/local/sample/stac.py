"""`mcp-ogc-stac`: a STAC catalogue of water maps, one item for each scene."""

from __future__ import annotations

import argparse
import hashlib
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mcp_ogc.local.sample.item import read_item
from mcp_ogc.local.sample.step import StepError, ends, load_rasterio

if TYPE_CHECKING:
    import pystac

EXTENSIONS = [
    "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
    "https://stac-extensions.github.io/classification/v2.0.0/schema.json",
    "https://stac-extensions.github.io/file/v2.1.0/schema.json",
]
LONGITUDE_LATITUDE = "EPSG:4326"
CLASSES = [
    {"value": 0, "name": "land", "color_hint": "ECE2C6"},
    {"value": 1, "name": "water", "color_hint": "1F69B2"},
    {"value": 255, "name": "nodata", "nodata": True},
]


def main() -> int:
    """Write `catalog.json`, and a folder for each item with its JSON and `otsu.tif`."""
    parser = argparse.ArgumentParser(prog="mcp-ogc-stac", description=__doc__)
    parser.add_argument("--item", action="append", required=True, help="STAC item of a scene, in the order of --raster")
    parser.add_argument("--raster", action="append", required=True, help="its water map")
    options = parser.parse_args()
    return ends(lambda: catalogue(options.item, options.raster))


def catalogue(item_hrefs: list[str], rasters: list[str]) -> None:
    """Write the catalogue into the working directory."""
    import pystac

    if len(item_hrefs) != len(rasters):
        raise StepError(f"{len(item_hrefs)} items and {len(rasters)} rasters")
    catalog = pystac.Catalog(id="water-bodies", description="Water maps")
    for href, raster in zip(item_hrefs, rasters, strict=True):
        scene = read_item(href)
        if catalog.get_item(scene["id"]):
            raise StepError(f"There are two items {scene['id']}: each scene is given once")
        catalog.add_item(water_item(scene, Path(raster)))
    catalog.normalize_and_save("./", catalog_type=pystac.CatalogType.SELF_CONTAINED)


def water_item(scene: dict[str, Any], raster: Path) -> pystac.Item:
    """The item of one map: the scene's time, the map's own footprint."""
    rasterio = load_rasterio()
    import pystac
    from rasterio.warp import transform_bounds, transform_geom

    times = times_of(scene)
    folder = Path(scene["id"])
    folder.mkdir(exist_ok=True)
    path = folder / "otsu.tif"
    shutil.copyfile(raster, path)
    with rasterio.open(path, driver="GTiff") as dataset:
        left, bottom, right, top = dataset.bounds
        corners = [(left, bottom), (right, bottom), (right, top), (left, top), (left, bottom)]
        geometry = transform_geom(dataset.crs, LONGITUDE_LATITUDE, {"type": "Polygon", "coordinates": [corners]})
        box = transform_bounds(dataset.crs, LONGITUDE_LATITUDE, *dataset.bounds)
        epsg = dataset.crs.to_epsg()
        projection = {
            "proj:code": f"EPSG:{epsg}" if epsg else None,
            **({} if epsg else {"proj:wkt2": dataset.crs.to_wkt()}),
            "proj:shape": list(dataset.shape),
            "proj:transform": list(dataset.transform)[:6],
        }
    item = pystac.Item(
        id=scene["id"],
        geometry=geometry,
        bbox=list(box),
        datetime=times["datetime"],
        start_datetime=times["start_datetime"],
        end_datetime=times["end_datetime"],
        properties=projection,
        stac_extensions=EXTENSIONS,
    )
    item.add_asset(
        "data",
        pystac.Asset(
            href="./otsu.tif",
            media_type=pystac.MediaType.COG,
            roles=["data", "visual"],
            title="Water map",
            extra_fields={
                "bands": [{"data_type": "uint8", "nodata": 255, "classification:classes": CLASSES}],
                "file:size": path.stat().st_size,
                "file:checksum": f"1220{hashlib.sha256(path.read_bytes()).hexdigest()}",
            },
        ),
    )
    return item


def times_of(scene: dict[str, Any]) -> dict[str, datetime | None]:
    """When a scene was taken, UTC where it does not say: a time, or a start and an end."""
    told = {name: scene["properties"].get(name) for name in ("datetime", "start_datetime", "end_datetime")}
    try:
        times = {name: None if text is None else datetime.fromisoformat(text) for name, text in told.items()}
    except (TypeError, ValueError) as error:
        raise StepError(f"The item {scene['id']} has a time that can't be read: {error}") from None
    if times["datetime"] is None and None in (times["start_datetime"], times["end_datetime"]):
        raise StepError(f"The item {scene['id']} has neither a datetime nor a start_datetime and an end_datetime")
    return {name: time and (time if time.tzinfo else time.replace(tzinfo=UTC)) for name, time in times.items()}


if __name__ == "__main__":
    sys.exit(main())
