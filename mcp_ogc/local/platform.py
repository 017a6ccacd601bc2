"""What the local endpoint needs of the operating system: locks that die with their holder, and process groups.

Both are POSIX here, as cwltool is; on Windows the local endpoint says what to do instead.
"""

from __future__ import annotations

import os
import signal
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
    return descriptor


def is_locked(path: Path) -> bool:
    """Whether a process holds the lock; a file that is not there is not locked."""
    if not path.exists():
        return False
    descriptor = lock(path)
    if descriptor is None:
        return True
    os.close(descriptor)
    return False


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
        time.sleep(0.005)
    raise LocalEndpointError(f"The processes of group {group} do not end", remedy="Look at them with ps")
