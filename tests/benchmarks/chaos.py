"""Five hundred jobs while a third of the answers is faulty and processes of every kind are killed: none is lost."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import anyio

from mcp_ogc.jobs.entries import SubmissionState
from tests.benchmarks.measure import Measure
from tests.chaos.kills import Kills
from tests.chaos.ledger import Ledger
from tests.chaos.life import LEFT_BEHIND_SECONDS, PACKAGE, Life, Outcomes, dismissed, write_raster
from tests.chaos.verdict import entries_of, verdict
from tests.chaos.world import ENDPOINT, World, world
from tests.server.talk import text_of
from tests.servers.faults.plan import NoFault

JOBS, KILLS, SHARE, SEED, AT_ONCE = 500, 20, 0.3, 7, 16
GONE_SECONDS = 20


async def chaos(jobs: int, kills: int) -> tuple[list[str], str, int]:
    """What is wrong in the end, what happened, and how many answers were faulty."""
    outcomes = Outcomes()
    begun = time.monotonic()
    async with world(SEED, SHARE) as running:
        Ledger(running.local_folder).open()
        faulty, running.proxy.plan = running.proxy.plan, NoFault()
        deployed = await running.call("ogc_deploy_process", package=PACKAGE, endpoint=ENDPOINT)
        assert not deployed.is_error, text_of(deployed)
        for number in range(1, jobs + 1, 2):
            write_raster(running, number)
        running.proxy.plan = faulty
        killing = Kills(running, kills, lambda: sum(outcomes.ended.values()) / jobs, SEED)
        await live_all(running, jobs, outcomes, killing)
        faults = Counter(str(one.fault) for one in running.proxy.exchanges if one.fault)
        faults["TLS"] = running.proxy.broken_handshakes
        lived = time.monotonic() - begun

        running.proxy.plan = NoFault()
        await looked_for(running)
        found = await verdict(running)
        wrong = [*found.lines, *outcomes.altered, *outcomes.given_up]
        for made in list(Ledger(running.local_folder).jobs()):
            if made.status != "dismissed":
                await dismissed(running, made.job_id)
        after = await verdict(running)
        wrong += [*after.missing, *after.untrue]
        wrong += [f"{path} is left after dismissal" for path in (running.local_folder / "jobs").glob("*")]
        of_servers = sorted((running.folder / "tmp").glob("mcp-ogc-*"))
        wrong += [f"a killed server left one of {of_servers}" for _ in of_servers[1:]]
        folder = running
    wrong += [f"{running.hung} calls never ended"] if running.hung else []
    wrong += await left_running(folder)
    share = sum(faults.values()) / (len(running.proxy.exchanges) + running.proxy.broken_handshakes)
    told = (
        f"{jobs} jobs in {lived:.0f} s ({time.monotonic() - begun:.0f} s with the accounts): {dict(outcomes.ended)}; "
        f"{outcomes.calls} calls, {outcomes.refusals} refused, {outcomes.unconfirmed} unconfirmed at first; "
        f"{sum(faults.values())} faults, {share:.0%} of the requests: {dict(faults)}; killed {dict(killing.killed)}"
    )
    wrong += [f"only {count} of {kind} were killed" for kind, count in lacking(killing, kills)]
    return wrong, told, sum(faults.values())


def lacking(killing: Kills, kills: int) -> Iterator[tuple[str, int]]:
    """The kinds of processes that were not there to be killed so often."""
    for kind in killing.kinds:
        if killing.killed[kind] < kills:
            yield kind, killing.killed[kind]


async def live_all(running: World, jobs: int, outcomes: Outcomes, killing: Kills) -> None:
    """Lead all lives, a few at once, while processes are killed."""
    numbers = iter(range(1, jobs + 1))

    async def some() -> None:
        for number in numbers:
            await Life(running, number, outcomes).live()
            if number % 10 == 0:
                print(f"{sum(outcomes.ended.values())} of {jobs} have ended", file=sys.stderr)

    async with anyio.create_task_group() as killers:
        killers.start_soon(killing.run)
        async with anyio.create_task_group() as lives:
            for _ in range(AT_ONCE):
                lives.start_soon(some)
        killers.cancel_scope.cancel()


async def looked_for(running: World) -> None:
    """List the jobs until none is under way as far as the journal knows."""
    with anyio.move_on_after(LEFT_BEHIND_SECONDS):
        while True:
            listed = await running.call("ogc_list_jobs", endpoint=ENDPOINT, limit=100)
            entries = await entries_of(running)
            open_jobs = [entry.job_id for entry in entries if entry.status and not entry.status.ended]
            for job_id in open_jobs:
                await running.call("ogc_get_job", job_id=job_id, endpoint=ENDPOINT, wait_seconds=10)
            left = datetime.now(UTC) - timedelta(seconds=LEFT_BEHIND_SECONDS)
            under_way = [one for one in entries if one.state is SubmissionState.INTENDED and one.intended > left]
            if not listed.is_error and not open_jobs and not under_way:
                return
            await anyio.sleep(2)


async def left_running(ended: World) -> list[str]:
    """Processes that outlived everything they were for."""
    with anyio.move_on_after(GONE_SECONDS):
        while ended.processes():
            await anyio.sleep(0.2)
    return [f"process {one.pid} is left: {' '.join(one.cmdline())[:200]}" for one in ended.processes()]


def measure(jobs: int = JOBS, kills: int = KILLS) -> Measure:
    wrong, told, faults = anyio.run(chaos, jobs, kills)
    print("\n".join([told, *wrong]), file=sys.stderr)
    what = "jobs sent twice, missing, untrue or altered; processes and files left"
    return Measure("chaos", len(wrong), what, f"of {jobs}, faults", faults, None, "0", not wrong)


if __name__ == "__main__":
    print(measure(*map(int, sys.argv[1:])).line())
