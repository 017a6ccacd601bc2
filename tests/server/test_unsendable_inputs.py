"""Inputs that no JSON can carry are refused in words before anything is written, and every request is answered."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp_types import CLIENT_CAPABILITIES_META_KEY, CLIENT_INFO_META_KEY, PROTOCOL_VERSION_META_KEY

from mcp_ogc.cli.config import server_command
from tests.server.talk import call, refused

UNSENDABLE = {
    "number is NaN": '{"number": NaN}',
    "number is Infinity": '{"number": 1e999}',
    r"string is '\ud800', which has half a character": '{"string": "\\ud800"}',
}
CLIENT = {"name": "t", "version": "1"}
ENVELOPE = {
    PROTOCOL_VERSION_META_KEY: "2026-07-28",
    CLIENT_INFO_META_KEY: CLIENT,
    CLIENT_CAPABILITIES_META_KEY: {},
}
HANDSHAKE = [
    {
        "method": "initialize",
        "id": "hello",
        "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": CLIENT},
    },
    {"method": "notifications/initialized"},
]


def talk(folder: Path, lines: list[str], count: int) -> dict[str, Any]:
    """Send lines to a server of its own over stdio: what answers them, by id."""
    settings = {"MCP_OGC_DATA_FOLDER": str(folder)}
    with subprocess.Popen(
        server_command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, **settings}
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("".join(f"{line}\n" for line in lines).encode())
        process.stdin.flush()
        answers: dict[str, Any] = {}
        while len(answers) < count:
            message = json.loads(process.stdout.readline())
            answers[message["id"]] = message
        process.stdin.close()
        process.wait(30)
    return answers


@pytest.mark.parametrize("era", ["handshake", "envelope"])
def test_over_stdio_each_call_with_such_inputs_is_answered_with_what_is_wrong(tmp_path: Path, era: str) -> None:
    meta = {"_meta": ENVELOPE} if era == "envelope" else {}
    lines = [json.dumps({"jsonrpc": "2.0", **one}) for one in (HANDSHAKE if era == "handshake" else [])]
    calls = {f"{number}": inputs for number, inputs in enumerate(UNSENDABLE.values())}
    for number, inputs in calls.items():
        arguments = {"name": "ogc_execute_process", "arguments": {"process_id": "echo", "inputs": "HERE"}}
        asked = {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": {**arguments, **meta}}
        lines.append(json.dumps(asked).replace('"HERE"', inputs))
    last = {"name": "ogc_list_jobs", "arguments": {}}
    lines.append(json.dumps({"jsonrpc": "2.0", "id": "last", "method": "tools/call", "params": {**last, **meta}}))
    answers = talk(tmp_path / "data", lines, len(calls) + 1 + (era == "handshake"))
    for told, number in zip(UNSENDABLE, calls, strict=True):
        answer = answers[number]
        said = answer["error"]["message"] if "error" in answer else answer["result"]["content"][0]["text"]
        assert told in said
        assert "call again" in said
        assert "error" in answer or answer["result"]["isError"]
    assert answers["last"]["result"]["structuredContent"]["jobs"] == []


def test_a_line_that_is_no_request_is_not_answered_and_the_next_one_is(tmp_path: Path) -> None:
    lines = [json.dumps({"jsonrpc": "2.0", **one}) for one in HANDSHAKE]
    lines += [
        "not JSON at all",
        '{"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"reason": "\\ud800"}}',
        '{"jsonrpc": "2.0", "id": "\\ud800", "method": "ping"}',
        f'{{"jsonrpc": "2.0", "id": "deep", "method": "ping", "params": {{"a": {"[" * 300}{"]" * 300}}}}}',
        '{"jsonrpc": "2.0", "id": "last", "method": "ping"}',
    ]
    answers = talk(tmp_path / "data", lines, 3)
    assert set(answers) == {"hello", "deep", "last"}
    assert "params.a[0] is nested deeper than 100 levels" in answers["deep"]["error"]["message"]
    assert answers["last"]["result"] == {}


@pytest.mark.anyio
async def test_half_a_character_that_comes_another_way_is_refused_and_nothing_is_written(client: Client) -> None:
    told = await refused(client, "ogc_execute_process", process_id="echo", inputs={"string": "a\ud800"})
    assert "\\ud800" in told
    assert (await call(client, "ogc_list_jobs"))["jobs"] == []
