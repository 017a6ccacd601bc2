"""What goes on behind a call: its faults are its own."""

from collections.abc import Callable

import anyio
import pytest

from mcp_ogc.rasters.ongoing import Ongoing

pytestmark = pytest.mark.anyio


async def test_a_fault_of_one_count_is_told_to_whoever_asked_and_ends_no_other() -> None:
    may_end = anyio.Event()

    async def sound(told: Callable[[float], None]) -> int:
        await may_end.wait()
        return 7

    async def broken(told: Callable[[float], None]) -> int:
        raise KeyError("a mistake")

    async with anyio.create_task_group() as background:
        ongoing = Ongoing[int](background)
        await ongoing.get("sound", sound, None, 0)
        with pytest.raises(KeyError, match="a mistake"):
            await ongoing.get("broken", broken, None, 5)
        may_end.set()
        assert await ongoing.get("sound", sound, None, 5) == 7
