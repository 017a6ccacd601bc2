"""The tools, as an assistant meets them."""

import base64
import json
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from mcp import Client

from mcp_ogc.server import build_server
from mcp_ogc.settings import Settings
from mcp_ogc.tools import dismissals, paging
from tests.server.talk import call, finished, refused, text_of
from tests.server.test_three_samples import water_bodies

pytestmark = pytest.mark.anyio

FAILING = """\
cwlVersion: v1.2
class: CommandLineTool
id: failing
label: Failing
doc: Writes a word and fails
baseCommand: [sh, -c, "echo the disk is made of cheese >&2; exit 42"]
inputs: {}
outputs: {}
"""
GREETING = """\
cwlVersion: v1.2
$namespaces: {s: "https://schema.org/"}
s:softwareVersion: 2.1.0
$graph:
- class: Workflow
  id: greeting
  label: Greeting
  doc: Says hello
  inputs:
    name: {type: string, label: Name, doc: whom to greet}
  outputs:
    text: {type: File, outputSource: say/text}
  steps:
    say: {run: "#say", in: {name: name}, out: [text]}
- class: CommandLineTool
  id: say
  baseCommand: [echo, Hello]
  inputs: {name: {type: string, inputBinding: {position: 1}}}
  stdout: greeting.txt
  outputs: {text: {type: stdout}}
"""


async def test_the_local_endpoint_is_there_without_any_configuration(client: Client) -> None:
    (endpoint,) = (await call(client, "ogc_list_endpoints"))["endpoints"]
    assert (endpoint["name"], endpoint["default"], endpoint["reachable"]) == ("local", True, True)
    assert {"deploy", "dismiss", "list jobs", "read packages"} <= {*endpoint["declared"], *endpoint["found"]}


async def test_processes_are_found_by_words_and_paged(client: Client) -> None:
    first = await call(client, "ogc_list_processes", limit=1)
    assert [process["process_id"] for process in first["processes"]] == ["echo"]
    assert first["left_out"] == 1
    second = await call(client, "ogc_list_processes", limit=1, cursor=first["next_cursor"])
    assert [process["process_id"] for process in second["processes"]] == ["pause"]
    assert "next_cursor" not in second
    found = await call(client, "ogc_list_processes", query="waits PROGRESS")
    assert [process["process_id"] for process in found["processes"]] == ["pause"]


async def test_a_cursor_of_another_list_is_refused(client: Client) -> None:
    cursor = (await call(client, "ogc_list_processes", limit=1))["next_cursor"]
    assert "same arguments" in await refused(client, "ogc_list_processes", query="echo", cursor=cursor)
    assert "same arguments" in await refused(client, "ogc_list_jobs", cursor=cursor)


@pytest.mark.parametrize("position", [-1, -(10**12)])
async def test_a_cursor_from_before_the_beginning_is_refused(client: Client, position: int) -> None:
    cursor = (await call(client, "ogc_list_processes", limit=1))["next_cursor"]
    scope, _ = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    assert "same arguments" in await refused(
        client, "ogc_list_processes", limit=1, cursor=paging.encode(scope, position=position)
    )


async def test_a_process_without_a_package_is_told_of_beside_one_that_has_it(client: Client) -> None:
    await call(client, "ogc_deploy_process", package="water-bodies", endpoint="local")
    assert "local has no package of 'echo' to read" in await refused(client, "ogc_get_package", process_id="echo")


async def test_an_unknown_process_names_the_nearest_ones(client: Client) -> None:
    told = await refused(client, "ogc_describe_process", process_id="ecco")
    assert "Did you mean echo?" in told
    assert "ogc_list_processes" in told


@pytest.mark.parametrize(
    ("tool", "argument"),
    [
        ("ogc_describe_process", "process_id"),
        ("ogc_execute_process", "process_id"),
        ("ogc_get_job", "job_id"),
        ("ogc_get_results", "job_id"),
        ("ogc_dismiss_job", "job_id"),
        ("ogc_export_job", "job_id"),
        ("ogc_get_package", "process_id"),
        ("ogc_undeploy_process", "process_id"),
    ],
)
async def test_an_id_without_end_is_not_repeated_whole(client: Client, tool: str, argument: str) -> None:
    more = {"inputs": {}} if tool == "ogc_execute_process" else {}
    told = await refused(client, tool, **{argument: "x" * 50_000}, **more)
    assert "x" * 100 in told
    assert len(told) < 1500, "with what the server says of it, which has a bound of its own"


async def test_a_query_without_end_is_not_repeated_whole(client: Client) -> None:
    result = await client.call_tool("ogc_list_processes", {"query": "x" * 50_000})
    assert len(text_of(result)) < 1000


async def test_a_description_tells_types_and_gives_inputs_that_can_be_copied(client: Client) -> None:
    result = await client.call_tool("ogc_describe_process", {"process_id": "pause"})
    assert "seconds: number 0 to 3600, optional, default 1" in text_of(result)
    await call(client, "ogc_deploy_process", package=GREETING)
    described = await call(client, "ogc_describe_process", process_id="greeting")
    assert described["version"] == "2.1.0"
    job = await call(client, "ogc_execute_process", process_id="greeting", inputs=described["example_inputs"])
    assert (await finished(client, job["job_id"]))["status"] == "successful"


async def test_every_problem_of_the_inputs_is_told_at_once_with_what_would_be_right(client: Client) -> None:
    inputs = {"choice": "four", "integer": "many", "array": [1], "strnig": "x", "pause": -1}
    told = await refused(client, "ogc_execute_process", process_id="echo", inputs=inputs)
    assert "5 problems" in told
    for line in ('choice is "four"', 'integer is "many"', "array is [1]", "strnig is not an input", "pause is -1"):
        assert line in told
    assert 'one of "one", "two", "three"' in told
    assert "perhaps string" in told


async def test_a_dry_run_sends_nothing(client: Client) -> None:
    answer = await call(client, "ogc_execute_process", process_id="echo", inputs={"string": "x"}, dry_run=True)
    assert answer["dry_run"] is True
    assert (await call(client, "ogc_list_jobs"))["jobs"] == []
    await refused(client, "ogc_execute_process", process_id="echo", inputs={"number": "x"}, dry_run=True)


async def test_the_same_call_is_the_same_job_while_it_runs_and_a_new_run_another(client: Client) -> None:
    request = {"process_id": "pause", "inputs": {"seconds": 20}, "wait_seconds": 0}
    first = await call(client, "ogc_execute_process", **request)
    again = await call(client, "ogc_execute_process", **request)
    assert (again["job_id"], again["repeated"]) == (first["job_id"], True)
    other = await call(client, "ogc_execute_process", **request, new_run=True)
    assert other["job_id"] != first["job_id"]
    for job in (first, other):
        token = (await call(client, "ogc_dismiss_job", job_id=job["job_id"]))["confirm"]
        await call(client, "ogc_dismiss_job", job_id=job["job_id"], confirm=token)


async def test_a_call_repeated_after_its_end_says_that_the_results_are_there_and_not_asked_for(client: Client) -> None:
    request = {"process_id": "echo", "inputs": {"string": "x"}, "wait_seconds": 30}
    first = await client.call_tool("ogc_execute_process", request)
    again = await client.call_tool("ogc_execute_process", request)
    job_id = (first.structured_content or {})["job_id"]
    assert (again.structured_content or {})["job_id"] == job_id
    assert "successful" in text_of(first)
    assert "the same request has ended, and its results were not asked for yet" in text_of(again)
    assert "not answered" not in text_of(again)
    assert f'ogc_get_results(job_id="{job_id}"' in text_of(again)
    await call(client, "ogc_get_results", job_id=job_id)
    assert (await call(client, "ogc_execute_process", **request))["job_id"] != job_id


async def test_values_come_back_as_they_went_in(client: Client) -> None:
    given = {
        "string": "Ünïcode ⟦x⟧",
        "number": 1.5,
        "boolean": False,
        "array": [1, 2],
        "bbox": {"bbox": [1, 2, 3, 4]},
        "measurement": {"measurement": 3, "uom": "m"},
        "strings": ["a", "b"],
    }
    job = await call(client, "ogc_execute_process", process_id="echo", inputs=given, wait_seconds=30)
    outputs = (await call(client, "ogc_get_results", job_id=job["job_id"]))["outputs"]
    assert {output["output_id"] for output in outputs} == set(given)
    values = {output["output_id"]: output["untrusted"]["value"] for output in outputs}
    assert json.loads(values["bbox"]) == given["bbox"]
    assert json.loads(values["boolean"]) is False
    assert values["string"] == '"Ünïcode \\u27e6x\\u27e7"', "a value can't forge the label"


async def test_only_the_outputs_that_are_named_are_made(client: Client) -> None:
    inputs = {"string": "x", "number": 1}
    job = await call(
        client, "ogc_execute_process", process_id="echo", inputs=inputs, outputs=["number"], wait_seconds=30
    )
    outputs = (await call(client, "ogc_get_results", job_id=job["job_id"]))["outputs"]
    assert [output["output_id"] for output in outputs] == ["number"]
    told = await refused(client, "ogc_execute_process", process_id="echo", inputs=inputs, outputs=["numbre"])
    assert "number" in told


async def test_a_failed_job_names_the_step_its_exit_code_and_the_end_of_its_log(client: Client) -> None:
    await call(client, "ogc_deploy_process", package=FAILING)
    job = await call(client, "ogc_execute_process", process_id="failing", inputs={}, wait_seconds=0)
    await finished(client, job["job_id"])
    told = text_of(await client.call_tool("ogc_get_job", {"job_id": job["job_id"]}))
    assert "failed" in told
    assert "step ⟦failing⟧, exit code 42" in told
    assert "the disk is made of cheese" in told
    assert "failed, so it has no results" in await refused(client, "ogc_get_results", job_id=job["job_id"])


async def test_results_of_a_running_job_say_how_to_wait(client: Client) -> None:
    job = await call(client, "ogc_execute_process", process_id="pause", inputs={"seconds": 30}, wait_seconds=0)
    assert "wait_seconds=30" in await refused(client, "ogc_get_results", job_id=job["job_id"])
    token = (await call(client, "ogc_dismiss_job", job_id=job["job_id"]))["confirm"]
    await call(client, "ogc_dismiss_job", job_id=job["job_id"], confirm=token)


async def test_a_job_is_dismissed_after_a_preview_and_remembered_as_dismissed(client: Client) -> None:
    job_id = (await call(client, "ogc_execute_process", process_id="pause", inputs={"seconds": 60}, wait_seconds=0))[
        "job_id"
    ]
    preview = await call(client, "ogc_dismiss_job", job_id=job_id)
    assert preview["dismissed"] is False
    assert (await call(client, "ogc_get_job", job_id=job_id))["status"] in ("accepted", "running")
    assert "not one of ours" in await refused(
        client, "ogc_dismiss_job", job_id=job_id, confirm=preview["confirm"] + "0"
    )
    assert (await call(client, "ogc_dismiss_job", job_id=job_id, confirm=preview["confirm"]))["dismissed"] is True
    assert "last known here: dismissed" in await refused(client, "ogc_get_job", job_id=job_id)
    (row,) = (await call(client, "ogc_list_jobs"))["jobs"]
    assert row["status"] == "dismissed"


async def test_a_job_that_had_ended_took_no_longer_because_it_was_dismissed_later(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await call(client, "ogc_execute_process", process_id="echo", inputs={"string": "x"}, wait_seconds=20)
    token = (await call(client, "ogc_dismiss_job", job_id=job["job_id"]))["confirm"]
    monkeypatch.setattr(
        dismissals, "datetime", SimpleNamespace(now=lambda zone: datetime.now(zone) + timedelta(days=1))
    )
    await call(client, "ogc_dismiss_job", job_id=job["job_id"], confirm=token)
    (row,) = (await call(client, "ogc_list_jobs"))["jobs"]
    assert (row["status"], row["finished"]) == ("dismissed", job["finished"])


async def test_a_raster_of_a_dismissed_job_is_told_to_be_gone_and_how_to_make_it_again(settings: Settings) -> None:
    async with Client(build_server(settings)) as client:
        await water_bodies(client)
        (job,) = (await call(client, "ogc_list_jobs"))["jobs"]
        listed = await call(client, "ogc_get_results", job_id=job["job_id"])
        raster = listed["outputs"][0]["items"][0]["assets"][0]["raster"]
        token = (await call(client, "ogc_dismiss_job", job_id=job["job_id"]))["confirm"]
        await call(client, "ogc_dismiss_job", job_id=job["job_id"], confirm=token)
        for tool, asked in (("ogc_summarize_raster", {}), ("ogc_measure_raster", {"points": [[-34.85, -8.0]]})):
            told = await refused(client, tool, raster=raster, **asked)
            assert "Its job was dismissed" in told
            assert told.endswith('ogc_describe_process(process_id="water-bodies", endpoint="local")')
            assert str(settings.data_folder) not in told


async def test_a_package_is_deployed_read_back_replaced_and_undeployed(client: Client) -> None:
    deployed = await call(client, "ogc_deploy_process", package=GREETING)
    assert (deployed["process_id"], deployed["version"], deployed["deployed"]) == ("greeting", "2.1.0", True)
    package = await call(client, "ogc_get_package", process_id="greeting")
    assert package["digest"] == deployed["digest"]
    assert package["untrusted"]["cwl"] == GREETING
    assert "replace=true" in await refused(client, "ogc_deploy_process", package=GREETING)

    newer = GREETING.replace("2.1.0", "2.2.0")
    preview = await call(client, "ogc_deploy_process", package=newer, replace=True)
    assert preview["deployed"] is False
    other = GREETING.replace("2.1.0", "6.6.6")
    assert "something else" in await refused(
        client, "ogc_deploy_process", package=other, replace=True, confirm=preview["confirm"]
    )
    replaced = await call(client, "ogc_deploy_process", package=newer, replace=True, confirm=preview["confirm"])
    assert (replaced["replaced"], replaced["version"]) == (True, "2.2.0")

    preview = await call(client, "ogc_undeploy_process", process_id="greeting")
    gone = await call(client, "ogc_undeploy_process", process_id="greeting", confirm=preview["confirm"])
    assert gone["undeployed"] is True
    await refused(client, "ogc_describe_process", process_id="greeting")


async def test_a_package_that_does_not_parse_is_refused_with_its_place_and_nothing_is_deployed(client: Client) -> None:
    broken = GREETING.replace("name: {type: string, label", "name: {type: strnig, label")
    told = await refused(client, "ogc_deploy_process", package=broken)
    assert "package:10:12" in told
    assert "strnig" in told
    assert [p["process_id"] for p in (await call(client, "ogc_list_processes"))["processes"]] == ["echo", "pause"]


async def test_a_built_in_process_is_not_undeployed_and_nobody_is_asked(client: Client) -> None:
    told = await refused(client, "ogc_undeploy_process", process_id="echo")
    assert "echo is part of local" in told
    assert 'ogc_list_processes(endpoint="local")' in told
    assert "another id" not in told


async def test_a_built_in_process_is_not_replaced_and_nobody_is_asked(client: Client) -> None:
    package = GREETING.replace("id: greeting", "id: echo")
    told = await refused(client, "ogc_deploy_process", package=package, replace=True)
    assert "echo is part of local" in told
    assert "Give the workflow another id" in told


async def test_the_files_of_a_job_are_saved_with_checksums_and_never_twice(client: Client) -> None:
    await call(client, "ogc_deploy_process", package=GREETING)
    job = await call(client, "ogc_execute_process", process_id="greeting", inputs={"name": "Ada"}, wait_seconds=30)
    await finished(client, job["job_id"])
    first = await call(client, "ogc_export_job", job_id=job["job_id"])
    sizes = {Path(file["path"]).name: file["bytes"] for file in first["files"]}
    assert set(sizes) == {"greeting.txt", "results.json"}
    assert sizes["greeting.txt"] == len("Hello Ada\n")
    assert await call(client, "ogc_export_job", job_id=job["job_id"]) == first


async def test_wrong_arguments_are_explained_without_a_traceback(client: Client) -> None:
    assert "Did you mean wait_seconds" in await refused(client, "ogc_get_job", job_id="x", wait_second=1)
    told = await refused(client, "ogc_get_job", job_id="x", wait_seconds=500)
    assert "wait_seconds: Input should be less than or equal to 45" in told
    assert "Did you mean ogc_get_job" in await refused(client, "ogc_get_jobs")
    assert "Did you mean" not in await refused(client, "fetch_weather_forecast")
    assert "ogc_list_jobs" in await refused(client, "ogc_get_job", job_id="no-such-job")
    assert "Did you mean local?" in await refused(client, "ogc_list_processes", endpoint="locla")


async def test_an_address_that_is_not_public_is_refused_before_anything_is_sent(client: Client) -> None:
    told = await refused(client, "ogc_summarize_raster", raster="http://127.0.0.1:9/a.tif")
    assert "not a public address" in told
    told = await refused(client, "ogc_summarize_raster", raster="file:///etc/passwd")
    assert "not below a permitted folder" in told
    told = await refused(client, "ogc_deploy_process", package="/etc/passwd")
    assert "not below a permitted folder" in told


async def test_no_answer_needs_a_member_that_may_be_left_out(client: Client) -> None:
    """Absent members are left out of structured content, so no output schema may require a nullable one."""

    def nullable_but_required(schema: dict[str, object]) -> list[str]:
        required = schema.get("required", [])
        properties = schema.get("properties", {})
        assert isinstance(required, list)
        assert isinstance(properties, dict)
        return [name for name in required if {"type": "null"} in properties[name].get("anyOf", [])]

    for tool in (await client.list_tools()).tools:
        schemas = [tool.output_schema, *(tool.output_schema or {}).get("$defs", {}).values()]
        for schema in schemas:
            assert nullable_but_required(schema or {}) == [], tool.name
