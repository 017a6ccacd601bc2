"""A result collection of ten thousand items: its summary against `json.loads` of it, what is read, and the memory."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import anyio
from mcp import Client

from mcp_ogc.server import build_server
from mcp_ogc.settings import EndpointSettings, LocalSettings, Settings
from tests.benchmarks.beside import upstream
from tests.benchmarks.measure import Measure
from tests.benchmarks.tool_tokens import count_tokens

ITEMS = 10_000
ROUNDS = 7
BAR, MOST_TOKENS, MOST_MEGABYTES = 3.0, 600, 200


def measure() -> tuple[Measure, Measure]:
    with upstream("items", ITEMS) as beside:
        command = [
            sys.executable,
            "-m",
            __name__,
            beside.settings.endpoints["far"].url,
            str(beside.settings.data_folder),
        ]
        done = subprocess.run(command, check=True, capture_output=True, encoding="utf-8")
    told = json.loads(done.stdout.splitlines()[-1])
    counts = count_tokens([told["text"]])
    tokens = counts[0] if counts else None
    print(f"{told['bytes'] / 1e6:.1f} MB of JSON, {tokens} tokens", file=sys.stderr)
    ours, theirs = told["ours"], told["theirs"]
    ratio = ours / theirs
    short = None if tokens is None else tokens <= MOST_TOKENS and ratio <= BAR
    more = told["megabytes"] - told["idle"]
    return (
        Measure(
            "items-10000",
            round(ours, 3),
            "CPU s",
            "json.loads",
            round(theirs, 3),
            round(ratio, 2),
            f"<= {BAR}; <= {MOST_TOKENS} tokens",
            short,
        ),
        Measure(
            "items-10000-memory",
            round(more),
            "MB",
            "idle server",
            round(told["idle"]),
            None,
            f"<= peer + {MOST_MEGABYTES} MB",
            more <= MOST_MEGABYTES,
        ),
    )


async def in_turn(url: str, folder: Path) -> None:
    """Medians of summaries and of parsing, in CPU seconds; printed with the text and the memory."""
    settings = Settings(
        endpoints={"far": EndpointSettings(url=url)}, data_folder=folder, local=LocalSettings(enabled=False)
    )
    ours, theirs = [], []
    async with Client(build_server(settings)) as client:
        await client.call_tool("ogc_list_endpoints", {})
        idle, text, megabytes = resident("VmRSS"), "", 0.0
        for number in range(ROUNDS):
            begun = time.process_time()
            result = await client.call_tool("ogc_get_results", {"job_id": "made"})
            ours.append(time.process_time() - begun)
            assert not result.is_error, result
            text = "\n".join(block.text for block in result.content)
            if not number:
                megabytes = resident("VmHWM")  # before this process parses the same for comparison
            body = await anyio.to_thread.run_sync(lambda: urllib.request.urlopen(f"{url}/jobs/made/results").read())
            begun = time.process_time()
            json.loads(body)
            theirs.append(time.process_time() - begun)
    print(
        json.dumps(
            {
                "ours": statistics.median(ours),
                "theirs": statistics.median(theirs),
                "text": text,
                "bytes": len(body),
                "idle": idle,
                "megabytes": megabytes,
            }
        )
    )


def resident(what: str) -> float:
    """Megabytes of this process, now or at most."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(what)) / 1000


if __name__ == "__main__":
    anyio.run(in_turn, sys.argv[1], Path(sys.argv[2]))
