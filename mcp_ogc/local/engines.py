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
    "~/.rd/bin",
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
    # On macOS podman is a client too: `info` needs its machine, `version` does not.
    "podman": ("info", "--format", "{{.Version.Version}}"),
    "singularity": ("--version",),
}


@dataclass(frozen=True, slots=True)
class Engine:
    """A container engine that answers."""

    name: EngineName
    command: str
    """Its absolute path."""

    def put_on_path(self, folder: Path) -> None:
        """Make the engine what its name finds, in this process: cwltool starts `docker`, `podman` or `singularity`.

        Its own folder follows on PATH, for helpers that stand beside it.

        Args:
            folder: Where to link it.
        """
        folder.mkdir(parents=True, exist_ok=True)
        (folder / self.name).symlink_to(self.command)
        beside = str(Path(self.command).parent)
        os.environ["PATH"] = os.pathsep.join([str(folder), os.environ.get("PATH", os.defpath), beside])


def find_engine(wanted: Literal["docker", "podman", "singularity", "none"] | None) -> Engine | None:
    """The engine to use: the one named, else the first that answers; None where there is none.

    Asked anew each time: people start theirs after they were told that none answers.
    """
    if wanted == "none":
        return None
    names: tuple[EngineName, ...] = (wanted,) if wanted else ("docker", "podman", "singularity")
    for name in names:
        for command in COMMANDS[name]:
            path = shutil.which(command, path=_search_path())
            if path and _answers(path, PROBES[name]):
                return Engine(name, str(Path(path).absolute()))
    return None


def _search_path() -> str:
    """PATH, and the folders engines usually are in."""
    usual = [str(Path(folder).expanduser()) for folder in USUAL_FOLDERS]
    return os.pathsep.join([os.environ.get("PATH", os.defpath), *usual])


def _answers(command: str, probe: tuple[str, ...]) -> bool:
    """Whether the engine does anything: a client without its daemon is no engine."""
    try:
        asked = subprocess.run(
            [command, *probe], stdin=subprocess.DEVNULL, capture_output=True, timeout=ANSWER_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0 and bool(asked.stdout.strip())
