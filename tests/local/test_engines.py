"""Container engines: found where desktop clients do not look, and used as cwltool uses them.

The engine is a stand-in that runs the command where the container's working folder is mounted from: it has the command
line of docker, as far as cwltool uses it, and writes down how it was called.
"""

import json
import os
import signal
import sqlite3
import sys
from pathlib import Path

import httpx
import pytest

from mcp_ogc.local import engines
from mcp_ogc.local.engines import Engine, find_engine
from mcp_ogc.local.folder import JobFolder
from mcp_ogc.ogc.models import ProcessDescription
from mcp_ogc.packages.trial import Trial
from tests.local.conftest import appears, deploy, ends, opened, problem, submit, tool, until

CWL = {"Content-Type": "application/cwl"}
DOCKER = """#!{python}
import json, os, subprocess, sys
from pathlib import Path

arguments = sys.argv[1:]
with Path({calls!r}).open("a") as calls:
    calls.write(json.dumps(arguments) + "\\n")
if arguments[0] == "version":
    print("28.0")
elif arguments[0] == "images":
    print("alpine 3 x")
elif arguments[0] == "inspect":
    print("[]")
elif arguments[0] == "run":
    options = dict(one.split("=", 1) for one in arguments if one.startswith("--") and "=" in one)
    mounts = [dict(part.split("=", 1) for part in one.split("=", 1)[1].split(",") if "=" in part)
              for one in arguments if one.startswith("--mount=")]
    folder = next(one["source"] for one in mounts if one["target"] == options["--workdir"])
    Path(options["--cidfile"]).write_text("c0ffee")
    command = arguments[arguments.index("alpine:3") + 1:]
    sys.exit(subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL).returncode)
"""
IMAGE = "  hints: {DockerRequirement: {dockerPull: 'alpine:3'}}\n  baseCommand"
OUT = "{out: {type: Directory, outputSource: run-it/out}}"


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for docker in a folder that is not on PATH; what it was called with, a JSON array a line."""
    folder, calls = tmp_path / "engine", tmp_path / "calls.jsonl"
    folder.mkdir()
    docker = folder / "docker"
    docker.write_text(DOCKER.format(python=sys.executable, calls=str(calls)), encoding="utf-8")
    docker.chmod(0o755)
    monkeypatch.setattr(engines, "USUAL_FOLDERS", (str(folder),))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    return calls


def called(calls: Path, verb: str) -> list[list[str]]:
    lines = [json.loads(line) for line in calls.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line[0] == verb]


def test_an_engine_is_found_in_its_usual_folder_although_path_is_bare(calls: Path) -> None:
    assert find_engine(None) == Engine("docker", str(calls.parent / "engine" / "docker"))
    assert find_engine("docker") is not None
    assert find_engine("none") is None


@pytest.mark.parametrize("script", ["#!/bin/sh\nexit 1\n", "#!/bin/sh\nexit 0\n", "no program\n"])
def test_an_engine_that_does_not_answer_is_none(calls: Path, script: str) -> None:
    """A client without its daemon says an error, or nothing."""
    (calls.parent / "engine" / "docker").write_text(script, encoding="utf-8")
    assert find_engine("docker") is None


@pytest.mark.anyio
async def test_a_package_that_is_not_trusted_runs_in_containers_only(root: Path, calls: Path) -> None:
    async with opened(root, trusted=(), engine="docker") as http:
        await deploy(http, tool("p", "echo made > a.txt", outputs=OUT).replace("  baseCommand", IMAGE))
        job_id = await submit(http, "p")
        info = await until(http, job_id)
        assert info["status"] == "successful", info["message"]
        (run,) = called(calls, "run")
        assert "alpine:3" in run
        assert "--net=none" in run
        answer = await http.post("/processes", content=tool("native", "true"), headers=CWL)
        assert "it would run natively: the tool tool" in (await problem(answer, 403))["title"]


@pytest.mark.anyio
async def test_the_driver_itself_runs_no_tool_without_image_for_a_stranger(root: Path, calls: Path) -> None:
    """Should the reading of a package ever miss one."""
    async with opened(root, trusted=(), engine="docker") as http:
        await deploy(http, tool("p", "true").replace("  baseCommand", IMAGE))
        _replace_package(root, tool("p", f"touch {root}/ran"))
        info = await until(http, await submit(http, "p"))
        assert info["status"] == "failed"
        assert "names no image" in info["message"]
        assert not (root / "ran").exists()


@pytest.mark.anyio
async def test_the_containers_of_a_job_that_is_dismissed_are_removed(root: Path, calls: Path) -> None:
    async with opened(root, trusted=(), engine="docker") as http:
        await deploy(http, tool("p", "while :; do sleep 0.1; done").replace("  baseCommand", IMAGE))
        job_id = await submit(http, "p")
        folder = JobFolder(root / "jobs" / job_id)
        await ends(lambda: not any(folder.containers.glob("*")))
        assert (await http.delete(f"/jobs/{job_id}")).status_code == 200
        assert called(calls, "rm") == [["rm", "--force", "c0ffee"]]
        assert not folder.path.exists()


@pytest.mark.anyio
async def test_the_containers_of_a_driver_that_was_killed_are_removed(root: Path, calls: Path) -> None:
    async with opened(root, trusted=(), engine="docker") as http:
        await deploy(http, tool("p", "while :; do sleep 0.1; done").replace("  baseCommand", IMAGE))
        job_id = await submit(http, "p")
        folder = JobFolder(root / "jobs" / job_id)
        await appears(folder.containers)
        await ends(lambda: not any(folder.containers.glob("*")))
        group = folder.group()
        assert group is not None
        os.kill(group, signal.SIGKILL)
        assert (await until(http, job_id))["status"] == "failed"
        assert called(calls, "rm") == [["rm", "--force", "c0ffee"]]


def _replace_package(root: Path, package: str) -> None:
    with sqlite3.connect(root / "local.sqlite3") as connection:
        connection.execute("UPDATE processes SET package = ?", (package,))
    connection.close()


async def told_trial(http: httpx.AsyncClient, process_id: str) -> Trial | None:
    return Trial.of(ProcessDescription.model_validate((await http.get(f"/processes/{process_id}")).json()))


@pytest.mark.anyio
async def test_the_description_says_which_engine_would_run_it(root: Path, calls: Path) -> None:
    hinted = tool("p", "true").replace("  baseCommand", IMAGE)
    async with opened(root, trusted=(), engine="docker") as http:
        await deploy(http, hinted)
        told = await told_trial(http, "p")
        assert told is not None
        assert told.runs == "with docker, each tool in the image that it names"
        assert not any("image" in one or "network" in one for one in told.differs), "they are as on a cluster"
        assert not called(calls, "run"), "nothing has run"


@pytest.mark.anyio
async def test_the_description_says_what_of_a_trusted_package_runs_beside_its_containers(
    root: Path, calls: Path
) -> None:
    second = "- class: CommandLineTool\n  id: second\n  baseCommand: 'true'\n  inputs: {}\n  outputs: {}\n"
    async with opened(root, engine="docker") as http:
        await deploy(http, tool("p", "true").replace("  baseCommand", IMAGE) + second)
        told = await told_trial(http, "p")
        assert told is not None
        assert "one part natively" in told.runs


@pytest.mark.anyio
async def test_the_description_says_what_is_not_as_on_a_cluster_where_there_is_no_engine(root: Path) -> None:
    async with opened(root) as http:
        await deploy(http, tool("p", "true"))
        await deploy(http, tool("q", "true").replace("  baseCommand", IMAGE))
        without_images, with_images = await told_trial(http, "p"), await told_trial(http, "q")
        assert without_images is not None
        assert with_images is not None
        assert "natively" in without_images.runs
        assert "names no images" in without_images.differs[0]
        assert "images that it names are not used" in with_images.differs[0]
        assert await told_trial(http, "echo") is None
    async with opened(root, trusted=()) as http:
        told = await told_trial(http, "p")
        assert told is not None
        assert told.runs.startswith("not at all")
