"""What can be read: resources, completions and prompts, in both eras."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import PromptReference, ResourceTemplateReference

from mcp_ogc import uris
from mcp_ogc.server import build_server
from mcp_ogc.settings import Settings
from tests.quirks.made import made
from tests.server.talk import call, finished, text_of
from tests.servers.processes.endpoint import TestEndpoint

pytestmark = pytest.mark.anyio


async def read(client: Client, uri: str) -> Any:
    (content,) = (await client.read_resource(uri)).contents
    return json.loads(content.text)


async def test_endpoints_processes_and_descriptions_are_resources(client: Client) -> None:
    assert (await read(client, "ogc://endpoints"))["endpoints"][0]["name"] == "local"
    assert len((await read(client, "ogc://local/processes"))["processes"]) == 2
    assert (await read(client, "ogc://local/processes/echo"))["process_id"] == "echo"


async def test_a_job_is_listed_and_read_with_its_results_and_logs(client: Client) -> None:
    job = await call(client, "ogc_execute_process", process_id="echo", inputs={"string": "x"}, wait_seconds=30)
    uri = uris.expand(uris.JOB, endpoint="local", job_id=job["job_id"])
    listed = (await client.list_resources()).resources
    assert uri in [resource.uri for resource in listed]
    assert (await read(client, uri))["status"] == "successful"
    assert (await read(client, f"{uri}/results"))["outputs"][0]["output_id"] == "string"
    assert (await read(client, f"{uri}/logs"))["logs"] == []


async def test_an_id_is_never_a_path(client: Client) -> None:
    for process_id in ("/etc/passwd", "a:1.0.0", "..", "a/../b"):
        uri = uris.expand(uris.PROCESS, endpoint="local", process_id=process_id)
        with pytest.raises(MCPError, match="There is no process"):
            await client.read_resource(uri)


async def test_jobs_survive_a_restart_of_the_server(settings: Settings) -> None:
    async with Client(build_server(settings)) as client:
        job = await call(client, "ogc_execute_process", process_id="pause", inputs={"seconds": 0.2}, wait_seconds=0)
    async with Client(build_server(settings)) as client:
        listed = (await client.list_resources()).resources
        assert any(job["job_id"] in resource.uri for resource in listed)
        assert (await finished(client, job["job_id"]))["status"] == "successful"


async def test_endpoints_processes_and_jobs_are_completed(client: Client) -> None:
    job = await call(client, "ogc_execute_process", process_id="echo", inputs={"string": "x"}, wait_seconds=30)
    template = ResourceTemplateReference(uri=uris.PROCESS)
    found = await client.complete(template, {"name": "endpoint", "value": "l"})
    assert found.completion.values == ["local"]
    found = await client.complete(template, {"name": "process_id", "value": "pa"}, {"endpoint": "local"})
    assert found.completion.values == ["pause"]
    prompt = PromptReference(name="diagnose-job")
    found = await client.complete(prompt, {"name": "job_id", "value": job["job_id"][:4]})
    assert found.completion.values == [job["job_id"]]
    found = await client.complete(PromptReference(name="package-application"), {"name": "kind", "value": "s"})
    assert found.completion.values == ["scatter", "steps"]


async def test_outputs_items_assets_and_bands_are_completed_from_what_a_job_made(tmp_path: Path) -> None:
    endpoint = TestEndpoint()
    template = ResourceTemplateReference(uri=uris.RASTER)
    prompt = PromptReference(name="interpret-results")
    async with made(endpoint, tmp_path, "files") as job:

        async def offered(ref: ResourceTemplateReference | PromptReference, name: str, **given: str) -> list[str]:
            given = {"endpoint": "far", "job_id": job.job_id, **given}
            return (await job.client.complete(ref, {"name": name, "value": ""}, given)).completion.values

        assert await offered(template, "output") == ["table", "report", "lakes", "raster"]
        assert await offered(template, "item", output="raster") == ["-"]
        assert await offered(template, "asset", output="raster", item="-") == ["-"]
        assert await offered(prompt, "band") == ["1", "2", "3", "4", "5", "6"]
        assert await offered(prompt, "item") == []
        found = await job.client.complete(template, {"name": "output", "value": "r"}, {"job_id": job.job_id})
        assert found.completion.values == ["report", "raster"]
        assert await offered(prompt, "item", job_id="none") == []


async def test_items_of_a_stac_result_and_their_assets_are_completed(tmp_path: Path) -> None:
    template = ResourceTemplateReference(uri=uris.RASTER)
    async with made(TestEndpoint(), tmp_path, "water-bodies") as job:
        given = {"job_id": job.job_id, "output": "stac_catalog"}
        items = (await job.client.complete(template, {"name": "item", "value": "LC0"}, given)).completion.values
        assert len(items) > 1
        found = await job.client.complete(template, {"name": "asset", "value": ""}, {**given, "item": items[0]})
        assert found.completion.values == ["data"]


async def test_prompts_are_filled_in_and_lead_through_tools_that_exist(client: Client) -> None:
    tools = {tool.name for tool in (await client.list_tools()).tools}
    prompts = (await client.list_prompts()).prompts
    assert len(prompts) == 5
    for prompt in prompts:
        given = {argument.name: "SOMETHING" for argument in prompt.arguments or [] if argument.name != "kind"}
        (message,) = (await client.get_prompt(prompt.name, given)).messages
        text = message.content.text
        assert "{{" not in text
        assert all(name in text or "SOMETHING" in text for name in given)
        mentioned = {word.strip("`(") for word in text.replace("(", " ").split() if word.strip("`").startswith("ogc_")}
        assert {name.strip("`.,:;") for name in mentioned} <= tools, prompt.name


async def test_the_water_bodies_walk_through_holds_from_the_first_call_to_the_picture(client: Client) -> None:
    await call(client, "ogc_deploy_process", package="water-bodies", endpoint="local")
    process = await call(client, "ogc_describe_process", process_id="water-bodies", endpoint="local")
    job = await call(
        client, "ogc_execute_process", process_id="water-bodies", inputs=process["example_inputs"], wait_seconds=0
    )
    assert (await finished(client, job["job_id"]))["status"] == "successful"
    results = await call(client, "ogc_get_results", job_id=job["job_id"])
    handles = [item["assets"][0]["raster"] for item in results["outputs"][0]["items"]]
    assert len(handles) == 2
    result = await client.call_tool("ogc_summarize_raster", {"raster": handles[0]})
    assert "⟦water⟧" in text_of(result)
    assert [block.type for block in result.content] == ["text", "image"]

    assert (await read(client, handles[0]))["bands"][0]["classes"][1]["name"] == "water"
    (content,) = (await client.read_resource(f"{handles[0]}/preview.png")).contents
    assert base64.b64decode(content.blob).startswith(b"\x89PNG")

    first = await call(client, "ogc_get_results", job_id=job["job_id"], limit=1)
    assert first["left_out"] == 1
    second = await call(client, "ogc_get_results", job_id=job["job_id"], limit=1, cursor=first["next_cursor"])
    assert second["outputs"][0]["items"][0]["assets"][0]["raster"] == handles[1]
    assert "next_cursor" not in second
    saved = await call(client, "ogc_export_job", job_id=job["job_id"])
    folders = sorted(file["path"].rsplit("/", 2)[1] for file in saved["files"])
    assert folders == [job["job_id"], "l7-recife-north", "l7-recife-south"]
