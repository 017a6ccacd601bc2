"""Jobs: submitted, followed, listed."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import anyio
import anyio.to_thread
from mcp.server.elicitation import ElicitationResult
from mcp.server.mcpserver import Elicit, Resolve
from mcp_types import CallToolResult
from pydantic import Field, JsonValue

from mcp_ogc.errors import EndpointFault, NoSuchJob, NotOffered, OgcError, Unreachable
from mcp_ogc.jobs.entries import digest_of
from mcp_ogc.jobs.monitor import LONGEST_WAIT, Watcher
from mcp_ogc.jobs.reconciliation import reconcile
from mcp_ogc.jobs.submission import is_open, outputs_of, prepared_request, submit
from mcp_ogc.ogc.models import Execute, JobStatus, StatusInfo
from mcp_ogc.text import (
    CONCISE_CHARACTERS,
    DETAILED_CHARACTERS,
    Reply,
    call,
    fitting,
    literal,
    moment,
    plural,
    respond,
    untrusted,
)
from mcp_ogc.tools.consent import Consent, agree, asked
from mcp_ogc.tools.input_notes import input_notes, with_notes
from mcp_ogc.tools.job_answers import Job, gone, job_answer, known_job, row, row_line, submitted, told
from mcp_ogc.tools.paging import Limit, decode, encode
from mcp_ogc.tools.spec import Call, workspace
from mcp_ogc.tools.trial import TrialRow, trial_lines, trial_of

if TYPE_CHECKING:
    from mcp_ogc.ogc.dialects.dialect import Dialect
    from mcp_ogc.workspace import Endpoint, Workspace

WaitSeconds = Annotated[int, Field(ge=0, le=LONGEST_WAIT)]
LIST_SECONDS = 25
SHOWN_JOBS = 20
SINGLE_LOOKS = 20
HEARTBEAT_STEP = 0.01


class Execution(Job):
    """Answer of ogc_execute_process: the job, and what is to be known of its inputs."""

    notes: tuple[str, ...] | None = None
    trial: TrialRow | None = None
    confirm: str | None = None


class Jobs(Reply):
    """Answer of ogc_list_jobs."""

    jobs: tuple[Job, ...]
    not_asked: tuple[str, ...] = ()
    more_at: tuple[str, ...] = ()
    next_cursor: str | None = None


async def ask_execution(
    ctx: Call,
    process_id: str,
    inputs: dict[str, Any],
    outputs: list[str] | None,
    endpoint: str | None,
    dry_run: bool,
    new_run: bool,
    confirm: str | None,
) -> Consent | Elicit[Consent]:
    """Ask the person before an area beyond the operator's bound, where the client can."""
    if dry_run or not asked(ctx, confirm):
        return Consent()
    work = await workspace(ctx)
    chosen = work.endpoint(endpoint)
    request = Execute(inputs=inputs, outputs=outputs_of(outputs))
    area = await _to_be_confirmed(work, chosen, process_id, request, new_run)
    return Elicit(f"{area}. Execute it?", Consent) if area else Consent(agreed=True)


async def execute_process(
    ctx: Call,
    process_id: str,
    inputs: dict[str, Any],
    consent: Annotated[ElicitationResult[Consent], Resolve(ask_execution)],
    outputs: Annotated[list[str] | None, Field(description="output ids; all if left out")] = None,
    endpoint: str | None = None,
    dry_run: Annotated[bool, Field(description="only check the inputs")] = False,
    wait_seconds: WaitSeconds = 5,
    new_run: Annotated[bool, Field(description="run again although the same job is open")] = False,
    confirm: Annotated[str | None, Field(description="token of the preview")] = None,
) -> Annotated[CallToolResult, Execution]:
    """Check the inputs and start a job; answers after wait_seconds at most. A repeated call returns the same job."""
    work = await workspace(ctx)
    chosen = work.endpoint(endpoint)
    request = Execute(inputs=inputs, outputs=outputs_of(outputs))
    if dry_run:
        description = await chosen.describe(process_id)
        prepared = await prepared_request(chosen, description, request)
        trial = trial_of(chosen, description)
        reply = Execution(
            endpoint=chosen.name, process_id=process_id, status="not submitted", dry_run=True, trial=trial
        )
        again = call(
            "ogc_execute_process",
            process_id=process_id,
            inputs=inputs,
            outputs=[*outputs] if outputs else None,
            endpoint=chosen.name,
        )
        fit = f"The inputs fit {process_id} on {chosen.name}. Nothing was sent."
        lines = [fit, *trial_lines(trial), f"Next: {again}"]
        return with_notes(respond(lines, reply), input_notes(prepared))
    if area := await _to_be_confirmed(work, chosen, process_id, request, new_run):
        bound = {"endpoint": chosen.name, "process_id": process_id, "asked": digest_of(inputs, request.outputs)}
        if token := agree(ctx, consent, "ogc_execute_process", bound, confirm):
            held = Execution(
                endpoint=chosen.name, job_id=None, process_id=process_id, status="not submitted", confirm=token
            )
            lines = [f"{area}. Nothing was sent yet. Ask the person; then the same call with:"]
            return respond([*lines, f"confirm={literal(token)}"], held)
    submission = await submit(work, chosen, process_id, request, new_run=new_run)
    entry = submission.entry
    job_id = entry.job_id or ""
    if entry.status and entry.status.ended:
        return with_notes(job_answer(chosen, known_job(entry), submission.repeated), submission.prepared.warnings)
    try:
        info = await chosen.monitor.wait(job_id, wait_seconds, submitted=entry.intended, on_status=_progress(ctx))
    except (Unreachable, EndpointFault) as error:  # the job is there all the same
        unseen = f"its status is as it was last known: {error.message}"
        answer = job_answer(chosen, known_job(entry), submission.repeated)
        return with_notes(answer, (*submission.prepared.warnings, unseen))
    return with_notes(await told(chosen, info, entry, submission.repeated), submission.prepared.warnings)


async def _to_be_confirmed(
    work: Workspace, endpoint: Endpoint, process_id: str, request: Execute, new_run: bool
) -> str | None:
    """What is to be confirmed of an execution: a large area, unless that is under way already."""
    from mcp_ogc.jobs.requested_area import requested_km2

    most = work.settings.quotas.confirm_area_km2
    description = await endpoint.describe(process_id)
    area = await anyio.to_thread.run_sync(requested_km2, description, request.inputs)
    if area <= most or (not new_run and await is_open(work, endpoint, process_id, request)):
        return None
    return f"{process_id} on {endpoint.name} would cover {area:,.0f} km²; above {most:,.0f} is to be confirmed"


async def get_job(
    ctx: Call, job_id: str, endpoint: str | None = None, wait_seconds: WaitSeconds = 0
) -> Annotated[CallToolResult, Job]:
    """Status and progress of a job; waits up to wait_seconds for its end. A failed job's answer says why."""
    work = await workspace(ctx)
    chosen, entry = await work.job(job_id, endpoint)
    if entry and entry.is_answered_here and await work.journal.answer(chosen.name, job_id):
        return job_answer(chosen, known_job(entry))
    try:
        info = await chosen.monitor.wait(job_id, wait_seconds, submitted=submitted(entry), on_status=_progress(ctx))
    except NoSuchJob as error:
        raise gone(chosen, job_id, entry, error) from error
    except (Unreachable, EndpointFault) as error:
        if entry and entry.status:
            error.remedy = f"Last known here: {entry.status} at {moment(entry.updated)}. {error.remedy}"
        raise
    return await told(chosen, info, entry)


async def list_jobs(
    ctx: Call,
    endpoint: str | None = None,
    process_id: str | None = None,
    status: JobStatus | None = None,
    limit: Annotated[Limit | None, Field(description="as many as fit a short answer if left out")] = None,
    cursor: str | None = None,
) -> Annotated[CallToolResult, Jobs]:
    """Jobs of all endpoints or one, newest first: those submitted from here and those the endpoint lists."""
    work = await workspace(ctx)
    scope = f"jobs {endpoint or ''} {process_id or ''} {status or ''}"
    before = _position(decode(cursor, scope).get("before"))
    most = limit or SHOWN_JOBS
    not_asked: list[str] = []
    more_at: list[str] = []
    if before is None:
        asked_for = [work.endpoint(endpoint)] if endpoint else list(work.endpoints.values())
        async with anyio.create_task_group() as tasks:
            for one in asked_for:
                tasks.start_soon(
                    partial(_merge, work, one, process_id, status, limit or SHOWN_JOBS, not_asked, more_at)
                )
    entries = await work.journal.newest(
        (limit or SHOWN_JOBS) + 1,
        before=before,
        endpoint=endpoint,
        process_id=process_id,
        status=status,
    )
    listed = tuple(row(entry, _dialect(work, entry.endpoint)) for entry in entries[:most])
    told = [row_line(one) for one in listed]
    shown = fitting(told, DETAILED_CHARACTERS if limit else CONCISE_CHARACTERS)
    rows = listed[:shown]
    next_cursor = encode(scope, before=list(entries[shown - 1].position)) if len(entries) > shown else None
    lines = [f"{plural(len(rows), 'job')}{', more follow' if next_cursor else ''}:" if rows else "No jobs."]
    lines += told[:shown]
    lines += [f"Not asked: {problem}" for problem in not_asked]
    if next_cursor:
        page = call(
            "ogc_list_jobs", endpoint=endpoint, process_id=process_id, status=status, limit=limit, cursor=next_cursor
        )
        lines.append(f"Next page: {page}")
    lines += [f"{name} lists more jobs than were read: raise limit, or give process_id or status" for name in more_at]
    known = [one for one in rows if one.job_id]
    there = [one for one in known if one.status != JobStatus.DISMISSED and not one.gone] or known
    if there:
        lines.append(f"Next: {call('ogc_get_job', job_id=there[0].job_id, endpoint=there[0].endpoint)}")
    elif not rows:
        lines.append(f"Next: {call('ogc_list_processes', endpoint=endpoint)}")
    return respond(lines, Jobs(jobs=rows, not_asked=tuple(not_asked), more_at=tuple(more_at), next_cursor=next_cursor))


def _dialect(work: Workspace, endpoint: str) -> Dialect:
    """What an endpoint of the journal speaks, as far as is known; it may no longer be configured."""
    from mcp_ogc.ogc.dialects.standard import STANDARD

    known = work.endpoints.get(endpoint)
    return known.client.known_dialect if known else STANDARD


def _position(told: JsonValue) -> tuple[str, int] | None:
    match told:
        case [str(moment), int(number)]:
            return moment, number
    return None


async def _merge(
    work: Workspace,
    endpoint: Endpoint,
    process_id: str | None,
    status: JobStatus | None,
    limit: int,
    not_asked: list[str],
    more_at: list[str],
) -> None:
    """Write what the endpoint lists into the journal, or into `not_asked` why it could not be asked.

    Whatever status is wanted, the newest jobs are read whatever their status: one that was known to run may have ended.
    """
    try:
        with anyio.fail_after(LIST_SECONDS):
            await reconcile(endpoint.name, endpoint.client, work.journal)
            listed = await endpoint.client.jobs(limit=limit, process_id=process_id)
            await work.journal.record_all(endpoint.name, tuple(reversed(listed.jobs)))
            if status and listed.next_page:
                listed = await endpoint.client.jobs(limit=limit, process_id=process_id, status=status)
                await work.journal.record_all(endpoint.name, tuple(reversed(listed.jobs)))
            if listed.next_page:
                more_at.append(endpoint.name)
            for job_id in listed.ids_only[:SINGLE_LOOKS]:  # newest first; each has to be asked for (Q13)
                with suppress(NoSuchJob):
                    await work.journal.record(endpoint.name, await endpoint.client.job(job_id))
    except NotOffered:
        not_asked.append(f"{endpoint.name}: it has no list of jobs; those submitted from here are shown")
    except OgcError as error:
        not_asked.append(f"{endpoint.name}: {error}")
    except TimeoutError:
        not_asked.append(f"{endpoint.name}: it did not answer within {LIST_SECONDS} s")


def _progress(ctx: Call) -> Watcher:
    """Tell the client of each change, and that the wait goes on: progress has to grow each time it is told (MCP)."""
    shown = -HEARTBEAT_STEP
    redact = ctx.request_context.lifespan_context.redact

    async def tell(info: StatusInfo) -> None:
        nonlocal shown
        shown = max(shown + HEARTBEAT_STEP, float(info.progress or 0))
        await ctx.report_progress(shown, 100, redact(untrusted(info.message, 120)) or str(info.status))

    return tell
