"""What replacing would change: breaking is what makes a call of today fail, or its results unreadable."""

import pytest

from mcp_ogc.packages.changes import changes
from mcp_ogc.packages.cwl import load
from tests.packages.test_description import LITERALS
from tests.packages.test_lint import SOUND


def told(new: str, old: str = SOUND) -> dict[str, bool]:
    return {change.what: change.is_breaking for change in changes(load(old), load(new))}


def test_the_same_package_changes_nothing() -> None:
    assert told(SOUND) == {}


@pytest.mark.parametrize(
    ("old", "new", "change", "is_breaking"),
    [
        ("    aoi: {type: string?, label", "    area: {type: string?, label", "input aoi (string?) is gone", True),
        (
            "    aoi: {type: string?, label",
            "    area: {type: string?, label",
            "input area (string?, optional) is new",
            False,
        ),
        (
            "    aoi: {type: string?, label",
            "    area: {type: string, label",
            "input area (string, required) is new",
            True,
        ),
        ("aoi: {type: string?, label", "aoi: {type: string, label", "input aoi was string? and is string", True),
        ("aoi: {type: string?, label", "aoi: {type: string, label", "input aoi is required now", True),
        ("limit: {type: int, default: 5", "limit: {type: int?, default: 5", "input limit was int and is int?", False),
        (
            "limit: {type: int, default: 5",
            "limit: {type: double, default: 5",
            "input limit was int and is double",
            False,
        ),
        (
            "limit: {type: int, default: 5",
            "limit: {type: string, default: x",
            "input limit was int and is string",
            True,
        ),
        ("default: 5", "default: 6", "input limit: the default was 5 and is 6", False),
        ("symbols: [fast, exact]", "symbols: [fast, slow]", "input mode was enum and is another enum", True),
        (
            "symbols: [fast, exact]",
            "symbols: [fast, exact, slow]",
            "version stays 1.2.3, though the package is another",
            False,
        ),
        ("results: {type: Directory", "maps: {type: Directory", "output results (Directory) is gone", True),
        ("results: {type: Directory", "maps: {type: Directory", "output maps (Directory) is new", False),
        (
            "results: {type: Directory",
            "results: {type: Directory?",
            "output results was Directory and is Directory?",
            True,
        ),
        (
            "crop:1.2.3",
            "crop:1.3.0",
            "image of crop: registry.example.org:5000/eo/crop:1.2.3 → registry.example.org:5000/eo/crop:1.3.0",
            False,
        ),
        ("n: 1.2.3", "n: 1.3.0", "version 1.2.3 → 1.3.0", False),
    ],
)
def test_a_change_is_told_and_whether_it_breaks(old: str, new: str, change: str, is_breaking: bool) -> None:
    assert old in SOUND
    assert told(SOUND.replace(old, new, 1)).get(change) is is_breaking


KIND = "requirements: {SchemaDefRequirement: {types: [{name: Kind, type: enum, symbols: [%s]}]}}"
NAMED = f"cwlVersion: v1.2\nclass: Workflow\nid: main\n{KIND}\ninputs: {{kind: main/Kind}}\noutputs: []\nsteps: []\n"


def test_a_named_type_is_that_of_its_own_package() -> None:
    assert told(NAMED % "a, b, c", NAMED % "a, b").get("input kind was Kind and is another Kind") is None
    assert told(NAMED % "a", NAMED % "a, b")["input kind was Kind and is another Kind"] is True


def test_breaking_changes_come_first_and_every_run_says_the_same() -> None:
    new = SOUND.replace("aoi: {type: string?, label", "area: {type: string, label").replace("n: 1.2.3", "n: 2.0.0")
    breaking = list(told(new).values())
    assert breaking == sorted(breaking, reverse=True)
    assert list(told(new)) == list(told(new))


@pytest.mark.parametrize(("text", "changed"), [("{}", 0), ("{1}", 4)])
def test_a_default_that_comes_as_its_text_changes_with_it(text: str, changed: int) -> None:
    found = [
        what for what in told(LITERALS.replace("'{}'", f"'{text}'") + "doc: other\n", LITERALS) if "default" in what
    ]
    assert len(found) == changed
    assert not [what for what in found if " object at " in what]
