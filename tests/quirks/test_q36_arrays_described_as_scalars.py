"""Arrays are described as what they are arrays of, and one element alone is read as an array of its characters."""

from pathlib import Path
from typing import Any

import pytest

from mcp_ogc.ogc.inputs.hints import example_inputs, input_hints
from mcp_ogc.ogc.models import ProcessDescription
from tests.ogc.processes import problems
from tests.quirks.talking import conversation, sent
from tests.server.talk import call, refused
from tests.servers.processes.endpoint import TestEndpoint
from tests.servers.processes.quirk import Quirk

pytestmark = pytest.mark.anyio
ITEM = "https://x.example/item"


async def test_q36_what_may_occur_999_times_is_told_as_an_array(tmp_path: Path) -> None:
    async with conversation(TestEndpoint("zoo"), tmp_path) as client:
        described = await call(client, "ogc_describe_process", process_id="water-bodies")
    types = {row["input_id"]: row["type"] for row in described["inputs"]}
    assert types["stac_items"] == "array of string"
    assert isinstance(described["example_inputs"]["stac_items"], list)


@pytest.mark.parametrize("given", [ITEM, [ITEM]])
async def test_q36_a_single_value_arrives_as_an_array_of_it(tmp_path: Path, given: Any) -> None:
    endpoint = TestEndpoint("zoo")
    inputs = {"stac_items": given, "aoi": "-121.399,39.834,-120.74,40.472"}
    async with conversation(endpoint, tmp_path) as client:
        await call(client, "ogc_execute_process", process_id="water-bodies", inputs=inputs, wait_seconds=0)
    assert sent(endpoint)["stac_items"] == [ITEM]
    assert endpoint.jobs.newest.inputs["stac_items"] == [ITEM]


async def test_q36_several_values_are_not_refused(tmp_path: Path) -> None:
    endpoint = TestEndpoint("zoo")
    inputs = {"stac_items": [ITEM, ITEM], "aoi": "-121.399,39.834,-120.74,40.472"}
    async with conversation(endpoint, tmp_path) as client:
        await call(client, "ogc_execute_process", process_id="water-bodies", inputs=inputs, wait_seconds=0)
    assert sent(endpoint)["stac_items"] == [ITEM, ITEM]


async def test_q36_where_the_schema_is_an_array_a_single_value_comes_back_as_one(tmp_path: Path) -> None:
    endpoint = TestEndpoint("zoo", quirks_off=[Quirk.Q36])
    inputs = {"stac_items": ITEM, "aoi": "-121.399,39.834,-120.74,40.472"}
    async with conversation(endpoint, tmp_path) as client:
        told = await refused(client, "ogc_execute_process", process_id="water-bodies", inputs=inputs)
    assert f'give ["{ITEM}"]' in told


def test_q36_an_array_of_which_only_the_cwl_type_tells_is_one() -> None:
    described = {"schema": {"type": "string"}, "metadata": [{"title": "cwl:type", "value": "string[]?"}]}
    description = ProcessDescription.model_validate({"id": "p", "inputs": {"x": described}})
    (hint,) = input_hints(description)
    assert hint.type == "array of string"
    assert example_inputs(input_hints(description)) == {"x": ["text"]}
    assert problems(description, x=["a", "b"]) == []
