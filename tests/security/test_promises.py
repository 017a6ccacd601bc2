"""SECURITY.md and these tests say the same: each promise has its tests, and each test its promise."""

import re
from pathlib import Path

from tests.security.defences import DEFENCES

ROOT = Path(__file__).parents[2]
SECURITY = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
ROWS = {int(number): row for number, row in re.findall(r"^\| T(\d+) \|(.*)\|$", SECURITY, re.MULTILINE)}


def test_each_row_links_the_tests_that_are_named_after_it_and_each_such_test_has_its_row() -> None:
    promised = {number: set(re.findall(r"\((tests/security/[^)]+)\)", row)) for number, row in ROWS.items()}
    there: dict[int, set[str]] = {}
    for path in (ROOT / "tests" / "security").glob("test_t[0-9]*_*.py"):
        there.setdefault(int(path.name[6:8]), set()).add(path.relative_to(ROOT).as_posix())
    assert promised == there
    assert list(ROWS) == sorted(ROWS)


def test_a_test_says_which_row_it_is_of() -> None:
    for path in (ROOT / "tests" / "security").glob("test_t[0-9]*_*.py"):
        assert path.read_text(encoding="utf-8").startswith(f'"""T{int(path.name[6:8])}: '), path.name


def test_every_link_leads_to_a_file() -> None:
    for link in re.findall(r"\]\((tests/[^)]+)\)", SECURITY):
        assert (ROOT / link).is_file(), link


def test_of_each_row_a_defence_is_taken_away_in_turn() -> None:
    """Its test fails then, which is what the tests that are called "without" it are for."""
    assert {defence.row for defence in DEFENCES} == {*ROWS}
