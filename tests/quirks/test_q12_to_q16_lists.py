"""Lists of processes and of jobs, however they are paged, filtered and filled."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from mcp import Client

from mcp_ogc.ogc.catalogue import PAGE, Catalogue
from mcp_ogc.ogc.dialects.dialect import Dialect
from mcp_ogc.ogc.dialects.recognition import named
from mcp_ogc.ogc.models import JobStatus
from mcp_ogc.tools.paging import encode
from tests.quirks.talking import ECHO, conversation, talking
from tests.server.talk import call
from tests.servers.processes.catalogue import generated
from tests.servers.processes.endpoint import Fault, TestEndpoint
from tests.servers.processes.personalities import PERSONALITIES
from tests.servers.processes.quirk import Quirk

pytestmark = pytest.mark.anyio


def with_jobs(personality: str, count: int, **more: object) -> TestEndpoint:
    """Jobs of two processes in turn, a minute apart, the odd ones successful, the even ones running."""
    endpoint = TestEndpoint(personality, polls=None, **more)  # type: ignore[arg-type]
    for n in range(count):
        job = endpoint.jobs.add(endpoint.processes["echo" if n % 2 else "hello"], {}, None)
        job.created -= timedelta(minutes=count - n)
        if n % 2:
            job.end("successful")
        else:
            job.status = "running"
    return endpoint


@pytest.mark.parametrize("limit", [None, 5, 100])
async def test_q12_the_job_list_is_never_asked_for_whole(limit: int | None) -> None:
    endpoint = with_jobs("zoo", 3)
    async with talking(endpoint) as talk:
        assert len((await talk.client.jobs(limit=limit)).jobs) == 3
    assert all(1 <= int(one.query["limit"]) <= 20 for one in endpoint.asked("GET", "/jobs"))


async def test_q12_jobs_are_told_from_the_journal_where_the_list_does_not_come(tmp_path: Path) -> None:
    endpoint = TestEndpoint("zoo")
    async with conversation(endpoint, tmp_path) as client:
        job = await call(client, "ogc_execute_process", process_id="echo", inputs=ECHO, wait_seconds=0)
        endpoint.faults.append(Fault("GET", "/jobs", 504, times=99))
        listed = await call(client, "ogc_list_jobs")
    assert [one["job_id"] for one in listed["jobs"]] == [job["job_id"]]
    assert "HTTP 504" in listed["not_asked"][0]


@pytest.mark.parametrize("personality", ["weaver", "standard"])
async def test_q13_details_of_a_list_are_asked_for(personality: str) -> None:
    endpoint = with_jobs(personality, 4, quirks_on=[Quirk.Q13])
    async with talking(endpoint) as talk:
        listed = (await talk.client.jobs()).jobs
        assert [one.status for one in listed].count(JobStatus.RUNNING) == 2
        assert (await talk.client.processes()).processes[0].title


async def test_q13_a_kind_of_server_that_is_known_is_asked_once() -> None:
    endpoint = with_jobs("weaver", 4)
    async with talking(endpoint) as talk:
        await talk.client.jobs()
    assert len(endpoint.asked("GET", "/jobs")) == 1


async def test_q13_jobs_that_are_listed_by_id_only_are_looked_at_one_by_one(tmp_path: Path) -> None:
    endpoint = with_jobs("standard", 2)
    ids = [job.id for job in endpoint.jobs]
    body = json.dumps({"jobs": ids, "links": []})
    endpoint.faults.append(Fault("GET", "/jobs", 200, body=body, times=99))
    async with conversation(endpoint, tmp_path) as client:
        rows = (await call(client, "ogc_list_jobs"))["jobs"]
    assert {row["job_id"]: row["status"] for row in rows} == {ids[0]: "successful", ids[1]: "running"}


async def test_q13_processes_that_are_listed_by_id_only_are_processes() -> None:
    endpoint = TestEndpoint("weaver")
    endpoint.faults.append(Fault("GET", "/processes", 200, body=json.dumps({"processes": ["echo", "hello"]})))
    async with talking(endpoint) as talk:
        listed = (await talk.client.processes()).processes
    assert [one.id for one in listed] == ["echo", "hello"]


@pytest.mark.parametrize("personality", [name for name, one in PERSONALITIES.items() if one.pages_processes])
async def test_q14_every_page_of_processes_is_found(personality: str) -> None:
    endpoint = TestEndpoint(personality, processes=generated(25))
    async with talking(endpoint) as talk:
        found, page = [], None
        for _ in range(9):
            listed = await talk.client.processes(limit=4, page=page)
            found += [one.id for one in listed.processes]
            page = listed.next_page
            if page is None:
                break
    assert found == list(endpoint.processes)


@pytest.mark.parametrize(
    ("personality", "second"), [("zoo", "skip=2"), ("weaver", "page=1"), ("geoserver", "offset=2")]
)
async def test_q14_a_full_page_without_a_next_one_is_followed_by_what_the_kind_of_server_counts_by(
    personality: str, second: str
) -> None:
    endpoint = TestEndpoint(personality)
    page = json.dumps({"processes": [{"id": "a", "version": "1"}, {"id": "b", "version": "1"}]})
    endpoint.faults.append(Fault("GET", "/processes", 200, body=page))
    async with talking(endpoint) as talk:
        listed = await talk.client.processes(limit=2)
    assert second in (listed.next_page or "").split("?")[1].split("&")


@pytest.mark.parametrize(
    "personality", [name for name, one in PERSONALITIES.items() if Quirk.Q15 not in one.quirks or name == "pygeoapi"]
)
async def test_q14_every_page_of_jobs_is_found_and_keeps_its_filter(personality: str) -> None:
    endpoint = with_jobs(personality, 11)
    async with talking(endpoint) as talk:
        found, page = [], None
        for _ in range(9):
            listed = await talk.client.jobs(limit=2, process_id="echo", page=page)
            found += [one.job_id for one in listed.jobs]
            page = listed.next_page
            if page is None:
                break
    assert found == [job.id for job in endpoint.jobs if job.process.id == "echo"]
    heeded = Quirk.Q16 not in endpoint.quirks
    assert all(("processID" in one.query) is heeded for one in endpoint.asked("GET", "/jobs"))


async def pages_of(client: Client, **arguments: object) -> list[list[str]]:
    """The jobs of each page of a list."""
    pages: list[list[str]] = []
    cursor: dict[str, object] = {}
    for _ in range(40):
        listed = await call(client, "ogc_list_jobs", **arguments, **cursor)
        pages.append([row["job_id"] for row in listed["jobs"]])
        if "next_cursor" not in listed:
            return pages
        cursor = {"cursor": listed["next_cursor"]}
    raise AssertionError("a list without end")


@pytest.mark.parametrize(
    "personality", [name for name, one in PERSONALITIES.items() if Quirk.Q15 not in one.quirks or name == "pygeoapi"]
)
async def test_q14_every_job_that_an_endpoint_lists_is_on_one_page_newest_first(
    tmp_path: Path, personality: str
) -> None:
    endpoint = with_jobs(personality, 47)
    async with conversation(endpoint, tmp_path) as client:
        pages = await pages_of(client, limit=10)
        again = await pages_of(client)
    assert [job_id for page in pages for job_id in page] == [job.id for job in endpoint.jobs]
    assert [job_id for page in again for job_id in page] == [job.id for job in endpoint.jobs]


async def test_q14_the_same_page_asked_for_again_is_the_same(tmp_path: Path) -> None:
    async with conversation(with_jobs("zoo", 30), tmp_path) as client:
        cursor = (await call(client, "ogc_list_jobs", limit=10))["next_cursor"]
        first, second = [await call(client, "ogc_list_jobs", limit=10, cursor=cursor) for _ in range(2)]
    assert [row["job_id"] for row in first["jobs"]] == [row["job_id"] for row in second["jobs"]]
    assert first["next_cursor"] == second["next_cursor"]


async def test_q14_a_next_page_at_what_is_no_url_is_told_to_be_there(tmp_path: Path) -> None:
    endpoint = with_jobs("standard", 2)
    links = [{"rel": "next", "href": "http://["}]
    jobs = [{"jobID": job.id, "status": "running"} for job in endpoint.jobs]
    for path, member, entries in (("/jobs", "jobs", jobs), ("/processes", "processes", [{"id": "echo"}])):
        endpoint.faults.append(Fault("GET", path, 200, body=json.dumps({member: entries, "links": links}), times=99))
    async with conversation(endpoint, tmp_path) as client:
        listed = await call(client, "ogc_list_jobs")
        processes = await call(client, "ogc_list_processes")
    assert len(listed["jobs"]) == 2
    assert "its next page is no URL" in listed["not_asked"][0]
    assert [row["process_id"] for row in processes["processes"]] == ["echo"]
    assert "lists more" in processes["note"]


async def test_q14_a_list_that_is_not_newest_first_says_how_the_others_are_seen(tmp_path: Path) -> None:
    endpoint = with_jobs("standard", 6)
    jobs = list(reversed([*endpoint.jobs]))
    for days, job in enumerate(jobs):  # the endpoint goes on to list them in this order
        job.created = datetime.now(UTC) - timedelta(days=days)
    async with conversation(endpoint, tmp_path) as client:
        first = await call(client, "ogc_list_jobs", limit=3)
        rest = await call(client, "ogc_list_jobs", limit=3, cursor=first["next_cursor"])
        anew = await pages_of(client, limit=3)
    assert rest["more_at"] == ["far"]
    assert [job_id for page in anew for job_id in page] == [job.id for job in jobs]


async def test_q14_a_list_of_jobs_whose_pages_are_all_the_first_ends(tmp_path: Path) -> None:
    endpoint = with_jobs("pygeoapi", 20)
    page = [
        {"jobID": job.id, "processID": "echo", "status": "running", "created": job.created.isoformat()}
        for job in endpoint.jobs
    ]
    endpoint.faults.append(Fault("GET", "/jobs", 200, body=json.dumps({"jobs": page}), times=99))
    async with conversation(endpoint, tmp_path) as client:
        pages = await pages_of(client, limit=20)
    assert [job_id for page in pages for job_id in page] == [job.id for job in endpoint.jobs]


async def test_q16_where_the_filter_is_ignored_jobs_far_down_the_list_are_found(tmp_path: Path) -> None:
    endpoint = TestEndpoint("pygeoapi", polls=None)
    wanted = endpoint.jobs.add(endpoint.processes["files"], {}, None)
    wanted.end("failed")
    wanted.created -= timedelta(days=1)
    for _ in range(130):
        endpoint.jobs.add(endpoint.processes["hello"], {}, None)
    async with conversation(endpoint, tmp_path) as client:
        pages = await pages_of(client, limit=10, status="failed")
    assert [job_id for page in pages for job_id in page] == [wanted.id]


async def test_a_cursor_leads_to_the_list_of_jobs_and_nowhere_else(tmp_path: Path) -> None:
    endpoint = with_jobs("standard", 3)
    forged = encode("jobs   ", before=None, further={"far": "https://elsewhere.example/x", "nowhere": "a=1", "b": 7})
    async with conversation(endpoint, tmp_path) as client:
        await call(client, "ogc_list_jobs", cursor=forged)
    assert {one.path for one in endpoint.requests if "elsewhere" in str(one.query)} <= {"/jobs"}
    assert endpoint.asked("GET", "/jobs")


async def test_q14_pages_that_are_all_the_first_end_the_list() -> None:
    endpoint = TestEndpoint("pygeoapi", processes=generated(PAGE))
    async with talking(endpoint) as talk:
        assert await Catalogue(talk.client).ids() == list(endpoint.processes)
    assert len(endpoint.asked("GET", "/processes")) == 2


@pytest.mark.parametrize("personality", ["geoserver", "javaps"])
async def test_q15_where_there_is_no_job_list_the_journal_is_one_and_that_is_said(
    tmp_path: Path, personality: str
) -> None:
    endpoint = TestEndpoint(personality)
    async with conversation(endpoint, tmp_path) as client:
        (row,) = (await call(client, "ogc_list_endpoints"))["endpoints"]
        job = await call(client, "ogc_execute_process", process_id="echo", inputs=ECHO, wait_seconds=0)
        listed = await call(client, "ogc_list_jobs")
    assert "list jobs" in row["not_found"]
    assert [one["job_id"] for one in listed["jobs"]] == [job["job_id"]]
    assert "it has no list of jobs; those submitted from here are shown" in listed["not_asked"][0]


async def test_q15_a_job_list_that_is_not_declared_is_found(tmp_path: Path) -> None:
    endpoint = with_jobs("pygeoapi", 2)
    async with conversation(endpoint, tmp_path) as client:
        (row,) = (await call(client, "ogc_list_endpoints"))["endpoints"]
        listed = await call(client, "ogc_list_jobs")
    assert "list jobs" not in row.get("declared", ())
    assert "list jobs" in row["found"]
    assert len(listed["jobs"]) == 2


@pytest.mark.parametrize("filters", [{"status": "failed"}, {"process_id": "files"}], ids=str)
async def test_q16_jobs_behind_the_first_page_are_found_by_what_is_asked_for(
    tmp_path: Path, filters: dict[str, str]
) -> None:
    endpoint = TestEndpoint("zoo", polls=None)
    wanted = endpoint.jobs.add(endpoint.processes["files"], {}, None)
    wanted.end("failed")
    for _ in range(25):
        endpoint.jobs.add(endpoint.processes["hello"], {}, None)
    async with conversation(endpoint, tmp_path) as client:
        everything = await call(client, "ogc_list_jobs", limit=5)
        found = await call(client, "ogc_list_jobs", limit=5, **filters)
        none = await client.call_tool("ogc_list_jobs", {"status": "dismissed"})
    assert wanted.id not in [row["job_id"] for row in everything["jobs"]]
    assert everything["next_cursor"]
    assert [row["job_id"] for row in found["jobs"]] == [wanted.id]
    assert "ogc_list_processes" in str(none.content), "a list without jobs has a next call too"


@pytest.mark.parametrize("dialect", [named("pygeoapi"), named("standard")], ids=lambda one: one.name)
async def test_q16_filters_that_are_ignored_are_applied_here(dialect: Dialect) -> None:
    endpoint = with_jobs("standard", 6, quirks_on=[Quirk.Q16])
    async with talking(endpoint, dialect=dialect) as talk:
        of_echo = (await talk.client.jobs(process_id="echo")).jobs
        running = (await talk.client.jobs(status=JobStatus.RUNNING)).jobs
    assert [one.process_id for one in of_echo] == ["echo"] * 3
    assert [one.status for one in running] == [JobStatus.RUNNING] * 3
