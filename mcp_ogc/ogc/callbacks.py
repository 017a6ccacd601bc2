"""Callbacks in inputs: addresses an endpoint would call when a job changes (OGC 18-062r2 §7.15, `subscriber`).

The standard has them beside the inputs, where nothing here puts any. Some servers take them among the inputs, and some
processes have an input of their own for it: by either, what a model has read could be sent anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from pydantic import JsonValue

from mcp_ogc.errors import NotPermitted

NAMES = re.compile(
    r"callback|webhook|subscriber|notif(?:y|ication)"
    r"|(?:success|fail(?:ed|ure)?|error|progress|complet(?:e|ed|ion)|done|finish(?:ed)?)(?:uri|url|href|endpoint)"
)
ADDRESS = re.compile(r"\b(?:[a-z][a-z0-9+.-]*://|mailto:)\S+", re.IGNORECASE)


def check_callbacks(inputs: Mapping[str, JsonValue], allowed: Iterable[str]) -> None:
    """Refuse a callback to where none is allowed.

    Args:
        inputs: Of an execution.
        allowed: URLs; what is below one may be called.

    Raises:
        NotPermitted: With its place.
    """
    for place, url in _callbacks(inputs, "", is_callback=False):
        if not any(_is_below(url, one) for one in allowed):
            raise NotPermitted(
                f"{place} would have the endpoint call {url[:200]!r}, and callbacks go nowhere but where the operator "
                "allows it; nothing was sent",
                remedy="Leave it out: ogc_get_job waits for a job. [rules] callbacks in the settings allows an address",
            )


def _callbacks(value: object, place: str, *, is_callback: bool) -> Iterator[tuple[str, str]]:
    """Addresses below names that say that they are called back."""
    match value:
        case str() if is_callback:
            yield from ((place, found) for found in ADDRESS.findall(value))
        case dict():
            for name, one in value.items():
                told = is_callback or NAMES.search(re.sub(r"[^a-z]", "", name.casefold())) is not None
                yield from _callbacks(one, f"{place}.{name}".lstrip("."), is_callback=told)
        case list():
            for number, one in enumerate(value):
                yield from _callbacks(one, f"{place}[{number}]", is_callback=is_callback)


def _is_below(url: str, allowed: str) -> bool:
    """Whether a URL is of an allowed one's origin and below its path, without a way up."""
    try:
        found, base = urlsplit(url), urlsplit(allowed)
        same = (found.scheme.lower(), found.netloc.lower()) == (base.scheme.lower(), base.netloc.lower())
    except ValueError:
        return False
    path = found.path.casefold().replace("%2e", ".")
    return same and ".." not in path.split("/") and f"{found.path}/".startswith(f"{base.path.rstrip('/')}/")
