"""What is true in the end, beside what the journal says."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from mcp_ogc.jobs.entries import Entry, SubmissionState
from mcp_ogc.jobs.journal import Journal
from tests.chaos.ledger import Ledger, number_of
from tests.chaos.world import ENDPOINT, World

ALL = 100_000


@dataclass(frozen=True)
class Verdict:
    """What is wrong; each line names one thing."""

    twice: list[str]
    missing: list[str]
    untrue: list[str]

    @property
    def lines(self) -> list[str]:
        return [*self.twice, *self.missing, *self.untrue]


async def entries_of(world: World) -> tuple[Entry, ...]:
    """Every submission from here."""
    found = await Journal(world.folder / "data" / "journal.sqlite3").newest(ALL, endpoint=ENDPOINT)
    return tuple(entry for entry in found if entry.digest)


def told(entry: Entry) -> str:
    """What the journal has of a submission."""
    times = " ".join(f"{time:%H:%M:%S}" for time in (entry.intended, entry.answered) if time)
    return f"{entry.state} {times} {entry.job_id} {entry.reason or ''}".strip()


async def verdict(world: World) -> Verdict:
    """Compare the journal with what the local endpoint did."""
    made = list(Ledger(world.local_folder).jobs())
    # A job that failed may be executed again: the same request never is that one. Once it is dismissed nothing tells.
    numbers = Counter(one.number for one in made if one.status != "failed")
    entries = await entries_of(world)
    jobs = {entry.job_id: entry for entry in entries if entry.state is SubmissionState.CONFIRMED}
    missing, untrue = [], []
    for one in made:
        entry = jobs.get(one.job_id)
        if entry is None:
            missing.append(f"job {one.job_id} of {one.number} is nobody's in the journal")
        elif number_of(entry.inputs) != one.number:
            untrue.append(f"job {one.job_id} of {one.number} is said to be of {number_of(entry.inputs)}")
        elif entry.status != one.status and not (one.status == "dismissed" and entry.gone):
            untrue.append(f"job {one.job_id} of {one.number} is {one.status}, and {entry.status} in the journal")
    there = {one.job_id for one in made}
    untrue += [f"job {job_id} of the journal never was" for job_id in jobs if job_id not in there]
    twice = [
        f"{number} was made {count} times: {[told(one) for one in entries if number_of(one.inputs) == number]}"
        for number, count in numbers.items()
        if count > 1
    ]
    return Verdict(twice, missing, untrue)
