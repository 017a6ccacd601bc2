"""The tables of the journal, and how an older file becomes one of this version."""

import sqlite3

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
)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a file up to this version; one that is later stays as it is: later versions only add."""
    connection.execute("BEGIN IMMEDIATE")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        for statement in filter(str.strip, script.split(";")):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {number}")
    connection.execute("COMMIT")
