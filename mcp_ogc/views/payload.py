"""What the view needs of an answer and the model does not: it travels in `_meta`, which costs the model nothing.

The picture itself is the answer's image, and the numbers are in its structured content: neither is sent twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcp_ogc.text import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import JsonValue

    from mcp_ogc.ogc.results.footprints import Ring
    from mcp_ogc.ogc.results.stac import Output
    from mcp_ogc.rasters.georeference import Corners
    from mcp_ogc.rasters.pictures.picture import Preview

KEY = "mcp-ogc/view"
MOST_FOOTPRINTS = 10_000
ID_CHARACTERS = 80
MOST_ID_CHARACTERS = 250_000
"""Of all footprints: those of more have no ids."""
CORNERS = 30_000
"""Of all footprints: about 300 kB."""
MOST_CORNERS = 48
"""Of one."""
STEPS = 65_535
"""Of longitude and of latitude, from the least to the greatest: 2 m in a scene of 100 km."""


def for_view(
    name: str,
    bounds: tuple[float, ...] | None,
    corners: Corners | None,
    picture: Preview | None,
) -> dict[str, JsonValue]:
    """The `_meta` of an answer about one picture.

    Args:
        name: What the picture is of: a raster's handle.
        bounds: Where the picture lies: west, south, east, north in degrees; None where that is not known.
        corners: Of the picture, in degrees, where its rows do not run along parallels within these bounds.
        picture: That of the answer, for its legend.
    """
    told: dict[str, JsonValue] = {
        "name": name,
        "bounds": list(bounds) if bounds else None,
        "corners": [list(corner) for corner in corners] if corners else None,
    }
    if picture:
        told["about"] = picture.description
        told["legend"] = [{"label": clean(entry.label), "colour": entry.colour} for entry in picture.legend]
    return {KEY: told}


def footprints_for_view(outputs: Sequence[Output], start: int = 0, end: int | None = None) -> dict[str, JsonValue]:
    """The `_meta` of an answer about results: where each item lies, those that the answer does not list too.

    Corners are whole steps from an origin, each from the one before (as TopoJSON has them), a footprint one text:
    `x y dx dy …`, a ring after the other with `;` between, empty where an item has no place. `ids` are there unless
    there are too many. Blocking, in proportion to the number of items.

    Args:
        outputs: Of a job.
        start: The first item that is told, counted through all outputs.
        end: The one after the last; all where left out.
    """
    from mcp_ogc.ogc.results.footprints import FEWEST_CORNERS, rings_of

    all_items = [(output.id, item) for output in outputs for item in output.items][start:end]
    items = all_items[:MOST_FOOTPRINTS]
    corners = max(FEWEST_CORNERS, min(MOST_CORNERS, CORNERS // max(1, len(items))))
    footprints = [rings_of(item, corners) for _, item in items]
    positions = [position for rings in footprints for ring in rings for position in ring]
    if not positions:
        return {}
    grid = _Grid(positions)
    ids = [clean(item.id, ID_CHARACTERS) for _, item in items]
    are_named = sum(map(len, ids)) <= MOST_ID_CHARACTERS
    told: dict[str, dict[str, list[JsonValue]]] = {}
    for (output_id, _), item_id, rings in zip(items, ids, footprints, strict=True):
        row = told.setdefault(output_id, {"rings": [], "ids": []} if are_named else {"rings": []})
        row["rings"].append(grid.text(rings))
        if are_named:
            row["ids"].append(item_id)
    rows: list[JsonValue] = [{"output_id": output_id, **row} for output_id, row in told.items()]
    placed: dict[str, JsonValue] = {"origin": list(grid.origin), "step": list(grid.step), "outputs": rows}
    return {KEY: {"footprints": {**placed, "left_out": len(all_items) - len(items)}}}


class _Grid:
    """Whole steps between the least and the greatest of positions."""

    def __init__(self, positions: Sequence[tuple[float, float]]) -> None:
        xs, ys = zip(*positions, strict=True)
        self.origin = (min(xs), min(ys))
        self.step = (_step(max(xs) - min(xs)), _step(max(ys) - min(ys)))

    def text(self, rings: Sequence[Ring]) -> str:
        return ";".join(self._ring(ring) for ring in rings)

    def _ring(self, ring: Ring) -> str:
        (west, south), (across, up) = self.origin, self.step
        last = (0, 0)
        told: list[str] = []
        for x, y in ring:
            place = (round((x - west) / across), round((y - south) / up))
            if place != last or not told:
                told.append(f"{place[0] - last[0]} {place[1] - last[1]}")
            last = place
        return " ".join(told)


def _step(extent: float) -> float:
    return extent / STEPS or 1.0
