"""The processes of one endpoint, fetched page by page as far as someone looks, and kept for a while."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING

import anyio

from mcp_ogc.errors import OgcError
from mcp_ogc.ogc.models import ProcessSummary

if TYPE_CHECKING:
    from mcp_ogc.ogc.client import ProcessesClient

PAGE = 1000
"""Asked for; servers that have smaller pages give those."""
KEPT_SECONDS = 300
MOST_PAGES = 500
LOOK_SECONDS = 60
"""Between two looks at a list that someone wants to hear of."""


class Catalogue:
    """The list of processes, in the endpoint's order: a position in it is good for as long as the list is the same."""

    def __init__(self, client: ProcessesClient, *, kept_seconds: float = KEPT_SECONDS) -> None:
        self._client = client
        self._kept_seconds = kept_seconds
        self._lock = anyio.Lock()
        self._forgotten = anyio.Event()
        self._begin()

    def forget(self) -> None:
        """Ask again next time: a process was deployed, replaced or undeployed."""
        self._begin()
        self._forgotten.set()
        self._forgotten = anyio.Event()

    def changes(self, look_seconds: float = LOOK_SECONDS) -> AsyncGenerator[None, None]:
        """Once for each time that the list is another than before: at once after `forget`, else at the next look.

        From this call on, not from the first value that is waited for. A list that can't be had has not changed, as
        far as is known.
        """
        return self._changes(self._forgotten, look_seconds)

    async def _changes(self, forgotten: anyio.Event, look_seconds: float) -> AsyncGenerator[None, None]:
        known: list[ProcessSummary] | None = None
        while True:
            with suppress(OgcError):
                seen = [process async for _, process in self.since(0)]
                if forgotten.is_set() if known is None else seen != known:
                    yield
                known = seen
            with anyio.move_on_after(look_seconds):
                await forgotten.wait()
            forgotten = self._forgotten
            self._begin()

    def _begin(self) -> None:
        self._processes: list[ProcessSummary] = []
        self._next_page: str | None = None
        self._pages = 0
        self._told: int | None = None
        self.is_cut_short = False
        """Whether it goes on where nothing leads."""
        self._fetched = -float("inf")

    @property
    def total(self) -> int | None:
        """How many may be used in all, where that is known by now."""
        if self._pages and self._next_page is None and not self.is_cut_short:
            return sum(1 for process in self._processes if self._client.rules.permits(process.id))
        return self._told

    async def since(self, start: int) -> AsyncGenerator[tuple[int, ProcessSummary], None]:
        """The processes that may be used from a position on, each with its position.

        Raises:
            OgcError: A page can't be had.
        """
        if anyio.current_time() - self._fetched > self._kept_seconds:
            self._begin()
        position = start
        while True:
            while position < len(self._processes):
                if self._client.rules.permits(self._processes[position].id):
                    yield position, self._processes[position]
                position += 1
            if not await self._fetch(position):
                return

    async def ids(self) -> list[str]:
        """All ids."""
        async with aclosing(self.since(0)) as processes:
            return [process.id async for _, process in processes]

    async def _fetch(self, position: int) -> bool:
        """One page more, unless another caller fetched it in the meantime; False where there is none."""
        async with self._lock:
            if position < len(self._processes):
                return True
            if self._pages and (self._next_page is None or self._pages >= MOST_PAGES):
                return False
            page = await self._client.processes(limit=PAGE, page=self._next_page)
            if not self._pages:
                self._fetched = anyio.current_time()
            self._pages += 1
            self._told = page.number_total
            self.is_cut_short = page.is_cut_short
            known = {process.id for process in self._processes}
            new = [process for process in page.processes if process.id not in known]
            # pygeoapi pages by no parameter: there a further page is the first again (Q14).
            self._next_page = page.next_page if new else None
            self._processes += new
            return True
