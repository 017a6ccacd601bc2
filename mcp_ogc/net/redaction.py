"""Secrets kept out of what is written: one place, for logs and for texts of errors."""

from __future__ import annotations

import logging
import re
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus

from pydantic import BaseModel, SecretStr

MASK = "[redacted]"
SHORTEST = 4
REMEMBERED = 200
"""Of the values learned: tokens expire, and new ones come all day."""
# What stands after these words, and in these parts of a URL, is secret. Expiry dates are left readable.
PATTERNS = (
    (
        re.compile(
            r"(?i)\b((?:proxy-)?authorization|cookie|private-token|x-api-key|api[_-]?key|x-amz-security-token)"
            r"(['\"]?\s*[:=]\s*['\"]?)(?:(?:bearer|basic|digest|aws4-hmac-sha256)\s+)?[^\s'\",;{}\[\]<>]+"
        ),
        rf"\1\2{MASK}",
    ),
    # A JSON Web Token, wherever it stands.
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"), MASK),
    # A digit, padding, length or a capital inside tells a credential from "basic information".
    (
        re.compile(
            r"\b((?i:bearer|basic))\s+"
            r"(?=[A-Za-z._~+/-]*(?:[0-9=]|[a-z][A-Z])|[A-Za-z._~+/-]{20})[A-Za-z0-9._~+/=-]{4,}"
        ),
        rf"\1 {MASK}",
    ),
    (re.compile(r"(?i)\b((?:x-amz-)?(?:signature|credential)=)[^&\s'\",]+"), rf"\1{MASK}"),
    (re.compile(r"(?i)([?&](?:x-amz-security-token|sig|(?:access_)?token|code|key)=)[^&\s'\"]+"), rf"\1{MASK}"),
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]{0,20}://)[^/?#\s'\"]*@"), rf"\1{MASK}@"),
)


class Redaction:
    """Masks secrets.

    Args:
        secrets: Values to mask wherever they stand.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._given = tuple(secrets)
        self._learned: deque[str] = deque(maxlen=REMEMBERED)
        self._compile()

    def learn(self, secret: str) -> None:
        """Mask one more value from now on: a token that was found at run time."""
        if secret not in self._learned:
            self._learned.append(secret)
            self._compile()

    def _compile(self) -> None:
        long_enough = {secret for secret in (*self._given, *self._learned) if len(secret) >= SHORTEST}
        written = sorted({*long_enough, *map(quote_plus, long_enough), *map(quote, long_enough)}, key=len, reverse=True)
        self._values = re.compile("|".join(map(re.escape, written))) if written else None

    def __call__(self, text: str) -> str:
        """The text with its secrets masked."""
        if self._values is not None:
            text = self._values.sub(MASK, text)
        for pattern, replacement in PATTERNS:
            text = pattern.sub(replacement, text)
        return text

    def value(self, value: Any) -> Any:
        """A JSON value, every text in it masked."""
        match value:
            case str():
                return self(value)
            case dict():
                return {name: self.value(one) for name, one in value.items()}
            case list():
                return [self.value(one) for one in value]
        return value


def secrets_of(settings: BaseModel) -> Iterator[str]:
    """Every secret of the settings, wherever it is nested."""
    for name in type(settings).model_fields:
        yield from _secrets_in(getattr(settings, name))


def _secrets_in(value: object) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        yield from secrets_of(value)
    elif isinstance(value, dict):
        for one in value.values():
            yield from _secrets_in(one)


class _RedactingFormatter(logging.Formatter):
    def __init__(self, redaction: Redaction) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._redaction = redaction

    def format(self, record: logging.LogRecord) -> str:
        """The line, traceback included, with its secrets masked."""
        return self._redaction(super().format(record))


def configure_logging(level: str, settings: BaseModel) -> Redaction:
    """One handler on stderr, redacting; before the SDK's constructor, which would install its own (mcp 2.3).

    Returns:
        What masks, to be told of secrets that are found at run time.
    """
    redaction = Redaction(secrets_of(settings))
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_RedactingFormatter(redaction))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # These log whole URLs, headers and what is signed.
    for name in ("httpx", "httpcore", "botocore", "boto3", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return redaction
