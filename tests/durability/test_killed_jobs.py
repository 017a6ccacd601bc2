"""kill -9 of the local endpoint, a driver and a step at each moment of a job: its end is told, and nothing is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import httpx
import pytest

from mcp_ogc.local.folder import JobFolder
from tests.local.conftest import appears, deploy, ends, opened, processes_of, status, submit, tool, until

pytestmark = pytest.mark.anyio

SERVER = """
import sys, threading, anyio
from pathlib import Path
from mcp_ogc.local import jobs
from tests.local.conftest import opened, submit

def here(*_, **__):
    print("here", flush=True)
    threading.Event().wait()

moment = sys.argv[2]
if moment == "before the job is written":
    jobs.Store.add_job = here
elif moment == "before its driver is started":
    jobs.Jobs._start = here
elif moment == "after its driver was started":
    start = jobs.Jobs._start
    jobs.Jobs._start = lambda *arguments: (start(*arguments), here())
else:
    jobs.shutil.rmtree = here

async def main():
    async with opened(Path(sys.argv[1])) as http:
        if moment == "while it is dismissed":
            await http.delete(f"/jobs/{sys.argv[3]}")
        await submit(http, "pause", seconds=0)

anyio.run(main)
"""


async def server_killed(root: Path, moment: str, *more: str) -> None:
    """A server submits a job, or dismisses one, and is killed at that moment."""
    command = [sys.executable, "-c", SERVER, str(root), moment, *more]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        assert server.stdout is not None
        try:
            with anyio.fail_after(60):
                assert await anyio.to_thread.run_sync(server.stdout.readline, abandon_on_cancel=True) == b"here\n"
        finally:
            server.kill()


def folders(root: Path) -> list[Path]:
    return list((root / "jobs").iterdir()) if (root / "jobs").exists() else []


async def test_a_job_that_was_not_yet_written_is_none_and_its_folder_goes(root: Path) -> None:
    await server_killed(root, "before the job is written")
    assert len(folders(root)) == 1
    async with opened(root) as http:
        assert (await http.get("/jobs")).json()["jobs"] == []
        assert folders(root) == []
        assert (await until(http, await submit(http, "pause", seconds=0)))["status"] == "successful"
    async with opened(root):
        assert len(folders(root)) == 1, "a job's own folder stays"


async def test_a_job_whose_driver_was_not_started_has_failed_and_says_what_to_do(root: Path) -> None:
    await server_killed(root, "before its driver is started")
    async with opened(root) as http:
        (job,) = (await http.get("/jobs")).json()["jobs"]
        assert job["status"] == "failed"
        assert "Execute the process again" in job["message"]
        assert (await until(http, await submit(http, "pause", seconds=0)))["status"] == "successful", "no one waits"
        assert (await http.delete(f"/jobs/{job['jobID']}")).status_code == 200
        assert root / "jobs" / job["jobID"] not in folders(root)


async def test_a_job_whose_driver_was_started_ends_by_itself(root: Path) -> None:
    await server_killed(root, "after its driver was started")
    async with opened(root) as http:
        (job,) = (await http.get("/jobs")).json()["jobs"]
        assert (await until(http, job["jobID"]))["status"] == "successful"


async def test_a_dismissal_that_was_cut_off_leaves_no_folder_in_the_end(root: Path) -> None:
    async with opened(root) as http:
        job_id = await submit(http, "pause", seconds=60)
        await until(http, job_id, "running")
        group = JobFolder(root / "jobs" / job_id).group()
    assert group is not None
    await server_killed(root, "while it is dismissed", job_id)
    assert processes_of(group) == []
    async with opened(root) as http:
        assert (await http.get(f"/jobs/{job_id}")).status_code == 404
        assert folders(root) == []


CATALOGUE = (
    r"""truncate -s 40G a.tif; printf '{"type":"Feature","stac_version":"1.0.0","id":"a","geometry":null,"links":[],"""
    r""""properties":{"datetime":"2026-01-01T00:00:00Z"},"assets":{"a":{"href":"./a.tif"}}}' > a.json; """
    r"""printf '{"type":"Catalog","stac_version":"1.0.0","id":"c","description":"d","links":["""
    r"""{"rel":"item","href":"./a.json"}]}' > catalog.json"""
)


async def test_a_driver_that_is_killed_while_it_publishes_leaves_no_half_of_a_result(
    http: httpx.AsyncClient, root: Path
) -> None:
    """A file whose checksum takes long: it is made of nothing but a length."""
    await deploy(http, tool("vast", CATALOGUE, outputs="{out: {type: Directory, outputSource: run-it/out}}"))
    job_id = await submit(http, "vast")
    folder = JobFolder(root / "jobs" / job_id)
    await ends(lambda: not list(folder.published.rglob("*.tif")))
    assert (await status(http, job_id))["message"] == "publishing"
    group = folder.group()
    assert group is not None
    os.kill(group, signal.SIGKILL)
    info = await until(http, job_id)
    assert info["status"] == "failed"
    assert "Execute the process again" in info["message"]
    await ends(lambda: bool(processes_of(group)))
    assert not folder.published.exists()
    assert not folder.results.exists()
    assert not folder.tmp.exists()
    assert (await http.get(f"/jobs/{job_id}/results")).status_code == 500
    await http.delete(f"/jobs/{job_id}")
    assert folders(root) == []


DRIVER = """
import os, signal, sys
from pathlib import Path
from types import SimpleNamespace
from mcp_ogc.local import driver

def dies(*_):
    os.kill(os.getpid(), signal.SIGKILL)

moment = {moment!r}
if moment == "before its end is written":
    driver.Store.end = dies
elif moment == "before its working files are removed":
    driver.shutil = SimpleNamespace(rmtree=lambda *_, **__: dies())
else:
    write = Path.write_text
    def half(path, text, **options):
        write(path, text[: len(text) // 2], **options)
        if path.parent == Path(sys.argv[1]) and path.name.startswith("results"):
            dies()
    Path.write_text = half
driver.main()
"""


def drivers_die(monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    """Drivers that are started from now on kill themselves at that moment."""
    started = subprocess.Popen

    def start(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        python, *_, folder = command
        return started([python, "-P", "-c", DRIVER.format(moment=moment), folder], **options)

    monkeypatch.setattr("mcp_ogc.local.jobs.subprocess.Popen", start)


@pytest.mark.parametrize("moment", ["before its end is written", "before its working files are removed"])
async def test_a_driver_that_is_killed_after_its_results_are_whole_has_succeeded(
    http: httpx.AsyncClient, root: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    await deploy(http, tool("tells", "echo told > a.txt", outputs="{out: {type: Directory, outputSource: run-it/out}}"))
    drivers_die(monkeypatch, moment)
    job_id = await submit(http, "tells")
    info = await until(http, job_id)
    assert (info["status"], info["progress"]) == ("successful", 100)
    assert info["started"] <= info["finished"] <= info["updated"]
    answer = await http.get(f"/jobs/{job_id}/results")
    assert answer.status_code == 200
    (file,) = JobFolder(root / "jobs" / job_id).published.rglob("a.txt")
    assert file.read_text() == "told\n"
    assert file.as_uri() in answer.text
    assert not JobFolder(root / "jobs" / job_id).tmp.exists()
    assert [job["status"] for job in (await http.get("/jobs")).json()["jobs"]] == ["successful"]


async def test_a_driver_that_is_killed_in_the_midst_of_its_results_has_failed(
    http: httpx.AsyncClient, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drivers_die(monkeypatch, "in the midst of its results")
    job_id = await submit(http, "pause", seconds=0)
    assert (await until(http, job_id))["status"] == "failed"
    assert (await http.get(f"/jobs/{job_id}/results")).status_code == 500
    assert not list((root / "jobs" / job_id).glob("results*"))


async def test_a_job_whose_results_cannot_be_published_leaves_none_of_them(http: httpx.AsyncClient, root: Path) -> None:
    outputs = "{out: {type: Directory, outputSource: run-it/out}}"
    await deploy(http, tool("strays", "echo a > a.txt; ln -s /etc/hostname z.txt", outputs=outputs))
    job_id = await submit(http, "strays")
    assert (await until(http, job_id))["status"] == "failed"
    folder = JobFolder(root / "jobs" / job_id)
    await ends(folder.published.exists)
    assert not folder.results.exists()


@pytest.mark.parametrize("moment", ["as it begins", "in the midst of its output"])
async def test_a_step_that_is_killed_fails_its_job_and_leaves_nothing_running(
    http: httpx.AsyncClient, root: Path, moment: str
) -> None:
    command = "echo $$ > ../number; while :; do echo line; sleep 0.01; done"
    if moment == "as it begins":
        command = "echo $$ > ../number; while :; do sleep 0.01; done"
    await deploy(http, tool("endless", command.replace("../number", str(root / "number"))))
    job_id = await submit(http, "endless")
    folder = JobFolder(root / "jobs" / job_id)
    await ends(lambda: not (root / "number").exists() or not (root / "number").read_text().strip())
    if moment != "as it begins":
        await appears(folder.log("run-it") or folder.logs / "run-it.log")
        await ends(lambda: "line" not in (folder.logs / "run-it.log").read_text())
    os.kill(int((root / "number").read_text()), signal.SIGKILL)
    info = await until(http, job_id)
    assert (info["status"], "step run-it was ended by signal 9" in info["message"]) == ("failed", True)
    group = folder.group()
    assert group is not None
    await ends(lambda: bool(processes_of(group)))
    assert not folder.tmp.exists()
