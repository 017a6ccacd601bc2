"""docs/container.md against the image it is about: no engine is needed to see that a flag, path or variable is gone."""

import argparse
import json
import re
import shlex
from pathlib import Path

import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters

from mcp_ogc.cli import options_of
from mcp_ogc.cli.config import server_command
from mcp_ogc.cli.installation import ASKED, CLIENTS, DISTRIBUTION, entry
from mcp_ogc.settings import LocalSettings, Settings, environment_without_settings

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "container.md").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
COMMANDS = [line for kind, block in FENCE.findall(GUIDE) if not kind for line in block.splitlines()]
(ENTRY_DOCUMENT,) = [json.loads(block) for kind, block in FENCE.findall(GUIDE) if kind == "json"]
(ENTRY,) = ENTRY_DOCUMENT["mcpServers"].values()


def refused(message: str) -> None:
    raise ValueError(message)


def run_options() -> argparse.ArgumentParser:
    """`docker run` as far as the guide has it; podman takes the same.

    Source: https://docs.docker.com/reference/cli/docker/container/run/
    """
    options = argparse.ArgumentParser(prog="docker run", add_help=False, allow_abbrev=False)
    options.error = refused  # type: ignore[method-assign, assignment]
    for flag in ("--rm", "--read-only"):
        options.add_argument(flag, action="store_true")
    options.add_argument("--interactive", "-i", action="store_true")
    for flag in ("--tmpfs", "--network"):
        options.add_argument(flag, action="append", default=[])
    options.add_argument("--volume", "-v", action="append", default=[])
    options.add_argument("--env", "-e", action="append", default=[])
    options.add_argument("image", nargs="?")
    options.add_argument("command", nargs=argparse.REMAINDER)
    return options


def instruction(name: str) -> list[str]:
    """What follows each instruction of this name, in the image that is left."""
    return re.findall(rf"^{name} +(.*?) *$", DOCKERFILE.rpartition("\nFROM ")[2], re.MULTILINE)


def variables() -> dict[str, str]:
    return dict(one.split("=", 1) for line in instruction("ENV") for one in shlex.split(line))


def test_what_is_built_is_what_is_run() -> None:
    build, run = (shlex.split(line) for line in COMMANDS)
    assert build == ["docker", "build", "-t", DISTRIBUTION, "."]
    given = run_options().parse_args(run[2:])
    assert run[:2] == ["docker", "run"]
    assert given.image == DISTRIBUTION
    assert instruction("ENTRYPOINT") == [f'["{DISTRIBUTION}"]']
    options_of("serve").parse_args(given.command)


def test_what_is_mounted_is_where_the_image_writes() -> None:
    given = run_options().parse_args(shlex.split(COMMANDS[1])[2:])
    assert given.read_only
    assert given.interactive
    written = [one.split(":")[1] for one in given.volume]
    assert written == instruction("VOLUME") == instruction("WORKDIR") == [variables()["HOME"]]
    for name in ("MCP_OGC_DATA_FOLDER", "MCP_OGC_DOWNLOAD_FOLDER"):
        assert Path(variables()[name]).is_relative_to(written[0])
    assert given.tmpfs == ["/tmp"]
    assert all(f"`{place}`" in GUIDE for place in (*written, *given.tmpfs))


def test_the_user_is_the_one_that_the_guide_names() -> None:
    (user,) = re.findall(r"as user (\d+)", GUIDE)
    assert instruction("USER") == [f"{user}:{user}"]
    assert f"useradd --uid {user} " in DOCKERFILE
    assert "install -d -o mcp -g mcp /data" in DOCKERFILE


def test_the_entry_of_a_client_runs_the_same_with_the_variables_of_the_table() -> None:
    given, written = (run_options().parse_args(words) for words in (ENTRY["args"][1:], shlex.split(COMMANDS[1])[2:]))
    assert given.env == [variable.environment for variable in ASKED] == list(ENTRY["env"])
    given.env = []
    assert given == written
    assert list(ENTRY) == list(entry(CLIENTS["claude-desktop"], ("docker",), {}))


def test_every_option_and_variable_in_a_sentence_is_taken() -> None:
    named = re.findall(r"`(-{1,2}[a-z][^`]*)`", GUIDE)
    assert len(named) >= 5
    for text in named:
        words = shlex.split(text)
        try:
            options_of("serve").parse_args(words) if words[0] in ("--http", "--config") else run_options().parse_args(
                words
            )
        except (SystemExit, ValueError) as error:
            raise AssertionError(text) from error
        for variable in run_options().parse_args(words).env if words[0] == "-e" else []:
            setting, _, inner = variable.partition("=")[0].removeprefix("MCP_OGC_").lower().partition("__")
            assert setting in Settings.model_fields
            assert not inner or inner in LocalSettings.model_fields


def test_a_flag_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="unrecognized arguments"):
        run_options().parse_args(["--readonly", "mcp-ogc"])


@pytest.mark.anyio
async def test_with_the_variables_of_the_image_the_server_writes_to_its_folders_only(tmp_path: Path) -> None:
    """As in the container: everything it writes lies in /data, here a folder, its home."""
    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    data.mkdir()
    elsewhere.mkdir(mode=0o500)
    own = {name: one.replace("/data", str(data), 1) for name, one in variables().items() if name != "PATH"}
    command, *arguments = server_command()
    server = StdioServerParameters(
        command=command, args=arguments, env={**environment_without_settings(), **own}, cwd=elsewhere
    )
    async with Client(server) as client:
        told = await client.call_tool("ogc_execute_process", {"process_id": "echo", "inputs": {"string": "x"}})
        assert not told.is_error, told
    assert list(elsewhere.iterdir()) == []
    assert sorted(one.name for one in tmp_path.iterdir()) == ["data", "elsewhere"]
    assert list(data.iterdir())
