"""What the local endpoint needs of the operating system: locks that die with their holder, and process groups.

Both are POSIX here, as cwltool is; on Windows the local endpoint says what to do instead.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from mcp_ogc.errors import LocalEndpointError

GONE_SECONDS = 10


def require_posix() -> None:
    """Raise `LocalEndpointError` where jobs can't run."""
    if sys.platform == "win32":
        raise LocalEndpointError(
            "The local endpoint needs a POSIX system: cwltool does not run on Windows",
            remedy="Run mcp-ogc in WSL (wsl --install), or configure a remote endpoint with MCP_OGC_URL",
        )


def lock(path: Path) -> int | None:
    """Take the lock of a file; the descriptor that holds it, None where another process does.

    The lock is freed by the system when every copy of the descriptor is closed, so when its holders are dead.
    """
    import fcntl

    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except OSError as error:
        os.close(descriptor)
        raise LocalEndpointError(
            f"{path.parent} is on a file system without locks: {error.strerror}",
            remedy="Put [local] folder on a disk of this machine",
        ) from error
    return descriptor


def is_locked(path: Path) -> bool:
    """Whether a process holds the lock; a file that is not there is not locked."""
    import fcntl

    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    except FileNotFoundError:
        return False
    try:
        # Shared, so that two who look at once do not take each other for a holder.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def end_group_with_this_process() -> None:
    """Have the process group of this process killed when this process ends, however it ends.

    A shell of the group waits on a pipe that only this process can write to: its end is the end of this process, and
    `kill 0` is the shell's own group, so no number can mean a stranger.
    """
    reading, _writing_for_life = os.pipe()
    subprocess.Popen(
        ["/bin/sh", "-c", "read -r _; kill -9 0"],
        stdin=reading,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(reading)


def kill_group(group: int) -> None:
    """Kill every process of a group, and wait until they are gone.

    Raises:
        LocalEndpointError: They are not, after ten seconds.
    """
    deadline = time.monotonic() + GONE_SECONDS
    while time.monotonic() < deadline:
        try:
            os.killpg(group, signal.SIGKILL)
        except ProcessLookupError:
            return
        except PermissionError:
            # macOS: what is left of the group are zombies, waiting for their parent.
            return
        if not _lives(group):
            return
        time.sleep(0.005)
    raise LocalEndpointError(f"The processes of group {group} do not end", remedy="Look at them with ps")


def _lives(group: int) -> bool:
    """Whether a group has more than zombies: where nobody reaps, as in a container without init, those stay."""
    stats = list(Path("/proc").glob("[0-9]*/stat"))
    if not stats:  # no /proc here: macOS tells zombies by PermissionError
        return True
    for stat in stats:
        try:
            # pid (command) state ppid pgrp …; a command may hold spaces and brackets
            state, _, pgrp = stat.read_text(encoding="utf-8", errors="replace").rsplit(")", 1)[1].split()[:3]
        except (OSError, IndexError):
            continue  # it ended meanwhile
        if int(pgrp) == group and state not in ("Z", "X"):
            return True
    return False
