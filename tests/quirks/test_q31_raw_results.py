"""Q31: results come raw, as bytes, `Link` headers or multipart, whatever was asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from mcp import Client

from mcp_ogc.server import build_server
from mcp_ogc.settings import EndpointSettings, Limits, LocalSettings, Settings
from tests.quirks.made import Made, made
from tests.servers.processes.catalogue import RASTER
from tests.servers.processes.endpoint import Fault, TestEndpoint, served
from tests.servers.processes.jobs import Job
from tests.servers.processes.personalities import GEOSERVER, STANDARD
from tests.servers.processes.personality import Personality, RawForm
from tests.servers.processes.quirk import Quirk, quirks

pytestmark = pytest.mark.anyio

SCENE = RASTER.makes({})["raster"].body or b""


def raw(form: RawForm) -> Personality:
    return replace(STANDARD, name="raw", quirks=quirks(31), raw_form=form, always_raw=True)


def as_asked_for(job: Job) -> None:
    """As one that heeds no `response: document`."""
    job.document = False


@pytest.mark.parametrize("quirk", [[], [Quirk.Q45]], ids=["image/tiff", "application/octet-stream"])
async def test_q31_bytes_are_a_file_that_is_read_where_it_is(tmp_path: Path, quirk: list[Quirk]) -> None:
    endpoint = TestEndpoint(GEOSERVER, quirks_on=quirk)
    async with made(endpoint, tmp_path, "raster") as job:
        output = (await job.outputs())["raster"]
        assert output["kind"] == "file"
        assert await job.bands(output["files"][0]["raster"]) == 6
        assert (await job.exported())["results.tif"]["bytes"] == len(SCENE)


async def test_q31_bytes_that_are_answered_at_once_are_kept_and_read_from_here(tmp_path: Path) -> None:
    endpoint = TestEndpoint(replace(raw(RawForm.BYTES), reads_prefer=False))
    async with made(endpoint, tmp_path, "raster") as job:
        assert job.job_id.startswith("sync-")
        output = (await job.outputs())["raster"]
        assert await job.bands(output["files"][0]["raster"]) == 6
        assert (await job.exported())["raster.tif"]["bytes"] == len(SCENE)


async def test_q31_a_file_that_is_answered_at_once_and_is_longer_than_a_document_stays_here(tmp_path: Path) -> None:
    endpoint = TestEndpoint(replace(raw(RawForm.BYTES), reads_prefer=False))
    async with made(endpoint, tmp_path, "raster", limits=Limits(document_bytes=len(SCENE) // 2)) as job:
        output = (await job.outputs())["raster"]
        assert await job.bands(output["files"][0]["raster"]) == 6
    (kept,) = (tmp_path / "data" / "answers").iterdir()
    assert (kept.suffix, kept.read_bytes()) == (".tif", SCENE)
    async with served(endpoint) as url:  # asked by a server that starts anew
        settings = Settings(
            endpoints={"far": EndpointSettings(url=url)},
            data_folder=tmp_path / "data",
            download_folder=tmp_path / "downloads",
            local=LocalSettings(enabled=False),
        )
        async with Client(build_server(settings)) as client:
            (file,) = (await Made(client, job.job_id).exported()).values()
    assert file["bytes"] == len(SCENE)


async def test_q31_a_result_at_once_that_is_too_long_is_told_to_be_done_and_is_no_lost_job(tmp_path: Path) -> None:
    endpoint = TestEndpoint(replace(raw(RawForm.BYTES), reads_prefer=False))
    limits = Limits(document_bytes=len(SCENE) // 2, asset_bytes=len(SCENE) - 1)
    with pytest.raises(BaseExceptionGroup) as raised:
        async with made(endpoint, tmp_path, "raster", limits=limits):
            raise AssertionError("it was taken")
    told = str(leaf(raised.value))
    assert "executed and answered at once, so there is no job" in told
    assert "limits.asset_bytes" in told
    assert list((tmp_path / "data" / "answers").iterdir()) == []


def leaf(error: BaseException) -> BaseException:
    return leaf(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


async def test_q31_link_headers_are_files_of_the_outputs_they_are_named_after(tmp_path: Path) -> None:
    endpoint = TestEndpoint(raw(RawForm.LINKS))
    async with made(endpoint, tmp_path, "files", outputs=["table", "raster"], steer=as_asked_for) as job:
        outputs = await job.outputs()
        assert {name: one["media_type"] for name, one in outputs.items()} == {
            "table": "text/csv",
            "raster": "image/tiff; application=geotiff",
        }
        assert await job.bands(outputs["raster"]["files"][0]["raster"]) == 6


async def test_q31_where_the_results_do_not_come_those_that_are_keyed_by_output_are_read(tmp_path: Path) -> None:
    endpoint = TestEndpoint("weaver")
    async with made(endpoint, tmp_path, "files", outputs=["table", "raster"]) as job:
        endpoint.faults.append(Fault("GET", "/results", 500, times=9))
        assert set(await job.outputs()) >= {"table", "raster"}


async def test_q31_parts_of_a_multipart_are_values_and_files(tmp_path: Path) -> None:
    endpoint = TestEndpoint(raw(RawForm.MULTIPART))
    async with made(endpoint, tmp_path, "files", steer=as_asked_for) as job:
        outputs = await job.outputs()
        assert {name: one["kind"] for name, one in outputs.items()} == {
            "table": "file",
            "report": "file",
            "lakes": "value",
            "raster": "file",
        }
        assert await job.bands(outputs["raster"]["files"][0]["raster"]) == 6
        assert (await job.exported())["lakes.csv"]["bytes"] == len("name,km2\n") + sum(
            len(f"lake {n},{n / 2}\n") for n in range(1, 101)
        )


async def test_q31_raw_bytes_of_a_dismissed_job_are_kept_here(tmp_path: Path) -> None:
    from tests.server.talk import call

    async with made(TestEndpoint(GEOSERVER), tmp_path, "raster") as job:
        preview = await call(job.client, "ogc_dismiss_job", job_id=job.job_id)
        await call(job.client, "ogc_dismiss_job", job_id=job.job_id, confirm=preview["confirm"])
        output = (await job.outputs())["raster"]
        assert await job.bands(output["files"][0]["raster"]) == 6
