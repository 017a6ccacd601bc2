"""Many items as one, against plain counting."""

import statistics
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from mcp_ogc.ogc.results.item_collections import collection_of
from mcp_ogc.ogc.results.items import ItemDocument
from tests.ogc.test_results import item

EARLIEST = datetime(1900, 1, 1)  # noqa: DTZ001 hypothesis takes bounds without a zone


def document(**members: Any) -> ItemDocument:
    return ItemDocument({**item("a"), **members}, "https://ogc.example/", lambda url, href: href)


def test_numbers_of_properties_and_sizes_have_ranges_and_what_is_far_out_is_named() -> None:
    values = [*range(100), 5000, -4000]
    found = collection_of(
        [document(id=f"i{value}", properties={"cloud": value, "flag": True, "name": "x"}) for value in values]
    )
    (one,) = found.ranges
    assert (one.name, one.count, one.low, one.high) == ("cloud", 102, -4000, 5000)
    assert one.median == statistics.median(values)
    assert one.outliers == 2
    assert [far.item_id for far in one.furthest] == ["i5000", "i-4000"]


@pytest.mark.parametrize(
    ("boxes", "expected"),
    [
        ([[0, 0, 1, 1], [5, -3, 6, 2]], (0, -3, 6, 2)),
        ([[170, 0, -175, 1], [-170, 0, -160, 1]], (170, 0, -160, 1)),
        ([[179, 0, -179, 1], [0, 0, 10, 1]], (0, 0, -179, 1)),
        ([[179, 0, -179, 1], [-20, 0, 10, 1]], (179, 0, 10, 1)),
        ([[1, 2, 0, 3, 4, 100]], (1, 2, 3, 4)),
        ([["x", 0, 1, 1], [10**400, 0, 1, 1], None], None),
    ],
)
def test_the_box_is_that_of_all_boxes_across_the_antimeridian_too(
    boxes: list[JsonValue], expected: tuple[float, ...] | None
) -> None:
    assert collection_of([document(bbox=box) for box in boxes]).bbox == expected


@pytest.mark.parametrize(
    ("times", "first", "last"),
    [
        (("2024-01-01T00:30:00+02:00", "2024-01-01T00:00:00Z"), "2023-12-31T22:30:00", "2024-01-01T00:00:00"),
        (("2024-01-01T00:00:00.5Z", "2024-01-01T00:00:00Z"), "2024-01-01T00:00:00", "2024-01-01T00:00:00.5"),
        (("2024-01-01t00:00:00z", "2024-01-02"), "2024-01-01T00:00:00", "2024-01-02T00:00:00"),
    ],
)
def test_times_are_compared_as_times_whatever_way_they_are_written(
    times: tuple[str, ...], first: str, last: str
) -> None:
    found = collection_of([document(properties={"datetime": time}) for time in times])
    told = [time and time.isoformat() for time in (found.first, found.last)]
    assert told == [datetime.fromisoformat(f"{time}+00:00").isoformat() for time in (first, last)]
    assert found.undated == 0


@pytest.mark.parametrize("unreadable", ["yesterday", "", "0001-01-01T00:00:00+02:00", "\ud800", 5, None])
def test_a_time_that_cannot_be_read_is_none(unreadable: JsonValue) -> None:
    readable = document(properties={"datetime": None, "start_datetime": "2024-01-01T00:00:00Z", "end_datetime": "x"})
    found = collection_of([document(properties={"datetime": unreadable}), readable])
    assert found.first == found.last == datetime(2024, 1, 1, tzinfo=UTC)
    assert found.undated == 1


@given(st.lists(st.datetimes(EARLIEST, timezones=st.timezones()), min_size=1, max_size=8))
def test_the_span_holds_every_time(times: list[datetime]) -> None:
    found = collection_of([document(properties={"datetime": time.isoformat()}) for time in times])
    read = [datetime.fromisoformat(time.isoformat()) for time in times]
    assert (found.first, found.last) == (min(read), max(read))


longitudes = st.integers(-180, 180)


@given(st.lists(st.tuples(longitudes, longitudes), min_size=1, max_size=8))
def test_the_box_of_all_holds_every_box(spans: list[tuple[int, int]]) -> None:
    box = collection_of([document(bbox=[west, 0, east, 1]) for west, east in spans]).bbox
    assert box is not None
    west, east = box[0], box[2]

    def held(longitude: float) -> bool:
        return west <= longitude <= east if west <= east else longitude >= west or longitude <= east

    for first, last in spans:
        middle = (first + last) / 2 if first <= last else ((first + last + 360) / 2 + 180) % 360 - 180
        for longitude in (first, middle, last):
            assert any(held(turned) for turned in (longitude, longitude - 360, longitude + 360)), (box, longitude)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@given(
    st.lists(
        st.fixed_dictionaries(
            {}, optional=dict.fromkeys(("id", "bbox", "properties", "assets", "collection", "links"), anything)
        ),
        max_size=6,
    )
)
def test_whatever_items_say_is_counted(documents: list[dict[str, JsonValue]]) -> None:
    found = collection_of([document(**members) for members in documents])
    assert found.count == len(documents)
    assert found.ids <= found.count
