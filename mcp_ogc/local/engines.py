"""Container engines: found, and asked whether they answer."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

EngineName = Literal["docker", "podman", "singularity"]

ANSWER_SECONDS = 5
# Desktop clients start servers with a bare PATH.
USUAL_FOLDERS = (
    "/usr/local/bin",
    "/opt/homebrew/bin",
    "/opt/local/bin",
    "/usr/bin",
    "~/.docker/bin",
    "~/.orbstack/bin",
    "/Applications/Docker.app/Contents/Resources/bin",
    "/snap/bin",
)
COMMANDS: dict[EngineName, tuple[str, ...]] = {
    "docker": ("docker",),
    "podman": ("podman",),
    "singularity": ("singularity", "apptainer"),
}
PROBES: dict[EngineName, tuple[str, ...]] = {
    "docker": ("version", "--format", "{{.Server.Version}}"),
    "podman": ("version", "--format", "{{.Version}}"),
    "singularity": ("--version",),
}


@dataclass(frozen=True, slots=True)
class Engine:
    """A container engine that answers."""

    name: EngineName
    command: str


def find_engine(wanted: Literal["docker", "podman", "singularity", "none"] | None) -> Engine | None:
    """The engine to use: the one named, else the first that answers; None where there is none."""
    if wanted == "none":
        return None
    names: tuple[EngineName, ...] = (wanted,) if wanted else ("docker", "podman", "singularity")
    for name in names:
        for command in COMMANDS[name]:
            path = shutil.which(command, path=search_path())
            if path and _answers(path, PROBES[name]):
                return Engine(name, path)
    return None


def search_path() -> str:
    """PATH, and the folders engines usually are in."""
    usual = [str(Path(folder).expanduser()) for folder in USUAL_FOLDERS]
    return os.pathsep.join([os.environ.get("PATH", ""), *usual])


def _answers(command: str, probe: tuple[str, ...]) -> bool:
    """Whether the engine does anything: a client without its daemon is no engine."""
    try:
        asked = subprocess.run([command, *probe], capture_output=True, timeout=ANSWER_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0 and bool(asked.stdout.strip())
