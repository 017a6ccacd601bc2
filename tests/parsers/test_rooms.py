"""No code that reads remote data is forgotten: every function that decodes something is run by a parser of the
registry, or is named here with whose data it is.

Which functions decode is read off the syntax trees, and which ones run off the interpreter: neither is told by hand.
"""

import ast
import asyncio
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType

import pytest

import mcp_ogc
from tests.parsers.fuzzing import read_or_refuse, without_waiting
from tests.parsers.registry import PARSERS

ROOT = Path(mcp_ogc.__file__).parent
SEEDS = 30
DECODING = {
    "json": {"loads", "load"},
    "datetime": {"fromisoformat", "strptime"},
    "date": {"fromisoformat"},
    "time": {"fromisoformat"},
    "binascii": {"a2b_base64"},
    "base64": {"b64decode", "urlsafe_b64decode"},
    "jwt": {"decode", "get_unverified_header"},
    "csv": {"reader"},
    "LENGTHS": {"unpack"},
}
ANYTHING = {"model_validate", "model_validate_json", "validate_json", "validate_python", "raw_decode", "parsebytes"}
"""Methods that decode, whatever they are called on."""
FUNCTIONS = {"json_or_none", "mended_json", "parsedate_to_datetime", "BytesParser", "YAML"}

OURS = {
    # What we wrote ourselves, and read again.
    "jobs/entries.py": "the journal",
    "jobs/journal.py": "the journal",
    "jobs/quotas.py": "the journal",
    "net/token_store.py": "tokens that were kept",
    "rasters/store.py": "statistics that were kept",
    "local/messages.py": "the local endpoint's own rows",
    "local/job_resources.py": "the local endpoint's own rows and files",
    "local/process_resources.py": "descriptions in the code",
    "local/folder.py": "files of the driver's",
    "local/trust.py": "files of the local endpoint's; packages are read by packages/ before",
    "local/sample": "commands of the bundled packages",
    "outgoing.py": "an answer of ours",
    # What the person who runs the server types.
    "cli/": "arguments of a command",
    "http_app.py:http_app": "the configuration",
    # What a model gives; its schema is checked by the SDK before.
    "ogc/inputs/repairs.py": "inputs of an execution: tests/ogc/test_repairs.py",
    "tools/packages.py": "an answer of ours",
    "tools/schemas.py": "schemas in this package",
    "ogc/deployments.py:_as_json": "a package to deploy, which packages/ has read before",
    # Run in a process of its own, on what this one sends.
    "rasters/worker/child.py": "orders of the server's to its worker",
    # Read in the driver's process, from files of steps that run here.
    "local/publish.py": "what a step wrote: tests/local/test_publish.py",
    "local/answers.py": "what a step wrote: tests/local/test_results.py",
    "local/filters.py:matching": "the local endpoint's own rows",
    "local/filters.py:_seconds": "the local endpoint's own rows",
    "local/reader.py": "documents that are staged in, bounded: tests/local/test_reader.py",
}


def decoding() -> Iterator[str]:
    """`FILE:FUNCTION` of every function that decodes something."""
    for path in sorted(ROOT.rglob("*.py")):
        for name, body in _functions(ast.parse(path.read_text(encoding="utf-8"))):
            if any(_decodes(call) for call in ast.walk(body) if isinstance(call, ast.Call)):
                yield f"{path.relative_to(ROOT).as_posix()}:{name}"


def _functions(tree: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node


def _decodes(call: ast.Call) -> bool:
    match call.func:
        case ast.Attribute(value=ast.Name(id=owner), attr=name):
            return name in ANYTHING or name in DECODING.get(owner, ())
        case ast.Attribute(attr=name):
            return name in ANYTHING
        case ast.Name(id=name):
            return name in FUNCTIONS
    return False


async def _usual() -> None:
    with without_waiting():
        for parser in PARSERS:
            for seed in parser.seeds[: int(SEEDS * min(parser.share, 1))]:
                await read_or_refuse(parser, seed)


@pytest.fixture(scope="module")
def entered() -> set[str]:
    """`FILE:FUNCTION` of what the parsers of the registry enter, given what is usual."""
    found: set[CodeType] = set()
    before, before_in_threads = sys.gettrace(), threading.gettrace()

    def entering(frame: FrameType, *_: object) -> None:
        found.add(frame.f_code)  # told of calls only: it gives no trace of what is within

    sys.settrace(entering)
    threading.settrace(entering)  # what is long is read in one
    try:
        asyncio.run(_usual())
    finally:
        sys.settrace(before)
        threading.settrace(before_in_threads)  # type: ignore[arg-type]
    files = [(Path(code.co_filename), code.co_name) for code in found.copy()]  # threads go on
    return {f"{file.relative_to(ROOT).as_posix()}:{name}" for file, name in files if file.is_relative_to(ROOT)}


def test_every_function_that_decodes_is_run_by_a_parser_or_decodes_what_is_ours(entered: set[str]) -> None:
    forgotten = [one for one in decoding() if one not in entered and not one.startswith(tuple(OURS))]
    assert not forgotten


def test_what_is_said_to_be_ours_decodes_something() -> None:
    found = set(decoding())
    assert not [prefix for prefix in OURS if not any(one.startswith(prefix) for one in found)]
