"""The view in headless Chromium: its size, what it asks for, and its first paint with data beside that without."""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import anyio

from tests.benchmarks.measure import Measure, interleaved
from tests.servers.apps_host import VIEW, Shown, chromium, running_browser
from tests.servers.water_answers import collect

MOST_BYTES = 400_000
BAR = 2.0
ROUNDS = 9
# A view tells its size within the frame that it paints: the first time for the empty page, once it is as tall as the map
# with an answer. The host notes when, from the moment it frames the page; asking for it afterwards is not measured.
EMPTY_PIXELS, MAP_PIXELS = 1, 340
TOLD = "(least) => host.sizes.find((one) => one.height >= least)?.milliseconds"


def measure() -> tuple[Measure, ...]:
    size = VIEW.stat().st_size
    sized = Measure("view-size", size, "bytes", "bar alone", None, None, f"< {MOST_BYTES}", size < MOST_BYTES)
    if chromium() is None:
        print("no Chromium here", file=sys.stderr)
        unseen = [Measure(name, None, unit, peer, None, None, bar, None) for name, unit, peer, bar in _UNSEEN]
        return (sized, *unseen)
    with tempfile.TemporaryDirectory() as folder:
        answer = anyio.run(collect, Path(folder))["continuous"]
    print(f"the answer is {len(json.dumps(answer))} bytes", file=sys.stderr)
    asked: list[str] = []
    with running_browser() as browser:

        def milliseconds(result: dict[str, Any] | None, height: int) -> float:
            with browser.new_context() as context:
                shown = Shown(context.new_page()).start(result)
                found = float(shown.page.wait_for_function(TOLD, arg=height).json_value())
                asked.extend(shown.asked)
                return found

        with_data, without = interleaved(
            lambda: milliseconds(answer, MAP_PIXELS), lambda: milliseconds(None, EMPTY_PIXELS), ROUNDS
        )
    ratio = with_data / without
    return (
        sized,
        Measure("view-requests", len(asked), "requests", "bar alone", None, None, "= 0", not asked),
        Measure(
            "view-first-paint",
            round(with_data, 1),
            "ms",
            "the page without data",
            round(without, 1),
            round(ratio, 2),
            f"<= {BAR}",
            ratio <= BAR,
        ),
    )


_UNSEEN = (
    ("view-requests", "requests", "bar alone", "= 0"),
    ("view-first-paint", "ms", "the page without data", f"<= {BAR}"),
)
