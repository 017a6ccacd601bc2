"""Rasters as tools ask for them: located, counted by a worker, kept, and counted on when nobody can wait."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import httpx
import pytest
from rasterio.warp import transform_bounds

from mcp_ogc.errors import AccessDenied, FileRefused, InvalidGeometry, RasterError, TimedOut
from mcp_ogc.net.objects import ObjectInfo, Objects
from mcp_ogc.rasters.pictures.picture import PreviewStyle
from mcp_ogc.rasters.reader import Asked, Place, RasterReader
from mcp_ogc.rasters.store import Store
from mcp_ogc.rasters.worker.pool import open_workers
from mcp_ogc.rasters.worker.tasks import Compare, MeasurePoints, MeasureZones, Wanted
from mcp_ogc.settings import Limits
from tests.rasters.remote import RemoteObjects

pytestmark = pytest.mark.anyio

NUMBERS = Wanted(None, (), None)
HREF = "https://example.org/a/scene.tif"


@pytest.fixture
async def reader(tmp_path: Path) -> AsyncIterator[Callable[[object], RasterReader]]:
    """Makes readers of given objects, which share workers and store."""
    async with open_workers() as workers, anyio.create_task_group() as background:
        store = Store(tmp_path / "kept")
        yield lambda objects: RasterReader(objects, workers, store, background, 600)
        background.cancel_scope.cancel()


@asynccontextmanager
async def local_objects(*folders: Path) -> AsyncIterator[Objects]:
    """The real object reader over local folders; without storage and without a network."""
    async with httpx.AsyncClient(transport=httpx.MockTransport(lambda request: httpx.Response(500))) as http:
        yield Objects(http, None, folders, Limits())  # type: ignore[arg-type]


@pytest.fixture
def cog(tmp_path: Path, rng, write) -> bytes:
    """A COG of 24 MB whose smallest overview is in its first MiB."""
    data = rng.integers(0, 2**16, (1, 3000, 3000), dtype="uint16")
    return write(tmp_path / "cog.tif", data, driver="COG", compress="NONE").read_bytes()


async def test_a_local_file_below_a_permitted_folder_is_summarised(scene: Path, reader) -> None:
    async with local_objects(scene.parent) as objects:
        done = await reader(objects).summarize(Asked(scene.as_uri(), Wanted(None, (), PreviewStyle())))
    assert done.summary.crs == "EPSG:31985"
    assert done.summary.resolution.unit == "metre"
    assert done.summary.resolution.x == pytest.approx(28.5)
    assert done.summary.km2 == pytest.approx(349 * 352 * 28.5**2 / 1e6)
    assert done.summary.bounds_lonlat == pytest.approx(
        transform_bounds("EPSG:31985", "EPSG:4326", *done.summary.bounds_native)
    )
    assert done.summary.bounds_lonlat[0] < -34.8 < done.summary.bounds_lonlat[2] + 0.1
    assert (done.summary.compression, done.summary.overviews) == ("DEFLATE", (2, 4, 8, 16))
    assert done.summary.exact
    assert done.preview.media_type == "image/jpeg"


async def test_a_file_elsewhere_is_refused(scene: Path, tmp_path: Path, reader) -> None:
    async with local_objects(tmp_path) as objects:
        with pytest.raises(FileRefused):
            await reader(objects).summarize(Asked(scene.as_uri(), NUMBERS))


async def test_a_small_remote_raster_takes_one_request_and_its_query_is_not_told(scene: Path, reader) -> None:
    objects = RemoteObjects(scene.read_bytes())
    done = await reader(objects).summarize(Asked(f"{HREF}?X-Amz-Signature=canary#x", NUMBERS))
    assert done.summary.exact
    assert done.summary.provenance.source == HREF
    assert done.summary.provenance.requests == len(objects.reads) == 1
    assert done.summary.provenance.etag == '"1"'
    assert "canary" not in done.summary.model_dump_json()


async def test_the_overview_of_a_cog_takes_one_request_of_a_mebibyte(cog: bytes, reader) -> None:
    objects = RemoteObjects(cog)
    done = await reader(objects).summarize(Asked(HREF, Wanted(None, (), PreviewStyle()), method="approximate"))
    assert objects.reads == [(0, 2**20)]
    assert (done.summary.exact, done.summary.overview) == (False, 8)
    assert (done.summary.width, done.summary.height) == (3000, 3000)
    assert done.summary.bands[0].valid_count == 9_000_000
    assert done.preview is not None


async def test_an_exact_summary_is_kept_until_the_file_changes(cog: bytes, reader) -> None:
    objects = RemoteObjects(cog)
    first = await reader(objects).summarize(Asked(HREF, NUMBERS, method="exact"))
    assert len(objects.reads) > 1
    objects.reads.clear()
    for method in ("exact", "either"):
        again = await reader(objects).summarize(Asked(HREF, NUMBERS, method=method))
        assert again == first
    assert objects.reads == [(0, 2**20)] * 2
    objects.etag = '"2"'
    assert (await reader(objects).summarize(Asked(HREF, NUMBERS, method="exact"))) != first
    assert len(objects.reads) > 3


async def test_a_long_count_goes_on_while_the_overview_answers_and_the_same_call_returns_it(cog: bytes, reader) -> None:
    objects = RemoteObjects(cog)
    objects.gate = anyio.Event()
    one, asked = reader(objects), Asked(HREF, NUMBERS, method="exact")
    shares: list[float] = []

    async def told(share: float) -> None:
        shares.append(share)

    meanwhile = await one.summarize(asked, told, seconds=0.5)
    assert not meanwhile.summary.exact
    assert meanwhile.summary.counted is not None
    assert "goes on" in meanwhile.summary.notes[0]
    assert shares
    objects.gate.set()
    exact = await one.summarize(asked)
    assert exact.summary.exact
    assert exact.summary.bands[0].valid_count == 9_000_000


async def test_what_turns_out_not_to_be_quick_is_answered_from_the_overview_and_counted_on(cog: bytes, reader) -> None:
    objects = RemoteObjects(cog)
    objects.gate = anyio.Event()
    one, asked = reader(objects), Asked(HREF, NUMBERS)
    for _ in range(2):
        meanwhile = await one.summarize(asked, seconds=0.5)
        assert (meanwhile.summary.exact, meanwhile.summary.overview) == (False, 8)
        assert "goes on" in meanwhile.summary.notes[0]
        assert len(one._summaries.names) == 1
    objects.gate.set()
    exact = await one.summarize(asked)
    assert exact.summary.exact
    assert exact.summary.bands[0].valid_count == 9_000_000


async def test_a_count_that_fails_after_its_caller_left_tells_the_next_one(cog: bytes, reader) -> None:
    objects = RemoteObjects(cog)
    objects.gate = anyio.Event()
    one, asked = reader(objects), Asked(HREF, NUMBERS, method="exact")
    await one.summarize(asked, seconds=0.2)

    async def denied(*arguments: object, **named: object) -> bytes:
        raise AccessDenied("The link has expired", status=403)

    objects.read = denied  # type: ignore[method-assign]
    objects.gate.set()
    with pytest.raises(AccessDenied, match="expired"):
        await one.summarize(asked)


async def test_a_count_that_everybody_cancelled_ends(cog: bytes, reader) -> None:
    objects = RemoteObjects(cog)
    objects.gate = anyio.Event()
    one = reader(objects)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(one.summarize, Asked(HREF, NUMBERS, method="exact"))
        await objects.held.wait()
        tasks.cancel_scope.cancel()
    assert one._summaries.names == ()
    with anyio.fail_after(20):
        async with one._turn:  # the place it had is free
            pass


async def test_a_count_whose_caller_ran_out_of_time_goes_on(cog: bytes, reader) -> None:
    objects = RemoteObjects(cog)
    objects.gate = anyio.Event()
    one, asked = reader(objects), Asked(HREF, NUMBERS, method="exact")
    await _run_out_of_time(one, asked)
    objects.gate.set()
    assert len(one._summaries.names) == 1
    assert (await one.summarize(asked)).summary.exact


async def _run_out_of_time(one: RasterReader, asked: Asked) -> None:
    """Ask for a count that is held up, with as much time as this machine takes to begin it."""
    seconds = 0.5
    while not one._summaries.names:
        with anyio.move_on_after(seconds):
            await one.summarize(asked)
        seconds *= 2


async def test_without_an_overview_there_is_no_meanwhile_but_a_next_call(tmp_path: Path, rng, write, reader) -> None:
    data = write(tmp_path / "plain.tif", rng.integers(0, 2**16, (1, 2100, 2100), dtype="uint16")).read_bytes()
    objects = RemoteObjects(data)
    objects.gate = anyio.Event()
    with pytest.raises(RasterError, match=r"goes on.*the same call returns it"):
        await reader(objects).summarize(Asked(HREF, NUMBERS, method="exact"), seconds=0.2)


async def test_first_bytes_that_do_not_come_are_told_before_the_call_is_over(
    cog: bytes, reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the clock of the bound turned down, the bound itself is what is tested."""
    monkeypatch.setattr("mcp_ogc.rasters.reader.HEAD_SECONDS", 0.2)
    objects = RemoteObjects(cog)

    async def silent(*arguments: object, **named: object) -> tuple[ObjectInfo, bytes]:
        await anyio.sleep_forever()
        raise AssertionError

    objects.head = silent  # type: ignore[method-assign]
    one = reader(objects)
    with anyio.fail_after(30):
        for call in (
            one.summarize(Asked(f"{HREF}?X-Amz-Signature=canary", NUMBERS)),
            one.points(PLACE, MeasurePoints(((0.0, 0.0),), None, None)),
            one.zones(PLACE, EVERYWHERE),
            one.compare(PLACE, PLACE, ITSELF),
        ):
            with pytest.raises(
                TimedOut, match=r"first bytes of https://example.org/a/scene.tif .*did not come"
            ) as told:
                await call
            assert "call again" in told.value.remedy
            assert "canary" not in str(told.value)


PLACE = Place(HREF)
EVERYWHERE = MeasureZones((-180.0, -90.0, 180.0, 90.0), None, None, ())
ITSELF = Compare(1, 1, "values", resample=False, classes=(), preview=None)


async def test_what_is_measured_or_compared_goes_on_too_and_the_same_call_returns_it(cog: bytes, reader) -> None:
    objects = RemoteObjects(cog)
    objects.gate = anyio.Event()
    one = reader(objects)
    with pytest.raises(RasterError, match=r"goes on.*the same call returns it"):
        await one.zones(PLACE, EVERYWHERE, seconds=0.2)
    with pytest.raises(RasterError, match=r"goes on.*the same call returns it"):
        await one.compare(PLACE, PLACE, ITSELF, seconds=0.2)
    assert (len(one._zones.names), len(one._comparisons.names)) == (1, 1)
    objects.gate.set()
    assert (await one.zones(PLACE, EVERYWHERE)).zones[0].pixels == 9_000_000
    assert (await one.compare(PLACE, PLACE, ITSELF)).values.root_mean_square == 0


async def test_what_is_quick_does_not_wait_for_a_long_count(cog: bytes, scene: Path, reader) -> None:
    objects = RemoteObjects(cog)
    objects.gate = anyio.Event()
    one = reader(objects)
    await _run_out_of_time(one, Asked(HREF, NUMBERS, method="exact"))
    objects.data = scene.read_bytes()  # its first MiB is all of it: no further read is held up
    assert (await one.zones(PLACE, EVERYWHERE, seconds=60)).zones[0].pixels == 349 * 352
    assert len(one._summaries.names) == 1
    objects.gate.set()


async def test_a_place_that_is_none_is_the_callers_mistake(scene: Path, reader) -> None:
    async with local_objects(scene.parent) as objects:
        with pytest.raises(InvalidGeometry, match="no WKT polygon"):
            await reader(objects).zones(Place(scene.as_uri()), MeasureZones("somewhere", None, None, ()))


async def test_a_box_in_the_rasters_own_crs_has_a_width_with_heights_too(scene: Path, reader) -> None:
    async with local_objects(scene.parent) as objects:
        for box in ((9.0, 1.0, 2.0, 3.0), (9.0, 1.0, 0.0, 2.0, 3.0, 99.0)):
            with pytest.raises(InvalidGeometry, match=r"no width.*minx, miny, maxx, maxy"):
                await reader(objects).zones(Place(scene.as_uri()), MeasureZones(box, "EPSG:31985", None, ()))


async def test_a_count_that_could_not_be_found_again_is_given_up_and_said_to_be(cog: bytes, reader) -> None:
    objects = RemoteObjects(cog, etag=None, modified=None)
    objects.gate = anyio.Event()
    one = reader(objects)
    meanwhile = await one.summarize(Asked(HREF, NUMBERS, method="exact"), seconds=0.5)
    assert "given up" in meanwhile.summary.notes[0]
    assert "same call" not in meanwhile.summary.notes[0]
    assert meanwhile.summary.counted is None
    with anyio.fail_after(20):
        async with one._turn:  # the place it had is free
            pass
    assert one._summaries.names == (), "it answers nobody else's call"
