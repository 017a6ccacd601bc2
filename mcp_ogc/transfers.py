"""Files on their way to the download folder: they go on when the call that began them can't wait any longer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from mcp_ogc.export import Saved, Wanted, save

if TYPE_CHECKING:
    from anyio.abc import TaskGroup

    from mcp_ogc.net.objects import Objects

AT_ONCE = 4
MOST_SECONDS = 6 * 3600
"""For one file: a server that sends a byte now and then holds up no other file for longer."""
MOST_UNTOLD = 100
"""Files that could not be brought and that nobody has asked for since; a success is found in the folder."""
Told = Callable[[int, Path], Awaitable[None]]
"""Is told how many files have ended, and the last of them."""


@dataclass(slots=True)
class _Transfer:
    """A file on its way, or one that could not be brought and that nobody has asked for since."""

    path: Path
    received: int = 0
    waiting: int = 0
    done: anyio.Event = field(default_factory=anyio.Event)
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    saved: Saved | None = None
    failure: Exception | None = None

    def note(self, received: int) -> None:
        """Note how many bytes have come."""
        self.received = received


@dataclass(frozen=True, slots=True)
class Underway:
    """A file that is not whole yet, and the bytes of it that have come."""

    path: Path
    received: int
    size: int | None
    """As it was told beforehand."""


class Transfers:
    """Files that are being brought, each once, whoever waits for it.

    Args:
        objects: Reads them.
        background: Where they go on. Once it is cancelled, nothing is left of those that are not whole.
    """

    def __init__(self, objects: Objects, background: TaskGroup) -> None:
        self._objects = objects
        self._background = background
        self._transfers: dict[Path, _Transfer] = {}
        self._slots = anyio.Semaphore(AT_ONCE)

    @property
    def is_under_way(self) -> bool:
        """Whether any file is not done yet."""
        return not all(transfer.done.is_set() for transfer in self._transfers.values())

    async def bring(
        self, wanted: Sequence[Wanted], folder: Path, told: Told, seconds: float
    ) -> tuple[Saved | Underway, ...]:
        """What became of files, begun now or by an earlier call; those that are not done yet go on.

        Args:
            wanted: Files, each of a path of its own.
            folder: Where they go.
            told: Called with each that is done.
            seconds: How long they are waited for.
        """
        transfers = [self._transfers.get(folder / one.path) or self._begin(one, folder) for one in wanted]
        await self._wait(transfers, told, seconds)
        for transfer in transfers:
            if transfer.done.is_set():
                self._forget(transfer)
            if transfer.failure:
                raise transfer.failure
        return tuple(
            transfer.saved or Underway(transfer.path, transfer.received, one.size)
            for transfer, one in zip(transfers, wanted, strict=True)
        )

    def _begin(self, wanted: Wanted, folder: Path) -> _Transfer:
        untold = [transfer for transfer in self._transfers.values() if transfer.done.is_set()]
        for transfer in untold[:-MOST_UNTOLD]:
            self._forget(transfer)
        transfer = self._transfers[folder / wanted.path] = _Transfer(folder / wanted.path)
        self._background.start_soon(self._do, transfer, wanted, folder)
        return transfer

    async def _do(self, transfer: _Transfer, wanted: Wanted, folder: Path) -> None:
        try:
            with transfer.scope:
                async with self._slots:
                    with anyio.move_on_after(MOST_SECONDS):
                        transfer.saved = await save(self._objects, wanted, folder, transfer.note)
                if transfer.saved is None:
                    transfer.saved = Saved(transfer.path, problem=_given_up(transfer.received))
        except Exception as error:  # a mistake of ours, which is the affair of the call that asked
            transfer.failure = error
        finally:
            transfer.done.set()
            if transfer.saved and not transfer.saved.problem:
                self._forget(transfer)

    async def _wait(self, transfers: Sequence[_Transfer], told: Told, seconds: float) -> None:
        """Wait for files; one that everybody who waited has cancelled ends, one whose time is up does not."""
        deadline = anyio.current_effective_deadline()
        for transfer in transfers:
            transfer.waiting += 1
        try:
            with anyio.move_on_after(seconds):
                for number, transfer in enumerate(transfers, 1):
                    await transfer.done.wait()
                    await told(number, transfer.path)
        except anyio.get_cancelled_exc_class():
            if anyio.current_time() < deadline:
                self._cancel([transfer for transfer in transfers if transfer.waiting == 1])
            raise
        finally:
            for transfer in transfers:
                transfer.waiting -= 1

    def _cancel(self, transfers: Sequence[_Transfer]) -> None:
        for transfer in transfers:
            transfer.scope.cancel()
            self._forget(transfer)

    def _forget(self, transfer: _Transfer) -> None:
        if self._transfers.get(transfer.path) is transfer:
            del self._transfers[transfer.path]


def _given_up(received: int) -> str:
    return f"It was given up after {MOST_SECONDS / 3600:g} h, when {received:,} bytes had come. Call again to try anew"
