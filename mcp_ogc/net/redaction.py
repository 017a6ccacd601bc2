"""Secrets kept out of what is written: one place, for logs and for texts of errors."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, Iterator

from pydantic import BaseModel, SecretStr

MASK = "[redacted]"
SHORTEST = 4
# Values after these words, and these query parameters of signed URLs, are secrets whoever wrote them.
PATTERNS = (
    re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{4,}"),
    re.compile(
        r"(?i)\b(authorization|private-token|x-api-key|api[_-]?key|proxy-ticket)(['\"]?\s*[:=]\s*['\"]?)[^\s'\",;}]+"
    ),
    re.compile(
        r"(?i)([?&](?:x-amz-(?:signature|credential|security-token)|sig|signature|token|access_token|key)=)[^&\s'\"]+"
    ),
    re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)[^/\s:@'\"]+(?::[^/\s@'\"]*)?@"),
)


class Redaction:
    """Masks secrets.

    Args:
        secrets: Values to mask wherever they stand.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        long_enough = sorted({secret for secret in secrets if len(secret) >= SHORTEST}, key=len, reverse=True)
        self._values = re.compile("|".join(map(re.escape, long_enough))) if long_enough else None

    def __call__(self, text: str) -> str:
        """The text with its secrets masked."""
        if self._values is not None:
            text = self._values.sub(MASK, text)
        text = PATTERNS[0].sub(rf"\1 {MASK}", text)
        text = PATTERNS[1].sub(rf"\1\2{MASK}", text)
        text = PATTERNS[2].sub(rf"\1{MASK}", text)
        return PATTERNS[3].sub(rf"\1{MASK}@", text)


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


def configure_logging(level: str, settings: BaseModel) -> None:
    """One handler on stderr, redacting; before the SDK's constructor, which would install its own (mcp 2.3)."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_RedactingFormatter(Redaction(secrets_of(settings))))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # httpx logs whole URLs, signed ones too, at INFO.
    logging.getLogger("httpx").setLevel(logging.WARNING)
