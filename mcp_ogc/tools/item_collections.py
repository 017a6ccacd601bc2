"""How a collection of many items reads: one answer for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import JsonValue

from mcp_ogc.text import Reply, clean, moment, number, size, untrusted

if TYPE_CHECKING:
    from mcp_ogc.ogc.results.item_collections import AssetKind, ItemCollection, Range

SHOWN = 6
NAME_CHARACTERS = 60


class CollectionRow(Reply):
    """Many items as one; `untrusted` has what they say: collections, assets, times, ranges with outliers."""

    items: int
    different_ids: int
    bbox: tuple[float, float, float, float] | None = None
    without_bbox: int = 0
    undated: int = 0
    without_assets: int = 0
    left_out: int = 0
    untrusted: dict[str, JsonValue]


def collection_row(found: ItemCollection) -> CollectionRow:
    """What items have in common."""
    return CollectionRow(
        items=found.count,
        different_ids=found.ids,
        bbox=found.bbox,
        without_bbox=found.without_bbox,
        undated=found.undated,
        without_assets=found.without_assets,
        left_out=_left_out(found),
        untrusted={
            "times": [moment(time) for time in (found.first, found.last) if time],
            "collections": {_name(name): count for name, count in found.collections[:SHOWN]},
            "assets": [
                {"key": _name(one.key), "count": one.count, "type": _name(one.media_type or ""), "bytes": one.size}
                for one in found.assets[:SHOWN]
            ],
            "ranges": [
                {
                    "name": _name(one.name),
                    "count": one.count,
                    "min": one.low,
                    "median": one.median,
                    "max": one.high,
                    "outliers": one.outliers,
                    "furthest": [{"item": _name(far.item_id), "value": far.value} for far in one.furthest],
                }
                for one in found.ranges[:SHOWN]
            ],
        },
    )


def collection_lines(output_id: str, found: ItemCollection) -> tuple[str, ...]:
    """The same, for reading."""
    box = f"bbox lon/lat [{', '.join(f'{value:.4f}' for value in found.bbox)}]" if found.bbox else "no bbox"
    times = f"{moment(found.first)} to {moment(found.last)}" if found.first else "no times"
    lines = [f"All {found.count:,} items of {output_id} as one: {box}, {times}"]
    lacking = {
        "without bbox": found.without_bbox,
        "undated": found.undated,
        "without assets": found.without_assets,
        "with an id that another has": found.count - found.ids,
    }
    if any(lacking.values()):
        lines.append("; ".join(f"{count:,} {what}" for what, count in lacking.items() if count))
    if found.collections:
        names = (f"{_label(name)} {count:,}" for name, count in found.collections[:SHOWN])
        lines.append(f"collections: {', '.join(names)}")
    lines += [f"- asset {_asset(one)}" for one in found.assets[:SHOWN]]
    lines += [f"- {_range(one)}" for one in found.ranges[:SHOWN]]
    if left_out := _left_out(found):
        lines.append(f"{left_out:,} more collections, assets or numbers are left out")
    return tuple(lines)


def _left_out(found: ItemCollection) -> int:
    return found.left_out + sum(max(0, len(one) - SHOWN) for one in (found.collections, found.assets, found.ranges))


def _asset(one: AssetKind) -> str:
    held = "" if one.size is None else f", {size(one.size)} in all"
    return f"{_label(one.key)} {_label(one.media_type)}: {one.count:,}{held}"


def _range(one: Range) -> str:
    text = f"{_label(one.name)}: {number(one.low)} to {number(one.high)}, median {number(one.median)}, of {one.count:,}"
    if not one.outliers:
        return text
    furthest = ", ".join(f"{_label(far.item_id)} {number(far.value)}" for far in one.furthest)
    return f"{text}; {one.outliers:,} far out: {furthest}"


def _name(text: str) -> str:
    return clean(text, NAME_CHARACTERS)


def _label(text: str | None) -> str:
    return untrusted(text, NAME_CHARACTERS)
