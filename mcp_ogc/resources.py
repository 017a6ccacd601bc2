"""What the model can read: endpoints, processes, packages, jobs, results, logs, rasters, as `ogc://` URIs."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import anyio
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError
from mcp.server.mcpserver.resources import ResourceSecurity
from mcp_types import CallToolResult, Resource

from mcp_ogc import uris
from mcp_ogc.errors import NoSuchJob, NoSuchProcess, OgcError, UnknownName
from mcp_ogc.jobs.logs import read_logs
from mcp_ogc.sessions import Session, Sessions
from mcp_ogc.text import explain, remote, tail, word
from mcp_ogc.tools import jobs, packages, processes, rasters, results
from mcp_ogc.tools.spec import Call, workspace

if TYPE_CHECKING:
    from mcp.server import MCPServer

T = TypeVar("T")

NEWEST_JOBS = 50
READ_ITEMS = 100
READ_SECONDS = 45
LOG_CHARACTERS = 8000
ANSWER_CHARACTERS = 32_000
PACKAGE_CHARACTERS = 40_000
JSON = "application/json"


def add_resources(server: MCPServer[Sessions], session: Callable[[], Session]) -> None:
    """Register the resources. Ids are never paths, so the SDK's path checks do not apply to them."""
    ids = ResourceSecurity(
        exempt_params={"endpoint", "process_id", "job_id", "output", "item", "asset"}, reject_null_bytes=True
    )

    @server.resource(uris.ENDPOINTS, name="endpoints", title="Endpoints", mime_type=JSON)
    async def endpoints() -> str:
        """The configured endpoints and what each can do."""
        work = await session().late_workspace.get()
        rows = await processes.endpoint_rows(work)
        return processes.Endpoints(endpoints=rows).model_dump_json(exclude_none=True)

    @server.resource(uris.PROCESSES, name="processes", title="Processes", mime_type=JSON, security=ids)
    async def process_list(endpoint: str, ctx: Call) -> str:
        """The first hundred processes of an endpoint."""
        return await _structured(processes.list_processes(ctx, endpoint=endpoint, limit=READ_ITEMS))

    @server.resource(uris.PROCESS, name="process", title="Process", mime_type=JSON, security=ids)
    async def process(endpoint: str, process_id: str, ctx: Call) -> str:
        """A process description: inputs, outputs, an example."""
        return await _structured(processes.describe_process(ctx, process_id, endpoint))

    @server.resource(uris.PACKAGE, name="package", title="Application package", mime_type=JSON, security=ids)
    async def package(endpoint: str, process_id: str, ctx: Call) -> str:
        """The CWL of a deployed process."""
        return await _structured(packages.package_part(ctx, process_id, endpoint, None, PACKAGE_CHARACTERS))

    @server.resource(uris.JOB, name="job", title="Job", mime_type=JSON, security=ids)
    async def job(endpoint: str, job_id: str, ctx: Call) -> str:
        """The status of a job."""
        return await _structured(jobs.get_job(ctx, job_id, endpoint))

    @server.resource(uris.RESULTS, name="results", title="Results", mime_type=JSON, security=ids)
    async def result(endpoint: str, job_id: str, ctx: Call) -> str:
        """The outputs of a job: items, assets, raster URIs; and the answer as the server sent it."""
        return await _read(_results(ctx, endpoint, job_id))

    @server.resource(uris.LOGS, name="logs", title="Logs", mime_type=JSON, security=ids)
    async def logs(endpoint: str, job_id: str, ctx: Call) -> str:
        """The ends of a job's logs, untrusted text."""
        return await _read(_logs(ctx, endpoint, job_id))

    @server.resource(uris.RASTER, name="raster", title="Raster summary", mime_type=JSON, security=ids)
    async def raster(endpoint: str, job_id: str, output: str, item: str, asset: str, ctx: Call) -> str:
        """Profile, bounds, statistics and classes of a result raster."""
        handle = uris.RasterHandle(endpoint, job_id, output, item, asset)
        return await _structured(rasters.summarize_raster(ctx, str(handle), preview=False))

    @server.resource(uris.PREVIEW, name="preview", title="Raster preview", mime_type="image/png", security=ids)
    async def preview(endpoint: str, job_id: str, output: str, item: str, asset: str, ctx: Call) -> bytes:
        """A picture of a result raster, at most 512 pixels."""
        handle = uris.RasterHandle(endpoint, job_id, output, item, asset)
        return await _read(rasters.preview_png(await workspace(ctx), handle))


async def newest_resources(session: Session) -> list[Resource]:
    """The newest jobs of the journal, as resources."""
    work = await session.late_workspace.get()
    return [
        Resource(
            uri=uris.expand(uris.JOB, endpoint=entry.endpoint, job_id=entry.job_id),
            name=f"job {entry.job_id}",
            title=f"{word(entry.process_id or '') or 'process'} on {entry.endpoint}: {entry.status or entry.state}",
            mime_type=JSON,
        )
        for entry in await work.journal.newest(NEWEST_JOBS)
        if entry.job_id
    ]


async def _results(ctx: Call, endpoint: str, job_id: str) -> str:
    """What the results are read as, or why they can't be, beside what came.

    What came is as it came but for its length: what can't be seen in it is escaped, as JSON has it.
    """
    from mcp_ogc.ogc.answers import text_or_none

    work = await workspace(ctx)
    answer = await work.raw_results(work.endpoint(endpoint), job_id)
    try:
        told = (await results.results_page(ctx, job_id, endpoint, limit=READ_ITEMS)).structured_content or {}
    except OgcError as error:
        told = {"problem": explain(error)}
    text = text_or_none(answer.body, answer.media_type)
    came = {
        "status": answer.status,
        "media_type": answer.media_type,
        "bytes": len(answer.body),
        "digest": answer.digest,
        "left_out": max(0, len(text or "") - ANSWER_CHARACTERS),
        "untrusted": {
            "url": answer.url,
            "links": [link.wire() for link in answer.links],
            "body": text[:ANSWER_CHARACTERS] if text is not None else None,
        },
    }
    return json.dumps({**told, "answer": came})


async def _logs(ctx: Call, endpoint: str, job_id: str) -> str:
    work = await workspace(ctx)
    chosen, entry = await work.job(job_id, endpoint)
    has_none = entry is not None and entry.is_synchronous
    found = () if has_none else await read_logs(chosen, await chosen.client.job(job_id))
    rows = [{"untrusted": remote(title=log.title) or {}, "problem": log.problem} for log in found]
    for row, log in zip(rows, found, strict=True):
        row["untrusted"] = {**(remote(title=log.title) or {}), "text": tail(log.text, LOG_CHARACTERS)}
    return json.dumps({"endpoint": endpoint, "job_id": job_id, "logs": rows}, ensure_ascii=False)


async def _structured(answer: Awaitable[CallToolResult]) -> str:
    """The structured content of a tool's answer, as the resource's JSON."""
    return json.dumps((await _read(answer)).structured_content, ensure_ascii=False)


async def _read(reading: Awaitable[T]) -> T:
    try:
        with anyio.fail_after(READ_SECONDS):
            return await reading
    except TimeoutError:
        raise ResourceError(f"It could not be read within {READ_SECONDS} s. Try again") from None
    except (UnknownName, NoSuchJob, NoSuchProcess) as error:
        raise ResourceNotFoundError(explain(error)) from error
    except OgcError as error:
        raise ResourceError(explain(error)) from error
