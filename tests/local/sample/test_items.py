"""Items written by strangers: what a step takes of them, and what it refuses in one line."""

import hashlib
import http.server
import json
import secrets
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pystac
import pytest
import rasterio
from numpy.typing import NDArray

from mcp_ogc.local.sample.samples import AOI, SCENES, scene_folder

SCRIPTS = Path(sysconfig.get_path("scripts"))
TITLED = ("--catalog=maps", "--title=Map")
AREA = ("--aoi=500000,9000000,500040,9000040", "--epsg=EPSG:32725")


def run(command: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SCRIPTS / command, *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )


def raster(path: Path, *bands: NDArray[Any], nodata: float | None = 0) -> Path:
    height, width = bands[0].shape
    profile = {"driver": "GTiff", "width": width, "height": height, "count": len(bands), "dtype": bands[0].dtype}
    grid = {"crs": "EPSG:32725", "transform": rasterio.Affine(1, 0, 500000, 0, -1, 9000000 + height), "nodata": nodata}
    with rasterio.open(path, "w", **profile, **grid) as file:
        file.write(np.stack(bands))
    return path


def item(path: Path, assets: dict[str, Any], **changed: Any) -> str:
    document = {"type": "Feature", "id": "scene", "properties": {"datetime": "2020-01-01T00:00:00Z"}, "assets": assets}
    path.write_text(json.dumps({**document, **changed}), encoding="utf-8")
    return str(path)


def crop(href: str, band: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return run("mcp-ogc-crop", f"--item={href}", *AREA, f"--band={band}", folder=folder)


def one_line(ran: subprocess.CompletedProcess[str]) -> str:
    assert ran.returncode == 1
    (line,) = ran.stderr.strip().splitlines()
    return line


def test_t08_a_vrt_named_tif_shows_no_file_of_this_machine(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    canary.write_text(secrets.token_hex(800))
    (tmp_path / "green.tif").write_text(
        '<VRTDataset rasterXSize="40" rasterYSize="40"><SRS>EPSG:32725</SRS>'
        "<GeoTransform>500000,1,0,9000040,0,-1</GeoTransform>"
        '<VRTRasterBand dataType="Byte" band="1" subClass="VRTRawRasterBand">'
        '<SourceFilename relativeToVRT="1">canary</SourceFilename><ImageOffset>0</ImageOffset>'
        "<PixelOffset>1</PixelOffset><LineOffset>40</LineOffset></VRTRasterBand></VRTDataset>"
    )
    with rasterio.open(tmp_path / "green.tif") as left_to_itself:
        assert left_to_itself.read(1).tobytes() == canary.read_bytes(), "else this test would prove nothing"
    told = one_line(crop(item(tmp_path / "item.json", {"green": {"href": "./green.tif"}}), "green", tmp_path))
    assert "can't be read" in told
    assert not list(tmp_path.glob("crop_*"))


@pytest.mark.parametrize("name", ["../../elsewhere", "/tmp/elsewhere", "..", "a\\b"])
def test_t17_an_item_whose_id_leads_out_of_the_folder_is_refused(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    classes = raster(tmp_path / "otsu.tif", np.ones((4, 4), "uint8"), nodata=255)
    href = item(tmp_path / "item.json", {}, id=name)
    told = one_line(run("mcp-ogc-stac", *TITLED, f"--item={href}", f"--raster={classes}", folder=folder))
    assert "can't be the name of a folder" in told
    assert {path.name for path in tmp_path.rglob("*")} == {"a", "b", "item.json", "otsu.tif"}


@pytest.mark.parametrize(
    ("assets", "told"),
    [
        ({"green": {"href": "s3://bucket/green.tif"}}, "this step reads https, http and files"),
        ({"green": {"href": "vrt:///etc/passwd"}}, "this step reads https, http and files"),
        ({"green": {}}, "has no href"),
        ({"green": "green.tif"}, "has no band 'green'"),
        ({"all": {"href": "./a.tif", "bands": ["green", {"name": "green"}, 5]}}, "can't be read"),
        ({"all": {"href": "./absent.tif", "eo:bands": [{"common_name": "green"}]}}, "can't be read"),
    ],
)
def test_what_is_wrong_with_an_asset_is_one_line(assets: dict[str, Any], told: str, tmp_path: Path) -> None:
    raster(tmp_path / "a.tif", np.ones((40, 40), "uint8"))
    assert told in one_line(crop(item(tmp_path / "item.json", assets), "green", tmp_path))


@pytest.mark.parametrize("band", ["../green", "a/b", ""])
def test_a_band_that_is_no_name_is_refused(band: str, tmp_path: Path) -> None:
    assert "is not the name of a band" in one_line(crop(item(tmp_path / "item.json", {}), band, tmp_path))


def test_a_band_within_an_asset_of_several_is_that_band(tmp_path: Path) -> None:
    raster(tmp_path / "a.tif", np.full((40, 40), 1, "uint8"), np.full((40, 40), 2, "uint8"))
    bands = [{"name": "B4", "eo:common_name": "red"}, {"name": "B3", "eo:common_name": "green"}]
    href = item(tmp_path / "item.json", {"visual": {"href": "a.tif", "bands": bands}})
    for name, value in {"green": 2, "B4": 1}.items():
        assert crop(href, name, tmp_path).returncode == 0
        with rasterio.open(tmp_path / f"crop_{name}.tif") as file:
            assert np.unique(file.read(1)) == [value]


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_stored_numbers_are_compared_as_what_they_stand_for(version: str, tmp_path: Path) -> None:
    """Landsat Collection 2: reflectance is 0.0000275 times what is stored, minus 0.2; 0 is no data."""
    told = {
        "1.0": {"raster:bands": [{"scale": 0.0000275, "offset": -0.2}]},
        "1.1": {"bands": [{"raster:scale": 0.0000275, "raster:offset": -0.2}]},
    }[version]
    stored = {"green": [[8500, 9000], [0, 7000]], "nir08": [[7500, 12000], [9000, 9000]]}
    assets = {}
    for name, numbers in stored.items():
        raster(tmp_path / f"{name}.tif", np.array(numbers, "uint16"))
        assets[name] = {"href": f"./{name}.tif", **told}
    href = item(tmp_path / "item.json", assets)
    for name in stored:
        assert crop(href, name, tmp_path).returncode == 0
    assert run("mcp-ogc-normalized-difference", "crop_green.tif", "crop_nir08.tif", folder=tmp_path).returncode == 0
    with rasterio.open(tmp_path / "normalized-difference.tif") as file:
        index = file.read(1)
    green, infrared = (np.maximum(np.array(numbers) * 0.0000275 - 0.2, 0) for numbers in stored.values())
    expected = (green - infrared) / (green + infrared)
    expected[1, 0] = np.nan
    assert expected[1, 1] == -1, "a reflectance below 0 counts as 0"
    np.testing.assert_allclose(index, expected, rtol=1e-4)


def test_an_area_of_one_value_can_t_be_separated_and_says_so(tmp_path: Path) -> None:
    raster(tmp_path / "index.tif", np.full((4, 4), 0.5, "float32"), nodata=float("nan"))
    told = one_line(run("mcp-ogc-otsu", "index.tif", folder=tmp_path))
    assert "needs both water and land" in told


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of both shipped scenes, each with a map of its own and the index it was made of."""
    folder = tmp_path_factory.mktemp("catalogue")
    options = []
    for scene in SCENES:
        made = folder / f"made-of-{scene}"
        made.mkdir()
        index = raster(made / "index.tif", np.repeat([[0.1], [0.9]], 20, 1).repeat(15, 0).astype("f4"), nodata=np.nan)
        assert run("mcp-ogc-otsu", "index.tif", folder=made).returncode == 0
        options += [f"--item={(scene_folder() / scene / f'{scene}.json').as_uri()}"]
        options += [f"--raster={made / 'otsu.tif'}", f"--index={index}"]
    assert run("mcp-ogc-stac", *TITLED, *options, folder=folder).returncode == 0
    return folder


def test_each_map_has_its_scene_s_time_and_its_own_place(catalogue: Path) -> None:
    items = list(pystac.Catalog.from_file(str(catalogue / "catalog.json")).get_items())
    assert [one.id for one in items] == list(SCENES)
    for one in items:
        scene = json.loads((scene_folder() / one.id / f"{one.id}.json").read_text(encoding="utf-8"))
        written = json.loads((catalogue / one.id / f"{one.id}.json").read_text(encoding="utf-8"))
        for name in ("datetime", "start_datetime", "end_datetime"):
            assert written["properties"][name] == scene["properties"][name]
        assert written["properties"]["proj:code"] == "EPSG:32725"
        assert written["properties"]["proj:shape"] == [30, 20]
        assert written["properties"]["proj:transform"] == [1, 0, 500000, 0, -1, 9000030]
        west, south, east, north = written["bbox"]
        corners = written["geometry"]["coordinates"][0]
        assert [min(x for x, _ in corners), max(y for _, y in corners)] == pytest.approx([west, north], abs=1e-6)
        assert -33.01 < west < east < -32.99
        assert -9.05 < south < north < -9.04


def test_each_map_is_described_by_what_it_is(catalogue: Path) -> None:
    for one in pystac.Catalog.from_file(str(catalogue / "catalog.json")).get_items():
        asset = one.assets["data"]
        data = (catalogue / one.id / "otsu.tif").read_bytes()
        assert asset.extra_fields["file:size"] == len(data)
        assert asset.extra_fields["file:checksum"] == f"1220{hashlib.sha256(data).hexdigest()}"
        assert asset.roles == ["data", "visual"]
        (band,) = asset.extra_fields["bands"]
        assert {value["value"]: value["name"] for value in band["classification:classes"]} == {
            0: "land",
            1: "water",
            255: "nodata",
        }
        index = one.assets["index"]
        assert (index.roles, index.extra_fields["bands"]) == (["data"], [{"data_type": "float32", "nodata": "nan"}])


@pytest.mark.parametrize(
    ("properties", "told"),
    [
        ({"datetime": "last summer"}, "a time that can't be read"),
        ({"datetime": None}, "neither a datetime nor"),
        ({"datetime": None, "start_datetime": "2020-01-01T00:00:00Z"}, "neither a datetime nor"),
    ],
)
def test_a_scene_without_a_time_is_refused(properties: dict[str, Any], told: str, tmp_path: Path) -> None:
    classes = raster(tmp_path / "otsu.tif", np.ones((4, 4), "uint8"), nodata=255)
    href = item(tmp_path / "item.json", {}, properties=properties)
    assert told in one_line(run("mcp-ogc-stac", *TITLED, f"--item={href}", f"--raster={classes}", folder=tmp_path))


def test_a_scene_given_twice_is_refused(tmp_path: Path) -> None:
    classes = raster(tmp_path / "otsu.tif", np.ones((4, 4), "uint8"), nodata=255)
    twice = [f"--item={item(tmp_path / 'item.json', {})}", f"--raster={classes}"] * 2
    assert "each scene is given once" in one_line(run("mcp-ogc-stac", *TITLED, *twice, folder=tmp_path))


class Stranger(http.server.BaseHTTPRequestHandler):
    """Items whose links lead to this machine's files, and a service that signs with one."""

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        own = (scene_folder() / SCENES[0] / "green.tif").as_uri()
        href = own if path.startswith("/plain/") else "./green.tif"
        document: dict[str, Any] = {"type": "Feature", "id": "scene", "properties": {}, "assets": {}}
        document["assets"]["green"] = {"href": href}
        body = json.dumps({"href": own} if path == "/api/sas/v1/sign" else document).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def stranger() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stranger)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/plain/items/scene", "a remote item names no files of this machine"),
        ("/api/stac/v1/collections/c/items/scene", "its answer is no URL"),
    ],
)
def test_t07_a_remote_item_opens_no_file_of_this_machine(path: str, told: str, stranger: str, tmp_path: Path) -> None:
    ran = run(
        "mcp-ogc-crop", f"--item={stranger}{path}", f"--aoi={AOI}", "--epsg=EPSG:4326", "--band=green", folder=tmp_path
    )
    assert told in one_line(ran)


def test_help_needs_no_raster_library() -> None:
    program = (
        "import sys, importlib, pkgutil, mcp_ogc.local.sample.steps as steps;"
        "[importlib.import_module(f'{steps.__name__}.{one.name}') for one in pkgutil.iter_modules(steps.__path__)];"
        "print(*{name.partition('.')[0] for name in sys.modules} & {'numpy', 'rasterio', 'pystac', 'boto3'})"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout.strip() == ""


def test_boto3_is_not_imported_with_rasterio() -> None:
    program = (
        "import sys; from mcp_ogc.local.sample.steps.step import load_rasterio; load_rasterio();"
        "print(sys.modules['boto3'], 'botocore' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout.strip() == "None False"
