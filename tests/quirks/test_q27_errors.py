"""Errors in every form: what they mean is told, with the server's own words beside."""

from dataclasses import replace
from pathlib import Path

import anyio
import pytest
from anyio.abc import SocketAttribute, SocketStream

from mcp_ogc import errors
from mcp_ogc.net.http import open_http
from mcp_ogc.ogc.client import ProcessesClient
from mcp_ogc.ogc.dialects.recognition import named
from mcp_ogc.ogc.models import Execute
from mcp_ogc.settings import EndpointSettings, Limits, Settings
from tests.quirks.talking import ECHO, FAR, conversation, talking
from tests.server.talk import call, refused
from tests.servers.processes.endpoint import Fault, TestEndpoint
from tests.servers.processes.errors import ows_report
from tests.servers.processes.personalities import PERSONALITIES
from tests.servers.processes.personality import ErrorForm
from tests.servers.processes.quirk import Quirk

pytestmark = pytest.mark.anyio

FORMS = list(ErrorForm)
LOGIN = (
    '<!doctype html><html><head><title>Sign in to EOEPCA</title></head><body><form action="/authenticate" '
    'method="post"><input name="username"><input id="password" name="password" type="password"></form></body></html>'
)


def speaking(form: ErrorForm) -> TestEndpoint:
    kind = replace(PERSONALITIES["standard"], error_form=form)
    return TestEndpoint(kind, quirks_on=[Quirk.Q27])


@pytest.mark.parametrize("form", FORMS)
async def test_q27_what_is_not_there_is_told_in_any_form(form: ErrorForm) -> None:
    async with talking(speaking(form)) as talk:
        with pytest.raises(errors.NoSuchProcess) as process:
            await talk.client.describe("nope")
        with pytest.raises(errors.NoSuchJob) as job:
            await talk.client.job("5f0a3c1e-0000-0000-0000-000000000000")
    assert "nope" in process.value.detail
    assert "5f0a3c1e" in job.value.detail
    assert not {process.value.detail[0], job.value.detail[0]} & {"{", "<"}, "a person reads it"


@pytest.mark.parametrize("form", FORMS)
async def test_q27_what_is_refused_is_told_with_the_reason_in_any_form(form: ErrorForm) -> None:
    async with talking(speaking(form)) as talk:
        with pytest.raises(errors.InvalidParameter) as raised:
            await talk.client.execute("echo", Execute(inputs={}, outputs={"nothing": {}}))
    assert raised.value.detail.endswith("Mandatory input text is missing")


@pytest.mark.parametrize("form", FORMS)
async def test_q27_a_duplicate_and_a_built_in_process_are_told_in_any_form(form: ErrorForm) -> None:
    package = "cwlVersion: v1.2\nclass: Workflow\nid: echo\ninputs: {}\noutputs: {}\nsteps: {}\n"
    async with talking(speaking(form)) as talk:
        with pytest.raises(errors.DuplicatedProcess):
            await talk.client.deploy(package, known_as="echo")
        with pytest.raises((errors.ImmutableProcess, errors.AccessDenied)) as raised:
            await talk.client.undeploy("echo")
    assert "cannot be modified" in raised.value.detail


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("https://zoo.example/exceptions/1.0/no-such-job", errors.NoSuchJob),
        ("http://www.opengis.net/def/rel/ogc/1.0/exception/no-such-job", errors.NoSuchJob),
        ("NoSuchJob", errors.NoSuchJob),
        ("http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/result-not-ready", errors.ResultNotReady),
        ("ResultNotReady", errors.ResultNotReady),
        ("NoSuchInput", errors.InvalidParameter),
        ("DataNotAccessible", errors.InvalidParameter),
        ("OperationNotSupported", errors.NotOffered),
    ],
)
async def test_q27_the_last_segment_of_a_type_is_what_it_means_whatever_its_status(
    code: str, expected: type[errors.RemoteProblem]
) -> None:
    body = f'{{"type": "{code}", "detail": "the reason"}}'
    endpoint = TestEndpoint()
    endpoint.faults.append(Fault("GET", "/jobs/j1", 400, body=body))
    async with talking(endpoint) as talk:
        with pytest.raises(expected) as raised:
            await talk.client.job("j1")
    assert raised.value.detail == "the reason"


async def test_q27_500_not_implemented_for_a_bad_parameter_is_that_and_not_asked_again() -> None:
    body = '{"title": "InvalidQueryParameterValue", "type": "invalid-query-parameter-value", "detail": "limit: abc"}'
    endpoint = TestEndpoint()
    endpoint.faults.append(Fault("GET", "/jobs", 500, body=body, times=5))
    async with talking(endpoint) as talk:
        with pytest.raises(errors.InvalidParameter) as raised:
            await talk.client.jobs()
    assert raised.value.detail == "limit: abc"
    assert len(endpoint.asked("GET", "/jobs")) == 1


async def test_q27_an_ows_report_is_read_for_its_text() -> None:
    endpoint = TestEndpoint()
    endpoint.faults.append(Fault("GET", "/processes/echo", 400, body=ows_report("NoSuchProcess", "no <echo> here")))
    async with talking(endpoint) as talk:
        with pytest.raises(errors.NoSuchProcess) as raised:
            await talk.client.describe("echo")
    assert raised.value.detail == "no <echo> here"


async def test_q27_a_gateway_s_page_is_a_sentence(tmp_path: Path) -> None:
    page = "<html><head><style>p {}</style><title>403 Forbidden</title></head><body><h1>no route</h1></body></html>"
    endpoint = TestEndpoint()
    endpoint.faults.append(Fault("GET", "/processes/echo", 403, body=page))
    async with conversation(endpoint, tmp_path) as client:
        told = await refused(client, "ogc_describe_process", process_id="echo")
    assert "does not allow this" in told
    assert "⟦403 Forbidden no route⟧" in told


@pytest.mark.parametrize(
    "place",
    [
        "https://iam.example/realms/eoepca/protocol/openid-connect/auth?client_id=zoo&response_type=code",
        "https://iam.example/authorize?response_type=code&scope=openid&client_id=zoo",
        "/login?next=/processes",
        "https://idp.example/saml2/idp?SAMLRequest=abc",
    ],
)
async def test_q27_a_redirect_to_a_login_page_says_that_nobody_is_signed_in(tmp_path: Path, place: str) -> None:
    endpoint = TestEndpoint()
    async with conversation(endpoint, tmp_path) as client:
        inputs = dict(ECHO)
        await call(client, "ogc_describe_process", process_id="echo")
        for method in ("GET", "POST"):
            endpoint.faults.append(Fault(method, "", 302, headers={"Location": place}, body="", times=99))
        reading = await refused(client, "ogc_list_processes")
        executing = await refused(client, "ogc_execute_process", process_id="echo", inputs=inputs)
        rows = (await call(client, "ogc_list_jobs"))["jobs"]
    assert "answered with a login page" in reading
    assert "answered with a login page" in executing
    assert [row["status"] for row in rows if "unconfirmed" in row["status"]] == []


async def test_q27_a_login_page_in_the_place_of_an_answer_is_no_answer(tmp_path: Path) -> None:
    endpoint = TestEndpoint()
    async with conversation(endpoint, tmp_path) as client:
        await call(client, "ogc_describe_process", process_id="echo")
        endpoint.faults += [Fault(method, "", 200, body=LOGIN, times=99) for method in ("GET", "POST")]
        listed = await refused(client, "ogc_list_processes")
        executed = await refused(client, "ogc_execute_process", process_id="echo", inputs=ECHO)
    assert "answered with a login page" in listed
    assert "answered with a login page" in executed
    assert "may exist" not in executed


async def test_q27_an_endpoint_behind_a_login_page_is_recognised_once_it_lets_us_in() -> None:
    endpoint = TestEndpoint("pygeoapi")
    endpoint.faults.append(Fault("GET", "/", 302, headers={"Location": "/login"}, body=""))
    async with talking(endpoint) as talk:
        assert (await talk.client.dialect()).name == "standard"
        assert (await talk.client.dialect()).name == "pygeoapi"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("500 Not Implemented", errors.InvalidParameter),
        ("400 OK;", errors.InvalidParameter),
        ("400", errors.InvalidParameter),
        ("404 ", errors.NotOffered),
    ],
)
async def test_q27_an_odd_status_line_is_read_for_its_number(line: str, expected: type[Exception]) -> None:
    body = b'{"title": "InvalidParameterValue", "type": "InvalidParameterValue", "detail": "limit"}'

    async def answer(stream: SocketStream) -> None:
        async with stream:
            await stream.receive()
            head = f"HTTP/1.1 {line}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            await stream.send(head.encode() + body)

    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, answer)
        url = f"http://127.0.0.1:{listener.extra(SocketAttribute.local_port)}"
        async with open_http(Settings(endpoints={FAR: EndpointSettings(url=url)})) as http:
            with pytest.raises(expected) as raised:
                await ProcessesClient(http, url, limits=Limits(), dialect=named("standard")).jobs()
        tasks.cancel_scope.cancel()
    assert isinstance(raised.value, errors.RemoteProblem)
    assert raised.value.detail == "limit"
