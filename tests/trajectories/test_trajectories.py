"""Conversations, from what a person wants to what they get, by a follower that invents nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tokenizer import Tokenizer
from tests.trajectories.contract import CONCISE, DETAILED, STRUCTURED, STRUCTURED_CONCISE
from tests.trajectories.conversation import trajectories
from tests.trajectories.follower import Follower
from tests.trajectories.worlds import opened

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("trajectories")]

ALL = trajectories()
CHARACTERS_OF_A_TOKEN = 4
"""More than a token of these answers has: a bound on tokens is one on characters, where nobody can count tokens."""


@pytest.mark.parametrize("name", ALL)
async def test_what_is_wanted_is_had_within_its_bounds_and_nothing_is_invented(
    name: str, tmp_path: Path, pygeoapi_url: Callable[[], str], tokenizer: Tokenizer | None
) -> None:
    trajectory = ALL[name]
    async with opened(trajectory.world, tmp_path, pygeoapi_url) as client:
        follower = Follower(client, trajectory)
        await follower.go()
    told = follower.answers
    assert len(told) <= trajectory.calls
    assert sum(len(one.text) for one in told) <= trajectory.tokens * CHARACTERS_OF_A_TOKEN
    if tokenizer is None:
        return
    counts = tokenizer.count([one.text for one in told])
    print(name, len(told), sum(counts), counts)
    assert sum(counts) <= trajectory.tokens
    for one, count in zip(told, counts, strict=True):
        assert count <= (DETAILED if one.detailed else CONCISE), f"{count} tokens of {one.tool}:\n{one.text}"
    for one, count in zip(told, tokenizer.count([one.structured for one in told]), strict=True):
        assert count <= (STRUCTURED if one.detailed else STRUCTURED_CONCISE), f"{count} tokens of {one.structured}"


def test_there_are_enough_of_them_to_mean_something() -> None:
    assert len(ALL) >= 25
