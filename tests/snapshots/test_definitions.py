"""What the model sees, as reviewed files: `make snapshots` writes them again, and the change is a diff to be read."""

import json
import os
from pathlib import Path

import pytest
from mcp import Client

from mcp_ogc.server import build_server
from mcp_ogc.settings import Settings

pytestmark = pytest.mark.anyio

HERE = Path(__file__).parent


def compare(name: str, seen: object) -> None:
    path = HERE / f"{name}.json"
    text = json.dumps(seen, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    if os.environ.get("WRITE_SNAPSHOTS"):
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text, f"{name} changed: run make snapshots and review the diff"


@pytest.fixture(params=["auto", "legacy"])
def era(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def test_every_tool_is_as_reviewed(settings: Settings, era: str) -> None:
    async with Client(build_server(settings), mode=era) as client:
        for tool in (await client.list_tools()).tools:
            compare(f"tools/{tool.name}", tool.model_dump(mode="json", exclude_none=True))


async def test_there_is_no_snapshot_of_a_tool_that_is_gone_and_the_order_is_fixed(settings: Settings) -> None:
    async with Client(build_server(settings)) as client:
        names = [tool.name for tool in (await client.list_tools()).tools]
    assert {path.stem for path in (HERE / "tools").glob("*.json")} == set(names)
    compare("order", names)


async def test_every_prompt_is_as_reviewed(settings: Settings, era: str) -> None:
    async with Client(build_server(settings), mode=era) as client:
        prompts = (await client.list_prompts()).prompts
    compare("prompts", [prompt.model_dump(mode="json", exclude_none=True) for prompt in prompts])


async def test_every_resource_is_as_reviewed(settings: Settings, era: str) -> None:
    async with Client(build_server(settings), mode=era) as client:
        resources = (await client.list_resources()).resources
        templates = (await client.list_resource_templates()).resource_templates
    seen = [*resources, *templates]
    compare("resources", [resource.model_dump(mode="json", exclude_none=True) for resource in seen])


async def test_the_instructions_are_as_reviewed_and_short_enough_for_every_client(settings: Settings, era: str) -> None:
    async with Client(build_server(settings), mode=era) as client:
        instructions = client.instructions or ""
    assert len(instructions) <= 2048
    compare("instructions", instructions.splitlines())
