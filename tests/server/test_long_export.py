"""An export that takes longer than a call goes on, and the same call returns its files."""

from pathlib import Path

import anyio
import anyio.to_thread
import pytest
from mcp import Client

from mcp_ogc.server import build_server
from mcp_ogc.settings import EndpointSettings, LocalSettings, Settings
from tests.server.talk import call, text_of
from tests.servers.listening import listening
from tests.servers.processes.endpoint import TestEndpoint
from tests.servers.processes.holding import Holding

pytestmark = pytest.mark.anyio

SECONDS = "mcp_ogc.tools.exports.EXPORT_SECONDS"


async def test_the_first_call_tells_how_far_it_is_and_the_same_call_returns_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = TestEndpoint(polls=None)
    holding = Holding(endpoint, "GET", r"\.tif", "midst")
    async with listening(holding.app) as url:
        settings = Settings(
            endpoints={"far": EndpointSettings(url=url)},
            data_folder=tmp_path / "data",
            download_folder=tmp_path / "downloads",
            local=LocalSettings(enabled=False),
        )
        async with Client(build_server(settings)) as client:
            job = (await call(client, "ogc_execute_process", process_id="raster", inputs={}, wait_seconds=0))["job_id"]
            endpoint.jobs.newest.end("successful")
            again = f'ogc_export_job(job_id="{job}", endpoint="far")'
            with monkeypatch.context() as patched:
                patched.setattr(SECONDS, 0)
                await call(client, "ogc_export_job", job_id=job)
                await anyio.to_thread.run_sync(holding.reached.wait)
                while not (told := await call(client, "ogc_export_job", job_id=job))["coming"]:
                    pass
                text = text_of(await client.call_tool("ogc_export_job", {"job_id": job}))
            assert told["left_out"] >= 1
            assert told["coming"][0]["received"] > 0
            assert not list((tmp_path / "downloads").rglob("*.tif"))
            assert "on its way, " in text
            assert f" not brought yet; that goes on. Next: {again} returns them" in text
            holding.release()
            exported = await client.call_tool("ogc_export_job", {"job_id": job})
    assert "All are there; nothing is left to do." in text_of(exported)
    files = (exported.structured_content or {})["files"]
    (raster,) = [file for file in files if file["path"].endswith(".tif")]
    assert Path(raster["path"]).stat().st_size == raster["bytes"]
    whole = [asked for asked in endpoint.asked("GET", ".tif") if "range" not in asked.headers]
    assert len(whole) == 1, "the last call only asks for its size"
