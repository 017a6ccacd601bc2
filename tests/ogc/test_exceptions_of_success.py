"""Servers send exceptions with a status of success, too (quirk Q28, and OWS reports): they confirm nothing."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from mcp_ogc.errors import JobFailed, NoSuchJob, RemoteProblem, SubmissionUnconfirmed
from mcp_ogc.ogc.answers import Answer, PackageAnswer
from mcp_ogc.ogc.client import ProcessesClient
from mcp_ogc.ogc.dialects.recognition import named
from mcp_ogc.ogc.models import Execute, ProcessDescription, StatusInfo
from mcp_ogc.ogc.results.reading import read_results
from mcp_ogc.settings import Limits
from tests.ogc.test_results import around, nowhere
from tests.servers.loopback import Reply, Server
from tests.servers.processes.errors import ows_report

pytestmark = pytest.mark.anyio

REASON = "Unable to run the service"
JSON_EXCEPTION = json.dumps({"type": "NoApplicableCode", "title": "NoApplicableCode", "detail": REASON}).encode()
FORMS = {
    "json": Reply(200, {"Content-Type": "application/json"}, JSON_EXCEPTION),
    "json followed by another": Reply(200, {"Content-Type": "application/json"}, JSON_EXCEPTION + b'{"id": "p"}'),
    "xml": Reply(200, {"Content-Type": "text/xml"}, ows_report("NoApplicableCode", REASON).encode()),
}
PACKAGE = "cwlVersion: v1.2\nclass: Workflow\nid: w\ninputs: {}\noutputs: {}\nsteps: {}\n"
VERBS: dict[str, tuple[str, Callable[[ProcessesClient], Awaitable[object]]]] = {
    "execute": ("/ogc/processes/p/execution", lambda client: client.execute("p", Execute())),
    "deploy": ("/ogc/processes", lambda client: client.deploy(PACKAGE, known_as="w")),
    "replace": ("/ogc/processes/w", lambda client: client.replace("w", PACKAGE)),
    "undeploy": ("/ogc/processes/w", lambda client: client.undeploy("w")),
    "package": ("/ogc/processes/w/package", lambda client: client.package("w")),
    "dismiss": ("/ogc/jobs/j1", lambda client: client.dismiss("j1")),
    "job": ("/ogc/jobs/j1", lambda client: client.job("j1")),
    "describe": ("/ogc/processes/p", lambda client: client.describe("p")),
}


@pytest.fixture
async def client(server: Server) -> AsyncIterator[ProcessesClient]:
    async with httpx.AsyncClient(trust_env=False) as http:
        yield ProcessesClient(http, f"{server.url}/ogc", limits=Limits(), dialect=named("zoo"))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("verb", VERBS)
async def test_an_exception_is_none_the_less_one_for_its_status(
    server: Server, client: ProcessesClient, verb: str, form: str
) -> None:
    path, asked = VERBS[verb]
    server.on(path, FORMS[form])
    before = client.known_dialect
    with pytest.raises(RemoteProblem) as raised:
        await asked(client)
    assert REASON in raised.value.detail
    assert client.known_dialect == before, "nothing is learned from what failed"


@pytest.mark.parametrize("form", FORMS)
async def test_results_that_are_an_exception_are_that_the_job_failed(form: str) -> None:
    reply = FORMS[form]
    answer = Answer(200, reply.headers["Content-Type"], reply.body, (), "http://x.example/jobs/j1/results")
    with pytest.raises(JobFailed) as raised:
        await read_results(answer, None, around(nowhere, 1))
    assert REASON in raised.value.detail


RESEMBLING = [
    {"code": "32633", "description": "WGS 84 / UTM zone 33N"},
    {"code": 411, "description": "Inland marshes"},
    {"type": "Urban", "title": "Urban fabric", "description": "dense"},
    {"type": "Urban", "detail": "dense", "links": []},
    {"code": "DE", "title": "Germany", "status": 3},
]


def results_with(document: object) -> Answer:
    return Answer(200, "application/json", json.dumps(document).encode(), (), "http://x.example/jobs/j1/results")


@pytest.mark.parametrize("document", RESEMBLING)
async def test_a_result_that_resembles_an_exception_is_a_result(document: object) -> None:
    description = ProcessDescription.model_validate({"id": "p", "outputs": {"found": {"schema": {"type": "object"}}}})
    (output,) = (await read_results(results_with(document), description, around(nowhere, 1))).outputs
    assert (output.id, output.kind, output.value) == ("found", "value", document)


@pytest.mark.parametrize(
    "document",
    [
        {"type": "InternalError", "title": "InternalError", "detail": REASON},
        {"code": "NoApplicableCode", "description": REASON},
        {"code": "InternalError", "description": REASON},
        {"type": "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/result-not-ready", "title": REASON},
        {"type": "about:blank", "title": REASON, "status": 500},
        {"code": "x", "description": REASON, "traceback": "File a.py, line 1"},
        {"type": "JobResultsFailed", "description": REASON, "cause": {"a": 1}},
        {"exception": {"type": "x", "message": REASON}},
    ],
)
async def test_results_that_leave_no_doubt_that_they_are_an_exception_are_one(document: object) -> None:
    description = ProcessDescription.model_validate({"id": "p", "outputs": {"found": {"schema": {"type": "object"}}}})
    with pytest.raises(JobFailed) as raised:
        await read_results(results_with(document), description, around(nowhere, 1))
    assert REASON in raised.value.detail


async def test_a_dismissal_that_says_with_200_that_there_is_no_such_job_says_that(
    server: Server, client: ProcessesClient
) -> None:
    server.on("/ogc/jobs/j1", Reply(200, {}, b'{"type": "NoSuchJob", "detail": "j1"}'))
    with pytest.raises(NoSuchJob):
        await client.dismiss("j1")


async def test_an_execution_that_misses_its_job_with_200_may_be_there_all_the_same(
    server: Server, client: ProcessesClient
) -> None:
    server.on("/ogc/processes/p/execution", Reply(200, {}, b'{"type": "NoSuchJob", "detail": "not yet"}'))
    with pytest.raises(SubmissionUnconfirmed):
        await client.execute("p", Execute())


async def test_outputs_that_are_called_as_members_of_an_exception_are_outputs(
    server: Server, client: ProcessesClient
) -> None:
    server.on("/ogc/processes/p/execution", Reply(200, {}, b'{"type": "forest", "title": "A stand of trees"}'))
    described = ProcessDescription.model_validate({"id": "p", "version": "1", "outputs": {"type": {}, "title": {}}})
    answer = await client.execute("p", Execute(), description=described)
    assert isinstance(answer, Answer)


async def test_a_job_that_was_created_is_one_whatever_the_body_says(server: Server, client: ProcessesClient) -> None:
    server.on("/ogc/processes/p/execution", Reply(201, {"Location": "/ogc/jobs/j1"}, JSON_EXCEPTION))
    info = await client.execute("p", Execute())
    assert isinstance(info, StatusInfo)
    assert info.job_id == "j1"


async def test_a_package_is_no_exception(server: Server, client: ProcessesClient) -> None:
    server.on("/ogc/processes/w/package", Reply(200, {"Content-Type": "application/cwl"}, PACKAGE.encode()))
    assert await client.package("w") == PackageAnswer("application/cwl", PACKAGE)
