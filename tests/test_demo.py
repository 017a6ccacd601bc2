"""The demo, end to end, as a new user runs it."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from mcp_ogc.cli.config import server_command
from mcp_ogc.local.sample.samples import AOI, SCENES
from tests.local.sample.oracle import km2, water


def demo(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "MCP_OGC_DATA_FOLDER": str(folder / "data"),
        "MCP_OGC_DOWNLOAD_FOLDER": str(folder / "downloads"),
        "MCP_OGC_URL": "https://remote.example/ogc-api",  # the demo stays on this machine whatever is configured
        "PYTHONUTF8": "1",
    }
    return subprocess.run(
        [*server_command(), "demo", *options],
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=170,
    )


def test_the_demo_reports_the_water_that_a_plain_computation_finds(tmp_path: Path) -> None:
    ran = demo(tmp_path, "--json")
    assert ran.returncode == 0, ran.stderr
    report = json.loads(ran.stdout)
    assert report["status"] == "successful"
    assert [item["id"] for item in report["items"]] == list(SCENES)
    for item in report["items"]:
        assert item["water_km2"] == pytest.approx(km2(water(item["id"], AOI)))
        assert item["valid_percent"] == 100
        assert item["summary_uri"].startswith(f"ogc://local/jobs/{report['job_id']}/rasters/")
        assert Path(item["preview_path"]).read_bytes().startswith(b"\x89PNG")
    assert {call["tool"] for call in report["calls"]} >= {
        "ogc_execute_process",
        "ogc_summarize_raster",
        "ogc_measure_raster",
    }
    assert all(call["characters"] > 0 for call in report["calls"])


def test_the_demo_reads_as_a_conversation_and_runs_a_second_time(tmp_path: Path) -> None:
    first, second = demo(tmp_path), demo(tmp_path)
    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert "→ ogc_deploy_process" in first.stdout
    assert "→ ogc_deploy_process" not in second.stdout, "it is deployed already"
    for line in ("→ ogc_execute_process", "… 100 %", "km² of water", "every pixel counted", "picture:"):
        assert line in first.stdout
    assert "remote.example" not in first.stdout
