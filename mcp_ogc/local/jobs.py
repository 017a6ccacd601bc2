"""Jobs, from the server's side: started as detached drivers, looked at, dismissed. Everything here blocks."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from mcp_ogc.errors import LocalEndpointError
from mcp_ogc.local.driver import DIED, DONE
from mcp_ogc.local.folder import JobFolder, Spec
from mcp_ogc.local.platform import is_locked, kill_group, lock, require_posix
from mcp_ogc.local.store import JobRow, ProcessRow, Store
from mcp_ogc.local.trust import Permission
from mcp_ogc.settings import environment_without_settings

REMOVAL_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Reach:
    """What the jobs may reach beside public hosts."""

    running_jobs: int
    readable_folders: Sequence[Path]
    allowed_hosts: Sequence[str]


class Jobs:
    """The jobs below a folder."""

    def __init__(self, root: Path, store: Store, reach: Reach) -> None:
        self._root = root
        self._store = store
        self._reach = reach

    def folder(self, job_id: str) -> JobFolder:
        """The folder of a job."""
        return JobFolder(self._root / "jobs" / job_id)

    def submit(
        self,
        process_id: str,
        process: ProcessRow | None,
        request: Mapping[str, Any],
        permission: Permission,
    ) -> JobRow:
        """Write a job down and start its driver; a built-in process has no row.

        Raises:
            LocalEndpointError: Jobs can't run on this system.
        """
        require_posix()
        folder, held = self._new_folder()
        try:
            job_id = folder.path.name
            if process:
                folder.package.write_text(process.package, encoding="utf-8")
            folder.write_spec(
                Spec(
                    job_id=job_id,
                    process_id=process_id,
                    workflow_id=process.workflow_id if process else None,
                    is_builtin=process is None,
                    inputs=dict(request.get("inputs") or {}),
                    engine=permission.engine,
                    is_trusted=permission.is_trusted,
                    running_jobs=self._reach.running_jobs,
                    readable_folders=tuple(map(str, self._reach.readable_folders)),
                    allowed_hosts=tuple(self._reach.allowed_hosts),
                )
            )
            row = self._store.add_job(job_id, process_id, json.dumps(request))
            self._start(folder, held)
        except BaseException:
            with suppress(sqlite3.Error):
                self._store.remove_job(folder.path.name)
            shutil.rmtree(folder.path, ignore_errors=True)
            raise
        finally:
            os.close(held)
        return row

    def _new_folder(self) -> tuple[JobFolder, int]:
        """A folder and its lock, taken before anyone can know of the job and handed to the driver: never free before
        its end. Who tidies up may have the lock, or have removed the folder, at this very moment: then another.
        """
        while True:
            folder = self.folder(str(uuid4()))
            folder.path.mkdir(parents=True)
            with suppress(FileNotFoundError):
                held = lock(folder.lock)
                if held is not None:
                    if folder.lock.exists():
                        return folder, held
                    os.close(held)

    def tidy(self) -> None:
        """Remove folders that servers left which were killed before their job was written, or after it was removed."""
        root = self._root / "jobs"
        there = {path.name for path in root.iterdir()} if root.is_dir() else set()
        for name in there - {row.job_id for row in self._store.jobs()}:
            folder = self.folder(name)
            with suppress(OSError):  # somebody else was sooner, or the disk is read-only
                held = lock(folder.lock)
                if held is None:
                    continue
                try:
                    if self._store.job(name) is None:  # it may have been written since
                        shutil.rmtree(folder.path, ignore_errors=True)
                finally:
                    os.close(held)

    def _start(self, folder: JobFolder, held: int) -> None:
        with folder.driver_log.open("ab") as log:
            driver = subprocess.Popen(
                [sys.executable, "-P", "-m", "mcp_ogc.local.driver", str(folder.path)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=folder.path,
                env=environment_without_settings(),
                pass_fds=(held,),
                start_new_session=True,
            )
        os.pwrite(held, str(driver.pid).encode("ascii"), 0)
        # Reaped when it ends while this server lives; else by the system.
        threading.Thread(target=driver.wait, daemon=True, name=f"reaper of {driver.pid}").start()

    def job(self, job_id: str) -> JobRow | None:
        """A job as it stands: one that claims to run while its driver is dead has ended, with results or failed."""
        row = self._store.job(job_id)
        folder = self.folder(job_id)
        if row is None or not row.is_open or is_locked(folder.lock):
            return row
        # The driver writes its end before its lock is free: what still claims to run now never will end.
        row = self._store.job(job_id)
        if row is None or not row.is_open:
            return row
        end = _end_of(folder)
        shutil.rmtree(folder.tmp, ignore_errors=True)
        is_written = False
        with suppress(sqlite3.Error, OSError):  # a disk that is full or read-only: it is so, written or not
            if end.status != "successful":
                folder.remove_results()
            self._store.end(job_id, end.status, end.message, end.finished)
            is_written = True
        return self._store.job(job_id) if is_written else replace(row, status=end.status, message=end.message)

    def jobs(self) -> list[JobRow]:
        """All jobs as they stand, newest first."""
        rows = (self.job(row.job_id) if row.is_open else row for row in self._store.jobs())
        return [row for row in rows if row is not None]

    def dismiss(self, job_id: str) -> None:
        """Kill what runs of a job, then remove all there is of it.

        Raises:
            LocalEndpointError: A process of it does not end, or a container of it is not removed.
        """
        folder = self.folder(job_id)
        group = folder.group()
        # Locked, so the driver lives, and the number is its own.
        if group is not None and is_locked(folder.lock):
            kill_group(group)
        if left := _remove_containers(folder):
            raise LocalEndpointError("A container of the job can't be removed", remedy=f"Run {'; '.join(left)}")
        self._store.remove_job(job_id)
        shutil.rmtree(folder.path, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class _End:
    """How a job ended whose driver could not write it any more."""

    status: str
    message: str
    finished: datetime | None = None
    """None where nobody knows."""


def _end_of(folder: JobFolder) -> _End:
    """Results are written last and whole: where they are there, the job was done before its driver died."""
    with suppress(FileNotFoundError):
        return _End("successful", DONE, datetime.fromtimestamp(folder.results.stat().st_mtime, UTC))
    told = f"{DIED}{_last_seen(folder)}. Execute the process again"
    told += "".join(f"; run {command}" for command in _remove_containers(folder))
    return _End("failed", f"{told}.")


def _last_seen(folder: JobFolder) -> str:
    """Which steps ran when the driver died, and since when."""
    running: dict[str, float] = {}
    for event in folder.read_events():
        if event["event"] == "started":
            running[event["step"]] = event["time"]
        else:
            running.pop(event["step"], None)
    if not running:
        return ""
    since = datetime.fromtimestamp(max(running.values()), UTC).isoformat(timespec="seconds")
    return f", during step {', '.join(running)} (started {since})"


def _remove_containers(folder: JobFolder) -> list[str]:
    """Containers do not die with the engine's client: docker and podman wrote their ids where cwltool told them to.

    Returns:
        Commands that would remove those that could not be removed.
    """
    engine = folder.read_spec().engine if folder.containers.is_dir() else None
    if engine is None:
        return []
    ids = (id_file.read_text(encoding="ascii").strip() for id_file in folder.containers.glob("*"))
    commands = [[engine.command, "rm", "--force", container] for container in ids if container]
    return [" ".join(command) for command in commands if not _runs(command)]


def _runs(command: list[str]) -> bool:
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=REMOVAL_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 or b"no such container" in done.stderr.lower()
