"""The audit: one line of JSON for each call that changes something, whatever came of it.

A line says who may have changed what, and no more: arguments are a digest, so that two calls can be told alike and
nobody's data is kept a second time. It is appended in one write, so that several servers share a file.
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import anyio
import anyio.to_thread
from pydantic import JsonValue

from mcp_ogc.errors import (
    DiskError,
    EndpointFault,
    OgcError,
    RemoteProblem,
    SubmissionUnconfirmed,
    Unreachable,
    UnreadableAnswer,
)
from mcp_ogc.users import current_user

REASON_CHARACTERS = 200
ROOM = 64 * 1024
"""Bytes that have to be free before something is changed: its line comes after it."""
# What an answer says of the thing that was changed.
NAMES = ("endpoint", "process_id", "job_id")


@dataclass(slots=True)
class Change:
    """What is known of one call.

    `outcome` is `done`; `asked`, `previewed`, `checked` or `refused` where nothing was changed; `failed` where the
    endpoint said no; `unknown` as long as nobody says what came of it.
    """

    tool: str
    digest: str
    """SHA-256 of the arguments."""
    outcome: str = "unknown"
    reason: str = ""
    named: dict[str, str] = field(default_factory=dict)
    """The endpoint, process and job."""

    def name(self, told: Mapping[str, object]) -> None:
        """Take the names of what is changed out of arguments or an answer."""
        self.named |= {name: str(told[name]) for name in NAMES if told.get(name)}

    def answered(self, reply: Mapping[str, object] | None) -> None:
        """It ended with structured content; None where the person is asked first."""
        told = reply or {}
        self.name(told)
        self.outcome = (
            "asked"
            if reply is None
            else "previewed"
            if told.get("confirm")
            else "checked"
            if told.get("dry_run")
            else "done"
        )

    def failed(self, error: OgcError) -> None:
        """It ended with a failure: without an answer nobody knows what was done."""
        self.reason = f"{type(error).__name__}: {error.message}"
        if isinstance(error, RemoteProblem) and not isinstance(error, EndpointFault):
            self.outcome = "failed"
        elif not isinstance(error, EndpointFault | Unreachable | UnreadableAnswer | SubmissionUnconfirmed):
            self.outcome = "refused"


class Audit:
    """Appends to a file that only its owner reads.

    Args:
        path: The file; its folder is made.
        redact: Masks secrets.
    """

    def __init__(self, path: Path, redact: Callable[[str], str]) -> None:
        self._path = path
        self._redact = redact

    @asynccontextmanager
    async def change(self, tool: str, arguments: Mapping[str, JsonValue]) -> AsyncIterator[Change]:
        """Something is changed within, for the current user: its line is written at the end, cancelled or not.

        Raises:
            DiskError: The file can't be written, so nothing may be changed.
        """
        change = Change(tool, _digest_of(arguments))
        change.name(arguments)
        await anyio.to_thread.run_sync(self._make_sure)
        begun = datetime.now(UTC)
        user = current_user().name
        try:
            yield change
        finally:
            line = {
                "time": begun.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                **({"user": user} if user else {}),
                "tool": change.tool,
                "arguments": change.digest,
                **change.named,
                "outcome": change.outcome,
                **({"reason": change.reason[:REASON_CHARACTERS]} if change.reason else {}),
            }
            redacted = {name: self._redact(value) for name, value in line.items()}
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self._record, json.dumps(redacted, ensure_ascii=True))

    def _record(self, line: str) -> None:
        """Write what was done; it can't be undone, so a disk that is full by now is told in the log."""
        try:
            self._append(line.encode() + b"\n")
        except DiskError as error:
            logging.getLogger(__name__).error("%s: %s", error.message, line)  # noqa: TRY400 - a sentence, no traceback

    def _make_sure(self) -> None:
        self._append(b"")
        if shutil.disk_usage(self._path.parent).free < ROOM:
            raise self._unwritable(_no_room())

    def _append(self, line: bytes) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                _write_whole(file, line)
            finally:
                os.close(file)
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> DiskError:
        remedy = "Make room on its disk" if error.errno == errno.ENOSPC else "Make its folder writable"
        return DiskError(
            f"The audit {self._path} can't be written: {error.strerror or error}",
            remedy=f"{remedy}, or name another file with audit_file or another data_folder",
        )


def _write_whole(file: int, line: bytes) -> None:
    """Append a line; where the disk takes only its beginning, that is taken back."""
    written = os.write(file, line)
    if written < len(line):
        end = os.lseek(file, 0, os.SEEK_CUR)
        if os.fstat(file).st_size == end:  # nobody has appended since
            os.ftruncate(file, end - written)
        raise _no_room()


def _no_room() -> OSError:
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _digest_of(arguments: Mapping[str, JsonValue]) -> str:
    """The same for the same arguments, whatever their order; a confirmation is none of them."""
    asked = {name: value for name, value in arguments.items() if name != "confirm"}
    return "sha256:" + hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).hexdigest()
