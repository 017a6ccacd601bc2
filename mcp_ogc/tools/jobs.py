"""Jobs: submitted, followed, listed, dismissed."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import anyio
from mcp.server.elicitation import ElicitationResult
from mcp.server.mcpserver import Elicit, Resolve
from mcp_types import CallToolResult
from pydantic import Field

from mcp_ogc.errors import EndpointFault, NoSuchJob, NotOffered, OgcError, Unreachable
from mcp_ogc.jobs.logs import log_links, read_logs
from mcp_ogc.jobs.monitor import LONGEST_WAIT, Watcher
from mcp_ogc.jobs.reconciliation import reconcile
from mcp_ogc.jobs.submission import outputs_of, prepared_request, submit
from mcp_ogc.ogc.models import Execute, JobStatus, StatusInfo
from mcp_ogc.text import (
    Reply,
    Untrusted,
    call,
    elapsed,
    literal,
    moment,
    plural,
    remote,
    respond,
    untrusted,
    untrusted_tail,
)
from mcp_ogc.tools.consent import Consent, agree, asked
from mcp_ogc.tools.input_notes import input_notes, with_notes
from mcp_ogc.tools.paging import Limit, decode, encode
from mcp_ogc.tools.spec import Call, workspace

if TYPE_CHECKING:
    from mcp_ogc.jobs.entries import Entry
    from mcp_ogc.workspace import Endpoint, Workspace

WaitSeconds = Annotated[int, Field(ge=0, le=LONGEST_WAIT)]
LOG_TAIL = 1200
LIST_SECONDS = 25
SINGLE_LOOKS = 20
HEARTBEAT_STEP = 0.01


class Job(Reply):
    """Answer of ogc_get_job; a row of ogc_list_jobs."""

    endpoint: str
    job_id: str | None = None
    process_id: str | None = None
    status: str
    reported_status: str | None = None
    progress: int | None = None
    created: str | None = None
    finished: str | None = None
    seconds: float | None = None
    repeated: bool | None = None
    dry_run: bool | None = None
    untrusted: Untrusted | None = None


class Execution(Job):
    """Answer of ogc_execute_process: the job, and what is to be known of its inputs."""

    notes: tuple[str, ...] | None = None


class Jobs(Reply):
    """Answer of ogc_list_jobs."""

    jobs: tuple[Job, ...]
    not_asked: tuple[str, ...] = ()
    next_cursor: str | None = None


class Dismissed(Reply):
    """Answer of ogc_dismiss_job."""

    endpoint: str
    job_id: str
    dismissed: bool
    confirm: str | None = None


async def execute_process(
    ctx: Call,
    process_id: str,
    inputs: dict[str, Any],
    outputs: Annotated[list[str] | None, Field(description="output ids; all if left out")] = None,
    endpoint: str | None = None,
    dry_run: Annotated[bool, Field(description="only check the inputs")] = False,
    wait_seconds: WaitSeconds = 5,
    new_run: Annotated[bool, Field(description="run again although the same job is open")] = False,
) -> Annotated[CallToolResult, Execution]:
    """Check the inputs and start a job; answers after wait_seconds at most. A repeated call returns the same job."""
    work = await workspace(ctx)
    chosen = work.endpoint(endpoint)
    request = Execute(inputs=inputs, outputs=outputs_of(outputs))
    if dry_run:
        prepared = await prepared_request(chosen, await chosen.describe(process_id), request)
        reply = Job(endpoint=chosen.name, job_id=None, process_id=process_id, status="not submitted", dry_run=True)
        again = call("ogc_execute_process", process_id=process_id, inputs=inputs, endpoint=chosen.name)
        lines = [f"The inputs fit {process_id} on {chosen.name}. Nothing was sent.", f"Next: {again}"]
        return with_notes(respond(lines, reply), input_notes(prepared))
    submission = await submit(work, chosen, process_id, request, new_run=new_run)
    entry = submission.entry
    job_id = entry.job_id or ""
    if entry.status and entry.status.ended:
        return with_notes(_job_answer(chosen, entry_info(entry), submission.repeated), submission.prepared.warnings)
    info = await chosen.monitor.wait(job_id, wait_seconds, submitted=entry.intended, on_status=_progress(ctx))
    return with_notes(await _told(chosen, info, submission.repeated), submission.prepared.warnings)


async def get_job(
    ctx: Call, job_id: str, endpoint: str | None = None, wait_seconds: WaitSeconds = 0
) -> Annotated[CallToolResult, Job]:
    """Status and progress of a job; waits up to wait_seconds for its end. A failed job's answer says why."""
    work = await workspace(ctx)
    chosen, entry = await work.job(job_id, endpoint)
    if entry and await work.journal.answer(chosen.name, job_id):
        return _job_answer(chosen, entry_info(entry))
    try:
        submitted = entry.intended if entry and not (entry.status and entry.status.ended) else None
        info = await chosen.monitor.wait(job_id, wait_seconds, submitted=submitted, on_status=_progress(ctx))
    except NoSuchJob as error:
        raise _gone(chosen, job_id, entry, error) from error
    except (Unreachable, EndpointFault) as error:
        if entry and entry.status:
            error.remedy = f"Last known here: {entry.status} at {moment(entry.updated)}. {error.remedy}"
        raise
    return await _told(chosen, info)


async def list_jobs(
    ctx: Call,
    endpoint: str | None = None,
    process_id: str | None = None,
    status: JobStatus | None = None,
    limit: Limit = 20,
    cursor: str | None = None,
) -> Annotated[CallToolResult, Jobs]:
    """Jobs of all endpoints or one, newest first: those submitted from here and those the endpoint lists."""
    work = await workspace(ctx)
    scope = f"jobs {endpoint or ''} {process_id or ''} {status or ''}"
    before = decode(cursor, scope).get("before")
    not_asked: list[str] = []
    if before is None:
        asked_for = [work.endpoint(endpoint)] if endpoint else list(work.endpoints.values())
        async with anyio.create_task_group() as tasks:
            for one in asked_for:
                tasks.start_soon(_merge, work, one, limit, not_asked)
    entries = await work.journal.newest(
        limit + 1,
        before=before if isinstance(before, int) else None,
        endpoint=endpoint,
        process_id=process_id,
        status=status,
    )
    shown = entries[:limit]
    next_cursor = encode(scope, before=shown[-1].submission) if len(entries) > limit else None
    rows = tuple(_row(entry) for entry in shown)
    lines = [f"{plural(len(rows), 'job')}{', more follow' if next_cursor else ''}:"]
    lines += [_row_line(row) for row in rows]
    lines += [f"Not asked: {problem}" for problem in not_asked]
    if next_cursor:
        lines.append(f"Next page: cursor={literal(next_cursor, 2000)}")
    if rows:
        lines.append(f"Next: {call('ogc_get_job', job_id=rows[0].job_id, endpoint=rows[0].endpoint)}")
    return respond(lines, Jobs(jobs=rows, not_asked=tuple(not_asked), next_cursor=next_cursor))


async def ask_dismissal(ctx: Call, job_id: str, endpoint: str | None, confirm: str | None) -> Consent | Elicit[Consent]:
    """Ask the person, where the client can."""
    if not asked(ctx, confirm):
        return Consent()
    chosen, info = await _known_job(await workspace(ctx), job_id, endpoint)
    # The question is the same each time it is put: an answer counts only for the words it was given to.
    what = f"job {job_id} of {info.process_id or 'a process'} on {chosen.name}"
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
        lines = [_dismissal(chosen, info), "Nothing was dismissed yet. Ask the person; then:"]
        lines.append(call("ogc_dismiss_job", **bound, confirm=token))
        return respond(lines, Dismissed(**bound, dismissed=False, confirm=token))
    saved = info.status is JobStatus.SUCCESSFUL and await work.save_results(chosen, job_id)
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
    if saved:
        lines.append("Its result document is kept here: ogc_get_results still shows it, its files may be gone.")
    return respond(lines, Dismissed(**bound, dismissed=True))


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
        return chosen, await chosen.client.job(job_id)
    except NoSuchJob as error:
        raise _gone(chosen, job_id, entry, error) from error


def _dismissal(endpoint: Endpoint, info: StatusInfo) -> str:
    what = "it will be stopped" if not info.status.ended else "its results will be removed"
    return f"Job {info.job_id} of {info.process_id or 'a process'} on {endpoint.name}, {info.status}: {what}."


def _gone(endpoint: Endpoint, job_id: str, entry: Entry | None, error: NoSuchJob) -> OgcError:
    if entry is None:
        return NoSuchJob(
            f"{endpoint.name} has no job {job_id!r}",
            status=error.status,
            type=error.type,
            remedy="ogc_list_jobs shows the jobs there are; give endpoint if it is another's",
        )
    last = f"{entry.status} at {moment(entry.updated)}" if entry.status else str(entry.state)
    return NoSuchJob(
        f"{endpoint.name} no longer has job {job_id!r}; last known here: {last}",
        status=error.status,
        type=error.type,
        remedy="It was dismissed, or the endpoint removed it; execute the process again",
    )


async def _merge(work: Workspace, endpoint: Endpoint, limit: int, not_asked: list[str]) -> None:
    """Write what the endpoint lists into the journal, or into `not_asked` why it could not be asked."""
    try:
        with anyio.fail_after(LIST_SECONDS):
            await reconcile(endpoint.name, endpoint.client, work.journal)
            listed = await endpoint.client.jobs(limit=limit)
            await work.journal.record_all(endpoint.name, tuple(reversed(listed.jobs)))
            for job_id in listed.ids_only[:SINGLE_LOOKS]:  # newest first; each has to be asked for (Q13)
                with suppress(NoSuchJob):
                    await work.journal.record(endpoint.name, await endpoint.client.job(job_id))
    except NotOffered:
        not_asked.append(f"{endpoint.name}: it has no list of jobs; those submitted from here are shown")
    except OgcError as error:
        not_asked.append(f"{endpoint.name}: {error.message}")
    except TimeoutError:
        not_asked.append(f"{endpoint.name}: it did not answer within {LIST_SECONDS} s")


def _progress(ctx: Call) -> Watcher:
    """Tell the client of each change, and that the wait goes on: progress has to grow each time it is told (MCP)."""
    told = -HEARTBEAT_STEP

    async def tell(info: StatusInfo) -> None:
        nonlocal told
        told = max(told + HEARTBEAT_STEP, float(info.progress or 0))
        await ctx.report_progress(told, 100, untrusted(info.message, 120) or str(info.status))

    return tell


def entry_info(entry: Entry) -> StatusInfo:
    """What the journal knows of a job, as a status document."""
    return StatusInfo(
        job_id=entry.job_id or "",
        process_id=entry.process_id,
        status=entry.status or JobStatus.ACCEPTED,
        message=entry.message,
        progress=entry.progress,
        created=entry.intended,
        started=entry.started,
        finished=entry.finished,
        updated=entry.updated,
    )


async def _told(endpoint: Endpoint, info: StatusInfo, repeated: bool | None = None) -> CallToolResult:
    if info.status is not JobStatus.FAILED:
        return _job_answer(endpoint, info, repeated)
    logs = await read_logs(endpoint, info, newest=1)
    told = info.message or ""
    lines = [
        f"{log.title}: {untrusted_tail(log.text, LOG_TAIL) or log.problem or 'empty'}"
        for log in logs
        if log.text.strip()[-LOG_TAIL:] not in told  # the message may hold it already
    ]
    texts = {f"log {log.title}": log.text[-LOG_TAIL:] for log in logs if log.text}
    return _job_answer(endpoint, info, repeated, more=lines, texts=texts)


def _job_answer(
    endpoint: Endpoint,
    info: StatusInfo,
    repeated: bool | None = None,
    *,
    more: list[str] | None = None,
    texts: dict[str, str] | None = None,
) -> CallToolResult:
    job = _job(endpoint.name, info, repeated, texts or {})
    took = f" after {elapsed(job.seconds)}" if job.seconds is not None else ""
    word = f" (its word: {untrusted(info.reported_status, 40)})" if info.reported_status else ""
    percent = f", {info.progress} %" if info.progress is not None and not info.status.ended else ""
    lines = [
        f"Job {info.job_id} of {info.process_id or 'a process'} on {endpoint.name}: {info.status}{word}{percent}{took}."
    ]
    if repeated:
        lines.append("It was already there: the same request is still open. new_run=true starts another.")
    if info.message:
        lines.append(untrusted(info.message, 1500 if info.status is JobStatus.FAILED else 200))
    lines += more or []
    lines.append(_next(endpoint, info))
    return respond(lines, job)


def _next(endpoint: Endpoint, info: StatusInfo) -> str:
    job = {"job_id": info.job_id, "endpoint": endpoint.name}
    match info.status:
        case JobStatus.SUCCESSFUL:
            return f"Next: {call('ogc_get_results', **job)}"
        case JobStatus.FAILED:
            count = len(log_links(info))
            logs = (
                f" All {plural(count, 'log')}: resource ogc://{endpoint.name}/jobs/{info.job_id}/logs."
                if count > 1
                else ""
            )
            return f"Next: mend the inputs or the package, then execute again.{logs}"
        case JobStatus.DISMISSED:
            return "Next: execute the process again, if it is still wanted."
        case _:
            return f"Next: {call('ogc_get_job', **job, wait_seconds=30)}"


def _job(endpoint: str, info: StatusInfo, repeated: bool | None = None, texts: dict[str, str] | None = None) -> Job:
    begun = info.started or info.created
    end = info.finished or (info.updated if info.status.ended else datetime.now(UTC))
    return Job(
        endpoint=endpoint,
        job_id=info.job_id,
        process_id=info.process_id,
        status=info.status,
        reported_status=info.reported_status,
        progress=info.progress,
        created=moment(info.created),
        finished=moment(info.finished),
        seconds=max(0.0, round((end - begun).total_seconds(), 1)) if begun and end else None,
        repeated=repeated or None,
        untrusted=remote(message=info.message, **(texts or {})),
    )


def _row(entry: Entry) -> Job:
    job = _job(entry.endpoint, entry_info(entry))
    status = str(entry.status) if entry.status else f"{entry.state} submission"
    return job.model_copy(update={"job_id": entry.job_id, "status": status, "untrusted": remote(message=entry.message)})


def _row_line(row: Job) -> str:
    percent = f" {row.progress} %" if row.status == JobStatus.RUNNING and row.progress is not None else ""
    where = f"{row.process_id or 'unknown process'} on {row.endpoint}"
    return f"- {row.job_id or 'no job id'}: {row.status}{percent}, {where}, created {row.created or 'unknown'}"
