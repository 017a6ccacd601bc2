"""How much is read from other machines in an hour, and what is allowed of it."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from mcp_ogc.errors import QuotaReached

HOUR, STEP = 3600.0, 60.0
"""Seconds."""


class Traffic:
    """Bytes of the last hour, counted by the minute, in this process.

    Args:
        per_hour: As many are allowed; what has begun is brought to its end.
        clock: Seconds that only grow: a clock that is set does not hold the quota up.
    """

    def __init__(self, per_hour: float = math.inf, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_hour = per_hour
        self._clock = clock
        self._read: deque[tuple[float, int]] = deque()

    @property
    def is_over(self) -> bool:
        """Whether nothing was read within the last hour."""
        return not self._read or self._read[-1][0] + HOUR + STEP <= self._clock()

    def add(self, count: int) -> None:
        """Count bytes that were read."""
        now = self._clock()
        begun, before = self._read.pop() if self._read and now - self._read[-1][0] < STEP else (now, 0)
        self._read.append((begun, before + count))

    def check(self) -> None:
        """Decide before anything is read.

        Raises:
            QuotaReached: It was as much as is allowed; with when there is room again.
        """
        now = self._clock()
        while self._read and self._read[0][0] <= now - HOUR:
            self._read.popleft()
        left = sum(count for _, count in self._read)
        if left < self._per_hour:
            return
        for begun, count in self._read:  # the oldest is forgotten first
            left -= count
            if left < self._per_hour:
                wait = begun + HOUR + STEP - now
                resets = datetime.now(UTC) + timedelta(seconds=wait)
                raise QuotaReached(
                    f"{self._per_hour:,.0f} bytes were read within the last hour, which is the quota",
                    remedy=f"It resets at {resets:%Y-%m-%dT%H:%M:%SZ}, in {max(1, round(wait / 60))} min; "
                    "[quotas] bytes_per_hour in the settings is the operator's to raise",
                )
