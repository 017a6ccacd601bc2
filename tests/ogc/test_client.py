"""The client: the standard's answers, and those real servers give."""

import json
from collections.abc import Callable

import httpx
import pytest

from mcp_ogc.errors import (
    DuplicatedProcess,
    JobFailed,
    NoSuchJob,
    NoSuchProcess,
    ResultNotReady,
    SubmissionUnconfirmed,
    Unreachable,
    UnreadableAnswer,
)
from mcp_ogc.ogc.answers import Answer
from mcp_ogc.ogc.client import ProcessesClient
from mcp_ogc.ogc.models import Execute, JobStatus, StatusInfo
from mcp_ogc.settings import Limits
from mcp_ogc.workspace import Workspace

pytestmark = pytest.mark.anyio

BASE = "https://ogc.example/acme/ogc-api"
ClientOf = Callable[[Callable[[httpx.Request], httpx.Response]], ProcessesClient]


async def test_all_fourteen_resources_answer_on_the_local_endpoint(work: Workspace) -> None:
    client = work.endpoint("local").client
    assert (await client.landing_page()).title
    assert (await client.conformance()).declares(2, "cwl")
    assert (await client.api_definition())["openapi"] == "3.0.3"
    assert [process.id for process in (await client.processes()).processes] == ["echo", "pause"]
    package = work.samples["water-bodies"].text
    assert (await client.deploy(package)).id == "water-bodies"
    assert set((await client.describe("water-bodies")).inputs) == {"stac_items", "aoi", "epsg", "bands"}
    with pytest.raises(DuplicatedProcess):
        await client.deploy(package)
    await client.replace("water-bodies", package)
    assert (await client.package("water-bodies")).text == package
    await client.undeploy("water-bodies")
    with pytest.raises(NoSuchProcess):
        await client.describe("water-bodies")
    info = await client.execute("pause", Execute(inputs={"seconds": 30}))
    assert isinstance(info, StatusInfo)
    assert (await client.job(info.job_id)).process_id == "pause"
    with pytest.raises(ResultNotReady):
        await client.results(info.job_id)
    assert info.job_id in [job.job_id for job in (await client.jobs()).jobs]
    dismissed = await client.dismiss(info.job_id)
    assert dismissed is not None
    assert dismissed.status is JobStatus.DISMISSED
    with pytest.raises(NoSuchJob):
        await client.job(info.job_id)


def execution(status: int, body: object = None, **headers: str) -> Callable[[httpx.Request], httpx.Response]:
    content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return httpx.Response(status, content=content, headers=headers)
        return httpx.Response(200, json={"links": []})

    return answer


@pytest.mark.parametrize(
    "answer",
    [
        execution(201, {"jobID": "j1", "type": "process", "status": "accepted"}, Location=f"{BASE}/jobs/j1"),
        execution(201, None, Location=f"{BASE}/jobs/j1"),
        execution(201, b"null", Location="/acme/ogc-api/jobs/j1"),
        execution(202, {"id": "j1", "status": "running"}),
        execution(200, {"jobID": "j1", "status": "accepted", "type": "process"}),
        execution(201, {"status": "accepted", "links": [{"rel": "monitor", "href": "../jobs/j1"}]}),
        execution(201, {"id": "other", "jobID": "j1", "status": "accepted"}, Location=f"{BASE}/jobs/j1"),
    ],
    ids=["standard", "Q5-no-body", "Q5-null", "Q6-202", "ets-200", "Q7-link", "Q8-location-wins"],
)
async def test_a_job_is_recognised_however_the_server_tells_it(
    client_of: ClientOf, answer: Callable[[httpx.Request], httpx.Response]
) -> None:
    info = await client_of(answer).execute("p", Execute())
    assert isinstance(info, StatusInfo)
    assert info.job_id == "j1"


async def test_a_synchronous_answer_is_the_answer_itself_even_with_a_location(client_of: ClientOf) -> None:
    answer = await client_of(execution(200, {"out": 1}, Location=f"{BASE}/jobs/j1")).execute("p", Execute())
    assert isinstance(answer, Answer)
    assert answer.body == b'{"out": 1}'


async def test_an_empty_answer_with_links_keeps_the_links(client_of: ClientOf) -> None:
    headers = {"Link": '<https://x.example/a.tif>; rel="a"; type="image/tiff", </b>; rel=b'}
    answer = await client_of(execution(204, None, **headers)).execute("p", Execute())
    assert isinstance(answer, Answer)
    assert [(link.rel, link.href) for link in answer.links] == [
        ("a", "https://x.example/a.tif"),
        ("b", "https://ogc.example/b"),
    ]


async def test_what_is_sent_asks_for_a_job_and_a_document_and_never_for_no_outputs(client_of: ClientOf) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(201, headers={"Location": f"{BASE}/jobs/j1"})

    await client_of(answer).execute("a/b c", Execute(inputs={"x": 1}))
    (request,) = seen
    assert request.headers["Prefer"] == "respond-async"
    assert json.loads(request.content) == {"inputs": {"x": 1}, "response": "document"}
    assert request.url.raw_path == b"/acme/ogc-api/processes/a%2Fb%20c/execution"


@pytest.mark.parametrize("cut", [httpx.ReadError("reset"), httpx.ReadTimeout("late"), httpx.RemoteProtocolError("cut")])
async def test_an_execution_that_lost_its_answer_is_unconfirmed_and_sent_once(
    client_of: ClientOf, cut: httpx.TransportError
) -> None:
    sent = 0

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal sent
        sent += 1
        raise cut

    with pytest.raises(SubmissionUnconfirmed, match="the job may exist"):
        await client_of(answer).execute("p", Execute())
    assert sent == 1


async def test_an_execution_that_was_never_sent_is_only_unreachable(client_of: ClientOf) -> None:
    class Refusing(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("refused")

    http = httpx.AsyncClient(transport=Refusing())
    with pytest.raises(Unreachable):
        await ProcessesClient(http, BASE, limits=Limits()).execute("p", Execute())


async def test_an_execution_that_is_redirected_elsewhere_or_answered_without_end_may_have_made_a_job(
    client_of: ClientOf,
) -> None:
    from mcp_ogc.errors import HostRefused, TooLarge

    for refusal in (HostRefused("redirects elsewhere"), TooLarge("without end")):

        def answer(request: httpx.Request, refusal: Exception = refusal) -> httpx.Response:
            raise refusal

        with pytest.raises(SubmissionUnconfirmed, match=str(refusal)):
            await client_of(answer).execute("p", Execute())


async def test_an_execution_to_a_host_that_is_refused_was_never_sent() -> None:
    from mcp_ogc.errors import HostRefused
    from mcp_ogc.net.http import open_http
    from mcp_ogc.settings import Settings

    async with open_http(Settings()) as http:
        with pytest.raises(HostRefused):
            await ProcessesClient(http, "http://127.0.0.1:9/", limits=Limits()).execute("p", Execute())
        with pytest.raises(Unreachable):
            await ProcessesClient(http, "http://no-such-name.invalid/", limits=Limits()).execute("p", Execute())


async def test_a_job_that_was_accepted_without_a_name_is_unconfirmed(client_of: ClientOf) -> None:
    with pytest.raises(SubmissionUnconfirmed, match="without saying which"):
        await client_of(execution(201)).execute("p", Execute())


async def test_links_of_the_landing_page_are_followed_whatever_scheme_their_relation_has(client_of: ClientOf) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/ogc-api/"):
            rel = "https://www.opengis.net/def/rel/ogc/1.0/processes"
            return httpx.Response(200, json={"links": [{"rel": rel, "href": f"{BASE}/v2/processes"}]})
        assert request.url.path == "/acme/ogc-api/v2/processes"
        return httpx.Response(200, json={"processes": ["a", {"id": "b"}]})

    assert [one.id for one in (await client_of(answer).processes()).processes] == ["a", "b"]


async def test_a_job_id_is_never_followed_by_a_slash(client_of: ClientOf) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/acme/ogc-api/jobs/j1"
        return httpx.Response(200, json={"id": "j1", "status": "running", "progress": 23})

    assert (await client_of(answer).job("j1")).progress == 23


async def test_the_results_of_a_failed_job_are_not_asked_for(client_of: ClientOf) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert not request.url.path.endswith("/results")
        return httpx.Response(200, json={"jobID": "j1", "status": "failed", "message": "Traceback: no space left"})

    with pytest.raises(JobFailed) as failed:
        await client_of(answer).results("j1")
    assert failed.value.detail == "Traceback: no space left"


async def test_a_page_that_is_no_endpoint_says_what_it_is(client_of: ClientOf) -> None:
    with pytest.raises(UnreadableAnswer, match="a page of HTML: it is for people, or of a gateway"):
        await client_of(lambda _: httpx.Response(200, html="<html>hello</html>")).landing_page()


async def test_a_package_inside_an_application_package_is_unwrapped(client_of: ClientOf) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.headers["accept"] != "application/ogcapppkg+json":
            return httpx.Response(406, content=b"<ExceptionReport/>")
        return httpx.Response(200, json={"executionUnit": {"value": {"cwlVersion": "v1.2"}, "mediaType": "x"}})

    package = await client_of(answer).package("p")
    assert json.loads(package.text) == {"cwlVersion": "v1.2"}


@pytest.mark.parametrize(
    "body",
    [{"processSummary": {"id": "p"}, "deploymentDone": True}, {"id": "p"}, None],
    ids=["Q20-nested", "standard", "Q20-empty"],
)
async def test_a_deployment_tells_its_id_in_every_form(client_of: ClientOf, body: object) -> None:
    answer = execution(201, body, Location=f"{BASE}/processes/p")
    assert (await client_of(answer).deploy("cwlVersion: v1.2")).id == "p"


async def test_two_kinds_of_times_are_utc(client_of: ClientOf) -> None:
    times = {"created": "2026-11-23T16:15:44.943Z", "started": "2026-11-23T16:15:44", "finished": None}

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"jobID": "j", "status": "running", **times})

    info = await client_of(answer).job("j")
    assert info.created is not None
    assert info.started is not None
    assert info.created.tzinfo == info.started.tzinfo
