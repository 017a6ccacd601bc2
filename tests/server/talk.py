"""Calling tools as tests read best."""

from typing import Any

import anyio
from mcp import Client
from mcp_types import CallToolResult


def text_of(result: CallToolResult) -> str:
    return "\n".join(block.text for block in result.content if block.type == "text")


async def call(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """The structured content of an answer that is no refusal."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, text_of(result)
    return result.structured_content or {}


async def refused(client: Client, tool: str, **arguments: Any) -> str:
    """The text of a refusal."""
    result = await client.call_tool(tool, arguments)
    assert result.is_error, text_of(result)
    return text_of(result)


async def finished(client: Client, job_id: str) -> dict[str, Any]:
    """A job once it has ended."""
    with anyio.fail_after(120):
        while True:
            job = await call(client, "ogc_get_job", job_id=job_id, wait_seconds=20)
            if job["status"] not in ("accepted", "running"):
                return job
