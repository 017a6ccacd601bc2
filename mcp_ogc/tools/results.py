"""Results: what a job made, and its files."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote, unquote

import anyio
from mcp_types import CallToolResult
from pydantic import Field, JsonValue

from mcp_ogc import uris
from mcp_ogc.errors import NoSuchJob, OgcError, UnknownName, UnreadableAnswer
from mcp_ogc.text import CONCISE_CHARACTERS, DETAILED_CHARACTERS, Answer, call, clean, literal, plural, respond
from mcp_ogc.tools.item_collections import collection_lines, collection_row
from mcp_ogc.tools.job_answers import Reason, gone, why_empty
from mcp_ogc.tools.paging import Limit, decode, encode
from mcp_ogc.tools.result_answers import (
    SHORT_VALUE_CHARACTERS,
    AssetRow,
    ItemRow,
    OutputRow,
    item_lines,
    output_lines,
)
from mcp_ogc.tools.spec import Call, workspace
from mcp_ogc.tools.tables import ContentRow, shown
from mcp_ogc.views.payload import footprints_for_view

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcp_ogc.ogc.results.items import Asset, ItemDocument
    from mcp_ogc.ogc.results.reading import Results
    from mcp_ogc.ogc.results.stac import Output
    from mcp_ogc.tables import Content
    from mcp_ogc.workspace import Endpoint, Workspace

SHOWN_ASSETS, MOST_ASSETS = 4, 60
"""Of one item, and of an array of files; the second where more is asked for."""
SHOWN_OUTPUTS, MOST_OUTPUTS = 12, 60
"""Without items of their own, likewise."""
SIZED_FILES = 10
SIZE_SECONDS = 5
PAGE = 20
"""Items; more of them are told as one, and paged when that is asked for."""


class JobResults(Answer):
    """Answer of ogc_get_results. `digest` is of the result document; `changed` if it was another before."""

    endpoint: str
    job_id: str
    outputs: tuple[OutputRow, ...]
    left_out: int = 0
    outputs_left_out: int | None = None
    next_cursor: str | None = None
    digest: str | None = None
    changed: bool | None = None
    empty_because: Reason | None = None


async def get_results(
    ctx: Call,
    job_id: str,
    endpoint: str | None = None,
    output: Annotated[
        str | None, Field(description="show what is in this one: table, GeoJSON, text; or in output/item/asset")
    ] = None,
    links: Annotated[bool, Field(description="show the files' URLs too")] = False,
    limit: Annotated[
        Limit | None, Field(description="items of a page; more than 20 are told as one if left out")
    ] = None,
    cursor: str | None = None,
) -> Annotated[CallToolResult, JobResults]:
    """What a successful job made: values, files, STAC items with their assets, and handles of rasters."""
    budget = CONCISE_CHARACTERS if limit is None else DETAILED_CHARACTERS
    return await results_page(ctx, job_id, endpoint, output, links=links, limit=limit, cursor=cursor, budget=budget)


async def results_page(
    ctx: Call,
    job_id: str,
    endpoint: str | None,
    output: str | None = None,
    *,
    links: bool = False,
    limit: int | None = None,
    cursor: str | None = None,
    budget: int | None = None,
) -> CallToolResult:
    """Outputs, with the items from where a cursor says: so many at most, and as many as fit `budget` characters."""
    work = await workspace(ctx)
    chosen, entry = await work.job(job_id, endpoint)
    scope = f"results {chosen.name} {job_id} {output or ''}"
    start = decode(cursor, scope).get("item", 0)
    try:
        found = await work.results(chosen, job_id)
    except NoSuchJob as error:
        raise gone(chosen, job_id, entry, error) from error
    except UnreadableAnswer as error:
        uri = uris.expand(uris.RESULTS, endpoint=chosen.name, job_id=job_id)
        raise UnreadableAnswer(
            error.message,
            detail=error.detail,
            remedy=". ".join([error.remedy, f"The answer as it came: resource {uri}"]),
        ) from error
    is_paged = limit is not None or cursor is not None or _count(found, output) <= PAGE
    page = _Page(chosen, job_id, start if isinstance(start, int) else 0, (limit or PAGE) * is_paged, links, budget)
    if output is None:
        shown_outputs = page.outputs_of(found.outputs)
        rows = tuple(page.output(one) for one in await _sized(work, shown_outputs))
    else:
        shown_outputs = found.outputs
        rows = (await _asked_for(work, found, output, page),)
    hidden = len(found.outputs) - len(shown_outputs)
    if not is_paged:
        rows = tuple([await _as_one(found, row, page) for row in rows])
    next_cursor = encode(scope, item=page.end) if page.left_out and is_paged else None
    lines = [f"Job {job_id} on {chosen.name}: {plural(len(rows) + hidden, 'output')}."]
    if found.changed:
        lines.append("The result document is another than when it was last read (signed links change each time).")
    for row in rows:
        lines += output_lines(row)
    lines += page.content_lines
    if hidden:
        more = "output=NAME shows one" if limit else f"limit={PAGE} shows up to {MOST_OUTPUTS}, output=NAME one"
        lines.append(f"{plural(hidden, 'output')} left out; {more}")
    if next_cursor:
        again = call(
            "ogc_get_results", job_id=job_id, endpoint=chosen.name, output=output, limit=limit, cursor=next_cursor
        )
        lines.append(f"{plural(page.left_out, 'item')} left out. Next page: {again}")
    empty = await why_empty(chosen, job_id, found.outputs, entry)
    why, last = empty or (None, _next(chosen, job_id, rows))
    answer = JobResults(
        endpoint=chosen.name,
        job_id=job_id,
        outputs=rows,
        left_out=page.left_out,
        outputs_left_out=hidden or None,
        next_cursor=next_cursor,
        digest=found.digest,
        changed=found.changed or None,
        empty_because=why,
    )
    drawn = [one for one in found.outputs if output in (None, one.id)]
    placed = await anyio.to_thread.run_sync(footprints_for_view, drawn, *((start, page.end) if cursor else ()))
    return respond([*lines, *last], answer).model_copy(update={"meta": placed or None})


async def _asked_for(work: Workspace, found: Results, output: str, page: _Page) -> OutputRow:
    """One output, or one file of it as `output/item/asset`, with what is in it."""
    from mcp_ogc.tables import content_of_file, content_of_value

    known = {one.id: one for one in found.outputs}
    segments = [unquote(segment) for segment in output.split("/")]
    if output not in known and len(segments) == 3:
        asset = found.asset(*segments)
        content = await content_of_file(work.objects, asset, longest=work.settings.limits.document_bytes)
        return page.asset(segments[0], segments[1], asset.model_copy(update={"key": segments[2]}), content)
    if output not in known:
        raise UnknownName("output", output, tuple(known))
    one = known[output]
    if one.kind == "file":
        content = await content_of_file(work.objects, one.as_asset(), longest=work.settings.limits.document_bytes)
    elif one.kind == "value" and not _is_short(one.value):
        content = await anyio.to_thread.run_sync(content_of_value, one.value, one.media_type or "")
    else:
        return page.output(one)
    return page.output(one, content)


def _count(found: Results, output: str | None) -> int:
    """The items of all outputs, or of the one that is asked for."""
    return sum(len(one.items) for one in found.outputs if output in (None, one.id))


async def _as_one(found: Results, row: OutputRow, page: _Page) -> OutputRow:
    """An output, what its items have in common, and the first raster of them."""
    from mcp_ogc.ogc.results.item_collections import collection_of

    output = next((one for one in found.outputs if one.id == row.output_id), None)
    if output is None or not output.items:
        return row
    collection = await anyio.to_thread.run_sync(collection_of, output.items)
    page.content_lines += collection_lines(output.id, collection)
    if output.items_left_out:
        page.content_lines += (
            f"{plural(output.items_left_out, 'linked document')} beyond limits.stac_pages not read.",
        )
    return row.model_copy(update={"collection": collection_row(collection), "example": page.first_raster(output)})


def _is_short(value: JsonValue) -> bool:
    """Whether a value is told rather than described."""
    text = value if isinstance(value, str) else ""
    return not isinstance(value, list | dict) and len(text) <= SHORT_VALUE_CHARACTERS and "\n" not in text


async def _sized(work: Workspace, outputs: Sequence[Output]) -> tuple[Output, ...]:
    """The same outputs, with the sizes of their files where they can be had at once: they are told, not needed."""
    sizes: dict[str, int | None] = {}

    async def ask(href: str) -> None:
        with suppress(OgcError):
            sizes[href] = (await work.objects.info(href)).size

    files = [one.href for output in outputs for one in (output, *output.members) if one.href and one.size is None]
    with anyio.move_on_after(SIZE_SECONDS):
        async with anyio.create_task_group() as tasks:
            for href in files[:SIZED_FILES]:
                tasks.start_soon(ask, href)

    def sized(one: Output) -> Output:
        members = tuple(sized(member) for member in one.members)
        return one.model_copy(update={"size": sizes.get(one.href or "", one.size), "members": members})

    return tuple(sized(one) for one in outputs)


class _Page:
    """Which items of all outputs together are shown: counted through, so that one cursor pages them all."""

    def __init__(
        self, endpoint: Endpoint, job_id: str, start: int, limit: int, links: bool, budget: int | None
    ) -> None:
        self._endpoint = endpoint.name
        self._job_id = job_id
        self._start = start
        self._links = links
        self.end = start + limit
        self._count = 0
        self._left = budget
        is_concise = budget is not None and budget <= CONCISE_CHARACTERS
        shown = (SHOWN_ASSETS, SHOWN_OUTPUTS) if is_concise else (MOST_ASSETS, MOST_OUTPUTS)
        self._most_assets, self._most_outputs = shown if budget else (sys.maxsize, sys.maxsize)
        self.left_out = 0
        self.content_lines: tuple[str, ...] = ()
        self._content: ContentRow | None = None

    def outputs_of(self, outputs: Sequence[Output]) -> tuple[Output, ...]:
        """Those that are shown: all that have items, which are paged, and the first of the others."""
        others = [number for number, one in enumerate(outputs) if not one.items]
        left_out = set(others[self._most_outputs :])
        return tuple(one for number, one in enumerate(outputs) if number not in left_out)

    def asset(self, output_id: str, item_id: str, asset: Asset, content: Content) -> OutputRow:
        """One file of an output, and what is in it."""
        told = self._told(content)
        file = self._file(asset, output_id, item_id, asset.key, content)
        return OutputRow(output_id=output_id, kind="file", content=self._content, untrusted=told or None, files=(file,))

    def _told(self, content: Content | None) -> dict[str, JsonValue]:
        if content is None:
            return {}
        told = shown(content)
        self.content_lines, self._content = told.lines, told.row
        return dict(told.untrusted)

    def output(self, output: Output, content: Content | None = None) -> OutputRow:
        """One output, with those of its items that are on this page, and what is in it where that was asked for."""
        unreadable = list(output.unreadable)
        items = tuple(row for item in output.items if (row := self._shown(output, item, unreadable)))
        self.left_out += output.items_left_out
        files: tuple[AssetRow, ...] = ()
        more = 0
        if output.href:
            files = (self._file(output.as_asset(), output.id, uris.FILE, uris.FILE, content),)
        elif output.kind == "array":
            members = [(n, member) for n, member in enumerate(output.members) if member.href]
            more = max(0, len(members) - self._most_assets)
            files = tuple(
                self._file(member.as_asset(), output.id, uris.FILE, str(n))
                for n, member in members[: self._most_assets]
            )
        told: dict[str, JsonValue] = self._told(content)
        if output.value is not None and content is None:
            told["value"] = clean(literal(output.value, SHORT_VALUE_CHARACTERS), SHORT_VALUE_CHARACTERS * 2)
        if unreadable:
            told["unreadable"] = [clean(one, 200) for one in unreadable[:10]]
        is_long = content is None and output.kind == "value" and not _is_short(output.value)
        return OutputRow(
            output_id=output.id,
            kind=output.kind,
            media_type=output.media_type,
            bytes=len(json.dumps(output.value, ensure_ascii=False).encode()) if is_long else None,
            shows=output.id if is_long else None,
            content=self._content,
            untrusted=told or None,
            files=files,
            files_left_out=more or None,
            items=items,
            items_total=len(output.items) + output.items_left_out if output.items else None,
            items_unreadable=len(unreadable) or None,
        )

    def first_raster(self, output: Output) -> str | None:
        """The handle of the first raster, of the first items; None where there is none."""
        items = [self._item(output, one, []) for one in output.items[:PAGE]]
        return next((one.raster for item in items if item for one in item.assets if one.raster), None)

    def _shown(self, output: Output, document: ItemDocument, unreadable: list[str]) -> ItemRow | None:
        """An item, if it is on this page, can be read and fits; the first of a page always fits."""
        index, self._count = self._count, self._count + 1
        if index < self._start:
            return None
        if index >= self.end:
            self.left_out += 1
            return None
        row = self._item(output, document, unreadable)
        length = sum(len(line) + 1 for line in item_lines(row)) if row else 0
        if self._left is not None and length > self._left and index > self._start:
            self.end = index
            self.left_out += 1
            return None
        self._left = None if self._left is None else self._left - length
        return row

    def _item(self, output: Output, document: ItemDocument, unreadable: list[str]) -> ItemRow | None:
        """One item, read now; None where it can't be, the reason added to `unreadable`."""
        try:
            item = document.read()
        except UnreadableAnswer as error:
            unreadable.append(error.message)
            return None
        unreadable += item.unreadable
        assets = sorted(item.assets, key=lambda asset: not asset.is_raster)[: self._most_assets]
        return ItemRow(
            id=item.id,
            datetime=item.when,
            bbox=item.bbox,
            assets=tuple(self._file(asset, output.id, item.id, asset.key) for asset in assets),
            assets_left_out=len(item.assets) - len(assets) or None,
        )

    def _file(self, asset: Asset, output: str, item: str, key: str, content: Content | None = None) -> AssetRow:
        from mcp_ogc.tables import is_readable

        is_plain = item == key == uris.FILE
        is_raster = asset.is_raster or (content is not None and content.kind == "raster")
        shows = output if is_plain else "/".join(quote(segment, safe="") for segment in (output, item, key))
        return AssetRow(
            asset=key,
            media_type=asset.media_type,
            bytes=asset.size,
            raster=self._handle(output, item, key) if is_raster else None,
            shows=shows if content is None and is_readable(asset) else None,
            href=asset.href if self._links else None,
        )

    def _handle(self, output: str, item: str, asset: str) -> str:
        return str(uris.RasterHandle(self._endpoint, self._job_id, output, item, asset))


def _next(endpoint: Endpoint, job_id: str, rows: tuple[OutputRow, ...]) -> list[str]:
    job = {"job_id": job_id, "endpoint": endpoint.name}
    files = [file for row in rows for file in row.files]
    files += [asset for row in rows for item in row.items for asset in item.assets]
    rasters = [file.raster for file in files if file.raster] + [row.example for row in rows if row.example]
    if rows and (content := rows[0].content):
        if content.kind == "raster" and files:
            return [f"Next: {call('ogc_summarize_raster', raster=files[0].raster)}"]
        return [f"Next: {call('ogc_export_job', **job, outputs=[rows[0].output_id])} saves it."]
    texts = [file.shows for file in files if file.shows] + [row.shows for row in rows if row.shows]
    told = [f"{call('ogc_get_results', **job, output=texts[0])} shows what is in it."] if texts else []
    if any(row.collection for row in rows):
        told.append(f"{call('ogc_get_results', **job, limit=PAGE)} pages through the items.")
    if rasters:
        return [*told, f"Next: {call('ogc_summarize_raster', raster=rasters[0])}"]
    return [f"Next: {one}" for one in told] or [f"Next: {call('ogc_export_job', **job)}"]
