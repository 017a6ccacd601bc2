"""Executions over real connections: what was sent is a job, an answer, unconfirmed, or never left."""

import socket
from collections.abc import AsyncIterator

import httpx
import pytest

from mcp_ogc.errors import (
    AskedTooOften,
    EndpointFault,
    InvalidParameter,
    NotOffered,
    RemoteProblem,
    SubmissionUnconfirmed,
    Unreachable,
)
from mcp_ogc.ogc.answers import Answer
from mcp_ogc.ogc.client import ProcessesClient
from mcp_ogc.ogc.models import Execute, JobStatus, StatusInfo
from mcp_ogc.settings import Limits
from tests.servers.loopback import Reply, Server

pytestmark = pytest.mark.anyio

EXECUTION = "/ogc/processes/p/execution"


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as http:
        yield http


@pytest.fixture
def client(http: httpx.AsyncClient, server: Server) -> ProcessesClient:
    return ProcessesClient(http, f"{server.url}/ogc", limits=Limits())


def posts(server: Server) -> int:
    return [seen.method for seen in server.seen].count("POST")


@pytest.mark.parametrize("body", [b"", b"null", b"{}", b'{"jobID": 7}'])
async def test_a_location_is_enough_to_know_the_job(server: Server, client: ProcessesClient, body: bytes) -> None:
    server.on(EXECUTION, Reply(201, {"Location": "/ogc/jobs/j1"}, body))
    info = await client.execute("p", Execute())
    assert isinstance(info, StatusInfo)
    assert (info.job_id, info.process_id, info.status) == ("j1", "p", JobStatus.ACCEPTED)
    assert posts(server) == 1


async def test_results_at_once_are_an_answer(server: Server, client: ProcessesClient) -> None:
    server.on(EXECUTION, Reply(200, {"Content-Type": "application/json"}, b'{"out": 1}'))
    answer = await client.execute("p", Execute())
    assert isinstance(answer, Answer)
    assert (answer.status, answer.media_type, answer.body) == (200, "application/json", b'{"out": 1}')


async def test_results_by_reference_at_once_are_links(server: Server, client: ProcessesClient) -> None:
    server.on(EXECUTION, Reply(204, {"Link": '<../../../files/a.tif>; rel="out"; type="image/tiff"'}, b""))
    answer = await client.execute("p", Execute())
    assert isinstance(answer, Answer)
    assert [(link.rel, link.href) for link in answer.links] == [("out", f"{server.url}/files/a.tif")]


async def test_an_answer_that_is_cut_off_leaves_the_execution_unconfirmed(
    server: Server, client: ProcessesClient
) -> None:
    server.on(EXECUTION, Reply(201, {"Location": "/ogc/jobs/j1"}, b'{"jobID": "j1"}', cut=3))
    with pytest.raises(SubmissionUnconfirmed, match="the job may exist"):
        await client.execute("p", Execute())
    assert posts(server) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520])
async def test_an_endpoint_that_broke_down_leaves_the_execution_unconfirmed(
    server: Server, client: ProcessesClient, status: int
) -> None:
    server.on(EXECUTION, Reply(status, {"Content-Type": "text/html"}, b"<html>upstream reset</html>"))
    with pytest.raises(SubmissionUnconfirmed, match=f"HTTP {status}.*may exist.*ogc_list_jobs") as raised:
        await client.execute("p", Execute())
    assert raised.value.detail == "upstream reset"
    assert posts(server) == 1


@pytest.mark.parametrize(
    ("status", "code"), [(404, "no-such-job"), (404, "result-not-ready"), (500, "NoSuchJob"), (500, "NoApplicableCode")]
)
async def test_who_speaks_of_a_job_or_of_nothing_known_may_have_made_one(
    server: Server, client: ProcessesClient, status: int, code: str
) -> None:
    server.on(EXECUTION, Reply(status, {}, b'{"type": "x/%s", "detail": "ZOO Kernel failed"}' % code.encode()))
    with pytest.raises(SubmissionUnconfirmed) as raised:
        await client.execute("p", Execute())
    assert raised.value.detail == "ZOO Kernel failed"


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(400, {}, b'{"title": "no"}'), InvalidParameter),
        (Reply(500, {}, b'{"title": "InvalidParameterValue", "detail": "no"}'), InvalidParameter),
        (Reply(500, {}, b'{"type": "NoSuchInput", "detail": "no"}'), InvalidParameter),
        (Reply(501, {}, b'{"title": "no"}'), NotOffered),
        (Reply(503, {"Retry-After": "120"}, b'{"title": "no"}'), EndpointFault),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Reply) else "",
)
async def test_an_endpoint_that_says_no_is_taken_at_its_word(
    server: Server, client: ProcessesClient, reply: Reply, expected: type[RemoteProblem]
) -> None:
    server.on(EXECUTION, reply)
    with pytest.raises(expected) as raised:
        await client.execute("p", Execute())
    assert raised.value.detail == "no"
    assert posts(server) == 1


@pytest.mark.parametrize(
    ("told", "remedy"),
    [("7", "Call again in 7 s"), ("9" * 400, "Call again in a while"), ("soon", "Call again in a while")],
)
async def test_who_is_asked_too_often_says_when_to_call_again(
    server: Server, client: ProcessesClient, told: str, remedy: str
) -> None:
    server.on(EXECUTION, Reply(429, {"Retry-After": told}))
    server.on("/ogc/jobs/j", Reply(429, {"Retry-After": told}))
    for asking in (client.execute("p", Execute()), client.dismiss("j")):
        with pytest.raises(AskedTooOften, match="too often") as raised:
            await asking
        assert raised.value.remedy == remedy
        assert (raised.value.retry_after == 7) is (told == "7")


@pytest.mark.parametrize(
    ("told", "remedy"),
    [("90", "Call again in 90 s"), ("9" * 400, "Call again in a while"), ("soon", "It is its own failure: call again")],
)
async def test_a_server_that_is_overloaded_says_when_to_call_again(
    server: Server, client: ProcessesClient, told: str, remedy: str
) -> None:
    for path in (EXECUTION, "/ogc/jobs/j"):
        server.on(path, Reply(503, {"Retry-After": told}))
    for asking in (client.execute("p", Execute()), client.dismiss("j"), client.job("j")):
        with pytest.raises(EndpointFault) as raised:
            await asking
        assert raised.value.remedy.startswith(remedy)


async def test_what_runs_only_synchronously_and_breaks_down_left_no_job(
    server: Server, client: ProcessesClient
) -> None:
    server.on("/ogc/processes/p", Reply(body=b'{"id": "p", "jobControlOptions": ["sync-execute"]}'))
    server.on(EXECUTION, Reply(500, {}, b'{"detail": "division by zero"}'))
    with pytest.raises(EndpointFault) as raised:
        await client.execute("p", Execute(), description=await client.describe("p"))
    assert raised.value.detail == "division by zero"


@pytest.mark.parametrize("location", ["", "http://[x", "/"])
async def test_a_job_that_is_not_named_is_unconfirmed_whatever_stands_for_its_name(
    server: Server, client: ProcessesClient, location: str
) -> None:
    server.on(EXECUTION, Reply(201, {"Location": location} if location else {}, b"null"))
    with pytest.raises(SubmissionUnconfirmed, match="without saying which job"):
        await client.execute("p", Execute())


@pytest.mark.parametrize(
    "oddity",
    ['"progress": 33.4', '"progress": 120', '"progress": "half"', '"links": null', '"links": [{"rel": "self"}]',
     '"created": "yesterday"', '"message": {"en": "x"}'],
)  # fmt: skip
async def test_a_job_that_is_odd_is_a_job(server: Server, client: ProcessesClient, oddity: str) -> None:
    body = f'{{"jobID": "j1", "status": "running", {oddity}}}'.encode()
    server.on(EXECUTION, Reply(201, {"Location": "/ogc/jobs/j1"}, body))
    info = await client.execute("p", Execute())
    assert isinstance(info, StatusInfo)
    assert (info.job_id, info.status) == ("j1", JobStatus.RUNNING)


async def test_an_endpoint_that_is_not_there_was_sent_nothing(http: httpx.AsyncClient) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(Unreachable):
        await ProcessesClient(http, url, limits=Limits()).execute("p", Execute())


async def test_the_link_of_the_description_says_where_an_execution_goes(
    server: Server, client: ProcessesClient
) -> None:
    link = b'{"rel": "http://www.opengis.net/def/rel/ogc/1.0/execute", "href": "http://in-cluster:8080/elsewhere/run"}'
    server.on("/ogc/processes/p", Reply(body=b'{"id": "p", "links": [%s]}' % link))
    server.on("/elsewhere/run", Reply(201, {"Location": "/ogc/jobs/j1"}, b""))
    description = await client.describe("p")
    assert isinstance(await client.execute("p", Execute(), description=description), StatusInfo)


async def test_only_the_end_of_a_log_is_asked_for(server: Server, client: ProcessesClient) -> None:
    server.on("/ogc/log.txt", Reply(200, {}, b"begin " + b"x" * 100 + " häagen end".encode()))
    assert await client.text("log.txt", limit=10) == "häagen end"
    assert server.seen[-1].headers["range"] == "bytes=-40"
    assert server.seen[-1].headers["accept-encoding"] == "identity"
    server.on("/ogc/empty.txt", Reply(416, {}, b""))
    assert await client.text("empty.txt", limit=10) == ""


async def test_a_file_as_results_is_left_where_it_is(http: httpx.AsyncClient, server: Server) -> None:
    server.on("/ogc/jobs/j1", Reply(body=b'{"jobID": "j1", "status": "successful"}'))
    server.on("/ogc/jobs/j1/results", Reply(200, {"Content-Type": "image/tiff; application=geotiff"}, b"II" * 5000))
    client = ProcessesClient(http, f"{server.url}/ogc", limits=Limits(document_bytes=1000))
    answer = await client.results("j1")
    assert (answer.body, answer.url) == (b"", f"{server.url}/ogc/jobs/j1/results")
