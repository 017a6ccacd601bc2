"""The tables of the journal, and how an older file becomes one of this version."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

# Each entry moves the schema one version up (PRAGMA user_version); additive only, so that two versions share a file.
MIGRATIONS = (
    """
    CREATE TABLE submissions (
        submission INTEGER PRIMARY KEY AUTOINCREMENT,
        endpoint TEXT NOT NULL,
        process_id TEXT,
        process_version TEXT,
        digest TEXT,
        inputs TEXT NOT NULL DEFAULT '{}',
        state TEXT NOT NULL,
        reason TEXT,
        job_id TEXT,
        status TEXT,
        message TEXT,
        progress INTEGER,
        intended TEXT NOT NULL,
        started TEXT,
        finished TEXT,
        updated TEXT NOT NULL,
        answer BLOB,
        answer_type TEXT,
        answer_links TEXT
    );
    CREATE UNIQUE INDEX submissions_job ON submissions (endpoint, job_id);
    CREATE INDEX submissions_repeat ON submissions (endpoint, process_id, digest, intended);
    """,
    """
    ALTER TABLE submissions ADD COLUMN answered TEXT;
    ALTER TABLE submissions ADD COLUMN job_place TEXT;
    ALTER TABLE submissions ADD COLUMN results_digest TEXT;
    """,
    """
    ALTER TABLE submissions ADD COLUMN answer_url TEXT NOT NULL DEFAULT '';
    """,
    # A job of an endpoint has one user: `submissions_job` stays as it is. What an older version writes is the
    # operator's.
    """
    ALTER TABLE submissions ADD COLUMN user TEXT NOT NULL DEFAULT '';
    CREATE INDEX submissions_user ON submissions (user, submission);
    """,
    # The newer submission that was answered with the same job, which is that one's now.
    """
    ALTER TABLE submissions ADD COLUMN same_as INTEGER;
    """,
    """
    ALTER TABLE submissions ADD COLUMN gone TEXT;
    """,
    # When whoever executed it was told which job it is.
    """
    ALTER TABLE submissions ADD COLUMN told TEXT;
    """,
)


class LaterVersion(sqlite3.DatabaseError):
    """A later version changed more than it added: this one can neither read nor write the file."""


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a file up to this version; one that is later stays as it is: later versions only add.

    Raises:
        LaterVersion: One that did not, so that nothing is written that it would misread.
    """
    connection.execute("BEGIN IMMEDIATE")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    for script in MIGRATIONS[version:]:
        for statement in filter(str.strip, script.split(";")):
            connection.execute(statement)
    if version > len(MIGRATIONS):
        _check(connection, version)
    # Written again as it is: SQLite opens a file that it may only read, and says so at the first write.
    connection.execute(f"PRAGMA user_version = {max(version, len(MIGRATIONS))}")
    connection.execute("COMMIT")


def _check(connection: sqlite3.Connection, version: int) -> None:
    """Whether the table has all the columns of this version, and needs no others."""
    declared = set(_columns(connection))
    with closing(sqlite3.connect(":memory:")) as own:
        for script in MIGRATIONS:
            own.executescript(script)
        ours = set(_columns(own))
    needed = {name for name, must_be_given in declared if must_be_given}
    known = {name for name, _ in ours}
    if not known <= {name for name, _ in declared} or not needed <= known:
        raise LaterVersion(f"a later version of mcp-ogc wrote it (schema {version}, this one knows {len(MIGRATIONS)})")


def _columns(connection: sqlite3.Connection) -> Iterator[tuple[str, bool]]:
    """The columns, and whether each has to be given a value."""
    for _, name, _, not_null, default, is_key in connection.execute("PRAGMA table_info(submissions)"):
        yield name, bool(not_null) and default is None and not is_key
