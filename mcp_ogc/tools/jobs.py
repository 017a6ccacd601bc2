"""Jobs: submitted, followed, listed, dismissed."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import anyio
import anyio.to_thread
from mcp.server.elicitation import ElicitationResult
from mcp.server.mcpserver import Elicit, Resolve
from mcp_types import CallToolResult
from pydantic import Field, JsonValue

from mcp_ogc.errors import EndpointFault, NoSuchJob, NotOffered, OgcError, Unreachable, UnreadableAnswer
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
    word,
)
from mcp_ogc.tools.consent import Consent, agree, asked
from mcp_ogc.tools.input_notes import input_notes, with_notes
from mcp_ogc.tools.job_answers import Job, gone, job_answer, known_job, row, row_line, told
from mcp_ogc.tools.paging import Limit, decode, encode
from mcp_ogc.tools.spec import Call, workspace
from mcp_ogc.tools.trial import TrialRow, trial_lines, trial_of

if TYPE_CHECKING:
    from mcp_ogc.jobs.entries import Entry
    from mcp_ogc.ogc.dialects.dialect import Dialect
    from mcp_ogc.workspace import Endpoint, Workspace

WaitSeconds = Annotated[int, Field(ge=0, le=LONGEST_WAIT)]
LIST_SECONDS = 25
LOOK_SECONDS = 8
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


class Dismissed(Reply):
    """Answer of ogc_dismiss_job."""

    endpoint: str
    job_id: str
    dismissed: bool
    confirm: str | None = None


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
    info = await chosen.monitor.wait(job_id, wait_seconds, submitted=entry.intended, on_status=_progress(ctx))
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
        info = await chosen.monitor.wait(job_id, wait_seconds, submitted=_submitted(entry), on_status=_progress(ctx))
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


async def ask_dismissal(ctx: Call, job_id: str, endpoint: str | None, confirm: str | None) -> Consent | Elicit[Consent]:
    """Ask the person, where the client can."""
    if not asked(ctx, confirm):
        return Consent()
    chosen, info = await _known_job(await workspace(ctx), job_id, endpoint)
    # The question is the same each time it is put: an answer counts only for the words it was given to.
    what = f"job {job_id} of {word(info.process_id or '') or 'a process'} on {chosen.name}"
    return Elicit(f"Dismiss {what}? If it still runs it will be stopped, and its results are removed.", Consent)


async def dismiss_job(
    ctx: Call,
    job_id: str,
    consent: Annotated[ElicitationResult[Consent], Resolve(ask_dismissal)],
    endpoint: str | None = None,
    confirm: Annotated[str | None, Field(description="token of the preview")] = None,
) -> Annotated[CallToolResult, Dismissed]:
    """Cancel a job and remove it with its results. The first call previews and gives a token for confirm."""
    work = await workspace(ctx)
    chosen, info = await _known_job(work, job_id, endpoint)
    bound = {"job_id": job_id, "endpoint": chosen.name}
    token = agree(ctx, consent, "ogc_dismiss_job", bound, confirm)
    if token:
        lines = [await _dismissal(chosen, info), "Nothing was dismissed yet. Ask the person; then:"]
        lines.append(call("ogc_dismiss_job", **bound, confirm=token))
        return respond(lines, Dismissed(**bound, dismissed=False, confirm=token))
    kept = await _kept(work, chosen, job_id) if info.status is JobStatus.SUCCESSFUL else None
    now = datetime.now(UTC)
    try:
        answer = await chosen.client.dismiss(job_id)
    except NoSuchJob:
        answer = None  # gone is gone, whoever removed it (quirk Q17)
    except NotOffered as error:
        raise _not_dismissed(chosen, info, error) from error
    except (Unreachable, UnreadableAnswer, EndpointFault) as error:
        answer = await _dismissed_all_the_same(chosen, job_id, error)
    info = (answer or info).model_copy(update={"status": JobStatus.DISMISSED, "job_id": job_id, "finished": now})
    await work.journal.record(chosen.name, info)
    lines = [f"Job {job_id} on {chosen.name} is dismissed."]
    if kept:
        lines.append(kept)
    lines.append(f"The others: {call('ogc_list_jobs', endpoint=chosen.name)}")
    return respond(lines, Dismissed(**bound, dismissed=True))


async def _dismissed_all_the_same(endpoint: Endpoint, job_id: str, unanswered: OgcError) -> StatusInfo | None:
    """What became of a dismissal that was sent and not answered, where the endpoint tells; nothing is sent again.

    Raises:
        OgcError: What was raised: the job is still there, or nobody can tell.
    """
    unanswered.remedy = f"Whether job {job_id} was dismissed is not known: the same call again finds out"
    try:
        with anyio.fail_after(LOOK_SECONDS):
            info = await endpoint.client.job(job_id)
    except NoSuchJob:
        return None
    except (OgcError, TimeoutError):
        raise unanswered from None
    if info.status is JobStatus.DISMISSED:
        return info
    unanswered.remedy = f"Job {job_id} is still there, {info.status}: call again"
    raise unanswered


async def _kept(work: Workspace, endpoint: Endpoint, job_id: str) -> str:
    """Keep the results of a job that is about to be dismissed; what becomes of them, as a sentence."""
    try:
        await work.save_results(endpoint, job_id)
    except OgcError as error:
        # The dismissal was confirmed, and may be wanted because nothing can be read; but it is not passed over.
        return f"Its results could not be read before, so none are kept here: {error.message}"
    return "Its result document is kept here: ogc_get_results still shows it, its files may be gone."


def _not_dismissed(endpoint: Endpoint, info: StatusInfo, error: NotOffered) -> NotOffered:
    return NotOffered(
        f"{endpoint.name} dismisses no jobs",
        status=error.status,
        detail=error.detail,
        remedy=f"Job {info.job_id} {'stays there' if info.status.ended else 'goes on to its end'}: leave it be, "
        "or ask the people who run the endpoint",
    )


async def _known_job(work: Workspace, job_id: str, endpoint: str | None) -> tuple[Endpoint, StatusInfo]:
    chosen, entry = await work.job(job_id, endpoint)
    try:
        return chosen, await chosen.monitor.wait(job_id, 0, submitted=_submitted(entry))
    except NoSuchJob as error:
        raise gone(chosen, job_id, entry, error) from error


def _submitted(entry: Entry | None) -> datetime | None:
    """When a job was submitted from here that is not known to have ended: it may be too new to be there (Q10)."""
    return entry.intended if entry and not (entry.status and entry.status.ended) else None


async def _dismissal(endpoint: Endpoint, info: StatusInfo) -> str:
    what = "its results will be removed"
    if not info.status.ended:
        dialect = await endpoint.client.dialect()
        what = (
            "it will be stopped"
            if dialect.dismissal_stops
            else f"it will be removed, and {dialect.title} lets what runs go on to its end"
        )
    process = word(info.process_id or "") or "a process"
    return f"Job {word(info.job_id)} of {process} on {endpoint.name}, {info.status}: {what}."


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
