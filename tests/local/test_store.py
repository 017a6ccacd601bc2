"""The database: shared by processes, and moved up by migrations."""

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mcp_ogc.local.store import MIGRATIONS, ProcessRow, Store

WRITER = """
import sys
from pathlib import Path
from mcp_ogc.local.store import Store
store = Store(Path(sys.argv[1]))
store.migrate()
for number in range(25):
    store.add_job(f"{sys.argv[2]}-{number}", "p", "{}")
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "s" / "local.sqlite3")
    store.migrate()
    return store


def test_processes_and_jobs_of_several_processes_are_all_there(store: Store) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(store.path), name]) for name in "abc"]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    rows = store.jobs()
    assert len(rows) == 75
    assert [row.seq for row in rows] == sorted((row.seq for row in rows), reverse=True)


def test_a_migration_runs_once_however_many_open_the_store_at_once(tmp_path: Path) -> None:
    store = Store(tmp_path / "local.sqlite3")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: store.migrate(), range(8)))
    connection = sqlite3.connect(store.path)
    assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    connection.close()


def test_only_one_of_two_deployments_of_an_id_is_kept(store: Store) -> None:
    rows = [ProcessRow("p", "{}", f"package {n}", "sha256:0", None, b"", "application/cwl", "{}") for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(store.add_process, rows)) == [False] * 7 + [True]


def test_what_has_ended_stays_as_it_ended(store: Store) -> None:
    store.add_job("j", "p", "{}")
    assert store.start("j")
    assert not store.start("j"), "a job is started once"
    store.progress("j", 50, "half")
    store.progress("j", 10, "less")
    assert store.job("j").progress == 50  # type: ignore[union-attr]
    store.end("j", "successful", "done")
    store.end("j", "failed", "too late")
    store.progress("j", 20, "too late")
    row = store.job("j")
    assert row is not None
    assert (row.status, row.message, row.progress) == ("successful", "done", 100)


def test_a_job_that_was_removed_does_not_start(store: Store) -> None:
    store.add_job("j", "p", "{}")
    store.remove_job("j")
    assert not store.start("j")
