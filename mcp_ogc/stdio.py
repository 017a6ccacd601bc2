"""What comes over stdio and is no JSON: a request among it is answered all the same.

Its transport hands on what it can't read as an exception, and its dispatcher drops that (mcp 2.3): whoever asked would
wait for ever.
"""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

import anyio
from anyio.abc import ObjectReceiveStream
from mcp.shared.message import SessionMessage
from mcp_types import PARSE_ERROR, ErrorData, JSONRPCError, RequestId
from pydantic import TypeAdapter, ValidationError

from mcp_ogc.ogc.inputs.sendable import unsendable

if TYPE_CHECKING:
    from anyio.abc import ObjectSendStream

logger = logging.getLogger(__name__)

SHOWN_FAULTS = 5


class Messages(ObjectReceiveStream[SessionMessage | Exception]):
    """The messages of a transport; a request among what is none gets an error with its id.

    Args:
        incoming: What the transport reads.
        outgoing: Where answers go.
    """

    def __init__(
        self, incoming: ObjectReceiveStream[SessionMessage | Exception], outgoing: ObjectSendStream[SessionMessage]
    ) -> None:
        self._incoming = incoming
        self._outgoing = outgoing

    async def receive(self) -> SessionMessage | Exception:
        """The next message."""
        while isinstance(item := await self._incoming.receive(), Exception):
            logger.warning("A line that is no message came in: %s", type(item).__name__)
            if error := answer_to(_line_of(item)):
                with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):  # nobody listens any more
                    await self._outgoing.send(SessionMessage(error))
        return item

    async def aclose(self) -> None:
        """Close what the transport reads."""
        await self._incoming.aclose()


def _line_of(unread: Exception) -> str:
    """The line that the SDK's parser could not read; empty where it was JSON, and something else was wrong with it."""
    first = unread.errors()[0] if isinstance(unread, ValidationError) else None
    return str(first["input"]) if first and first["type"] == "json_invalid" else ""


def answer_to(line: str) -> JSONRPCError | None:
    """The error that answers a request of which the SDK can't read the line; None where it is no request with an id."""
    try:
        document = json.loads(line)  # Python's parser takes more
        if not isinstance(document, dict) or "method" not in document or any(unsendable(document.get("id"))):
            return None
        number: RequestId = TypeAdapter(RequestId).validate_python(document.get("id"))
    except (ValueError, RecursionError):
        return None
    first = islice(unsendable(document), SHOWN_FAULTS)
    told = "\n".join(sorted(f"- {one.path} {one.problem}; expected {one.right}" for one in first))
    message = f"The request has what JSON can't carry; nothing was done.\n{told}\nMend it and call again."
    return JSONRPCError(jsonrpc="2.0", id=number, error=ErrorData(code=PARSE_ERROR, message=message))
