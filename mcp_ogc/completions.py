"""What a client may offer while someone types: endpoints, processes, jobs, outputs, items, assets, bands."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import anyio
from mcp_types import (
    Completion,
    CompletionArgument,
    CompletionContext,
    PromptReference,
    ResourceTemplateReference,
)

from mcp_ogc import uris
from mcp_ogc.errors import OgcError

if TYPE_CHECKING:
    from mcp.server import MCPServer

    from mcp_ogc.ogc.results.reading import Results
    from mcp_ogc.ogc.results.stac import Output
    from mcp_ogc.sessions import Session, Sessions
    from mcp_ogc.workspace import Workspace

    Given = Mapping[str, str]
    Source = Callable[[Workspace, Given], Awaitable[list[str]]]

MOST = 100
"""Values in one completion (MCP)."""
NEWEST_JOBS = 200
SECONDS = 10
"""A person is typing: what takes longer is not offered."""


def add_completions(
    server: MCPServer[Sessions], session: Callable[[], Session], choices: Mapping[str, Sequence[str]]
) -> None:
    """Complete the arguments of resource templates and of prompts, each by its name.

    What a value depends on (the endpoint of a job, the job of an item) is taken from the arguments filled in before.

    Args:
        server: Where to register it.
        session: Gives the session.
        choices: What the other arguments of prompts may be, by argument.
    """

    @server.completion()  # type: ignore[no-untyped-call, untyped-decorator]  # mcp 2.3 leaves it untyped
    async def complete(
        _ref: PromptReference | ResourceTemplateReference,
        argument: CompletionArgument,
        context: CompletionContext | None,
    ) -> Completion | None:
        names = list(choices.get(argument.name, ()))
        if source := SOURCES.get(argument.name):
            given = (context.arguments or {}) if context else {}
            try:
                with anyio.fail_after(SECONDS):
                    names = await source(await session().late_workspace.get(), given)
            except (OgcError, TimeoutError):
                return None  # nothing to offer while the endpoint can't be asked, or before the job has results
        elif not names:
            return None
        fitting = [name for name in names if name.startswith(argument.value)]
        fitting = fitting or [name for name in names if argument.value.casefold() in name.casefold()]
        return Completion(values=fitting[:MOST], total=len(fitting), has_more=len(fitting) > MOST)


async def _endpoints(work: Workspace, _given: Given) -> list[str]:
    return list(work.endpoints)


async def _processes(work: Workspace, given: Given) -> list[str]:
    return await work.endpoint(given.get("endpoint")).catalogue.ids()


async def _jobs(work: Workspace, given: Given) -> list[str]:
    newest = await work.journal.newest(NEWEST_JOBS, endpoint=given.get("endpoint"))
    return [entry.job_id for entry in newest if entry.job_id]


async def _outputs(work: Workspace, given: Given) -> list[str]:
    return [output.id for output in (await _results(work, given)).outputs]


async def _items(work: Workspace, given: Given) -> list[str]:
    """Items of the output that is named, or of all; `-` where an output is a plain file or several."""
    outputs = await _chosen(work, given)
    plain = [uris.FILE] if "output" in given and any(one.href or one.members for one in outputs) else []
    return [*plain, *dict.fromkeys(item.id for output in outputs for item in output.items)]


async def _assets(work: Workspace, given: Given) -> list[str]:
    outputs = await _chosen(work, given)
    if given.get("item") == uris.FILE:
        return [key for output in outputs for key in _files(output)]
    items = [item for output in outputs for item in output.readable_items() if given.get("item", item.id) == item.id]
    return list(dict.fromkeys(asset.key for item in items for asset in item.assets))


async def _bands(work: Workspace, given: Given) -> list[str]:
    """1-based, of the first raster that fits what is given."""
    from mcp_ogc.rasters.reader import Asked
    from mcp_ogc.rasters.worker.tasks import Wanted

    for output in await _chosen(work, given):
        assets = [output.as_asset()] if output.is_raster else []
        items = (item for item in output.readable_items() if given.get("item", item.id) == item.id)
        assets += [asset for item in items for asset in item.assets]
        for asset in assets:
            if asset.is_raster and given.get("asset", asset.key) in (asset.key, uris.FILE):
                asked = Asked(asset.href, Wanted((1,), (), None), asset.storage)
                found = await work.rasters.summarize(asked, seconds=SECONDS)
                return [str(band + 1) for band in range(found.summary.count)]
    return []


def _files(output: Output) -> list[str]:
    return [uris.FILE] if output.href else [str(n) for n, member in enumerate(output.members) if member.href]


async def _chosen(work: Workspace, given: Given) -> list[Output]:
    return [one for one in (await _results(work, given)).outputs if given.get("output", one.id) == one.id]


async def _results(work: Workspace, given: Given) -> Results:
    job_id = given.get("job_id", "")
    endpoint, _ = await work.job(job_id, given.get("endpoint"))
    return await work.results(endpoint, job_id)


SOURCES: Mapping[str, Source] = {
    "endpoint": _endpoints,
    "process_id": _processes,
    "job_id": _jobs,
    "output": _outputs,
    "item": _items,
    "asset": _assets,
    "band": _bands,
}
