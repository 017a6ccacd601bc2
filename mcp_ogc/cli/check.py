"""`mcp-ogc check`: what works against the configured endpoints. GET only, unless `--run`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import anyio

from mcp_ogc.errors import OgcError, SettingsError
from mcp_ogc.settings import load
from mcp_ogc.text import clean, elapsed, explain, moment, plural

if TYPE_CHECKING:
    from mcp_ogc.workspace import Endpoint, Workspace

T = TypeVar("T")

SECONDS = 40
RUN_SECONDS = 3600


def add_arguments(options: argparse.ArgumentParser) -> None:
    """Declare the options."""
    options.add_argument("--endpoint", help="only this one")
    options.add_argument("--run", metavar="PROCESS", help="execute this process too, and follow it to its end")
    options.add_argument("--inputs", metavar="JSON", default="{}", help="inputs for --run (default: none)")


def run(options: argparse.Namespace) -> int:
    """Check, one line for each thing that works or does not; 1 where an endpoint can't be used."""
    settings = load(options.config)
    from mcp_ogc.net.redaction import configure_logging
    from mcp_ogc.server import open_from_settings

    redaction = configure_logging(options.log_level or settings.log_level, settings)

    async def check() -> bool:
        async with open_from_settings(settings, redaction) as work:
            names = [work.endpoint(options.endpoint).name] if options.endpoint else list(work.endpoints)
            usable = [await check_endpoint(work, work.endpoints[name]) for name in names]
            if options.run:
                chosen = work.endpoint(options.endpoint)
                usable.append(await run_process(work, chosen, options.run, _inputs(options.inputs)))
        return all(usable)

    return 0 if anyio.run(check) else 1


async def check_endpoint(work: Workspace, endpoint: Endpoint) -> bool:
    """Landing page, conformance, processes, job list; whether the endpoint can be used."""
    from mcp_ogc.net.standing import standing
    from mcp_ogc.ogc.capabilities import Capability

    client = endpoint.client
    print(f"{endpoint.name}  {'embedded' if endpoint.is_local else endpoint.url}")
    signing_in = await standing(work.settings, endpoint.name)
    if signing_in.text:
        print(f"  {'✗' if signing_in.signed_in is False else '✓'} {signing_in.text}")
    landing = await _try("reachable", client.landing_page)
    if landing is None:
        return False
    await _try("conformance", client.conformance)
    can = await _try("capabilities", endpoint.capabilities)
    if can is not None:
        print(f"    kind of server: {can.dialect}")
        for capability in Capability:
            declared = "declared" if capability in can.declared else "not declared"
            found = {True: "found", False: "not found", None: "can't be told by GET"}[can.found.get(capability)]
            print(f"    {capability}: {declared}, {found}")
    processes = await _try("processes", lambda: client.processes(limit=100))
    if processes is not None:
        print(f"    {plural(len(processes.processes), 'process')} on the first page")
        if len(processes.processes) == 0 and not endpoint.is_local:
            print(f"    That is unusually few: is the namespace in {endpoint.url} yours?")
    if can is None or not can.has(Capability.LIST_JOBS):
        print("    Jobs submitted from here are kept in the journal all the same.")
    return processes is not None


async def _try(what: str, ask: Callable[[], Awaitable[T]]) -> T | None:
    begun = anyio.current_time()
    try:
        with anyio.fail_after(SECONDS):
            answer = await ask()
    except OgcError as error:
        print(f"  ✗ {what}: {explain(error)}")
    except TimeoutError:
        print(f"  ✗ {what}: no answer within {SECONDS} s")
    else:
        print(f"  ✓ {what} ({elapsed(anyio.current_time() - begun)})")
        return answer
    return None


async def run_process(work: Workspace, endpoint: Endpoint, process_id: str, inputs: dict[str, object]) -> bool:
    """Execute a process and follow it; whether it was successful."""
    from mcp_ogc.jobs.submission import submit
    from mcp_ogc.ogc.models import Execute, JobStatus

    submission = await submit(work, endpoint, process_id, Execute.model_validate({"inputs": inputs}))
    job_id = submission.entry.job_id or ""
    print(f"  {process_id}: job {job_id}")
    if submission.entry.status is JobStatus.SUCCESSFUL:
        print("  ✓ answered at once")
        return True
    deadline = anyio.current_time() + RUN_SECONDS
    submitted = submission.entry.intended  # it may not be visible yet (quirk Q10)
    info = await endpoint.monitor.wait(job_id, 30, submitted=submitted)
    while not info.status.ended and anyio.current_time() < deadline:
        print(f"    {moment(info.updated) or ''} {info.status} {info.progress or 0} %")
        info = await endpoint.monitor.wait(job_id, 30, submitted=submitted)
    mark = "✓" if info.status is JobStatus.SUCCESSFUL else "✗"
    print(f"  {mark} {info.status} {clean(info.message or '', 1000)}")
    return info.status is JobStatus.SUCCESSFUL


def _inputs(text: str) -> dict[str, object]:
    try:
        inputs = json.loads(text)
    except ValueError as error:
        raise SettingsError(f"--inputs is not JSON: {error}") from None
    if not isinstance(inputs, dict):
        raise SettingsError("--inputs is not a JSON object", remedy="""For instance --inputs '{"name": "Ada"}'""")
    return inputs
