"""The description a package gives, beside that of cwl2ogc: they differ only where a reason is given here."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cwl2ogc import BaseCWLtypes2OGCConverter

from mcp_ogc.ogc.inputs.hints import input_hints
from mcp_ogc.packages.cwl import load
from mcp_ogc.packages.description import describe

ROOT = Path(__file__).parents[2]
PACKAGES = sorted(
    [*(ROOT / "tests/packages/corpus/sound").glob("*.cwl"), *(ROOT / "mcp_ogc/local/sample").glob("*.cwl")]
)
EVERYTHING = """\
cwlVersion: v1.2
$namespaces: {iana: "https://www.iana.org/assignments/media-types/"}
class: Workflow
id: everything
inputs:
  zero: {type: int, default: 0}
  nothing: {type: float, default: 0.0}
  no: {type: boolean, default: false}
  empty: {type: string, default: ""}
  none: {type: "string[]", default: []}
  perhaps: {type: "boolean?", default: false}
  either: {type: [int, string]}
  either_or_none: {type: ["null", int, string], doc: [One line., Another.]}
  table: {type: File, format: iana:text/csv}
  image: {type: "File[]", format: iana:image/tiff}
  picture: {type: File, format: [iana:image/png, iana:image/jpeg]}
  made_up: {type: File, format: "https://example.org/formats#odd"}
  area: {type: {type: record, fields: {west: double, name: "string?"}}}
  level: {type: {type: enum, symbols: [low, high]}, default: low}
  nested: {type: {type: array, items: {type: array, items: int}}}
outputs:
  number: {type: int, outputSource: zero}
  table_again: {type: File, format: iana:text/csv, outputSource: table}
  perhaps_again: {type: "boolean?", outputSource: perhaps}
steps: []
"""
TEXTS = [*(package.read_text(encoding="utf-8") for package in PACKAGES), EVERYTHING]
NAMES = [*(package.stem for package in PACKAGES), "everything"]

Described = dict[str, Any]


def files_are_urls(theirs: Described, ours: Described, declared: Any) -> Described:
    """It offers a STAC item in place of a file, by a schema on another server; here a file is given by its URL. A
    Directory output is answered as items, in line: `stac-item-collection`, as the reference package is described."""
    return {**theirs, "schema": _without_choices(theirs["schema"], ours["schema"])}


def formats_are_told(theirs: Described, ours: Described, declared: Any) -> Described:
    """It does not read `format`, which says what is in a file."""
    told = getattr(declared, "format", None) or ()
    forms = [one.split("/media-types/") for one in ([told] if isinstance(told, str) else told)]
    media_types = [one[1] for one in forms if len(one) == 2]
    return {**theirs, "schema": _of_media_types(theirs["schema"], media_types)} if media_types else theirs


def defaults_are_kept(theirs: Described, ours: Described, declared: Any) -> Described:
    """It drops 0, false, "" and [] (quirk Q37)."""
    default = getattr(declared, "default", None)
    if default is None or default:
        return theirs
    return {**theirs, "schema": {**theirs["schema"], "default": default}}


def what_has_a_default_may_be_left_out(theirs: Described, ours: Described, declared: Any) -> Described:
    """It wants every input that is not of an optional type."""
    return {**theirs, "minOccurs": 0} if getattr(declared, "default", None) is not None else theirs


def defaults_of_openapi_are_not_written(theirs: Described, ours: Described, declared: Any) -> Described:
    """Where something is as it is unless said: not nullable, once, by value or by reference. By value alone, as it
    says of files too, would be wrong: theirs are URLs."""
    schema = {name: value for name, value in theirs["schema"].items() if (name, value) != ("nullable", False)}
    return {name: value for name, value in {**theirs, "schema": schema}.items() if name != "valuePassing"}


def types_are_named_as_in_cwl(theirs: Described, ours: Described, declared: Any) -> Described:
    """It writes `[ null, string ]` and the address of a named type; people write `string?` and the name. Symbols of
    an enum are in the schema."""
    return {**theirs, "metadata": ours["metadata"]}


def lines_of_a_doc_are_one_text(theirs: Described, ours: Described, declared: Any) -> Described:
    """It gives a list for a description (20-009: a string)."""
    doc = theirs.get("description")
    return {**theirs, "description": "\n".join(doc)} if isinstance(doc, list) else theirs


REASONS: tuple[Callable[[Described, Described, Any], Described], ...] = (
    files_are_urls,
    formats_are_told,
    defaults_are_kept,
    what_has_a_default_may_be_left_out,
    defaults_of_openapi_are_not_written,
    types_are_named_as_in_cwl,
    lines_of_a_doc_are_one_text,
)


def _without_choices(theirs: Any, ours: Any) -> Any:
    """A schema, with ours where it offers a remote schema among others."""
    if isinstance(theirs, dict):
        if any("$ref" in one for one in theirs.get("oneOf", ()) if isinstance(one, dict)):
            rest = {name: value for name, value in theirs.items() if name != "oneOf"}
            is_items = isinstance(ours, dict) and ours.get("format") == "stac-item-collection"
            return {"type": "object" if is_items else "string", "format": ours["format"] if is_items else "uri", **rest}
        other = ours if isinstance(ours, dict) else {}
        return {name: _without_choices(value, other.get(name)) for name, value in theirs.items()}
    return theirs


def _of_media_types(schema: Described, media_types: list[str]) -> Described:
    if schema.get("type") == "array":
        return {**schema, "items": _of_media_types(schema["items"], media_types)}
    files = [{**schema, "contentMediaType": one} for one in media_types]
    return files[0] if len(files) == 1 else {"anyOf": files}


def both(text: str) -> Iterator[tuple[str, Described, Described, Any]]:
    """Inputs and outputs of a package: the id, cwl2ogc's description, ours, and what the CWL says."""
    package = load(text)
    process = package.workflow()
    converter, described = BaseCWLtypes2OGCConverter(process), describe(package).wire()
    for side, theirs in (("inputs", converter.get_inputs()), ("outputs", converter.get_outputs())):
        declared = {one.id.rsplit("/", 1)[-1].rsplit("#", 1)[-1]: one for one in getattr(process, side)}
        assert set(theirs) == set(described[side]) == set(declared)
        for name, one in theirs.items():
            yield f"{side}: {name}", dict(one), described[side][name], declared[name]


@pytest.mark.parametrize("text", TEXTS, ids=NAMES)
def test_a_description_differs_from_cwl2ogc_s_only_for_the_reasons_given(text: str) -> None:
    for name, theirs, ours, declared in both(text):
        explained = theirs
        for reason in REASONS:
            explained = reason(explained, ours, declared)
        assert explained == {**ours, **({"maxOccurs": 1} if "maxOccurs" in theirs else {})}, name


def test_every_reason_is_needed() -> None:
    cases = [case for text in TEXTS for case in both(text)]
    for reason in REASONS:
        assert any(reason(theirs, ours, declared) != theirs for _, theirs, ours, declared in cases), reason.__name__


def test_of_everything_a_reader_sees_what_to_give() -> None:
    hints = {hint.id: hint for hint in input_hints(describe(load(EVERYTHING)))}
    assert {name for name, hint in hints.items() if hint.required} == {
        *("either", "table", "image", "picture", "made_up", "area", "nested")
    }
    assert [hints[name].default for name in ("zero", "no", "empty", "none")] == [0, False, "", []]
    assert hints["table"].type == "URL of text/csv"
    assert hints["image"].type == "array of URL of image/tiff"
    assert "image/png" in hints["picture"].type
    assert "image/jpeg" in hints["picture"].type
    assert hints["level"].type == 'one of "low", "high"'
    assert isinstance(hints["table"].example, str), "a URL, as CWL takes it"


def test_a_default_is_told_as_a_value_of_the_input_would_be() -> None:
    inputs = describe(load(EVERYTHING)).inputs
    told = {name: one.schema_["default"] for name, one in inputs.items() if "default" in one.schema_}
    assert told == {"zero": 0, "nothing": 0.0, "no": False, "empty": "", "none": [], "perhaps": False, "level": "low"}
    assert [type(told[name]) for name in ("zero", "nothing", "no")] == [int, float, bool]


@pytest.mark.parametrize("default", [".nan", "[1.5, -.inf]", "{a: .inf}", "1.0e+999"])
def test_a_default_that_no_json_can_carry_is_not_told_and_the_input_may_be_left_out(default: str) -> None:
    package = (
        "cwlVersion: v1.2\nclass: Workflow\nid: p\noutputs: {}\nsteps: {}\ninputs: {n: {type: Any, default: HERE}}"
    )
    described = describe(load(package.replace("HERE", default)))
    json.dumps(described.wire(), allow_nan=False)
    assert "default" not in described.inputs["n"].schema_
    assert described.inputs["n"].min_occurs == 0


LITERAL = "{class: File, basename: conf.json, contents: '{}'}"
LITERALS = f"""\
cwlVersion: v1.2
class: CommandLineTool
id: t
baseCommand: cat
inputs:
  one: {{type: File, default: {LITERAL}}}
  several: {{type: "File[]", default: [{LITERAL}, {{class: File, location: "https://example.org/a"}}]}}
  folder: {{type: Directory, default: {{class: Directory, basename: d, listing: [{LITERAL}]}}}}
  within: {{type: Any, default: {{conf: {LITERAL}}}}}
  remote: {{type: File, default: {{class: File, location: "https://example.org/a"}}}}
outputs: {{}}
"""


@pytest.mark.parametrize("version", ["v1.0", "v1.1", "v1.2"])
def test_a_default_that_comes_as_its_text_may_be_left_out_and_is_no_value_to_give(version: str) -> None:
    """Nothing that an execution could send is like it."""
    inputs = describe(load(LITERALS.replace("v1.2", version))).inputs
    assert not [name for name, declared in inputs.items() if declared.required]
    told = {name: one.schema_["default"] for name, one in inputs.items() if "default" in one.schema_}
    assert told == {"remote": "https://example.org/a"}
    json.dumps({name: one.model_dump(mode="json") for name, one in inputs.items()})
