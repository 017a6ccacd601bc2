"""What a model reads of a call that can't be: which tool or argument was meant, and what would be right."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcp.server.mcpserver.tools import Tool
    from pydantic import ValidationError

    from mcp_ogc.users import Permission


def too_long(name: str, seconds: int) -> str:
    """A tool that did not end in time."""
    return (
        f"{name} did not end within {seconds} s. What it started goes on: call it again with the same arguments, "
        "a submission is not sent twice. If it stays so, the endpoint does not answer: ogc_list_endpoints tells."
    )


def not_permitted(name: str, needed: Permission) -> str:
    """A tool that the client's token does not allow."""
    return (
        f"{name} is not permitted: the token this client presents does not allow to {needed}; nothing was done. "
        f"A person has to connect again and allow it, or the operators of this server do."
    )


def unknown_tool(name: str, known: list[str]) -> str:
    """A tool that is not here, and the nearest that are."""
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=3)
    return f"There is no tool {name!r} here. " + (f"Did you mean {', '.join(near)}?" if near else f"Tools: {known}")


def unknown_arguments(tool: Tool, unknown: Sequence[str]) -> str:
    """Arguments that a tool has not, and the nearest that it has."""
    from difflib import get_close_matches

    known = list(tool.parameters["properties"])
    lines = [f"{tool.name} has no argument {', '.join(unknown)}; nothing was done."]
    near = {name: get_close_matches(name, known, n=1) for name in unknown}
    lines += [f"Did you mean {names[0]} for {name}?" for name, names in near.items() if names]
    return "\n".join([*lines, f"Its arguments: {', '.join(known)}. Mend it and call again."])


def misfits(tool: Tool, error: ValidationError) -> str:
    """Arguments of a wrong form, each with what is wrong about it."""
    lines = [f"The arguments do not fit {tool.name}; nothing was done."]
    for problem in error.errors(include_url=False):
        path = ".".join(str(part) for part in problem["loc"])
        given = "" if problem["type"] == "missing" else f" (given: {str(problem['input'])[:80]!r})"
        lines.append(f"- {path}: {problem['msg']}{given}")
    lines.append("Mend them and call again.")
    return "\n".join(lines)
