"""The sample finds the water that a plain computation finds, and says what is wrong with its inputs."""

import http.server
import json
import subprocess
import sysconfig
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import numpy as np
import pystac
import pytest
import rasterio

from mcp_ogc.local.sample.samples import AOI, SCENES, example_inputs, scene_folder
from tests.local.sample.oracle import ORIGINAL, ROWS, water

SCRIPTS = Path(sysconfig.get_path("scripts"))
PACKAGE = scene_folder().parent / "water-bodies.cwl"
BANDS = ("blue", "green", "red", "nir08", "swir16", "swir22")


def run(command: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SCRIPTS / command, *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.parametrize("item", SCENES)
def test_the_shipped_bands_are_the_original_s_pixels(item: str) -> None:
    first, end = ROWS[item]
    with rasterio.open(ORIGINAL) as original:
        for number, band in enumerate(BANDS, start=1):
            with rasterio.open(scene_folder() / item / f"{band}.tif") as shipped:
                assert np.array_equal(shipped.read(1), original.read(number)[first:end])
                assert shipped.crs == original.crs
                assert shipped.transform.f == pytest.approx(original.transform.f - first * original.res[1])
    stac = pystac.Item.from_file(str(scene_folder() / item / f"{item}.json"))
    assert stac.datetime is None
    assert set(stac.assets) == set(BANDS)


def test_any_cwltool_runs_the_package_and_finds_the_same_water(tmp_path: Path) -> None:
    (tmp_path / "inputs.json").write_text(json.dumps(example_inputs("water-bodies")), encoding="utf-8")
    ran = subprocess.run(
        [SCRIPTS / "cwltool", "--no-container", "--outdir", "out", f"{PACKAGE}#water-bodies", "inputs.json"],
        cwd=tmp_path,
        env={"PATH": f"{SCRIPTS}:/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=170,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    catalogue = pystac.read_file(str(next((tmp_path / "out").rglob("catalog.json"))))
    items = list(catalogue.get_items())
    assert [item.id for item in items] == list(SCENES)
    for item in items:
        item.make_asset_hrefs_absolute()
        with rasterio.open(item.assets["data"].href) as found:
            assert np.array_equal(found.read(1), water(item.id, AOI).astype("uint8"))
            assert found.nodata == 255
            assert found.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
            assert found.colormap(1)[1][2] > found.colormap(1)[1][0], "water is blue"


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"--aoi": "10,10,11,11"}, "does not meet the item"),
        ({"--aoi": "1,2,3"}, "is not minx,miny,maxx,maxy"),
        ({"--aoi": "3,2,1,4"}, "is empty"),
        ({"--epsg": "EPSG:99999999"}, "can't be read"),
        ({"--band": "thermal"}, "has no band 'thermal'; it has: blue, green"),
        ({"--item": "/nowhere.json"}, "can't be read"),
    ],
)
def test_what_is_wrong_is_one_line_and_exit_code_1(tmp_path: Path, changed: dict[str, str], told: str) -> None:
    item = str(scene_folder() / SCENES[0] / f"{SCENES[0]}.json")
    options = {"--item": item, "--aoi": AOI, "--epsg": "EPSG:4326", "--band": "green", **changed}
    ran = run("mcp-ogc-crop", *(f"{name}={value}" for name, value in options.items()), folder=tmp_path)
    assert ran.returncode == 1
    assert told in ran.stderr
    assert len(ran.stderr.strip().splitlines()) == 1


def test_no_data_stays_no_data(tmp_path: Path) -> None:
    values = {"green": [[10, 0], [255, 30]], "nir": [[2, 0], [255, 60]]}
    for name, pixels in values.items():
        profile = {"driver": "GTiff", "width": 2, "height": 2, "count": 1, "dtype": "uint8", "nodata": 255}
        transform = rasterio.Affine(1, 0, 0, 0, -1, 2)
        with rasterio.open(tmp_path / f"{name}.tif", "w", crs="EPSG:32725", transform=transform, **profile) as file:
            file.write(np.array([pixels], "uint8"))
    assert run("mcp-ogc-normalized-difference", "green.tif", "nir.tif", folder=tmp_path).returncode == 0
    assert run("mcp-ogc-otsu", "normalized-difference.tif", folder=tmp_path).returncode == 0
    with rasterio.open(tmp_path / "otsu.tif") as file:
        assert file.read(1).tolist() == [[1, 255], [255, 0]]


class PlanetaryComputer(http.server.BaseHTTPRequestHandler):
    """Items below /api/stac/v1/, assets that want a signature, and the service that signs."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        if parts.path == "/api/sas/v1/sign":
            self.answer(json.dumps({"href": f"{query['href'][0]}?sig=secret"}).encode())
        elif parts.path.startswith("/api/stac/v1/"):
            item = json.loads((scene_folder() / SCENES[0] / f"{SCENES[0]}.json").read_text(encoding="utf-8"))
            for key, asset in item["assets"].items():
                asset["href"] = f"http://{self.headers['Host']}/blob/{quote(key)}.tif"
            self.answer(json.dumps(item).encode())
        elif query.get("sig") == ["secret"]:
            self.answer((scene_folder() / SCENES[0] / Path(parts.path).name).read_bytes())
        else:
            self.send_error(403)

    def answer(self, body: bytes) -> None:
        """Ranges too: GDAL asks for them."""
        wanted = self.headers.get("Range", "").removeprefix("bytes=")
        if wanted:
            first, last = wanted.split("-")
            part = body[int(first) : int(last or len(body)) + 1]
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {first}-{int(first) + len(part) - 1}/{len(body)}")
        else:
            part = body
            self.send_response(200)
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def planetary_computer() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), PlanetaryComputer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_an_item_of_a_planetary_computer_is_signed_in_the_step(tmp_path: Path, planetary_computer: str) -> None:
    item = f"{planetary_computer}/api/stac/v1/collections/landsat-c2-l2/items/{SCENES[0]}"
    ran = run("mcp-ogc-crop", f"--item={item}", f"--aoi={AOI}", "--epsg=EPSG:4326", "--band=green", folder=tmp_path)
    assert ran.returncode == 0, ran.stderr
    local = str(scene_folder() / SCENES[0] / f"{SCENES[0]}.json")
    (tmp_path / "local").mkdir()
    run(
        "mcp-ogc-crop", f"--item={local}", f"--aoi={AOI}", "--epsg=EPSG:4326", "--band=green", folder=tmp_path / "local"
    )
    with rasterio.open(tmp_path / "crop_green.tif") as signed, rasterio.open(tmp_path / "local/crop_green.tif") as own:
        assert np.array_equal(signed.read(1), own.read(1))
