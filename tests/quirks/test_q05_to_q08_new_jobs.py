"""Which job an execution became, however that is told."""

from dataclasses import replace

import pytest

from mcp_ogc.errors import NoSuchProcess, SubmissionUnconfirmed
from mcp_ogc.ogc.models import Execute, JobStatus
from tests.quirks.talking import ECHO, WORKFLOW, talking
from tests.servers.processes.endpoint import TestEndpoint
from tests.servers.processes.personalities import PERSONALITIES
from tests.servers.processes.quirk import Quirk

pytestmark = pytest.mark.anyio

STANDARD = PERSONALITIES["standard"]


@pytest.mark.parametrize("personality", ["geoserver", "javaps", "pygeoapi", "unity"])
async def test_q05_an_empty_answer_or_null_has_its_job_in_location(personality: str) -> None:
    endpoint = TestEndpoint(personality)
    async with talking(endpoint) as talk:
        info = await talk.executed()
        assert info.job_id == endpoint.jobs.newest.id
        assert (await talk.client.job(info.job_id)).process_id == "echo"


async def test_q06_202_is_a_job_as_well_as_201() -> None:
    endpoint = TestEndpoint(quirks_on=[Quirk.Q5, Quirk.Q6])
    async with talking(endpoint) as talk:
        assert (await talk.executed()).job_id == endpoint.jobs.newest.id


async def test_q06_dismissals_and_packages_that_are_answered_with_202_are_done() -> None:
    endpoint = TestEndpoint("maap")
    async with talking(endpoint, execute_members={"queue": "small"}) as talk:
        info = await talk.executed()
        dismissed = await talk.client.dismiss(info.job_id)
        assert dismissed is not None
        assert dismissed.status is JobStatus.DISMISSED
        assert (await talk.client.deploy(WORKFLOW, known_as="greeting")).id == "greeting"
        with pytest.raises(NoSuchProcess):
            await talk.client.describe("greeting")  # its pipeline goes on by being looked at
        await talk.client.describe("greeting")
        await talk.client.replace("greeting", WORKFLOW)


async def test_q07_without_location_a_relative_link_tells_the_job() -> None:
    nameless = replace(STANDARD, id_members=())
    endpoint = TestEndpoint(nameless, quirks_on=[Quirk.Q7, Quirk.Q8])
    async with talking(endpoint) as talk:
        info = await talk.executed()
        assert info.job_id == endpoint.jobs.newest.id


@pytest.mark.parametrize("personality", ["fastprocesses", "maap", "geoserver"])
async def test_q07_a_relative_location_or_link_is_below_the_base_url(personality: str) -> None:
    kind = replace(PERSONALITIES[personality], relative_location=True)
    endpoint = TestEndpoint(kind, quirks_on=[Quirk.Q7])
    async with talking(endpoint, execute_members={"queue": "small"}) as talk:
        info = await talk.executed()
        assert (await talk.client.job(info.job_id)).process_id == "echo"


@pytest.mark.parametrize("members", [("jobID",), ("id",), ("jobId",), ("job_id",), ("id", "jobID")])
async def test_q08_the_id_of_a_job_is_found_under_each_of_its_names(members: tuple[str, ...]) -> None:
    # Without Location and links of a job, its body is all there is.
    endpoint = TestEndpoint(replace(STANDARD, id_members=members), quirks_on=[Quirk.Q8])
    async with talking(endpoint) as talk:
        info = await talk.executed()
        assert info.job_id == endpoint.jobs.newest.id
        assert [one.job_id for one in (await talk.client.jobs()).jobs] == [info.job_id]
        assert (await talk.client.job(info.job_id)).job_id == info.job_id


async def test_q08_what_says_nowhere_which_job_it_became_is_unconfirmed_and_not_sent_again() -> None:
    nowhere = replace(STANDARD, id_members=())
    endpoint = TestEndpoint(nowhere, quirks_on=[Quirk.Q5, Quirk.Q7])
    async with talking(endpoint) as talk:
        with pytest.raises(SubmissionUnconfirmed, match="without saying which"):
            await talk.client.execute("echo", Execute(inputs=dict(ECHO)))
    assert len(endpoint.asked("POST")) == 1
