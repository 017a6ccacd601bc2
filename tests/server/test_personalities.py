"""The whole conversation with every kind of server: list, describe, execute, follow, results, dismiss; and where it
can, deploy, replace, read the package, undeploy.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from mcp import Client

from mcp_ogc.server import build_server
from mcp_ogc.settings import CatalogueSettings, EndpointSettings, LocalSettings, Settings
from tests.server.talk import call, finished, refused, text_of
from tests.servers.loopback import Reply, Server
from tests.servers.processes.endpoint import TestEndpoint, served
from tests.servers.processes.personalities import PERSONALITIES

pytestmark = pytest.mark.anyio

DEPLOYING = [name for name, personality in PERSONALITIES.items() if personality.deploys]
PACKAGE = """cwlVersion: v1.2
$namespaces: {s: https://schema.org/}
s:softwareVersion: 1.0.0
$graph:
- class: Workflow
  id: greeting
  label: Greeting
  doc: Says hello
  inputs:
    name: {type: string, label: Name, doc: Whom to greet}
  outputs:
    out: {type: Directory, outputSource: greet/out}
  steps:
    greet: {run: '#greet', in: {name: name}, out: [out]}
- class: CommandLineTool
  id: greet
  baseCommand: echo
  hints: {DockerRequirement: {dockerPull: 'docker.io/library/busybox:1.36'}}
  inputs: {name: {type: string, inputBinding: {}}}
  outputs: {out: {type: Directory, outputBinding: {glob: .}}}
"""


KEEPING_LOGS = ("zoo", "weaver", "ecmwf")
"""Kinds of servers that have the logs of a failed job somewhere; the others say no more than that it failed."""


@pytest.fixture(params=list(PERSONALITIES))
def endpoint(request: pytest.FixtureRequest) -> TestEndpoint:
    return TestEndpoint(request.param)


@pytest.fixture
def packages() -> Iterator[Server]:
    """A web server that packages can be fetched from."""
    server = Server()
    yield server
    server.close()


@pytest.fixture
def publish(endpoint: TestEndpoint, packages: Server) -> Callable[[str, str], str]:
    def at(name: str, package: str) -> str:
        url = packages.on(f"/{name}", Reply(body=package.encode()))
        endpoint.packages_at[url] = package
        return url

    return at


@pytest.fixture
async def client(endpoint: TestEndpoint, packages: Server, tmp_path: Path) -> AsyncIterator[Client]:
    async with served(endpoint) as url:
        settings = Settings(
            endpoints={"far": EndpointSettings(url=url, execute_members={"queue": "small"})},
            data_folder=tmp_path / "data",
            download_folder=tmp_path / "downloads",
            catalogues={"packages": CatalogueSettings(url=packages.url)},
            local=LocalSettings(enabled=False),
        )
        async with Client(build_server(settings)) as client:
            yield client


async def test_a_process_is_found_described_executed_followed_and_its_results_read(
    client: Client, endpoint: TestEndpoint
) -> None:
    (row,) = (await call(client, "ogc_list_endpoints"))["endpoints"]
    assert row["reachable"], row
    listed = await call(client, "ogc_list_processes", query="echo")
    assert "echo" in {one["process_id"] for one in listed["processes"]}
    described = await call(client, "ogc_describe_process", process_id="echo")
    inputs = described["example_inputs"]
    dry = await call(client, "ogc_execute_process", process_id="echo", inputs=inputs, dry_run=True)
    assert dry["dry_run"] is True
    job = await call(client, "ogc_execute_process", process_id="echo", inputs=inputs, wait_seconds=0)
    assert len(endpoint.jobs.all) == 1
    done = await finished(client, job["job_id"])
    assert done["status"] == "successful", done
    results = await client.call_tool("ogc_get_results", {"job_id": job["job_id"]})
    assert not results.is_error, text_of(results)
    assert results.structured_content["outputs"], text_of(results)
    jobs = await call(client, "ogc_list_jobs")
    assert job["job_id"] in {one["job_id"] for one in jobs["jobs"]}


async def test_a_job_is_dismissed_or_it_is_said_that_none_is(client: Client, endpoint: TestEndpoint) -> None:
    inputs = {**(await call(client, "ogc_describe_process", process_id="echo"))["example_inputs"], "polls": 99}
    job = await call(client, "ogc_execute_process", process_id="echo", inputs=inputs, wait_seconds=0)
    preview = await call(client, "ogc_dismiss_job", job_id=job["job_id"])
    arguments = {"job_id": job["job_id"], "confirm": preview["confirm"]}
    if not endpoint.personality.dismisses:
        assert "dismisses no jobs" in await refused(client, "ogc_dismiss_job", **arguments)
        return
    assert (await call(client, "ogc_dismiss_job", **arguments))["dismissed"] is True
    (row,) = [one for one in (await call(client, "ogc_list_jobs"))["jobs"] if one["job_id"] == job["job_id"]]
    assert row["status"] == "dismissed"


async def test_a_failed_job_is_failed_and_says_why(client: Client, endpoint: TestEndpoint) -> None:
    inputs = {**(await call(client, "ogc_describe_process", process_id="echo"))["example_inputs"], "fail": "oom"}
    job = await call(client, "ogc_execute_process", process_id="echo", inputs=inputs, wait_seconds=0)
    done = await finished(client, job["job_id"])
    assert done["status"] == "failed"
    if endpoint.personality.name in KEEPING_LOGS:
        assert (done["why"]["cause"], done["why"]["exit_code"]) == ("out of memory", 137)
        assert any("OOMKilled" in line for line in done["why"]["untrusted"]["evidence"])
    else:
        assert done["why"]["cause"] == "unknown", "nothing it says tells, and that is told"
    assert await refused(client, "ogc_get_results", job_id=job["job_id"])


@pytest.mark.parametrize("endpoint", DEPLOYING, indirect=True)
async def test_a_package_is_deployed_read_back_replaced_and_undeployed(
    client: Client, endpoint: TestEndpoint, publish: Callable[[str, str], str]
) -> None:
    package, newer = PACKAGE, PACKAGE.replace("1.0.0", "1.1.0")
    if endpoint.personality.name == "unity":  # takes packages by their URL only
        package, newer = publish("old.cwl", package), publish("new.cwl", newer)
    deployed = await call(client, "ogc_deploy_process", package=package)
    assert deployed["process_id"] == "greeting"
    read = await call(client, "ogc_get_package", process_id="greeting")
    assert "greeting" in read["untrusted"]["cwl"]
    preview = await call(client, "ogc_deploy_process", package=newer, replace=True)
    replaced = await call(client, "ogc_deploy_process", package=newer, replace=True, confirm=preview["confirm"])
    assert replaced["replaced"] is True
    preview = await call(client, "ogc_undeploy_process", process_id="greeting")
    gone = await call(client, "ogc_undeploy_process", process_id="greeting", confirm=preview["confirm"])
    assert gone["undeployed"] is True


@pytest.mark.parametrize("endpoint", [name for name in PERSONALITIES if name not in DEPLOYING], indirect=True)
async def test_what_deploys_nothing_says_so(client: Client) -> None:
    assert "can't deploy" in await refused(client, "ogc_deploy_process", package=PACKAGE)


BARE = "cwlVersion: v1.2" + PACKAGE[PACKAGE.index("\n- class: CommandLineTool") :].replace("\n- ", "\n  ").replace(
    "\n  ", "\n"
)


@pytest.mark.parametrize("endpoint", ["zoo"], indirect=True)
@pytest.mark.parametrize(
    ("package", "rule", "line"),
    [
        (BARE, "workflow-only", 2),
        (PACKAGE.replace("name: {type: string, label", "'na;me': {type: string, label"), "id-forbidden", 10),
    ],
    ids=["bare tool", "semicolon"],
)
async def test_what_a_server_would_trip_over_is_not_sent_to_it(
    client: Client, endpoint: TestEndpoint, package: str, rule: str, line: int
) -> None:
    checked = await call(client, "ogc_validate_package", package=package)
    assert (rule, line) in {(row["rule"], row["line"]) for row in checked["findings"]}
    assert rule in await refused(client, "ogc_deploy_process", package=package)
    assert set(endpoint.processes) == set(TestEndpoint("zoo").processes)


@pytest.mark.parametrize("endpoint", ["weaver"], indirect=True)
async def test_the_parts_that_become_processes_are_told_before_and_after(client: Client) -> None:
    checked = await call(client, "ogc_validate_package", package=PACKAGE)
    assert "parts" in {row["rule"] for row in checked["findings"]}
    deployed = await client.call_tool("ogc_deploy_process", {"package": PACKAGE})
    assert "undeploy them too: greet" in text_of(deployed)


@pytest.mark.parametrize("endpoint", ["standard"], indirect=True)
async def test_a_package_is_checked_at_its_url_and_compared_with_what_is_deployed(
    client: Client, publish: Callable[[str, str], str]
) -> None:
    await call(client, "ogc_deploy_process", package=publish("greeting.cwl", PACKAGE))
    newer = publish("newer.cwl", PACKAGE.replace("busybox:1.36", "busybox:1.37"))
    checked = await client.call_tool("ogc_validate_package", {"package": newer})
    assert "busybox:1.36 → docker.io/library/busybox:1.37" in text_of(checked)
    assert f'ogc_deploy_process(package="{newer}", endpoint="far", replace=true)' in text_of(checked)


@pytest.mark.parametrize("endpoint", ["zoo"], indirect=True)
async def test_a_workflow_without_a_directory_is_deployed_with_a_warning_about_its_results(client: Client) -> None:
    package = PACKAGE.replace("Directory", "File").replace("glob: .", "glob: x")
    deployed = await client.call_tool("ogc_deploy_process", {"package": package})
    assert (deployed.structured_content or {})["deployed"] is True
    assert "stages out a Directory, and greeting gives none" in text_of(deployed)
