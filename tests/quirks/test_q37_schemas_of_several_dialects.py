"""Schemas of several dialects beside each other, the text None, defaults that are lost, descriptions of the drafts."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest
import pytest_socket

from mcp_ogc.ogc.inputs.hints import example_inputs, input_hints
from mcp_ogc.ogc.models import ProcessDescription
from tests.ogc.processes import problems, process
from tests.quirks.talking import conversation, sent
from tests.server.talk import call, refused
from tests.servers.processes.endpoint import Fault, TestEndpoint

pytestmark = pytest.mark.anyio


def described(**inputs: Any) -> ProcessDescription:
    return ProcessDescription.model_validate({"id": "p", "inputs": inputs})


@pytest.mark.parametrize("personality", ["zoo", "javaps"])
async def test_q37_a_description_reads_as_of_any_other_server(tmp_path: Path, personality: str) -> None:
    async with conversation(TestEndpoint(personality), tmp_path) as client:
        process = await call(client, "ogc_describe_process", process_id="echo")
        told = await refused(client, "ogc_execute_process", process_id="echo", inputs={"text": "a", "number": 500})
    rows = {row["input_id"]: row for row in process["inputs"]}
    assert rows["number"]["type"] == "number 0 to 100"
    assert rows["colour"]["type"] == 'one of "blue", "green"'
    assert not rows["number"]["required"]
    assert "None" not in str(process)
    assert "number is 500; at most 100" in told


def test_q37_schema_goes_before_the_others_beside_it() -> None:
    number, text = {"type": "integer"}, {"type": "string"}
    first = described(x={"original-schema": text, "schema": number, "extended-schema": text, "raw_schema1": "true"})
    assert problems(first, x="a")
    assert problems(first, x=1) == []
    assert problems(described(x={"extended-schema": number, "raw_schema1": "true"}), x="a")


@pytest.mark.parametrize("default", [0, False, "", 1, [0]])
def test_q37_a_default_that_only_the_other_schema_has_is_kept(default: Any) -> None:
    description = described(x={"schema": {"title": "x"}, "original-schema": {"default": default}})
    (hint,) = input_hints(description)
    assert hint.default == default
    assert not hint.required
    assert problems(description) == []


@pytest.mark.parametrize("schema", [{"type": "string", "nullable": True}, {"type": ["string", "null"]}])
def test_q37_what_may_be_null_need_not_be_given(schema: dict[str, Any]) -> None:
    description = process(x={"schema": schema})
    assert problems(description) == []
    assert problems(description, x=None) == []
    assert example_inputs(input_hints(description)) == {}


def test_q37_references_to_remote_schemas_are_known_and_not_fetched() -> None:
    stac, opengis = "https://schemas.stacspec.org/v1.0.0", "https://schemas.opengis.net/ogcapi/features/part1/1.0"
    directory = [
        {"type": "string", "format": "uri"},
        {"$ref": f"{stac}/item-spec/json-schema/item.json"},
        {"$ref": f"{stac}/collection-spec/json-schema/collection.json"},
        {"$ref": f"{opengis}/openapi/schemas/featureCollectionGeoJSON.yaml"},
    ]
    description = described(x={"schema": {"oneOf": directory}})
    pytest_socket.disable_socket()
    try:
        assert problems(description, x="https://x.example/item.json") == []
        assert problems(description, x={"type": "FeatureCollection", "features": []}) == []
        assert problems(description, x={"type": "Nonsense"})
        (hint,) = input_hints(description)
    finally:
        pytest_socket.enable_socket()
    assert hint.type == "URL or STAC item or STAC collection or GeoJSON feature collection"


DRAFT = {
    "process": {
        "id": "p",
        "inputs": [
            {
                "id": "level",
                "input": {"literalDataDomains": [{"dataType": {"name": "xs:double"}, "defaultValue": 0}]},
            },
            {
                "id": "method",
                "literalDataDomains": [{"dataType": "string", "valueDefinition": {"allowedValues": ["a", "b"]}}],
                "minOccurs": "1",
                "maxOccurs": "2",
            },
            {"id": "area", "input": {"supportedCRS": [{"crs": "EPSG:4326", "default": True}]}},
            {
                "id": "shape",
                "formats": [{"mimeType": "text/xml", "default": True}, {"mimeType": "application/json"}],
                "minOccurs": None,
            },
        ],
        "outputs": None,
    }
}


def test_q37_inputs_of_the_drafts_are_read() -> None:
    description = ProcessDescription.model_validate(DRAFT["process"])
    types = {hint.id: hint.type for hint in input_hints(description)}
    assert types == {
        "level": "number",
        "method": 'array of one of "a", "b"',
        "area": "bbox object {bbox: [minx, miny, maxx, maxy], crs}",
        "shape": "text/xml, by URL {href} or {value, mediaType} or "
        "application/json, by URL {href} or {value, mediaType} or object",
    }
    inputs = {"method": ["a"], "area": {"bbox": [1, 2, 3, 4]}, "shape": {"value": "<a/>", "mediaType": "text/xml"}}
    assert problems(description, **inputs) == []
    assert "'method[1]'" not in str(problems(description, **inputs | {"method": ["a", "b"]}))
    wrong = problems(
        description, method=["c", "a", "b"], area="1,2,3,4", shape={"value": "x", "mediaType": "text/html"}
    )
    assert len(wrong) == 3


@pytest.mark.parametrize(
    "broken", [{"minOccurs": None}, {"maxOccurs": "many"}, {"schema": 7}, {"keywords": 5}, {"title": []}]
)
def test_q37_what_can_t_be_read_of_one_input_does_not_lose_the_description(broken: dict[str, Any]) -> None:
    description = described(x={"schema": {"type": "string"}, **broken}, y={"schema": {"type": "integer"}}, z="nonsense")
    assert set(description.inputs) == {"x", "y", "z"}
    assert problems(description, x="a", y="b", z=1)


PACKAGE = """cwlVersion: v1.2
class: Workflow
id: counting
label: Counting
doc: Counts
inputs:
  count: {type: int, default: 0, label: Count, doc: how many}
  flag: {type: boolean, default: false, label: Flag, doc: whether}
  name: {type: string, default: "", label: Name, doc: whose}
  item: {type: string, label: Item, doc: which}
outputs: {}
steps: {}
"""


async def test_q37_defaults_that_the_description_lost_are_read_from_the_package(tmp_path: Path) -> None:
    endpoint = TestEndpoint("zoo")
    async with conversation(endpoint, tmp_path) as client:
        await call(client, "ogc_deploy_process", package=PACKAGE)
        described = await call(client, "ogc_describe_process", process_id="counting")
        inputs = {"item": "a", "flag": False}
        job = await call(client, "ogc_execute_process", process_id="counting", inputs=inputs, wait_seconds=0)
    rows = {row["input_id"]: row for row in described["inputs"]}
    assert {name: (row["required"], row.get("default")) for name, row in rows.items()} == {
        "item": (True, None),
        "count": (False, 0),
        "flag": (False, False),
        "name": (False, ""),
    }
    assert sent(endpoint) == {"item": "a"}
    assert "false is its default" in job["notes"][0]


async def test_q37_a_process_whose_package_can_t_be_read_is_described_all_the_same(tmp_path: Path) -> None:
    async with conversation(TestEndpoint("zoo"), tmp_path) as client:
        described = await call(client, "ogc_describe_process", process_id="water-bodies")
    assert described["inputs"]


async def test_q37_why_the_defaults_of_a_package_are_not_known_is_told(tmp_path: Path) -> None:
    endpoint = TestEndpoint("zoo")
    endpoint.faults.append(Fault("GET", "/water-bodies/package", 401, body='{"detail": "no policy"}'))
    async with conversation(endpoint, tmp_path) as client:
        described = await call(client, "ogc_describe_process", process_id="water-bodies")
    assert described["inputs"]
    assert "its package can't be read" in described["note"]
    assert "401" in described["note"]


async def test_q37_a_package_is_not_read_again_as_long_as_the_description_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp_ogc.descriptions.DESCRIPTION_SECONDS", 0)
    endpoint = TestEndpoint("zoo")
    async with conversation(endpoint, tmp_path) as client:
        await call(client, "ogc_deploy_process", package=PACKAGE)
        read = len(endpoint.asked("GET", "/counting/package"))
        for _ in range(3):
            rows = (await call(client, "ogc_describe_process", process_id="counting"))["inputs"]
            assert {row["input_id"]: row.get("default") for row in rows}["count"] == 0
        assert len(endpoint.asked("GET", "/counting/package")) <= read + 1
        read = len(endpoint.asked("GET", "/counting/package"))
        endpoint.processes["counting"] = replace(endpoint.processes["counting"], version="2.0.0")
        await call(client, "ogc_describe_process", process_id="counting")
    assert len(endpoint.asked("GET", "/counting/package")) == read + 1


async def test_q37_a_description_and_its_package_are_read_once_for_all_who_want_them_at_once(tmp_path: Path) -> None:
    endpoint = TestEndpoint("zoo")
    async with conversation(endpoint, tmp_path) as client, anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(client.call_tool, "ogc_describe_process", {"process_id": "water-bodies"})
    assert len(endpoint.asked("GET", "/processes/water-bodies")) == 1
    assert len(endpoint.asked("GET", "/package")) == 1
