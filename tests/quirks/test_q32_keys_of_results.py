"""Q32: results are not keyed by output: `{id, value}`, `{outputs: […]}`, `additionalProp1`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.quirks.made import made
from tests.servers.processes.endpoint import TestEndpoint
from tests.servers.processes.jobs import Job
from tests.servers.processes.personalities import STANDARD
from tests.servers.processes.personality import Keying
from tests.servers.processes.quirk import quirks

pytestmark = pytest.mark.anyio


def keyed(keying: Keying) -> TestEndpoint:
    return TestEndpoint(replace(STANDARD, name="keyed", quirks=quirks(32), keying=keying))


def not_as_a_document(job: Job) -> None:
    job.document = False


async def test_q32_an_id_and_a_value_are_one_output(tmp_path: Path) -> None:
    async with made(keyed(Keying.ID_AND_VALUE), tmp_path, "hello", steer=not_as_a_document) as job:
        (output,) = (await job.outputs()).values()
    assert (output["output_id"], output["untrusted"]["value"]) == ("greeting", '"Hello text!"')


async def test_q32_a_list_of_outputs_is_the_outputs(tmp_path: Path) -> None:
    async with made(keyed(Keying.OUTPUTS), tmp_path, "files") as job:
        outputs = await job.outputs()
        assert set(outputs) == {"table", "report", "lakes", "raster"}
        assert outputs["lakes"]["kind"] == "value"
        assert await job.bands(outputs["raster"]["files"][0]["raster"]) == 6


async def test_q32_an_output_that_is_told_by_its_places_has_its_own_name_and_is_a_file(tmp_path: Path) -> None:
    async with made(keyed(Keying.ADDITIONAL_PROP), tmp_path, "files", outputs=["raster", "table"]) as job:
        outputs = await job.outputs()
    assert {name: one["kind"] for name, one in outputs.items()} == {"raster": "file", "table": "file"}
    assert outputs["raster"]["files"][0]["raster"].endswith("/rasters/raster/-/-")
