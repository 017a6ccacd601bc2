"""`mcp-ogc config`: what to paste into a client, and what is published with a release, all from one table."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import sysconfig
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from mcp_ogc.cli.installation import ASKED, CLIENTS, NAME, PUBLISHED, ClientForm, entry, inputs
from mcp_ogc.errors import SettingsError
from mcp_ogc.settings import config_path, load

DOCUMENTS = ("badges", "manifest.json", "server.json")


def add_arguments(options: argparse.ArgumentParser) -> None:
    """Declare the options."""
    wanted = options.add_mutually_exclusive_group(required=True)
    wanted.add_argument("--client", choices=sorted(CLIENTS), help="the client to configure")
    wanted.add_argument("--document", choices=DOCUMENTS, help="what a release is published with")
    options.add_argument(
        "--bundle", type=Path, metavar="FILE", help="the bundle that server.json names, with its digest"
    )


def run(options: argparse.Namespace) -> int:
    """Print the configuration on stdout, and what to do with it on stderr."""
    if options.document:
        print(published(options.document, options.bundle))
        return 0
    settings = load(options.config)
    form = CLIENTS[options.client]
    set_here = {one.environment: value for one in ASKED if (value := os.environ.get(one.environment))}
    # An address may hold a password: https://user:password@host.
    secret = [one.environment for one in ASKED if one.secret or "@" in set_here.get(one.environment, "")]
    given = {name: value for name, value in set_here.items() if name not in secret}
    print(json.dumps(client_configuration(form, options.config, given), indent=2))
    names = ", ".join([*settings.configured_endpoints(), *(["local"] if settings.has_local else [])])
    print(
        f"{form.title}: put this into {form.file}, and restart it.\n"
        f"Endpoints now configured: {names}. {_only_here(form, set_here, secret)}"
        f"For another one, write it to {options.config or config_path()}:\n"
        '  [endpoints.NAME]\n  url = "https://…"\n  authentication = {kind = "bearer", token = "…"}\n'
        "or add MCP_OGC_URL and MCP_OGC_TOKEN to the entry's env. Results on S3 use AWS_PROFILE, or [storage.NAME].",
        file=sys.stderr,
    )
    return 0


def _only_here(form: ClientForm, set_here: Collection[str], secret: Sequence[str]) -> str:
    """What to do about variables of this shell: a desktop client has none of them."""
    if form.asks and set_here:
        return f"default is in this shell only: {form.title} asks for {' and '.join(v.environment for v in ASKED)}.\n"
    left = [name for name in secret if name in set_here]
    return "".join(f"{name} is set in this shell only: add it to the entry's env.\n" for name in left)


def client_configuration(
    form: ClientForm, config: Path | None, given: Mapping[str, str] | None = None
) -> dict[str, object]:
    """The JSON document a client reads, with the variables that are given."""
    command, *arguments = server_command()
    if config is not None:
        arguments += ["--config", str(config.resolve())]
    asked = inputs(form)
    return {**({"inputs": asked} if asked else {}), form.key: {NAME: entry(form, [command, *arguments], given)}}


def published(document: str, bundle: Path | None) -> str:
    """A document of the release: the README's badges, the bundle's manifest, the registry's record."""
    from mcp_ogc.cli.publication import badges, manifest, registry_record

    if document == "badges":
        return badges()
    return json.dumps(manifest() if document == "manifest.json" else registry_record(bundle), indent=2)


def server_command() -> list[str]:
    """The command that starts this installation, by absolute path: desktop clients have a bare PATH.

    Raises:
        SettingsError: The console script is not beside this Python.
    """
    if "archive-v0" in Path(sys.prefix).parts and (uvx := shutil.which("uvx")):
        # uvx runs from a cache that may be emptied: name uvx, which fills it again.
        return [uvx, *PUBLISHED[1:]]
    script = shutil.which("mcp-ogc", path=sysconfig.get_path("scripts"))
    if script is None:
        raise SettingsError(
            f"There is no mcp-ogc command in {sysconfig.get_path('scripts')}", remedy="Install it: pip install mcp-ogc"
        )
    return [str(Path(script).absolute())]
