"""What thousands of STAC items have in common: counted from their JSON as it came, without reading each of them."""

from __future__ import annotations

import statistics
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pydantic import JsonValue

from mcp_ogc.ogc.models import JsonObject
from mcp_ogc.ogc.results.geojson import bbox_of, finite
from mcp_ogc.ogc.results.items import ItemDocument

FENCE = 3.0
"""Interquartile ranges beyond the quartiles at which a value is far out (Tukey 1977, Exploratory Data Analysis)."""
LEAST_VALUES = 12
"""Fewer have no quartiles worth the name."""
NAMED_OUTLIERS = 3
LARGEST = 2**63
MOST_RANGES = 12
MOST_KINDS = 12
NOT_MEASURED = ("proj:epsg", "version")
"""Numbers that are names."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Outlier:
    """A value that is far from the others, and whose it is."""

    item_id: str
    value: float


@dataclass(frozen=True, slots=True)
class Range:
    """The values of one number that items tell: a property, or an asset's `file:size`."""

    name: str
    count: int
    low: float
    high: float
    median: float
    outliers: int
    """Beyond three interquartile ranges from the quartiles."""
    furthest: tuple[Outlier, ...]
    """At most three of them."""


@dataclass(frozen=True, slots=True)
class AssetKind:
    """Assets of one key."""

    key: str
    count: int
    media_type: str | None
    """The most frequent one."""
    size: int | None
    """Bytes of all of them that tell it."""


@dataclass(frozen=True, slots=True)
class ItemCollection:
    """Many items as one."""

    count: int
    ids: int
    """Different ones."""
    bbox: Box | None
    """West, south, east, north of all; west is greater than east across the antimeridian."""
    without_bbox: int
    first: datetime | None
    """The earliest time that is told, in UTC."""
    last: datetime | None
    undated: int
    """Those that tell no time, or none that can be read."""
    collections: tuple[tuple[str, int], ...]
    """Their names and how many items each has, the most frequent ones."""
    without_assets: int
    assets: tuple[AssetKind, ...]
    """The most frequent ones."""
    ranges: tuple[Range, ...]
    """The most frequent ones; those with outliers first."""
    left_out: int
    """Ranges and asset keys beyond these."""


@dataclass(slots=True)
class _Assets:
    count: int = 0
    size: int = 0
    sized: int = 0
    types: Counter[str] = field(default_factory=Counter)


def collection_of(items: Sequence[ItemDocument]) -> ItemCollection:
    """Count through items; blocking, in proportion to their number."""
    boxes: list[Box] = []
    times: list[datetime] = []
    undated = without_assets = 0
    numbers: defaultdict[str, list[tuple[float, int]]] = defaultdict(list)
    assets: defaultdict[str, _Assets] = defaultdict(_Assets)
    collections: Counter[str] = Counter()
    for place, item in enumerate(items):
        document = item.document
        if box := bbox_of(document.get("bbox")):
            boxes.append(box)
        properties = _object(document.get("properties"))
        told = _times(properties)
        times += told
        undated += not told
        if isinstance(name := document.get("collection"), str):
            collections[name] += 1
        for name, value in properties.items():
            if (number := finite(value)) is not None and name not in NOT_MEASURED:
                numbers[name].append((number, place))
        listed = _object(document.get("assets"))
        without_assets += not listed
        for key, asset in listed.items():
            _note(assets[key], _object(asset), numbers[f"{key} file:size"], place)
    every = [_range(name, values, items) for name, values in numbers.items() if values]
    ranges = sorted(every, key=lambda one: (not one.outliers, one.low == one.high, -one.count))
    kinds = sorted(assets.items(), key=lambda one: -one[1].count)
    return ItemCollection(
        count=len(items),
        ids=len({item.id for item in items}),
        bbox=_union(boxes),
        without_bbox=len(items) - len(boxes),
        first=min(times, default=None),
        last=max(times, default=None),
        undated=undated,
        collections=tuple(collections.most_common(MOST_KINDS)),
        without_assets=without_assets,
        assets=tuple(
            AssetKind(key, one.count, next(iter(one.types), None) and one.types.most_common(1)[0][0], _sum(one))
            for key, one in kinds[:MOST_KINDS]
        ),
        ranges=tuple(ranges[:MOST_RANGES]),
        left_out=max(0, len(ranges) - MOST_RANGES) + max(0, len(kinds) - MOST_KINDS),
    )


def _note(kind: _Assets, asset: JsonObject, sizes: list[tuple[float, int]], place: int) -> None:
    kind.count += 1
    if isinstance(media_type := asset.get("type"), str):
        kind.types[media_type] += 1
    size = asset.get("file:size")
    if isinstance(size, int) and not isinstance(size, bool) and 0 <= size < LARGEST:
        kind.size += size
        kind.sized += 1
        sizes.append((size, place))


def _sum(kind: _Assets) -> int | None:
    return kind.size if kind.sized else None


def _range(name: str, found: list[tuple[float, int]], items: Sequence[ItemDocument]) -> Range:
    ordered = sorted(found)
    values = [value for value, _ in ordered]
    far: list[tuple[float, int]] = []
    median = statistics.median(values)
    if len(values) >= LEAST_VALUES:
        low, _, high = statistics.quantiles(values, n=4)
        reach = FENCE * (high - low)
        first, last = bisect_left(values, low - reach), bisect_right(values, high + reach)
        far = sorted((*ordered[:first], *ordered[last:]), key=lambda one: -abs(one[0] - median))
    furthest = tuple(Outlier(items[place].id, value) for value, place in far[:NAMED_OUTLIERS])
    return Range(name, len(values), values[0], values[-1], median, len(far), furthest)


def _times(properties: JsonObject) -> list[datetime]:
    """Times an item tells, as far as they can be read."""
    told = (properties.get(name) for name in ("datetime", "start_datetime", "end_datetime"))
    return [time for one in told if isinstance(one, str) and (time := _time(one))]


def _time(text: str) -> datetime | None:
    """RFC 3339 in UTC; without an offset it is UTC (quirk Q49)."""
    try:
        time = datetime.fromisoformat(text.upper())
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # the first hours of the year 1
        return None


def _union(boxes: Sequence[Box]) -> Box | None:
    """The box of all boxes: across the antimeridian where one of them is and the other way around is longer."""
    if not boxes:
        return None
    south, north = min(box[1] for box in boxes), max(box[3] for box in boxes)
    if all(box[0] <= box[2] for box in boxes):
        return min(box[0] for box in boxes), south, max(box[2] for box in boxes), north
    west, east = _arc((box[0], box[2]) for box in boxes)
    return west, south, east, north


def _arc(spans: Iterable[tuple[float, float]]) -> tuple[float, float]:
    """The shortest arc of longitudes that holds all spans: what is left around their widest gap."""
    ordered = sorted((west, east if west <= east else east + 360) for west, east in spans)
    end, widest, after = ordered[0][1], -1.0, ordered[0][0]
    reach = end
    for west, east in ordered[1:]:
        if west - reach > widest and west > reach:
            widest, end, after = west - reach, reach, west
        reach = max(reach, east)
    if ordered[0][0] + 360 - reach >= widest:
        end, after = reach, ordered[0][0]
    if ordered[0][0] + 360 <= reach and widest < 0:
        return -180.0, 180.0
    return after, end - 360 if end > 180 else end


def _object(value: JsonValue) -> JsonObject:
    return value if isinstance(value, dict) else {}
