"""Where items lie: all of them are on the map, as their polygons, and those that are not listed can be."""

from typing import Any

import pytest
from playwright.sync_api import expect

from mcp_ogc.ogc.results.items import ItemDocument
from mcp_ogc.ogc.results.stac import Output
from mcp_ogc.views.payload import footprints_for_view
from tests.servers.apps_host import Shown

COUNT = 300
COMMON = {
    "times": ["2024-01-03T00:00:00Z", "2024-09-03T00:00:00Z"],
    "collections": {"sentinel-2-l2a": COUNT},
    "ranges": [{"name": "eo:cloud_cover", "count": COUNT, "min": 0, "median": 12.5, "max": 99}],
}


def tile(number: int, west: float, south: float) -> dict[str, Any]:
    """A scene that is tilted within its box."""
    ring = [[west + 0.2, south], [west + 1, south + 0.2], [west + 0.8, south + 1], [west, south + 0.8]]
    return {
        "id": f"tile-{number:03}",
        "bbox": [west, south, west + 1, south + 1],
        "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
    }


def row_of(document: dict[str, Any]) -> dict[str, Any]:
    return {"id": document["id"], "bbox": document["bbox"], "assets": []}


def results(
    documents: list[dict[str, Any]], listed: list[dict[str, Any]], *, cursor: str | None = None, **more: Any
) -> dict[str, Any]:
    """An answer of ogc_get_results that lists some of the items."""
    items = tuple(ItemDocument(one, "https://example.org/", lambda url, href: href) for one in documents)
    rows = [row_of(one) for one in listed]
    output = {"output_id": "maps", "kind": "stac", "items_total": len(documents), "items": rows, **more}
    told: dict[str, Any] = {"endpoint": "far", "job_id": "j", "outputs": [output], "next_cursor": cursor}
    return {
        "content": [{"type": "text", "text": "Job j"}],
        "structuredContent": {name: one for name, one in told.items() if one is not None},
        "_meta": footprints_for_view([Output(id="maps", kind="stac", items=items)]),
    }


@pytest.fixture(scope="module")
def tiles() -> list[dict[str, Any]]:
    return [tile(n, -60 + n % 20, -25 + n // 20) for n in range(COUNT)]


def corners_of(shown: Shown, selector: str) -> int:
    """How many corners all rings of the drawn paths have."""
    paths = [path.get_attribute("d") or "" for path in shown.view.locator(selector).all()]
    return sum(path.count("M") + path.count("L") for path in paths)


def test_hundreds_of_items_told_as_one_are_all_drawn_with_what_they_have_in_common(
    shown: Shown, tiles: list[dict[str, Any]]
) -> None:
    shown.start(results(tiles, [], collection={"items": COUNT, "untrusted": COMMON}))
    drawn = shown.view.locator("path.footprints")
    expect(drawn).to_have_count(1)
    assert (drawn.get_attribute("d") or "").count("M") == COUNT
    expect(shown.view.locator("#subtitle")).to_have_text("300 items, job j on far")
    for text in ("2024-01-03 to 2024-09-03", "sentinel-2-l2a, 300 items", "0 to 99, median 12.5"):
        expect(shown.view.locator("#details")).to_contain_text(text)


def test_an_item_is_drawn_as_its_polygon(shown: Shown) -> None:
    triangle = {**tile(0, 10, 40), "geometry": {"type": "Polygon", "coordinates": [[[10, 40], [11, 40], [10, 41]]]}}
    boxed = {**tile(1, 12, 40), "geometry": None}
    shown.start(results([triangle, boxed], [triangle, boxed]))
    expect(shown.view.locator("path.footprint")).to_have_count(2)
    assert corners_of(shown, "path.footprint") == 3 + 4


def test_items_of_one_id_are_drawn_each_at_its_place(shown: Shown) -> None:
    twins = [{**tile(0, 10, 40), "id": "twin"}, {**tile(0, 14, 40), "id": "twin"}]
    shown.start(results(twins, twins))
    drawn = shown.view.locator("path.footprint")
    expect(drawn).to_have_count(2)
    left, right = (one.bounding_box() for one in drawn.all())
    assert left is not None
    assert right is not None
    assert left["x"] + left["width"] < right["x"]


def test_items_that_are_not_listed_are_listed_page_by_page(shown: Shown, tiles: list[dict[str, Any]]) -> None:
    first, second = results(tiles, tiles[:60], cursor="next"), results(tiles, tiles[60:100], cursor="last")
    shown.start(results(tiles, []), answers={"ogc_get_results": [first, second]})
    shown.view.get_by_role("button", name="List the items").click()
    expect(shown.view.locator("path.footprint")).to_have_count(60)
    shown.view.get_by_role("button", name="List more items").press("Enter")
    expect(shown.view.locator("path.footprint")).to_have_count(100)
    expect(shown.view.locator("#details")).to_contain_text("200 items not listed.")
    assert (shown.view.locator("path.footprints").get_attribute("d") or "").count("M") == 200
    asked = {"job_id": "j", "endpoint": "far", "limit": 100}
    assert [one["arguments"] for one in shown.heard("tools/call")] == [asked, {**asked, "cursor": "next"}]


def test_where_the_map_is_clicked_the_items_there_are_told(shown: Shown) -> None:
    shown.start(results([tile(7, 10, 40), tile(8, 10, 40), tile(9, 30, 40)], []))
    expect(shown.view.locator("path.footprints")).to_be_visible()
    box = shown.view.locator("path.footprints").bounding_box()
    place = shown.view.locator("#map").bounding_box()
    assert box is not None
    assert place is not None
    left = {"x": box["x"] - place["x"] + box["width"] / 42, "y": box["y"] - place["y"] + box["height"] / 2}
    shown.view.locator("#map").click(position=left)
    expect(shown.view.get_by_role("status")).to_have_text("Here: tile-007, tile-008.")


def test_items_on_both_sides_of_the_antimeridian_are_neighbours(shown: Shown) -> None:
    shown.start(results([tile(0, 178, -17), tile(1, -180, -17)], []))
    drawn = shown.view.locator("path.footprints")
    expect(drawn).to_be_visible()
    box = drawn.bounding_box()
    assert box is not None
    assert box["width"] < 6 * box["height"]


@pytest.mark.parametrize(
    "broken", [{"origin": 5}, {"origin": [0, 0], "step": [1, 1], "outputs": [{"output_id": "maps", "rings": [7]}]}]
)
def test_footprints_that_are_none_leave_the_boxes(shown: Shown, broken: dict[str, Any]) -> None:
    document = tile(0, 10, 40)
    shown.start({**results([document], [document]), "_meta": {"mcp-ogc/view": {"footprints": broken}}})
    expect(shown.view.locator("path.footprint")).to_have_count(1)
