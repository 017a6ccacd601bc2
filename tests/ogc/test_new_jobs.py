"""Which job an execution became, and where it is."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from mcp_ogc.errors import EndpointFault, NoSuchJob, SubmissionUnconfirmed
from mcp_ogc.ogc.addresses import Addresses
from mcp_ogc.ogc.client import ProcessesClient
from mcp_ogc.ogc.dialects.standard import STANDARD
from mcp_ogc.ogc.models import Execute, JobStatus, StatusInfo
from mcp_ogc.ogc.new_jobs import job_of
from mcp_ogc.settings import Limits
from tests.servers.loopback import Reply, Server

BASE = "https://ogc.example/api"
NAMED: JsonValue = {"jobID": "j1", "status": "accepted"}


def became(
    status: int, body: JsonValue = None, *, base: str = BASE, location: str = "", outputs: tuple[str, ...] = ()
) -> tuple[str, str | None] | None:
    """The id and the place of the job, None where it is results."""
    response = httpx.Response(
        status,
        headers={"Location": location} if location else {},
        request=httpx.Request("POST", f"{base}/processes/p/execution"),
    )
    found = job_of("p", response, json.dumps(body).encode(), STANDARD, Addresses(base), outputs)
    return (found[0].job_id, found[1]) if found else None


@pytest.mark.parametrize(
    ("location", "place"),
    [
        (f"{BASE}/jobs/j1", f"{BASE}/jobs/j1"),
        (f"{BASE}/jobs/j1/results", f"{BASE}/jobs/j1"),
        (f"{BASE}/jobs/j1/?f=json#x", f"{BASE}/jobs/j1"),
        ("../../jobs/j1", f"{BASE}/jobs/j1"),
        ("/api/jobs/j1", f"{BASE}/jobs/j1"),
        ("http://localhost:5000/jobs/j1", f"{BASE}/jobs/j1"),
        (f"{BASE}/processes/jobs/jobs/j1", f"{BASE}/processes/jobs/jobs/j1"),
        (f"{BASE}/v2/jobs/j1/results", f"{BASE}/v2/jobs/j1"),
        (f"{BASE}/statuses/j1", f"{BASE}/statuses/j1"),
    ],
)
def test_a_location_leads_to_the_job_itself(location: str, place: str) -> None:
    assert became(201, location=location) == ("j1", place)


def test_a_base_url_may_have_jobs_in_it() -> None:
    base = "https://ogc.example/jobs/api"
    assert became(201, base=base, location=f"{base}/jobs/j1") == ("j1", f"{base}/jobs/j1")


@pytest.mark.parametrize(
    "location",
    [
        f"{BASE}/processes/p/execution",
        f"{BASE}/processes/jobs/execution",
        f"{BASE}/processes/p",
        f"{BASE}/",
        BASE,
        f"{BASE}/jobs",
        f"{BASE}/jobs/..",
        f"{BASE}/elsewhere",
        "http://[",
    ],
)
def test_a_location_that_names_no_job_leaves_it_to_the_body(location: str) -> None:
    assert became(201, NAMED, location=location) == ("j1", None)
    if location != f"{BASE}/elsewhere":  # which any path may be
        with pytest.raises(SubmissionUnconfirmed):
            became(201, location=location)


@pytest.mark.parametrize("member", ["jobID", "id"])
def test_a_number_is_an_id_as_well_as_a_text(member: str) -> None:
    assert became(201, {member: 12, "status": "accepted"}) == ("12", None)


@pytest.mark.parametrize("rel", ["monitor", "http://www.opengis.net/def/rel/ogc/1.0/monitor", "self"])
def test_links_lead_to_the_job_by_either_name_of_their_relation(rel: str) -> None:
    links: JsonValue = [{"rel": "self", "href": f"{BASE}/processes/p"}, {"rel": rel, "href": "../../jobs/j1"}]
    assert became(201, {"status": "accepted", "links": links}) == ("j1", f"{BASE}/jobs/j1")


@pytest.mark.parametrize(
    ("body", "outputs"),
    [
        ({"id": "scene-7", "status": "ok", "cloud": 3}, ("scene",)),
        ({"id": "scene-7", "status": "ok"}, ()),
        ({"id": "scene-7", "status": "successful", "cloud": 3}, ()),
        ({"id": "scene-7", "status": "successful"}, ("id", "status")),
        ({"jobID": "j1", "status": "running"}, ("jobID", "status")),
        ({"type": "Feature", "id": "x", "status": "failed", "assets": {}}, ()),
    ],
)
def test_results_may_have_an_id_and_a_status(body: JsonValue, outputs: tuple[str, ...]) -> None:
    assert became(200, body, outputs=outputs) is None


@pytest.mark.parametrize(
    "body",
    [
        {"jobID": "j1", "status": "hatching", "queue": 3},
        {"id": "j1", "status": "accepted", "type": "process"},
        {"id": "j1", "status": "succeeded", "links": []},
    ],
)
def test_a_status_may_come_with_200(body: JsonValue) -> None:
    assert became(200, body, outputs=("status", "scene")[1:]) == ("j1", None)


@given(st.text(max_size=30), st.sampled_from(["", "/", "http://[", "//", "../", f"{BASE}/jobs/"]))
def test_whatever_location_is_told_there_is_a_job_or_it_is_unconfirmed(text: str, before: str) -> None:
    try:
        found = became(201, location=(before + text).encode("ascii", "ignore").decode())
    except SubmissionUnconfirmed:
        return
    assert found is not None
    assert found[0] not in ("", ".", "..")


@pytest.fixture
async def client(server: Server) -> AsyncIterator[ProcessesClient]:
    async with httpx.AsyncClient(trust_env=False) as http:
        yield ProcessesClient(http, f"{server.url}/pre/api", limits=Limits(), dialect=STANDARD)


STATUS = Reply(body=b'{"jobID": "j1", "status": "running"}')
ELSEWHERE = [
    Reply(404, {}, b"{}"),
    Reply(200, {"Content-Type": "text/html"}, b"<html>Welcome</html>"),
    Reply(403, {}, b"{}"),
]


@pytest.mark.anyio
@pytest.mark.parametrize("elsewhere", ELSEWHERE, ids=["404", "HTML", "403"])
async def test_a_job_is_looked_for_at_its_usual_place_before_it_is_believed_to_be_gone(
    server: Server, client: ProcessesClient, elsewhere: Reply
) -> None:
    server.on("/pre/api/processes/p/execution", Reply(201, {"Location": "/jobs/j1"}, b""))
    server.on("/jobs/j1", elsewhere)
    server.on("/pre/api/jobs/j1", STATUS)
    assert isinstance(await client.execute("p", Execute()), StatusInfo)
    assert (await client.job("j1")).status is JobStatus.RUNNING
    asked = len(server.seen)
    client.place_job("j1", f"{server.url}/jobs/j1")  # as the journal has it
    await client.job("j1")
    assert [one.path for one in server.seen[asked:]] == ["/pre/api/jobs/j1"], "it is known by now"
    assert client.job_place("j1") is None


@pytest.mark.anyio
async def test_a_job_that_is_at_neither_place_is_gone(server: Server, client: ProcessesClient) -> None:
    client.place_job("j1", f"{server.url}/jobs/j1")
    with pytest.raises(NoSuchJob):
        await client.job("j1")
    assert client.job_place("j1") == f"{server.url}/jobs/j1"


@pytest.mark.anyio
async def test_a_job_is_not_gone_while_its_usual_place_cannot_be_asked(server: Server, client: ProcessesClient) -> None:
    client.place_job("j1", f"{server.url}/jobs/j1")
    server.on("/pre/api/jobs/j1", Reply(500))
    with pytest.raises(EndpointFault):
        await client.job("j1")


@pytest.mark.anyio
async def test_a_job_is_dismissed_where_it_is(server: Server, client: ProcessesClient) -> None:
    client.place_job("j1", f"{server.url}/jobs/j1")
    server.on("/pre/api/jobs/j1", STATUS, Reply(body=b'{"jobID": "j1", "status": "dismissed"}'))
    dismissed = await client.dismiss("j1")
    assert dismissed is not None
    assert dismissed.status is JobStatus.DISMISSED
    assert [(one.method, one.path) for one in server.seen] == [
        ("DELETE", "/jobs/j1"),
        ("GET", "/jobs/j1"),
        ("GET", "/pre/api/jobs/j1"),
        ("DELETE", "/pre/api/jobs/j1"),
    ]


@pytest.mark.anyio
async def test_results_are_looked_for_at_their_usual_place_where_the_link_leads_nowhere(
    server: Server, client: ProcessesClient
) -> None:
    link = {"rel": "http://www.opengis.net/def/rel/ogc/1.0/results", "href": "/jobs/j1/results"}
    status = json.dumps({"jobID": "j1", "status": "successful", "links": [link]}).encode()
    server.on("/pre/api/jobs/j1", Reply(body=status))
    server.on("/pre/api/jobs/j1/results", Reply(body=b'{"km2": 3}'))
    assert (await client.results("j1")).body == b'{"km2": 3}'
