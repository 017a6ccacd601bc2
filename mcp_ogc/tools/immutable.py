"""Processes that are part of a server (`mutable: false`, OGC 20-044): not replaced, not undeployed, whoever agrees."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mcp_ogc.errors import ImmutableProcess
from mcp_ogc.text import call, word

if TYPE_CHECKING:
    from mcp_ogc.ogc.models import ProcessDescription
    from mcp_ogc.workspace import Endpoint

ANOTHER_ID = "Give the workflow another id, then call again"


def check_mutable(endpoint: Endpoint, description: ProcessDescription, remedy: str) -> None:
    """Refuse what the server would, before a person is asked for it.

    Raises:
        ImmutableProcess: The description says that it can't be changed; what it leaves open is the server's to tell.
    """
    if description.mutable is False:
        raise ImmutableProcess(
            f"{word(description.id)} is part of {endpoint.name} and can't be changed: only deployed processes can",
            remedy=remedy,
        )


@contextmanager
def if_immutable(remedy: str) -> Iterator[None]:
    """What to do where only the server's answer tells that a process can't be changed."""
    try:
        yield
    except ImmutableProcess as error:
        error.remedy = remedy
        raise


def not_undeployed(endpoint: Endpoint) -> str:
    """What is left to do about a process that can't be undeployed."""
    return f"It stays; what else there is: {call('ogc_list_processes', endpoint=endpoint.name)}"
