"""What the handling of a quirk is worth: each is taken away, and a test of its quirk that passes with it must fail."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from mcp_ogc.ogc.dialects.dialect import Dialect
from mcp_ogc.ogc.dialects.local import LOCAL
from mcp_ogc.ogc.dialects.recognition import DIALECTS
from mcp_ogc.ogc.dialects.standard import STANDARD
from tests.quirks.handling import FIELDS, FUNCTIONS, NAMES, Case
from tests.servers.processes.quirk import Quirk

pytestmark = pytest.mark.anyio

UNCALLABLE = (TypeError, AttributeError, NameError)
"""A test that fails with one of these was called wrongly, or what stands in a handling's place was."""


def of_field(key: str) -> tuple[Dialect, str]:
    name, field = key.split(".")
    return next(one for one in (*DIALECTS, LOCAL) if one.name == name), field


@contextmanager
def as_the_standard_s(key: str) -> Iterator[None]:
    """One field of one dialect, in all that has the dialect already."""
    dialect, field = of_field(key)
    value = getattr(dialect, field)
    object.__setattr__(dialect, field, getattr(STANDARD, field))
    try:
        yield
    finally:
        object.__setattr__(dialect, field, value)


@contextmanager
def replaced(target: str, stand_in: Any) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(target, stand_in)
        yield


async def passes(one: Case, folder: Path) -> bool:
    """Whether a case of a test does; one that could not even be called is an error of this file."""
    folder.mkdir()
    given = {**one.given, **({"tmp_path": folder} if "tmp_path" in inspect.signature(one.test).parameters else {})}
    try:
        done = one.test(**given)
        if inspect.isawaitable(done):
            await done
    except UNCALLABLE:
        raise
    except (Exception, BaseExceptionGroup, pytest.fail.Exception):
        return False
    return True


AWAY = [
    *(pytest.param(as_the_standard_s(key), one, id=key) for key, one in FIELDS.items()),
    *(pytest.param(replaced(*pair), one, id=f"{one.test.__name__[5:8]} {pair[0]}") for *pair, one in FUNCTIONS),
]


@pytest.mark.parametrize(("taken_away", "one"), AWAY)
async def test_a_test_of_the_quirk_fails_without_its_handling(
    taken_away: AbstractContextManager[None], one: Case, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert await passes(one, tmp_path / "with")
    with taken_away:
        assert not await passes(one, tmp_path / "without")
    broken = [record.exc_info[0] for record in caplog.records if record.exc_info]
    assert not {*UNCALLABLE} & {*broken}, "what stands in its place can't be called"


def test_whatever_a_dialect_has_of_its_own_is_in_the_table() -> None:
    own = {
        f"{dialect.name}.{field.name}"
        for dialect in (*DIALECTS, LOCAL)
        for field in fields(Dialect)
        if field.name not in NAMES and getattr(dialect, field.name) != getattr(STANDARD, field.name)
    }
    assert own == {*FIELDS}


def test_no_field_is_there_that_no_dialect_has_of_its_own() -> None:
    assert {field.name for field in fields(Dialect)} == {key.split(".")[1] for key in FIELDS} | {*NAMES}


def test_every_quirk_is_in_one_of_the_tables() -> None:
    cases = [*FIELDS.values(), *(one for *_, one in FUNCTIONS)]
    numbers = {found[1] for one in cases if (found := re.match(r"test_q(\d\d)_", one.test.__name__))}
    assert numbers == {f"{int(quirk.name[1:]):02}" for quirk in Quirk}
