"""Five thousand processes: a page after the first fetch, and a search; the longer of the two."""

import statistics
import sys
import time

import anyio
from mcp import Client

from mcp_ogc.server import build_server
from tests.benchmarks.beside import Beside, upstream
from tests.benchmarks.measure import Measure
from tests.tokenizer import open_tokenizer

PROCESSES = 5000
MOST_MS, MOST_TOKENS = 300, 600
CALLS = ({}, {"query": "burnt area"}, {"query": "area 4999"}, {"query": "nothing of the kind"})


async def pages(beside: Beside) -> list[tuple[float, str]]:
    """Milliseconds and text of each answer."""
    answers = []
    async with Client(build_server(beside.settings)) as client:
        begun = time.perf_counter()
        await client.call_tool("ogc_list_processes", {"query": "nothing"})
        print(f"first fetch {time.perf_counter() - begun:.2f} s", file=sys.stderr)
        for arguments in CALLS:
            times, text, cursor = [], "", None
            for _ in range(9):
                begun = time.perf_counter()
                result = await client.call_tool("ogc_list_processes", {**arguments, "cursor": cursor})
                times.append((time.perf_counter() - begun) * 1000)
                assert not result.is_error, result
                text = result.content[0].text
                cursor = (result.structured_content or {}).get("next_cursor")
            answers.append((statistics.median(times), text))
    return answers


def measure() -> Measure:
    with upstream("catalogue", PROCESSES) as beside:
        answers = anyio.run(pages, beside)
    slowest = max(milliseconds for milliseconds, _ in answers)
    with open_tokenizer() as tokenizer:
        counts = tokenizer.count([text for _, text in answers]) if tokenizer else None
    tokens = max(counts) if counts else None
    print(f"{[round(one, 1) for one, _ in answers]} ms, {counts} tokens", file=sys.stderr)
    bar = f"<= {MOST_MS} ms, <= {MOST_TOKENS} tokens"
    holds = slowest <= MOST_MS and tokens <= MOST_TOKENS if tokens is not None else None
    return Measure("big-catalogue", round(slowest, 1), "ms", "tokens", tokens, None, bar, holds)
