"""The recorded workflow of ZOO-Project-DRU, from the list of processes to a picture of a raster on S3."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import boto3
import numpy as np
import pytest
import rasterio
import uvicorn
from mcp import Client
from moto.server import ThreadedMotoServer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from mcp_ogc.authentication import BearerAuthentication
from mcp_ogc.server import build_server
from mcp_ogc.settings import EndpointSettings, Settings, StorageSettings
from tests.server.talk import call, finished, refused, text_of

pytestmark = pytest.mark.anyio

RECORDED = json.loads(
    (Path(__file__).parents[1] / "data" / "zoo-water-bodies-results.json").read_text(encoding="utf-8")
)
JOB = RECORDED["id"]
IN_CLUSTER = "http://eoap-zoo-project-localstack.eoap-zoo-project.svc.cluster.local:4566"
TOKEN = "canary-token"
INPUTS = {
    "stac_items": ["https://planetarycomputer.example/items/LC08_L2SP_044032_20231208_02_T1"],
    "aoi": "-121.399,39.834,-120.74,40.472",
    "epsg": "EPSG:4326",
    "bands": ["green", "nir08"],
}


class Zoo:
    """Answers as ZOO-Project-DRU does below /acme/ogc-api: shapes from the recorded transcripts."""

    def __init__(self) -> None:
        self.executions: list[dict[str, object]] = []
        self.looks = 0
        self.app = Starlette(
            routes=[
                Route("/acme/ogc-api/", self.landing),
                Route("/acme/ogc-api/conformance", lambda _: JSONResponse({"conformsTo": []})),
                Route("/acme/ogc-api/processes", self.processes),
                Route("/acme/ogc-api/processes/water-bodies", self.process),
                Route("/acme/ogc-api/processes/water-bodies/execution", self.execute, methods=["POST"]),
                Route(f"/acme/ogc-api/jobs/{JOB}", self.job),
                Route(f"/acme/ogc-api/jobs/{JOB}/results", lambda _: RedirectResponse(f"/acme/temp/{JOB}.json")),
                Route(f"/acme/temp/{JOB}.json", self.results),
                Route("/acme/ogc-api/jobs", lambda _: JSONResponse({"jobs": [], "links": [], "numberTotal": 0})),
            ]
        )

    def landing(self, request: Request) -> Response:
        href = "http://zoo-project-dru-service/acme/ogc-api"
        rel = "https://www.opengis.net/def/rel/ogc/1.0"
        links = [
            {"rel": f"{rel}/{name}", "type": "application/json", "href": f"{href}/{path}"}
            for name, path in (("conformance", "conformance"), ("processes", "processes"), ("job-list", "jobs"))
        ]
        return JSONResponse({"title": "ZOO", "links": links})

    def processes(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            echoed = f"<html>401 Authorization Required, not {request.headers.get('authorization')}</html>"
            return Response(echoed, 401, media_type="text/html")
        summary = {"id": "water-bodies", "title": "Water", "description": "None", "mutable": True, "version": "1.0.0"}
        return JSONResponse({"processes": [summary], "links": [], "numberTotal": 1})

    def process(self, request: Request) -> Response:
        text = {"type": "string"}
        inputs = {
            "stac_items": {"title": "None", "schema": {"type": "array", "items": text}},
            "aoi": {"schema": text},
            "epsg": {"schema": {**text, "default": "EPSG:4326"}},
            "bands": {"schema": {"type": "array", "items": text, "default": ["green", "nir08"]}},
        }
        outputs = {"stac_catalog": {"title": "None", "schema": {"type": "object"}}}
        return JSONResponse({"id": "water-bodies", "version": "1.0.0", "inputs": inputs, "outputs": outputs})

    async def execute(self, request: Request) -> Response:
        self.executions.append(await request.json())
        body = {"id": JOB, "jobID": JOB, "type": "process", "processID": "water-bodies", "status": "running"}
        return JSONResponse(body, 201, {"Location": f"http://zoo-project-dru-service/acme/ogc-api/jobs/{JOB}"})

    def job(self, request: Request) -> Response:
        self.looks += 1
        done = self.looks > 2
        body = {
            "id": JOB,
            "jobID": JOB,
            "type": "process",
            "processID": "water-bodies",
            "status": "successful" if done else "running",
            "progress": 100 if done else 23,
            "message": "execution submitted",
        }
        return JSONResponse(body)

    def results(self, request: Request) -> Response:
        return JSONResponse({"stac_catalog": {"value": RECORDED}})


@pytest.fixture
def zoo() -> Iterator[tuple[Zoo, str]]:
    served = Zoo()
    server = uvicorn.Server(uvicorn.Config(served.app, port=0, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
    yield served, f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/acme/ogc-api"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The notebook's bucket, with a mask as it was recorded: 1 is water, 0 is nodata, nothing else."""
    path = tmp_path_factory.mktemp("s3") / "otsu.tif"
    mask = np.zeros((200, 300), "uint8")
    mask[:, :180] = 1
    profile = {"driver": "GTiff", "width": 300, "height": 200, "count": 1, "dtype": "uint8", "nodata": 0, "tiled": True}
    transform = rasterio.Affine(30, 0, 636975, 0, -30, 4482615)
    with rasterio.open(
        path, "w", crs="EPSG:32610", transform=transform, blockxsize=64, blockysize=64, **profile
    ) as file:
        file.write(mask, 1)
    moto = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    url = f"http://{host}:{port}"
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    client = boto3.client("s3", endpoint_url=url, region_name="us-east-1", **keys)
    client.create_bucket(Bucket="results")
    for feature in RECORDED["features"]:
        key = feature["assets"]["data"]["href"].removeprefix("s3://results/")
        client.put_object(Bucket="results", Key=key, Body=path.read_bytes())
    yield url
    moto.stop()


def configured(settings: Settings, url: str, **storage: StorageSettings) -> Settings:
    endpoint = EndpointSettings(url=url, authentication=BearerAuthentication(token=TOKEN))
    return settings.model_copy(update={"endpoints": {"zoo": endpoint}, "storage": storage})


async def test_the_notebook_s_workflow_holds_from_the_list_to_the_picture(
    settings: Settings, zoo: tuple[Zoo, str], s3: str
) -> None:
    served, url = zoo
    storage = StorageSettings(
        advertised_endpoint=IN_CLUSTER, endpoint=s3, access_key_id="testing", secret_access_key="testing"
    )
    async with Client(build_server(configured(settings, url, results=storage))) as client:
        endpoints = {row["name"]: row for row in (await call(client, "ogc_list_endpoints"))["endpoints"]}
        assert endpoints["zoo"]["default"], "the only remote endpoint is the one that is meant"
        (process,) = (await call(client, "ogc_list_processes"))["processes"]
        assert process["process_id"] == "water-bodies"
        job = await call(client, "ogc_execute_process", process_id="water-bodies", inputs=INPUTS, wait_seconds=0)
        assert job["job_id"] == JOB
        assert (await finished(client, JOB))["status"] == "successful"
        assert served.executions == [{"inputs": INPUTS, "response": "document"}]
        results = await call(client, "ogc_get_results", job_id=JOB)
        items = results["outputs"][0]["items"]
        assert [item["id"] for item in items] == [feature["id"] for feature in RECORDED["features"]]
        answer = await client.call_tool("ogc_summarize_raster", {"raster": items[0]["assets"][0]["raster"]})
        assert not answer.is_error, text_of(answer)
        assert [block.type for block in answer.content] == ["text", "image"]
        (band,) = answer.structured_content["bands"]
        assert band["valid_percent"] == pytest.approx(60)
        assert band["classes"][0]["km2"] == pytest.approx(180 * 200 * 900 / 1e6)
        assert band["classes"][0]["percent_of_all"] == pytest.approx(60)
        assert "every valid pixel is 1" in text_of(answer).lower()
        saved = await call(client, "ogc_export_job", job_id=JOB)
        assert all("problem" not in file for file in saved["files"])
        names = sorted(file["path"].rsplit("/", 1)[-1] for file in saved["files"])
        assert names == ["otsu.tif", "otsu.tif", "results.json"]


async def test_without_a_mapping_the_answer_names_the_setting_and_the_port_forward(
    settings: Settings, zoo: tuple[Zoo, str]
) -> None:
    _, url = zoo
    async with Client(build_server(configured(settings, url))) as client:
        await call(client, "ogc_execute_process", process_id="water-bodies", inputs=INPUTS, wait_seconds=0)
        await finished(client, JOB)
        results = await call(client, "ogc_get_results", job_id=JOB)
        raster = results["outputs"][0]["items"][0]["assets"][0]["raster"]
        told = await refused(client, "ogc_summarize_raster", raster=raster)
        assert "kubectl port-forward" in told
        assert "[storage.results]" in told


async def test_a_wrong_token_says_sign_in_and_is_not_printed(settings: Settings, zoo: tuple[Zoo, str]) -> None:
    _, url = zoo
    endpoint = EndpointSettings(url=url, authentication=BearerAuthentication(token="canary-wrong"))
    wrong = settings.model_copy(update={"endpoints": {"zoo": endpoint}})
    async with Client(build_server(wrong)) as client:
        told = await refused(client, "ogc_list_processes")
        assert "Write a new token into [endpoints.zoo]" in told
        assert "namespace" in told
        assert "canary" not in told
