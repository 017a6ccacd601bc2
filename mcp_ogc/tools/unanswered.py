"""Changes of processes that were sent once and not answered: what tells whether they were done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mcp_ogc.errors import EndpointFault, Unreachable, UnreadableAnswer
from mcp_ogc.text import call

if TYPE_CHECKING:
    from mcp_ogc.workspace import Endpoint


@contextmanager
def unknown_without_answer(endpoint: Endpoint, process_id: str) -> Iterator[None]:
    """A change is sent within, once: where no answer tells what came of it, the next look does."""
    try:
        yield
    except (Unreachable, UnreadableAnswer, EndpointFault) as error:
        endpoint.forget(process_id)
        look = call("ogc_describe_process", process_id=process_id, endpoint=endpoint.name)
        error.remedy = f"Whether it was done is not known: {look} shows what is there now"
        raise
