"""Raster work in processes of its own: kept, ended, replaced; without secrets and without a network."""

import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import numpy as np
import pytest

from mcp_ogc.errors import AccessDenied, OutOfTime, RasterError, TooLarge, UnknownName, WorkerLost
from mcp_ogc.rasters.pages import HEAD_BYTES
from mcp_ogc.rasters.pictures.picture import PreviewStyle
from mcp_ogc.rasters.worker.fetching import Given
from mcp_ogc.rasters.worker.pool import Workers, open_workers
from mcp_ogc.rasters.worker.tasks import RasterFile, Summarize, Wanted

pytestmark = pytest.mark.anyio

SCENE = Path(__file__).parents[1] / "data" / "L7_ETMs.tif"
EXACT = Summarize(Wanted(None, (), None), "exact")
SECONDS = 60


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    async with open_workers() as workers:
        yield workers


@pytest.fixture
def large(tmp_path: Path, rng, write) -> bytes:
    """More than the head, so that ranges are asked for."""
    return write(tmp_path / "large.tif", rng.integers(0, 2**16, (1, 1500, 1500), dtype="uint16")).read_bytes()


def local(path: Path) -> Given:
    return Given(RasterFile(path.name, path.stat().st_size, None, path))


def remote(data: bytes, ranges) -> Given:
    return Given(RasterFile("remote.tif", len(data), '"1"'), data[:HEAD_BYTES], ranges)


def pid(workers: Workers) -> int:
    """Of the one process that is idle."""
    (worker,) = workers._idle
    return worker._process.pid


async def test_a_worker_gives_what_the_same_call_gives_in_process(workers: Workers, scene: Path, summarized) -> None:
    wanted = Wanted((2, 1), (), PreviewStyle(longest_side=100))
    found = await workers.run(Summarize(wanted, "exact"), [local(scene)], SECONDS)
    expected = summarized(scene, bands=(2, 1), preview=PreviewStyle(longest_side=100))
    assert found.summary.bands == expected.summary.bands
    assert found.preview == expected.preview


async def test_one_process_does_one_task_after_the_other(workers: Workers, scene: Path) -> None:
    await workers.warm()
    first = pid(workers)
    for _ in range(3):
        await workers.run(EXACT, [local(scene)], SECONDS)
    assert pid(workers) == first


async def test_two_work_at_once_and_the_third_waits(workers: Workers, large: bytes) -> None:
    gate, at_work = anyio.Event(), []

    async def ranges(start: int, length: int) -> bytes:
        at_work.append(start)
        await gate.wait()
        return large[start : start + length]

    done = []

    async def one() -> None:
        done.append(await workers.run(EXACT, [remote(large, ranges)], SECONDS))

    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(one)
        with anyio.fail_after(SECONDS):
            while len(at_work) < 2:
                await anyio.sleep(0.01)
        assert workers._slots.statistics().tasks_waiting == 1
        gate.set()
    assert len(done) == 3


async def test_who_waits_in_vain_for_a_worker_is_told_so_in_time(workers: Workers, large: bytes, scene: Path) -> None:
    held, at_work = anyio.Event(), []

    async def ranges(start: int, length: int) -> bytes:
        at_work.append(start)
        if len(at_work) == 2:
            held.set()
        await anyio.sleep_forever()
        return b""

    async with anyio.create_task_group() as tasks:
        for _ in range(2):
            tasks.start_soon(workers.run, EXACT, [remote(large, ranges)], SECONDS)
        with anyio.fail_after(SECONDS):
            await held.wait()
            with pytest.raises(
                OutOfTime, match=f"{scene.name} was not read: other rasters kept both workers"
            ) as caught:
                await workers.run(EXACT, [local(scene)], 0.2)
        tasks.cancel_scope.cancel()
    assert "Call again in a minute" in caught.value.remedy


async def test_a_worker_that_is_killed_at_work_costs_its_task_only(workers: Workers, large: bytes, scene: Path) -> None:
    await workers.warm()
    victim = pid(workers)

    async def ranges(start: int, length: int) -> bytes:
        os.kill(victim, signal.SIGKILL)
        await anyio.sleep_forever()
        return b""

    with pytest.raises(WorkerLost, match=r"ended \(SIGKILL\)") as caught:
        await workers.run(EXACT, [remote(large, ranges)], SECONDS)
    assert "Try again" in caught.value.remedy
    assert (await workers.run(EXACT, [local(scene)], SECONDS)).summary.exact


async def test_a_worker_that_was_killed_while_idle_is_replaced_unnoticed(workers: Workers, scene: Path) -> None:
    await workers.warm()
    victim = pid(workers)
    os.kill(victim, signal.SIGKILL)
    assert (await workers.run(EXACT, [local(scene)], SECONDS)).summary.exact
    assert pid(workers) != victim


async def test_a_task_ends_at_its_deadline_and_the_next_one_works(workers: Workers, large: bytes, scene: Path) -> None:
    async def ranges(start: int, length: int) -> bytes:
        await anyio.sleep_forever()
        return b""

    await workers.warm()
    with pytest.raises(OutOfTime, match=r"remote\.tif took longer than 0 s") as caught:
        await workers.run(EXACT, [remote(large, ranges)], 0.3)
    assert "bands=[1]" in caught.value.remedy
    assert (await workers.run(EXACT, [local(scene)], SECONDS)).summary.exact


async def test_a_worker_that_does_not_stop_at_the_deadline_is_killed(workers: Workers, scene: Path) -> None:
    await workers.warm()
    victim = pid(workers)
    os.kill(victim, signal.SIGSTOP)  # as if it hung in a decoder
    with pytest.raises(WorkerLost, match="took longer"):
        await workers.run(EXACT, [local(scene)], 0.2)
    with pytest.raises(ProcessLookupError):
        os.kill(victim, 0)


async def test_cancellation_reaches_the_worker_which_is_kept(workers: Workers, large: bytes, scene: Path) -> None:
    await workers.warm()
    kept, asked = pid(workers), anyio.Event()

    async def ranges(start: int, length: int) -> bytes:
        asked.set()
        await anyio.sleep_forever()
        return b""

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(workers.run, EXACT, [remote(large, ranges)], SECONDS)
        await asked.wait()
        tasks.cancel_scope.cancel()
    assert pid(workers) == kept
    assert (await workers.run(EXACT, [local(scene)], SECONDS)).summary.exact


async def test_what_the_network_raised_reaches_the_caller_as_it_was(workers: Workers, large: bytes) -> None:
    refused = AccessDenied("no", status=403)

    async def ranges(start: int, length: int) -> bytes:
        raise refused

    with pytest.raises(AccessDenied) as caught:
        await workers.run(EXACT, [remote(large, ranges)], SECONDS)
    assert caught.value is refused


async def test_what_the_worker_refuses_keeps_its_kind(workers: Workers, scene: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match=r"no band '9'.*Did you mean 1, 2"):
        await workers.run(Summarize(Wanted((9,), (), None), "exact"), [local(scene)], SECONDS)
    page = tmp_path / "page.tif"
    page.write_text("<!DOCTYPE html><p>sign in")
    with pytest.raises(RasterError, match="XML or HTML") as caught:
        await workers.run(EXACT, [local(page)], SECONDS)
    assert "GeoTIFF" in caught.value.remedy


async def test_a_task_may_fetch_so_many_bytes(large: bytes) -> None:
    async def ranges(start: int, length: int) -> bytes:
        return large[start : start + length]

    async with open_workers(most_bytes=2 * 2**20) as workers:
        with pytest.raises(TooLarge, match="asset_bytes"):
            await workers.run(EXACT, [remote(large, ranges)], SECONDS)


async def test_progress_is_told(workers: Workers, tmp_path: Path, write, monkeypatch: pytest.MonkeyPatch) -> None:
    shares: list[float] = []
    data = np.random.default_rng(1).normal(size=(4000, 4000))
    path = write(tmp_path / "long.tif", data.astype("float64"), tiled=True, compress="deflate", predictor=3, zlevel=1)
    await workers.run(EXACT, [local(path)], SECONDS, shares.append)
    assert shares == sorted(shares)
    assert shares
    assert 0 < shares[-1] <= 1


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_a_worker_has_none_of_our_variables_and_bounds(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MCP_OGC_TOKEN", "AWS_SECRET_ACCESS_KEY", "HTTPS_PROXY", "SOMEBODY_ELSES_TOKEN"):
        monkeypatch.setenv(name, "canary-9d1f")
    await workers.warm()
    process = Path("/proc") / str(pid(workers))
    assert b"canary-9d1f" not in (process / "environ").read_bytes()
    assert b"PATH=" in (process / "environ").read_bytes()
    await workers.run(EXACT, [local(SCENE)], SECONDS)
    limits = {line[:26].strip(): line[26:].split()[0] for line in (process / "limits").read_text().splitlines()}
    assert limits["Max address space"] == str(4 * 2**30)
    assert limits["Max file size"] == "0"
    assert limits["Max cpu time"].isdecimal()
