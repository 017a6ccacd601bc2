"""Files of results, saved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import anyio.to_thread
from mcp_types import CallToolResult
from pydantic import Field

from mcp_ogc.export import Saved, Wanted, multihash, wanted_files, with_values_as_files
from mcp_ogc.file_names import own_name, safe_name
from mcp_ogc.text import Answer, Reply, call, plural, respond, size, structured, word
from mcp_ogc.tools.spec import Call, workspace
from mcp_ogc.transfers import Underway

if TYPE_CHECKING:
    from mcp_ogc.ogc.answers import Answer as RawAnswer

EXPORT_SECONDS = 40
SHOWN_FILES = 8


class FileRow(Reply):
    """One file that was brought, or why it was not."""

    path: str
    bytes: int | None = None
    sha256: str | None = None
    problem: str | None = None
    was_there: bool | None = None


class ComingRow(Reply):
    """One file that is on its way: the bytes that have come, and how many it is said to have."""

    path: str
    received: int
    bytes: int | None = None


class Export(Answer):
    """Answer of ogc_export_job."""

    endpoint: str
    job_id: str
    folder: str
    files: tuple[FileRow, ...]
    files_total: int = Field(description="those that are there, and those that could not be brought")
    coming: tuple[ComingRow, ...] = ()
    left_out: int = 0


async def export_job(
    ctx: Call, job_id: str, endpoint: str | None = None, outputs: list[str] | None = None
) -> Annotated[CallToolResult, Export]:
    """Save a job's files and result document, with checksums; what takes long goes on, and the same call returns it."""
    work = await workspace(ctx)
    chosen, _ = await work.job(job_id, endpoint)
    folder = work.settings.download_folder / safe_name(chosen.name) / own_name(job_id)
    keep = work.inline_files.keep
    found = await with_values_as_files(await work.results(chosen, job_id), keep)
    wanted = await anyio.to_thread.run_sync(lambda: list(wanted_files(found, outputs)))
    answer = None if outputs else await work.raw_results(chosen, job_id)
    if answer is not None and await anyio.to_thread.run_sync(_is_document, answer):
        href = await keep("results", answer.body, answer.media_type)
        checksum = multihash(answer.body)
        wanted.append(Wanted(href, None, Path("results.json"), answer.media_type, len(answer.body), checksum))

    async def told(ended: int, path: Path) -> None:
        await ctx.report_progress(ended, len(wanted), path.name)

    brought = sorted(await work.transfers.bring(wanted, folder, told, EXPORT_SECONDS), key=lambda one: str(one.path))
    rows = [_row(one) for one in brought if isinstance(one, Saved)]
    rows.sort(key=lambda row: row.problem is None)  # what is missing comes first
    under_way = [one for one in brought if isinstance(one, Underway)]
    coming = tuple(
        ComingRow(path=str(one.path), received=one.received, bytes=one.size) for one in under_way if one.received
    )
    lines = [f"{plural(len(rows), 'file')} of job {job_id} in {folder}:"]
    lines += [f"- {_file_line(row, folder)}" for row in rows[:SHOWN_FILES]]
    if len(rows) > SHOWN_FILES:
        lines.append(f"- and {len(rows) - SHOWN_FILES} more")
    lines += [f"- {_coming_line(row, folder)}" for row in coming[:SHOWN_FILES]]
    again = call("ogc_export_job", job_id=job_id, endpoint=chosen.name, outputs=list(outputs) if outputs else None)
    if under_way:
        lines.append(f"{plural(len(under_way), 'file')} not brought yet; that goes on. Next: {again} returns them")
    elif any(row.problem for row in rows):
        lines.append(f"To try those again that were not brought: {again}")
    else:
        lines.append("All are there; nothing is left to do.")
    export = Export(
        endpoint=chosen.name,
        job_id=job_id,
        folder=str(folder),
        files=structured(rows),
        files_total=len(rows),
        coming=coming[:SHOWN_FILES],
        left_out=len(under_way),
    )
    return respond(lines, export)


def _is_document(answer: RawAnswer) -> bool:
    return answer.is_document


def _row(file: Saved) -> FileRow:
    if file.problem:
        return FileRow(path=str(file.path), problem=file.problem)
    return FileRow(path=str(file.path), bytes=file.size, sha256=file.sha256, was_there=file.was_there or None)


def _file_line(row: FileRow, folder: Path) -> str:
    name = _name(row.path, folder)
    if row.problem:
        return f"{name}: not brought: {row.problem}"
    before = " (was there before, and nothing tells whether it is the same)" if row.was_there else ""
    return f"{name} {size(row.bytes)} sha256 {row.sha256}{before}"


def _coming_line(row: ComingRow, folder: Path) -> str:
    of = "" if row.bytes is None else f" of {size(row.bytes)}"
    return f"{_name(row.path, folder)}: on its way, {size(row.received)}{of} came"


def _name(path: str, folder: Path) -> str:
    return word(path.removeprefix(str(folder)).lstrip("/\\"))
