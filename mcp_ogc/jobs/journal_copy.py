"""A journal whose file can't be written: what it knows can be read, and nothing is submitted until it can."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import anyio.to_thread

from mcp_ogc.errors import JournalError, SettingsError
from mcp_ogc.jobs.entries import Intent
from mcp_ogc.jobs.journal import Journal
from mcp_ogc.jobs.journal_calls import primary_code
from mcp_ogc.jobs.quotas import Allowance
from mcp_ogc.ogc.models import JsonObject
from mcp_ogc.scratch import scratch_folder

UNWRITABLE = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)

logger = logging.getLogger(__name__)


class JournalCopy(Journal):
    """A copy in a folder that ends with the server: what is seen of jobs is remembered as long.

    Args:
        original: The journal that can't be written, where it is there at all; used as soon as it can.
        path: Of the copy.
        user: As for a journal.
        shared: As for a journal.
    """

    def __init__(self, original: Path, path: Path, user: str, shared: frozenset[str]) -> None:
        # With what a server that was killed while it wrote left beside it: SQLite takes that back.
        for name in (original.name, f"{original.name}-journal"):
            if (there := original.with_name(name)).is_file():
                shutil.copyfile(there, path.with_name(name))
        super().__init__(path, user, shared)
        self._original = original

    async def intend(
        self,
        endpoint: str,
        process_id: str,
        version: str,
        inputs: JsonObject,
        digest: str,
        *,
        same_since: datetime | None,
        allowance: Allowance | None = None,
    ) -> Intent:
        """As a journal does, once it can be written: what is not written before it is sent can't be found again.

        Raises:
            JournalError: It still can't.
        """
        if self.path != self._original:
            try:
                await anyio.to_thread.run_sync(Journal, self._original)
            except SettingsError as error:
                told = f"{error.message}; nothing was sent"
                raise JournalError(told, remedy=f"{error.remedy}; then call again") from error
            self.path = self._original
        return await super().intend(
            endpoint, process_id, version, inputs, digest, same_since=same_since, allowance=allowance
        )


@contextmanager
def opened_journal(path: Path, user: str, shared: frozenset[str]) -> Iterator[Journal]:
    """The journal of a user, or a copy where it can't be written.

    Args:
        path: Of the file.
        user: As for a journal.
        shared: As for a journal.

    Raises:
        SettingsError: It can't be read either, or not by this version.
    """
    try:
        journal = Journal(path, user, shared)
    except SettingsError as error:
        if not _is_unwritable(error.__cause__):
            raise
        with scratch_folder() as folder:
            journal = JournalCopy(path, folder / path.name, user, shared)
            logger.warning("%s. What it knows can be read, and nothing is submitted. %s", error.message, error.remedy)
            yield journal
    else:
        yield journal


def _is_unwritable(cause: BaseException | None) -> bool:
    return isinstance(cause, OSError) or (isinstance(cause, sqlite3.Error) and primary_code(cause) in UNWRITABLE)
