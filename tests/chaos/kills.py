"""SIGKILL, to one of each kind of process at random moments."""

from __future__ import annotations

import random
import signal
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress

import anyio
import anyio.to_thread
import psutil

from tests.chaos.ledger import Ledger
from tests.chaos.world import World

LOOK_SECONDS = 0.03
Found = Callable[[], psutil.Process | None]


class Kills:
    """Kills each kind so often, spread over the work.

    Args:
        world: Whose processes.
        count: Of each kind.
        done: How much of the work is done, 0 to 1.
    """

    def __init__(self, world: World, count: int, done: Callable[[], float], seed: int) -> None:
        self._world = world
        self._count = count
        self._done = done
        self._random = random.Random(seed)
        self._ledger = Ledger(world.local_folder)
        self.killed: Counter[str] = Counter()
        self.kinds: Mapping[str, Found] = {
            "MCP server": world.server,
            "local endpoint": lambda: world.local,
            "driver": self._driver,
            "raster worker": self._worker,
            "step": self._step,
        }

    async def run(self) -> None:
        """Until all are done."""
        async with anyio.create_task_group() as tasks:
            for kind, found in self.kinds.items():
                tasks.start_soon(self._kill, kind, found)

    async def _kill(self, kind: str, found: Found) -> None:
        for number in range(self._count):
            # The last ones come while there is still work that can be hit.
            moment = (number + self._random.random()) / (self._count + 2)
            while self._done() < moment:
                await anyio.sleep(0.2)
            await anyio.sleep(self._random.uniform(0, 0.3))
            while True:
                process = await anyio.to_thread.run_sync(found)
                if process is not None:
                    with suppress(psutil.NoSuchProcess):
                        process.send_signal(signal.SIGKILL)
                        self.killed[kind] += 1
                        print(f"  killed {kind} ({self.killed[kind]})", file=sys.stderr)
                        break
                if self._done() >= 1:
                    return
                await anyio.sleep(LOOK_SECONDS)

    def _drivers(self) -> list[psutil.Process]:
        found = []
        for job_id in self._ledger.running():
            with suppress(OSError, ValueError, psutil.Error):
                lock = self._world.local_folder / "jobs" / job_id / "lock"
                process = psutil.Process(int(lock.read_text(encoding="ascii")))
                if job_id in " ".join(process.cmdline()):
                    found.append(process)
        return found

    def _driver(self) -> psutil.Process | None:
        drivers = self._drivers()
        return self._random.choice(drivers) if drivers else None

    def _step(self) -> psutil.Process | None:
        for driver in self._drivers():
            with suppress(psutil.Error):
                # The other child of a driver is the shell that ends the group with it.
                for child in driver.children():
                    if "read -r" not in " ".join(child.cmdline()):
                        return child
        return None

    def _worker(self) -> psutil.Process | None:
        server = self._world.server()
        with suppress(psutil.Error):
            workers = [one for one in server.children() if "worker" in " ".join(one.cmdline())] if server else []
            return self._random.choice(workers) if workers else None
        return None
