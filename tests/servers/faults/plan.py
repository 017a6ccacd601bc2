"""Which request has which fault."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from typing import Protocol

from tests.servers.faults.fault import OF_CONNECTIONS, Fault


class Plan(Protocol):
    """Decides, asked once for each connection with TLS and once for each request."""

    def of_connection(self) -> Fault | None: ...

    def of_request(self, method: str, path: str) -> Fault | None: ...


class NoFault:
    """Nothing goes wrong."""

    def of_connection(self) -> Fault | None:
        return None

    def of_request(self, method: str, path: str) -> Fault | None:
        return None


class Planned:
    """One fault, at the requests of one method whose path ends so.

    Args:
        fault: Which.
        method: Of the requests; any where empty.
        ending: Of their paths, without the query.
        times: How many of them; with TLS faults, of the connections.
    """

    def __init__(self, fault: Fault, method: str = "", ending: str = "", times: float = float("inf")) -> None:
        self._fault = fault
        self._method = method
        self._ending = ending
        self._left = times

    def of_connection(self) -> Fault | None:
        return self._taken() if self._fault in OF_CONNECTIONS else None

    def of_request(self, method: str, path: str) -> Fault | None:
        if self._fault in OF_CONNECTIONS or self._method not in ("", method):
            return None
        return self._taken() if path.partition("?")[0].endswith(self._ending) else None

    def _taken(self) -> Fault | None:
        self._left -= 1
        return self._fault if self._left >= 0 else None


class Seeded:
    """A share of all requests, each with a fault that is drawn; the same for the same seed and order of requests.

    Args:
        seed: Of the draws.
        share: Of the requests that have a fault, 0 to 1.
        faults: Those that are drawn; one that is named twice is drawn twice as often.
        methods: The requests that may have one; all where empty.
    """

    def __init__(self, seed: int, share: float, faults: Sequence[Fault], methods: Collection[str] = ()) -> None:
        self._random = random.Random(seed)
        self._share = share
        self._of_requests = [one for one in faults if one not in OF_CONNECTIONS]
        self._of_connections = [one for one in faults if one in OF_CONNECTIONS]
        self._connection_share = share * len(self._of_connections) / len(faults)
        self._request_share = (share - self._connection_share) / (1 - self._connection_share)
        self._methods = methods

    def of_connection(self) -> Fault | None:
        return self._drawn(self._of_connections, self._connection_share)

    def of_request(self, method: str, path: str) -> Fault | None:
        if self._methods and method not in self._methods:
            return None
        return self._drawn(self._of_requests, self._request_share)

    def _drawn(self, faults: Sequence[Fault], share: float) -> Fault | None:
        return self._random.choice(faults) if faults and self._random.random() < share else None
