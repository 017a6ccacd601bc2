"""None of the table of quirks is forgotten."""

import re
from pathlib import Path

from tests.servers.processes.quirk import Quirk

TESTS = Path(__file__).parents[1]
NAMED = re.compile(r"^(?:async )?def test_q(\d\d)_", re.MULTILINE)


def test_every_quirk_has_a_test_that_is_named_after_it() -> None:
    numbers = {
        int(number) for path in TESTS.rglob("test_*.py") for number in NAMED.findall(path.read_text(encoding="utf-8"))
    }
    assert {f"Q{number}" for number in numbers} == {quirk.name for quirk in Quirk}
