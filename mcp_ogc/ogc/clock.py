"""An endpoint's clock beside ours: either may be set wrong, and the times of jobs are by the endpoint's (quirk Q49)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

SECOND = timedelta(seconds=1)
KEPT = timedelta(seconds=1)
"""Servers format a date once and send it for a second (uvicorn, nginx)."""
SLOW = timedelta(seconds=2)
"""An answer that took longer tells too little: when within that time it was dated is not known."""
MOST_READINGS = 50


@dataclass(frozen=True, slots=True)
class Ahead:
    """How far a clock is ahead of ours: between two bounds, negative where it is behind."""

    least: timedelta
    most: timedelta

    def ours(self, moment: datetime) -> tuple[datetime, datetime]:
        """Between which two moments of our clock one of that clock was, which may have been cut to its second."""
        fraction = timedelta(0) if moment.microsecond else SECOND
        try:
            return moment - self.most, moment + fraction - self.least
        except OverflowError:  # a stranger's time, of no year that is
            return moment, moment

    def agrees(self, other: Ahead) -> bool:
        """Whether both may be true."""
        return self.least <= other.most and other.least <= self.most


UNTOLD = Ahead(timedelta(seconds=-2), timedelta(seconds=2))
"""Of a clock that nothing was told of."""


class ServerClock:
    """What the answers of a server told of its clock, each reading from when it was taken by ours."""

    def __init__(self) -> None:
        self._readings: list[tuple[datetime, Ahead]] = []

    def read(self, headers: Mapping[str, str], sent: datetime, received: datetime) -> None:
        """Read the `Date` of an answer (RFC 9110 §6.6.1), where it tells something new.

        Args:
            headers: Of the answer; one from a cache (`Age`) was dated at another time.
            sent: When its request was, by our clock.
            received: When its headers had come.
        """
        if "age" in headers or not timedelta(0) <= received - sent <= SLOW:
            return
        try:
            dated = parsedate_to_datetime(headers.get("date", ""))
            dated = dated.replace(tzinfo=UTC) if dated.tzinfo is None else dated
            told = Ahead(dated - received, dated + SECOND + KEPT - sent)
        except (ValueError, TypeError, OverflowError):
            return
        if not self._readings or not self._readings[-1][1].agrees(told):
            self._readings = [*self._readings[1 - MOST_READINGS :], (received, told)]

    def ahead(self, moment: datetime) -> Ahead:
        """How far it was ahead at a moment of ours: one of the clocks may have been set since."""
        before = [reading for reading in self._readings if reading[0] <= moment]
        if before:
            return max(before, key=lambda reading: reading[0])[1]
        return self._readings[0][1] if self._readings else UNTOLD
