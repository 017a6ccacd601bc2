"""What is published beside the package: install badges, the bundle for Claude Desktop, the registry's record."""

from __future__ import annotations

import base64
import hashlib
import json
import shlex
from pathlib import Path
from urllib.parse import quote, urlencode

from mcp_ogc import __version__
from mcp_ogc.cli.installation import (
    CLIENTS,
    DISTRIBUTION,
    NAME,
    PUBLISHED,
    REGISTRY_NAME,
    REPOSITORY,
    SUMMARY,
    TITLE,
    VARIABLES,
    entry,
    inputs,
)

BUNDLE = f"{DISTRIBUTION}.mcpb"


def badges() -> str:
    """The README's row of badges, as Markdown."""
    code = quote(_compact({"name": NAME, **_published("vscode"), "inputs": inputs(CLIENTS["vscode"])}), safe="")
    vscode = f"https://insiders.vscode.dev/redirect?{urlencode({'url': f'vscode:mcp/install?{code}'})}"
    config = base64.b64encode(_compact(_published("cursor")).encode()).decode()
    cursor = f"https://cursor.com/en/install-mcp?{urlencode({'name': NAME, 'config': config})}"
    desktop = f"{REPOSITORY}/releases/latest/download/{BUNDLE}"
    return " ".join(
        [
            f"[![Install in VS Code](https://img.shields.io/badge/VS_Code-install-0098FF)]({vscode})",
            f"[![Install in Cursor](https://img.shields.io/badge/Cursor-install-000000)]({cursor})",
            f"[![Install in Claude Desktop](https://img.shields.io/badge/Claude_Desktop-bundle-D97757)]({desktop})",
        ]
    )


def claude_code() -> str:
    """The command that adds the server to Claude Code."""
    return shlex.join(["claude", "mcp", "add", NAME, "--", *PUBLISHED])


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _published(client: str) -> dict[str, object]:
    return entry(CLIENTS[client], PUBLISHED)


def manifest() -> dict[str, object]:
    """The bundle's manifest, for hosts that run uv. Secrets are kept in the system's keychain and come as variables.

    Source: MCPB manifest 0.4; `mcp_config` is left out by its manual and required by its validator.
    """
    return {
        "manifest_version": "0.4",
        "name": DISTRIBUTION,
        "display_name": TITLE,
        "version": __version__,
        "description": SUMMARY,
        "author": {"name": "The mcp-ogc developers"},
        "repository": {"type": "git", "url": REPOSITORY},
        "license": "Apache-2.0",
        "server": {
            "type": "uv",
            "entry_point": "mcp_ogc/cli/__init__.py",
            "mcp_config": {
                "command": "uv",
                "args": ["run", "--directory", "${__dirname}", "--frozen", "--no-dev", DISTRIBUTION],
                "env": {variable.environment: f"${{user_config.{variable.key}}}" for variable in VARIABLES},
            },
        },
        "tools_generated": True,
        "prompts_generated": True,
        "compatibility": {"platforms": ["darwin", "win32", "linux"], "runtimes": {"python": ">=3.11 <3.15"}},
        "user_config": {
            variable.key: {
                "type": "directory" if variable.folder else "string",
                "title": variable.title,
                "description": variable.description,
                "required": False,
                "sensitive": variable.secret,
            }
            for variable in VARIABLES
        },
    }


def registry_record(bundle: Path | None = None) -> dict[str, object]:
    """The registry's `server.json` (schema of 2025-12-11).

    Args:
        bundle: The bundle of this release, whose digest clients check; left out where there is none.
    """
    package: dict[str, object] = {
        "registryType": "pypi",
        "identifier": DISTRIBUTION,
        "version": __version__,
        "runtimeHint": PUBLISHED[0],
        "transport": {"type": "stdio"},
        "environmentVariables": [
            {
                "name": variable.environment,
                "description": variable.description,
                "isRequired": False,
                "isSecret": variable.secret,
                "format": "filepath" if variable.folder else "string",
            }
            for variable in VARIABLES
        ],
    }
    packages = [package]
    if bundle is not None:
        packages.append(
            {
                "registryType": "mcpb",
                "identifier": f"{REPOSITORY}/releases/download/v{__version__}/{BUNDLE}",
                "fileSha256": hashlib.sha256(bundle.read_bytes()).hexdigest(),
                "transport": {"type": "stdio"},
            }
        )
    return {
        "$schema": "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json",
        "name": REGISTRY_NAME,
        "title": TITLE,
        "description": SUMMARY,
        "repository": {"url": REPOSITORY, "source": "github"},
        "version": __version__,
        "packages": packages,
    }
