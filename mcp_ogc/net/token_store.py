"""Where the tokens of a sign-in are kept: the system's keychain, or a file of the person's own where there is none.

Beside the tokens there is a record for each endpoint, with nothing secret in it unless there is no keychain: who is
signed in can be told without asking the keychain, which may ask the person. Several servers and the command line share
it, so what reads, renews and writes holds a lock of the operating system all the while.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

import anyio
import anyio.to_thread
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from mcp_ogc.errors import DiskError, TimedOut

SERVICE = "mcp-ogc"
LOCK_SECONDS = 60
PIECE = 1000
"""Characters in one entry of a keychain: the Credential Manager of Windows holds 2,560 bytes, as UTF-16."""


class Record(BaseModel):
    """Who is signed in to an endpoint, and what for: tokens are good for this endpoint and provider only."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    endpoint: str
    issuer: str
    client_id: str
    person: str | None = None
    expires_at: float | None = None
    """Of the access token, in seconds since 1970 by this machine's clock; None where the provider does not say."""
    renewable: bool = False
    """Whether there is a refresh token."""
    pieces: int = 0
    """Entries of the keychain that hold the tokens; 0 where this file does."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a provider gave."""

    record: Record
    access_token: SecretStr
    refresh_token: SecretStr | None = None


class TokenStore:
    """The tokens of all endpoints.

    Args:
        folder: Where records and locks are.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def stamp(self, name: str) -> tuple[int, int]:
        """Changes whenever somebody signs in or out, or a token is renewed."""
        try:
            stat = self._file(name).stat()
        except OSError:
            return (0, 0)
        return (stat.st_mtime_ns, stat.st_ino)

    async def record(self, name: str) -> Record | None:
        """Who is signed in, without the tokens."""
        return await anyio.to_thread.run_sync(self._record, name)

    @asynccontextmanager
    async def exclusive(self, name: str) -> AsyncIterator[Slot]:
        """What is kept for an endpoint, for this process alone.

        Raises:
            TimedOut: Another one does not let go of it.
            DiskError: The folder can't be written.
        """
        from filelock import FileLock, Timeout

        lock = FileLock(self._folder / f"{name}.lock", timeout=0, thread_local=False)
        try:
            await anyio.to_thread.run_sync(self._make_folder)
            with anyio.fail_after(LOCK_SECONDS):
                while True:
                    with suppress(Timeout):
                        await anyio.to_thread.run_sync(lock.acquire)
                        break
                    await anyio.sleep(0.05)
        except TimeoutError:
            raise TimedOut(
                f"Another mcp-ogc has been signing in to {name} for {LOCK_SECONDS} s", remedy="Try again"
            ) from None
        except (OSError, NotImplementedError) as error:  # filelock's word for a file system without locks
            raise self.unwritable(error) from error
        try:
            yield Slot(self, name)
        finally:
            lock.release()

    def unwritable(self, error: Exception) -> DiskError:
        """What is told where nothing can be kept."""
        return DiskError(
            f"Sign-ins can't be kept in {self._folder}: {getattr(error, 'strerror', None) or error}",
            remedy="Make room on its disk, make it writable, or name another data_folder; then sign in again",
        )

    def _make_folder(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.json"

    def _record(self, name: str) -> Record | None:
        try:
            return Record.model_validate_json(self._file(name).read_bytes())
        except (OSError, ValidationError):  # a record that can't be read is no sign-in
            return None


class Slot:
    """What is kept for one endpoint."""

    def __init__(self, store: TokenStore, name: str) -> None:
        self._store = store
        self._name = name

    async def read(self) -> Tokens | None:
        """The tokens; None where nobody is signed in."""
        return await anyio.to_thread.run_sync(self._read)

    async def write(self, tokens: Tokens) -> str:
        """Keep tokens; where, as a person is told.

        Raises:
            DiskError: They can't be; what was kept before is.
        """
        try:
            return await anyio.to_thread.run_sync(self._write, tokens)
        except OSError as error:
            raise self._store.unwritable(error) from error

    async def clear(self) -> None:
        """Forget them.

        Raises:
            DiskError: The folder can't be written.
        """
        try:
            await anyio.to_thread.run_sync(self._clear)
        except OSError as error:
            raise self._store.unwritable(error) from error

    def _read(self) -> Tokens | None:
        record = self._store._record(self._name)
        if record is None:
            return None
        try:
            if record.pieces:
                text = "".join(_keychain_read(_entry(record, self._name, n)) for n in range(record.pieces))
            else:
                text = self._store._file(self._name).read_text(encoding="utf-8")
            secret = json.loads(text)
            refresh_token = secret.get("refresh_token")
            return Tokens(
                record, SecretStr(secret["access_token"]), SecretStr(refresh_token) if refresh_token else None
            )
        except (OSError, ValueError, KeyError, AttributeError):  # removed from the keychain by hand, or damaged
            return None

    def _write(self, tokens: Tokens) -> str:
        before = self._store._record(self._name)
        refresh_token = tokens.refresh_token.get_secret_value() if tokens.refresh_token else None
        secret = {"access_token": tokens.access_token.get_secret_value(), "refresh_token": refresh_token}
        text = json.dumps(secret)
        record = tokens.record.model_copy(
            update={"renewable": refresh_token is not None, "pieces": -(-len(text) // PIECE)}
        )
        keychain = _keychain_name()
        if keychain is not None:
            for number in range(record.pieces):
                piece = text[number * PIECE : (number + 1) * PIECE]
                if not _keychain_write(_entry(record, self._name, number), piece):
                    keychain = None
                    break
        kept = record if keychain else record.model_copy(update={"pieces": 0})
        if before is not None:
            _keychain_forget(before, self._name, kept)
        document = kept.model_dump(mode="json") | ({} if keychain else secret)
        _write_private(self._store._file(self._name), json.dumps(document))
        return f"the system's keychain ({keychain})" if keychain else _told(self._store._file(self._name))

    def _clear(self) -> None:
        before = self._store._record(self._name)
        if before is not None:
            _keychain_forget(before, self._name, None)
        self._store._file(self._name).unlink(missing_ok=True)


def _told(file: Path) -> str:
    if sys.platform == "win32":
        return f"{file}: there is no keychain, and on Windows only the folder's permissions keep others from reading it"
    return f"{file}, readable by you alone: there is no keychain that can be used"


def _write_private(file: Path, text: str) -> None:
    """Readable by its owner alone from its first byte on; whole or not there at all."""
    with NamedTemporaryFile("w", encoding="utf-8", dir=file.parent, suffix=".new", delete=False) as new:  # 0600
        written = Path(new.name)
        try:
            new.write(text)
            new.close()
            written.replace(file)
        except OSError:
            with suppress(OSError):
                new.close()
            written.unlink()
            raise


def _entry(record: Record, name: str, number: int) -> str:
    return f"{name} {re.sub(r'[^ -~]', '?', record.endpoint)} {number}"


def _keychain_name() -> str | None:
    """The keychain there is, as it calls itself; None where there is none that can be used."""
    import keyring
    from keyring.backends.fail import Keyring as NoKeyring
    from keyring.errors import KeyringError

    try:
        backend = keyring.get_keyring()
        usable = not isinstance(backend, NoKeyring) and backend.priority > 0
    except (KeyringError, RuntimeError):
        return None
    return str(backend.name) if usable else None


def _keychain_read(entry: str) -> str:
    """Raises KeyError where there is none."""
    import keyring
    from keyring.errors import KeyringError

    try:
        text = keyring.get_password(SERVICE, entry)
    except KeyringError:
        text = None
    if text is None:
        raise KeyError(entry)
    return text


def _keychain_write(entry: str, text: str) -> bool:
    """Whether it took it: a keychain may be locked, or there without its service."""
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.set_password(SERVICE, entry, text)
    except (KeyringError, OSError):
        return False
    return True


def _keychain_forget(before: Record, name: str, kept: Record | None) -> None:
    """Delete the entries that are not used any more."""
    import keyring
    from keyring.errors import KeyringError

    still = {_entry(kept, name, number) for number in range(kept.pieces)} if kept else set()
    for number in range(before.pieces):
        if (entry := _entry(before, name, number)) not in still:
            with suppress(KeyringError):
                keyring.delete_password(SERVICE, entry)
