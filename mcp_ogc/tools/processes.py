"""Endpoints and processes: what there is, and what it takes."""

from __future__ import annotations

from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Annotated

import anyio
import anyio.to_thread
from mcp_types import CallToolResult
from pydantic import Field, JsonValue

from mcp_ogc.errors import OgcError, RemoteProblem, UnreadableAnswer, quoted
from mcp_ogc.net.standing import standing
from mcp_ogc.ogc.models import ProcessSummary
from mcp_ogc.text import (
    CONCISE_CHARACTERS,
    DETAILED_CHARACTERS,
    Answer,
    Reply,
    Untrusted,
    call,
    clean,
    explain,
    fitting,
    plural,
    remote,
    respond,
    untrusted,
    word,
)
from mcp_ogc.tools.paging import Limit, decode, encode
from mcp_ogc.tools.process_answers import InputRow, OutputRow, fitted, input_rows, output_rows
from mcp_ogc.tools.spec import Call, workspace

if TYPE_CHECKING:
    from mcp_ogc.ogc.capabilities import Capabilities
    from mcp_ogc.ogc.catalogue import Catalogue
    from mcp_ogc.workspace import Endpoint, Workspace

ENDPOINT_SECONDS = 15
SCAN_SECONDS = 25
"""A slow endpoint with many processes is looked through in several calls."""
SHOWN_PROCESSES = 15
TITLE_CHARACTERS = 72


class EndpointRow(Reply):
    """One configured endpoint."""

    name: str
    url: str
    default: bool
    authentication: str
    sign_in: str | None = None
    reachable: bool
    kind: str | None = None
    declared: tuple[str, ...] = ()
    found: tuple[str, ...] = ()
    not_found: tuple[str, ...] = ()
    problem: str | None = None
    untrusted: Untrusted | None = None


class Endpoints(Answer):
    """Answer of ogc_list_endpoints."""

    endpoints: tuple[EndpointRow, ...]


class ProcessRow(Reply):
    """One process in a list."""

    process_id: str
    version: str
    mutable: bool | None = None
    untrusted: Untrusted | None = None


class Processes(Answer):
    """Answer of ogc_list_processes."""

    endpoint: str
    processes: tuple[ProcessRow, ...]
    left_out: int | None = None
    next_cursor: str | None = None
    note: str | None = None


class Process(Answer):
    """Answer of ogc_describe_process."""

    endpoint: str
    process_id: str
    version: str
    job_control: tuple[str, ...]
    inputs: tuple[InputRow, ...]
    optional_inputs: tuple[str, ...] = Field(default=(), description="more of them, ids only: detailed tells the rest")
    outputs: tuple[OutputRow, ...]
    example_inputs: dict[str, JsonValue]
    note: str | None = None
    untrusted: Untrusted | None = None


async def list_endpoints(ctx: Call) -> Annotated[CallToolResult, Endpoints]:
    """The OGC API - Processes endpoints that are configured, and what each can do."""
    ordered = await endpoint_rows(await workspace(ctx))
    lines = [f"{plural(len(ordered), 'endpoint')}:" if ordered else "No endpoint is configured."]
    lines += [f"- {_endpoint_line(row)}" for row in ordered]
    if not ordered:
        lines.append("Write [endpoints.NAME] with a url into the settings, or set MCP_OGC_URL.")
    if usable := next((row for row in ordered if row.reachable), None):
        lines.append(f"Next: {call('ogc_list_processes', endpoint=usable.name)}")
    return respond(lines, Endpoints(endpoints=ordered))


async def endpoint_rows(work: Workspace) -> tuple[EndpointRow, ...]:
    """What each endpoint says of itself, asked all at once."""
    rows: dict[str, EndpointRow] = {}

    async def look(endpoint: Endpoint) -> None:
        rows[endpoint.name] = await _endpoint_row(work, endpoint)

    async with anyio.create_task_group() as tasks:
        for endpoint in work.endpoints.values():
            tasks.start_soon(look, endpoint)
    return tuple(rows[name] for name in work.endpoints)


async def _endpoint_row(work: Workspace, endpoint: Endpoint) -> EndpointRow:
    can: Capabilities | None = None
    problem = title = None
    signing_in = await standing(work.settings, endpoint.name)
    try:
        with anyio.fail_after(ENDPOINT_SECONDS):
            can = await endpoint.capabilities()
            with suppress(RemoteProblem, UnreadableAnswer):  # a landing page for people only
                title = (await endpoint.client.landing_page()).title
    except OgcError as error:
        problem = explain(error)
    except TimeoutError:
        problem = f"It did not answer within {ENDPOINT_SECONDS} s"
    return EndpointRow(
        name=endpoint.name,
        url="embedded in this server" if endpoint.is_local else endpoint.url,
        default=endpoint.name == work.default_endpoint,
        authentication=endpoint.authentication,
        sign_in=signing_in.text or None,
        reachable=problem is None,
        kind=can.dialect if can else None,
        declared=tuple(sorted(can.declared)) if can else (),
        found=tuple(one for one, there in can.found.items() if there) if can else (),
        not_found=tuple(one for one, there in can.found.items() if not there) if can else (),
        problem=problem,
        untrusted=remote(title=title),
    )


def _endpoint_line(row: EndpointRow) -> str:
    default = " (default)" if row.default else ""
    if not row.reachable:
        kind = "" if row.authentication == "none" else f"; authentication: {row.authentication}"
        return f"{row.name}{default}: {row.url}{kind}; can't be used: {row.problem}"
    signed_in = "" if row.authentication == "none" else f"; {row.authentication}, {row.sign_in}"
    declared = f"declares {', '.join(row.declared) or 'the core only'}"
    also = [one for one in row.found if one not in row.declared]
    found = f"; found as well: {', '.join(also)}" if also else ""
    missing = f"; not there: {', '.join(row.not_found)}" if row.not_found else ""
    return f"{row.name}{default}: {row.url}, {row.kind}{signed_in}; {declared}{found}{missing}"


async def list_processes(
    ctx: Call,
    query: Annotated[str | None, Field(description="words to look for in ids, titles, descriptions, keywords")] = None,
    endpoint: str | None = None,
    limit: Annotated[Limit | None, Field(description="as many as fit a short answer if left out")] = None,
    cursor: str | None = None,
) -> Annotated[CallToolResult, Processes]:
    """Find processes. Page with cursor=next_cursor."""
    work = await workspace(ctx)
    chosen = work.endpoint(endpoint)
    scope = f"processes {chosen.name} {query or ''}"
    start = decode(cursor, scope).get("position", 0)
    found, position = await _scan(
        chosen.catalogue, query, limit or SHOWN_PROCESSES, start if isinstance(start, int) else 0
    )
    listed = tuple(
        ProcessRow(
            process_id=process.id,
            version=process.version,
            mutable=process.mutable,
            untrusted=remote(title=process.title, description=_first_sentence(process.description)),
        )
        for _, process in found
    )
    told = [
        f"- {word(row.process_id)} {word(row.version)} {untrusted(_label(row), TITLE_CHARACTERS)}".rstrip()
        for row in listed
    ]
    shown = fitting(told, DETAILED_CHARACTERS if limit else CONCISE_CHARACTERS)
    rows, position = listed[:shown], found[shown][0] if shown < len(found) else position
    next_cursor = encode(scope, position=position) if position else None
    total = chosen.catalogue.total
    left_out = total - len(rows) if total is not None and cursor is None and query is None and position else None
    matching = f" matching {quoted(query)}" if query else ""
    more = f", {left_out:,} more" if left_out else ", more follow" if next_cursor else ""
    lines = [f"{plural(len(rows), 'process')}{matching} on {chosen.name}{more}:"]
    lines += told[:shown]
    note = None
    if chosen.catalogue.is_cut_short and not next_cursor:
        note = f"{chosen.name} lists more, and its link to them is no URL: they can't be shown."
        lines.append(note)
    if next_cursor:
        page = call("ogc_list_processes", query=query, endpoint=chosen.name, limit=limit, cursor=next_cursor)
        lines.append(f"Next page: {page}")
    if rows:
        lines.append(f"Next: {call('ogc_describe_process', process_id=rows[0].process_id, endpoint=chosen.name)}")
    elif chosen.is_local and work.samples:
        first, *others = work.samples
        deploy = call("ogc_deploy_process", package=first, endpoint=chosen.name)
        lines.append(f"Bundled samples: {deploy}; in the same way {', '.join(others)}")
    elif query and not next_cursor:
        lines.append(f"Without query, all are listed: {call('ogc_list_processes', endpoint=chosen.name)}")
    reply = Processes(endpoint=chosen.name, processes=rows, left_out=left_out, next_cursor=next_cursor, note=note)
    return respond(lines, reply)


async def _scan(
    catalogue: Catalogue, query: str | None, limit: int, start: int
) -> tuple[list[tuple[int, ProcessSummary]], int | None]:
    """Up to `limit` matching processes from a position on, each with its own, and where the next ones begin."""
    words = (query or "").casefold().split()
    found: list[tuple[int, ProcessSummary]] = []
    deadline = anyio.current_time() + SCAN_SECONDS
    async with aclosing(catalogue.since(start)) as processes:
        async for position, process in processes:
            is_full = len(found) == limit and _matches(process, words)
            if is_full or anyio.current_time() > deadline:
                return found, position
            if _matches(process, words):
                found.append((position, process))
    return found, None


def _matches(process: ProcessSummary, words: list[str]) -> bool:
    text = " ".join([process.id, process.title or "", process.description or "", *(process.keywords or ())]).casefold()
    return all(word in text for word in words)


def _first_sentence(text: str | None) -> str | None:
    return clean(text, 160).split("\n", maxsplit=1)[0] if text else None


def _label(row: ProcessRow) -> str:
    texts = row.untrusted or {}
    return texts.get("title") or texts.get("description") or ""


async def describe_process(
    ctx: Call,
    process_id: str,
    endpoint: str | None = None,
    detailed: Annotated[bool, Field(description="descriptions in full")] = False,
) -> Annotated[CallToolResult, Process]:
    """What a process does, its inputs with types and defaults, and an example `inputs` object to start from."""
    from mcp_ogc.ogc.inputs.hints import example_inputs, input_hints

    work = await workspace(ctx)
    chosen = work.endpoint(endpoint)
    described = await chosen.described(process_id)
    description = described.description
    sample = work.samples.get(process_id) if chosen.is_local else None
    # In a thread: an example of a stranger's schema may take a while, within its bound.
    hints = await anyio.to_thread.run_sync(input_hints, description)
    example = sample.example_inputs if sample else example_inputs(hints)
    budget = DETAILED_CHARACTERS if detailed else CONCISE_CHARACTERS
    told = fitted(input_rows(hints), output_rows(description), budget)
    control = description.job_control_options or ()
    whole = call("ogc_describe_process", process_id=description.id, endpoint=chosen.name, detailed=True)
    note = None
    if unread := described.defaults_unread:
        note = f"Defaults of 0, false and an empty text are not known: its package can't be read ({unread.message})."
    lines = [
        f"{word(description.id)} {word(description.version)} on {chosen.name} {untrusted(description.title)}".rstrip(),
        untrusted(description.description, 800),
        *told.lines,
        *([f"Shortened; in full: {whole}"] if told.is_short else []),
        *([note] if note else []),
        f"Runs: {', '.join(map(word, control)) or 'not said'}",
        f"Next: {call('ogc_execute_process', process_id=description.id, inputs=example, endpoint=chosen.name)}",
    ]
    reply = Process(
        endpoint=chosen.name,
        process_id=description.id,
        version=description.version,
        job_control=control,
        inputs=told.inputs,
        optional_inputs=told.optional,
        outputs=told.outputs,
        example_inputs=example,
        note=note,
        untrusted=remote(title=description.title, description=description.description),
    )
    return respond([line for line in lines if line], reply)
