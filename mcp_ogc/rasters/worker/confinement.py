"""What a raster worker may not: the process that opens hostile files has no secrets, no network, and not all memory."""

from __future__ import annotations

import ctypes
import errno
import os
import subprocess
import sys
import time

ADDRESS_SPACE = 4 * 2**30
"""Bytes. A block is at most half a gigabyte decoded; libraries and threads reserve more than they use."""
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
REFUSALS = {
    errno.EPERM: "by a container's seccomp profile or the system's policy on user namespaces (EPERM)",
    errno.ENOSPC: "as user.max_user_namespaces or user.max_net_namespaces is reached (ENOSPC)",
    errno.EINVAL: "as this kernel has no network namespaces (EINVAL)",
    errno.ENOSYS: "as this kernel has none (ENOSYS)",
}
TRIED_SECONDS = 30
# What Python and its libraries need to be found and to start; everything else, and with it every secret, stays behind.
PASSED = (
    "PATH",
    "PYTHONPATH",
    "PYTHONHOME",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "PROJ_DATA",
    "PROJ_LIB",
    "GDAL_DATA",
    "SYSTEMROOT",
    "SYSTEMDRIVE",
    "WINDIR",
    "TEMP",
    "TMP",
    "TMPDIR",
)
GIVEN = {
    # Threads that a BLAS starts would cost memory and find no work.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    # GDAL is given no URL; should a file's content become one, /vsicurl/ opens no name.
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
    "AWS_EC2_METADATA_DISABLED": "true",
    "PROJ_NETWORK": "OFF",
    "PYTHONUTF8": "1",
}


def environment() -> dict[str, str]:
    """The environment of a worker."""
    return {name: os.environ[name] for name in PASSED if name in os.environ} | GIVEN


def confine() -> str:
    """Give up what this process does not need; to be called while it has one thread.

    POSIX bounds its memory and lets it write no file. Linux takes it off the network where the kernel lets a user do
    so; everywhere else it simply holds no address and no credential.

    Returns:
        Why it is still on the network; "" where it is not.
    """
    connected = _leave_the_network() if sys.platform == "linux" else f"{sys.platform} offers no such thing"
    if sys.platform != "win32":
        import resource

        _lower(resource.RLIMIT_AS, ADDRESS_SPACE)
        _lower(resource.RLIMIT_FSIZE, 0)
        _lower(resource.RLIMIT_CORE, 0)
    return connected


def connected() -> str:
    """Why workers on this machine stay on the network, as one that is started now finds; "" where they do not.

    Blocks for a moment.
    """
    try:
        done = subprocess.run(
            (sys.executable, "-P", "-m", __name__),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=environment(),
            text=True,
            encoding="utf-8",
            timeout=TRIED_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return f"no process that tries it can be run ({type(error).__name__})"
    return done.stdout.strip()


def allow_cpu(seconds: int) -> None:
    """Let this process use that much more CPU time before the system ends it."""
    if sys.platform != "win32":
        import resource

        soft = int(time.process_time()) + 1 + seconds
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def _lower(which: int, value: int) -> None:
    import resource

    _, hard = resource.getrlimit(which)
    bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
    try:
        resource.setrlimit(which, (bound, bound))
    except (ValueError, OSError):  # macOS knows RLIMIT_AS and refuses to set it
        return


def _leave_the_network() -> str:
    """A network of its own with nothing in it (unshare(2)): root may, others inside a user namespace of their own.

    Returns:
        Why the system refuses; "" where it does not.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() == 0 and libc.unshare(CLONE_NEWNET) == 0:
        return ""
    if libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0:
        return ""
    number = ctypes.get_errno()
    return f"unshare(2) is refused, {REFUSALS.get(number, os.strerror(number))}"


if __name__ == "__main__":
    sys.stdout.write(confine())
