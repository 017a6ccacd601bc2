"""`mcp-ogc-stac`: a STAC catalogue of results, one item for each scene, and one for tables about all of them."""

from __future__ import annotations

import argparse
import hashlib
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import zip_longest
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mcp_ogc.local.sample.steps.classes import NODATA, read_classes
from mcp_ogc.local.sample.steps.item import read_item
from mcp_ogc.local.sample.steps.step import StepError, ends, load_rasterio

if TYPE_CHECKING:
    import pystac

PROJECTION = "https://stac-extensions.github.io/projection/v2.0.0/schema.json"
CLASSIFICATION = "https://stac-extensions.github.io/classification/v2.0.0/schema.json"
FILE = "https://stac-extensions.github.io/file/v2.1.0/schema.json"
LONGITUDE_LATITUDE = "EPSG:4326"
TABLES = {".csv": "text/csv", ".geojson": "application/geo+json", ".json": "application/json"}


@dataclass(frozen=True, slots=True)
class Results:
    """What is put into a catalogue."""

    catalog: str
    """Its id."""
    title: str
    """Of each map."""
    items: Sequence[str]
    """Hrefs of the scenes."""
    rasters: Sequence[str]
    """A map for each scene."""
    indices: Sequence[str]
    """The continuous index each map was made of; none, or one for each scene."""
    tables: Sequence[str]
    """Files about all scenes."""


def main() -> int:
    """Write `catalog.json`, and a folder for each item with its JSON and its files."""
    parser = argparse.ArgumentParser(prog="mcp-ogc-stac", description=__doc__)
    parser.add_argument("--catalog", required=True, help="id of the catalogue")
    parser.add_argument("--title", required=True, help="of each map")
    parser.add_argument("--item", action="append", required=True, help="STAC item of a scene, in the order of --raster")
    parser.add_argument("--raster", action="append", required=True, help="its map")
    parser.add_argument("--index", action="append", default=[], help="the index its map was made of")
    parser.add_argument("--table", action="append", default=[], help="a file about all scenes: CSV, GeoJSON or JSON")
    told = parser.parse_args()
    results = Results(told.catalog, told.title, told.item, told.raster, told.index, told.table)
    return ends(lambda: catalogue(results))


def catalogue(results: Results) -> None:
    """Write the catalogue into the working directory."""
    import pystac

    items, rasters, indices = results.items, results.rasters, results.indices
    if len(items) != len(rasters) or len(indices) not in (0, len(items)):
        raise StepError(f"{len(items)} items, {len(rasters)} rasters and {len(indices)} indices")
    catalog = pystac.Catalog(id=results.catalog, description=f"{results.title}, one for each scene")
    for href, raster, index in zip_longest(items, rasters, indices):
        scene = read_item(href)
        if catalog.get_item(scene["id"]):
            raise StepError(f"There are two items {scene['id']}: each scene is given once")
        item = map_item(scene, Path(raster), results.title)
        if index:
            item.add_asset("index", raster_asset(placed(Path(index), item.id), "Index"))
        catalog.add_item(item)
    if results.tables:
        catalog.add_item(table_item(list(catalog.get_items()), results))
    catalog.normalize_and_save("./", catalog_type=pystac.CatalogType.SELF_CONTAINED)


def map_item(scene: dict[str, Any], raster: Path, title: str) -> pystac.Item:
    """The item of one map: the scene's time, the map's own footprint."""
    rasterio = load_rasterio()
    import pystac
    from rasterio.warp import transform_bounds, transform_geom

    times = times_of(scene)
    path = placed(raster, scene["id"])
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
        stac_extensions=[PROJECTION, CLASSIFICATION, FILE],
    )
    item.add_asset("data", raster_asset(path, title))
    return item


def raster_asset(path: Path, title: str) -> pystac.Asset:
    """The asset of a raster in its item's folder: its type, its no data, and the classes it names itself."""
    rasterio = load_rasterio()
    import pystac

    with rasterio.open(path, driver="GTiff") as dataset:
        nodata, classes = dataset.nodata, read_classes(dataset)
        band: dict[str, Any] = {"data_type": dataset.dtypes[0]}
    if nodata is not None:
        band["nodata"] = "nan" if isnan(nodata) else int(nodata) if nodata.is_integer() else nodata
    if classes:
        told = [{"value": one.value, "name": one.name, "color_hint": one.colour} for one in classes]
        band["classification:classes"] = [*told, {"value": NODATA, "name": "nodata", "nodata": True}]
    return pystac.Asset(
        href=f"./{path.name}",
        media_type=pystac.MediaType.COG,
        roles=["data", "visual"] if classes else ["data"],
        title=title,
        extra_fields={"bands": [band], **size_and_checksum(path)},
    )


def table_item(maps: Sequence[pystac.Item], results: Results) -> pystac.Item:
    """The item of the tables, named as the catalogue: the box and the time that the maps span.

    Raises:
        StepError: A scene has the name of the catalogue, or a file is no table.
    """
    import pystac

    if results.catalog in {one.id for one in maps}:
        raise StepError(f"The item {results.catalog} has the name of the catalogue, which its tables have")
    west, south, east, north = zip(*(one.bbox or () for one in maps), strict=True)
    box = [min(west), min(south), max(east), max(north)]
    corners = [(box[0], box[1]), (box[2], box[1]), (box[2], box[3]), (box[0], box[3]), (box[0], box[1])]
    times = [
        time
        for one in maps
        for time in (one.datetime, one.common_metadata.start_datetime, one.common_metadata.end_datetime)
        if time
    ]
    item = pystac.Item(
        id=results.catalog,
        geometry={"type": "Polygon", "coordinates": [corners]},
        bbox=box,
        datetime=None,
        start_datetime=min(times),
        end_datetime=max(times),
        properties={},
        stac_extensions=[FILE],
    )
    for table in map(Path, results.tables):
        if table.suffix not in TABLES:
            raise StepError(f"{table.name} is no table: {', '.join(TABLES)}")
        path = placed(table, item.id)
        asset = pystac.Asset(
            href=f"./{path.name}",
            media_type=TABLES[table.suffix],
            roles=["data"],
            title="Table",
            extra_fields=size_and_checksum(path),
        )
        item.add_asset(table.suffix.removeprefix("."), asset)
    return item


def placed(source: Path, item_id: str) -> Path:
    """A file, copied into the folder of an item."""
    folder = Path(item_id)
    folder.mkdir(exist_ok=True)
    return Path(shutil.copyfile(source, folder / source.name))


def size_and_checksum(path: Path) -> dict[str, Any]:
    """As the STAC file extension has them: a multihash of SHA-2 with 256 bits."""
    return {
        "file:size": path.stat().st_size,
        "file:checksum": f"1220{hashlib.sha256(path.read_bytes()).hexdigest()}",
    }


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
