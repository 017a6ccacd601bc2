"""The whole conversation with pygeoapi itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import rasterio
from mcp import Client

from tests.server.talk import call, finished, refused, text_of
from tests.servers.pygeoapi import pygeoapi

SCENE = Path(__file__).parents[1] / "data" / "L7_ETMs.tif"

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("pygeoapi")]


@pytest.fixture(scope="module")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with pygeoapi(tmp_path_factory.mktemp("pygeoapi")) as url:
        yield url


async def test_it_is_recognised_and_what_it_can_do_is_found_though_not_declared(far: Client) -> None:
    (row,) = (await call(far, "ogc_list_endpoints"))["endpoints"]
    assert row["kind"] == "pygeoapi"
    assert "list jobs" in row["found"]
    assert "dismiss" in row["found"]
    assert not {"list jobs", "dismiss"} & set(row.get("declared", ()))


async def test_processes_are_listed_described_and_their_example_runs(far: Client) -> None:
    listed = await call(far, "ogc_list_processes")
    assert {row["process_id"] for row in listed["processes"]} == {"greeting", "slow", "files"}
    described = await call(far, "ogc_describe_process", process_id="greeting")
    assert [row["input_id"] for row in described["inputs"]] == ["name", "times"]
    job = await call(far, "ogc_execute_process", process_id="greeting", inputs=described["example_inputs"])
    assert (await finished(far, job["job_id"]))["status"] == "successful"


async def test_a_process_runs_as_a_job_is_followed_and_its_value_is_its_output(far: Client) -> None:
    inputs = {"name": "Ada", "times": 2}
    job = await call(far, "ogc_execute_process", process_id="greeting", inputs=inputs, wait_seconds=0)
    assert not job["job_id"].startswith("sync-"), "pygeoapi ran it at once: Prefer was not understood (Q1)"
    assert (await finished(far, job["job_id"]))["status"] == "successful"
    results = await call(far, "ogc_get_results", job_id=job["job_id"])
    (output,) = results["outputs"]
    assert output["output_id"] == "greeting"
    assert "Hello Hello Ada" in str(output)
    rows = (await call(far, "ogc_list_jobs"))["jobs"]
    assert job["job_id"] in {row["job_id"] for row in rows}


async def test_a_failed_job_says_why(far: Client) -> None:
    job = await call(far, "ogc_execute_process", process_id="greeting", inputs={"name": "nobody"}, wait_seconds=0)
    await finished(far, job["job_id"])
    answer = await far.call_tool("ogc_get_job", {"job_id": job["job_id"]})
    assert "failed" in text_of(answer)
    assert "there is nobody to greet" in text_of(answer)


async def test_a_running_job_is_dismissed_and_gone(far: Client, tmp_path: Path) -> None:
    until = tmp_path / "end"
    inputs = {"until": str(until)}
    job = await call(far, "ogc_execute_process", process_id="slow", inputs=inputs, wait_seconds=0)
    assert job["status"] in ("accepted", "running")
    preview = await call(far, "ogc_dismiss_job", job_id=job["job_id"])
    dismissed = await call(far, "ogc_dismiss_job", job_id=job["job_id"], confirm=preview["confirm"])
    assert dismissed["dismissed"] is True
    until.touch()  # pygeoapi does not stop what runs (Q17)
    assert "dismissed" in await refused(far, "ogc_get_job", job_id=job["job_id"])


async def test_a_job_is_waited_for(far: Client, tmp_path: Path) -> None:
    until = tmp_path / "end"
    inputs = {"until": str(until)}
    job = await call(far, "ogc_execute_process", process_id="slow", inputs=inputs, wait_seconds=0)
    until.touch()
    assert (await finished(far, job["job_id"]))["status"] == "successful"


async def test_results_of_a_dismissed_job_are_kept_here(far: Client) -> None:
    job = await call(far, "ogc_execute_process", process_id="greeting", inputs={"name": "Grace"}, wait_seconds=0)
    await finished(far, job["job_id"])
    preview = await call(far, "ogc_dismiss_job", job_id=job["job_id"])
    await call(far, "ogc_dismiss_job", job_id=job["job_id"], confirm=preview["confirm"])
    results = await call(far, "ogc_get_results", job_id=job["job_id"])
    assert "Hello Grace" in str(results["outputs"])


@pytest.mark.parametrize(("kind", "shown"), [("table", "area_km2"), ("feature", "Recife"), ("picture", "image/png")])
async def test_outputs_that_are_files_are_shown_for_what_they_are(far: Client, kind: str, shown: str) -> None:
    job = await call(far, "ogc_execute_process", process_id="files", inputs={"kind": kind}, wait_seconds=0)
    done = await finished(far, job["job_id"])
    assert done["status"] == "successful", done
    answer = await far.call_tool("ogc_get_results", {"job_id": job["job_id"]})
    assert not answer.is_error, text_of(answer)
    assert shown in text_of(answer)


async def test_a_raster_it_made_is_summarised_measured_compared_and_exported(far: Client) -> None:
    job = await call(far, "ogc_execute_process", process_id="files", inputs={"kind": "raster"}, wait_seconds=0)
    assert (await finished(far, job["job_id"]))["status"] == "successful"
    (output,) = (await call(far, "ogc_get_results", job_id=job["job_id"]))["outputs"]
    (file,) = output["files"]
    raster = file["raster"]
    with rasterio.open(SCENE) as dataset:
        red = dataset.read(3)
        middle = dataset.xy(176, 174)
        crs = str(dataset.crs)
    summary = await call(far, "ogc_summarize_raster", raster=raster, bands=[3], exact=True)
    (band,) = summary["bands"]
    assert (band["minimum"], band["maximum"]) == (red.min(), red.max())
    assert band["mean"] == pytest.approx(red.mean())
    measured = await call(far, "ogc_measure_raster", raster=raster, points=[list(middle)], crs=crs, bands=[3])
    (value,) = measured["points"][0]["values"]
    assert (value["value"], value["state"]) == (red[176, 174], "valid")
    compared = await far.call_tool("ogc_compare_rasters", {"before": raster, "after": raster})
    assert not compared.is_error, text_of(compared)
    exported = await call(far, "ogc_export_job", job_id=job["job_id"])
    folder = Path(exported["folder"])
    (copy,) = [path for path in folder.rglob("*") if path.is_file() and path.read_bytes() == SCENE.read_bytes()]
    assert copy.suffix == ".tif"


async def test_inputs_that_do_not_fit_are_told_before_anything_is_sent(far: Client) -> None:
    told = await refused(far, "ogc_execute_process", process_id="greeting", inputs={"nam": "Ada", "times": 0})
    assert "name is missing" in told
    assert "perhaps name" in told
    assert "times" in told
    assert (await call(far, "ogc_list_jobs", process_id="never"))["jobs"] == []


async def test_what_it_can_not_do_is_told_with_what_to_do_instead(far: Client) -> None:
    package = "cwlVersion: v1.2\nclass: Workflow\nid: w\ninputs: []\noutputs: []\nsteps: []\n"
    told = await refused(far, "ogc_deploy_process", package=package)
    assert "far can't deploy" in told
    assert "No configured endpoint deploys" in told
    told = await refused(far, "ogc_get_package", process_id="greeting")
    assert "greeting" in told
    preview = await far.call_tool("ogc_undeploy_process", {"process_id": "greeting"})
    assert "far does not say that it can do that, and may refuse" in text_of(preview)
    confirm = (preview.structured_content or {})["confirm"]
    told = await refused(far, "ogc_undeploy_process", process_id="greeting", confirm=confirm)
    assert "far undeploys no processes" in told
    checked = await far.call_tool("ogc_validate_package", {"package": package})
    assert not checked.is_error, "a package can be checked whatever the endpoint takes"


async def test_an_unknown_process_or_job_names_what_there_is(far: Client) -> None:
    assert "greeting" in await refused(far, "ogc_describe_process", process_id="greetings")
    assert "far has no job" in await refused(far, "ogc_get_job", job_id="nothing")
