"""Clients whose names resolve to what a test says, and whose public addresses all are one server on loopback."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import httpcore
import httpx

from mcp_ogc.net.auth import Credentials
from mcp_ogc.net.connections import Connections
from mcp_ogc.net.hosts import Hosts
from mcp_ogc.net.http import GuardedTransport
from mcp_ogc.settings import Limits

PUBLIC = "93.184.216.34"


class Names:
    """A resolver: each name has one answer, or answers one after the other, the last again and again."""

    def __init__(self, names: Mapping[str, Sequence[Sequence[str]]]) -> None:
        self._names = {name: list(answers) for name, answers in names.items()}

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        if host not in self._names:
            raise OSError("no such name")
        answers = self._names[host]
        return answers.pop(0) if len(answers) > 1 else answers[0]


class Internet(httpcore.AnyIOBackend):
    """Every public address is one loopback server, but for those where nobody answers."""

    def __init__(self, port: int, dead: Iterable[str] = ()) -> None:
        self.connected: list[str] = []
        self._port = port
        self._dead = frozenset(dead)

    async def connect_tcp(self, host: str, port: int, *arguments: object) -> httpcore.AsyncNetworkStream:
        self.connected.append(host)
        if host in self._dead:
            raise httpcore.ConnectTimeout
        return await super().connect_tcp("127.0.0.1", self._port, *arguments)  # type: ignore[arg-type]


def client(
    names: Mapping[str, Sequence[Sequence[str]]],
    internet: Internet | None,
    *,
    configured: Sequence[str] = (),
    ca_files: Mapping[str, Path] | None = None,
) -> httpx.AsyncClient:
    connections = Connections(Hosts(configured, Names(names)), ca_files or {}, internet)
    return httpx.AsyncClient(transport=GuardedTransport(Credentials(), connections, Limits()), trust_env=False)
