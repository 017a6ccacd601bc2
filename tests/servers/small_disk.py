"""A disk of a program's own: a small one, or one that can't be written, in a mount namespace that ends with it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

READ_ONLY = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"'
SMALL = 'mount -t tmpfs -o size="$2" tmpfs "$1" && shift 2 && exec "$@"'


def _command(script: str, *arguments: str) -> list[str]:
    return ["unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh", *arguments]


def with_read_only(folder: Path, command: Sequence[str]) -> list[str]:
    """The command, for which all below a folder is read-only."""
    return _command(READ_ONLY, str(folder), *command)


def with_small_disk(folder: Path, size: str, command: Sequence[str]) -> list[str]:
    """The command, for which a folder is an empty disk of that size, such as `300k`."""
    return _command(SMALL, str(folder), size, *command)


def require_namespaces(folder: Path) -> None:
    """Skip where the system lets nobody mount anything."""
    if shutil.which("unshare") is None:
        pytest.skip("this system has no mount namespaces")
    if subprocess.run(with_read_only(folder, ["true"]), capture_output=True, check=False).returncode != 0:
        pytest.skip("this system lets this user mount nothing")
