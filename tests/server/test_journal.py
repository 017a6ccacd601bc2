"""What is remembered of submissions and jobs, as an assistant meets it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import anyio
import pytest
from mcp import Client

from mcp_ogc.server import build_server
from mcp_ogc.settings import EndpointSettings, Settings
from tests.server.talk import call, finished, refused, text_of
from tests.servers.processes.endpoint import Fault, TestEndpoint, served
from tests.servers.processes.quirk import Quirk

pytestmark = pytest.mark.anyio

HELLO = {"process_id": "hello", "inputs": {"name": "Ada"}, "wait_seconds": 0}


@pytest.fixture
def endpoint() -> TestEndpoint:
    return TestEndpoint(polls=None)


@pytest.fixture
async def client(far_settings: Settings) -> AsyncIterator[Client]:
    async with Client(build_server(far_settings)) as client:
        yield client


async def test_an_unconfirmed_submission_is_found_in_the_list_at_once_and_not_sent_again(
    client: Client, endpoint: TestEndpoint
) -> None:
    endpoint.faults.append(Fault("POST", "/execution", after=True))
    job = await call(client, "ogc_execute_process", **HELLO)
    again = await call(client, "ogc_execute_process", **HELLO)
    assert job["job_id"] == again["job_id"] == endpoint.jobs.newest.id
    assert len(endpoint.asked("POST", "/execution")) == 1


@pytest.mark.parametrize("status", [301, 307, 308])
async def test_an_execution_that_belongs_elsewhere_was_not_done_and_says_where(
    client: Client, endpoint: TestEndpoint, status: int
) -> None:
    endpoint.faults.append(Fault("POST", "/execution", status, {"Location": "/new/execution"}))
    told = await refused(client, "ogc_execute_process", **HELLO)
    assert "/new/execution" in told
    assert "Configure the endpoint with the URL it redirects to" in told
    assert "may exist" not in told
    assert (await call(client, "ogc_execute_process", **HELLO))["job_id"], "no submission stands in the way"


async def test_an_execution_that_leads_on_like_a_form_may_have_been_done(
    client: Client, endpoint: TestEndpoint
) -> None:
    endpoint.faults.append(Fault("POST", "/execution", 302, {"Location": "/done"}, after=True))
    job = await call(client, "ogc_execute_process", **HELLO)
    assert job["job_id"] == endpoint.jobs.newest.id
    assert len(endpoint.asked("POST", "/execution")) == 1


async def test_an_unconfirmed_submission_is_found_when_the_list_can_be_read_again(
    client: Client, endpoint: TestEndpoint
) -> None:
    endpoint.faults += [Fault("POST", "/execution", after=True), Fault("GET", "/jobs", times=100)]
    assert "may exist" in await refused(client, "ogc_execute_process", **HELLO)
    (row,) = (await call(client, "ogc_list_jobs"))["jobs"]
    assert (row["status"], row.get("job_id")) == ("unconfirmed submission", None)
    endpoint.faults.clear()
    (row,) = (await call(client, "ogc_list_jobs"))["jobs"]
    assert row["job_id"] == endpoint.jobs.newest.id
    assert (await call(client, "ogc_execute_process", **HELLO))["job_id"] == row["job_id"]
    assert len(endpoint.asked("POST", "/execution")) == 1


async def test_where_there_is_no_list_jobs_are_remembered_and_it_is_said(far_settings: Settings) -> None:
    lonely = TestEndpoint(quirks_on=[Quirk.Q15], polls=None)
    async with served(lonely) as url:
        others = far_settings.model_copy(update={"endpoints": {"lonely": EndpointSettings(url=url)}})
        async with Client(build_server(others)) as client:
            job = await call(client, "ogc_execute_process", **HELLO)
        lonely.jobs.newest.end("successful")
        async with Client(build_server(others)) as client:
            listed = await call(client, "ogc_list_jobs")
            assert [row["job_id"] for row in listed["jobs"]] == [job["job_id"]]
            assert "no list of jobs" in listed["not_asked"][0]
            assert (await finished(client, job["job_id"]))["status"] == "successful"
            assert "greeting" in str(await call(client, "ogc_get_results", job_id=job["job_id"]))


async def test_where_the_list_is_slow_what_is_remembered_is_shown_and_it_is_said(
    client: Client, endpoint: TestEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await call(client, "ogc_execute_process", **HELLO)
    monkeypatch.setattr("mcp_ogc.tools.job_lists.LIST_SECONDS", 0.1)

    async def never(*_: object, **__: object) -> None:
        await anyio.sleep_forever()

    monkeypatch.setattr("mcp_ogc.ogc.client.ProcessesClient.jobs", never)
    listed = await call(client, "ogc_list_jobs")
    assert [row["job_id"] for row in listed["jobs"]] == [job["job_id"]]
    assert "did not answer within" in listed["not_asked"][0]


async def an_old_job_that_ran(settings: Settings, endpoint: TestEndpoint) -> str:
    """A job that a server before saw running, and thirty later ones of others that have ended."""
    async with Client(build_server(settings)) as before:
        job_id = str((await call(before, "ogc_execute_process", **HELLO))["job_id"])
        endpoint.jobs[job_id].status = "running"
        assert (await call(before, "ogc_get_job", job_id=job_id))["status"] == "running"
    for _ in range(30):
        endpoint.jobs.add(endpoint.processes["hello"], {}, None).end("successful")
    return job_id


async def test_a_job_that_has_ended_is_not_listed_as_running_though_no_list_that_was_read_has_it(
    far_settings: Settings, endpoint: TestEndpoint
) -> None:
    job_id = await an_old_job_that_ran(far_settings, endpoint)
    async with Client(build_server(far_settings)) as client:
        assert [row["job_id"] for row in (await call(client, "ogc_list_jobs", status="running"))["jobs"]] == [job_id]
        endpoint.jobs[job_id].end("successful")
        assert (await call(client, "ogc_list_jobs", status="running"))["jobs"] == []
        assert job_id in str((await call(client, "ogc_list_jobs", status="successful", limit=40))["jobs"])


async def test_of_a_running_job_that_its_endpoint_does_not_tell_of_is_said_when_it_was_last_seen(
    far_settings: Settings, endpoint: TestEndpoint
) -> None:
    job_id = await an_old_job_that_ran(far_settings, endpoint)
    endpoint.jobs[job_id].end("successful")
    endpoint.faults.append(Fault("GET", job_id, 503, times=100))
    async with Client(build_server(far_settings)) as client:
        listed = await client.call_tool("ogc_list_jobs", {"status": "running"})
    ((row,), text) = (listed.structured_content or {})["jobs"], text_of(listed)
    assert (row["job_id"], row["status"]) == (job_id, "running")
    assert row["last_seen"].startswith("20")
    assert f"last seen {row['last_seen']}" in text
    assert "seconds" not in row
    assert " for " not in text.split(job_id)[1].split("\n")[0], "for how long is not known"


async def test_a_running_job_that_is_gone_is_not_listed_as_running(client: Client, endpoint: TestEndpoint) -> None:
    job = endpoint.jobs.add(endpoint.processes["hello"], {}, None)
    job.status, job.created = "running", job.created - timedelta(hours=1)
    assert [row["job_id"] for row in (await call(client, "ogc_list_jobs"))["jobs"]] == [job.id]
    job.deleted = True
    assert (await call(client, "ogc_list_jobs", status="running"))["jobs"] == []
    (row,) = (await call(client, "ogc_list_jobs"))["jobs"]
    assert row["gone"]
    assert "last_seen" not in row


async def test_after_jobs_that_can_not_be_looked_at_any_more_the_next_call_is_one_that_works(
    client: Client, endpoint: TestEndpoint
) -> None:
    job = await call(client, "ogc_execute_process", **HELLO)
    preview = await call(client, "ogc_dismiss_job", job_id=job["job_id"])
    await call(client, "ogc_dismiss_job", job_id=job["job_id"], confirm=preview["confirm"])
    dismissed = await call(client, "ogc_list_jobs", status="dismissed")
    assert [row["job_id"] for row in dismissed["jobs"]] == [job["job_id"]]
    assert dismissed["next"] == "Next: ogc_list_jobs()"
    everything = await call(client, "ogc_list_jobs")
    assert everything["next"] == "Next: ogc_list_processes()"
    await call(client, "ogc_list_processes")


async def test_of_many_unseen_jobs_as_many_are_asked_for_as_there_is_time_for(
    far_settings: Settings, endpoint: TestEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp_ogc.tools.job_lists.SINGLE_LOOKS", 2)
    async with Client(build_server(far_settings)) as client:
        for _ in range(3):
            endpoint.jobs.add(endpoint.processes["hello"], {}, None).status = "running"
        assert len((await call(client, "ogc_list_jobs"))["jobs"]) == 3
        endpoint.faults.append(Fault("GET", "/jobs", 200, body='{"jobs": [], "links": []}', times=100))
        looks = len(endpoint.requests)
        rows = (await call(client, "ogc_list_jobs"))["jobs"]
    assert ["last_seen" in row for row in rows] == [False, False, True]
    assert sum("/jobs/" in one.path for one in endpoint.requests[looks:]) == 2


async def test_a_page_further_on_does_not_ask_for_jobs_that_the_list_told_of_a_moment_ago(
    client: Client, endpoint: TestEndpoint
) -> None:
    for _ in range(20):
        endpoint.jobs.add(endpoint.processes["hello"], {}, None).status = "running"
    first = await call(client, "ogc_list_jobs")
    further = await call(client, "ogc_list_jobs", cursor=first["next_cursor"])
    assert further["jobs"]
    assert not any("last_seen" in row for row in further["jobs"])
    assert not [one for one in endpoint.requests if "/jobs/" in one.path]


async def test_only_jobs_that_are_shown_are_asked_for_one_by_one(client: Client, endpoint: TestEndpoint) -> None:
    for _ in range(20):
        endpoint.jobs.add(endpoint.processes["hello"], {}, None).status = "running"
    await call(client, "ogc_list_jobs")
    endpoint.faults.append(Fault("GET", "/jobs", 200, body='{"jobs": [], "links": []}', times=100))
    looks = len(endpoint.requests)
    shown = [row["job_id"] for row in (await call(client, "ogc_list_jobs"))["jobs"]]
    asked = [one.path.rpartition("/")[2] for one in endpoint.requests[looks:] if "/jobs/" in one.path]
    assert sorted(asked) == sorted(shown)
    assert len(shown) < 20


async def test_what_was_last_known_of_a_job_is_told_while_its_endpoint_does_not_answer(
    client: Client, endpoint: TestEndpoint
) -> None:
    job = await call(client, "ogc_execute_process", **HELLO)
    endpoint.jobs.newest.status = "running"
    await call(client, "ogc_get_job", job_id=job["job_id"])
    endpoint.faults.append(Fault("GET", job["job_id"], 503, times=100))
    assert "Last known here: running at 20" in await refused(client, "ogc_get_job", job_id=job["job_id"])


async def test_a_job_that_was_just_made_is_told_though_its_endpoint_does_not_answer_any_more(
    client: Client, endpoint: TestEndpoint
) -> None:
    await call(client, "ogc_describe_process", process_id="hello")
    endpoint.faults.append(Fault("GET", "", 503, times=100))
    job = await call(client, "ogc_execute_process", **HELLO)
    assert job["job_id"] == endpoint.jobs.newest.id
    assert "HTTP 503" in job["notes"][-1]


async def test_two_servers_share_what_is_remembered_and_send_an_equal_request_once(
    client: Client, far_settings: Settings, endpoint: TestEndpoint
) -> None:
    found: list[str] = []

    async def execute(server: Client) -> None:
        found.append((await call(server, "ogc_execute_process", **HELLO))["job_id"])

    async with Client(build_server(far_settings)) as other:
        async with anyio.create_task_group() as tasks:
            for server in (client, other) * 3:
                tasks.start_soon(execute, server)
        assert len(endpoint.asked("POST", "/execution")) == 1
        assert set(found) == {endpoint.jobs.newest.id}
        endpoint.jobs.newest.end("failed")
        assert (await call(client, "ogc_get_job", job_id=found[0]))["status"] == "failed"
        endpoint.faults.append(Fault("GET", "/jobs", times=100))
        (row,) = (await call(other, "ogc_list_jobs"))["jobs"]
        assert row["status"] == "failed", "what one was told the other knows"


async def test_results_that_are_others_than_before_are_said_to_be(client: Client, endpoint: TestEndpoint) -> None:
    job = await call(client, "ogc_execute_process", **HELLO)
    endpoint.jobs.newest.end("successful")
    first = await call(client, "ogc_get_results", job_id=job["job_id"])
    assert first["digest"].startswith("sha256:")
    assert await call(client, "ogc_get_results", job_id=job["job_id"]) == first
    endpoint.jobs.newest.products.clear()
    assert (await call(client, "ogc_get_results", job_id=job["job_id"]))["changed"] is True


async def test_a_call_that_is_given_up_while_it_waits_leaves_its_job_alone(
    client: Client, endpoint: TestEndpoint
) -> None:
    async def given_up(tool: str, **arguments: object) -> None:
        """A call whose job was looked at since it began."""
        looks = len(endpoint.asked("GET"))
        with anyio.fail_after(60):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(client.call_tool, tool, arguments)
                while not any("/jobs/" in one.path for one in endpoint.asked("GET")[looks:]):
                    await anyio.lowlevel.checkpoint()
                tasks.cancel_scope.cancel()

    await given_up("ogc_execute_process", **{**HELLO, "wait_seconds": 40})
    job = endpoint.jobs.newest
    await given_up("ogc_get_job", job_id=job.id, wait_seconds=40)
    assert not endpoint.asked("DELETE")
    job.end("successful")
    assert (await call(client, "ogc_get_job", job_id=job.id))["status"] == "successful"
