"""A job's files, brought to the download folder with checksums: never outside it, never over another file."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from mcp_ogc.errors import FileRefused, OgcError, UnknownName, UnreadableAnswer
from mcp_ogc.file_names import file_name, safe_name

if TYPE_CHECKING:
    from pydantic import JsonValue

    from mcp_ogc.net.objects import Objects
    from mcp_ogc.net.storage import StorageHint
    from mcp_ogc.ogc.results.items import Asset
    from mcp_ogc.ogc.results.reading import Keep, Results
    from mcp_ogc.ogc.results.stac import Output

SHA2_256 = "1220"
"""Begins a multihash of SHA-2, 256 bits."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One file of a result and where it goes, below the job's folder."""

    href: str
    hint: StorageHint | None
    path: Path
    media_type: str | None = None
    size: int | None = None
    checksum: str | None = None
    """What it was said to be, as far as that was told: a multihash (STAC file extension)."""


@dataclass(frozen=True, slots=True)
class Saved:
    """One file that is there. `problem` says why it was not brought."""

    path: Path
    size: int = 0
    sha256: str = ""
    problem: str | None = None
    was_there: bool = False
    """Before, and nothing tells whether it is the same."""


async def with_values_as_files(results: Results, keep: Keep) -> Results:
    """The same results, with texts, lists and objects that came inside them as files; a number or a word is none."""
    return replace(results, outputs=tuple([await _as_file(output, keep) for output in results.outputs]))


async def _as_file(output: Output, keep: Keep) -> Output:
    value, media_type = output.value, output.media_type or ""
    if isinstance(value, list | dict):
        media_type = media_type if media_type.endswith("json") else "application/json"
        body = await anyio.to_thread.run_sync(_as_json, value)
    elif isinstance(value, str) and "\n" in value:
        media_type, body = media_type or "text/plain", value.encode("utf-8", errors="replace")
    else:
        return output
    told = {"size": len(body), "checksum": multihash(body)}
    return output.model_copy(update={"kind": "file", "href": await keep(output.id, body, media_type), **told})


def _as_json(value: JsonValue) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", errors="replace")


def multihash(body: bytes) -> str:
    """The SHA-256 of bytes, as STAC's file extension writes it."""
    return SHA2_256 + hashlib.sha256(body).hexdigest()


def wanted_files(results: Results, outputs: Sequence[str] | None) -> Iterator[Wanted]:
    """The files of the named outputs, or of all: every asset of every item, and plain files.

    A file goes to the same place whichever outputs are asked for. Blocking, in proportion to the number of items.

    Raises:
        UnknownName: An output the results do not have.
    """
    known = tuple(output.id for output in results.outputs)
    for name in outputs or ():
        if name not in known:
            raise UnknownName("output", name, known)
    taken: set[str] = set()
    for output in results.outputs:
        for wanted in _files_of(output):
            path = wanted.path
            # Two files of one name, or two ids that read alike once they are safe, are numbered in their order. So are
            # those that differ in case only: many file systems take them for one.
            for number in itertools.count(2):
                if str(path).casefold() not in taken:
                    break
                path = wanted.path.with_name(f"{number}-{wanted.path.name}")
            taken.add(str(path).casefold())
            if not outputs or output.id in outputs:
                yield replace(wanted, path=path)


def _files_of(output: Output) -> Iterator[Wanted]:
    folder = Path(safe_name(output.id))
    for file in (output, *output.members):
        if file.href:
            yield _of(file.as_asset(), folder)
    for item in output.readable_items():
        for asset in item.assets:
            yield _of(asset, folder / safe_name(item.id))


def _of(asset: Asset, folder: Path) -> Wanted:
    path = folder / file_name(asset.href, asset.media_type)
    return Wanted(asset.href, asset.storage, path, asset.media_type, asset.size, asset.checksum)


async def save(objects: Objects, wanted: Wanted, folder: Path, received: Callable[[int], None] | None = None) -> Saved:
    """Bring one file. One that is already there is compared with what is known; one that can't be brought says why.

    The bytes go to a `.part` file first, so that a file of the final name is always whole.

    Args:
        objects: Reads it.
        wanted: Which one.
        folder: Where it goes, and below which it stays.
        received: Told how many bytes have come.
    """
    target = folder / wanted.path
    try:
        if await anyio.to_thread.run_sync(target.exists):
            return await _compared(objects, wanted, await anyio.to_thread.run_sync(_digested, target))
        return await _bring(objects, wanted, target, folder, received)
    except OgcError as error:
        return Saved(target, problem=str(error))
    except OSError as error:
        return Saved(target, problem=f"It can't be written: {error.strerror or error}")


async def _compared(objects: Objects, wanted: Wanted, there: Saved) -> Saved:
    """A file that was there before: of the size and the checksum that are told, or else of the size it has there."""
    is_told = (wanted.checksum or "").lower().startswith(SHA2_256)
    if wanted.size is None and not is_told:
        try:
            wanted = replace(wanted, size=(await objects.info(wanted.href, wanted.hint)).size)
        except OgcError:
            return replace(there, was_there=True)
    try:
        _check_whole(wanted, there.size, there.sha256)
    except UnreadableAnswer as error:
        why = f"A file of this name was there before and was left as it is: {error.message}. Move it and call again"
        return Saved(there.path, problem=why)
    return replace(there, was_there=wanted.size is None and not is_told)


async def _bring(
    objects: Objects, wanted: Wanted, target: Path, folder: Path, received: Callable[[int], None] | None
) -> Saved:
    if not await anyio.to_thread.run_sync(lambda: target.parent.resolve().is_relative_to(folder.resolve())):
        raise FileRefused(f"{target} leads out of the download folder {folder}")
    await anyio.to_thread.run_sync(lambda: target.parent.mkdir(parents=True, exist_ok=True))
    part = target.with_name(f"{target.name}.part")
    await anyio.to_thread.run_sync(lambda: part.unlink(missing_ok=True))
    digest, size = hashlib.sha256(), 0
    file = await anyio.open_file(part, "xb")  # a link that somebody put there is not followed
    ours = os.fstat(file.wrapped.fileno())
    try:
        async with file:
            async for chunk in objects.stream(wanted.href, wanted.hint):
                if not size:
                    _check_no_page(wanted, chunk)
                digest.update(chunk)
                size += len(chunk)
                await file.write(chunk)
                if received:
                    received(size)
        _check_whole(wanted, size, digest.hexdigest())
        await anyio.to_thread.run_sync(_place, part, target, ours)
    except BaseException:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(_discard, part, ours)
        raise
    return Saved(target, size, digest.hexdigest())


def _check_no_page(wanted: Wanted, begin: bytes) -> None:
    """Check that a file does not begin as a page of HTML, unless it is one.

    Raises:
        UnreadableAnswer: Something in between answered.
    """
    from mcp_ogc.ogc.answers import is_page

    is_html = "html" in (wanted.media_type or "") or wanted.path.suffix.lower() in (".html", ".htm", ".xhtml")
    if is_page(begin) and not is_html:
        raise UnreadableAnswer("A page of HTML came in its place", remedy="Something in between answered: call again")


def _check_whole(wanted: Wanted, size: int, sha256: str) -> None:
    """Check that a file is what was said of it.

    Raises:
        UnreadableAnswer: It is not.
    """
    if wanted.size is not None and size != wanted.size:
        raise UnreadableAnswer(f"{size:,} bytes came, and it was said to have {wanted.size:,}", remedy="Call again")
    told = (wanted.checksum or "").lower()
    if told.startswith(SHA2_256) and told != SHA2_256 + sha256:
        raise UnreadableAnswer(f"Its SHA-256 is {sha256}, and was said to be {told[4:]}", remedy="Call again")


def _place(part: Path, target: Path, ours: os.stat_result) -> None:
    """Give a whole file its name, which nothing else has got in the meantime.

    Raises:
        FileRefused: Something has, or another call began to bring the same file.
    """
    if not _is(part, ours):
        raise FileRefused(f"{target} is being brought by another call", remedy="Call again once that has ended")
    try:
        target.hardlink_to(part)
    except FileExistsError:
        raise FileRefused(f"{target} came to be while it was brought; it was left as it is") from None
    except OSError:  # a file system without links
        part.rename(target)
    else:
        part.unlink()


def _discard(part: Path, ours: os.stat_result) -> None:
    """Leave nothing of a file that did not become whole; another call may be writing one of the same name."""
    if _is(part, ours):
        part.unlink(missing_ok=True)


def _is(path: Path, known: os.stat_result) -> bool:
    try:
        return os.path.samestat(path.stat(), known)
    except FileNotFoundError:
        return False


def _digested(path: Path) -> Saved:
    with path.open("rb") as file:
        return Saved(path, path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())
