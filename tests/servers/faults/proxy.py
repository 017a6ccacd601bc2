"""A gateway on loopback in front of a server, where things go wrong as a plan says."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import h11
import httpx

from tests.servers.faults.fault import NOT_PASSED_ON, Fault
from tests.servers.faults.plan import NoFault, Plan
from tests.servers.loopback import certified

PAGE = b"<!DOCTYPE html><html><head><title>Gateway</title></head><body><h1>One moment, please</h1></body></html>"
STATUSES = {
    Fault.TOO_MANY: 429,
    Fault.BAD_GATEWAY: 502,
    Fault.BAD_GATEWAY_AFTER: 502,
    Fault.UNAVAILABLE: 503,
    Fault.GATEWAY_TIMEOUT: 504,
    Fault.PAGE: 200,
}
"""What the gateway answers itself."""
LEFT_TO_THE_PROXY = ("connection", "content-length", "keep-alive", "transfer-encoding")
START_SECONDS = 10
READ = 1 << 16


@dataclass(frozen=True)
class Request:
    """What came to the proxy."""

    method: str
    path: str
    """With the query."""
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True)
class Answer:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True)
class Exchange:
    """One request, its fault, and the answer of the server where it was passed on and there was one."""

    request: Request
    fault: Fault | None
    answer: Answer | None

    @property
    def was_passed_on(self) -> bool:
        return self.fault not in NOT_PASSED_ON


@dataclass(frozen=True)
class Certificates:
    """What the proxy presents, and what it presents where the fault is the certificate."""

    own: ssl.SSLContext
    stranger: ssl.SSLContext


class FaultProxy:
    """Passes requests on to a server whose origin it is given, but for the faults of its plan.

    Over TLS each request has a connection of its own, so that each may fail to be made; without, connections are kept,
    as servers keep them.

    Args:
        upstream: Origin of the server.
        plan: May be set to another at any time.
        certificates: With them it speaks TLS only.
        retry_after: Seconds that `TOO_MANY` and `UNAVAILABLE` ask for.
        delay: Seconds by which `DELAYED` is late.
        drip: Seconds between two bytes of `DRIPPING`.
    """

    def __init__(
        self,
        upstream: str,
        plan: Plan | None = None,
        certificates: Certificates | None = None,
        *,
        retry_after: int = 0,
        delay: float = 0.05,
        drip: float = 0.05,
    ) -> None:
        self.plan: Plan = plan or NoFault()
        self.url = ""
        self.exchanges: list[Exchange] = []
        self.broken_handshakes = 0
        self._upstream = upstream
        self._certificates = certificates
        self._retry_after = retry_after
        self._delay = delay
        self._drip = drip
        self._serving: set[asyncio.Task[None]] = set()

    @contextmanager
    def listening(self) -> Iterator[str]:
        """Serve in a thread of its own; gives the origin."""
        ready = threading.Event()
        loop = asyncio.new_event_loop()
        ending = asyncio.Event()

        async def run() -> None:
            # Nothing of the proxy's own: no time-out, no second try, no decoding.
            async with httpx.AsyncClient(trust_env=False, timeout=None) as self._http:
                server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
                scheme = "https" if self._certificates else "http"
                self.url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
                ready.set()
                await ending.wait()
                server.close()
                for task in self._serving:
                    task.cancel()
                await asyncio.gather(*self._serving, return_exceptions=True)

        thread = threading.Thread(target=loop.run_until_complete, args=(run(),), daemon=True, name="fault proxy")
        thread.start()
        try:
            if not ready.wait(START_SECONDS):
                raise TimeoutError("the proxy does not start")
            yield self.url
        finally:
            loop.call_soon_threadsafe(ending.set)
            thread.join()
            loop.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            # The client has left, or the proxy ends.
            with suppress(OSError, EOFError, h11.RemoteProtocolError, asyncio.CancelledError):
                if await self._greeted(writer):
                    while (request := await _read(reader)) and await self._answer(request, reader, writer):
                        pass
        finally:
            self._serving.discard(task)
            writer.close()

    async def _greeted(self, writer: asyncio.StreamWriter) -> bool:
        """Whether there is a connection that requests can be sent on."""
        if self._certificates is None:
            return True
        fault = self.plan.of_connection()
        self.broken_handshakes += fault is not None
        if fault is Fault.TLS_GARBAGE:
            writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            return False
        stranger = fault is Fault.TLS_STRANGER
        await writer.start_tls(self._certificates.stranger if stranger else self._certificates.own)
        return True

    async def _answer(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer a request, or not; whether another may come on this connection."""
        fault = self.plan.of_request(request.method, request.path)
        answer = None if fault in NOT_PASSED_ON else await self._passed_on(request)
        self.exchanges.append(Exchange(request, fault, answer))
        if fault in (Fault.CUT_BEFORE, Fault.CUT_AFTER):
            writer.transport.abort()
            return False
        if fault is Fault.SILENT:
            await reader.read()
            return False
        if fault in STATUSES or answer is None:
            return await self._send(writer, self._own(fault), fault)
        if fault is Fault.DELAYED:
            await asyncio.sleep(self._delay)
        return await self._send(writer, answer, fault)

    async def _passed_on(self, request: Request) -> Answer | None:
        """The server's answer; None where there is none."""
        headers = [(name, value) for name, value in request.headers if name not in LEFT_TO_THE_PROXY]
        if self._certificates:
            headers.append(("x-forwarded-proto", "https"))
        url = f"{self._upstream}{request.path}"
        try:
            async with self._http.stream(request.method, url, headers=headers, content=request.body) as response:
                body = b"".join([chunk async for chunk in response.aiter_raw()])
        except httpx.TransportError:
            return None
        told = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw]
        kept = tuple((name, value) for name, value in told if name.lower() not in LEFT_TO_THE_PROXY)
        return Answer(response.status_code, kept, body)

    def _own(self, fault: Fault | None) -> Answer:
        """What the gateway says itself: also, without a fault, that the server does not answer."""
        status = STATUSES.get(fault, 502) if fault else 502
        pause = (("Retry-After", str(self._retry_after)),) if status in (429, 503) else ()
        return Answer(status, (("Content-Type", "text/html"), *pause), PAGE)

    async def _send(self, writer: asyncio.StreamWriter, answer: Answer, fault: Fault | None) -> bool:
        """Write an answer as the fault has it; whether the connection goes on."""
        length, half = len(answer.body), len(answer.body) // 2
        body = answer.body[:half] if fault in (Fault.CUT_BODY, Fault.TRUNCATED) else answer.body
        told: int | None = length
        if fault is Fault.TOLD_LONGER:
            told = length + 100
        elif fault is Fault.TOLD_SHORTER:
            told = half
        elif fault is Fault.TRUNCATED:
            told = None
        ends = bool(self._certificates) or fault in (Fault.TRUNCATED, Fault.TOLD_LONGER)
        writer.write(_head(answer, told, ends))
        if fault is Fault.DRIPPING:
            for number in range(length):
                writer.write(body[number : number + 1])
                await writer.drain()
                await asyncio.sleep(self._drip)
        else:
            writer.write(body)
        await writer.drain()
        if fault is Fault.CUT_BODY:
            writer.transport.abort()
            return False
        return not ends


async def _read(reader: asyncio.StreamReader) -> Request | None:
    """The next request; None at the end of the connection."""
    connection = h11.Connection(h11.SERVER)
    head: h11.Request | None = None
    body = bytearray()
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(READ))
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in head.headers)
            return Request(head.method.decode(), head.target.decode(), headers, bytes(body))
        else:
            return None


def _head(answer: Answer, length: int | None, ends: bool) -> bytes:
    headers = [*answer.headers]
    if length is not None and answer.status != 204:
        headers.append(("Content-Length", str(length)))
    if ends or length is None:
        headers.append(("Connection", "close"))
    lines = [f"HTTP/1.1 {answer.status} X", *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode("latin-1")


def certificates(folder: Path) -> tuple[Path, Certificates]:
    """Certificates for 127.0.0.1: the authority's PEM file, and what a proxy presents."""
    (folder / "own").mkdir()
    (folder / "stranger").mkdir()
    ca_file, own = certified(folder / "own", "127.0.0.1")
    _, stranger = certified(folder / "stranger", "127.0.0.1")
    return ca_file, Certificates(own, stranger)
