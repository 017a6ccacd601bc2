"""Jobs: submitted, followed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import anyio
import anyio.to_thread
from mcp.server.elicitation import ElicitationResult
from mcp.server.mcpserver import Elicit, Resolve
from mcp_types import CallToolResult
from pydantic import Field

from mcp_ogc.errors import EndpointFault, NoSuchJob, OgcError, Unreachable
from mcp_ogc.jobs.entries import digest_of
from mcp_ogc.jobs.monitor import LONGEST_WAIT, Watcher
from mcp_ogc.jobs.submission import Submission, is_open, outputs_of, prepared_request, submit
from mcp_ogc.ogc.models import Execute, StatusInfo
from mcp_ogc.text import (
    call,
    literal,
    moment,
    respond,
    untrusted,
)
from mcp_ogc.tools.consent import Consent, agree, ask, asked
from mcp_ogc.tools.input_notes import input_notes, with_notes
from mcp_ogc.tools.job_answers import Job, gone, job_answer, known_job, submitted, told
from mcp_ogc.tools.spec import Call, workspace
from mcp_ogc.tools.trial import TrialRow, trial_lines, trial_of

if TYPE_CHECKING:
    from mcp_ogc.workspace import Endpoint, Workspace

WaitSeconds = Annotated[int, Field(ge=0, le=LONGEST_WAIT)]
HEARTBEAT_STEP = 0.01


class Execution(Job):
    """Answer of ogc_execute_process: the job, and what is to be known of its inputs."""

    notes: tuple[str, ...] | None = None
    trial: TrialRow | None = None
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
    if not area:
        return Consent(agreed=True)
    again = call(
        "ogc_execute_process",
        process_id=process_id,
        inputs=inputs,
        outputs=[*outputs] if outputs else None,
        endpoint=chosen.name,
        new_run=new_run or None,
    )
    return await ask(ctx, f"{area}. Execute it?", again)


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
    """Check the inputs and start a job; answers after wait_seconds at most. A repeated call returns the open job."""
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
    return await _submitted_job(ctx, chosen, submission, wait_seconds)


async def _submitted_job(ctx: Call, endpoint: Endpoint, submission: Submission, wait_seconds: int) -> CallToolResult:
    """The answer of a job that was submitted: whatever keeps it from being looked at, it is there.

    A refusal would have it executed again.
    """
    entry, notes = submission.entry, submission.prepared.warnings
    if entry.status and entry.status.ended:
        return with_notes(job_answer(endpoint, known_job(entry), submission.repeated), notes)
    try:
        info = await endpoint.monitor.wait(
            entry.job_id or "", wait_seconds, submitted=entry.intended, on_status=_progress(ctx)
        )
    except OgcError as error:
        unseen = f"its status is as it was last known: {error.message}"
        return with_notes(job_answer(endpoint, known_job(entry), submission.repeated), (*notes, unseen))
    return with_notes(await told(endpoint, info, entry, submission.repeated), notes)


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


def _progress(ctx: Call) -> Watcher:
    """Tell the client of each change, and that the wait goes on: progress has to grow each time it is told (MCP)."""
    shown = -HEARTBEAT_STEP
    redact = ctx.request_context.lifespan_context.redact

    async def tell(info: StatusInfo) -> None:
        nonlocal shown
        shown = max(shown + HEARTBEAT_STEP, float(info.progress or 0))
        await ctx.report_progress(shown, 100, redact(untrusted(info.message, 120)) or str(info.status))

    return tell
