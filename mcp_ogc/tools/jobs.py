"""Jobs: submitted, followed, listed, dismissed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import anyio
import anyio.to_thread
from mcp.server.elicitation import ElicitationResult
from mcp.server.mcpserver import Elicit, Resolve
from mcp_types import CallToolResult
from pydantic import Field

from mcp_ogc.errors import EndpointFault, NoSuchJob, NotOffered, OgcError, Unreachable
from mcp_ogc.jobs.entries import digest_of
from mcp_ogc.jobs.monitor import LONGEST_WAIT, Watcher
from mcp_ogc.jobs.submission import is_open, outputs_of, prepared_request, submit
from mcp_ogc.ogc.models import Execute, JobStatus, StatusInfo
from mcp_ogc.text import (
    Reply,
    call,
    literal,
    moment,
    respond,
    untrusted,
    word,
)
from mcp_ogc.tools.consent import Consent, agree, asked
from mcp_ogc.tools.input_notes import input_notes, with_notes
from mcp_ogc.tools.job_answers import Job, gone, job_answer, known_job, told
from mcp_ogc.tools.spec import Call, workspace
from mcp_ogc.tools.trial import TrialRow, trial_lines, trial_of

if TYPE_CHECKING:
    from mcp_ogc.jobs.entries import Entry
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
    if entry and await work.journal.answer(chosen.name, job_id):
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
    info = (answer or info).model_copy(update={"status": JobStatus.DISMISSED, "job_id": job_id, "finished": now})
    await work.journal.record(chosen.name, info)
    lines = [f"Job {job_id} on {chosen.name} is dismissed."]
    if kept:
        lines.append(kept)
    lines.append(f"The others: {call('ogc_list_jobs', endpoint=chosen.name)}")
    return respond(lines, Dismissed(**bound, dismissed=True))


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


def _progress(ctx: Call) -> Watcher:
    """Tell the client of each change, and that the wait goes on: progress has to grow each time it is told (MCP)."""
    shown = -HEARTBEAT_STEP
    redact = ctx.request_context.lifespan_context.redact

    async def tell(info: StatusInfo) -> None:
        nonlocal shown
        shown = max(shown + HEARTBEAT_STEP, float(info.progress or 0))
        await ctx.report_progress(shown, 100, redact(untrusted(info.message, 120)) or str(info.status))

    return tell
