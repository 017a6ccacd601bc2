"""T19: what is one user's is nobody else's, as if it did not exist."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import anyio
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import ResourceTemplateReference

from mcp_ogc import uris
from mcp_ogc.jobs import monitor
from mcp_ogc.settings import EndpointSettings, QuotaSettings, Settings
from tests.server.talk import call, finished, refused, text_of
from tests.servers.mcp_over_http import McpOverHttp, over_http
from tests.servers.oidc import OidcProvider
from tests.servers.processes.endpoint import TestEndpoint, served

pytestmark = pytest.mark.anyio


@pytest.fixture
def endpoint() -> TestEndpoint:
    return TestEndpoint()


@pytest.fixture
async def ours(settings: Settings, provider: OidcProvider, endpoint: TestEndpoint) -> AsyncIterator[McpOverHttp]:
    """A server whose users share the account at one endpoint, beside the local endpoint that each has."""
    async with served(endpoint) as url:
        settings = settings.model_copy(
            update={"endpoints": {"shared": EndpointSettings(url=url)}, "default_endpoint": "shared"}
        )
        async with over_http(settings, provider) as ours:
            yield ours


@pytest.fixture(params=["auto", "legacy"])
def era(request: pytest.FixtureRequest) -> str:
    return str(request.param)


INPUTS = {"shared": {"text": "x"}, "local": {"string": "x"}}


async def a_job(client: Client, where: str) -> str:
    job = await call(
        client, "ogc_execute_process", process_id="echo", inputs=INPUTS[where], endpoint=where, wait_seconds=0
    )
    return str((await finished(client, job["job_id"]))["job_id"])


@pytest.mark.parametrize("where", ["shared", "local"])
async def test_another_user_s_job_is_refused_as_one_that_does_not_exist(
    ours: McpOverHttp, era: str, where: str
) -> None:
    async with ours.client("ada", era) as ada, ours.client("bob", era) as bob:
        job_id = await a_job(ada, where)
        assert (await call(ada, "ogc_get_job", job_id=job_id))["status"] == "successful"
        unknown = "0" * len(job_id)
        for tool in ("ogc_get_job", "ogc_get_results", "ogc_dismiss_job", "ogc_export_job"):
            theirs = await refused(bob, tool, job_id=job_id, endpoint=where)
            none = await refused(bob, tool, job_id=unknown, endpoint=where)
            assert theirs.replace(job_id, unknown) == none
        rasters = [str(uris.RasterHandle(where, one, "echo", "-", "-")) for one in (job_id, unknown)]
        theirs, none = [await refused(bob, "ogc_summarize_raster", raster=raster) for raster in rasters]
        assert theirs.replace(job_id, unknown) == none
        for template in (uris.JOB, uris.RESULTS, uris.LOGS):
            with pytest.raises(MCPError):
                await bob.read_resource(uris.expand(template, endpoint=where, job_id=job_id))
        assert (await call(ada, "ogc_get_job", job_id=job_id))["status"] == "successful"


async def test_lists_and_completions_show_a_user_s_own_jobs_only(ours: McpOverHttp, era: str) -> None:
    template = ResourceTemplateReference(uri=uris.JOB)
    async with ours.client("ada", era) as ada, ours.client("bob", era) as bob:
        jobs = {await a_job(ada, "shared"), await a_job(ada, "local")}
        own = await a_job(bob, "shared")
        for client, expected in ((ada, jobs), (bob, {own})):
            listed = await call(client, "ogc_list_jobs")
            assert {job["job_id"] for job in listed["jobs"]} == expected
            resources = [str(one.uri) for one in (await client.list_resources()).resources]
            assert {uris.job_of(uri)[1] for uri in resources if uris.job_of(uri)} == expected
            completed = await client.complete(template, {"name": "job_id", "value": ""})
            assert set(completed.completion.values) == expected


async def test_the_same_request_of_two_users_is_two_jobs(ours: McpOverHttp, endpoint: TestEndpoint) -> None:
    endpoint.polls = None
    async with ours.client("ada") as ada, ours.client("bob") as bob:
        asked = {"process_id": "echo", "inputs": INPUTS["shared"], "endpoint": "shared", "wait_seconds": 0}
        first = await call(ada, "ogc_execute_process", **asked)
        again = await call(ada, "ogc_execute_process", **asked)
        other = await call(bob, "ogc_execute_process", **asked)
    assert first["job_id"] == again["job_id"] != other["job_id"]


async def test_what_is_told_before_undeploying_counts_other_users_jobs_and_names_none(
    ours: McpOverHttp, endpoint: TestEndpoint
) -> None:
    endpoint.polls = None
    endpoint.processes["echo"] = replace(endpoint.processes["echo"], mutable=True)
    async with ours.client("ada") as ada, ours.client("bob") as bob:
        asked = {"process_id": "echo", "inputs": INPUTS["shared"], "endpoint": "shared", "wait_seconds": 0}
        theirs = (await call(ada, "ogc_execute_process", **asked))["job_id"]
        undeploying = {"process_id": "echo", "endpoint": "shared"}
        answer = await bob.call_tool("ogc_undeploy_process", undeploying)
        assert theirs not in answer.model_dump_json()
        assert "1 job of it that other people submitted is not done." in text_of(answer)
        own = (await call(bob, "ogc_execute_process", **asked))["job_id"]
        answer = await bob.call_tool("ogc_undeploy_process", undeploying)
        assert theirs not in answer.model_dump_json()
        assert f"1 job of it is not done: {own}" in text_of(answer)
        content = answer.structured_content or {}
        assert (content["open_jobs"], content["open_jobs_of_others"]) == ([own], 1)


@pytest.mark.parametrize("bound", ["running_jobs", "submissions_per_hour"])
async def test_a_quota_that_one_user_has_reached_holds_nobody_else_up_and_names_no_job_of_theirs(
    settings: Settings, provider: OidcProvider, endpoint: TestEndpoint, bound: str
) -> None:
    endpoint.polls = None
    async with served(endpoint) as url:
        quotas = QuotaSettings.model_validate({bound: 1})
        settings = settings.model_copy(update={"endpoints": {"shared": EndpointSettings(url=url)}, "quotas": quotas})
        async with over_http(settings, provider) as ours, ours.client("ada") as ada, ours.client("bob") as bob:
            asked = {"process_id": "echo", "endpoint": "shared", "wait_seconds": 0}
            theirs, own = [
                (await call(client, "ogc_execute_process", **asked, inputs={"text": "1"}))["job_id"]
                for client in (ada, bob)
            ]
            asked_before = len(endpoint.requests)
            told = await refused(bob, "ogc_execute_process", **asked, inputs={"text": "2"})
            assert "the quota is 1" in told
            assert (own in told) is (bound == "running_jobs")
            assert theirs not in told
            assert not [one for one in endpoint.requests[asked_before:] if theirs in one.path]


async def test_a_confirmation_is_good_for_whom_it_was_given_only(ours: McpOverHttp, era: str) -> None:
    async with ours.client("ada", era) as ada, ours.client("bob", era) as bob:
        package = {"package": "water-bodies", "endpoint": "local"}
        for client in (ada, bob):
            await call(client, "ogc_deploy_process", **package)
        previews = [
            await call(c, "ogc_undeploy_process", process_id="water-bodies", endpoint="local") for c in (ada, bob)
        ]
        theirs = {"process_id": "water-bodies", "endpoint": "local", "confirm": previews[0]["confirm"]}
        assert "was given for something else" in await refused(bob, "ogc_undeploy_process", **theirs)
        assert (await call(ada, "ogc_undeploy_process", **theirs))["undeployed"]


async def test_files_are_saved_to_a_folder_of_the_user_s(ours: McpOverHttp, tmp_path: Path) -> None:
    folders = []
    for person in ("ada", "bob"):
        async with ours.client(person) as client:
            exported = await call(client, "ogc_export_job", job_id=await a_job(client, "shared"), endpoint="shared")
            folders.append(Path(exported["folder"]).relative_to(tmp_path / "downloads" / "users").parts[0])
            assert all(file.get("sha256") for file in exported["files"])
    assert folders[0] != folders[1]


async def test_a_user_can_not_read_another_s_files_by_their_paths(ours: McpOverHttp, tmp_path: Path) -> None:
    async with ours.client("ada") as ada, ours.client("bob") as bob:
        await a_job(ada, "local")
        files = [path for path in (tmp_path / "data" / "users").rglob("*") if path.is_file()]
        assert files
        for path in files[:5]:
            result = await bob.call_tool("ogc_summarize_raster", {"raster": path.as_uri()})
            assert result.is_error
            assert "permitted" in text_of(result)


async def test_nobody_is_told_that_another_user_s_job_changed(ours: McpOverHttp, endpoint: TestEndpoint) -> None:
    endpoint.polls = None
    told: list[str] = []
    async with ours.client("ada") as ada, ours.client("bob") as bob:
        asked = {"process_id": "echo", "inputs": INPUTS["shared"], "endpoint": "shared", "wait_seconds": 0}
        theirs, own = [(await call(client, "ogc_execute_process", **asked))["job_id"] for client in (ada, bob)]
        addresses = [uris.expand(uris.JOB, endpoint="shared", job_id=one) for one in (theirs, own)]
        with anyio.fail_after(60):
            async with (
                ada.listen(resource_subscriptions=addresses[:1]) as changes,
                bob.listen(resource_subscriptions=addresses) as news,
            ):
                endpoint.jobs[theirs].end("successful")
                async for _ in changes:  # whoever may know, does
                    break
                endpoint.jobs[own].end("successful")
                async for change in news:
                    told.append(str(change.uri))
                    if told[-1] == addresses[1] and endpoint.jobs[own].status == "successful":
                        break
    assert set(told) == {addresses[1]}


async def test_following_many_jobs_tells_nothing_of_another_user_s_among_them(
    ours: McpOverHttp, endpoint: TestEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than a few are read from the endpoint's list, which has everybody's."""
    monkeypatch.setattr(monitor, "SWEEP_PAUSE", 0.1)
    monkeypatch.setattr(monitor, "GAP", 0.01)
    endpoint.polls = None
    async with ours.client("ada") as ada, ours.client("bob") as bob:
        asked = {"process_id": "echo", "endpoint": "shared", "wait_seconds": 0}
        theirs = (await call(ada, "ogc_execute_process", **asked, inputs={"text": "ada's"}))["job_id"]
        own = [
            (await call(bob, "ogc_execute_process", **asked, inputs={"text": f"{number}"}))["job_id"]
            for number in range(2 * monitor.FEW)
        ]
        followed = [*own[: monitor.FEW], theirs, *own[monitor.FEW :]]
        addresses = {uris.expand(uris.JOB, endpoint="shared", job_id=one): one for one in followed}
        told: list[str] = []
        with anyio.fail_after(60):
            async with bob.listen(resource_subscriptions=[*addresses]) as news:
                for ended in (theirs, *own[:2]):  # whatever the first two looks see, the list is read once more
                    endpoint.jobs[ended].end("successful")
                    if ended == theirs:
                        continue
                    async for change in news:
                        told.append(addresses[str(change.uri)])
                        if told[-1] == ended and endpoint.jobs[ended].status == "successful":
                            break
                unknown = "0" * len(theirs)
                refusals = [
                    await refused(bob, "ogc_get_job", job_id=one, endpoint="shared", wait_seconds=1)
                    for one in (theirs, unknown)
                ]
        assert theirs not in told
        assert refusals[0].replace(theirs, unknown) == refusals[1]
