"""The life of one job, as an assistant leads it: executed, followed, its results checked; half are dismissed."""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import anyio
import numpy as np
from mcp_types import CallToolResult

from tests.chaos.world import ENDPOINT, World
from tests.server.talk import text_of

TRIES = 300
LEFT_BEHIND_SECONDS = 130
"""After that a submission whose server is gone is looked for in the list of jobs."""
PACKAGE = """\
cwlVersion: v1.2
$graph:
- class: Workflow
  id: made
  label: Made
  doc: Gives the raster of a number
  inputs:
    source: {type: string, label: Source, doc: Where the rasters are}
    n: {type: int, label: Number, doc: Which one}
  outputs:
    raster: {type: File, outputSource: make/raster}
  steps:
    make: {run: '#make', in: {source: source, n: n}, out: [raster]}
- class: CommandLineTool
  id: make
  baseCommand: [sh, -c, 'sleep 0.3; cp "$0/$1.tif" made.tif']
  inputs:
    source: {type: string, inputBinding: {position: 1}}
    n: {type: int, inputBinding: {position: 2}}
  outputs:
    raster: {type: File, outputBinding: {glob: made.tif}}
"""


@dataclass
class Outcomes:
    """What became of all of them."""

    ended: Counter[str] = field(default_factory=Counter)
    altered: list[str] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)
    unconfirmed: int = 0
    calls: int = 0
    refusals: int = 0


def write_raster(world: World, number: int) -> None:
    """The raster of a number: another one for each."""
    import rasterio
    from rasterio.transform import from_origin

    profile = {"driver": "GTiff", "width": 64, "height": 64, "count": 1, "dtype": "uint16", "crs": "EPSG:32633"}
    with rasterio.open(
        world.folder / "source" / f"{number}.tif", "w", transform=from_origin(500_000, 5_000_000, 10, 10), **profile
    ) as raster:
        raster.write(values(number), 1)


def values(number: int) -> Any:
    """Its pixels."""
    return np.random.default_rng(number).integers(1, 1000, (64, 64)).astype("uint16")


class Life:
    """One job's, from the first call to the last."""

    def __init__(self, world: World, number: int, outcomes: Outcomes) -> None:
        self._world = world
        self._number = number
        self._outcomes = outcomes
        self._is_package = number % 2 == 1
        self._to_be_dismissed = number % 4 < 2

    async def live(self) -> None:
        """All of it."""
        try:
            job_id = await self._executed()
            status = await self._ended(job_id)
            if status == "successful":
                await self._checked(job_id)
            if self._to_be_dismissed:
                await dismissed(self._world, job_id)
            self._outcomes.ended[status] += 1
        except (GaveUp, TimeoutError) as error:
            self._outcomes.given_up.append(f"{self._number}: {error}")

    async def _call(self, tool: str, **arguments: Any) -> CallToolResult:
        self._outcomes.calls += 1
        answer = await self._world.call(tool, **arguments)
        self._outcomes.refusals += bool(answer.is_error)
        return answer

    async def _right(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """An answer that is no refusal, asked for until it comes."""
        for _ in range(TRIES):
            answer = await self._call(tool, **arguments)
            if not answer.is_error:
                return answer.structured_content or {}
            await anyio.sleep(0.2)
        raise GaveUp(f"{tool} is always refused: {text_of(answer)}")

    async def _executed(self) -> str:
        n = self._number
        made = {"process_id": "made", "inputs": {"source": str(self._world.folder / "source"), "n": n}}
        arguments = {**made} if self._is_package else {"process_id": "echo", "inputs": {"string": str(n)}}
        arguments |= {"endpoint": ENDPOINT, "wait_seconds": 0}
        begun, life = anyio.current_time(), self._world.lives
        new_run = False
        for _ in range(TRIES):
            answer = await self._call("ogc_execute_process", **arguments, new_run=new_run)
            if not answer.is_error:
                return str((answer.structured_content or {})["job_id"])
            new_run = False
            if "may exist" in text_of(answer):
                self._outcomes.unconfirmed += 1
                # Where the server ended in between, what it sent is looked for once no answer can come any more.
                wait = LEFT_BEHIND_SECONDS if self._world.lives != life else 0
                await anyio.sleep(max(0.3, begun + wait - anyio.current_time()))
                listed = await self._right("ogc_list_jobs", endpoint=ENDPOINT)
                if listed.get("not_asked"):
                    continue
                again = await self._call("ogc_execute_process", **arguments)
                if not again.is_error:
                    return str((again.structured_content or {})["job_id"])
                new_run = "new_run=true" in text_of(again)
                begun, life = anyio.current_time(), self._world.lives
            else:
                await anyio.sleep(0.3)
        raise GaveUp(f"it can't be executed: {text_of(answer)}")

    async def _ended(self, job_id: str) -> str:
        for _ in range(TRIES):
            job = await self._right("ogc_get_job", job_id=job_id, endpoint=ENDPOINT, wait_seconds=30)
            if job["status"] not in ("accepted", "running"):
                return str(job["status"])
        raise GaveUp(f"job {job_id} does not end")

    async def _checked(self, job_id: str) -> None:
        (output,) = (await self._right("ogc_get_results", job_id=job_id, endpoint=ENDPOINT))["outputs"]
        if not self._is_package:
            self._compare(job_id, "value", (output.get("untrusted") or {}).get("value"), f'"{self._number}"')
            return
        handle = f"ogc://{ENDPOINT}/jobs/{job_id}/rasters/raster/-/-"
        told = await self._right("ogc_summarize_raster", raster=handle)
        expected = float(values(self._number).mean())
        (band,) = told["bands"]
        self._compare(job_id, "mean", round(band["mean"], 6), round(expected, 6))
        for _ in range(TRIES):
            files = (await self._right("ogc_export_job", job_id=job_id, endpoint=ENDPOINT))["files"]
            rasters = [one for one in files if one["path"].endswith(".tif")]
            if rasters and rasters[0].get("sha256"):
                break
        source = self._world.folder / "source" / f"{self._number}.tif"
        self._compare(job_id, "sha256", rasters[0]["sha256"], hashlib.sha256(source.read_bytes()).hexdigest())

    def _compare(self, job_id: str, what: str, told: object, expected: object) -> None:
        if told != expected:
            self._outcomes.altered.append(f"{what} of {self._number} ({job_id}) is {told!r}, not {expected!r}")
            print(f"  ALTERED {self._outcomes.altered[-1]}", file=sys.stderr)


async def dismissed(world: World, job_id: str) -> None:
    """Dismiss a job, until it is said to be, or to be gone."""
    confirm: str | None = None
    for _ in range(TRIES):
        answer = await world.call("ogc_dismiss_job", job_id=job_id, endpoint=ENDPOINT, confirm=confirm)
        told = answer.structured_content or {}
        if not answer.is_error and told["dismissed"]:
            return
        if answer.is_error and ("no longer has job" in text_of(answer)):
            return
        confirm = told.get("confirm") if not answer.is_error else None
        await anyio.sleep(0.1 if confirm else 0.3)
    raise GaveUp(f"job {job_id} can't be dismissed: {text_of(answer)}")


class GaveUp(Exception):
    """Something is refused however often it is asked for."""
