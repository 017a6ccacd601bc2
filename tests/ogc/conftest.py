"""A client that talks to whatever a test answers, through httpx's own seam."""

from collections.abc import Callable

import httpx
import pytest

from mcp_ogc.ogc.client import ProcessesClient
from mcp_ogc.ogc.dialects.standard import STANDARD
from mcp_ogc.settings import Limits
from tests.servers.loopback import serve, server

__all__ = ["client_of", "serve", "server"]

Answering = Callable[[httpx.Request], httpx.Response]


@pytest.fixture
def client_of() -> Callable[[Answering], ProcessesClient]:
    def make(answer: Answering) -> ProcessesClient:
        http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
        return ProcessesClient(http, "https://ogc.example/acme/ogc-api/", limits=Limits(), dialect=STANDARD)

    return make
