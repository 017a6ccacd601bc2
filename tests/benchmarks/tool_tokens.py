"""Names, descriptions and input schemas of all tools, and of the longest, in o200k tokens; output schemas on stderr."""

import json
import sys

import anyio
from mcp import Client

from mcp_ogc.server import build_server
from mcp_ogc.settings import Settings
from tests.benchmarks.measure import Measure
from tests.npm import install
from tests.tokenizer import FOLDER, open_tokenizer

BAR, EACH = 3500, 350


def count_tokens(texts: list[str]) -> list[int] | None:
    """The tokens of each text; None without Node (npm's gpt-tokenizer needs no network to count)."""
    if not install(FOLDER):
        return None
    with open_tokenizer() as tokenizer:
        return tokenizer.count(texts) if tokenizer else None


async def tool_texts() -> tuple[list[str], list[str]]:
    async with Client(build_server(Settings())) as client:
        tools = (await client.list_tools()).tools
    seen = [
        json.dumps({"name": t.name, "description": t.description, "input_schema": t.input_schema}, ensure_ascii=False)
        for t in tools
    ]
    return seen, [json.dumps(tool.output_schema, ensure_ascii=False) for tool in tools]


def measure() -> Measure:
    seen, outputs = anyio.run(tool_texts)
    counts, bar = count_tokens([*seen, *outputs]), f"<= {BAR}, each <= {EACH}"
    if counts is None:
        return Measure("tool-tokens", None, "tokens", "longest", None, None, bar, None)
    total, apart = sum(counts[: len(seen)]), sum(counts[len(seen) :])
    print(f"{len(seen)} tools; output schemas: {apart} tokens", file=sys.stderr)
    longest = max(counts[: len(seen)])
    return Measure("tool-tokens", total, "tokens", "longest", longest, None, bar, total <= BAR and longest <= EACH)
