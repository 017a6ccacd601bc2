"""Jobs, from the server's side: started as detached drivers, looked at, dismissed. Everything here blocks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from mcp_ogc.local.driver import DIED
from mcp_ogc.local.folder import JobFolder, Spec
from mcp_ogc.local.platform import is_locked, kill_group, lock, require_posix
from mcp_ogc.local.store import JobRow, ProcessRow, Store
from mcp_ogc.settings import environment_without_settings


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
        self, process_id: str, process: ProcessRow | None, request: Mapping[str, Any], engine: str | None
    ) -> JobRow:
        """Write a job down and start its driver; a built-in process has no row."""
        require_posix()
        job_id = str(uuid4())
        folder = self.folder(job_id)
        folder.path.mkdir(parents=True)
        if process:
            folder.package.write_text(process.package, encoding="utf-8")
        folder.write_spec(
            Spec(
                job_id=job_id,
                process_id=process_id,
                workflow_id=process.workflow_id if process else None,
                is_builtin=process is None,
                inputs=dict(request.get("inputs") or {}),
                engine=engine,
                running_jobs=self._reach.running_jobs,
                readable_folders=tuple(map(str, self._reach.readable_folders)),
                allowed_hosts=tuple(self._reach.allowed_hosts),
            )
        )
        # Taken before anyone can know of the job, and handed to the driver: the lock is never free before its end.
        held = lock(folder.lock)
        assert held is not None
        try:
            row = self._store.add_job(job_id, process_id, json.dumps(request))
            self._start(folder, held)
        except BaseException:
            self._store.remove_job(job_id)
            shutil.rmtree(folder.path, ignore_errors=True)
            raise
        finally:
            os.close(held)
        return row

    def _start(self, folder: JobFolder, held: int) -> None:
        with folder.driver_log.open("ab") as log:
            driver = subprocess.Popen(
                [sys.executable, "-m", "mcp_ogc.local.driver", str(folder.path)],
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
        """A job as it stands: one that claims to run while its driver is dead has failed."""
        row = self._store.job(job_id)
        if row is None or not row.is_open or is_locked(self.folder(job_id).lock):
            return row
        # The driver writes its end before its lock is free: what still claims to run now never will end.
        last = [event for event in self.folder(job_id).read_events() if event["event"] == "started"]
        during = f", during step {last[-1]['step']}" if last else ""
        self._store.end(job_id, "failed", f"{DIED}{during}. Execute the process again.")
        return self._store.job(job_id)

    def jobs(self) -> list[JobRow]:
        """All jobs as they stand, newest first."""
        rows = (self.job(row.job_id) if row.is_open else row for row in self._store.jobs())
        return [row for row in rows if row is not None]

    def dismiss(self, job_id: str) -> None:
        """Kill what runs of a job, then remove all there is of it.

        Raises:
            LocalEndpointError: A process of it does not end.
        """
        folder = self.folder(job_id)
        group = folder.group()
        if group is not None and is_locked(folder.lock):
            kill_group(group)
            _remove_containers(folder)
        self._store.remove_job(job_id)
        shutil.rmtree(folder.path, ignore_errors=True)


def _remove_containers(folder: JobFolder) -> None:
    """Containers do not die with the engine's client: docker's are known by the id files cwltool has it write."""
    for id_file in folder.tmp.glob("container*") if folder.tmp.is_dir() else ():
        subprocess.run(
            ["docker", "rm", "--force", id_file.read_text(encoding="ascii").strip()],
            capture_output=True,
            check=False,
            timeout=30,
        )
