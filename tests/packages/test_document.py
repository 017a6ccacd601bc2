"""What a text may be: bounded once its aliases are followed, and nothing beside it is ever looked at."""

import contextlib
import os
import time
from collections.abc import Callable

import pytest
import requests

from mcp_ogc.errors import PackageError
from mcp_ogc.packages import document, parts
from mcp_ogc.packages.cwl import load
from mcp_ogc.packages.document import copied, place_of, read_document
from mcp_ogc.packages.lint import lint

TOOL = "cwlVersion: v1.2\nclass: CommandLineTool\nid: t\nbaseCommand: x\ninputs: []\noutputs: []\n"
LAUGHS = "hints:\n  a0: &a0 [x, x]\n" + "".join(
    f"  a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 10)
)
STAIRS = "hints:\n  a0: &a0 [x]\n" + "".join(
    f"  a{level}: &a{level} {'[' * 20}*a{level - 1}{']' * 20}\n" for level in range(1, 40)
)


@pytest.mark.parametrize(
    ("hints", "told"),
    [
        (LAUGHS, "aliases followed"),
        (STAIRS, "deeper than 60 levels"),
        ("hints: &a [*a]\n", "stands for what it is a part of"),
        ("hints: &a {b: {c: *a}}\n", "stands for what it is a part of"),
        ('doc: "\\ud800"\n', "surrogate"),
    ],
    ids=["laughs", "stairs", "itself", "its own part", "surrogate"],
)
def test_t15_a_bomb_of_few_aliases_is_refused_with_its_place(hints: str, told: str) -> None:
    begun = time.process_time()
    with pytest.raises(PackageError, match=told) as refused:
        load(TOOL + hints)
    assert refused.value.line >= 7
    assert time.process_time() - begun < 10, "of the work, not of the clock"


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("doc: " + "x" * 2**18, r"characters are more than a package may have \(262,144\)"),
        ("# c\n" * 5_001, r"5,001 lines of comments are more than a package may have \(5,000\)"),
        ("hints: [" + "x, " * 12_000 + "]\n", "more than 12,000 nodes"),
    ],
    ids=["characters", "comments", "nodes"],
)
def test_t15_a_package_beyond_its_bounds_is_refused(more: str, told: str) -> None:
    with pytest.raises(PackageError, match=told):
        load(TOOL + more)


def test_a_copy_of_a_part_is_its_own_and_keeps_the_places() -> None:
    document = read_document(TOOL + "hints:\n  - {class: A, x: [1, 2]}\n", "package")
    copy = copied(document)
    assert copy == document
    assert place_of(copy, "hints", 0, "x") == place_of(document, "hints", 0, "x") == (8, 16)
    copy["hints"][0]["x"].append(3)
    copy["cwlVersion"] = "v1.0"
    assert document["hints"][0]["x"] == [1, 2]
    assert document["cwlVersion"] == "v1.2"


def test_an_alias_that_is_used_as_people_use_it_is_followed() -> None:
    text = TOOL.replace("inputs: []", "inputs:\n  a: &text {type: string, label: &name Name}\n  b: *text\n  c: *text")
    assert [declared.type_ for declared in load(text).workflow().inputs] == ["string"] * 3


ELSEWHERE = {
    "id": TOOL.replace("id: t", "id: {}#t"),
    "base": TOOL + "$base: {}\n",
    "type": TOOL.replace("inputs: []", "inputs: {{a: '{}#T'}}"),
    "schemas": TOOL + "$schemas: ['{}']\n",
    "format": TOOL.replace("inputs: []", "inputs: {{a: {{type: File, format: '{}'}}}}"),
    "import": TOOL + "hints: [{{$import: '{}'}}]\n",
    "mixin": TOOL + "hints: [{{$mixin: '{}'}}]\n",
}


@pytest.mark.parametrize("address", ["https://example.org/x", "file:///etc/hostname"])
@pytest.mark.parametrize("text", ELSEWHERE.values(), ids=ELSEWHERE)
def test_t15_no_address_in_a_package_is_looked_at(text: str, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(requests.Session, "request", lambda _session, _method, url, **_: asked.append(url))
    for name, original in {"os.path.exists": os.path.exists, "builtins.open": open}.items():
        monkeypatch.setattr(name, _recorded(original, asked))
    with contextlib.suppress(PackageError):
        load(text.format(address))
    assert [one for one in asked if "example.org" in one or "hostname" in one] == []


def _recorded(original: Callable[..., object], asked: list[str]) -> Callable[..., object]:
    def recording(path: object, *arguments: object, **options: object) -> object:
        asked.append(str(path))
        return original(path, *arguments, **options)

    return recording


def test_the_members_of_a_list_are_read_once_however_often_one_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    names = document._names
    monkeypatch.setattr(document, "_names", lambda one: read.append(one) or names(one))
    inputs = "".join(f"- {{id: i{number}, type: string}}\n" for number in range(100))
    tool = "cwlVersion: v1.2\nclass: CommandLineTool\nid: t\nbaseCommand: x\noutputs: []\ninputs:\n"
    undocumented = [one.line for one in lint(tool + inputs).findings if one.rule == "input-text"]
    assert undocumented == list(range(7, 107))
    assert len(read) < 300


def test_what_is_required_of_a_part_is_found_once_however_many_steps_run_it(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = []
    own_requirement = parts.own_requirement
    monkeypatch.setattr(parts, "own_requirement", lambda *asked: looked.append(asked) or own_requirement(*asked))
    steps = "".join(f"    s{number}: {{run: '#t', in: {{a: a}}, out: [o]}}\n" for number in range(100))
    tool = "  baseCommand: x\n  inputs: {a: string}\n  outputs: {o: {type: string, outputBinding: {outputEval: a}}}\n"
    workflow = "- class: Workflow\n  id: w\n  inputs: {a: string}\n  outputs: []\n  steps:\n"
    unused = lint(f"cwlVersion: v1.2\n$graph:\n{workflow}{steps}- class: CommandLineTool\n  id: t\n{tool}").findings
    assert sum(1 for one in unused if one.rule == "unused-step") == 100
    assert len(looked) < 5000
