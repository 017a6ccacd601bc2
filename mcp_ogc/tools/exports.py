"""Files of results, saved."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import anyio
from mcp_types import CallToolResult

from mcp_ogc.export import Saved, Wanted, safe_name, save, wanted_files, with_values_as_files
from mcp_ogc.text import Reply, call, plural, respond, size, word
from mcp_ogc.tools.spec import Call, workspace

EXPORT_SECONDS = 40
EXPORTS_AT_ONCE = 4
SHOWN_FILES = 8


class FileRow(Reply):
    """One file that was brought, or why it was not."""

    path: str
    bytes: int | None = None
    sha256: str | None = None
    problem: str | None = None


class Export(Reply):
    """Answer of ogc_export_job."""

    endpoint: str
    job_id: str
    folder: str
    files: tuple[FileRow, ...]
    left_out: int = 0


async def export_job(
    ctx: Call, job_id: str, endpoint: str | None = None, outputs: list[str] | None = None
) -> Annotated[CallToolResult, Export]:
    """Save a job's files and result document, with checksums; call again to go on where it stopped."""
    work = await workspace(ctx)
    chosen, _ = await work.job(job_id, endpoint)
    folder = work.settings.download_folder / safe_name(chosen.name) / safe_name(job_id)
    keep = work.inline_files.keep
    found = await with_values_as_files(await work.results(chosen, job_id), keep)
    wanted = list(wanted_files(found, outputs))
    if not outputs and (answer := await work.raw_results(chosen, job_id)).is_document:
        wanted.append(Wanted(await keep("results", answer.body, answer.media_type), None, Path("results.json")))
    saved: list[Saved] = []
    slots = anyio.CapacityLimiter(EXPORTS_AT_ONCE)

    async def bring(one: Wanted) -> None:
        async with slots:
            saved.append(await save(work.objects, one, folder))
        await ctx.report_progress(len(saved), len(wanted), one.path.name)

    with anyio.move_on_after(EXPORT_SECONDS):
        async with anyio.create_task_group() as tasks:
            for one in wanted:
                tasks.start_soon(bring, one)
    saved.sort(key=lambda file: str(file.path))
    rows = tuple(
        FileRow(path=str(file.path), problem=file.problem)
        if file.problem
        else FileRow(path=str(file.path), bytes=file.size, sha256=file.sha256)
        for file in saved
    )
    left_out = len(wanted) - len(saved)
    lines = [f"{plural(len(rows), 'file')} of job {job_id} in {folder}:"]
    lines += [f"- {_file_line(row, str(folder))}" for row in rows[:SHOWN_FILES]]
    if len(rows) > SHOWN_FILES:
        lines.append(f"- and {len(rows) - SHOWN_FILES} more, in the structured content")
    again = call("ogc_export_job", job_id=job_id, endpoint=chosen.name, outputs=list(outputs) if outputs else None)
    if left_out:
        lines.append(f"{plural(left_out, 'file')} not brought yet. Next: {again}")
    elif any(row.problem for row in rows):
        lines.append(f"To try those again that were not brought: {again}")
    else:
        lines.append("All are there; nothing is left to do.")
    return respond(
        lines, Export(endpoint=chosen.name, job_id=job_id, folder=str(folder), files=rows, left_out=left_out)
    )


def _file_line(row: FileRow, folder: str) -> str:
    name = word(row.path.removeprefix(folder).lstrip("/\\"))
    return f"{name}: not brought: {row.problem}" if row.problem else f"{name} {size(row.bytes)} sha256 {row.sha256}"
