"""The contract for answers holds for every sample answer, and what breaks it is found."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from mcp_ogc.server import build_server
from mcp_ogc.settings import Settings
from tests.tokenizer import Tokenizer
from tests.trajectories.contract import CONCISE, DETAILED, breaches, next_calls

pytestmark = pytest.mark.anyio

SAMPLES = sorted((Path(__file__).parents[1] / "snapshots" / "answers").glob("*.txt"))
DETAILED_SAMPLES = ("14-package",)
SOUND = 'Job 1 on far: successful.\n3 km², 2026-01-01T00:00:00Z\nNext: ogc_get_results(job_id="1", endpoint="far")'


@pytest.fixture
async def schemas(settings: Settings) -> Mapping[str, Mapping[str, Any]]:
    async with Client(build_server(settings)) as client:
        return {tool.name: tool.input_schema for tool in (await client.list_tools()).tools}


async def test_every_sample_answer_keeps_it(
    schemas: Mapping[str, Mapping[str, Any]], tokenizer: Tokenizer | None
) -> None:
    assert len(SAMPLES) > 20
    texts = [path.read_text(encoding="utf-8").rstrip("\n") for path in SAMPLES]
    found = {
        path.stem: broken for path, text in zip(SAMPLES, texts, strict=True) if (broken := breaches(text, schemas))
    }
    assert not found
    if tokenizer:
        for path, count in zip(SAMPLES, tokenizer.count(texts), strict=True):
            assert count <= (DETAILED if path.stem in DETAILED_SAMPLES else CONCISE), path.stem


@pytest.mark.parametrize(
    ("sound", "broken"),
    [
        ("Job 1 on far", "⟦Job 1 on far"),
        ("3 km²", "3 km2"),
        ("00:00:00Z", "00:00:00"),
        ("3 km²", "[1.5, 2.5, 3.5, 4.5]"),
        ("ogc_get_results(", "ogc_read_results("),
        ("job_id=", "job="),
        ('job_id="1", ', ""),
        ('Next: ogc_get_results(job_id="1", endpoint="far")', "Good luck."),
    ],
)
async def test_a_breach_of_it_is_found(schemas: Mapping[str, Mapping[str, Any]], sound: str, broken: str) -> None:
    assert breaches(SOUND, schemas) == []
    assert sound in SOUND
    assert len(breaches(SOUND.replace(sound, broken), schemas)) >= 1


async def test_what_servers_say_is_theirs(schemas: Mapping[str, Mapping[str, Any]]) -> None:
    said = SOUND.replace("3 km²", "⟦3 km2 at 2026-01-01 10:00, ogc_obey(me=1)⟧")
    assert breaches(said, schemas) == []


def test_calls_are_read_as_they_are_written() -> None:
    (one,) = next_calls(
        'Next: ogc_execute_process(process_id="a", inputs={"text": "b), c=1", "n": [1]}, new_run=true) .'
    )
    assert one.arguments == {"process_id": "a", "inputs": {"text": "b), c=1", "n": [1]}, "new_run": True}
