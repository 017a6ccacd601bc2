"""The client against what ZOO-Project, pygeoapi and fastprocesses really answered."""

from collections.abc import Awaitable, Callable

import httpx
import pytest

from mcp_ogc import errors
from mcp_ogc.errors import Unreachable
from mcp_ogc.ogc.addresses import absolute
from mcp_ogc.ogc.answers import Answer
from mcp_ogc.ogc.client import ProcessesClient
from mcp_ogc.ogc.models import Execute, JobStatus, StatusInfo
from mcp_ogc.ogc.results.reading import Surroundings, read_results
from tests.ogc.transcripts import FOLDER, recorded

pytestmark = pytest.mark.anyio

ClientOf = Callable[[Callable[[httpx.Request], httpx.Response]], ProcessesClient]
DONE = {"jobID": "j1", "status": "successful"}


def replaying(client_of: ClientOf, name: str) -> ProcessesClient:
    """A client whose server answers everything as recorded, and has a job that is done where results are asked for."""
    told = recorded(name)
    results = "/results" in told.target

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/ogc-api/"):
            return httpx.Response(200, json={"links": []})
        if results and not request.url.path.endswith("/results"):
            return httpx.Response(200, json=DONE)
        return httpx.Response(told.response.status_code, headers=told.response.headers, content=told.response.content)

    return client_of(answer)


async def outputs(answer: StatusInfo | Answer) -> dict[str, object]:
    assert isinstance(answer, Answer)

    async def fetch(href: str, hint: object) -> bytes:
        raise Unreachable(href)

    async def keep(name: str, body: bytes, media_type: str) -> str:
        return f"file:///{name}"

    around = Surroundings(fetch, absolute, keep, 1, "https://ogc.example")
    read = await read_results(answer, None, around)
    return {output.id: output.value for output in read.outputs}


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("zoo/03-processes", {"HelloPy", "echo", "longProcess"}),
        ("pygeoapi/03b-processes-accept-json", {"hello-world", "echo", "shapely-functions"}),
        ("fastprocesses/03-processes", {"simple_process"}),
    ],
)
async def test_processes_are_listed(client_of: ClientOf, name: str, ids: set[str]) -> None:
    assert ids <= {process.id for process in (await replaying(client_of, name).processes()).processes}


@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        ("zoo/21-describe-deployed", {"name", "count"}),
        ("pygeoapi/04-describe-hello", {"name", "message"}),
        ("fastprocesses/04-describe", {"input_text", "delay"}),  # its metadata is an object
    ],
)
async def test_a_process_is_described(client_of: ClientOf, name: str, inputs: set[str]) -> None:
    assert set((await replaying(client_of, name).describe("p")).inputs) == inputs


@pytest.mark.parametrize(
    ("name", "job_id", "status"),
    [
        ("zoo/06-exec-async", "c9308bba-e758-11f1-a8fa-02fc00000001", JobStatus.RUNNING),
        ("pygeoapi/06-exec-async", "d158993c-e757-11f1-a2b6-02fc00000001", JobStatus.ACCEPTED),  # the body is null
        ("fastprocesses/06-exec-async", "0a524288-701d-4b87-9719-db39076090e4", JobStatus.ACCEPTED),
    ],
)
async def test_an_execution_becomes_a_job(client_of: ClientOf, name: str, job_id: str, status: JobStatus) -> None:
    info = await replaying(client_of, name).execute("p", Execute())
    assert isinstance(info, StatusInfo)
    assert (info.job_id, info.status) == (job_id, status)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("zoo/05-exec-sync", "Hello Ada from Python World !"),  # text, and labelled JSON
        ("pygeoapi/05-exec-sync-default", "Hello Ada!"),  # with a Location
        ("fastprocesses/05b-exec-prefer-sync", "ADA LOVELACE"),
    ],
)
async def test_an_execution_answered_at_once_is_its_results(client_of: ClientOf, name: str, expected: str) -> None:
    assert list((await outputs(await replaying(client_of, name).execute("p", Execute()))).values()) == [expected]


@pytest.mark.parametrize(
    ("name", "status", "progress"),
    [
        ("zoo/07-job-status", JobStatus.SUCCESSFUL, None),
        ("zoo/07b-job-status-immediately", JobStatus.FAILED, None),
        ("zoo/44f-other-namespace-status", JobStatus.FAILED, None),  # its message is not text
        ("pygeoapi/07-job-status", JobStatus.SUCCESSFUL, 100),
        ("pygeoapi/07d-job-status-running", JobStatus.ACCEPTED, 5),
        ("fastprocesses/07c-status-failed", JobStatus.FAILED, 0),
    ],
)
async def test_a_job_s_status_is_read(client_of: ClientOf, name: str, status: JobStatus, progress: int | None) -> None:
    info = await replaying(client_of, name).job("j1")
    assert (info.status, info.progress) == (status, progress)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("zoo/08-job-results", {"result": "Hello Ada from Python World !"}),
        ("pygeoapi/08-job-results", {"echo": "Hello Ada!"}),
        ("pygeoapi/08g-results-document-f-json", {"echo": "Hello Ada!"}),
        ("fastprocesses/08b-results", {"output_text": "ASYNC"}),
    ],
)
async def test_results_are_found_under_their_outputs(
    client_of: ClientOf, name: str, expected: dict[str, object]
) -> None:
    assert await outputs(await replaying(client_of, name).results("j1")) == expected


async def test_an_exception_that_zoo_sends_as_results_is_a_failure(client_of: ClientOf) -> None:
    answer = await replaying(client_of, "zoo/08d-demo-failed-results").results("j1")
    with pytest.raises(errors.JobFailed) as raised:
        await outputs(answer)
    assert "Error executing the service" in raised.value.detail


@pytest.mark.parametrize("name", ["zoo/09-dismiss-running", "pygeoapi/09-dismiss-running"])
async def test_a_dismissal_tells_the_last_status(client_of: ClientOf, name: str) -> None:
    info = await replaying(client_of, name).dismiss("j1")
    assert info is not None
    assert info.status is JobStatus.DISMISSED


@pytest.mark.parametrize("name", ["zoo/10-jobs-list", "pygeoapi/10b-jobs-list-limit", "fastprocesses/10-jobs"])
async def test_jobs_are_listed(client_of: ClientOf, name: str) -> None:
    jobs = (await replaying(client_of, name).jobs()).jobs
    assert jobs
    assert all(job.job_id and job.process_id and job.created for job in jobs)


@pytest.mark.parametrize(("name", "process_id"), [("20-deploy-cwl", "hello-cwl"), ("28e-deploy-w-param", "hello-two")])
async def test_a_deployment_at_zoo_is_the_process_it_made(client_of: ClientOf, name: str, process_id: str) -> None:
    summary = await replaying(client_of, f"zoo/{name}").deploy("cwlVersion: v1.0", workflow_id=process_id)
    assert (summary.id, summary.mutable) == (process_id, True)


async def test_replacing_and_undeploying_at_zoo_are_done_without_a_word(client_of: ClientOf) -> None:
    await replaying(client_of, "zoo/29-replace-put").replace("hello-cwl", "cwlVersion: v1.0")
    await replaying(client_of, "zoo/28-undeploy-first").undeploy("hello-two")


async def test_zoo_gives_its_package_only_for_one_precise_type(client_of: ClientOf) -> None:
    refusal, package = recorded("zoo/27-package").response, recorded("zoo/27c-package-accept-cwl").response
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers["accept"])
        one = package if asked[-1] == "application/cwl+yaml" else refusal
        return httpx.Response(one.status_code, headers=one.headers, content=one.content)

    got = await client_of(answer).package("hello-cwl")
    assert asked == ["application/cwl", "application/cwl+yaml"]
    assert got.text.startswith("cwlVersion: v1.0")
    with pytest.raises(errors.RemoteProblem, match="406"):
        await replaying(client_of, "zoo/27-package").package("hello-cwl")


Call = Callable[[ProcessesClient], Awaitable[object]]
PROBLEMS: list[tuple[str, Call, type[errors.RemoteProblem | errors.SubmissionUnconfirmed], str]] = [
    ("zoo/04c-describe-missing", lambda c: c.describe("nope"), errors.NoSuchProcess, ""),
    # NoApplicableCode, and "None": neither says that there is no job.
    ("zoo/05l-exec-failing-sync", lambda c: c.execute("p", Execute()), errors.SubmissionUnconfirmed, "Unable to"),
    ("zoo/26-exec-sync-deployed", lambda c: c.execute("p", Execute()), errors.SubmissionUnconfirmed, "The synchronous"),
    ("zoo/09b-status-after-dismiss", lambda c: c.job("j1"), errors.NoSuchJob, "does not match"),
    ("zoo/24a-results-while-running", lambda c: c.results("j1"), errors.ResultNotReady, "still running"),
    ("zoo/22-deploy-duplicate", lambda c: c.deploy(""), errors.DuplicatedProcess, "already deployed"),
    ("zoo/30-deploy-invalid-cwl", lambda c: c.deploy(""), errors.WorkflowNotFound, "cwlVersion"),
    ("zoo/30c-deploy-unsupported-content-type", lambda c: c.deploy(""), errors.UnsupportedMediaType, "Content-Type"),
    ("zoo/31d-undeploy-immutable", lambda c: c.undeploy("echo"), errors.ImmutableProcess, "cannot be modified"),
    ("zoo/44-namespaced-deploy", lambda c: c.deploy(""), errors.EndpointFault, "Internal Server Error"),
    ("zoo/05e-exec-missing-input", lambda c: c.execute("p", Execute()), errors.InvalidParameter, "a"),
    # The kernel replaced a word in the type too: "srvflow-not-found".
    ("zoo/29d-replace-immutable", lambda c: c.replace("HelloPy", ""), errors.WorkflowNotFound, "'HelloPy' not found"),
    ("zoo/31e-undeploy-never-existed", lambda c: c.undeploy("never-existed"), errors.NoSuchProcess, "never-existed"),
    # Two answers printed into one: the first is the error.
    (
        "zoo/28b-deploy-apppkg-href-object",
        lambda c: c.deploy(""),
        errors.EndpointFault,
        "InternalError. Unable to download the file.",
    ),
    ("pygeoapi/05f-exec-missing-input", lambda c: c.execute("p", Execute()), errors.InvalidParameter, "without a name"),
    # Of a job that is not there it says InvalidParameterValue.
    ("pygeoapi/11-job-missing", lambda c: c.job("j1"), errors.NoSuchJob, "00000000"),
    ("pygeoapi/13-deploy-post-processes", lambda c: c.deploy(""), errors.NotOffered, "Method Not Allowed"),
    ("fastprocesses/08-results-running", lambda c: c.results("j1"), errors.ResultNotReady, "not ready"),
    ("fastprocesses/09-dismiss", lambda c: c.dismiss("j1"), errors.NotOffered, "Method Not Allowed"),
    ("fastprocesses/05c-missing-input", lambda c: c.execute("p", Execute()), errors.InvalidParameter, "input_text"),
    ("fastprocesses/11-missing", lambda c: c.job("j1"), errors.NoSuchJob, "not found"),
]


@pytest.mark.parametrize(("name", "call", "expected", "detail"), PROBLEMS, ids=[name for name, *_ in PROBLEMS])
async def test_an_error_is_the_one_it_means(
    client_of: ClientOf,
    name: str,
    call: Call,
    expected: type[errors.RemoteProblem | errors.SubmissionUnconfirmed],
    detail: str,
) -> None:
    with pytest.raises(expected) as raised:
        await call(replaying(client_of, name))
    assert type(raised.value) is expected
    assert detail in raised.value.detail
    assert not raised.value.detail.startswith(("None", "{")), "a person reads it"


def test_every_transcript_that_is_kept_is_used() -> None:
    tests = FOLDER.parents[1].rglob("test_*.py")
    source = "".join(path.read_text(encoding="utf-8") for path in tests)
    kept = {path.relative_to(FOLDER).with_suffix("").as_posix() for path in FOLDER.glob("*/*.txt")}
    assert {name for name in kept if name not in source and f'"{name.partition("/")[2]}"' not in source} == set()
