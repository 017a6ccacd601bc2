"""T10: tokens that are not in the settings are as secret as those that are."""

import json
import logging
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from pydantic import SecretStr

from mcp_ogc.net.redaction import configure_logging
from mcp_ogc.net.token_store import Record, Tokens, TokenStore
from mcp_ogc.server import build_server
from mcp_ogc.settings import Settings
from tests.servers.loopback import Reply, Server
from tests.servers.oidc import Grant, OidcProvider

pytestmark = pytest.mark.anyio

IN_FILE, REFRESH, WORKSPACE_KEY = (f"canary-{secrets.token_hex(12)}" for _ in range(3))


@pytest.fixture(autouse=True)
def root_logger() -> Iterator[None]:
    """The root logger as it was."""
    root = logging.getLogger()
    kept, level = root.handlers[:], root.level
    yield
    root.handlers[:] = kept
    root.setLevel(level)


@pytest.fixture
async def settings(server: Server, provider: OidcProvider, tmp_path: Path) -> Settings:
    """A token in a file, a person signed in, and a workspace with keys."""
    (tmp_path / "token").write_text(IN_FILE)
    keys = {"endpoint": server.url, "access": "AKIA", "secret": WORKSPACE_KEY, "bucketname": "ws-acme"}
    server.on("/workspaces/ws", Reply(body=json.dumps({"storage": {"credentials": keys}}).encode()))
    settings = Settings(
        endpoints={
            "file": {
                "url": f"{server.url}/file",
                "authentication": {"kind": "bearer", "token_file": tmp_path / "token"},
            },
            "person": {
                "url": f"{server.url}/person",
                "authentication": {"kind": "oidc", "issuer": provider.url, "client_id": "mcp-ogc"},
            },
        },
        storage={"s": {"workspace_url": f"{server.url}/workspaces/ws", "workspace_endpoint": "file"}},
        data_folder=tmp_path / "data",
        local={"enabled": False},
    )
    provider.refresh_tokens[REFRESH] = Grant("mcp-ogc", "ada", "openid")
    record = Record(endpoint=f"{server.url}/person", issuer=provider.url, client_id="mcp-ogc", expires_at=1)
    async with TokenStore(settings.sign_in_folder).exclusive("person") as slot:
        await slot.write(Tokens(record, SecretStr("canary-expired"), SecretStr(REFRESH)))
    return settings


async def test_what_a_server_says_back_is_masked_in_answers_and_logs(
    settings: Settings, server: Server, provider: OidcProvider, capsys: pytest.CaptureFixture[str]
) -> None:
    redaction = configure_logging("debug", settings)
    async with Client(build_server(settings, redaction)) as client:
        for endpoint in ("file", "person"):
            await client.call_tool("ogc_list_processes", {"endpoint": endpoint})
        await client.call_tool("ogc_summarize_raster", {"raster": "s3://ws-acme/a.tif"})
        assert any("AWS4" in seen.headers.get("authorization", "") for seen in server.seen), "the key was used"
        (refresh_token,) = provider.refresh_tokens
        known = [IN_FILE, REFRESH, WORKSPACE_KEY, refresh_token, *provider.people]
        assert len(set(known)) == 5
        echo = Reply(500, body=json.dumps({"title": "echo", "detail": " ".join(known)}).encode())
        answers = []
        for endpoint in ("file", "person"):
            server.on(f"/{endpoint}/processes", echo)
            answers.append(repr(await client.call_tool("ogc_list_processes", {"endpoint": endpoint})))
        logging.getLogger("anything").error("%s", known)
    answers += capsys.readouterr()
    assert "[redacted]" in answers[0]
    assert not [(secret, text) for secret in known for text in answers if secret in text]


async def test_what_a_server_says_back_in_a_success_is_masked_too(settings: Settings, server: Server) -> None:
    """In text, in structured content, in resources, and in the error of one."""
    signed = f"{server.url}/a.tif?X-Amz-Credential=AKIA%2F1&X-Amz-Signature={'ab' * 32}"
    told = {"id": "p", "version": "1", "description": f"Your token is {IN_FILE}", "inputs": {}, "outputs": {}}
    job = {"jobID": "j", "status": "successful", "type": "process", "message": IN_FILE}
    documents = {
        "processes/p": told,
        "processes": {"processes": [told], "links": []},
        "jobs/j": job,
        "jobs/j/results": {"said": f"Authorization: Bearer {IN_FILE}", "map": {"href": signed, "type": "image/tiff"}},
    }
    for path, document in documents.items():
        server.on(f"/file/{path}", Reply(body=json.dumps(document).encode()))
    server.on("/file/jobs/k/results", Reply(404, body=json.dumps({"title": "no", "detail": IN_FILE}).encode()))
    answers = []
    async with Client(build_server(settings)) as client:
        for tool, arguments in (
            ("ogc_list_processes", {}),
            ("ogc_describe_process", {"process_id": "p"}),
            ("ogc_get_job", {"job_id": "j"}),
            ("ogc_get_results", {"job_id": "j", "links": True}),
        ):
            answer = await client.call_tool(tool, {**arguments, "endpoint": "file"})
            assert not answer.is_error, answer
            answers.append(answer.model_dump_json())
        read = [await client.read_resource(f"ogc://file/{uri}") for uri in ("processes/p", "jobs/j", "jobs/j/results")]
        answers += [resource.model_dump_json() for resource in read]
        with pytest.raises(MCPError) as problem:
            await client.read_resource("ogc://file/jobs/k/results")
        answers.append(str(problem.value.error))
    assert not [text for text in answers if IN_FILE in text or "ab" * 32 in text]
    assert sum("[redacted]" in text for text in answers) >= 7


def test_tokens_do_not_show_themselves() -> None:
    record = Record(endpoint="https://zoo.example", issuer="https://iam.example", client_id="c")
    tokens = Tokens(record, SecretStr("canary-a"), SecretStr("canary-r"))
    assert "canary" not in f"{tokens!r} {tokens} {record!r}"
