"""How far an endpoint's clock is from ours, as the dates of its answers tell."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_ogc.ogc.clock import UNTOLD, ServerClock

NOON = datetime(2026, 11, 24, 12, 0, 0, 250_000, tzinfo=UTC)
WITHIN = timedelta(milliseconds=400)


def read(clock: ServerClock, ahead: timedelta, now: datetime = NOON, **headers: str) -> None:
    """An answer that was dated half-way between its request and its coming."""
    dated = format_datetime(now + ahead, usegmt=True)
    clock.read({"date": dated, **headers}, now - WITHIN / 2, now + WITHIN / 2)


seconds = st.floats(-1e6, 1e6, allow_nan=False)


@given(ahead=seconds, created=seconds, whole=st.booleans())
def test_a_moment_of_the_endpoint_s_is_between_two_of_ours_that_are_seconds_apart(
    ahead: float, created: float, whole: bool
) -> None:
    clock, skew, moment = ServerClock(), timedelta(seconds=ahead), NOON + timedelta(seconds=created)
    read(clock, skew)
    told = (moment + skew).replace(microsecond=0) if whole else moment + skew
    first, last = clock.ahead(NOON).ours(told)
    assert first <= moment <= last
    assert last - first <= timedelta(seconds=3) + WITHIN


@pytest.mark.parametrize("jump", [-3600, 3600])
def test_a_reading_holds_for_the_time_it_was_taken_in_though_a_clock_is_set_later(jump: int) -> None:
    clock, later = ServerClock(), NOON + timedelta(minutes=5)
    read(clock, timedelta(0), later - timedelta(seconds=5))
    before = clock.ahead(later)
    read(clock, timedelta(seconds=-jump), later + timedelta(seconds=jump))
    assert clock.ahead(later) == before
    assert clock.ahead(later + timedelta(seconds=jump + 1)) != before


def test_what_was_before_the_first_reading_is_by_the_first() -> None:
    clock = ServerClock()
    read(clock, timedelta(hours=2))
    assert clock.ahead(NOON - timedelta(days=1)) == clock.ahead(NOON) != UNTOLD


@pytest.mark.parametrize("date", ["", "yesterday", "Tue, 99 Nov 2026 12:00:00 GMT", "0"])
def test_a_date_that_is_none_tells_nothing(date: str) -> None:
    clock = ServerClock()
    clock.read({"date": date} if date else {}, NOON, NOON)
    assert clock.ahead(NOON) == UNTOLD


@pytest.mark.parametrize("date", ["Mon, 01 Jan 0001 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"])
@pytest.mark.parametrize("moment", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_times_without_end_are_no_error(date: str, moment: datetime) -> None:
    clock = ServerClock()
    clock.read({"date": date}, NOON, NOON)
    first, last = clock.ahead(NOON).ours(moment)
    assert first <= last
    assert UNTOLD.ours(moment)


def test_an_answer_of_a_cache_or_of_a_slow_server_tells_nothing() -> None:
    clock = ServerClock()
    read(clock, timedelta(hours=2), age="3600")
    clock.read({"date": format_datetime(NOON, usegmt=True)}, NOON, NOON + timedelta(seconds=30))
    assert clock.ahead(NOON) == UNTOLD
