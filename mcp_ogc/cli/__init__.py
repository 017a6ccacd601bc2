"""The command line: `mcp-ogc` serves over stdio; the other commands are for people."""

from __future__ import annotations

import argparse
import errno
import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from types import ModuleType

from mcp_ogc import __version__
from mcp_ogc.errors import OgcError

COMMANDS = {
    "serve": "serve MCP, over stdio or HTTP (what clients start; the default)",
    "demo": "find the water bodies of a real Landsat scene, through the MCP tools",
    "check": "tell what works against the configured endpoints (GET only)",
    "login": "sign in to an endpoint, with a browser here or anywhere",
    "logout": "sign out of an endpoint, and remove its tokens",
    "local": "serve the local OGC API - Processes endpoint over HTTP, on loopback",
    "config": "print the configuration to paste into a client",
}

READER_LEFT = 141
"""As a shell has it of a program that a closed pipe ended."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit code is 0 where it did what was asked, 1 where not, 2 for a wrong command line."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a pipe of Windows has a code page without most of what we print
            stream.reconfigure(errors="replace")
    parser = _parser()
    if not any(argument in COMMANDS or argument in ("-h", "--help", "--version") for argument in given):
        given.insert(0, "serve")
    elif given[0] not in COMMANDS and given[0].startswith("-") and given[0] not in ("-h", "--help", "--version"):
        parser.error("the command comes first, its options after it")
    command = given[0] if given[0] in COMMANDS else None
    if command is None:
        parser.parse_args(given)
        return 2
    try:
        return _run(command, given[1:])
    except OgcError as error:
        print(f"mcp-ogc: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except (OSError, BaseExceptionGroup) as error:
        if (code := _of_output(error)) is None:
            raise
        return code


def _run(command: str, given: Sequence[str]) -> int:
    ended = int(_module(command).run(options_of(command).parse_args(given)))
    if sys.stdout:
        sys.stdout.flush()
    return ended


def _of_output(error: OSError | BaseExceptionGroup) -> int | None:
    """The exit code where what was printed could not be written; nothing more is. None of any other failure."""
    found = error if isinstance(error, OSError) else error.subgroup(OSError)
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    if isinstance(found, BrokenPipeError):  # whoever read it has enough, as `head` does
        code = READER_LEFT
    elif isinstance(found, OSError) and found.errno == errno.ENOSPC:
        print(f"mcp-ogc: {found.strerror}", file=sys.stderr)
        code = 1
    else:
        return None
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def options_of(command: str) -> argparse.ArgumentParser:
    """What a command takes."""
    options = argparse.ArgumentParser(prog=f"mcp-ogc {command}", description=COMMANDS[command])
    options.add_argument("--config", type=Path, metavar="FILE", help="settings (TOML); else the user's own")
    options.add_argument("--log-level", choices=["debug", "info", "warning", "error"], help="of the log on stderr")
    _module(command).add_arguments(options)
    return options


def _module(command: str) -> ModuleType:
    """A command's module: what is imported stays, so that looking through it for garbage is time lost."""
    gc.disable()
    try:
        return import_module(f"mcp_ogc.cli.{command}")
    finally:
        gc.enable()


def _parser() -> argparse.ArgumentParser:
    commands = "\n".join(f"  {name:8} {text}" for name, text in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="mcp-ogc",
        description="Earth Observation workflows in a conversation: an MCP server for OGC API - Processes.",
        epilog=f"commands:\n{commands}\n\n`mcp-ogc COMMAND --help` tells its options.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="mcp-ogc [COMMAND] [OPTIONS]",
    )
    parser.add_argument("--version", action="version", version=f"mcp-ogc {__version__}")
    return parser
