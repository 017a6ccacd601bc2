"""Pictures of projected rasters: they lie where their pixels do, not within the bounds in degrees."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import anyio
import numpy as np
import pytest
from affine import Affine
from mcp import Client
from playwright.sync_api import expect
from rasterio.warp import transform

from mcp_ogc.server import build_server
from mcp_ogc.settings import LocalSettings, Settings
from tests.rasters.conftest import write
from tests.servers.apps_host import Shown

PIXELS = 400
CORNERS = ((0, 0), (PIXELS, 0), (0, PIXELS), (PIXELS, PIXELS))
EDGE_OF_ZONE_33 = Affine(250, 0, 233000, 0, -250, 6700000)  # at 60° N, 10° to 12° E, on the meridian of zone 32's end
MAPS = {
    "tilted": {"crs": "EPSG:32633", "transform": EDGE_OF_ZONE_33},
    "upside-down": {"crs": "EPSG:32633", "transform": Affine(250, 0, 233000, 0, 250, 6600000)},
    "fiji": {"crs": "EPSG:32760", "transform": Affine(250, 0, 780000, 0, -250, 8100000)},
    "degrees": {"crs": "EPSG:4326", "transform": Affine(0.005, 0, 10, 0, -0.005, 60)},
}
Answers = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    folder = tmp_path_factory.mktemp("tilted")
    cover = np.ones((PIXELS, PIXELS), dtype="uint8")
    changed = cover.copy()
    changed[:, :20] = 2
    for name, where in MAPS.items():
        write(folder / f"{name}.tif", cover, **where)
        write(folder / f"{name}-later.tif", changed, **where)

    async def ask() -> Answers:
        settings = Settings(
            data_folder=folder / "data", permitted_folders=(folder,), local=LocalSettings(enabled=False)
        )
        found = {}
        async with Client(build_server(settings)) as client:
            for name in MAPS:
                before, after = ((folder / f"{name}{later}.tif").as_uri() for later in ("", "-later"))
                found[name] = await client.call_tool("ogc_summarize_raster", {"raster": before})
                found[f"{name}-change"] = await client.call_tool(
                    "ogc_compare_rasters", {"before": before, "after": after}
                )
        return {name: one.model_dump(mode="json", by_alias=True, exclude_none=True) for name, one in found.items()}

    # In a thread, because a browser's event loop may be this one's.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(anyio.run, ask).result()


# Both at once, and not while the map zooms: the page may move what it shows between two looks at it.
LOOK = """async () => {
  do await new Promise(requestAnimationFrame);
  while (document.querySelector(".leaflet-zoom-anim"));
  const image = document.querySelector("img.picture");
  const { x, y } = image.offsetParent.getBoundingClientRect();
  const [wide, high] = [parseFloat(image.style.width), parseFloat(image.style.height)];
  const matrix = new DOMMatrix(getComputedStyle(image).transform);
  const drawn = [[0, 0], [wide, 0], [0, high], [wide, high]].map(([across, down]) => {
    const at = matrix.transformPoint(new DOMPoint(across, down));
    return [at.x + x, at.y + y];
  });
  const path = document.querySelector("path.footprint");
  const [box, { e, f }] = [path.getBBox(), path.getScreenCTM()];
  return [drawn, [box.x + e, box.y + f, box.width, box.height]];
}"""


def right_places(answer: dict[str, Any], name: str, footprint: list[float]) -> list[tuple[float, float]]:
    """Where the picture's corners belong on the page: the footprint shows how degrees lie there."""
    west, south, east, north = answer["_meta"]["mcp-ogc/view"]["bounds"]
    east += 360 if east < west else 0
    x, y, width, height = footprint
    placed = MAPS[name]["transform"]
    corners = CORNERS if placed.e < 0 else (*CORNERS[2:], *CORNERS[:2])  # north is up in every picture
    xs, ys = zip(*(placed @ corner for corner in corners), strict=True)
    longitudes, latitudes = transform(MAPS[name]["crs"], "OGC:CRS84", xs, ys)
    return [
        (
            x + ((lon + (360 if lon < west - 1 else 0)) - west) / (east - west) * width,
            y + (north - lat) / (north - south) * height,
        )
        for lon, lat in zip(longitudes, latitudes, strict=True)
    ]


def assert_laid_rightly(shown: Shown, answer: dict[str, Any], name: str) -> list[float]:
    drawn, footprint = shown.view.locator("body").evaluate(LOOK)
    for place, right in zip(drawn, right_places(answer, name, footprint), strict=True):
        assert tuple(place) == pytest.approx(right, abs=4)
    return [float(side) for side in footprint]


@pytest.mark.parametrize("kind", ["", "-change"], ids=["summary", "comparison"])
@pytest.mark.parametrize("name", MAPS)
def test_the_corners_of_a_picture_are_drawn_where_those_of_its_grid_are(
    shown: Shown, answers: Answers, name: str, kind: str
) -> None:
    answer = answers[f"{name}{kind}"]
    shown.start(answer)
    expect(shown.view.locator("img.picture")).to_be_visible()
    assert_laid_rightly(shown, answer, name)
    tilted = shown.view.locator("#details .note", has_text="laid as the parallelogram nearest to its corners")
    expect(tilted).to_have_count(0 if name == "degrees" else 1)


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_a_tilted_picture_stays_in_its_place_when_the_map_zooms(
    shown: Shown, answers: Answers, motion: Literal["no-preference", "reduce"]
) -> None:
    shown.page.emulate_media(reduced_motion=motion)
    shown.start(answers["tilted"])
    expect(shown.view.locator("img.picture")).to_be_visible()
    first = assert_laid_rightly(shown, answers["tilted"], "tilted")
    shown.view.locator("#map").press("-")
    further = assert_laid_rightly(shown, answers["tilted"], "tilted")
    assert further[2] == pytest.approx(first[2] / 2, rel=0.02)
