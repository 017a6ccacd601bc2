"""T9: a body that grows, drips or does not end takes neither the memory nor the time of an answer."""

import gzip
import socket
import threading
import tracemalloc
from collections.abc import Callable, Iterator

import pytest

from mcp_ogc.errors import RemoteProblem, TimedOut, TooLarge
from mcp_ogc.net.http import open_http
from mcp_ogc.net.objects import Objects
from mcp_ogc.net.storage import Storage
from mcp_ogc.ogc.client import ProcessesClient
from mcp_ogc.settings import CatalogueSettings, EndpointSettings, Settings
from tests.servers.loopback import Reply, Server

pytestmark = pytest.mark.anyio

GIGABYTES = 10 * 2**30


def bomb() -> bytes:
    """10 GB of zeros as gzip members of 64 MiB each, 10 MB on the wire."""
    member = gzip.compress(bytes(64 * 2**20), 9)
    return member * (GIGABYTES // (64 * 2**20))


def settings(url: str, **limits: float) -> Settings:
    return Settings(
        endpoints={"home": EndpointSettings(url=url)},
        catalogues={"scenes": CatalogueSettings(url=url)},
        limits={"request_seconds": 20, **limits},
    )


async def test_a_small_answer_that_unpacks_to_ten_gigabytes_is_left_at_its_bound(server: Server) -> None:
    server.on("/api/", Reply(headers={"Content-Encoding": "gzip"}, body=bomb()))
    ours = settings(f"{server.url}/api")
    tracemalloc.start()
    async with open_http(ours) as http:
        with pytest.raises(TooLarge, match=f"{ours.limits.document_bytes:,}"):
            await ProcessesClient(http, f"{server.url}/api", limits=ours.limits).landing_page()
        with pytest.raises(TooLarge):
            await Objects(http, Storage({}), [], ours.limits).read(f"{server.url}/api/")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3 * ours.limits.document_bytes


@pytest.fixture
def drip() -> Iterator[Callable[[], str]]:
    """A server that sends a byte now and then and never comes to an end."""
    listening = socket.create_server(("127.0.0.1", 0))
    stopped = threading.Event()

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    def answer(connection: socket.socket) -> None:
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
            while not stopped.wait(0.02):
                try:
                    connection.sendall(b" ")
                except OSError:
                    return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield lambda: f"http://127.0.0.1:{listening.getsockname()[1]}"
    stopped.set()
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join()


@pytest.mark.timeout(60)
async def test_a_body_that_drips_is_given_up_in_time(drip: Callable[[], str]) -> None:
    ours = settings(drip(), request_seconds=0.5)
    async with open_http(ours) as http:
        with pytest.raises(TimedOut):
            await ProcessesClient(http, drip(), limits=ours.limits).landing_page()
        with pytest.raises(TimedOut):
            await Objects(http, Storage({}), [], ours.limits).read(f"{drip()}/a.json")


async def test_a_server_that_asks_for_an_hour_of_patience_is_answered_with_its_own_words(server: Server) -> None:
    href = server.on("/a", Reply(503, {"Retry-After": "3600"}))
    async with open_http(settings(server.url)) as http:
        with pytest.raises(RemoteProblem):
            await Objects(http, Storage({}), [], settings(server.url).limits).read(href)
    assert len(server.seen) == 1
