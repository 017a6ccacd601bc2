"""What a tool declares beside its function, and how it reaches the workspace."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from mcp.server.mcpserver import Context
from mcp_types import ToolAnnotations

from mcp_ogc.confirmation import Confirmations
from mcp_ogc.sessions import Sessions
from mcp_ogc.settings import Toolset
from mcp_ogc.users import Permission

if TYPE_CHECKING:
    from mcp_ogc.workspace import Workspace


Call = Context[Sessions, Any]


async def workspace(call: Call) -> Workspace:
    """The workspace of whom the call is served for, opened by now."""
    return await call.request_context.lifespan_context.current().late_workspace.get()


def confirmations(call: Call) -> Confirmations:
    """The confirmations of whom the call is served for."""
    return call.request_context.lifespan_context.current().confirmations


class Effect(Enum):
    """What a call does to the world, as MCP's hints say it."""

    READS = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=True)
    SUBMITS = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=True)
    SAVES = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=True)
    DESTROYS = ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=False, open_world_hint=True)


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """One tool: its function (the name and the model's description are the function's own) and what it declares."""

    function: Callable[..., Awaitable[Any]]
    title: str
    toolset: Toolset
    effect: Effect
    view: str | None = None
    """The `ui://` page that clients may show with its answers."""

    @property
    def name(self) -> str:
        """Public API: `ogc_` and the function's name."""
        return f"ogc_{self.function.__name__}"

    @property
    def permission(self) -> Permission:
        """What a user's token has to allow."""
        if self.effect is Effect.READS:
            return "read"
        return "deploy" if self.toolset == "packages" else "execute"
