"""Jobs in memory. They go on by being looked at, or by the test's hand: never by the clock."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.servers.processes.catalogue import Process, Product
from tests.servers.processes.failures import FAILURES, Cause

ENDED = ("successful", "failed", "dismissed")
PHASES = (
    (2, "Pre-execution hook"),
    (5, "starting execution"),
    (10, "workflow wrapped, creating additional parameters"),
)
PLATEAU = (23, "execution submitted")


@dataclass
class Job:
    """Accepted at the first look, running from the second, ended at the look `polls`; never where that is None."""

    id: str
    process: Process
    inputs: dict[str, Any]
    created: datetime
    polls: int | None
    document: bool = True
    """Whether the results were asked for as a document (Q3)."""
    wanted: tuple[str, ...] | None = None
    """Outputs that were asked for; None for all."""
    fails: Cause | None = None
    looks: int = 0
    early_looks: int = 0
    """Those that a race of the server's answered (Q10)."""
    status: str = "accepted"
    message: str | None = None
    logs: tuple[tuple[str, str], ...] = ()
    deleted: bool = False
    products: dict[str, Product] = field(default_factory=dict)

    def look(self) -> None:
        """Count a look at the job, which is what makes it go on."""
        self.looks += 1
        if self.status in ENDED or self.looks == 1 != self.polls:
            return
        if self.polls is not None and self.looks >= self.polls:
            self.end("failed" if self.fails else "successful")
        else:
            self.status = "running"

    def end(self, status: str, message: str | None = None) -> None:
        """End it by hand, or because its time has come."""
        self.status = status
        if status == "successful":
            made = self.process.makes(self.inputs)
            self.products = {name: one for name, one in made.items() if self.wanted is None or name in self.wanted}
        elif status == "failed" and message is None and self.fails:
            self.message, self.logs = FAILURES[self.fails].message, FAILURES[self.fails].logs
        self.message = message or self.message

    @property
    def ended(self) -> bool:
        return self.status in ENDED

    @property
    def progress(self) -> int:
        """The share of the looks that are done."""
        if self.status == "accepted":
            return 0
        return 100 if self.status == "successful" or not self.polls else min(99, 100 * self.looks // self.polls)

    @property
    def phase(self) -> tuple[int, str]:
        """Q43: what ZOO-Project shows instead: a phase, which sticks at 23 while the work is done."""
        if self.status == "successful":
            return 100, "ZOO-Kernel successfully run your service!"
        if self.status == "accepted":
            return 0, "ZOO-Kernel accepted to run your service!"
        return PLATEAU if self.looks > len(PHASES) else PHASES[self.looks - 1]

    @property
    def started(self) -> datetime | None:
        return None if self.status == "accepted" else self.created + timedelta(seconds=1)

    @property
    def updated(self) -> datetime:
        return self.created + timedelta(seconds=self.looks)

    @property
    def finished(self) -> datetime | None:
        return self.updated if self.ended else None


class Jobs:
    """The jobs of an endpoint, newest first; `endpoint.jobs[job_id]`."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}

    def add(self, process: Process, inputs: dict[str, Any], polls: int | None, **more: Any) -> Job:
        """A job of a process; `polls` and `fail` among the inputs steer it."""
        steering = inputs.get("polls", polls)
        fails = Cause(inputs["fail"]) if "fail" in inputs else process.fails
        job = Job(str(uuid.uuid4()), process, inputs, datetime.now(UTC), steering, fails=fails, **more)
        self._jobs[job.id] = job
        return job

    def __getitem__(self, job_id: str) -> Job:
        return self._jobs[job_id]

    def __iter__(self) -> Iterator[Job]:
        """Those there still are."""
        return iter([job for job in reversed(self._jobs.values()) if not job.deleted])

    def __len__(self) -> int:
        return sum(not job.deleted for job in self._jobs.values())

    def find(self, job_id: str) -> Job | None:
        job = self._jobs.get(job_id)
        return None if job is None or job.deleted else job

    @property
    def newest(self) -> Job:
        return next(iter(self))

    @property
    def all(self) -> tuple[Job, ...]:
        """Every one that was ever submitted, oldest first, removed ones too."""
        return tuple(self._jobs.values())
