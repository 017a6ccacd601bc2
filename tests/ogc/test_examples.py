"""An example object can be copied as it is: it fits the description it was made from."""

import json
from typing import Any

import anyio
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_ogc.ogc.client import ProcessesClient
from mcp_ogc.ogc.dialects.standard import STANDARD
from mcp_ogc.ogc.inputs.hints import example_inputs, input_hints
from mcp_ogc.ogc.models import ProcessDescription
from mcp_ogc.settings import Limits
from tests.ogc.processes import problems, process
from tests.ogc.transcripts import recorded
from tests.servers.processes.endpoint import TestEndpoint
from tests.servers.processes.personalities import PERSONALITIES

RECORDED = [
    "zoo/04b-describe-echo",
    "zoo/21-describe-deployed",
    "pygeoapi/04-describe-hello",
    "pygeoapi/04b-describe-echo",
    "pygeoapi/04c-describe-shapely",
    "fastprocesses/04-describe",
]

names = st.sampled_from(["aoi", "bands", "level", "date", "stac_items"])


@st.composite
def ranges(draw: st.DrawFn) -> dict[str, Any]:
    """Numbers of which there is at least one."""
    low, width = draw(st.integers(-50, 50)), draw(st.integers(2, 20))
    high = low + width
    return draw(
        st.sampled_from(
            [
                {"minimum": low, "maximum": high},
                {"exclusiveMinimum": low, "exclusiveMaximum": high},
                {"minimum": low + 0.5},
                {"maximum": high},
                {"exclusiveMinimum": low, "maximum": high},
            ]
        )
    )


@st.composite
def lengths(draw: st.DrawFn, least: str, most: str, longest: int) -> dict[str, int]:
    low = draw(st.integers(0, longest))
    return {least: low, most: low + draw(st.integers(0, 5))}


leaves = st.one_of(
    lengths("minLength", "maxLength", 12).map(lambda bounds: {"type": "string", **bounds}),
    ranges().map(lambda bounds: {"type": "integer", **bounds}),
    ranges().map(lambda bounds: {"type": "number", **bounds}),
    st.just({"type": "boolean"}),
    st.sampled_from(["date", "date-time", "uri"]).map(lambda name: {"type": "string", "format": name}),
    st.lists(st.integers() | st.text("ab", max_size=2), min_size=1, max_size=3).map(lambda several: {"enum": several}),
    st.integers().map(lambda value: {"const": value}),
    st.sampled_from([1, 5, 0.25]).map(lambda step: {"type": "number", "multipleOf": step, "minimum": 3}),
)


def whole(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    properties = st.dictionaries(names, inner, min_size=1, max_size=3)
    return st.one_of(
        properties.map(lambda several: {"type": "object", "properties": several, "required": [*several]}),
        properties.map(
            lambda several: {
                "type": "object",
                "properties": several,
                "required": [*several],
                "additionalProperties": False,
            }
        ),
        # Arrays of arrays of many are longer than an example may be.
        st.tuples(inner, lengths("minItems", "maxItems", 2)).map(
            lambda pair: {"type": "array", "items": pair[0], **pair[1]}
        ),
        st.lists(inner, min_size=1, max_size=2).map(lambda several: {"oneOf": several}),
        inner.map(lambda one: {"allOf": [one, {"title": "more"}]}),
        inner.map(lambda one: {**one, "nullable": True}),
    )


@given(names, st.recursive(leaves, whole, max_leaves=5), st.integers(0, 3), st.sampled_from([1, 3, 999, "unbounded"]))
def test_an_example_fits_and_is_a_value_where_the_schema_has_one(
    name: str, schema: dict[str, Any], least: int, most: Any
) -> None:
    description = process(**{name: {"schema": schema, "minOccurs": least, "maxOccurs": most}})
    (hint,) = input_hints(description)
    assert problems(description, **{name: hint.example}) == []
    assert problems(description, **example_inputs(input_hints(description))) == []
    assert 'example.org/file"' not in json.dumps(hint.example), "the example of the last resort"


@pytest.mark.parametrize("name", RECORDED)
def test_every_recorded_description_gives_an_example_that_fits_it(name: str) -> None:
    description = ProcessDescription.model_validate(recorded(name).response.json())
    assert problems(description, **example_inputs(input_hints(description))) == []
    everything = {hint.id: hint.example for hint in input_hints(description)}
    assert problems(description, **everything) == []


@pytest.mark.parametrize("personality", PERSONALITIES)
@pytest.mark.anyio
async def test_every_kind_of_server_gives_descriptions_whose_examples_fit(personality: str, anyio_backend: str) -> None:
    endpoint = TestEndpoint(personality)
    transport = httpx.ASGITransport(endpoint.app)
    async with httpx.AsyncClient(transport=transport) as http:
        client = ProcessesClient(http, f"http://x.example{endpoint.base()}", limits=Limits(), dialect=STANDARD)
        for process_id in list(endpoint.processes)[:8]:
            with anyio.fail_after(60):
                description = await client.describe(process_id)
            assert set(description.inputs) == set(endpoint.processes[process_id].inputs)
            everything = {hint.id: hint.example for hint in input_hints(description)}
            assert problems(description, **everything) == []


def test_recorded_descriptions_are_told_in_words_a_model_can_fill() -> None:
    told = {
        hint.id: hint.type
        for name in RECORDED
        for hint in input_hints(ProcessDescription.model_validate(recorded(name).response.json()))
    }
    assert told["b"] == "text/xml, by URL {href} or {value, mediaType} or object"
    assert told["c"] == "bbox object {bbox: [minx, miny, maxx, maxy], crs}"
    assert told["geoms"] == "array of string or GeoJSON geometry 1 to 2"
    assert told["operation"].startswith('one of "measurement:area", "measurement:distance"')
    assert told["count"] == "integer"
