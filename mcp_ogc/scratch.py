"""Folders that are as long-lived as this process, and what is left of those whose process was killed.

Each holds a lock file that its process has locked for life: the system frees it however the process ends, on every
platform, so that a folder whose lock is free is nobody's any more. A number of a process would not do: it is another's
by and by, and means nothing to a container that shares the folder of temporary files.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

PREFIX = "mcp-ogc-"
LOCK = "lock"


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder among temporary files, for this user alone; gone with this context.

    Raises:
        OSError: It can't be made.
    """
    folder, lock = _made()
    try:
        yield folder
    finally:
        # Before it is removed: Windows removes no file that is open.
        lock.release()
        shutil.rmtree(folder, ignore_errors=True)


def clear_abandoned() -> None:
    """Remove the folders of processes that are gone. One that holds no lock file is not known to be one of these."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError, NotImplementedError):  # another's, or it is on a file system without locks
            if _is_ours(folder) and (folder / LOCK).exists():
                _clear(folder)


def _made() -> tuple[Path, BaseFileLock]:
    """A folder and its lock, held. Who clears up may have taken it for an abandoned one meanwhile: then another."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
        lock = _lock(folder)
        with suppress(Timeout, FileNotFoundError):
            lock.acquire()
            if (folder / LOCK).exists():
                return folder, lock
            lock.release()


def _clear(folder: Path) -> None:
    lock = _lock(folder)
    try:
        with lock:
            shutil.rmtree(folder, ignore_errors=True)
    except Timeout:
        return
    # Where an open file can't be removed, the lock is left.
    shutil.rmtree(folder, ignore_errors=True)


def _lock(folder: Path) -> BaseFileLock:
    # Whatever thread takes it, another may free it.
    return FileLock(folder / LOCK, blocking=False, thread_local=False)


def _is_ours(folder: Path) -> bool:
    """Whether it is a folder, not a link to one, of this user: nobody else can put anything into it."""
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and (not hasattr(os, "geteuid") or found.st_uid == os.geteuid())
