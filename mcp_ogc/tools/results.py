"""Results: what a job made, and its files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import anyio
from mcp_types import CallToolResult
from pydantic import Field, JsonValue

from mcp_ogc import uris
from mcp_ogc.errors import UnknownName
from mcp_ogc.export import Saved, Wanted, safe_name, save, wanted_files
from mcp_ogc.text import Reply, call, clean, literal, plural, respond, size, untrusted
from mcp_ogc.tools.job_answers import Reason, why_empty
from mcp_ogc.tools.paging import Limit, decode, encode
from mcp_ogc.tools.spec import Call, workspace

if TYPE_CHECKING:
    from mcp_ogc.ogc.stac import Item, Output
    from mcp_ogc.workspace import Endpoint

VALUE_CHARACTERS = 2000
SHORT_VALUE_CHARACTERS = 200
EXPORT_SECONDS = 40
EXPORTS_AT_ONCE = 4


class AssetRow(Reply):
    """One asset of an item. `raster` is its handle where it can be summarised."""

    asset: str
    media_type: str | None = None
    bytes: int | None = None
    raster: str | None = None
    href: str | None = None


class ItemRow(Reply):
    """One STAC item. `bbox` is longitude, latitude: west, south, east, north."""

    id: str
    datetime: str | None = None
    bbox: tuple[float, ...] | None = None
    assets: tuple[AssetRow, ...]


class OutputRow(Reply):
    """One output. A literal has its value, a file its handle, a STAC output its items."""

    output_id: str
    kind: str
    media_type: str | None = None
    untrusted: dict[str, JsonValue] | None = None
    files: tuple[AssetRow, ...] = ()
    items: tuple[ItemRow, ...] = ()
    items_total: int | None = None
    items_unreadable: int | None = None


class JobResults(Reply):
    """Answer of ogc_get_results."""

    endpoint: str
    job_id: str
    outputs: tuple[OutputRow, ...]
    left_out: int = 0
    next_cursor: str | None = None
    empty_because: Reason | None = None


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


async def get_results(
    ctx: Call,
    job_id: str,
    endpoint: str | None = None,
    output: Annotated[str | None, Field(description="only this one, its value at length")] = None,
    links: Annotated[bool, Field(description="show the files' URLs too")] = False,
    limit: Limit = 20,
    cursor: str | None = None,
) -> Annotated[CallToolResult, JobResults]:
    """What a successful job made: values, files, STAC items with their assets, and handles of rasters."""
    work = await workspace(ctx)
    chosen, entry = await work.job(job_id, endpoint)
    scope = f"results {chosen.name} {job_id} {output or ''}"
    start = decode(cursor, scope).get("item", 0)
    found = await work.results(chosen, job_id)
    page = _Page(chosen, job_id, start if isinstance(start, int) else 0, limit, links)
    shown = [one for one in found.outputs if output is None or one.id == output]
    if output is not None and not shown:
        raise UnknownName("output", output, tuple(one.id for one in found.outputs))
    rows = tuple(page.output(one, whole=output is not None) for one in shown)
    next_cursor = encode(scope, item=page.end) if page.left_out else None
    lines = [f"Job {job_id} on {chosen.name}: {plural(len(rows), 'output')}."]
    for row in rows:
        lines += _output_lines(row)
    if page.left_out:
        lines.append(f"{plural(page.left_out, 'item')} left out. Next page: cursor={literal(next_cursor, 2000)}")
    empty = await why_empty(chosen, job_id, found.outputs, entry)
    why, last = empty or (None, [_next(chosen, job_id, rows)])
    answer = JobResults(
        endpoint=chosen.name,
        job_id=job_id,
        outputs=rows,
        left_out=page.left_out,
        next_cursor=next_cursor,
        empty_because=why,
    )
    return respond([*lines, *last], answer)


class _Page:
    """Which items of all outputs together are shown: counted through, so that one cursor pages them all."""

    def __init__(self, endpoint: Endpoint, job_id: str, start: int, limit: int, links: bool) -> None:
        self._endpoint = endpoint.name
        self._job_id = job_id
        self._start = start
        self._links = links
        self.end = start + limit
        self._count = 0
        self.left_out = 0

    def output(self, output: Output, *, whole: bool) -> OutputRow:
        """One output, with those of its items that are on this page."""
        items = tuple(self._item(output, item) for item in output.items if self._shown())
        self.left_out += output.items_left_out
        files: tuple[AssetRow, ...] = ()
        if output.href:
            files = (self._file(output, uris.FILE),)
        elif output.kind == "array":
            files = tuple(
                self._file(member, str(n), output.id) for n, member in enumerate(output.members) if member.href
            )
        cap = VALUE_CHARACTERS if whole else SHORT_VALUE_CHARACTERS
        told: dict[str, JsonValue] = {}
        if output.value is not None:
            told["value"] = clean(literal(output.value, cap), cap * 2)
        if output.unreadable:
            told["unreadable"] = [clean(one, 200) for one in output.unreadable[:10]]
        return OutputRow(
            output_id=output.id,
            kind=output.kind,
            media_type=output.media_type,
            untrusted=told or None,
            files=files,
            items=items,
            items_total=len(output.items) + output.items_left_out if output.items else None,
            items_unreadable=len(output.unreadable) or None,
        )

    def _shown(self) -> bool:
        index, self._count = self._count, self._count + 1
        if index >= self.end:
            self.left_out += 1
        return self._start <= index < self.end

    def _item(self, output: Output, item: Item) -> ItemRow:
        assets = tuple(
            AssetRow(
                asset=asset.key,
                media_type=asset.media_type,
                bytes=asset.size,
                raster=self._handle(output.id, item.id, asset.key) if asset.is_raster else None,
                href=asset.href if self._links else None,
            )
            for asset in item.assets
        )
        return ItemRow(id=item.id, datetime=item.when, bbox=item.bbox, assets=assets)

    def _file(self, output: Output, number: str, output_id: str | None = None) -> AssetRow:
        return AssetRow(
            asset=number,
            media_type=output.media_type,
            raster=self._handle(output_id or output.id, uris.FILE, number) if output.is_raster else None,
            href=output.href if self._links else None,
        )

    def _handle(self, output: str, item: str, asset: str) -> str:
        return str(uris.RasterHandle(self._endpoint, self._job_id, output, item, asset))


def _output_lines(row: OutputRow) -> list[str]:
    total = f", {plural(row.items_total, 'item')}" if row.items_total else ""
    lines = [f"{row.output_id}: {row.kind}{f' {row.media_type}' if row.media_type else ''}{total}"]
    told = row.untrusted or {}
    if "value" in told:
        lines.append(f"  {untrusted(str(told['value']), VALUE_CHARACTERS * 2)}")
    if row.items_unreadable:
        reasons = told.get("unreadable")
        first = untrusted(str(reasons[0]), 200) if isinstance(reasons, list) and reasons else ""
        lines.append(f"  {plural(row.items_unreadable, 'item')} could not be read; the first: {first}")
    lines += [f"  {_asset_line(file)}" for file in row.files]
    for item in row.items:
        box = f" bbox lon/lat [{', '.join(f'{value:.4f}' for value in item.bbox)}]" if item.bbox else ""
        lines.append(f"- {item.id} {item.datetime or 'no date'}{box}")
        lines += [f"  {_asset_line(asset)}" for asset in item.assets]
    return lines


def _asset_line(row: AssetRow) -> str:
    parts = [row.asset, row.media_type or "type unknown", size(row.bytes) if row.bytes else "", row.raster or ""]
    return " ".join([*(part for part in parts if part), *([row.href] if row.href else [])])


def _next(endpoint: Endpoint, job_id: str, rows: tuple[OutputRow, ...]) -> str:
    handles = [asset.raster for row in rows for item in row.items for asset in item.assets if asset.raster]
    handles += [file.raster for row in rows for file in row.files if file.raster]
    if handles:
        return f"Next: {call('ogc_summarize_raster', raster=handles[0])}"
    return f"Next: {call('ogc_export_job', job_id=job_id, endpoint=endpoint.name)}"


async def export_job(
    ctx: Call, job_id: str, endpoint: str | None = None, outputs: list[str] | None = None
) -> Annotated[CallToolResult, Export]:
    """Save a job's files to the download folder, with checksums. Call again to go on where it stopped."""
    work = await workspace(ctx)
    chosen, _ = await work.job(job_id, endpoint)
    folder = work.settings.download_folder / safe_name(chosen.name) / safe_name(job_id)
    wanted = list(wanted_files(await work.results(chosen, job_id), outputs))
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
    lines += [f"- {_file_line(row, str(folder))}" for row in rows[:50]]
    if len(rows) > 50:
        lines.append(f"- and {len(rows) - 50} more, in the structured content")
    if left_out:
        again = call("ogc_export_job", job_id=job_id, endpoint=chosen.name, outputs=list(outputs) if outputs else None)
        lines.append(f"{plural(left_out, 'file')} not brought yet. Next: {again}")
    return respond(
        lines, Export(endpoint=chosen.name, job_id=job_id, folder=str(folder), files=rows, left_out=left_out)
    )


def _file_line(row: FileRow, folder: str) -> str:
    name = row.path.removeprefix(folder).lstrip("/\\")
    return f"{name}: not brought: {row.problem}" if row.problem else f"{name} {size(row.bytes)} sha256 {row.sha256}"
