"""Cursors: opaque and self-contained, never state of the process."""

import base64
import binascii
import json
from typing import Annotated

from pydantic import Field, JsonValue

from mcp_ogc.errors import UnknownName

Limit = Annotated[int, Field(ge=1, le=100)]


def encode(scope: str, **position: JsonValue) -> str:
    """A cursor good for the list that `scope` names: tool, endpoint and filters."""
    return base64.urlsafe_b64encode(json.dumps([scope, position]).encode()).decode().rstrip("=")


def _is_before_all(value: JsonValue) -> bool:
    return isinstance(value, int) and value < 0


def decode(cursor: str | None, scope: str) -> dict[str, JsonValue]:
    """The position a cursor holds; empty for the first page.

    Raises:
        UnknownName: It is not a cursor, or one of another list.
    """
    if cursor is None:
        return {}
    try:
        given, position = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error, TypeError, RecursionError):
        given, position = None, None
    if given != scope or not isinstance(position, dict) or any(_is_before_all(value) for value in position.values()):
        raise UnknownName("page", cursor[:40], remedy="Repeat the call that gave next_cursor, with the same arguments")
    return position
