"""The composition root: settings in, an MCP server out."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ResourceError, ToolError, UnexpectedToolError
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS, CallToolResult, GetPromptResult, InputRequiredResult, TextContent
from mcp_types import Resource as ListedResource
from pydantic import ValidationError

from mcp_ogc import __version__
from mcp_ogc.audit import Audit
from mcp_ogc.bearers import user_of
from mcp_ogc.completions import add_completions
from mcp_ogc.errors import OgcError, TimedOut
from mcp_ogc.misuse import misfits, not_permitted, too_long, unknown_arguments, unknown_tool
from mcp_ogc.net.redaction import Redaction, secrets_of
from mcp_ogc.opening import LateWorkers, opened
from mcp_ogc.outgoing import Outgoing
from mcp_ogc.prompts import as_mcp, misfit, read_prompts
from mcp_ogc.resources import add_resources, newest_resources
from mcp_ogc.sessions import Session, Sessions
from mcp_ogc.stdio import Messages
from mcp_ogc.subscriptions import Subscriptions
from mcp_ogc.telemetry import Operations
from mcp_ogc.text import explain, only_offered, refuse
from mcp_ogc.tools.catalogue import TOOLS
from mcp_ogc.tools.schemas import tools
from mcp_ogc.tools.spec import Effect, ToolSpec
from mcp_ogc.users import Permission, User, current_user, served
from mcp_ogc.views.app import view_app

if TYPE_CHECKING:
    from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
    from mcp.server.mcpserver.tools import Tool

    from mcp_ogc.net.traffic import Traffic
    from mcp_ogc.settings import Settings
    from mcp_ogc.workspace import Workspace


TOOL_SECONDS = 45
"""Desktop clients end a call after 60 s, and may not recover."""
PERMISSIONS: Mapping[str, Permission] = {spec.name: spec.permission for spec in TOOLS}


class OgcServer(MCPServer[Sessions]):
    """The SDK's server, with our one place where failures become what the model reads."""

    sessions: Sessions | None = None
    audit: Audit
    subscriptions: Subscriptions
    changing: frozenset[str] = frozenset()
    """The tools that change something: each call of one is in the audit."""

    def session(self) -> Session:
        """What the current user works with, for resources that the SDK gives no context; raises as `serving`."""
        return self.serving().current()

    def serving(self) -> Sessions:
        """What all users work with.

        Raises:
            ResourceError: Nothing is served yet.
        """
        if self.sessions is None:
            raise ResourceError("The server is not serving yet")
        return self.sessions

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Sessions, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Run a tool; whatever we foresaw comes back as an answer, anything else as the SDK's masked error."""
        tool = self._tool_manager.get_tool(name)
        if tool is None:
            return refuse(unknown_tool(name, [known.name for known in self._tool_manager.list_tools()]))
        if unknown := sorted(set(arguments) - set(tool.parameters["properties"])):
            return refuse(unknown_arguments(tool, unknown))
        if (needed := PERMISSIONS.get(name, "deploy")) not in current_user().permissions:
            return refuse(not_permitted(name, needed))
        try:
            if name not in self.changing:
                return await self._ended(tool, arguments, context)
            async with self.audit.change(name, arguments) as change:
                try:
                    answer = await self._ended(tool, arguments, context)
                except OgcError as error:
                    change.failed(error)
                    raise
                change.answered(answer.structured_content if isinstance(answer, CallToolResult) else None)
                return answer
        except OgcError as error:
            told = refuse(explain(error))
            return self._of_what_is_here(told) if error.remedy else told
        finally:
            self._get_ready()

    async def _ended(
        self, tool: Tool, arguments: dict[str, Any], context: Context[Sessions, Any] | None
    ) -> CallToolResult | InputRequiredResult:
        """What a tool answers in time; whatever we foresaw is raised as ours."""
        try:
            with anyio.fail_after(TOOL_SECONDS):
                return self._of_what_is_here(await super().call_tool(tool.name, arguments, context))
        except TimeoutError:
            raise TimedOut(too_long(tool.name, TOOL_SECONDS)) from None
        except ToolError as error:
            cause = error.__cause__
            if isinstance(cause, OgcError):
                raise cause from None
            if isinstance(cause, ValidationError) and not isinstance(error, UnexpectedToolError):
                raise OgcError(misfits(tool, cause)) from None
            raise

    def _of_what_is_here(self, answer: CallToolResult | InputRequiredResult) -> CallToolResult | InputRequiredResult:
        """An answer whose next call is one of a tool that this server has."""
        if not isinstance(answer, CallToolResult) or not answer.content:
            return answer
        first, *others = answer.content
        if not isinstance(first, TextContent):
            return answer
        names = [tool.name for tool in self._tool_manager.list_tools()]
        shown = first.model_copy(update={"text": only_offered(first.text, names)})
        told = answer.structured_content
        if isinstance(told, dict) and isinstance(told.get("next"), str):
            told = {**told, "next": only_offered(told["next"], names)}
        return answer.model_copy(update={"content": [shown, *others], "structured_content": told})

    def _get_ready(self) -> None:
        """Have a raster worker ready, once a client has turned out to call tools: rasters are what comes next."""
        work = self.sessions and self.sessions.current().late_workspace.opened
        if work and "results" in work.settings.toolsets:
            work.rasters.get_ready()

    async def get_prompt(
        self, name: str, arguments: dict[str, Any] | None = None, context: Context[Sessions, Any] | None = None
    ) -> GetPromptResult | InputRequiredResult:
        """A prompt with its arguments; one that does not fit is said to be invalid, and which would be right."""
        if wrong := misfit(self._prompt_manager.list_prompts(), name, arguments or {}):
            raise MCPError(INVALID_PARAMS, wrong)
        try:
            return await super().get_prompt(name, arguments, context)
        except ValueError as error:
            cause = error.__cause__ and error.__cause__.__cause__  # the SDK wraps it twice
            if isinstance(cause, OgcError):
                raise MCPError(INVALID_PARAMS, explain(cause)) from cause
            raise

    async def list_resources(self) -> list[ListedResource]:
        """The endpoints, and the newest jobs of the journal; no network."""
        listed = await super().list_resources()
        return listed + await newest_resources(self.session())

    async def run_stdio_async(self) -> None:
        """Serve over stdio; whatever is printed from now on goes to stderr, because stdout is the protocol's."""
        async with stdio_server() as (read_stream, write_stream):
            sys.stdout = sys.stderr
            options = self._lowlevel_server.create_initialization_options()
            await self._lowlevel_server.run(Messages(read_stream, write_stream), write_stream, options)


def build_server(settings: Settings, redaction: Redaction | None = None) -> OgcServer:
    """The server these settings describe. Nothing is opened before the first call that needs it.

    Args:
        settings: What the operator configured.
        redaction: Masks secrets in the log, and is told of those that are found at run time.
    """
    redact = redaction or Redaction(secrets_of(settings))

    subscriptions = Subscriptions(lambda: built.serving())  # noqa: PLW0108 - it is not built yet

    @asynccontextmanager
    async def lifespan(_: MCPServer[Sessions]) -> AsyncIterator[Sessions]:
        workers = LateWorkers(settings)

        @asynccontextmanager
        async def opening(user: User, traffic: Traffic) -> AsyncIterator[Workspace]:
            async with opened(settings.of(user), redact, workers.get(), traffic) as work:
                work.changes.subscribe(partial(subscriptions.changed, user))
                yield work

        async with aclosing(workers), anyio.create_task_group() as tasks, anyio.create_task_group() as telling:
            subscriptions.start(telling)
            built.sessions = sessions = Sessions(
                opening, tasks, redact, settings.http.idle_seconds, bytes_per_hour=settings.quotas.bytes_per_hour
            )
            telling.start_soon(sessions.close_idle_ones)
            try:
                yield sessions
            finally:
                telling.cancel_scope.cancel()
                sessions.close()

    built = OgcServer(
        "mcp-ogc",
        title="OGC API - Processes",
        description="Earth Observation workflows in a conversation",
        instructions=Path(__file__).with_name("instructions.md").read_text(encoding="utf-8"),
        version=__version__,
        tools=tools(offered(settings)),
        lifespan=lifespan,
        log_level="ERROR",
        subscriptions=subscriptions.bus,
        middleware=[_as_user, _Measuring(), Outgoing(redact)],
        extensions=[view_app()],
    )
    built.audit = Audit(settings.audit_path, redact)
    built.changing = frozenset(spec.name for spec in TOOLS if spec.effect is not Effect.READS)
    built.subscriptions = subscriptions
    subscriptions.serve(built)
    add_resources(built, built.session)
    prompts = list(read_prompts())
    choices = {one.name: tuple(one.texts) for prompt in prompts for one in prompt.arguments if one.texts}
    add_completions(built, built.session, choices)
    for prompt in prompts:
        built.add_prompt(as_mcp(prompt))
    return built


async def _as_user(ctx: ServerRequestContext[Sessions, Any], call_next: CallNext) -> HandlerResult:
    """The one place where a request gets its user: of the token it came with, or whoever runs the server."""
    with served(user_of(ctx.request)), ctx.lifespan_context.in_use():
        return await call_next(ctx)


class _Measuring:
    """Has every message measured: a tool that refuses counts as one that failed, as in the SDK's spans."""

    def __init__(self) -> None:
        self._operations = Operations()

    async def __call__(self, ctx: ServerRequestContext[Sessions, Any], call_next: CallNext) -> HandlerResult:
        """Pass a message on."""
        named = ctx.params.get("name") if ctx.params and ctx.method == "tools/call" else None
        with self._operations.measured(ctx.method, named if named in PERMISSIONS else None) as outcome:
            result = await call_next(ctx)
            match result:
                case CallToolResult(is_error=True) | {"isError": True}:  # before it is written out, and after
                    outcome.error = "tool_error"
                case _:
                    pass
            return result


def offered(settings: Settings) -> list[ToolSpec]:
    """The tools of the chosen toolsets; a read-only server has none that changes anything."""
    return [
        spec
        for spec in TOOLS
        if spec.toolset in settings.toolsets and (spec.effect is Effect.READS or not settings.read_only)
    ]
