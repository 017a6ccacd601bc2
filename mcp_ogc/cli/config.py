"""`mcp-ogc config`: what to paste into a client, all from one table."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from mcp_ogc.errors import SettingsError
from mcp_ogc.settings import config_path, load


@dataclass(frozen=True, slots=True)
class ClientForm:
    """How a client wants its configuration."""

    title: str
    file: str
    key: str = "mcpServers"
    typed: bool = False
    """Whether an entry says `"type": "stdio"`."""


CLIENTS = {
    "claude-desktop": ClientForm("Claude Desktop", "claude_desktop_config.json (Settings, Developer, Edit Config)"),
    "claude-code": ClientForm("Claude Code", ".mcp.json, in the project's folder", typed=True),
    "cursor": ClientForm("Cursor", "~/.cursor/mcp.json"),
    "vscode": ClientForm("VS Code", ".vscode/mcp.json, or `MCP: Open User Configuration`", key="servers", typed=True),
}


def add_arguments(options: argparse.ArgumentParser) -> None:
    """Declare the options."""
    options.add_argument("--client", required=True, choices=sorted(CLIENTS), help="the client to configure")


def run(options: argparse.Namespace) -> int:
    """Print the configuration on stdout, and what to do with it on stderr."""
    settings = load(options.config)
    form = CLIENTS[options.client]
    print(json.dumps(client_configuration(form, options.config), indent=2))
    names = ", ".join([*settings.configured_endpoints(), *(["local"] if settings.local.enabled else [])])
    print(
        f"Put this into {form.file} of {form.title} and restart it.\n"
        f"Endpoints now configured: {names}. For another one, write it to {options.config or config_path()}:\n"
        '  [endpoints.NAME]\n  url = "https://…"\n  authentication = {kind = "bearer", token = "…"}\n'
        "or add MCP_OGC_URL and MCP_OGC_TOKEN to the entry's env. Results on S3 use AWS_PROFILE, or [storage.NAME].",
        file=sys.stderr,
    )
    return 0


def client_configuration(form: ClientForm, config: Path | None) -> dict[str, object]:
    """The JSON document a client reads."""
    command, *arguments = server_command()
    if config is not None:
        arguments += ["--config", str(config.resolve())]
    entry: dict[str, object] = {"type": "stdio"} if form.typed else {}
    entry |= {"command": command, "args": arguments, "env": {}}
    return {form.key: {"ogc": entry}}


def server_command() -> list[str]:
    """The command that starts this installation, by absolute path: desktop clients have a bare PATH.

    Raises:
        SettingsError: The console script is not beside this Python.
    """
    if "archive-v0" in Path(sys.prefix).parts and (uvx := shutil.which("uvx")):
        # uvx runs from a cache that may be emptied: name uvx, which fills it again.
        return [uvx, "mcp-ogc"]
    script = shutil.which("mcp-ogc", path=sysconfig.get_path("scripts"))
    if script is None:
        raise SettingsError(
            f"There is no mcp-ogc command in {sysconfig.get_path('scripts')}", remedy="Install it: pip install mcp-ogc"
        )
    return [str(Path(script).absolute())]
