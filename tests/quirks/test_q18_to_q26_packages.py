"""Application packages: sent as the server takes them, and what came of it found out."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from mcp_ogc.errors import DuplicatedProcess, EndpointFault, ImmutableProcess, RemoteProblem, WorkflowNotFound
from mcp_ogc.ogc.deployments import PACKAGE_TYPES
from tests.quirks.talking import WORKFLOW, conversation, talking
from tests.server.talk import call, refused, text_of
from tests.servers.processes.endpoint import Fault, TestEndpoint
from tests.servers.processes.personalities import PERSONALITIES
from tests.servers.processes.personality import UnitForm
from tests.servers.processes.quirk import Quirk

pytestmark = pytest.mark.anyio

STANDARD = PERSONALITIES["standard"]
PLACE = "https://packages.example/greeting.cwl"
ONLY_WRAPPED = ("application/ogcapppkg+json",)
TOOL = """cwlVersion: v1.2
class: CommandLineTool
id: greet
baseCommand: echo
inputs: {}
outputs: {}
"""
TWO = """cwlVersion: v1.2
$graph:
- {class: Workflow, id: first, inputs: {}, outputs: {}, steps: {}}
- {class: Workflow, id: second, inputs: {}, outputs: {}, steps: {}}
"""
PARTS = """cwlVersion: v1.2
$graph:
- class: Workflow
  id: greeting
  inputs: {}
  outputs: {}
  steps: {greet: {run: '#greet', in: {}, out: []}}
- {class: CommandLineTool, id: greet, baseCommand: echo, inputs: {}, outputs: {}}
"""


@pytest.mark.parametrize(
    ("personality", "media_type"),
    [
        ("zoo", "application/cwl+yaml"),
        ("weaver", "application/cwl+yaml"),
        ("maap", "application/ogcapppkg+json"),
        ("unity", "application/ogcapppkg+json"),
    ],
)
async def test_q18_a_package_is_sent_at_once_as_a_type_that_is_taken(personality: str, media_type: str) -> None:
    endpoint = TestEndpoint(personality)
    endpoint.packages_at[PLACE] = WORKFLOW
    async with talking(endpoint) as talk:
        await talk.client.deploy(WORKFLOW, href=PLACE, known_as="greeting")
    assert [one.headers["content-type"] for one in endpoint.asked("POST")] == [media_type]


@pytest.mark.parametrize("taken", ["application/cwl", "application/ogcapppkg+json", "application/json"])
async def test_q18_after_415_the_next_type_is_sent_and_the_one_that_is_taken_comes_first_from_then_on(
    taken: str,
) -> None:
    endpoint = TestEndpoint(replace(STANDARD, package_types=(taken,), unit_form=UnitForm.VALUE), quirks_on=[Quirk.Q18])
    async with talking(endpoint) as talk:
        assert (await talk.client.deploy(WORKFLOW)).id == "greeting"
        before = len(endpoint.asked("POST"))
        assert (await talk.client.deploy(WORKFLOW.replace("greeting", "another"))).id == "another"
    assert before > 1
    assert [one.headers["content-type"] for one in endpoint.asked("POST")[before:]] == [taken]


@pytest.mark.parametrize("personality", ["zoo", "weaver", "maap", "standard"])
async def test_q19_a_package_within_an_application_package_has_the_form_of_the_server(personality: str) -> None:
    kind = replace(PERSONALITIES[personality], package_types=ONLY_WRAPPED)
    endpoint = TestEndpoint(kind, quirks_on=[Quirk.Q18], quirks_off=[Quirk.Q20])
    async with talking(endpoint) as talk:
        assert (await talk.client.deploy(WORKFLOW)).id == "greeting"
    assert endpoint.processes["greeting"].package


async def test_q19_a_server_that_fetches_packages_itself_is_given_the_address_or_says_that_it_wants_one(
    tmp_path: Path,
) -> None:
    endpoint = TestEndpoint("unity")
    endpoint.packages_at[PLACE] = WORKFLOW
    async with talking(endpoint) as talk:
        assert (await talk.client.deploy(WORKFLOW, href=PLACE)).id == "greeting"
    endpoint = TestEndpoint("unity")
    async with conversation(endpoint, tmp_path) as client:
        told = await refused(client, "ogc_deploy_process", package=WORKFLOW)
    assert "takes a package by its URL only" in told
    assert "give that URL as package" in told
    assert endpoint.asked("POST") == []


@pytest.mark.parametrize("personality", ["weaver", "maap", "unity"])
async def test_q20_what_was_deployed_is_known_however_it_is_answered(personality: str) -> None:
    endpoint = TestEndpoint(personality)
    endpoint.packages_at[PLACE] = WORKFLOW
    async with talking(endpoint) as talk:
        deployed = await talk.client.deploy(WORKFLOW, href=PLACE, known_as="greeting")
    assert deployed.id == "greeting"


@pytest.mark.parametrize("personality", ["weaver", "unity"])
async def test_q20_the_id_a_server_gives_counts_more_than_the_package_s_own(personality: str) -> None:
    endpoint = TestEndpoint(personality)
    endpoint.packages_at[PLACE] = WORKFLOW
    async with talking(endpoint) as talk:
        assert (await talk.client.deploy(WORKFLOW, href=PLACE, known_as="another")).id == "greeting"


async def test_q20_a_nested_summary_is_what_was_deployed() -> None:
    async with talking(TestEndpoint("weaver")) as talk:
        assert (await talk.client.deploy(WORKFLOW)).title == "Greeting"


async def test_q20_a_deployment_that_goes_on_is_followed_to_its_end(tmp_path: Path) -> None:
    endpoint = TestEndpoint("maap")
    async with conversation(endpoint, tmp_path, execute_members={"queue": "small"}) as client:
        deployed = await call(client, "ogc_deploy_process", package=WORKFLOW)
    assert (deployed["process_id"], deployed["deployed"]) == ("greeting", True)
    assert "greeting" in endpoint.processes


async def test_q21_a_duplicate_that_is_not_there_is_a_deployment_that_failed(tmp_path: Path) -> None:
    package = WORKFLOW.replace("id: greeting", "id: 'greeting;v2'")
    async with talking(TestEndpoint("zoo")) as talk:
        with pytest.raises(RemoteProblem, match="it is not: the deployment failed") as raised:
            await talk.client.deploy(package, known_as="greeting;v2")
        assert not isinstance(raised.value, DuplicatedProcess)
        await talk.client.deploy(WORKFLOW, known_as="greeting")
        with pytest.raises(DuplicatedProcess):
            await talk.client.deploy(WORKFLOW, known_as="greeting")


async def test_q21_a_failure_that_deployed_all_the_same_says_that_it_did() -> None:
    endpoint = TestEndpoint("zoo")
    endpoint.faults.append(Fault("POST", "/processes", 500, body="<h1>Internal Server Error</h1>", after=True))
    endpoint.faults.append(Fault("POST", "/processes", 500, body="<h1>Internal Server Error</h1>"))
    async with talking(endpoint) as talk:
        with pytest.raises(EndpointFault, match=r"HTTP 500\), and yet there is a process 'greeting'"):
            await talk.client.deploy(WORKFLOW, known_as="greeting")
        with pytest.raises(EndpointFault) as raised:
            await talk.client.deploy(WORKFLOW.replace("greeting", "another"), known_as="another")
    assert "and yet" not in raised.value.message


async def test_q21_what_python_says_of_a_package_is_shown(tmp_path: Path) -> None:
    async with talking(TestEndpoint("zoo")) as talk:
        with pytest.raises(WorkflowNotFound) as raised:
            await talk.client.deploy("class: Workflow\n")
    assert raised.value.detail == "'cwlVersion'"


async def test_q21_a_package_that_is_none_is_not_sent(tmp_path: Path) -> None:
    endpoint = TestEndpoint("zoo")
    async with conversation(endpoint, tmp_path) as client:
        told = await refused(client, "ogc_deploy_process", package="class: Workflow\nid: greeting\n")
    assert "cwlVersion" in told
    assert endpoint.asked("POST") == []


async def test_q22_the_workflow_that_is_meant_is_chosen_and_checked_before_anything_is_sent(tmp_path: Path) -> None:
    endpoint = TestEndpoint("zoo")
    async with conversation(endpoint, tmp_path) as client:
        deployed = await call(client, "ogc_deploy_process", package=TWO, workflow_id="second")
        told = await refused(client, "ogc_deploy_process", package=TWO, workflow_id="third")
    assert deployed["process_id"] == "second"
    assert set(endpoint.processes) & {"first", "second"} == {"second"}
    assert "first" in told
    assert "second" in told
    assert len(endpoint.asked("POST")) == 1


async def test_q22_a_process_is_replaced_by_the_workflow_of_its_id(tmp_path: Path) -> None:
    endpoint = TestEndpoint("zoo")
    async with conversation(endpoint, tmp_path) as client:
        await call(client, "ogc_deploy_process", package=TWO, workflow_id="second")
        newer = f"{TWO}s:softwareVersion: 2.0.0\n"
        preview = await call(client, "ogc_deploy_process", package=newer, workflow_id="second", replace=True)
        await call(
            client,
            "ogc_deploy_process",
            package=newer,
            workflow_id="second",
            replace=True,
            confirm=preview["confirm"],
        )
    (put,) = endpoint.asked("PUT")
    assert (put.path, put.query) == ("/acme/ogc-api/processes/second", {"w": "second"})
    assert endpoint.processes["second"].version == "2.0.0"


async def test_q23_a_tool_is_not_sent_to_a_server_that_deploys_workflows_only(tmp_path: Path) -> None:
    endpoint = TestEndpoint("zoo")
    async with conversation(endpoint, tmp_path) as client:
        told = await refused(client, "ogc_deploy_process", package=TOOL)
    assert "deploys Workflows only" in told
    assert "one step of a Workflow" in told
    assert endpoint.asked("POST") == []


async def test_q23_a_tool_is_deployed_where_that_can_be_done(tmp_path: Path) -> None:
    async with conversation(TestEndpoint("weaver"), tmp_path) as client:
        assert (await call(client, "ogc_deploy_process", package=TOOL))["process_id"] == "greet"


async def test_q24_the_other_processes_a_package_becomes_are_told(tmp_path: Path) -> None:
    endpoint = TestEndpoint("weaver")
    async with conversation(endpoint, tmp_path) as client:
        answer = text_of(await client.call_tool("ogc_deploy_process", {"package": PARTS}))
    assert {"greeting", "greet"} <= set(endpoint.processes)
    assert "undeploy them too: greet." in answer


async def test_q24_nothing_is_said_of_other_processes_where_there_are_none(tmp_path: Path) -> None:
    async with conversation(TestEndpoint("zoo"), tmp_path) as client:
        answer = text_of(await client.call_tool("ogc_deploy_process", {"package": PARTS}))
    assert "undeploy them too" not in answer


@pytest.mark.parametrize("personality", ["zoo", "weaver", "standard"])
async def test_q25_a_package_is_asked_for_by_one_precise_type_and_read_whatever_it_is_called(personality: str) -> None:
    endpoint = TestEndpoint(personality, quirks_on=[Quirk.Q25])
    async with talking(endpoint) as talk:
        await talk.client.deploy(WORKFLOW)
        package = await talk.client.package("greeting")
    assert package.text == WORKFLOW
    assert [one.headers["accept"] for one in endpoint.asked("GET", "/package")] == ["application/cwl"]


async def test_q25_a_package_that_only_comes_wrapped_is_unwrapped() -> None:
    endpoint = TestEndpoint()
    refusal = '<ows:ExceptionReport><ows:Exception exceptionCode="NotAcceptable"/></ows:ExceptionReport>'
    endpoint.faults.append(Fault("GET", "/package", 406, body=refusal, times=3))
    async with talking(endpoint) as talk:
        await talk.client.deploy(WORKFLOW)
        package = await talk.client.package("greeting")
    assert json.loads(package.text)["class"] == "Workflow"
    assert [one.headers["accept"] for one in endpoint.asked("GET", "/package")] == [*PACKAGE_TYPES]


@pytest.mark.parametrize("personality", ["maap", "zoo", "standard"])
async def test_q26_an_undeployment_is_done_whether_it_is_answered_with_200_or_204(
    tmp_path: Path, personality: str
) -> None:
    endpoint = TestEndpoint(personality)
    async with conversation(endpoint, tmp_path) as client:
        await call(client, "ogc_deploy_process", package=WORKFLOW)
        preview = await call(client, "ogc_undeploy_process", process_id="greeting")
        gone = await call(client, "ogc_undeploy_process", process_id="greeting", confirm=preview["confirm"])
    assert gone["undeployed"] is True
    assert "left" not in gone or gone["left"] is None
    assert "greeting" not in endpoint.processes


async def test_q26_an_earlier_revision_that_comes_back_is_told(tmp_path: Path) -> None:
    endpoint = TestEndpoint("weaver")
    async with conversation(endpoint, tmp_path) as client:
        await call(client, "ogc_deploy_process", package=WORKFLOW)
        newer = f"{WORKFLOW}s:softwareVersion: 2.0.0\n"
        preview = await call(client, "ogc_deploy_process", package=newer, replace=True)
        await call(client, "ogc_deploy_process", package=newer, replace=True, confirm=preview["confirm"])
        preview = await call(client, "ogc_undeploy_process", process_id="greeting")
        arguments = {"process_id": "greeting", "confirm": preview["confirm"]}
        answer = await client.call_tool("ogc_undeploy_process", arguments)
    assert "an earlier revision" in text_of(answer)
    assert "greeting" in endpoint.processes


async def test_q26_a_process_that_is_busy_says_so_and_what_to_do(tmp_path: Path) -> None:
    endpoint = TestEndpoint("weaver", polls=None)
    async with conversation(endpoint, tmp_path) as client:
        await call(client, "ogc_deploy_process", package=WORKFLOW)
        await call(client, "ogc_execute_process", process_id="greeting", inputs={"name": "Ada"}, wait_seconds=0)
        preview = await call(client, "ogc_undeploy_process", process_id="greeting")
        told = await refused(client, "ogc_undeploy_process", process_id="greeting", confirm=preview["confirm"])
    assert "a job of it runs" in told
    assert "ogc_list_jobs" in told
    assert "authentication" not in told


async def test_q26_a_process_that_only_its_refusal_calls_built_in_is_not_to_be_given_another_id(tmp_path: Path) -> None:
    endpoint = TestEndpoint("weaver")
    body = json.dumps({"type": ".../immutable-process", "title": "The process cannot be modified."})
    endpoint.faults.append(Fault("DELETE", "/greeting", 403, body=body))
    async with conversation(endpoint, tmp_path) as client:
        await call(client, "ogc_deploy_process", package=WORKFLOW)
        preview = await call(client, "ogc_undeploy_process", process_id="greeting")
        told = await refused(client, "ogc_undeploy_process", process_id="greeting", confirm=preview["confirm"])
    assert "it is part of the server and can't be changed" in told
    assert 'ogc_list_processes(endpoint="far")' in told
    assert "another id" not in told


@pytest.mark.parametrize("personality", ["zoo", "weaver"])
async def test_q26_a_built_in_process_is_not_for_undeploying(personality: str) -> None:
    async with talking(TestEndpoint(personality)) as talk:
        with pytest.raises(ImmutableProcess, match="part of the server"):
            await talk.client.undeploy("echo")
