"""Where an endpoint's resources are, whatever its links say."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from mcp_ogc.errors import OgcError, RemoteProblem
from mcp_ogc.net.http import open_http
from mcp_ogc.ogc.answers import Answer
from mcp_ogc.ogc.client import ProcessesClient
from mcp_ogc.ogc.models import JobStatus
from mcp_ogc.settings import BearerAuthentication, EndpointSettings, Limits, Settings
from tests.quirks.talking import ECHO, FAR, conversation, talking
from tests.server.talk import call, finished
from tests.servers.loopback import Reply, Server, serve, server
from tests.servers.processes.catalogue import generated
from tests.servers.processes.endpoint import TestEndpoint
from tests.servers.processes.personalities import PERSONALITIES
from tests.servers.processes.quirk import Quirk

__all__ = ["serve", "server"]
pytestmark = pytest.mark.anyio

MOVED = replace(PERSONALITIES["standard"], base="/{namespace}/ogc-api")
RELATIONS = "www.opengis.net/def/rel/ogc/1.0/"
ELSEWHERE = ["zoo", "weaver", "geoserver", "javaps", "maap", "unity", "ecmwf"]


@pytest.mark.parametrize("quirks", [{Quirk.Q4, Quirk.Q41}, {Quirk.Q4, Quirk.Q41, Quirk.Q50}])
async def test_q04_results_that_are_a_redirect_are_followed_also_to_the_name_inside(
    tmp_path: Path, quirks: set[Quirk]
) -> None:
    endpoint = TestEndpoint(MOVED, quirks_on=quirks)
    async with conversation(endpoint, tmp_path) as client:
        job = await call(client, "ogc_execute_process", process_id="echo", inputs=ECHO, wait_seconds=0)
        await finished(client, job["job_id"])
        results = await call(client, "ogc_get_results", job_id=job["job_id"])
    assert "hello" in str(results["outputs"])
    assert endpoint.asked("GET", f"/acme/temp/{job['job_id']}.json")


async def test_q04_credentials_go_with_a_redirect_to_the_same_origin(tmp_path: Path) -> None:
    endpoint = TestEndpoint(MOVED, quirks_on=[Quirk.Q4, Quirk.Q41, Quirk.Q42, Quirk.Q50])
    endpoint.people["s3cret-of-ada"] = "acme"
    signed_in = BearerAuthentication(token=SecretStr("s3cret-of-ada"))
    async with conversation(endpoint, tmp_path, authentication=signed_in) as client:
        job = await call(client, "ogc_execute_process", process_id="echo", inputs=ECHO, wait_seconds=0)
        await finished(client, job["job_id"])
        results = await call(client, "ogc_get_results", job_id=job["job_id"])
    assert "hello" in str(results["outputs"])


@pytest.mark.parametrize("slashes", ["", "/", "//"])
async def test_q11_no_slash_follows_a_job_id_however_the_url_is_configured(slashes: str) -> None:
    endpoint = TestEndpoint(quirks_on=[Quirk.Q11], polls=None)
    async with talking(endpoint, slashes=slashes) as talk:
        info = await talk.executed()
        assert (await talk.client.job(info.job_id)).status is JobStatus.ACCEPTED
        theirs = endpoint.jobs.add(endpoint.processes["echo"], {}, None)  # of which no Location was seen
        assert (await talk.client.job(theirs.id)).status is JobStatus.ACCEPTED
        await talk.client.dismiss(info.job_id)
    assert [one.path for one in endpoint.requests if "//" in one.path or one.path.endswith(f"{info.job_id}/")] == []


async def test_q11_a_place_with_a_slash_is_taken_without_it() -> None:
    endpoint = TestEndpoint("javaps", quirks_on=[Quirk.Q11], polls=None)
    async with talking(endpoint) as talk:
        info = await talk.executed()
        talk.client.place_job(info.job_id, f"{talk.client.job_place(info.job_id)}/")
        assert (await talk.client.job(info.job_id)).process_id == "echo"


@pytest.mark.parametrize("personality", ELSEWHERE)
async def test_q41_everything_is_found_from_the_landing_page_wherever_it_is(personality: str) -> None:
    endpoint = TestEndpoint(personality, processes=generated(3))
    async with talking(endpoint) as talk:
        assert [one.id for one in (await talk.client.processes()).processes] == list(endpoint.processes)
        assert (await talk.client.conformance()).declares(1, "core")
        assert (await talk.client.api_definition())["openapi"] == "3.0.3"
    assert all(one.path.startswith(endpoint.base()) for one in endpoint.requests)


@pytest.mark.parametrize("https", [True, False])
async def test_q41_a_relation_is_the_same_with_https_and_with_http(https: bool) -> None:
    kind = replace(PERSONALITIES["zoo"], https_relations=https)
    endpoint = TestEndpoint(kind)
    async with talking(endpoint) as talk:
        landing = await talk.client.landing_page()
        for name in ("conformance", "processes", "job-list"):
            rel = f"http://www.opengis.net/def/rel/ogc/1.0/{name}"
            assert any(link.is_rel(rel) for link in landing.links), name


async def test_q41_what_has_another_name_is_where_its_relation_says(server: Server) -> None:
    links = [{"rel": f"https://{RELATIONS}{name}", "href": f"../v2/all-{name}"} for name in ("processes", "job-list")]
    server.on("/api/", Reply(body=json.dumps({"links": links}).encode()))
    server.on("/v2/all-processes", Reply(body=b'{"processes": [{"id": "echo", "version": "1"}]}'))
    server.on("/v2/all-job-list", Reply(body=b'{"jobs": [{"jobID": "j1", "status": "running"}]}'))
    async with open_http(Settings(endpoints={FAR: EndpointSettings(url=f"{server.url}/api")})) as http:
        client = ProcessesClient(http, f"{server.url}/api", limits=Limits())
        assert [one.id for one in (await client.processes()).processes] == ["echo"]
        assert [one.job_id for one in (await client.jobs()).jobs] == ["j1"]


async def test_q41_jobs_below_their_process_are_found_there_also_by_a_server_that_starts_anew(tmp_path: Path) -> None:
    endpoint = TestEndpoint("javaps")
    async with conversation(endpoint, tmp_path) as client:
        job = await call(client, "ogc_execute_process", process_id="echo", inputs=ECHO, wait_seconds=0)
        done = await finished(client, job["job_id"])
    assert done["status"] == "successful"
    assert endpoint.asked("GET", f"/processes/echo/jobs/{job['job_id']}")


@pytest.mark.parametrize("personality", ["zoo", "weaver", "pygeoapi"])
async def test_q50_links_that_name_the_address_inside_are_taken_to_be_below_the_base_url(personality: str) -> None:
    endpoint = TestEndpoint(personality, quirks_on=[Quirk.Q50], quirks_off=[Quirk.Q10])
    async with talking(endpoint) as talk:
        description = await talk.client.describe("echo")
        assert all(link.href.startswith(endpoint.personality.inside) for link in description.links)
        info = await talk.executed()
        answer = await talk.results()
        assert isinstance(answer, Answer)
        assert info.job_id in [one.job_id for one in (await talk.client.jobs()).jobs]


async def test_q50_pages_that_name_the_address_inside_are_taken_to_be_below_the_base_url() -> None:
    endpoint = TestEndpoint("zoo", processes=generated(5))
    async with talking(endpoint) as talk:
        first = await talk.client.processes(limit=3)
        second = await talk.client.processes(page=first.next_page)
    assert [one.id for one in (*first.processes, *second.processes)] == list(endpoint.processes)


async def test_q50_links_are_meant_as_they_are_where_the_settings_say_so() -> None:
    endpoint = TestEndpoint(quirks_on=[Quirk.Q50])
    async with talking(endpoint, rebase_links=False) as talk:
        with pytest.raises(OgcError, match=r"processes\.default\.svc\.cluster\.local") as raised:
            await talk.client.processes()
    assert "rebase_links = true" in raised.value.remedy
    assert talk.client.url in raised.value.remedy


@pytest.mark.parametrize(
    ("answer", "is_told"),
    [
        (Reply(404, body=b"<html><h1>404 Not Found</h1></html>"), True),
        (Reply(403), True),
        (Reply(404, body=b'{"type": "no-such-process", "detail": "none"}'), False),
    ],
)
async def test_q50_a_link_to_another_public_host_that_is_not_found_below_the_base_url_names_the_setting(
    server: Server, answer: Reply, is_told: bool
) -> None:
    links = [{"rel": f"{RELATIONS}processes", "href": "https://jobs.example/v2/processes"}]
    server.on("/api/", Reply(body=json.dumps({"links": links}).encode()))
    server.on("/v2/processes", answer)
    async with open_http(Settings(endpoints={FAR: EndpointSettings(url=f"{server.url}/api")})) as http:
        client = ProcessesClient(http, f"{server.url}/api", limits=Limits())
        with pytest.raises(RemoteProblem) as raised:
            await client.processes()
    assert ("names the host jobs.example" in raised.value.remedy) is is_told
    assert ("rebase_links = false" in raised.value.remedy) is is_told
