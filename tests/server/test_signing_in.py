"""An endpoint that wants to know who asks, through the tools and the commands, against a real provider."""

import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import anyio.to_thread
import httpx
import pytest
from mcp import Client

from mcp_ogc.cli.config import server_command
from mcp_ogc.server import build_server
from mcp_ogc.settings import Settings, load
from mcp_ogc.tools.catalogue import TOOLS
from tests.server.talk import call, finished, refused, text_of
from tests.servers import browser
from tests.servers.oidc import OidcProvider, provider
from tests.servers.processes.endpoint import Fault, TestEndpoint, served
from tests.servers.processes.quirk import Quirk

__all__ = ["provider"]

pytestmark = pytest.mark.anyio

# What each tool needs to ask the endpoint; the others read the journal, or ask nobody.
ASKING = {
    "ogc_list_processes": {},
    "ogc_describe_process": {"process_id": "echo"},
    "ogc_execute_process": {"process_id": "echo", "inputs": {}},
    "ogc_get_job": {"job_id": "1"},
    "ogc_dismiss_job": {"job_id": "1"},
    "ogc_get_results": {"job_id": "1"},
    "ogc_export_job": {"job_id": "1"},
    "ogc_undeploy_process": {"process_id": "echo"},
    "ogc_get_package": {"process_id": "echo"},
    "ogc_summarize_raster": {"raster": "ogc://zoo/jobs/1/rasters/o/-/-"},
}


@pytest.fixture
def endpoint(provider: OidcProvider) -> TestEndpoint:
    endpoint = TestEndpoint("zoo", quirks_on=[Quirk.Q42])
    endpoint.people = provider.people  # who has a token of the provider
    return endpoint


@pytest.fixture
async def config(endpoint: TestEndpoint, provider: OidcProvider, tmp_path: Path) -> AsyncIterator[Path]:
    async with served(endpoint) as url:
        file = tmp_path / "config.toml"
        file.write_text(
            f"data_folder = '{tmp_path / 'data'}'\nlocal = {{ enabled = false }}\n"
            f"[endpoints.zoo]\nurl = '{url}'\n"
            f"authentication = {{ kind = 'oidc', issuer = '{provider.url}', client_id = 'mcp-ogc' }}\n",
            encoding="utf-8",
        )
        yield file


@pytest.fixture
def settings(config: Path) -> Settings:
    return load(config)


async def run(config: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A command of ours, in a process of its own."""
    person = f"{sys.executable} {browser.__file__} %s"
    return await anyio.to_thread.run_sync(
        lambda: subprocess.run(
            [*server_command(), *arguments, "--config", str(config)],
            env={**os.environ, "BROWSER": person, "PYTHONUTF8": "1", **variables},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            timeout=60,
        )
    )


async def test_a_person_signs_in_works_and_signs_out(
    config: Path, settings: Settings, provider: OidcProvider, endpoint: TestEndpoint
) -> None:
    signed_in = await run(config, "login", "zoo")
    assert signed_in.returncode == 0, signed_in.stdout + signed_in.stderr
    assert "Signed in to zoo as acme." in signed_in.stdout
    assert f"mcp-ogc check --endpoint zoo --config {config}" in signed_in.stdout
    checked = await run(config, "check", "--endpoint", "zoo")
    assert "✓ signed in as acme" in checked.stdout, checked.stdout
    assert "✓ processes" in checked.stdout
    async with Client(build_server(settings)) as client:
        (row,) = (await call(client, "ogc_list_endpoints"))["endpoints"]
        assert (row["sign_in"], row["reachable"]) == ("signed in as acme", True)
        inputs = (await call(client, "ogc_describe_process", process_id="echo"))["example_inputs"]
        provider.end_access()  # the next request finds it refused, and renews it
        assert (await call(client, "ogc_list_jobs"))["not_asked"] == []
        provider.end_access()  # a POST is not sent again, and the next one is a new call
        told = await refused(client, "ogc_execute_process", process_id="echo", inputs=inputs)
        assert "nothing was done" in told
        assert "call again" in told
        endpoint.requests.clear()
        job = await call(client, "ogc_execute_process", process_id="echo", inputs=inputs)
        assert (await finished(client, job["job_id"]))["status"] == "successful"
        assert len(endpoint.asked("POST", "/execution")) == 1
    signed_out = await run(config, "logout", "zoo")
    assert signed_out.returncode == 0
    assert "The provider has revoked them" in signed_out.stdout
    assert provider.refresh_tokens == {}
    assert "Nobody was signed in" in (await run(config, "logout", "zoo")).stdout
    shown = signed_in.stdout + signed_in.stderr + checked.stdout + signed_out.stdout
    hidden = ("code", "code_verifier", "refresh_token", "token")
    secrets = {form[name] for form in provider.forms for name in hidden if name in form}
    assert len(secrets) > 4
    assert not [secret for secret in secrets if secret in shown]
    assert not list(settings.sign_in_folder.glob("*.json"))


async def test_without_a_browser_here_a_code_is_typed_elsewhere(
    config: Path, provider: OidcProvider, settings: Settings
) -> None:
    provider.interval = 0
    process = await anyio.open_process(
        [*server_command(), "login", "zoo", "--config", str(config)],
        env={**{k: v for k, v in os.environ.items() if k not in ("DISPLAY", "BROWSER")}, "SSH_CONNECTION": "x"},
        stderr=subprocess.STDOUT,
    )
    assert process.stdout is not None
    told = ""
    async for chunk in process.stdout:
        told += chunk.decode()
        if (address := re.search(r"\(or go to (\S+)\)", told)) and "Done" not in told:
            async with httpx.AsyncClient(trust_env=False) as elsewhere:
                await elsewhere.get(address[1])
            told += "Done"
    assert await process.wait() == 0, told
    assert f"Go to {provider.url}/activate in a browser on any machine" in told
    assert "Signed in to zoo as acme" in told


async def test_a_person_who_says_no_is_told_what_to_do(config: Path, provider: OidcProvider) -> None:
    provider.callback = {"error": "access_denied", "code": ""}
    refused_ = await run(config, "login", "zoo")
    assert refused_.returncode == 1
    assert "did not let you in" in refused_.stderr
    assert "Traceback" not in refused_.stderr


async def test_a_sign_in_that_is_over_makes_every_tool_answer_with_the_command(
    config: Path, settings: Settings, provider: OidcProvider, endpoint: TestEndpoint
) -> None:
    assert (await run(config, "login", "zoo")).returncode == 0
    provider.end_sessions()
    endpoint.requests.clear()
    command = f"Run `mcp-ogc login zoo --config {config}` in a terminal, then call again"
    async with Client(build_server(settings)) as client:
        for tool, arguments in ASKING.items():
            told = await refused(client, tool, **arguments)
            assert command in told, tool
        (row,) = (await call(client, "ogc_list_endpoints"))["endpoints"]
        assert row["sign_in"] == f"nobody is signed in: run {command.removeprefix('Run ').split(',')[0]}"
        assert command in row["problem"]
    assert endpoint.asked("POST") == []
    assert set(ASKING) <= {tool.name for tool in TOOLS}


async def test_a_login_page_where_an_answer_should_be_says_the_command(
    config: Path, settings: Settings, endpoint: TestEndpoint
) -> None:
    assert (await run(config, "login", "zoo")).returncode == 0
    page = "<html><form action=/login><input name=u><input name=p type=password></form></html>"
    headers = {"Content-Type": "text/html"}
    endpoint.faults = [Fault("GET", "/processes", 200, headers, page, times=99)]
    async with Client(build_server(settings)) as client:
        told = await refused(client, "ogc_list_processes")
    assert "answered with a login page" in told
    assert f"Run `mcp-ogc login zoo --config {config}`" in told


async def test_a_list_of_jobs_still_has_the_journal_and_says_the_command(config: Path, settings: Settings) -> None:
    async with Client(build_server(settings)) as client:
        listed = await client.call_tool("ogc_list_jobs", {})
        assert f"mcp-ogc login zoo --config {config}" in text_of(listed)


async def test_login_and_logout_say_what_they_are_not_for(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("[endpoints.a]\nurl = 'https://a.example'\n", encoding="utf-8")
    for command in ("login", "logout"):
        told = await run(file, command, "a")
        assert (told.returncode, "'none'" in told.stderr) == (1, True)
        told = await run(file, command, "b")
        assert (told.returncode, "There is no endpoint 'b'" in told.stderr) == (1, True)
