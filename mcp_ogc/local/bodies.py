"""The bodies of requests: within a bound, and JSON that can be written again as it was read."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Any

from mcp_ogc.local.problems import Problem, invalid
from mcp_ogc.ogc.inputs.sendable import unsendable

if TYPE_CHECKING:
    from starlette.requests import Request

LARGEST_BODY = 32 << 20
SHOWN = 5
"""Faults of a body."""


async def body_of(request: Request) -> bytes:
    """The body, up to 32 MiB."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise Problem(413, f"The body is longer than {LARGEST_BODY:,} bytes", "Give large values by reference")
    return bytes(body)


def document_of(body: bytes) -> Any:
    """The JSON document of a body. What it says is kept and told to others, so it has to be JSON when it is written.

    Raises:
        Problem: 400 where it is none, or has what no JSON can carry, with its place.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise invalid("The body is not JSON", str(error)) from error
    # No more than are told: a body may have millions.
    faults = [f"{one.path or 'it'} {one.problem}; expected {one.right}" for one in islice(unsendable(document), SHOWN)]
    if faults:
        raise invalid("The body has what JSON can't carry", "; ".join(sorted(faults)))
    return document
