"""Programs of npm, from a locked folder: installed at first use, run by the Node of the lock file where it has one."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path


def install(folder: Path) -> bool:
    """Install what the folder's lock file names, once; False where there is no npm."""
    npm = shutil.which("npm")
    if npm is None:
        return False
    modules, lock = folder / "node_modules", folder / "package-lock.json"
    installed = modules / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        subprocess.run([npm, "ci", "--silent"], cwd=folder, check=True, stdout=sys.stderr)
        installed.touch()
    return True


def node(folder: Path) -> str:
    """The Node that runs the folder's programs."""
    locked = folder / "node_modules" / "node" / "bin" / "node"
    return str(locked) if locked.exists() else shutil.which("node") or "node"
