"""T1: what a stranger writes is shown as data: labelled, capped, all of it visible, nothing of it drawn or loaded."""

import json
import re
import unicodedata
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from mcp import Client
from mcp_types import TextResourceContents

from mcp_ogc.server import build_server
from mcp_ogc.settings import Settings
from mcp_ogc.text import clean
from tests.security.hostile import MARK, ORDERS, WORDS, hostile
from tests.server.talk import text_of
from tests.servers.loopback import Server

pytestmark = pytest.mark.anyio

CALLS: list[tuple[str, dict[str, Any]]] = [
    ("ogc_list_endpoints", {}),
    ("ogc_list_processes", {}),
    ("ogc_describe_process", {"process_id": "p"}),
    ("ogc_execute_process", {"process_id": "p", "inputs": {}, "wait_seconds": 0}),
    ("ogc_execute_process", {"process_id": "p", "inputs": {f"{MARK} name": "x", "plain": "b"}, "wait_seconds": 0}),
    ("ogc_execute_process", {"process_id": "p", "inputs": {f"{MARK} name": "x"}, "dry_run": True}),
    ("ogc_get_job", {"job_id": "j"}),
    ("ogc_get_job", {"job_id": "failed"}),
    ("ogc_get_job", {"job_id": "done"}),
    ("ogc_list_jobs", {}),
    ("ogc_dismiss_job", {"job_id": "j"}),
    ("ogc_get_results", {"job_id": "done"}),
    ("ogc_get_results", {"job_id": "failed"}),
    ("ogc_get_results", {"job_id": "done", "output": "file"}),
    ("ogc_summarize_raster", {"raster": "ogc://far/jobs/done/rasters/stac/scene%20qzINJECTED/a%20qzINJECTED"}),
    ("ogc_export_job", {"job_id": "done"}),
    ("ogc_undeploy_process", {"process_id": "p"}),
    ("ogc_get_package", {"process_id": "p"}),
]
READ = [
    "ogc://endpoints",
    "ogc://far/processes",
    "ogc://far/processes/p",
    "ogc://far/processes/p/package",
    "ogc://far/jobs/j",
    "ogc://far/jobs/failed",
    "ogc://far/jobs/done/results",
    "ogc://far/jobs/failed/logs",
]
# What the next call is made of is a stranger's too, and has to be given back as it is.
WORDS_OF_CALLS = {
    *("process_id", "input_id", "output_id", "item_id", "asset", "collection", "id", "key", "version", "job_control"),
    *("media_type", "crs", "name", "path", "reported_status", "output", "item", "default", "shows"),
}


@pytest.fixture
async def client(settings: Settings, server: Server) -> AsyncIterator[Client]:
    far = {"far": {"url": hostile(server), "dialect": "standard"}}
    ours = Settings(**{**settings.model_dump(), "endpoints": far, "local": {"enabled": False}})
    async with Client(build_server(ours)) as client:
        yield client


def hidden(text: str) -> set[str]:
    return {
        f"U+{ord(one):04X}"
        for one in text
        if one not in "\n\t"
        and (
            unicodedata.category(one) in {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
            or 0xFE00 <= ord(one) <= 0xFE0F
            or 0xE0100 <= ord(one) <= 0xE01EF
        )
    }


def drawn(text: str) -> list[str]:
    return re.findall(r"!\[|\]\(|\]\[|^\[\w+\]:|<[a-zA-Z/!?]", text, re.MULTILINE)


def unlabelled(text: str) -> list[str]:
    """Lines with a stranger's words that are neither labelled nor a quoted value, which a next call is made of."""
    ours = re.sub(r'"(?:[^"\\\n]|\\.)*(?:"|… \(\d+ more characters\))', "", re.sub(r"⟦[^⟦⟧]*⟧", "", text))
    return [line for line in ours.split("\n") if re.search(rf"(?:^|\s){MARK}|evil", line)]


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    match value:
        case str():
            yield path, value
        case dict():
            for name, one in value.items():
                yield from leaves(one, (*path, name))
        case list():
            for one in value:
                yield from leaves(one, path)


@pytest.mark.parametrize(("tool", "arguments"), CALLS, ids=lambda one: one if isinstance(one, str) else "")
async def test_an_answer_labels_what_a_stranger_says(client: Client, tool: str, arguments: dict[str, Any]) -> None:
    answer = await client.call_tool(tool, arguments)
    text = text_of(answer)
    assert not hidden(text)
    assert not drawn(text)
    assert unlabelled(text) == []
    assert text.count("⟦") == text.count("⟧")
    check_fields(answer.structured_content)


@pytest.mark.parametrize("uri", READ)
async def test_a_resource_labels_what_a_stranger_says(client: Client, uri: str) -> None:
    (content,) = (await client.read_resource(uri)).contents
    assert isinstance(content, TextResourceContents)
    assert not hidden(content.text), "in JSON it is escaped"
    document = json.loads(content.text)
    assert document
    check_fields({name: value for name, value in document.items() if name != "answer"})
    if came := document.get("answer"):
        check_fields(came)


def check_fields(fields: Any) -> None:
    """A stranger's sentences are below a member named untrusted, or are values and words of next calls."""
    for path, text in leaves(fields):
        if MARK in text and not {"untrusted", "example_inputs"} & set(path):
            assert path[-1] in WORDS_OF_CALLS or unlabelled(text) == [], path


async def test_a_text_is_capped_and_says_what_was_left_out() -> None:
    assert len(clean(WORDS)) < 350
    assert "more characters)" in clean(WORDS)


async def test_what_is_left_of_a_text_is_all_to_be_seen_and_nothing_of_it_is_followed() -> None:
    shown = clean(ORDERS, 5000)
    assert "evil abcd" in shown, "it was hidden before entities were decoded"
    assert not hidden(shown)
    assert not drawn(shown)
    assert not {"⟦", "⟧"} & set(shown)


async def test_nothing_of_a_stranger_is_in_the_name_of_a_tool_a_prompt_or_a_template(client: Client) -> None:
    await client.call_tool("ogc_list_processes", {})
    listed = [await client.list_tools(), await client.list_prompts(), await client.list_resource_templates()]
    assert MARK not in "".join(one.model_dump_json() for one in listed)
    (endpoints, *_), jobs = (await client.list_resources()).resources, await client.call_tool("ogc_list_jobs", {})
    assert MARK not in endpoints.model_dump_json()
    assert jobs.structured_content
    for resource in (await client.list_resources()).resources:
        assert not hidden(resource.model_dump_json())
        assert unlabelled(resource.title or "") == []
