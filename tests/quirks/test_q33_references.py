"""Q33: references of a form that is not reachable as it is: `s3://`, with a port, relative, in-cluster."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mcp_ogc.settings import StorageSettings
from tests.quirks.made import made
from tests.server.talk import refused
from tests.servers.object_storage import ObjectStorage
from tests.servers.processes.catalogue import IN_CLUSTER_S3, RASTER, Product
from tests.servers.processes.endpoint import TestEndpoint
from tests.servers.processes.jobs import Job
from tests.servers.processes.personalities import STANDARD
from tests.servers.processes.personality import HrefForm, Keying
from tests.servers.processes.quirk import quirks

pytestmark = pytest.mark.anyio

SCENE = RASTER.makes({})["raster"].body or b""


def referring(form: HrefForm, *more: int) -> TestEndpoint:
    personality = replace(
        STANDARD, name="referring", quirks=quirks(33, *more), href_form=form, keying=Keying.ADDITIONAL_PROP
    )
    return TestEndpoint(personality)


def reached(storage: ObjectStorage, **more: str) -> dict[str, StorageSettings]:
    """The storage as the settings name it."""
    section = {
        "endpoint": storage.url,
        "access_key_id": storage.access_key_id,
        "secret_access_key": storage.secret_access_key,
        **more,
    }
    return {"results": StorageSettings.model_validate({"buckets": ["results"], **section})}


@pytest.mark.parametrize(
    ("form", "more"),
    [(HrefForm.S3, []), (HrefForm.S3_PORT_80, []), (HrefForm.S3_PORT_80, [32])],
    ids=["s3", "s3 with the service and a port", "one of several places"],
)
async def test_q33_a_file_on_an_object_storage_is_read_with_the_credentials_of_the_settings(
    object_storage: ObjectStorage, tmp_path: Path, form: HrefForm, more: list[int]
) -> None:
    def store(job: Job) -> None:
        object_storage.put(f"{job.id}/L7_ETMs.tif", SCENE)

    endpoint, storage = referring(form, *more), reached(object_storage)
    async with made(endpoint, tmp_path, "raster", storage=storage, steer=store) as job:
        output = (await job.outputs())["raster"]
        assert await job.bands(output["files"][0]["raster"]) == 6
        assert (await job.exported())["L7_ETMs.tif"]["bytes"] == len(SCENE)


async def test_q33_a_relative_reference_as_a_value_leads_on_from_where_it_was_found(tmp_path: Path) -> None:
    async with made(referring(HrefForm.RELATIVE), tmp_path, "raster") as job:
        output = (await job.outputs())["raster"]
        assert (output["kind"], output["media_type"]) == ("file", "image/tiff; application=geotiff")
        assert output["files"][0]["bytes"] == len(SCENE)
        assert await job.bands(output["files"][0]["raster"]) == 6


async def test_q33_a_host_that_only_the_servers_network_knows_is_the_servers_own(tmp_path: Path) -> None:
    async with made(referring(HrefForm.IN_CLUSTER), tmp_path, "raster") as job:
        output = (await job.outputs())["raster"]
        assert await job.bands(output["files"][0]["raster"]) == 6


async def test_q33_an_object_named_by_the_address_its_storage_has_inside_is_read_where_the_settings_say(
    object_storage: ObjectStorage, tmp_path: Path
) -> None:
    def at_its_address(job: Job) -> None:
        object_storage.put("inside/scene.tif", SCENE)
        inside = {"href": f"{IN_CLUSTER_S3}/results/inside/scene.tif?X-Amz-Signature=1", "type": "image/tiff"}
        job.products = {"raster": Product(inside)}

    storage = reached(object_storage, advertised_endpoint=IN_CLUSTER_S3)
    endpoint = referring(HrefForm.S3)
    async with made(endpoint, tmp_path, "raster", storage=storage, steer=at_its_address) as job:
        output = (await job.outputs())["raster"]
        assert await job.bands(output["files"][0]["raster"]) == 6


async def test_q33_a_signed_link_to_a_storage_inside_a_cluster_names_the_section_and_the_port_to_forward(
    tmp_path: Path,
) -> None:
    def signed(job: Job) -> None:
        href = f"{IN_CLUSTER_S3}/results/inside/scene.tif?X-Amz-Credential=key&X-Amz-Signature=5ec2e7"
        job.products = {"raster": Product({"href": href, "type": "image/tiff"})}

    async with made(referring(HrefForm.S3), tmp_path, "raster", steer=signed) as job:
        (file,) = (await job.outputs())["raster"]["files"]
        told = await refused(job.client, "ogc_summarize_raster", raster=file["raster"])
    assert "only exists inside its cluster" in told
    assert "kubectl port-forward svc/eoap-zoo-project-localstack -n eoap-zoo-project 4566:4566" in told
    assert f'[storage.results]\nbuckets = ["results"]\nadvertised_endpoint = "{IN_CLUSTER_S3}"' in told
    assert "5ec2e7" not in told


async def test_q33_the_assets_of_items_are_read_likewise(object_storage: ObjectStorage, tmp_path: Path) -> None:
    def store(job: Job) -> None:
        for feature in job.products["stac_catalog"].value["features"]:
            for asset in feature["assets"].values():
                object_storage.put(asset["href"].removeprefix("s3://results/"), SCENE)

    storage = reached(object_storage, advertised_endpoint=IN_CLUSTER_S3)
    endpoint = TestEndpoint("zoo")
    async with made(endpoint, tmp_path, "water-bodies", storage=storage, steer=store) as job:
        output = (await job.outputs())["stac_catalog"]
        assert await job.bands(output["items"][0]["assets"][0]["raster"]) == 6


async def test_q33_a_storage_that_is_not_configured_is_told_with_the_section_to_write(tmp_path: Path) -> None:
    async with made(TestEndpoint("zoo"), tmp_path, "water-bodies") as job:
        output = (await job.outputs())["stac_catalog"]
        raster = output["items"][0]["assets"][0]["raster"]
        told = await refused(job.client, "ogc_summarize_raster", raster=raster)
    assert "only exists inside its cluster" in told
    assert "[storage.results]" in told
