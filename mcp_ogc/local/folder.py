"""The folder of a job: what the server hands to the driver, and what the driver leaves.

lock           held by the driver for life; its process group inside
spec.json      what to run
package.cwl    the package
driver.log     what the driver and cwltool say
events.jsonl   steps that started and ended
logs/          a log for each step
tmp/           working files; removed at the end
containers/    ids of the containers that docker or podman started
published/     the files of the results
results.json   the result document, there once all is published; files as `published:` and a path
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mcp_ogc.local.engines import Engine
from mcp_ogc.ogc.inputs.sendable import HALF, as_sendable

PUBLISHED = "published:"
"""Where a file of the results is, in stored documents: made absolute when answered, as the endpoint is reached then."""


@dataclass(frozen=True, slots=True)
class Spec:
    """What a driver runs."""

    job_id: str
    process_id: str
    workflow_id: str | None
    is_builtin: bool
    inputs: dict[str, Any]
    engine: Engine | None
    """The container engine, None to run natively."""
    is_trusted: bool
    """Whether a tool that names no image may run natively."""
    running_jobs: int
    readable_folders: tuple[str, ...]
    allowed_hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JobFolder:
    """Paths of a job, and what is read from them."""

    path: Path

    @property
    def lock(self) -> Path:
        """Held while the driver lives."""
        return self.path / "lock"

    @property
    def package(self) -> Path:
        """The CWL."""
        return self.path / "package.cwl"

    @property
    def logs(self) -> Path:
        """A log for each step."""
        return self.path / "logs"

    @property
    def tmp(self) -> Path:
        """Working files."""
        return self.path / "tmp"

    @property
    def containers(self) -> Path:
        """Ids of the containers that were started, a file each."""
        return self.path / "containers"

    @property
    def published(self) -> Path:
        """The files of the results."""
        return self.path / "published"

    @property
    def results(self) -> Path:
        """The result document."""
        return self.path / "results.json"

    @property
    def driver_log(self) -> Path:
        """What the driver says."""
        return self.path / "driver.log"

    @property
    def events(self) -> Path:
        """Steps that started and ended."""
        return self.path / "events.jsonl"

    def write_spec(self, spec: Spec) -> None:
        """Write what to run."""
        (self.path / "spec.json").write_text(json.dumps(asdict(spec)), encoding="utf-8")

    def read_spec(self) -> Spec:
        """Read what to run."""
        stored = json.loads((self.path / "spec.json").read_text(encoding="utf-8"))
        folders, hosts = tuple(stored.pop("readable_folders")), tuple(stored.pop("allowed_hosts"))
        engine = stored.pop("engine")
        return Spec(
            **stored, engine=Engine(**engine) if engine else None, readable_folders=folders, allowed_hosts=hosts
        )

    def write_results(self, document: Mapping[str, Any]) -> None:
        """Write the result document, whole or not at all, as the last of all that is published.

        What no JSON can carry, a tool may well have made: NaN is what many write for nothing.
        """
        part = self.results.with_suffix(".part")
        part.write_text(json.dumps(as_sendable(document), allow_nan=False), encoding="utf-8")
        part.replace(self.results)

    def read_results(self) -> dict[str, Any]:
        """Read the result document; earlier versions wrote what no JSON can carry."""
        document: dict[str, Any] = as_sendable(json.loads(self.results.read_text(encoding="utf-8")))
        return document

    def remove_results(self) -> None:
        """Leave nothing of what a job began to publish: it failed."""
        shutil.rmtree(self.published, ignore_errors=True)
        self.results.unlink(missing_ok=True)
        self.results.with_suffix(".part").unlink(missing_ok=True)

    def group(self) -> int | None:
        """The process group of the driver, as it wrote it."""
        text = self.lock.read_text(encoding="ascii") if self.lock.exists() else ""
        return int(text) if text.isdigit() else None

    def log(self, name: str) -> Path | None:
        """The log of a step; None where there is none of that name."""
        path = self.logs / f"{name}.log"
        return path if re.fullmatch(r"[A-Za-z0-9._-]+", name) and path.is_file() else None

    def log_names(self) -> list[str]:
        """The steps that have a log, in the order they started; the driver's own is not among them."""
        paths = sorted(self.logs.glob("*.log"), key=lambda path: path.stat().st_ctime_ns) if self.logs.is_dir() else []
        started = [event["step"] for event in self.read_events() if event["event"] == "started"]
        return [name for name in started if self.log(name)] or [path.stem for path in paths]

    def read_events(self) -> Iterator[dict[str, Any]]:
        """The events so far; a line that is being written is left out."""
        if not self.events.exists():
            return
        for line in self.events.read_text(encoding="utf-8").splitlines():
            try:
                yield json.loads(line)
            except ValueError:
                return


def tail(path: Path, size: int) -> str:
    """The last `size` bytes of a text, from the beginning of a line where there is one."""
    with path.open("rb") as file:
        start = max(0, file.seek(0, 2) - size)
        file.seek(start)
        text = file.read(size).decode("utf-8", errors="replace")
    return text.split("\n", 1)[1] if start and "\n" in text else text


def mend_names(folder: Path) -> None:
    """Give what lies below a folder under a name that is not UTF-8 one that is: such a name can be no URL."""
    for path, folders, files in os.walk(folder, topdown=False):
        for name in (*folders, *files):
            if HALF.search(name):
                mended, number = HALF.sub("_", name), 1
                free = Path(path, mended)
                while os.path.lexists(free):
                    free = Path(path, f"{number}-{mended}")
                    number += 1
                Path(path, name).rename(free)


def safe_name(name: str) -> str:
    """A name as that of a file, without a dot at the beginning."""
    return "".join(c if c.isalnum() or c in "._-" else "_" for c in name)[-120:].lstrip(".") or "_"
