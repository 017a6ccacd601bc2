"""What destroys is previewed first, then confirmed by a token bound to the tool and its arguments.

A token proves that a preview was shown, not that a person agreed; where the client can ask the person, it does.
"""

import hashlib
import hmac
import json
import re
import secrets
import time
from collections.abc import Callable, Mapping

from pydantic import JsonValue

from mcp_ogc.errors import ConfirmationRefused

VALID_SECONDS = 600
TOKEN = re.compile(r"([1-9a-f][0-9a-f]{0,15})-([0-9a-f]{8})-([0-9a-f]{16})")
"""One spelling only: what was used is known by it."""


class Confirmations:
    """Makes and takes tokens: single-use, valid for ten minutes, good for one tool with the same arguments."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._key = secrets.token_bytes(32)
        self._clock = clock
        self._used: dict[str, float] = {}

    def issue(self, tool: str, arguments: Mapping[str, JsonValue]) -> str:
        """A token for this call."""
        expires = int(self._clock()) + VALID_SECONDS
        nonce = secrets.token_hex(4)
        return f"{expires:x}-{nonce}-{self._mac(tool, arguments, expires, nonce)}"

    def redeem(self, token: str, tool: str, arguments: Mapping[str, JsonValue]) -> None:
        """Take a token.

        Raises:
            ConfirmationRefused: It was given for another call, is used, or has expired.
        """
        again = f"Call {tool} without confirm to get a preview and a new one"
        parts = TOKEN.fullmatch(token)
        if parts is None:
            raise ConfirmationRefused("This confirmation is not one of ours", remedy=again)
        expires, nonce, mac = int(parts[1], 16), parts[2], parts[3]
        if not hmac.compare_digest(mac, self._mac(tool, arguments, expires, nonce)):
            raise ConfirmationRefused("This confirmation was given for something else", remedy=again)
        now = self._clock()
        if now > expires:
            raise ConfirmationRefused("This confirmation has expired: it was good for ten minutes", remedy=again)
        self._used = {used: until for used, until in self._used.items() if until >= now}
        if token in self._used:
            raise ConfirmationRefused("This confirmation has been used", remedy=again)
        self._used[token] = expires

    def _mac(self, tool: str, arguments: Mapping[str, JsonValue], expires: int, nonce: str) -> str:
        bound = json.dumps([tool, arguments, expires, nonce], sort_keys=True, ensure_ascii=False)
        return hmac.new(self._key, bound.encode(), hashlib.sha256).hexdigest()[:16]
