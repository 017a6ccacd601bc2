"""Jobs outlive servers, tell why they failed, and leave nothing when they are dismissed."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import anyio
import httpx
import pytest

from mcp_ogc.local.folder import JobFolder
from tests.local.conftest import appears, deploy, opened, processes_of, status, submit, tool, until

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


def test_cwltool_still_has_what_the_driver_wraps() -> None:
    """`JobBase._execute` is private: this fails first when an update changes it."""
    import inspect

    from cwltool.context import RuntimeContext
    from cwltool.job import JobBase

    names = list(inspect.signature(JobBase._execute).parameters)
    assert names == ["self", "runtime", "env", "runtimeContext", "monitor_function"]
    assert {"default_stdout", "default_stderr"} <= set(vars(RuntimeContext()))
