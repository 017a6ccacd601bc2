"""T10: no secret in a log, a message or a repr, wherever it came from."""

import logging
import os
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcp_ogc.cli.check import configuration
from mcp_ogc.cli.config import server_command
from mcp_ogc.errors import HostRefused, OgcError
from mcp_ogc.net.http import open_http
from mcp_ogc.net.objects import Objects
from mcp_ogc.net.redaction import configure_logging
from mcp_ogc.net.storage import Storage
from mcp_ogc.settings import Settings, load
from tests.servers.loopback import Reply, Server

pytestmark = pytest.mark.anyio

CANARY = secrets.token_hex(16)


@pytest.fixture(autouse=True)
def root_logger() -> Iterator[None]:
    """The root logger as it was."""
    root = logging.getLogger()
    kept, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in ("httpx", "httpcore", "botocore", "boto3", "urllib3")}
    yield
    root.handlers[:] = kept
    root.setLevel(level)
    for name, was in levels.items():
        logging.getLogger(name).setLevel(was)


def with_secrets(url: str) -> Settings:
    return Settings(
        endpoints={
            "a": {"url": f"{url}/a", "authentication": {"kind": "bearer", "token": CANARY}},
            "b": {"url": f"{url}/b", "authentication": {"kind": "basic", "username": "u", "password": CANARY}},
            "c": {"url": f"{url}/c", "authentication": {"kind": "header", "name": "X-Key", "value": CANARY}},
        },
        storage={"s": {"buckets": ["*"], "endpoint": url, "access_key_id": "AKIA", "secret_access_key": CANARY}},
        token=CANARY,
        url=url,
    )


def test_settings_show_no_secret() -> None:
    settings = with_secrets("https://a.example")
    for shown in (repr(settings), str(settings), repr(settings.storage["s"]), settings.model_dump_json()):
        assert CANARY not in shown


def test_a_setting_that_does_not_fit_is_told_without_its_value(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f'[endpoints.a]\nurl = "https://x"\nauthentication = {{ kind = "bearer", tokn = "{CANARY}" }}\n')
    with pytest.raises(OgcError) as problem:
        load(file)
    assert "tokn" in str(problem.value)
    assert CANARY not in str(problem.value)


async def test_the_log_of_a_session_at_its_most_talkative_has_no_secret(
    server: Server, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    settings = with_secrets(server.url)
    configure_logging("debug", settings)
    for path in ("/a", "/b", "/c", "/bucket/key"):
        server.on(path, Reply(headers={"X-Echo": CANARY}))
    server.on("/500", Reply(500, body=f"token {CANARY}".encode()))
    async with open_http(settings) as http:
        objects = Objects(http, Storage(settings.storage), [], settings.limits)
        for href in (f"{server.url}/a", f"{server.url}/b", f"{server.url}/c", "s3://bucket/key"):
            await objects.read(href)
        with pytest.raises(OgcError) as problem:
            await objects.read(f"{server.url}/500?X-Amz-Signature={CANARY}")
        logging.getLogger("mcp_ogc").error("It failed", exc_info=problem.value)
    written = capsys.readouterr()
    assert "It failed" in written.err
    assert written.out == ""
    assert CANARY not in written.err


def test_a_traceback_that_quotes_a_secret_is_masked(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", with_secrets("https://a.example"))
    try:
        raise ValueError(f"upstream said {CANARY}")
    except ValueError:
        logging.getLogger("x").exception("%s", {"Authorization": f"Bearer {CANARY}"})
    assert "upstream said [redacted]" in capsys.readouterr().err


async def test_a_refusal_does_not_repeat_what_authenticates() -> None:
    async with open_http(Settings()) as http:
        for url in (
            f"https://u:{CANARY}@a.example/b",
            f"ftp://a.example/?sig={CANARY}",
            f"http://127.0.0.1/?a={CANARY}",
        ):
            with pytest.raises(HostRefused) as refused:
                await http.get(url)
            assert CANARY not in str(refused.value)


def test_check_tells_what_is_configured_and_no_secret() -> None:
    told = "\n".join(configuration(with_secrets("https://a.example")))
    assert CANARY not in told
    assert "AKIA" not in told
    for word in ("bearer", "basic", "header", "https://a.example/a", "60 submissions", "audit.jsonl", "storage: s"):
        assert word in told


def test_check_tells_whom_it_would_serve_what_is_ruled_and_where_the_audit_is_and_no_secret(tmp_path: Path) -> None:
    served = {
        "host": "0.0.0.0",
        "port": 8123,
        "url": "https://mcp.example/mcp",
        "issuer": "https://iam.example/realms/eo",
        "audience": "urn:mcp",
        "scopes": {"execute": "eo:run"},
        "allowed_hosts": ["proxy.example"],
        "allowed_origins": ["https://app.example"],
    }
    own = {"endpoints": {"a": {"authentication": {"kind": "bearer", "token": CANARY}}}}
    settings = Settings(
        endpoints={"a": {"url": "https://a.example", "authentication": {"kind": "bearer", "token": CANARY}}},
        http=served,
        users={"subject-of-ada": own},
        rules={"denied_processes": ["a/delete-*"], "callbacks": ["https://calls.example/"]},
        quotas={"running_jobs": 7, "bytes_per_hour": 5_000_000},
        audit_file=tmp_path / "changes.jsonl",
        read_only=True,
    )
    told = "\n".join(configuration(settings))
    assert CANARY not in told
    for word in (
        *("0.0.0.0:8123", "as https://mcp.example/mcp", "token of https://iam.example/realms/eo made for urn:mcp"),
        *("mcp-ogc:read for read", "eo:run for execute", "proxy.example", "https://app.example", "of their own 1"),
        *("denied processes a/delete-*", "callbacks https://calls.example/", "7 open jobs", "5.0 MB an hour"),
        *(f"audit: {tmp_path / 'changes.jsonl'}", "read-only"),
    ):
        assert word in told
    assert "without authentication" in "\n".join(configuration(with_secrets("https://a.example")))


def test_check_repeats_no_secret_that_a_server_says_back(server: Server, tmp_path: Path) -> None:
    echo = f'{{"title": "no", "detail": "you are {CANARY}"}}'.encode()
    for path in ("/ogc/", "/ogc/conformance", "/ogc/processes"):
        server.on(path, Reply(500, body=echo))
    environment = {"MCP_OGC_URL": f"{server.url}/ogc", "MCP_OGC_TOKEN": CANARY, "MCP_OGC_DATA_FOLDER": str(tmp_path)}
    environment["PYTHONUTF8"] = "1"
    command = [*server_command(), "check", "--endpoint", "default"]
    told = subprocess.run(
        command, capture_output=True, encoding="utf-8", env={**os.environ, **environment}, check=False, timeout=60
    )
    assert "you are [redacted]" in told.stdout
    assert CANARY not in told.stdout + told.stderr
