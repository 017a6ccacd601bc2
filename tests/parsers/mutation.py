"""Inputs nobody meant to send: what was recorded, changed where its grammar has joints.

JSON is changed as a tree, text by its tokens, an answer by its status, its headers and its body; now and then the bytes
themselves. All of it follows from the random numbers that are given.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.parsers.message import Message

LARGEST = 200_000
"""Bytes: what takes time by the square of its length shows at this length, and the whole run stays short."""
LONGEST_VALUE = 500
"""Characters of a value that is put somewhere else."""
TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
STATUSES = (
    200, 200, 201, 202, 204, 206, 301, 302, 303, 307, 400, 401, 403, 404, 409, 410, 412, 415, 416, 422, 429, 500, 502,
    503,
)  # fmt: skip
ODD_TEXTS = (
    "", " ", "\x00", "\ud800", "\u202e", "\ufeff", "é" * 300, "a" * 5000, "null", "None", "-", "..", "/", "//",
    "../../etc/passwd", "%", "%zz", "%00", "http://[", "http://[::1", "http://x:99999999/", "http://x:a/", "//host",
    "s3://", "s3://b", "file:///etc/passwd", "data:,x", "javascript:alert(1)", "http://é.example/ü", "http://a b/",
    "?", "#", "9" * 400, "1e999", "-1", "0x10", "٣", "²", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59",
    "2026-13-01T00:00:00Z", "2026-01-01T00:00:00+99:99", "24:00", "NaN", "Infinity", "#" * 60, "$(inputs)",
    "${return 1}", "<script>", "<!--", "{", "[", '"', "\\", "\\u", "a\nb", "image/tiff", "multipart/mixed; boundary=",
    "(" * 300, "[" * 3000,
)  # fmt: skip
ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, 10**400, -(10**400), 0.1, 1e308, -1e308, float("nan"),
    float("inf"), float("-inf"), [], {}, [[]], [None], {"": None}, [{}], {"type": "Feature"}, {"href": 5},
    {"value": {"value": {"value": 1}}}, [0, 0, 0, 0],
)  # fmt: skip
ODD_FIELDS = (
    ("Link", '<a>; rel="next"'), ("Location", "/jobs/x"), ("Location", "http://["), ("Content-Encoding", "gzip"),
    ("Content-Encoding", "br"), ("Retry-After", "9" * 400), ("Retry-After", "Thu, 01 Jan 1970 00:00:00 GMT"),
    ("Content-Type", "application/octet-stream"), ("Content-Type", "multipart/mixed; boundary=B"),
    ("Content-Type", "text/html; charset=utf-16"), ("Content-Location", "//["),
    ("Content-Range", "bytes 0-0/" + "9" * 5000), ("Last-Modified", "Mon, 01 Jan 0000 00:00:00 GMT"),
    ("WWW-Authenticate", "Bearer"),
)  # fmt: skip


@dataclass(frozen=True)
class Words:
    """What a parser's seeds are made of: the vocabulary of its grammar."""

    names: tuple[str, ...]
    values: tuple[Any, ...]
    tokens: tuple[str, ...]

    @classmethod
    def of(cls, seeds: Sequence[bytes]) -> Words:
        names, values, tokens = dict[str, None](), list[Any](), dict[str, None]()
        for seed in seeds:
            body = Message.read(seed).body
            tokens |= dict.fromkeys(TOKEN.findall(body.decode("utf-8", errors="replace")[:5000]))
            for container, key in _places(_json(body)):
                value = container[key]
                if len(str(value)) < LONGEST_VALUE:
                    values.append(value)
                if isinstance(key, str):
                    names[key] = None
        return cls(tuple(names) or ("a",), tuple(values) or (1,), tuple(tokens) or ("a",))


def mutated(seed: bytes, words: Words, random: Random) -> bytes:
    """One input like a seed, and unlike it in up to a handful of places."""
    if random.random() < 0.1:
        changed = _bytes(seed, random)
    elif seed.startswith(b"HTTP "):
        changed = _message(Message.read(seed), words, random).wire
    else:
        changed = _body(seed, words, random)
    return changed[:LARGEST]


def _message(message: Message, words: Words, random: Random) -> Message:
    status, fields, body = message.status, list(message.fields), message.body
    for _ in range(_few(random)):
        match random.choice(("body", "body", "body", "status", "field", "value", "drop")):
            case "status":
                status = random.choice(STATUSES)
            case "field":
                fields.append(random.choice(ODD_FIELDS))
            case "value" if fields:
                at = random.randrange(len(fields))
                fields[at] = (fields[at][0], _text(fields[at][1], words, random))
            case "drop" if fields:
                del fields[random.randrange(len(fields))]
            case _:
                body = _body(body, words, random)
    return Message(status, tuple(fields), body)


def _body(body: bytes, words: Words, random: Random) -> bytes:
    document = _json(body)
    if isinstance(document, dict | list) and random.random() < 0.9:
        for _ in range(_few(random)):
            document = _tree(document, words, random)
        return _written(document)
    try:
        return _text(body.decode(), words, random).encode("utf-8", errors="surrogatepass")
    except UnicodeDecodeError:
        return _bytes(body, random)


def _tree(document: Any, words: Words, random: Random) -> Any:
    """A document that differs in one place."""
    places = list(_places(document))
    if not places or random.random() < 0.03:
        return _odd(random, random.choice(words.values), [document], {random.choice(words.names): document})
    container, key = random.choice(places)
    value = container[key]
    match random.choice(("odd", "text", "other", "drop", "rename", "wrap", "repeat", "deep", "near")):
        case "odd":
            container[key] = _odd(random)
        case "text":
            container[key] = random.choice((*ODD_TEXTS, *words.tokens))
        case "other":
            container[key] = _copy(random.choice(words.values))
        case "drop":
            del container[key]
        case "rename" if isinstance(container, dict):
            container[random.choice((*words.names, random.choice(ODD_TEXTS)))] = container.pop(key)
        case "wrap":
            container[key] = random.choice(([value], {random.choice(words.names): value}))
        case "repeat" if isinstance(value, list) and value:
            container[key] = [_copy(random.choice(value)) for _ in range(random.choice((2, 10, 500)))]
        case "deep":
            for _ in range(random.choice((5, 60, 400))):
                value = [value] if random.random() < 0.5 else {random.choice(words.names): value}
            container[key] = value
        case _:
            container[key] = _near(value, words, random)
    return document


def _near(value: Any, words: Words, random: Random) -> Any:
    """A value of the same kind."""
    match value:
        case bool():
            return not value
        case int() | float():
            return random.choice((-value, value + 1, value * 1000, value // 7))
        case str():
            return _text(value, words, random)
        case list() if value:
            return random.sample(value, random.randint(0, len(value)))
        case dict() if value:
            return dict(random.sample(list(value.items()), random.randint(0, len(value))))
        case _:
            return _copy(random.choice(words.values))


def _text(text: str, words: Words, random: Random) -> str:
    tokens = TOKEN.findall(text[:20_000])
    for _ in range(_few(random)):
        at = random.randrange(len(tokens) + 1)
        end = min(len(tokens), at + _few(random))
        match random.choice(("drop", "repeat", "many", "odd", "word", "move", "cut")):
            case "drop":
                del tokens[at:end]
            case "repeat":
                tokens[at:at] = tokens[at:end]
            case "many":
                tokens[at:at] = tokens[at:end] * random.choice((10, 300, 5000))
            case "odd":
                tokens[at:end] = [random.choice(ODD_TEXTS)]
            case "word":
                tokens[at:end] = [random.choice(words.tokens)]
            case "move":
                moved = tokens[at:end]
                del tokens[at:end]
                to = random.randrange(len(tokens) + 1)
                tokens[to:to] = moved
            case _:
                del tokens[end:]
        tokens = tokens[:LARGEST]
    return "".join(tokens)[:LARGEST]


def _bytes(data: bytes, random: Random) -> bytes:
    found = bytearray(data)
    for _ in range(_few(random)):
        at = random.randrange(len(found) + 1)
        end = min(len(found), at + random.choice((1, 1, 4, 50)))
        match random.choice(("set", "drop", "insert", "repeat", "cut")):
            case "set" if at < len(found):
                found[at] = random.randrange(256)
            case "drop":
                del found[at:end]
            case "insert":
                found[at:at] = random.randbytes(random.choice((1, 2, 8)))
            case "repeat":
                found[at:at] = found[at:end] * random.choice((2, 100, 2000))
            case _:
                del found[end:]
    return bytes(found)


def _few(random: Random) -> int:
    return random.choice((1, 1, 1, 2, 3, 5))


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _written(document: Any) -> bytes:
    try:
        return json.dumps(document, ensure_ascii=False).encode("utf-8", errors="surrogatepass")
    except RecursionError:
        return b"[" * 2000


def _odd(random: Random, *more: Any) -> Any:
    """A value of its own: documents that share one would be changed together."""
    return _copy(random.choice((*ODD_VALUES, *more)))


def _copy(value: Any) -> Any:
    try:
        return deepcopy(value)
    except RecursionError:
        return []


def _places(document: Any) -> Iterator[tuple[Any, Any]]:
    """Every member and element: what holds it, and under what."""
    held = [document]
    while held:
        container = held.pop()
        keys: Sequence[Any] = (
            list(container)
            if isinstance(container, dict)
            else range(len(container))
            if isinstance(container, list)
            else ()
        )
        for key in keys:
            yield container, key
            held.append(container[key])
