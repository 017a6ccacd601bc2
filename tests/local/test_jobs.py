"""Jobs outlive servers, tell why they failed, and leave nothing when they are dismissed."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import psutil
import pytest
import uvicorn

from mcp_ogc.local.app import open_app
from mcp_ogc.local.folder import JobFolder
from mcp_ogc.settings import LocalSettings
from tests.local.conftest import BASE, deploy, status, submit, tool, until

pytestmark = pytest.mark.anyio

DIRECTORY_OUT = "{out: {type: Directory, outputSource: run-it/out}}"
SERVER = """
import sys, anyio, httpx
from pathlib import Path
from mcp_ogc.local.app import open_app
from mcp_ogc.settings import LocalSettings

async def main():
    settings = LocalSettings(trusted_packages=("*",), container_engine="none")
    async with open_app(settings, Path(sys.argv[1])) as app:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://l.invalid") as http:
            body = {"inputs": {}, "response": "document"}
            answer = await http.post("/processes/slow/execution", json=body, headers={"Prefer": "respond-async"})
            print(answer.json()["jobID"], flush=True)
            await anyio.sleep_forever()

anyio.run(main)
"""


@asynccontextmanager
async def opened(root: Path, running_jobs: int = 2, **options: Any) -> AsyncIterator[httpx.AsyncClient]:
    settings = LocalSettings(trusted_packages=("*",), container_engine="none", running_jobs=running_jobs)
    async with (
        open_app(settings, root, **options) as app,
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as http,
    ):
        yield http


async def appears(path: Path) -> None:
    with anyio.fail_after(60):
        while not await anyio.Path(path).exists():
            await anyio.sleep(0.02)  # a poll, with a deadline


def processes_of(group: int) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (ProcessLookupError, psutil.Error):
            continue
    return found


async def test_a_job_finishes_and_publishes_with_no_server_alive(http: httpx.AsyncClient, root: Path) -> None:
    gate = root / "gate"
    slow = tool("slow", f"while [ ! -e {gate} ]; do sleep 0.05; done; echo done > a.txt", outputs=DIRECTORY_OUT)
    await deploy(http, slow)
    server = subprocess.Popen([sys.executable, "-c", SERVER, str(root)], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    job_id = (await anyio.to_thread.run_sync(server.stdout.readline)).strip()
    await until(http, job_id, "running")
    server.send_signal(signal.SIGKILL)
    server.communicate()
    gate.touch()
    assert (await until(http, job_id))["status"] == "successful"
    (file,) = (await http.get(f"/jobs/{job_id}/results")).json()["out"]
    assert Path(httpx.URL(file["href"]).path).read_text(encoding="utf-8") == "done\n"


async def test_a_job_whose_driver_is_killed_has_failed_and_says_why(http: httpx.AsyncClient, root: Path) -> None:
    await deploy(http, tool("endless", "while :; do sleep 0.1; done"))
    job_id = await submit(http, "endless")
    folder = JobFolder(root / "jobs" / job_id)
    await appears(folder.logs / "run-it.log")
    group = folder.group()
    assert group is not None
    os.kill(group, signal.SIGKILL)
    info = await until(http, job_id)
    assert info["status"] == "failed"
    assert "killed" in info["message"]
    assert "during step run-it" in info["message"]
    for process in processes_of(group):
        process.kill()


async def test_a_dismissed_job_leaves_no_process_and_no_file(http: httpx.AsyncClient, root: Path) -> None:
    await deploy(http, tool("endless", "(while :; do sleep 0.1; done) & while :; do sleep 0.1; done"))
    job_id = await submit(http, "endless")
    folder = JobFolder(root / "jobs" / job_id)
    await appears(folder.logs / "run-it.log")
    group = folder.group()
    assert group is not None
    assert processes_of(group)
    assert (await http.delete(f"/jobs/{job_id}")).status_code == 200
    assert processes_of(group) == []
    assert list((root / "jobs").iterdir()) == []
    assert (await http.get("/jobs")).json()["jobs"] == []


async def test_jobs_wait_for_their_turn_first_in_first_out(root: Path) -> None:
    async with opened(root, running_jobs=1) as http:
        gates = [root / f"gate-{n}" for n in range(3)]
        jobs = []
        for number, gate in enumerate(gates):
            await deploy(http, tool(f"gated-{number}", f"while [ ! -e {gate} ]; do sleep 0.02; done"))
            jobs.append(await submit(http, f"gated-{number}"))
        for number, gate in enumerate(gates):
            await until(http, jobs[number], "running")
            waiting = [(await status(http, job))["status"] for job in jobs[number + 1 :]]
            assert set(waiting) <= {"accepted"}
            gate.touch()
            assert (await until(http, jobs[number]))["status"] == "successful"


async def test_a_waiting_job_whose_driver_died_does_not_hold_up_the_next(root: Path) -> None:
    async with opened(root, running_jobs=1) as http:
        first = await submit(http, "pause", seconds=60)
        await until(http, first, "running")
        dead, alive = await submit(http, "pause", seconds=0), await submit(http, "pause", seconds=0)
        group = JobFolder(root / "jobs" / dead).group()
        assert group is not None
        os.kill(group, signal.SIGKILL)
        await http.delete(f"/jobs/{first}")
        assert (await until(http, alive))["status"] == "successful"
        assert (await status(http, dead))["status"] == "failed"


async def test_two_servers_share_jobs_and_slots(root: Path) -> None:
    async with opened(root, running_jobs=1) as one, opened(root, running_jobs=1) as two:
        first, second = await submit(one, "pause", seconds=60), await submit(two, "pause", seconds=0)
        await until(two, first, "running")
        assert (await status(one, second))["status"] == "accepted"
        await two.delete(f"/jobs/{first}")
        assert (await until(one, second))["status"] == "successful"


async def test_progress_and_logs_come_step_by_step(http: httpx.AsyncClient, root: Path) -> None:
    gate = root / "gate"
    await deploy(http, tool("talks", f"echo begun; while [ ! -e {gate} ]; do sleep 0.02; done; echo ended"))
    job_id = await submit(http, "talks")
    log = root / "jobs" / job_id / "logs" / "run-it.log"
    await appears(log)
    with anyio.fail_after(30):
        while "begun" not in (await http.get(f"/jobs/{job_id}/logs/run-it")).text:
            await anyio.sleep(0.02)  # a poll, with a deadline
    info = await status(http, job_id)
    assert info["message"] == "step run-it started, 0 done"
    (link,) = [link for link in info["links"] if link["rel"] == "related"]
    assert link["title"] == "Tool log run-it.log"
    gate.touch()
    await until(http, job_id)
    assert (await http.get(link["href"])).text == "begun\nended\n"
    events = [json.loads(line) for line in (root / "jobs" / job_id / "events.jsonl").read_text().splitlines()]
    assert [(event["event"], event["step"]) for event in events] == [("started", "run-it"), ("ended", "run-it")]
    assert events[1]["exit_code"] == 0
    assert not (root / "jobs" / job_id / "tmp").exists()


async def test_a_command_that_does_not_exist_says_so(http: httpx.AsyncClient) -> None:
    await deploy(http, tool("absent", "true").replace("sh, -c", "no-such-command"))
    info = await until(http, await submit(http, "absent"))
    assert (info["status"], "run-it" in info["message"]) == ("failed", True)


async def test_more_memory_than_the_machine_has_says_so(http: httpx.AsyncClient) -> None:
    greedy = tool("greedy", "true").replace(
        "  baseCommand", "  requirements: {ResourceRequirement: {ramMin: 999999999}}\n  baseCommand"
    )
    await deploy(http, greedy)
    info = await until(http, await submit(http, "greedy"))
    assert info["status"] == "failed"
    assert "ram" in info["message"]


def scene(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "a.bin").write_bytes(b"pixels")
    document = {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": "scene-1",
        "geometry": {"type": "Point", "coordinates": [1, 2]},
        "bbox": [1, 2, 1, 2],
        "properties": {"datetime": "2020-01-01T00:00:00Z"},
        "links": [],
        "assets": {"data": {"href": "./a.bin", "type": "application/octet-stream"}},
    }
    (folder / "item.json").write_text(json.dumps(document), encoding="utf-8")
    collection = {
        "type": "Collection",
        "stac_version": "1.0.0",
        "id": "c",
        "links": [{"rel": "item", "href": "./item.json"}],
    }
    (folder / "collection.json").write_text(json.dumps(collection), encoding="utf-8")
    return folder


DIRECTORY_IN = """\
cwlVersion: v1.2
$graph:
- class: Workflow
  id: staged
  label: Staged
  doc: Passes a catalogue through
  inputs:
    scene: {type: Directory, label: Scene, doc: a STAC item}
    note: {type: File, label: Note, doc: a file}
  outputs:
    catalog: {type: Directory, outputSource: pass/out}
    note: {type: File, outputSource: pass/note}
  steps:
    pass:
      run: "#pass"
      in: {scene: scene, note: note}
      out: [out, note]
- class: CommandLineTool
  id: pass
  baseCommand: [sh, -c, 'mkdir o; cp -r "$0"/. o; cat "$1" > seen.txt']
  inputs:
    scene: {type: Directory, inputBinding: {position: 1}}
    note: {type: File, inputBinding: {position: 2}}
  outputs:
    out: {type: Directory, outputBinding: {glob: o}}
    note: {type: File, outputBinding: {glob: seen.txt}}
"""


@pytest.mark.parametrize("name", ["item.json", "collection.json"])
@pytest.mark.parametrize("over", ["file", "http"])
async def test_directory_and_file_inputs_are_staged_in_and_a_catalogue_is_staged_out(
    tmp_path: Path, name: str, over: str
) -> None:
    folder = scene(tmp_path / "scene")
    server = subprocess.Popen(
        [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert server.stdout is not None
    port = server.stdout.readline().split("port ")[1].split(" ")[0]
    base = folder.as_uri() if over == "file" else f"http://127.0.0.1:{port}"
    try:
        async with opened(tmp_path / "local", readable_folders=[folder], allowed_hosts=[f"127.0.0.1:{port}"]) as http:
            await deploy(http, DIRECTORY_IN)
            inputs = {"scene": f"{base}/{name}", "note": {"href": f"{base}/a.bin"}}
            job_id = await submit(http, "staged", **inputs)
            info = await until(http, job_id)
            assert info["status"] == "successful", info["message"]
            results = (await http.get(f"/jobs/{job_id}/results")).json()
    finally:
        server.terminate()
        server.communicate()
    catalogue = results["catalog"]["value"]
    assert (catalogue["type"], catalogue["id"]) == ("FeatureCollection", job_id)
    (feature,) = catalogue["features"]
    asset = feature["assets"]["data"]
    published = Path(httpx.URL(asset["href"]).path)
    assert published.read_bytes() == b"pixels"
    assert asset["file:size"] == 6
    assert asset["file:checksum"].startswith("1220")
    collection = json.loads((published.parents[1] / "collection.json").read_text(encoding="utf-8"))
    assert collection["id"] == job_id
    assert collection["extent"]["spatial"]["bbox"] == [[1, 2, 1, 2]]
    assert collection["extent"]["temporal"]["interval"][0][0] == "2020-01-01T00:00:00Z"
    assert Path(httpx.URL(results["note"]["href"]).path).read_bytes() == b"pixels"
    assert (folder / "a.bin").exists(), "an input stays where it was"


@pytest.mark.parametrize(
    ("href", "told"),
    [
        ("file:///etc/passwd", "not below a permitted folder"),
        ("http://127.0.0.1:9/x", "not a public address"),
        ("s3://b/k", "can't be staged in"),
        ("http://user@127.0.0.1/", "can't be staged in"),
    ],
)
async def test_an_input_that_may_not_be_read_fails_the_job_with_the_reason(
    http: httpx.AsyncClient, href: str, told: str
) -> None:
    await deploy(http, DIRECTORY_IN)
    info = await until(http, await submit(http, "staged", scene=href, note=href))
    assert info["status"] == "failed"
    assert told in info["message"]


async def test_files_are_served_over_http_with_ranges_and_nothing_beside_them(root: Path) -> None:
    settings = LocalSettings(trusted_packages=("*",), container_engine="none")
    async with open_app(settings, root, asset_base="http") as app:
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None))
        serving = asyncio.create_task(server.serve())
        with anyio.fail_after(30):
            while not server.started:
                await anyio.sleep(0.02)  # a poll, with a deadline
        port = server.servers[0].sockets[0].getsockname()[1]
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
            await deploy(http, tool("made", "printf 0123456789 > a.txt", outputs=DIRECTORY_OUT))
            job_id = await submit(http, "made")
            await until(http, job_id)
            (file,) = (await http.get(f"/jobs/{job_id}/results")).json()["out"]
            assert file["href"].startswith(f"http://127.0.0.1:{port}/files/{job_id}/")
            part = await http.get(file["href"], headers={"Range": "bytes=2-4"})
            assert (part.status_code, part.text) == (206, "234")
            for path in ("../../spec.json", "%2e%2e/spec.json", "out/../../spec.json", "/etc/passwd"):
                assert (await http.get(f"/files/{job_id}/{path}")).status_code == 404
        server.should_exit = True
        await serving


def test_cwltool_still_has_what_the_driver_wraps() -> None:
    """`JobBase._execute` is private: this fails first when an update changes it."""
    import inspect

    from cwltool.context import RuntimeContext
    from cwltool.job import JobBase

    names = list(inspect.signature(JobBase._execute).parameters)
    assert names == ["self", "runtime", "env", "runtimeContext", "monitor_function"]
    assert {"default_stdout", "default_stderr"} <= set(vars(RuntimeContext()))
