"""Errors as ZOO-Project, pygeoapi and fastprocesses really told them."""

from collections.abc import Awaitable, Callable

import pytest

from mcp_ogc import errors
from mcp_ogc.ogc.client import ProcessesClient
from mcp_ogc.ogc.models import Execute
from tests.ogc.transcripts import ClientOf, replaying

pytestmark = pytest.mark.anyio

Call = Callable[[ProcessesClient], Awaitable[object]]
PROBLEMS: list[tuple[str, Call, type[errors.RemoteProblem | errors.SubmissionUnconfirmed], str]] = [
    ("zoo/04c-describe-missing", lambda c: c.describe("nope"), errors.NoSuchProcess, ""),
    ("zoo/28l-describe", lambda c: c.describe("hello-three"), errors.NoSuchProcess, "hello-three.zcfg"),
    ("zoo/31b-describe-after-undeploy", lambda c: c.describe("hello-two"), errors.NoSuchProcess, "hello-two.zcfg"),
    ("zoo/05f-exec-bad-json", lambda c: c.execute("p", Execute()), errors.InvalidParameter, "cannot parse your POST"),
    ("zoo/05g-exec-no-body", lambda c: c.execute("p", Execute()), errors.InvalidParameter, "body is empty"),
    ("zoo/05h-exec-unknown-process", lambda c: c.execute("p", Execute()), errors.NoSuchProcess, "(nope)"),
    ("zoo/05m-longprocess-sync", lambda c: c.execute("p", Execute()), errors.SubmissionUnconfirmed, "C Library"),
    # NoApplicableCode, and "None": neither says that there is no job.
    ("zoo/05l-exec-failing-sync", lambda c: c.execute("p", Execute()), errors.SubmissionUnconfirmed, "Unable to"),
    ("zoo/26-exec-sync-deployed", lambda c: c.execute("p", Execute()), errors.SubmissionUnconfirmed, "The synchronous"),
    ("zoo/09b-status-after-dismiss", lambda c: c.job("j1"), errors.NoSuchJob, "does not match"),
    ("zoo/09c-dismiss-again", lambda c: c.dismiss("j1"), errors.NoSuchJob, "does not match"),
    ("zoo/11-job-missing", lambda c: c.job("j1"), errors.NoSuchJob, "does not match"),
    ("zoo/11b-results-missing", lambda c: c.results("j1"), errors.NoSuchJob, "does not match"),
    ("zoo/42-status-after-dismiss", lambda c: c.job("j1"), errors.NoSuchJob, "does not match"),
    ("zoo/24a-results-while-running", lambda c: c.results("j1"), errors.ResultNotReady, "still running"),
    ("zoo/22-deploy-duplicate", lambda c: c.deploy(""), errors.DuplicatedProcess, "already deployed"),
    ("zoo/28c-deploy-apppkg-value", lambda c: c.deploy(""), errors.DuplicatedProcess, "already deployed"),
    ("zoo/28-deploy-apppkg-href-array", lambda c: c.deploy(""), errors.WorkflowNotFound, "'NoneType'"),
    ("zoo/30b-deploy-json-content-type", lambda c: c.deploy(""), errors.WorkflowNotFound, "'value'"),
    ("zoo/27b-package-json", lambda c: c.package("p"), errors.EndpointFault, "dictionary changed size"),
    # Of a process that was deployed by reference, while its package was in a cache.
    ("zoo/28d-undeploy", lambda c: c.undeploy("hello-two"), errors.EndpointFault, "Unable to download"),
    ("zoo/28h-undeploy-three", lambda c: c.undeploy("hello-three"), errors.EndpointFault, "Unable to download"),
    ("zoo/31c-undeploy-again", lambda c: c.undeploy("hello-two"), errors.EndpointFault, "Unable to download"),
    ("zoo/29c-replace-missing", lambda c: c.replace("never", ""), errors.NoSuchProcess, "never-existed.zcfg"),
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
    ("pygeoapi/04d-describe-missing", lambda c: c.describe("nope"), errors.NoSuchProcess, "Identifier not found"),
    ("pygeoapi/05g-exec-no-body", lambda c: c.execute("p", Execute()), errors.InvalidParameter, "missing request data"),
    (
        "pygeoapi/05h-exec-bad-json",
        lambda c: c.execute("p", Execute()),
        errors.InvalidParameter,
        "invalid request data",
    ),
    ("pygeoapi/05k-exec-unknown-process", lambda c: c.execute("p", Execute()), errors.NoSuchProcess, "not found"),
    ("pygeoapi/05q-exec-jobs-suffix", lambda c: c.execute("p", Execute()), errors.NoSuchProcess, "Not Found"),
    # Both have a Location, and there is no job.
    ("pygeoapi/12-shapely", lambda c: c.execute("p", Execute()), errors.InvalidParameter, "`output_format`"),
    (
        "pygeoapi/12b-shapely-mode-async-body",
        lambda c: c.execute("p", Execute()),
        errors.InvalidParameter,
        "`output_format`",
    ),
    ("pygeoapi/08c-job-results-single", lambda c: c.results("j1"), errors.NoSuchJob, "Not Found"),
    ("pygeoapi/08d-results-while-running", lambda c: c.results("j1"), errors.ResultNotReady, "not yet running"),
    ("pygeoapi/09c-dismiss-again", lambda c: c.dismiss("j1"), errors.NoSuchJob, "d244d6bc"),
    ("pygeoapi/09d-status-after-process-would-end", lambda c: c.job("j1"), errors.NoSuchJob, "d244d6bc"),
    ("pygeoapi/09f-status-after-dismiss-finished", lambda c: c.job("j1"), errors.NoSuchJob, "d158993c"),
    ("pygeoapi/11b-results-missing", lambda c: c.results("j1"), errors.NoSuchJob, "00000000"),
    # Of a job that is not there it says InvalidParameterValue.
    ("pygeoapi/11-job-missing", lambda c: c.job("j1"), errors.NoSuchJob, "00000000"),
    ("pygeoapi/13-deploy-post-processes", lambda c: c.deploy(""), errors.NotOffered, "Method Not Allowed"),
    ("fastprocesses/04b-describe-missing", lambda c: c.describe("nope"), errors.NoSuchProcess, "'nope' not found"),
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
