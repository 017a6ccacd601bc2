"""The packages that the lint is measured with: forty with one fault each, fifteen with none, and the list of faults."""

import difflib
import logging
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.packages.oracle import check, posix

CORPUS = Path(__file__).parent / "corpus"
SOUND = sorted((CORPUS / "sound").glob("*.cwl"))
BROKEN = sorted((CORPUS / "broken").glob("*.cwl"))
FAULTS: dict[str, dict[str, Any]] = tomllib.loads((CORPUS / "faults.toml").read_text(encoding="utf-8"))

by_name = pytest.mark.parametrize("name", FAULTS)


def lines(package: Path) -> list[str]:
    return package.read_text(encoding="utf-8").splitlines()


def test_forty_packages_are_broken_and_listed_and_fifteen_are_sound() -> None:
    assert (len(BROKEN), len(SOUND)) == (40, 15)
    assert sorted(FAULTS) == [package.stem for package in BROKEN]


@by_name
def test_a_broken_package_is_one_edit_away_from_a_sound_one(name: str) -> None:
    before = lines(CORPUS / "sound" / f"{FAULTS[name]['of']}.cwl")
    after = lines(CORPUS / "broken" / f"{name}.cwl")
    steps = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    assert [kind for kind, *_ in steps].count("equal") == len(steps) - 1


@by_name
def test_a_fault_is_said_in_words_and_points_into_its_file(name: str) -> None:
    fault = FAULTS[name]
    assert fault.keys() <= {"of", "fault", "severity", "line", "until", "column", "endpoint", "cwltool"}
    assert fault["fault"].endswith(".") or fault["fault"].endswith('"')
    assert fault["severity"] in {"error", "warning"}
    assert fault.get("endpoint", "zoo") in {"zoo", "weaver", "maap", "unity", "pygeoapi", "local"}
    package = lines(CORPUS / "broken" / f"{name}.cwl")
    assert 1 <= fault["line"] <= fault.get("until", fault["line"]) <= len(package)
    if "column" in fault:
        pointed = package[fault["line"] - 1]
        assert not pointed[: fault["column"] - 1].strip(" -")
        assert pointed[fault["column"] - 1] not in " -"


@posix
@pytest.mark.parametrize("package", SOUND, ids=lambda package: package.stem)
def test_cwltool_finds_nothing_in_a_sound_package(package: Path, caplog: pytest.LogCaptureFixture) -> None:
    check(package)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


@posix
@by_name
def test_cwltool_says_of_a_broken_package_what_is_listed(name: str, caplog: pytest.LogCaptureFixture) -> None:
    from cwltool.errors import WorkflowException
    from schema_salad.exceptions import SchemaSaladException

    try:
        check(CORPUS / "broken" / f"{name}.cwl")
    except (SchemaSaladException, WorkflowException):
        said = "refuses"
    else:
        said = "warns" if any(record.levelno >= logging.WARNING for record in caplog.records) else "accepts"
    assert said == FAULTS[name]["cwltool"], caplog.text
