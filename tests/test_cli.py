"""The commands, as people type them."""

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from mcp_ogc.cli import COMMANDS
from mcp_ogc.cli.check import run_process
from mcp_ogc.cli.config import CLIENTS, server_command
from mcp_ogc.cli.progress import JobProgress
from mcp_ogc.ogc.models import JsonObject
from mcp_ogc.workspace import Workspace


def run(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "MCP_OGC_DATA_FOLDER": str(folder / "data"), "PYTHONUTF8": "1", **variables}
    return subprocess.run(
        [*server_command(), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("client", sorted(CLIENTS))
def test_config_prints_json_on_stdout_and_what_to_do_on_stderr(tmp_path: Path, client: str) -> None:
    config = tmp_path / "c.toml"
    config.write_text("[endpoints.zoo]\nurl = 'https://zoo.example/acme/ogc-api'\n", encoding="utf-8")
    printed = run(tmp_path, "config", "--client", client, "--config", str(config))
    document = json.loads(printed.stdout)
    (entry,) = document["servers" if client == "vscode" else "mcpServers"].values()
    assert Path(entry["command"]).is_absolute()
    assert entry["args"] == ["--config", str(config)]
    assert "zoo, local" in printed.stderr
    assert "MCP_OGC_URL" in printed.stderr
    assert "AWS_PROFILE" in printed.stderr


@pytest.mark.parametrize("client", sorted(CLIENTS))
def test_config_tells_what_only_this_shell_has_and_prints_no_token(tmp_path: Path, client: str) -> None:
    url = "https://zoo.example/acme/ogc-api"
    printed = run(tmp_path, "config", "--client", client, MCP_OGC_URL=url, MCP_OGC_TOKEN="canary-token")
    document = json.loads(printed.stdout)
    (entry,) = document["servers" if client == "vscode" else "mcpServers"].values()
    if client == "vscode":
        assert "VS Code asks for MCP_OGC_URL and MCP_OGC_TOKEN" in printed.stderr
    else:
        assert entry["env"] == {"MCP_OGC_URL": url}
        assert "MCP_OGC_TOKEN is set in this shell only: add it to the entry's env" in printed.stderr
    assert "default, local" in printed.stderr
    assert "canary" not in printed.stdout + printed.stderr
    with_password = run(tmp_path, "config", "--client", client, MCP_OGC_URL="https://ada:canary@zoo.example/ogc-api")
    assert "canary" not in with_password.stdout + with_password.stderr
    assert "MCP_OGC_URL" in with_password.stderr
    assert "MCP_OGC_TOKEN is set" not in with_password.stderr


def test_check_tells_what_works_and_what_does_not(tmp_path: Path) -> None:
    good = run(tmp_path, "check", "--run", "echo", "--inputs", '{"string": "x"}')
    assert good.returncode == 0, good.stdout + good.stderr
    assert "✓ processes" in good.stdout
    assert "deploy: declared, found" in good.stdout
    assert "✓ successful" in good.stdout
    assert "Can be used: local." in good.stdout
    bad = run(tmp_path, "check", MCP_OGC_URL="http://127.0.0.1:9/ogc-api", MCP_OGC_TOKEN="canary-token")
    assert bad.returncode == 1
    assert "✗ reachable" in bad.stdout
    assert "Can't be used: default." in bad.stdout
    assert "canary" not in bad.stdout + bad.stderr
    failed = run(tmp_path, "check", "--run", "ecco")
    assert failed.returncode == 1
    assert "Did you mean echo?" in failed.stderr
    assert "Traceback" not in failed.stderr


@pytest.mark.anyio
async def test_a_process_that_check_runs_and_that_fails_says_in_which_step_and_why(work: Workspace) -> None:
    local = work.endpoint("local")
    await local.client.deploy(work.samples["water-bodies"].text)
    said: list[str] = []
    inputs: JsonObject = {"stac_items": ["/nowhere.json"], "aoi": "-34.88,-8.035,-34.83,-7.955"}
    plain = JobProgress(Console(file=io.StringIO()), said.append, str)
    assert not await run_process(work, local, "water-bodies", inputs, lambda _: None, said.append, plain)
    assert any(re.match(r"  … \d+ % \w", line) for line in said), said
    assert re.search("in step ⟦crop(_2)?⟧, exit code 1", said[-1]), "of either band: they run side by side"
    assert "/nowhere.json can't be read" in said[-1]


def test_a_job_has_a_bar_on_a_terminal_and_lines_elsewhere() -> None:
    drawn, said = io.StringIO(), list[str]()
    terminal = JobProgress(Console(file=drawn, force_terminal=True, width=100), said.append, mask)
    plain = JobProgress(Console(file=io.StringIO()), said.append, mask)
    for progress in (terminal, plain):
        progress.moved(40, "step [red]crop s3cret started")
        progress.moved(40, "step [red]crop s3cret started")
        progress.hide()
    assert "step [red]crop *** started" in drawn.getvalue()
    assert "40 %" in drawn.getvalue()
    assert said == ["  … 40 % step [red]crop *** started"]


def mask(text: str) -> str:
    return text.replace("s3cret", "***")


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"MCP_OGC_TOOLSETS": "discover"}, "JSON in a variable"),
        ({"MCP_OGC_READONLY": "true"}, "Did you mean MCP_OGC_READ_ONLY?"),
    ],
)
def test_a_variable_with_a_slip_is_a_sentence(tmp_path: Path, variables: dict[str, str], told: str) -> None:
    refused = run(tmp_path, "check", **variables)
    assert refused.returncode == 1
    assert told in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_file_that_can_not_be_read_is_a_sentence_and_one_of_windows_is_read(tmp_path: Path) -> None:
    refused = run(tmp_path, "check", "--config", str(tmp_path))
    assert "can't be read" in refused.stderr
    assert "Traceback" not in refused.stderr
    file = tmp_path / "notepad.toml"
    file.write_bytes(b"\xef\xbb\xbfread_only = true\r\n")
    assert "mode: read-only" in run(tmp_path, "check", "--config", str(file)).stdout


def test_a_code_page_without_our_marks_gets_question_marks(tmp_path: Path) -> None:
    done = run(tmp_path, "check", PYTHONUTF8="0", PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert "? processes" in done.stdout


def test_the_demo_relaxes_nothing(tmp_path: Path) -> None:
    refused = run(tmp_path, "demo", MCP_OGC_READ_ONLY="true")
    assert (refused.returncode, "read_only is set" in refused.stderr) == (1, True)
    without = run(tmp_path, "demo", MCP_OGC_LOCAL__ENABLED="false")
    assert without.returncode == 1
    assert "ogc_list_processes refused" in without.stderr
    assert "Traceback" not in without.stderr
    assert not (tmp_path / "data" / "audit.jsonl").exists()


def test_settings_that_do_not_fit_are_one_message(tmp_path: Path) -> None:
    told = run(tmp_path, "check", MCP_OGC_URL="ftp://x")
    assert told.returncode == 1
    assert "Traceback" not in told.stderr


def test_every_command_has_help(tmp_path: Path) -> None:
    told = run(tmp_path, "--help").stdout
    for command in COMMANDS:
        assert f"  {command}" in told
        assert run(tmp_path, command, "--help").returncode == 0
    assert run(tmp_path, "--version").stdout.startswith("mcp-ogc ")


def test_local_serves_the_endpoint_to_anything_that_speaks_http(tmp_path: Path) -> None:
    environment = {**os.environ, "MCP_OGC_DATA_FOLDER": str(tmp_path)}
    server = subprocess.Popen(
        [*server_command(), "local", "--port", "0"],
        env=environment,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stderr is not None
        url = re.findall(r"http://127\.0\.0\.1:\d+", server.stderr.readline())[0]
        document = httpx.get(f"{url}/processes", trust_env=False, timeout=30).raise_for_status().json()
        assert [process["id"] for process in document["processes"]] == ["echo", "pause"]
        assert httpx.get(f"{url}/jobs/", trust_env=False).status_code == 404, "with a slash it is another resource"
        taken = run(tmp_path, "local", "--port", url.rsplit(":", 1)[1])
        assert (taken.returncode, "another with --port" in taken.stderr) == (1, True)
    finally:
        server.terminate()
        out, _ = server.communicate(timeout=30)
    assert out == ""


@pytest.mark.parametrize("port", ["99999", "-1"])
def test_a_port_that_is_none_is_a_sentence(tmp_path: Path, port: str) -> None:
    printed = run(tmp_path, "local", f"--port={port}")
    assert printed.returncode == 1
    assert printed.stderr == f"mcp-ogc: Port {port} can't be used: ports are 0 to 65535. Choose another with --port\n"


def test_a_digit_that_python_does_not_count_with_is_no_port(tmp_path: Path) -> None:
    assert "is not [HOST:]PORT" in run(tmp_path, "--http", "²").stderr


def test_pictures_that_can_not_be_written_end_the_demo_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    printed = run(tmp_path, "demo", "--previews", str(tmp_path / "file" / "pictures"))
    assert printed.returncode == 1
    assert "can't be written" in printed.stderr
    assert "Traceback" not in printed.stderr


posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither")


@posix
def test_a_reader_that_has_enough_is_no_failure_to_tell(tmp_path: Path) -> None:
    for command in (["config", "--client", "cursor"], ["check"]):
        reading, writing = os.pipe()
        os.close(reading)
        environment = {**os.environ, "MCP_OGC_DATA_FOLDER": str(tmp_path)}
        try:
            ended = subprocess.run(
                [*server_command(), *command],
                stdout=writing,
                stderr=subprocess.PIPE,
                text=True,
                env=environment,
                check=False,
                timeout=60,
            )
        finally:
            os.close(writing)
        assert (ended.returncode, "Traceback" in ended.stderr, "ignored" in ended.stderr) == (141, False, False)


@posix
def test_a_closed_input_is_a_sentence(tmp_path: Path) -> None:
    environment = {**os.environ, "MCP_OGC_DATA_FOLDER": str(tmp_path)}
    closing = [sys.executable, "-c", "import os, sys; os.close(0); os.execv(sys.argv[1], sys.argv[1:])"]
    ended = subprocess.run(
        [*closing, *server_command()], capture_output=True, text=True, env=environment, check=False, timeout=60
    )
    assert ended.returncode == 1
    assert "stdin is closed" in ended.stderr
    assert "Traceback" not in ended.stderr
