"""What takes longer than a call is brought on: each file once, whoever waits for it, and nothing half is left."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest

from mcp_ogc.errors import AccessDenied
from mcp_ogc.export import Saved, Wanted
from mcp_ogc.transfers import AT_ONCE, Transfers, Underway

pytestmark = pytest.mark.anyio

CONTENT = b"first half, second half"
WAIT = 20.0


class HeldObjects:
    """Sends the first half of each file, and the second once the gate is open."""

    def __init__(self) -> None:
        self.gate = anyio.Event()
        self.held = anyio.Event()
        self.asked: list[str] = []
        self.failure: Exception | None = None

    async def stream(self, href: str, hint: object) -> AsyncIterator[bytes]:
        self.asked.append(href)
        yield CONTENT[:10]
        self.held.set()
        await self.gate.wait()
        if self.failure:
            raise self.failure
        yield CONTENT[10:]


@pytest.fixture
def objects() -> HeldObjects:
    return HeldObjects()


@pytest.fixture
async def transfers(objects: HeldObjects) -> AsyncIterator[Transfers]:
    async with anyio.create_task_group() as background:
        yield Transfers(objects, background)  # type: ignore[arg-type]
        background.cancel_scope.cancel()


def files(*names: str) -> list[Wanted]:
    return [Wanted(f"https://x.example/{name}", None, Path(name), size=len(CONTENT)) for name in names]


async def unheard(ended: int, path: Path) -> None:
    pass


async def test_a_call_tells_how_far_a_file_is_and_the_same_call_returns_it(
    transfers: Transfers, objects: HeldObjects, tmp_path: Path
) -> None:
    wanted, folder = files("a.tif"), tmp_path / "downloads"
    assert await transfers.bring(wanted, folder, unheard, 0) == (Underway(folder / "a.tif", 0, len(CONTENT)),)
    await objects.held.wait()
    assert await transfers.bring(wanted, folder, unheard, 0) == (Underway(folder / "a.tif", 10, len(CONTENT)),)
    assert not (folder / "a.tif").exists(), "what has its name is whole"
    assert transfers.is_under_way
    objects.gate.set()
    (saved,) = await transfers.bring(wanted, folder, unheard, WAIT)
    assert saved == Saved(folder / "a.tif", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    assert (folder / "a.tif").read_bytes() == CONTENT
    assert [path.name for path in folder.iterdir()] == ["a.tif"]
    assert objects.asked == ["https://x.example/a.tif"]
    assert not transfers.is_under_way


async def test_files_whose_turn_had_not_come_are_brought_on_too(
    transfers: Transfers, objects: HeldObjects, tmp_path: Path
) -> None:
    wanted = files(*(f"{number}.tif" for number in range(3 * AT_ONCE)))
    await transfers.bring(wanted, tmp_path, unheard, 0)
    await objects.held.wait()
    assert len(objects.asked) <= AT_ONCE
    objects.gate.set()
    ended: list[str] = []

    async def told(count: int, path: Path) -> None:
        ended.append(f"{count} {path.name}")

    saved = await transfers.bring(wanted, tmp_path, told, WAIT)
    assert [one.path.name for one in saved] == [one.path.name for one in wanted]
    assert ended == [f"{number + 1} {number}.tif" for number in range(3 * AT_ONCE)]
    assert len(objects.asked) == 3 * AT_ONCE


async def test_a_file_that_two_calls_want_is_brought_once(
    transfers: Transfers, objects: HeldObjects, tmp_path: Path
) -> None:
    found: list[tuple[Saved | Underway, ...]] = []

    async def export(*names: str) -> None:
        found.append(await transfers.bring(files(*names), tmp_path, unheard, WAIT))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(export, "a.tif", "b.tif")
        tasks.start_soon(export, "a.tif")
        await objects.held.wait()
        objects.gate.set()
    assert all(isinstance(one, Saved) and one.problem is None for files_ in found for one in files_)
    assert sorted(objects.asked) == ["https://x.example/a.tif", "https://x.example/b.tif"]


async def test_what_everybody_has_cancelled_ends_and_leaves_nothing(
    transfers: Transfers, objects: HeldObjects, tmp_path: Path
) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(transfers.bring, files("a.tif"), tmp_path, unheard, WAIT)
        await objects.held.wait()
        tasks.cancel_scope.cancel()
    assert not transfers.is_under_way
    objects.gate.set()
    (saved,) = await transfers.bring(files("a.tif"), tmp_path, unheard, WAIT)
    assert isinstance(saved, Saved)
    assert len(objects.asked) == 2, "it was begun anew"


async def test_a_call_that_is_cancelled_takes_nothing_from_one_that_waits(
    transfers: Transfers, objects: HeldObjects, tmp_path: Path
) -> None:
    found: list[Saved | Underway] = []

    async def export() -> None:
        found.extend(await transfers.bring(files("a.tif"), tmp_path, unheard, WAIT))

    async with anyio.create_task_group() as waits:
        waits.start_soon(export)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(transfers.bring, files("a.tif"), tmp_path, unheard, WAIT)
            await objects.held.wait()
            tasks.cancel_scope.cancel()
        objects.gate.set()
    assert [one.problem for one in found if isinstance(one, Saved)] == [None]
    assert len(objects.asked) == 1


async def test_a_call_that_ran_out_of_time_takes_nothing_away(
    transfers: Transfers, objects: HeldObjects, tmp_path: Path
) -> None:
    with anyio.move_on_after(0):
        await transfers.bring(files("a.tif"), tmp_path, unheard, WAIT)
    await objects.held.wait()
    objects.gate.set()
    await transfers.bring(files("a.tif"), tmp_path, unheard, WAIT)
    assert len(objects.asked) == 1


async def test_a_problem_that_came_when_nobody_waited_is_told_once_and_then_it_is_tried_again(
    transfers: Transfers, objects: HeldObjects, tmp_path: Path
) -> None:
    await transfers.bring(files("a.tif"), tmp_path, unheard, 0)
    await objects.held.wait()
    objects.failure = AccessDenied("The link has expired", status=403)
    objects.gate.set()
    (saved,) = await transfers.bring(files("a.tif"), tmp_path, unheard, WAIT)
    assert isinstance(saved, Saved)
    assert "The link has expired" in (saved.problem or "")
    assert list(tmp_path.iterdir()) == []
    objects.failure = None
    (again,) = await transfers.bring(files("a.tif"), tmp_path, unheard, WAIT)
    assert isinstance(again, Saved)
    assert again.problem is None


async def test_a_file_that_is_not_what_was_said_of_it_is_not_kept(
    transfers: Transfers, objects: HeldObjects, tmp_path: Path
) -> None:
    wanted = [Wanted("https://x.example/a.tif", None, Path("a.tif"), checksum="1220" + "0" * 64)]
    await transfers.bring(wanted, tmp_path, unheard, 0)
    objects.gate.set()
    (saved,) = await transfers.bring(wanted, tmp_path, unheard, WAIT)
    assert isinstance(saved, Saved)
    assert "Its SHA-256 is" in (saved.problem or "")
    assert list(tmp_path.iterdir()) == []


async def test_a_file_that_never_ends_is_given_up(
    transfers: Transfers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the clock of the bound turned down, the bound itself is what is tested."""
    monkeypatch.setattr("mcp_ogc.transfers.MOST_SECONDS", 0.2)
    (saved,) = await transfers.bring(files("a.tif"), tmp_path, unheard, WAIT)
    assert isinstance(saved, Saved)
    assert "It was given up" in (saved.problem or "")
    assert list(tmp_path.iterdir()) == []


async def test_a_mistake_of_ours_is_the_affair_of_the_call_that_asked(
    transfers: Transfers, objects: HeldObjects, tmp_path: Path
) -> None:
    objects.failure = RuntimeError("a mistake")
    objects.gate.set()
    with pytest.raises(RuntimeError, match="a mistake"):
        await transfers.bring(files("a.tif"), tmp_path, unheard, WAIT)
    objects.failure = None
    (saved,) = await transfers.bring(files("a.tif"), tmp_path, unheard, WAIT)
    assert isinstance(saved, Saved)


async def test_what_is_on_its_way_when_the_server_ends_leaves_nothing(objects: HeldObjects, tmp_path: Path) -> None:
    async with anyio.create_task_group() as background:
        await Transfers(objects, background).bring(files("a.tif"), tmp_path, unheard, 0)  # type: ignore[arg-type]
        await objects.held.wait()
        assert [path.name for path in tmp_path.iterdir()] == ["a.tif.part"]
        background.cancel_scope.cancel()
    assert list(tmp_path.iterdir()) == []
