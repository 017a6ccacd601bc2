"""The view in headless Chromium: its size, what it asks for, and its first paint with data beside that without."""

import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import anyio

from tests.benchmarks.measure import Measure, in_turn
from tests.servers.apps_host import VIEW, Shown, chromium, running_browser
from tests.servers.water_answers import collect

MOST_BYTES = 400_000
BAR = 2.0
ROUNDS = 9
# What Chromium itself notes as the page's first paint of content, in milliseconds.
FIRST_PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
# A view tells its size within the frame that it paints, so the host knows when the page is as tall as a map with its
# answer; from the moment the page was framed.
ANSWER_DRAWN = "() => host.sizes.find((one) => one.height >= 340)?.milliseconds"
FIRST_DRAWN = "() => host.sizes[0]?.milliseconds"


def measure() -> tuple[Measure, ...]:
    size = VIEW.stat().st_size
    sized = Measure("view-size", size, "bytes", "bar alone", None, None, f"< {MOST_BYTES}", size < MOST_BYTES)
    if chromium() is None:
        print("no Chromium here: apt-get install chromium", file=sys.stderr)
        requests = Measure("view-requests", None, "requests", "bar alone", None, None, "= 0", None)
        return sized, requests, _paint("view-first-paint", None, None, f"<= {BAR}")
    with tempfile.TemporaryDirectory() as folder:
        answer = anyio.run(collect, Path(folder))["continuous"]
    print(f"the answer is {len(json.dumps(answer))} bytes", file=sys.stderr)
    asked: list[str] = []
    with running_browser() as browser:

        def seen(result: dict[str, Any] | None) -> tuple[float, float]:
            """Milliseconds to the first paint, and to the frame in which what was given is drawn."""
            with browser.new_context() as context:
                shown = Shown(context.new_page()).start(result)
                drawn = shown.page.wait_for_function(ANSWER_DRAWN if result else FIRST_DRAWN).json_value()
                _, frame = shown.page.frames
                painted = frame.wait_for_function(FIRST_PAINT).json_value()
                asked.extend(shown.asked)
                return painted, drawn

        given, empty = in_turn([lambda: seen(answer), lambda: seen(None)], ROUNDS)
    (painted, drawn), (painted_empty, drawn_empty) = (
        [statistics.median(one) for one in zip(*found, strict=True)] for found in (given, empty)
    )
    return (
        sized,
        Measure("view-requests", len(asked), "requests", "bar alone", None, None, "= 0", not asked),
        _paint("view-first-paint", painted, painted_empty, f"<= {BAR}"),
        _paint("view-answer-drawn", drawn, drawn_empty, ""),
    )


def _paint(name: str, ours: float | None, theirs: float | None, bar: str) -> Measure:
    ratio = ours / theirs if ours and theirs else None
    holds = ratio <= BAR if ratio and bar else None
    return Measure(name, ours, "ms", "the page without data", theirs, ratio and round(ratio, 2), bar, holds)
