"""What leaves as an answer, whatever made it: secrets masked, and nothing in it that can't be seen."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mcp.shared.exceptions import MCPError

from mcp_ogc.text import escaped, undrawn, visible

if TYPE_CHECKING:
    from mcp.server.context import CallNext, HandlerResult, ServerRequestContext

    from mcp_ogc.net.redaction import Redaction

# These say nothing but what is written in this package; a client that compares them finds them equal, byte by byte.
OURS = {"initialize", "server/discover", "tools/list", "prompts/list", "resources/templates/list", "ping"}
PICTURES = {"data", "blob"}
MEMBER = re.compile(r"[A-Za-z_]{1,30}")
"""A name like those of our own members, whose answers a client holds to their schema."""


class Outgoing:
    """The SDK's middleware for it: tools, resources, prompts and completions all pass here, and their errors.

    Args:
        redact: Masks secrets.
    """

    def __init__(self, redact: Redaction) -> None:
        self._redact = redact

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Answer as the rest of the chain does, cleared."""
        try:
            result = await call_next(ctx)
        except MCPError as error:
            raise MCPError(error.code, self.text(error.message), self.value(error.data)) from error
        if not isinstance(result, dict) or ctx.method in OURS:
            return result
        return {
            name: [self._block(block) for block in value] if name in ("content", "contents") else self.value(value)
            for name, value in result.items()
        }

    def text(self, text: str) -> str:
        """A text, cleared."""
        return visible(self._redact(text))

    def value(self, value: Any) -> Any:
        """A JSON value, every text in it cleared."""
        match value:
            case str():
                return self.text(value)
            case dict():
                return {
                    name if MEMBER.fullmatch(name) else self.text(name): self.value(one) for name, one in value.items()
                }
            case list():
                return [self.value(one) for one in value]
        return value

    def _block(self, block: Any) -> Any:
        """A block of an answer, or the content of a resource: bytes of pictures stay as they are."""
        if not isinstance(block, Mapping):
            return self.value(block)
        if block.get("mimeType") == "application/json" and isinstance(block.get("text"), str):
            return {**self.value({**block, "text": ""}), "text": self._document(block["text"])}
        shown = {name: one if name in PICTURES else self.value(one) for name, one in block.items()}
        return {**shown, "text": undrawn(shown["text"])} if block.get("type") == "text" else shown

    def _document(self, text: str) -> str:
        """A document of ours: what it quotes is redacted, and escaped where it can't be seen, but not lost."""
        return escaped(json.dumps(self._redact.value(json.loads(text)), ensure_ascii=False))
