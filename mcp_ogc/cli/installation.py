"""The one table of how this server is installed: its names, its variables, and how each client wants to be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

NAME = "ogc"
"""What clients call the server: it comes before the names of the tools in some."""
DISTRIBUTION = "mcp-ogc"
TITLE = "OGC API - Processes"
SUMMARY = "Earth Observation workflows in a conversation, on any OGC API - Processes server"
"""At most 100 characters: the registry takes no more."""
REPOSITORY = "https://github.com/mcp-ogc/mcp-ogc"
REGISTRY_NAME = "io.github.mcp-ogc/mcp-ogc"
PUBLISHED = ("uvx", DISTRIBUTION)
"""The command where nothing is installed but uv."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A setting that people give when they install; every one may be left out."""

    key: str
    title: str
    description: str
    secret: bool = False
    folder: bool = False

    @property
    def environment(self) -> str:
        """The environment variable `settings.py` reads."""
        return f"MCP_OGC_{self.key.upper()}"


VARIABLES = (
    Variable(
        "url",
        "Endpoint URL",
        "Base URL of an OGC API - Processes endpoint, namespace included; leave it empty to run on this machine only",
    ),
    Variable("token", "Token", "Bearer token of that endpoint; leave it empty where none is needed", secret=True),
    Variable("download_folder", "Download folder", "Where exported results are written", folder=True),
)
ASKED = tuple(variable for variable in VARIABLES if not variable.folder)
"""What a client that asks in a prompt asks for."""


@dataclass(frozen=True, slots=True)
class ClientForm:
    """How a client wants its configuration."""

    title: str
    file: str
    key: str = "mcpServers"
    typed: bool = False
    """Whether an entry says `"type": "stdio"`."""
    asks: bool = False
    """Whether the client asks for values (`inputs`), and keeps the secret ones."""


CLIENTS = {
    "claude-desktop": ClientForm("Claude Desktop", "claude_desktop_config.json (Settings, Developer, Edit Config)"),
    "claude-code": ClientForm("Claude Code", ".mcp.json, in the project's folder", typed=True),
    "cursor": ClientForm("Cursor", "~/.cursor/mcp.json"),
    "vscode": ClientForm(
        "VS Code", ".vscode/mcp.json, or `MCP: Open User Configuration`", key="servers", typed=True, asks=True
    ),
}


def entry(form: ClientForm, command: Sequence[str], given: Mapping[str, str] | None = None) -> dict[str, object]:
    """How a client starts the server, with variables that are given unless it asks for them."""
    typed: dict[str, object] = {"type": "stdio"} if form.typed else {}
    asked = {variable.environment: f"${{input:{input_id(variable)}}}" for variable in ASKED} if form.asks else {}
    return {**typed, "command": command[0], "args": list(command[1:]), "env": {**(given or {}), **asked}}


def inputs(form: ClientForm) -> list[dict[str, object]]:
    """What a client asks the person for."""
    return [
        {
            "type": "promptString",
            "id": input_id(variable),
            "description": f"{variable.title}: {variable.description}",
            "password": variable.secret,
        }
        for variable in ASKED
        if form.asks
    ]


def input_id(variable: Variable) -> str:
    """How the configuration names what was asked for."""
    return f"{NAME}-{variable.key}"
