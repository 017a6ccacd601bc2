"""What the local endpoint did, as its own database tells: every job that ever was, also after it was dismissed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

# A row of `jobs` is gone once the job is dismissed; these keep it.
TRIGGERS = """
CREATE TABLE ledger (job_id TEXT PRIMARY KEY, request TEXT, status TEXT, dismissed INTEGER DEFAULT 0);
CREATE TRIGGER made AFTER INSERT ON jobs BEGIN
    INSERT INTO ledger (job_id, request, status) VALUES (new.job_id, new.request, new.status); END;
CREATE TRIGGER changed AFTER UPDATE OF status ON jobs BEGIN
    UPDATE ledger SET status = new.status WHERE job_id = new.job_id; END;
CREATE TRIGGER removed AFTER DELETE ON jobs BEGIN
    UPDATE ledger SET dismissed = 1 WHERE job_id = old.job_id; END;
"""


@dataclass(frozen=True)
class Made:
    """A job that was made."""

    job_id: str
    number: int
    """That it was asked for with."""
    status: str
    """At last, or `dismissed`."""


class Ledger:
    """The database of the local endpoint in a folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "local.sqlite3"

    def open(self) -> None:
        """Begin to keep what is removed."""
        with closing(self._connect()) as connection:
            connection.executescript(TRIGGERS)

    def jobs(self) -> Iterator[Made]:
        """All there ever were."""
        with closing(self._connect()) as connection:
            for job_id, request, status, dismissed in connection.execute("SELECT * FROM ledger"):
                yield Made(job_id, number_of(json.loads(request)["inputs"]), "dismissed" if dismissed else status)

    def running(self) -> list[str]:
        """The jobs that run now."""
        with closing(self._connect()) as connection:
            return [one for (one,) in connection.execute("SELECT job_id FROM jobs WHERE status = 'running'")]

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=30)


def number_of(inputs: dict[str, object]) -> int:
    """The number a job was asked for with."""
    return int(str(inputs.get("n") or inputs.get("string")))
