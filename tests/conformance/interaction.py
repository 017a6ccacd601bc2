"""What the scenarios call that talk with the client during a call: progress, log messages, questions, changed lists."""

import warnings
from typing import Annotated, Any

import anyio
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.shared.exceptions import MCPDeprecationWarning, MCPError
from mcp_types import MISSING_REQUIRED_CLIENT_CAPABILITY, SamplingMessage, TextContent
from pydantic import BaseModel, Field

STEP_SECONDS = 0.05
"""Between two notifications, as the suite asks."""


class User(BaseModel):
    username: str = Field(description="User's response")
    email: str = Field(description="User's email address")


class Defaults(BaseModel):
    """SEP-1034: a default of every primitive type."""

    name: str = "John Doe"
    age: int = 30
    score: float = 95.5
    status: Annotated[str, Field(json_schema_extra={"enum": ["active", "inactive", "pending"]})] = "active"
    verified: bool = True


def choices(word: str) -> list[dict[str, str]]:
    return [
        {"const": f"value{n}", "title": f"{number} {word}"} for n, number in enumerate(("First", "Second", "Third"), 1)
    ]


class Enums(BaseModel):
    """SEP-1330: the five ways to write an enumeration."""

    untitled_single: str = Field(alias="untitledSingle", json_schema_extra={"enum": ["option1", "option2", "option3"]})
    titled_single: str = Field(alias="titledSingle", json_schema_extra={"oneOf": choices("Option")})
    legacy: str = Field(
        alias="legacyEnum",
        json_schema_extra={
            "enum": ["opt1", "opt2", "opt3"],
            "enumNames": ["Option One", "Option Two", "Option Three"],
        },
    )
    untitled_multi: list[str] = Field(
        alias="untitledMulti",
        json_schema_extra={"items": {"type": "string", "enum": ["option1", "option2", "option3"]}},
    )
    titled_multi: list[str] = Field(alias="titledMulti", json_schema_extra={"items": {"anyOf": choices("Choice")}})


async def log(ctx: Context[Any, Any], text: str) -> None:
    with warnings.catch_warnings(category=MCPDeprecationWarning, action="ignore"):  # it is tested as long as it exists
        await ctx.info(text)


async def ask(ctx: Context[Any, Any], message: str, schema: type[BaseModel]) -> str:
    answer = await ctx.elicit(message, schema)
    data = answer.data.model_dump_json(by_alias=True) if answer.action == "accept" else "{}"
    return f"action={answer.action}, content={data}"


def add_notifying_tools(server: MCPServer[Any]) -> None:
    @server.tool()
    async def test_tool_with_logging(ctx: Context) -> str:
        """Three log messages."""
        await log(ctx, "Tool execution started")
        await anyio.sleep(STEP_SECONDS)
        await log(ctx, "Tool processing data")
        await anyio.sleep(STEP_SECONDS)
        await log(ctx, "Tool execution completed")
        return "done"

    @server.tool()
    async def test_logging_tool(ctx: Context) -> str:
        """A log message, for those who asked for it."""
        await log(ctx, "logged")
        return "done"

    @server.tool()
    async def test_tool_with_progress(ctx: Context) -> str:
        """Three steps of progress."""
        for progress in (0, 50, 100):
            await ctx.report_progress(progress, 100)
            await anyio.sleep(STEP_SECONDS)
        return "done"

    @server.tool()
    async def test_reconnection(ctx: Context) -> str:
        """The stream is closed during the call (SEP-1699)."""
        await ctx.close_sse_stream()
        await anyio.sleep(STEP_SECONDS)
        return "done"

    @server.tool()
    async def test_trigger_tool_change(ctx: Context) -> str:
        """The list of tools is told to have changed."""
        await ctx.notify_tools_changed()
        return "done"

    @server.tool()
    async def test_trigger_prompt_change(ctx: Context) -> str:
        """The list of prompts is told to have changed."""
        await ctx.notify_prompts_changed()
        return "done"


def add_asking_tools(server: MCPServer[Any]) -> None:
    @server.tool()
    async def test_sampling(prompt: str, ctx: Context) -> str:
        """The client's model is asked."""
        with warnings.catch_warnings(category=MCPDeprecationWarning, action="ignore"):
            answer = await ctx.session.create_message(
                [SamplingMessage(role="user", content=TextContent(text=prompt))], max_tokens=100
            )
        return f"LLM response: {getattr(answer.content, 'text', '')}"

    @server.tool()
    async def test_elicitation(message: str, ctx: Context) -> str:
        """The person is asked."""
        return "User response: " + await ask(ctx, message, User)

    @server.tool()
    async def test_elicitation_sep1034_defaults(ctx: Context) -> str:
        """The person is asked, with defaults."""
        return "Elicitation completed: " + await ask(ctx, "Who are you?", Defaults)

    @server.tool()
    async def test_elicitation_sep1330_enums(ctx: Context) -> str:
        """The person is asked to choose."""
        return "Elicitation completed: " + await ask(ctx, "What do you choose?", Enums)

    @server.tool()
    async def test_missing_capability(ctx: Context) -> str:
        """Works with clients that have a model."""
        if ctx.client_capabilities is None or ctx.client_capabilities.sampling is None:
            raise MCPError(
                MISSING_REQUIRED_CLIENT_CAPABILITY, "sampling is needed", {"requiredCapabilities": {"sampling": {}}}
            )
        return "done"
