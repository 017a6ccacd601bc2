"""Zones as people give them, and the table that comes of them."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

from mcp_ogc.local.sample.samples import SCENES, ZONES, scene_folder
from tests.local.conftest import serving
from tests.local.sample.test_items import item, one_line, raster, run

SQUARE = [[-33, -9], [-32, -9], [-32, -8], [-33, -8], [-33, -9]]
POLYGON = {"type": "Polygon", "coordinates": [SQUARE]}
FEATURE = {"type": "Feature", "id": "square", "geometry": POLYGON, "properties": None}


def bounds(zones: str, folder: Path) -> str:
    ran = run("mcp-ogc-bounds", f"--zones={zones}", folder=folder)
    assert ran.returncode == 0, ran.stderr
    return (folder / "aoi.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "document",
    [
        POLYGON,
        FEATURE,
        {"type": "MultiPolygon", "coordinates": [[SQUARE], [SQUARE]]},
        {"type": "FeatureCollection", "features": [FEATURE, FEATURE]},
    ],
)
def test_zones_are_given_as_text_as_a_file_or_by_url(document: dict[str, Any], tmp_path: Path) -> None:
    text = json.dumps(document)
    (tmp_path / "zones.geojson").write_text(text, encoding="utf-8")
    with serving(tmp_path) as base:
        ways = (text, str(tmp_path / "zones.geojson"), (tmp_path / "zones.geojson").as_uri(), f"{base}/zones.geojson")
        assert {bounds(one, tmp_path) for one in ways} == {"-33.0,-9.0,-32.0,-8.0"}


@pytest.mark.parametrize(
    ("zones", "told"),
    [
        ("{", "not JSON"),
        ("/nowhere.geojson", "can't be read"),
        ('{"type": "Topology"}', "not GeoJSON"),
        ('{"type": "FeatureCollection", "features": []}', "0 zones"),
        ('{"type": "Feature", "geometry": {"type": "Point", "coordinates": [0, 0]}}', "zone 1 is no Polygon"),
        ('{"type": "Polygon", "coordinates": []}', "coordinates that are none"),
        ('{"type": "Polygon", "coordinates": "here"}', "coordinates that are none"),
        ('{"type": "Polygon", "coordinates": [[[288776, 9120761], [1, 1]]]}', "not in longitude and latitude"),
    ],
)
def test_what_is_wrong_with_zones_is_one_line(zones: str, told: str, tmp_path: Path) -> None:
    assert told in one_line(run("mcp-ogc-bounds", f"--zones={zones}", folder=tmp_path))


def statistics(folder: Path, zones: Any, *pairs: tuple[str, Path]) -> list[dict[str, str]]:
    options = [option for href, path in pairs for option in (f"--item={href}", f"--raster={path}")]
    ran = run("mcp-ogc-zonal-statistics", f"--zones={json.dumps(zones)}", *options, folder=folder)
    assert ran.returncode == 0, ran.stderr
    with (folder / "zonal-statistics.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_no_data_is_counted_apart_and_a_zone_that_is_not_there_has_no_numbers(tmp_path: Path) -> None:
    values = np.arange(16, dtype="float32").reshape(4, 4)
    values[0, 0] = np.nan
    path = raster(tmp_path / "index.tif", values, nodata=float("nan"))
    # The raster is four metres wide at 33 W; the zones are everything there, and another place.
    elsewhere = {
        **FEATURE,
        "id": "elsewhere",
        "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]},
    }
    around = {"type": "Polygon", "coordinates": [[[-33.1, -9.1], [-32.9, -9.1], [-32.9, -8.9], [-33.1, -9.1]]]}
    zones = {"type": "FeatureCollection", "features": [{**FEATURE, "geometry": around}, elsewhere]}
    here, there = statistics(tmp_path, zones, (item(tmp_path / "item.json", {}), path))
    assert here == {
        "scene": "scene",
        "zone": "square",
        "pixels": "16",
        "valid": "15",
        "km2": "1.5e-05",
        "mean": "8.0",
        "std": f"{np.std(np.arange(1, 16)):.7g}",
        "min": "1.0",
        "median": "8.0",
        "max": "15.0",
    }
    assert there == {
        **dict.fromkeys(here, ""),
        "scene": "scene",
        "zone": "elsewhere",
        "pixels": "0",
        "valid": "0",
        "km2": "0.0",
    }
    features = json.loads((tmp_path / "zonal-statistics.geojson").read_text(encoding="utf-8"))["features"]
    assert [one["properties"]["mean"] for one in features] == [8.0, None]
    assert [one["geometry"] for one in features] == [around, elsewhere["geometry"]]


def test_a_raster_in_degrees_is_refused_because_its_pixels_differ_in_area(tmp_path: Path) -> None:
    profile = {"driver": "GTiff", "width": 2, "height": 2, "count": 1, "dtype": "float32", "crs": "EPSG:4326"}
    with rasterio.open(tmp_path / "a.tif", "w", transform=rasterio.Affine(1, 0, -34, 0, -1, -7), **profile) as file:
        file.write(np.zeros((1, 2, 2), "float32"))
    href = item(tmp_path / "item.json", {})
    ran = run(
        "mcp-ogc-zonal-statistics",
        f"--zones={json.dumps(POLYGON)}",
        f"--item={href}",
        "--raster=a.tif",
        folder=tmp_path,
    )
    assert "not projected in metres" in one_line(ran)


def test_tables_have_an_item_of_their_own_that_spans_the_scenes(tmp_path: Path) -> None:
    options = []
    for number, scene in enumerate(SCENES):
        path = raster(tmp_path / f"{number}.tif", np.zeros((2, 2), "float32"), nodata=float("nan"))
        options += [f"--item={(scene_folder() / scene / f'{scene}.json').as_uri()}", f"--raster={path}"]
    (tmp_path / "rows.csv").write_text("a\n1\n", encoding="utf-8")
    (tmp_path / "rows.geojson").write_text(json.dumps(ZONES), encoding="utf-8")
    options += ["--catalog=tables", "--title=Index", "--table=rows.csv", "--table=rows.geojson"]
    ran = run("mcp-ogc-stac", *options, folder=tmp_path)
    assert ran.returncode == 0, ran.stderr
    told = json.loads((tmp_path / "tables" / "tables.json").read_text(encoding="utf-8"))
    assert {key: asset["type"] for key, asset in told["assets"].items()} == {
        "csv": "text/csv",
        "geojson": "application/geo+json",
    }
    times = [told["properties"][name] for name in ("datetime", "start_datetime", "end_datetime")]
    assert times == [None, "1999-04-15T00:00:00Z", "2003-05-31T00:00:00Z"]
    assert told["bbox"] == json.loads((tmp_path / SCENES[0] / f"{SCENES[0]}.json").read_text(encoding="utf-8"))["bbox"]
    refused = run("mcp-ogc-stac", *options, "--table=0.tif", folder=tmp_path)
    assert "0.tif is no table" in one_line(refused)
