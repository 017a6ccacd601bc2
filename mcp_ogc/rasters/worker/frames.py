"""The words that a raster worker and the server say to each other, and how they cross a pipe.

A frame is two lengths, a JSON message, and bytes that belong to it: the head of a file, a range, an order, an answer.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

LENGTHS = struct.Struct(">II")
LARGEST_MESSAGE = 2**16
LARGEST_BODY = 2**25


@dataclass(frozen=True, slots=True)
class Head:
    """To the worker: the first bytes of the order's `file`-th file, which follow."""

    file: int
    kind: Literal["head"] = "head"


@dataclass(frozen=True, slots=True)
class Do:
    """To the worker: the order that follows."""

    kind: Literal["do"] = "do"


@dataclass(frozen=True, slots=True)
class Range:
    """To the worker: the bytes that were asked for under `number` follow."""

    number: int
    kind: Literal["range"] = "range"


@dataclass(frozen=True, slots=True)
class NoRange:
    """To the worker: the bytes that were asked for can't be had; the server keeps the reason."""

    number: int
    kind: Literal["no_range"] = "no_range"


@dataclass(frozen=True, slots=True)
class Stop:
    """To the worker: nobody waits for the answer any more."""

    kind: Literal["stop"] = "stop"


@dataclass(frozen=True, slots=True)
class Read:
    """From the worker: wants `length` bytes from `start` of a file of the order."""

    number: int
    file: int
    start: Annotated[int, Field(ge=0)]
    length: Annotated[int, Field(gt=0, le=LARGEST_BODY)]
    kind: Literal["read"] = "read"


@dataclass(frozen=True, slots=True)
class Progress:
    """From the worker: how much is done."""

    share: Annotated[float, Field(ge=0, le=1)]
    kind: Literal["progress"] = "progress"


@dataclass(frozen=True, slots=True)
class Done:
    """From the worker: the answer follows."""

    kind: Literal["done"] = "done"


@dataclass(frozen=True, slots=True)
class Failed:
    """From the worker: an error of `errors.py`.

    `unfetched`: for want of a range, whose own error the server keeps. Of an `UnknownName`, `unknown` has noun, name
    and known names, and the remedy comes of them.
    """

    error: Literal["RasterError", "NoOverview", "InvalidGeometry", "UnknownName", "unfetched"]
    message: Annotated[str, Field(max_length=2000)]
    remedy: Annotated[str, Field(max_length=2000)] = ""
    unknown: tuple[str, str, tuple[str, ...]] = ("", "", ())
    kind: Literal["failed"] = "failed"


ToWorker = Annotated[Head | Do | Range | NoRange | Stop, Field(discriminator="kind")]
FromWorker = Annotated[Read | Progress | Done | Failed, Field(discriminator="kind")]
TO_WORKER: TypeAdapter[Head | Do | Range | NoRange | Stop] = TypeAdapter(ToWorker)
FROM_WORKER: TypeAdapter[Read | Progress | Done | Failed] = TypeAdapter(FromWorker)


def frame(message: bytes, body: bytes = b"") -> bytes:
    """One frame, ready to be written."""
    return b"".join((LENGTHS.pack(len(message), len(body)), message, body))


def lengths(prefix: bytes) -> tuple[int, int]:
    """The lengths of a frame's message and body.

    Raises:
        ValueError: They are beyond what either side sends.
    """
    message, body = LENGTHS.unpack(prefix)
    if message > LARGEST_MESSAGE or body > LARGEST_BODY:
        raise ValueError(f"a frame of {message} and {body} bytes")
    return message, body
