"""Bearer tokens that are kept outside the settings: in a variable, a file, or printed by a program."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import DEVNULL

import anyio

from mcp_ogc.errors import SettingsError
from mcp_ogc.net.auth import Learn, bearer
from mcp_ogc.settings import environment_without_settings

COMMAND_SECONDS = 25
LONGEST_TOKEN = 16_384
TOKEN = re.compile(r"[\x21-\x7e]+")


class VariableToken:
    """The token of an environment variable."""

    def __init__(self, name: str, learn: Learn) -> None:
        self._name = name
        self._learn = learn

    async def headers(self) -> Mapping[str, str]:
        """Read each time: only this process itself could change it.

        Raises:
            SettingsError: It is not set.
        """
        return _header(os.environ.get(self._name, ""), f"The variable {self._name}", self._learn)

    def refused(self, sent: Mapping[str, str]) -> None:
        """It is what it is until the server is started again."""


class FileToken:
    """The token of a file, which another program may renew."""

    def __init__(self, path: Path, learn: Learn) -> None:
        self._path = path.expanduser()
        self._learn = learn

    async def headers(self) -> Mapping[str, str]:
        """Read each time, so that a renewed token is sent at once, with a POST too.

        Raises:
            SettingsError: There is no such file, or no token in it.
        """
        try:
            async with await anyio.open_file(self._path, encoding="utf-8") as file:
                text = await file.read(LONGEST_TOKEN + 1)
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise SettingsError(f"The token_file {self._path} can't be read: {reason}") from None
        return _header(text, f"The token_file {self._path}", self._learn)

    def refused(self, sent: Mapping[str, str]) -> None:
        """It is read again anyway."""


class CommandToken:
    """The token a program prints: kept until an endpoint refuses it.

    Args:
        command: Program and arguments; no shell reads them.
        learn: Told of the token.
        seconds: It may take.
    """

    def __init__(self, command: Sequence[str], learn: Learn, *, seconds: float = COMMAND_SECONDS) -> None:
        self._command = command
        self._learn = learn
        self._seconds = seconds
        self._headers: Mapping[str, str] | None = None
        self._running = anyio.Lock()

    async def headers(self) -> Mapping[str, str]:
        """What it printed; run once for all who wait.

        Raises:
            SettingsError: There is no such program, it failed, took too long, or printed no token.
        """
        async with self._running:
            if self._headers is None:
                self._headers = _header(await self._run(), f"{self._command[0]} (token_command)", self._learn)
            return self._headers

    def refused(self, sent: Mapping[str, str]) -> None:
        """Have it run again, unless that was done since."""
        if sent == self._headers:
            self._headers = None

    async def _run(self) -> str:
        program = shutil.which(self._command[0])
        if program is None:
            raise SettingsError(f"The token_command {self._command[0]!r} is not on the PATH of this server")
        try:
            with anyio.fail_after(self._seconds):
                ended = await anyio.run_process(
                    [program, *self._command[1:]], stdin=DEVNULL, check=False, env=environment_without_settings()
                )
        except TimeoutError:
            raise SettingsError(
                f"The token_command {self._command[0]!r} did not end within {self._seconds:g} s",
                remedy="It has to print a token without asking anybody",
            ) from None
        except OSError as error:
            raise SettingsError(f"The token_command {self._command[0]!r} can't be run: {error.strerror}") from None
        if ended.returncode:
            told = ended.stderr.decode("utf-8", errors="replace").strip().splitlines()
            raise SettingsError(
                f"The token_command {self._command[0]!r} ended with {ended.returncode}",
                remedy=f"It says: {told[-1][:200]}" if told else "Run it in a terminal to see why",
            )
        return ended.stdout.decode("utf-8", errors="replace")


def _header(text: str, place: str, learn: Learn) -> Mapping[str, str]:
    token = text.strip()
    if not TOKEN.fullmatch(token) or len(token) > LONGEST_TOKEN:
        raise SettingsError(
            f"{place} has no token" + (": what is there has spaces, or is too long" if token else ""),
            remedy="It has to hold the token alone, without the word Bearer",
        )
    learn(token)
    return bearer(token)
