"""What travels to the view: bounded, whatever the items are."""

import json
from typing import Any

from mcp_ogc.ogc.results.items import ItemDocument
from mcp_ogc.ogc.results.stac import Output
from mcp_ogc.views.payload import footprints_for_view

MOST_BYTES = 700_000
"""Of a result (some clients refuse more), of which footprints are a part."""


def output(name: str, documents: list[dict[str, Any]]) -> Output:
    items = tuple(ItemDocument(one, "https://example.org/", lambda url, href: href) for one in documents)
    return Output(id=name, kind="stac", items=items)


def told(*outputs: Output) -> dict[str, Any]:
    found: Any = footprints_for_view(outputs)["mcp-ogc/view"]
    return dict(found["footprints"])


def jagged(number: int, corners: int) -> dict[str, Any]:
    """An item of a long id whose ring goes to and fro across the world."""
    ring = [[(-1) ** n * 179 + number / 1e4, 80 * n / corners] for n in range(corners)]
    return {"id": f"{number:0100}", "geometry": {"type": "Polygon", "coordinates": [ring]}}


def test_footprints_take_a_bounded_part_of_an_answer_however_many_and_however_jagged() -> None:
    for count, corners in ((20, 5000), (600, 60), (12_000, 12)):
        found = told(output("maps", [jagged(n, corners) for n in range(count)]))
        assert len(json.dumps(found)) < MOST_BYTES * 0.9
        assert found["left_out"] == max(0, count - 10_000)


def test_corners_are_where_they_were_to_a_step() -> None:
    ring = [[10.123456, 40.0], [11.0, 40.654321], [10.5, 41.0]]
    document = {"id": "one", "geometry": {"type": "Polygon", "coordinates": [ring]}}
    found = told(output("maps", [document]), output("none", []))
    (text,) = found["outputs"][0]["rings"]
    steps = [int(one) for one in text.split()]
    place, origin, step = [0, 0], found["origin"], found["step"]
    for corner, move in zip(ring, zip(steps[::2], steps[1::2], strict=True), strict=True):
        place = [place[0] + move[0], place[1] + move[1]]
        assert all(abs(origin[n] + place[n] * step[n] - corner[n]) <= step[n] for n in (0, 1))


def test_where_nothing_has_a_place_nothing_is_told() -> None:
    assert footprints_for_view([output("maps", [{"id": "one"}])]) == {}
    assert footprints_for_view([]) == {}
