"""Jobs outlive servers, tell why they failed, and leave nothing when they are dismissed."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import anyio
import httpx
import psutil
import pytest

from mcp_ogc.local.folder import JobFolder
from tests.local.conftest import (
    appears,
    deploy,
    ends,
    opened,
    problem,
    processes_of,
    status,
    submit,
    tool,
    until,
)

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
    await deploy(http, tool("endless", "(while :; do sleep 0.1; done) & while :; do sleep 0.1; done"))
    job_id = await submit(http, "endless")
    folder = JobFolder(root / "jobs" / job_id)
    await appears(folder.logs / "run-it.log")
    group = folder.group()
    assert group is not None
    os.kill(group, signal.SIGKILL)
    info = await until(http, job_id)
    assert info["status"] == "failed"
    assert "killed" in info["message"]
    assert "during step run-it (started 20" in info["message"]
    assert "Execute the process again" in info["message"]
    await ends(lambda: bool(processes_of(group)))
    assert not folder.tmp.exists()
    assert (await http.get(f"/jobs/{job_id}/logs/run-it")).status_code == 200
    told = await problem(await http.get(f"/jobs/{job_id}/results"), 500)
    assert told["detail"] == info["message"]
    assert (await http.delete(f"/jobs/{job_id}")).status_code == 200
    assert not folder.path.exists()


async def test_what_a_step_leaves_running_ends_with_its_job(http: httpx.AsyncClient, root: Path) -> None:
    await deploy(http, tool("leaves", "(while :; do sleep 0.1; done) >/dev/null 2>&1 & echo started"))
    job_id = await submit(http, "leaves")
    group = JobFolder(root / "jobs" / job_id).group()
    assert group is not None
    assert (await until(http, job_id))["status"] == "successful"
    await ends(lambda: bool(processes_of(group)))


async def test_a_job_that_is_dismissed_while_it_waits_never_runs(root: Path) -> None:
    async with opened(root, running_jobs=1) as http:
        first, second = await submit(http, "pause", seconds=60), await submit(http, "pause", seconds=60)
        group = JobFolder(root / "jobs" / second).group()
        assert group is not None
        assert (await http.delete(f"/jobs/{second}")).status_code == 200
        assert processes_of(group) == []
        assert [job["jobID"] for job in (await http.get("/jobs")).json()["jobs"]] == [first]
        await http.delete(f"/jobs/{first}")


async def test_a_driver_that_waits_has_imported_nothing_heavy(root: Path) -> None:
    """A hundred may wait."""
    async with opened(root, running_jobs=1) as http:
        first, second = await submit(http, "pause", seconds=60), await submit(http, "pause", seconds=60)
        await until(http, first, "running")
        group = JobFolder(root / "jobs" / second).group()
        waiting = psutil.Process(group)
        assert waiting.memory_info().rss < 40 << 20
        assert not [one.path for one in waiting.memory_maps() if "pydantic" in one.path or "rpds" in one.path]
        for job in (first, second):
            await http.delete(f"/jobs/{job}")


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


async def test_drivers_have_none_of_our_settings(
    http: httpx.AsyncClient, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some are secrets, and steps are strangers."""
    monkeypatch.setenv("MCP_OGC_TOKEN", "canary-7e1f")
    await deploy(http, tool("prints", "env; cat /proc/$PPID/environ | tr '\\0' '\\n'; echo $TMPDIR"))
    job_id = await submit(http, "prints")
    assert (await until(http, job_id))["status"] == "successful"
    log = (await http.get(f"/jobs/{job_id}/logs/run-it")).text
    assert "PATH=" in log
    assert "canary-7e1f" not in log
    assert not [path for path in root.rglob("*") if path.is_file() and b"canary-7e1f" in path.read_bytes()]


async def test_the_end_of_a_long_log_is_told(http: httpx.AsyncClient) -> None:
    await deploy(http, tool("talks", "seq 1 400000; echo last words; exit 7"))
    job_id = await submit(http, "talks")
    message = (await until(http, job_id))["message"]
    assert message.startswith("step run-it exited 7: ")
    assert message.endswith("\nlast words")
    assert len(message) < 2000
    log = (await http.get(f"/jobs/{job_id}/logs/run-it")).text
    assert len(log) <= 1 << 20
    assert log.endswith("400000\nlast words\n")
    assert log.splitlines()[0].isdigit(), "whole lines"


async def test_an_output_that_was_not_made_is_named(http: httpx.AsyncClient) -> None:
    package = tool("makes-none", "true").replace("glob: .", "glob: absent.d")
    await deploy(http, package)
    info = await until(http, await submit(http, "makes-none"))
    assert info["status"] == "failed"
    assert "absent.d" in info["message"]


async def test_a_step_that_is_ended_by_a_signal_says_which(http: httpx.AsyncClient) -> None:
    await deploy(http, tool("killed", "kill -9 $$"))
    assert "run-it was ended by signal 9" in (await until(http, await submit(http, "killed")))["message"]


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
    assert "self.collect_outputs(self.outdir, rcode)" in inspect.getsource(JobBase._execute)
    assert {"default_stdout", "default_stderr"} <= set(vars(RuntimeContext()))
