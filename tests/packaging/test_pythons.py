"""Which Pythons the tests run on, and the rasterio that each brings."""

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
CI = PROJECT / ".github" / "workflows" / "ci.yml"
LOCKED = re.compile(r"^rasterio==(1\.\d+)\.\d+ ; python_full_version (<|>=) '3\.12'", re.MULTILINE)


@pytest.mark.parametrize("lock", ["requirements.lock", "runtime.lock"])
def test_both_supported_rasterios_are_locked(lock: str) -> None:
    found = {when: version for version, when in LOCKED.findall((PROJECT / lock).read_text(encoding="utf-8"))}
    assert found == {"<": "1.4", ">=": "1.5"}


def test_ci_runs_on_a_python_for_each() -> None:
    (matrix,) = re.findall(r"matrix: \{ python: \[(.*)\] \}", CI.read_text(encoding="utf-8"))
    minors = {int(minor) for minor in re.findall(r'"3\.(\d+)"', matrix)}
    assert 11 in minors
    assert max(minors) >= 12
