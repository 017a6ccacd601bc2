"""What was counted once is told again, whichever picture or bands are asked for."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import anyio
import numpy as np
import pytest

from mcp_ogc.rasters.classes import ClassLabel
from mcp_ogc.rasters.pictures.picture import PreviewStyle
from mcp_ogc.rasters.reader import Asked, RasterReader
from mcp_ogc.rasters.store import Store
from mcp_ogc.rasters.summary import Summarized
from mcp_ogc.rasters.worker.pool import Workers, open_workers
from mcp_ogc.rasters.worker.tasks import Summarize, Wanted
from tests.rasters.remote import RemoteObjects

pytestmark = pytest.mark.anyio

HREF = "https://example.org/a/scene.tif"
NUMBERS = Wanted(None, (), None)
MAP, HISTOGRAM, PNG = PreviewStyle(), PreviewStyle(of="histogram"), PreviewStyle(encoding="png")
LABEL = ClassLabel(1, "water", None)


class Watched:
    """Workers, and what was asked of them."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self.asked: list[Summarize] = []

    async def run(self, task: Summarize, *arguments: object) -> Summarized:
        self.asked.append(task)
        return await self._workers.run(task, *arguments)

    @property
    def counts(self) -> int:
        """How often every pixel may have been counted."""
        return sum(task.method != "approximate" for task in self.asked)


@pytest.fixture
async def watched() -> AsyncIterator[Watched]:
    async with open_workers() as workers:
        yield Watched(workers)


@pytest.fixture
async def reader(tmp_path: Path, watched: Watched) -> AsyncIterator[RasterReader]:
    """Reads what `objects` is, and keeps what it counts."""
    async with anyio.create_task_group() as background:
        yield RasterReader(None, watched, Store(tmp_path / "kept"), background, 600)  # type: ignore[arg-type]
        background.cancel_scope.cancel()


def asked(method: str = "exact", **wanted: object) -> Asked:
    return Asked(HREF, replace(NUMBERS, **wanted), method=method)  # type: ignore[arg-type]


def numbers(done: Summarized) -> dict[int, object]:
    return {band.band: band for band in done.summary.bands}


@pytest.fixture
def scene_of(reader: RasterReader, scene: Path) -> RasterReader:
    """The reader of a scene of six bands."""
    reader._objects = RemoteObjects(scene.read_bytes())
    return reader


@pytest.mark.parametrize("method", ["exact", "either"])
async def test_another_picture_takes_no_other_count(method: str, scene_of: RasterReader, watched: Watched) -> None:
    first = await scene_of.summarize(asked(method))
    assert first.preview is None
    pictures = [await scene_of.summarize(asked(method, preview=style)) for style in (MAP, HISTOGRAM, PNG, None, MAP)]
    assert watched.counts == 1
    assert all(numbers(done) == numbers(first) and done.summary.exact for done in pictures)
    kinds = [done.preview and done.preview.media_type for done in pictures]
    assert kinds == ["image/jpeg", "image/png", "image/png", None, "image/jpeg"]
    assert "histogram of band 1" in pictures[1].preview.description
    assert sum(task.wanted.preview == MAP and task.method == "approximate" for task in watched.asked) <= 1


async def test_some_of_the_bands_take_no_other_count_and_those_counted_apart_are_told_together(
    scene_of: RasterReader, watched: Watched
) -> None:
    first, second = [await scene_of.summarize(asked(bands=bands)) for bands in ((3, 1), (2,))]
    assert watched.counts == 2
    both = await scene_of.summarize(asked(bands=(2, 1)))
    assert [band.band for band in both.summary.bands] == [2, 1]
    assert numbers(both) == {2: numbers(second)[2], 1: numbers(first)[1]}
    assert watched.counts == 2
    every = await scene_of.summarize(asked())  # which bands these are, nobody has seen yet
    assert watched.counts == 3
    assert len(numbers(every)) == 6
    assert numbers(await scene_of.summarize(asked(bands=(6,))))[6] == numbers(every)[6]
    assert watched.counts == 3


async def test_a_picture_of_other_bands_is_of_those(scene_of: RasterReader, watched: Watched) -> None:
    every = await scene_of.summarize(asked(preview=MAP))
    other = await scene_of.summarize(asked(preview=MAP, bands=(4, 3, 2)))
    assert "bands 4, 3, 2" in other.preview.description
    assert other.preview.data != every.preview.data
    assert watched.counts == 1


async def test_what_is_told_of_a_band_goes_with_it(reader: RasterReader, tmp_path: Path, write) -> None:
    data = np.stack([np.zeros((60, 80)), np.ones((60, 80))]).astype("uint8")
    reader._objects = RemoteObjects(write(tmp_path / "a.tif", data, nodata=0).read_bytes())
    assert "Band 1 has no valid pixel." in (await reader.summarize(asked())).summary.notes
    assert (await reader.summarize(asked(bands=(2,)))).summary.notes == ()


async def test_other_names_of_classes_are_another_answer(reader: RasterReader, tmp_path: Path, write) -> None:
    reader._objects = RemoteObjects(write(tmp_path / "a.tif", np.ones((60, 80), dtype="uint8")).read_bytes())
    plain = await reader.summarize(asked())
    named = await reader.summarize(asked(classes=(LABEL,)))
    assert [done.summary.bands[0].classes[0].name for done in (plain, named)] == [None, "water"]


async def test_a_picture_from_an_overview_says_so(reader: RasterReader, watched: Watched, rng, tmp_path, write) -> None:
    data = rng.integers(0, 2**16, (1, 1500, 1500), dtype="uint16")
    reader._objects = RemoteObjects(write(tmp_path / "cog.tif", data, driver="COG").read_bytes())
    await reader.summarize(asked("either"))
    for _ in range(2):
        done = await reader.summarize(asked(preview=MAP))
        assert done.summary.exact
        assert "of the overview 1:" in done.preview.description
    assert (watched.counts, len(watched.asked)) == (1, 2)


async def test_without_an_overview_a_map_is_drawn_by_counting_again(
    reader: RasterReader, watched: Watched, rng, tmp_path, write
) -> None:
    data = rng.integers(0, 9, (1, 2100, 2100), dtype="uint8")
    path = write(tmp_path / "plain.tif", data, compress="deflate")
    reader._objects = RemoteObjects(path.read_bytes())
    await reader.summarize(asked("either"))
    done = await reader.summarize(asked("either", preview=MAP))
    assert done.summary.exact
    assert done.preview is not None
    assert watched.counts == 2


async def test_a_count_on_its_way_is_the_one_for_every_picture(
    reader: RasterReader, watched: Watched, rng, tmp_path, write
) -> None:
    data = rng.integers(0, 2**16, (1, 3000, 3000), dtype="uint16")
    objects = RemoteObjects(write(tmp_path / "cog.tif", data, driver="COG", compress="NONE").read_bytes())
    objects.gate = anyio.Event()
    reader._objects = objects
    for style in (None, MAP, HISTOGRAM):
        meanwhile = await reader.summarize(asked(preview=style), seconds=0.3)
        assert "goes on" in meanwhile.summary.notes[0]
        assert (meanwhile.preview is None) == (style is None)
    objects.gate.set()
    done = await reader.summarize(asked(preview=HISTOGRAM))
    assert done.summary.exact
    assert "histogram" in done.preview.description
    assert (await reader.summarize(asked(preview=MAP))).preview.description.startswith("stretched")
    assert watched.counts == 1


async def test_a_count_is_told_where_it_can_not_be_kept(scene_of: RasterReader, tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file where the folder should be", encoding="utf-8")
    assert (await scene_of.summarize(asked())).summary.exact
