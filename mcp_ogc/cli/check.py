"""`mcp-ogc check`: what works against the configured endpoints. GET only, unless `--run`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from textwrap import indent
from typing import TYPE_CHECKING, TypeVar

import anyio

from mcp_ogc.audit import Audit
from mcp_ogc.cli.progress import STEP_CHARACTERS, JobProgress
from mcp_ogc.errors import OgcError, SettingsError
from mcp_ogc.settings import load
from mcp_ogc.text import clean, elapsed, explain, plural, size

if TYPE_CHECKING:
    from mcp_types import CallToolResult

    from mcp_ogc.ogc.models import JsonObject
    from mcp_ogc.settings import Settings
    from mcp_ogc.workspace import Endpoint, Workspace

T = TypeVar("T")
Say = Callable[[str], None]

SECONDS = 40
RUN_SECONDS = 3600
WAIT_SECONDS = 30


def add_arguments(options: argparse.ArgumentParser) -> None:
    """Declare the options."""
    options.add_argument("--endpoint", help="only this one")
    options.add_argument("--run", metavar="PROCESS", help="execute this process too, and follow it to its end")
    options.add_argument("--inputs", metavar="JSON", default="{}", help="inputs for --run (default: none)")


def run(options: argparse.Namespace) -> int:
    """Check, one line for each thing that works or does not; 1 where an endpoint can't be used."""
    settings = load(options.config)
    from rich.console import Console

    from mcp_ogc.net.redaction import configure_logging
    from mcp_ogc.opening import open_from_settings
    from mcp_ogc.rasters.worker.confinement import connected

    redaction = configure_logging(options.log_level or settings.log_level, settings)

    def say(text: str) -> None:
        print(redaction(text))

    say("\n".join([*configuration(settings), f"  raster workers: {isolation(connected())}"]))

    async def check() -> bool:
        async with open_from_settings(settings, redaction) as work:
            names = [work.endpoint(options.endpoint).name] if options.endpoint else list(work.endpoints)
            usable = [await check_endpoint(work, work.endpoints[name], say) for name in names]
            say(_told(names, usable))
            if options.run:
                chosen = work.endpoint(options.endpoint)
                inputs = _inputs(options.inputs)
                asked = {"endpoint": chosen.name, "process_id": options.run, "inputs": inputs}
                async with Audit(settings.audit_path, redaction).change("mcp-ogc check --run", asked) as change:
                    try:
                        progress = JobProgress(Console(), say, redaction)
                        usable.append(await run_process(work, chosen, options.run, inputs, change.name, say, progress))
                    except OgcError as error:
                        change.failed(error)
                        raise
                    change.outcome = "done"
        return all(usable)

    return 0 if anyio.run(check) else 1


def _told(names: Sequence[str], usable: Sequence[bool]) -> str:
    """The end of a check: which endpoints can be used."""
    if not names:
        return "No endpoint is configured: set MCP_OGC_URL, or write [endpoints.NAME] to the settings."
    broken = [name for name, is_usable in zip(names, usable, strict=True) if not is_usable]
    return f"Can't be used: {', '.join(broken)}." if broken else f"Can be used: {', '.join(names)}."


def configuration(settings: Settings) -> list[str]:
    """What the operator configured, and no secret: how an endpoint is authenticated, not with what."""
    rules, quotas = settings.rules, settings.quotas
    mode = "read-only: nothing can be changed" if settings.read_only else "jobs and processes can be changed"
    endpoints = [
        f"{name} {clean(endpoint.url)} ({endpoint.authentication.kind})"
        for name, endpoint in settings.configured_endpoints().items()
    ]
    ruled = {
        "endpoints": rules.endpoints,
        "denied endpoints": rules.denied_endpoints,
        "processes": rules.processes,
        "denied processes": rules.denied_processes,
        "callbacks": rules.callbacks,
    }
    told = "; ".join(f"{name} {', '.join(patterns) or 'none'}" for name, patterns in ruled.items())
    lines = [
        f"mode: {mode}; toolsets {', '.join(settings.toolsets)}",
        f"endpoints: {'; '.join([*endpoints, *(['local (embedded)'] if settings.has_local else [])]) or 'none'}",
        f"storage: {', '.join(settings.storage) or 'none'}; catalogues: {', '.join(settings.catalogues) or 'none'}",
        f"rules: {told}",
        f"quotas: {quotas.running_jobs} open jobs, {quotas.submissions_per_hour} submissions and"
        f" {size(quotas.bytes_per_hour)} an hour; above {quotas.confirm_area_km2:,.0f} km² is to be confirmed",
        f"with --http: {_served(settings)}",
        f"audit: {settings.audit_path}, a line for each change; without it nothing is changed",
        f"files: data {settings.data_folder}; downloads {settings.download_folder};"
        f" permitted {', '.join(map(str, settings.permitted_folders)) or 'none'}",
    ]
    return ["Configured:", *(f"  {line}" for line in lines)]


def isolation(reason: str) -> str:
    """Whether the system keeps the processes that open rasters off the network.

    Args:
        reason: Why it does not, as `confinement.connected` tells; "" where it does.
    """
    if not reason:
        return "kept off the network by the system"
    return f"not kept off the network by the system: {reason}; they hold no address and no credential"


def _served(settings: Settings) -> str:
    """What `mcp-ogc --http` would serve, to whom."""
    http = settings.http
    host = f"[{http.host}]" if ":" in http.host else http.host
    if http.is_open:
        whom = "to every process of this machine, without authentication"
    else:
        scopes = ", ".join(f"{word} for {permission}" for permission, word in http.scopes.by_permission.items())
        whom = (
            f"as {clean(http.url or '')} to whoever has a token of {clean(http.issuer or '')}"
            f" made for {clean(http.audience or http.url or '')}; scopes {scopes};"
            f" users with credentials of their own {len(settings.users) or 'none'}"
        )
    return f"{host}:{http.port} {whom}; hosts {', '.join(http.hosts)}; origins {', '.join(http.origins) or 'none'}"


async def check_endpoint(work: Workspace, endpoint: Endpoint, say: Say = print) -> bool:
    """Landing page, conformance, processes, job list; whether the endpoint can be used."""
    from mcp_ogc.net.standing import standing
    from mcp_ogc.ogc.capabilities import Capability

    client = endpoint.client
    say(f"{endpoint.name}  {'embedded' if endpoint.is_local else endpoint.url}")
    signing_in = await standing(work.settings, endpoint.name)
    if signing_in.text:
        say(f"  {'✗' if signing_in.signed_in is False else '✓'} {signing_in.text}")
    landing = await _try(say, "reachable", client.landing_page)
    if landing is None:
        return False
    await _try(say, "conformance", client.conformance)
    can = await _try(say, "capabilities", endpoint.capabilities)
    if can is not None:
        say(f"    kind of server: {can.dialect}")
        for capability in Capability:
            declared = "declared" if capability in can.declared else "not declared"
            found = {True: "found", False: "not found", None: "can't be told by GET"}[can.found.get(capability)]
            say(f"    {capability}: {declared}, {found}")
    processes = await _try(say, "processes", lambda: client.processes(limit=100))
    if processes is not None:
        say(f"    {plural(len(processes.processes), 'process')} on the first page")
        if len(processes.processes) == 0 and not endpoint.is_local:
            say(f"    That is unusually few: is the namespace in {endpoint.url} yours?")
    if can is None or not can.has(Capability.LIST_JOBS):
        say("    Jobs submitted from here are kept in the journal all the same.")
    return processes is not None


async def _try(say: Say, what: str, ask: Callable[[], Awaitable[T]]) -> T | None:
    begun = anyio.current_time()
    try:
        with anyio.fail_after(SECONDS):
            answer = await ask()
    except OgcError as error:
        say(indent(f"✗ {what}: {explain(error)}", "  "))
    except TimeoutError:
        say(f"  ✗ {what}: no answer within {SECONDS} s")
    else:
        say(f"  ✓ {what} ({elapsed(anyio.current_time() - begun)})")
        return answer
    return None


async def run_process(
    work: Workspace,
    endpoint: Endpoint,
    process_id: str,
    inputs: JsonObject,
    tell: Callable[[Mapping[str, object]], None],
    say: Say,
    progress: JobProgress,
) -> bool:
    """Execute a process, tell its job, and follow it; whether it was successful."""
    from mcp_ogc.jobs.submission import submit
    from mcp_ogc.ogc.models import Execute, JobStatus, StatusInfo
    from mcp_ogc.tools.job_answers import told

    async def changed(info: StatusInfo) -> None:
        progress.moved(info.progress or 0, clean(info.message or info.status, STEP_CHARACTERS))

    submission = await submit(work, endpoint, process_id, Execute.model_validate({"inputs": inputs}))
    job_id = submission.entry.job_id or ""
    tell({"job_id": job_id})
    say(f"  {process_id}: job {job_id}")
    if submission.entry.status is JobStatus.SUCCESSFUL:
        say("  ✓ answered at once")
        return True
    deadline = anyio.current_time() + RUN_SECONDS
    submitted = submission.entry.intended  # it may not be visible yet (quirk Q10)
    try:
        info = await endpoint.monitor.wait(job_id, WAIT_SECONDS, submitted=submitted, on_status=changed)
        while not info.status.ended and anyio.current_time() < deadline:
            info = await endpoint.monitor.wait(job_id, WAIT_SECONDS, submitted=submitted, on_status=changed)
    finally:
        progress.hide()
    mark = "✓" if info.status is JobStatus.SUCCESSFUL else "✗"
    say(f"  {mark} {info.status} {clean(info.message or '', 1000)}")
    if info.status is JobStatus.FAILED:
        _, *why = _lines(await told(endpoint, info, submission.entry))
        say("\n".join(f"    {line}" for line in why))
    return info.status is JobStatus.SUCCESSFUL


def _lines(answer: CallToolResult) -> list[str]:
    """The text that an assistant reads of a job."""
    return [line for block in answer.content if block.type == "text" for line in block.text.splitlines()]


def _inputs(text: str) -> JsonObject:
    try:
        inputs = json.loads(text)
    except ValueError as error:
        raise SettingsError(f"--inputs is not JSON: {error}") from None
    if not isinstance(inputs, dict):
        raise SettingsError("--inputs is not a JSON object", remedy="""For instance --inputs '{"name": "Ada"}'""")
    return inputs
