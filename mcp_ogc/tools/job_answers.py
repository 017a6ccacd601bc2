"""How a job reads in an answer: its status, its phase, and why it failed."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import anyio
import anyio.to_thread
from mcp_types import CallToolResult
from pydantic import WithJsonSchema

from mcp_ogc import uris
from mcp_ogc.errors import NoSuchJob, OgcError, quoted
from mcp_ogc.ogc.models import JobStatus, StatusInfo
from mcp_ogc.text import (
    Answer,
    Reply,
    Untrusted,
    call,
    clean,
    elapsed,
    literal,
    moment,
    plural,
    remote,
    respond,
    untrusted,
    word,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import JsonValue

    from mcp_ogc.jobs.diagnosis import Diagnosis, Evidence
    from mcp_ogc.jobs.entries import Entry
    from mcp_ogc.jobs.logs import Log
    from mcp_ogc.jobs.remedies import NextStep
    from mcp_ogc.ogc.dialects.dialect import Dialect
    from mcp_ogc.ogc.models import JsonObject
    from mcp_ogc.ogc.results.stac import Output
    from mcp_ogc.workspace import Endpoint

MESSAGE_CHARACTERS = 200
EVIDENCE_CHARACTERS = 240
INPUTS_CHARACTERS = 400
READ_LOGS = 8
READ_SECONDS = 15
ASK_SECONDS = 5


class Why(Reply):
    """Why a job failed. `evidence` is lines of its message and logs, each with where it stands."""

    cause: str
    reason: str
    exit_code: int | None = None
    input_ids: tuple[str, ...] = ()
    untrusted: dict[str, str | list[str]]
    next: str


# Short in the definitions of the three tools that answer with it, which every conversation pays for.
Reason = Annotated[
    Why,
    WithJsonSchema({"type": "object", "description": "cause, reason, exit_code, input_ids, evidence, next"}),
]


class Job(Answer):
    """Answer of ogc_execute_process and ogc_get_job; a row of ogc_list_jobs."""

    endpoint: str
    job_id: str | None = None
    process_id: str | None = None
    status: str
    reported_status: str | None = None
    progress: int | None = None
    phase: str | None = None
    created: str | None = None
    finished: str | None = None
    gone: str | None = None
    last_seen: str | None = None
    seconds: float | None = None
    repeated: bool | None = None
    dry_run: bool | None = None
    why: Reason | None = None
    untrusted: Untrusted | None = None


def known_job(entry: Entry) -> StatusInfo:
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


def submitted(entry: Entry | None) -> datetime | None:
    """When a job was submitted from here that is not known to have ended: it may be too new to be there (Q10)."""
    return entry.intended if entry and not (entry.status and entry.status.ended) else None


async def told(
    endpoint: Endpoint, info: StatusInfo, entry: Entry | None = None, repeated: bool | None = None
) -> CallToolResult:
    """A job's answer; of one that failed, with the reason: its logs are read for it."""
    if entry:  # what the server leaves out, or does not know yet, the journal does
        known = {"process_id": info.process_id or entry.process_id, "created": info.created or entry.intended}
        info = info.model_copy(update=known)
    if info.status is not JobStatus.FAILED:
        return job_answer(endpoint, info, repeated)
    from mcp_ogc.jobs.diagnosis import diagnose
    from mcp_ogc.jobs.symptoms import Cause

    inputs = entry.inputs if entry and entry.digest else None
    logs = await _logs(endpoint, info)
    found = await anyio.to_thread.run_sync(lambda: diagnose(info, logs, inputs=inputs))
    if found.cause is Cause.UNKNOWN and (problem := await _problem(endpoint, info)):
        found = await anyio.to_thread.run_sync(lambda: diagnose(info, logs, problem=problem, inputs=inputs))
    next_call = await _next_step(endpoint, info, found.next, inputs)
    more = [f"Cause: {found.cause}{_ending(found)}: {found.reason}.", *(_line(one) for one in found.evidence)]
    more += [f"{plural(len(logs), 'log')}: resource {_logs_uri(endpoint, info)}"] if logs else []
    return job_answer(endpoint, info, repeated, why=_why(found, next_call), more=[*more, f"Next: {next_call}"])


async def why_empty(
    endpoint: Endpoint, job_id: str, outputs: Sequence[Output], entry: Entry | None
) -> tuple[Why, list[str]] | None:
    """What it means that a successful job made nothing, and the lines that say so; None where it made something."""
    from mcp_ogc.jobs.diagnosis import diagnose_empty

    inputs = entry.inputs if entry and entry.digest else None
    if diagnose_empty(outputs) is None:
        return None
    info = known_job(entry) if entry else None
    logs: tuple[Log, ...] = ()
    with suppress(OgcError):
        info = await endpoint.client.job(job_id)
        logs = await _logs(endpoint, info)
    found = await anyio.to_thread.run_sync(lambda: diagnose_empty(outputs, logs, inputs=inputs))
    assert found is not None
    info = info or StatusInfo(job_id=job_id, status=JobStatus.SUCCESSFUL)
    next_call = await _next_step(endpoint, info, found.next, inputs)
    lines = [f"The job was successful and made nothing: {found.reason}.", *(_line(one) for one in found.evidence)]
    lines += [f"{plural(len(logs), 'log')}: resource {_logs_uri(endpoint, info)}"] if logs else []
    return _why(found, next_call), [*lines, f"Next: {next_call}"]


def job_answer(
    endpoint: Endpoint,
    info: StatusInfo,
    repeated: bool | None = None,
    *,
    why: Why | None = None,
    more: list[str] | None = None,
) -> CallToolResult:
    """A job's answer, from what is known of it; `more` is what follows the message."""
    job = _job(endpoint.name, info, endpoint.client.known_dialect, repeated, why)
    said = f" (its word: {untrusted(info.reported_status, 40)})" if info.reported_status else ""
    process = word(info.process_id or "") or "a process"
    lines = [f"Job {word(info.job_id)} of {process} on {endpoint.name}: {info.status}{said}{_far(job)}."]
    if repeated:
        known = "has ended, and its results were not asked for yet" if info.status.ended else "is still open"
        lines.append(f"It was already there: the same request {known}. new_run=true starts another.")
    if info.message and not (why and _shows(why, info.message)):
        lines.append(untrusted(_short(info, why), MESSAGE_CHARACTERS))
    lines += more or [_next(endpoint, info)]
    return respond(lines, job)


def gone(endpoint: Endpoint, job_id: str, entry: Entry | None, error: NoSuchJob) -> NoSuchJob:
    """The error of a job that its endpoint does not have, with what was known of it."""
    if entry is None:
        listed = call("ogc_list_jobs", endpoint=endpoint.name)
        return NoSuchJob(
            f"{endpoint.name} has no job {quoted(job_id)}",
            status=error.status,
            type=error.type,
            remedy=f"{listed} shows those there are; give endpoint if it is another's",
        )
    last = f"{entry.status} at {moment(entry.updated)}" if entry.status else str(entry.state)
    described = call("ogc_describe_process", process_id=entry.process_id, endpoint=endpoint.name)
    again = f"to execute it again: {described}" if entry.process_id else "ogc_list_jobs shows the jobs there are"
    return NoSuchJob(
        f"{endpoint.name} no longer has job {quoted(job_id)}; last known here: {last}",
        status=error.status,
        type=error.type,
        remedy=f"It was dismissed, or the endpoint removed it; {again}",
    )


def row(entry: Entry, dialect: Dialect, last_seen: datetime | None = None) -> Job:
    """A job of the journal, as a row of a list; when it was last told of, if that is all that is known now."""
    job = _job(entry.endpoint, known_job(entry), dialect)
    status = str(entry.status) if entry.status else f"{entry.state} submission"
    told = {"job_id": entry.job_id, "status": status, "gone": moment(entry.gone), "last_seen": moment(last_seen)}
    if entry.gone or last_seen:  # how long it ran on is not known
        told["seconds"] = None
    return job.model_copy(update={**told, "untrusted": remote(message=entry.message)})


def row_line(job: Job) -> str:
    """A row, as a line of text."""
    far = _far(job) if job.status == JobStatus.RUNNING else ""
    where = f"{word(job.process_id or '') or 'unknown process'} on {job.endpoint}"
    gone = f"; its endpoint no longer has it, seen {job.gone}" if job.gone else ""
    seen = f"; last seen {job.last_seen}, how it is now is not known" if job.last_seen else ""
    name = word(job.job_id or "") or "no job id"
    return f"- {name}: {job.status}{far}, {where}, created {job.created or 'unknown'}{gone}{seen}"


def _far(job: Job) -> str:
    """How far it is: a share of the work, or the phase it is in; and how long it takes or took."""
    took = elapsed(job.seconds) if job.seconds is not None else ""
    if job.status in (JobStatus.SUCCESSFUL, JobStatus.FAILED, JobStatus.DISMISSED):
        return f" after {took}" if took else ""
    parts = [job.phase or (f"{job.progress} %" if job.progress is not None else ""), f"for {took}" if took else ""]
    return "".join(f", {part}" for part in parts if part)


def _job(
    endpoint: str, info: StatusInfo, dialect: Dialect, repeated: bool | None = None, why: Why | None = None
) -> Job:
    begun = info.started or info.created
    end = info.finished or (info.updated if info.status.ended else datetime.now(UTC))
    phase = _phase(info, dialect)
    return Job(
        endpoint=endpoint,
        job_id=info.job_id,
        process_id=info.process_id,
        status=info.status,
        reported_status=info.reported_status,
        progress=None if dialect.phases else info.progress,
        phase=phase,
        created=moment(info.created),
        finished=moment(info.finished),
        seconds=max(0.0, round((end - begun).total_seconds(), 1)) if begun and end else None,
        repeated=repeated or None,
        why=why,
        untrusted=None if why and _shows(why, info.message or "") else remote(message=_short(info, why)),
    )


def _short(info: StatusInfo, why: Why | None) -> str:
    """The message; where the reason is told beside it, its last line: ZOO-Project's is a traceback of its own."""
    lines = (info.message or "").strip().splitlines()
    return lines[-1] if why and lines else info.message or ""


def _phase(info: StatusInfo, dialect: Dialect) -> str | None:
    """What the number stands for where it is no share of the work: ZOO-Project's sticks at 23 for hours (Q43)."""
    if info.progress is None or info.status.ended:
        return None
    begun = [number for number in dialect.phases if number <= (info.progress or 0)]
    return dialect.phases[max(begun)] if begun else None


def _next(endpoint: Endpoint, info: StatusInfo) -> str:
    job = {"job_id": info.job_id, "endpoint": endpoint.name}
    match info.status:
        case JobStatus.SUCCESSFUL:
            return f"Next: {call('ogc_get_results', **job)}"
        case JobStatus.DISMISSED:
            if not info.process_id:
                return f"Next: {call('ogc_list_jobs', endpoint=endpoint.name)}"
            again = call("ogc_describe_process", process_id=info.process_id, endpoint=endpoint.name)
            return f"Next, if it is still wanted: {again}"
        case JobStatus.FAILED:
            return f"Next: {call('ogc_get_job', **job)} says why."
        case _:
            return f"Next: {call('ogc_get_job', **job, wait_seconds=30)}"


# --- why it failed


async def _logs(endpoint: Endpoint, info: StatusInfo) -> tuple[Log, ...]:
    from mcp_ogc.jobs.logs import read_logs

    with suppress(OgcError):
        return await read_logs(endpoint, info, newest=READ_LOGS, seconds=_time_for(READ_SECONDS))
    return ()


async def _problem(endpoint: Endpoint, info: StatusInfo) -> str:
    from mcp_ogc.jobs.logs import read_problem_of_results

    with anyio.move_on_after(_time_for(ASK_SECONDS)):
        return await read_problem_of_results(endpoint, info)
    return ""


def _time_for(seconds: float) -> float:
    """At most half of the time the call still has: that the job failed is told whatever else can be read."""
    return min(seconds, max(0.0, anyio.current_effective_deadline() - anyio.current_time()) / 2)


def _ending(found: Diagnosis) -> str:
    step = f" in step {untrusted(found.step, 60)}" if found.step else ""
    return f"{step}, exit code {found.exit_code}" if found.exit_code is not None else step


def _line(one: Evidence) -> str:
    where = f"log {untrusted(one.where, 60)}" if one.is_log else one.where
    return f"- {where}: {untrusted(one.text, EVIDENCE_CHARACTERS)}"


def _why(found: Diagnosis, next_call: str) -> Why:
    evidence = [f"{clean(one.where, 60)}: {clean(one.text, EVIDENCE_CHARACTERS)}" for one in found.evidence]
    step = {"step": clean(found.step, 60)} if found.step else {}
    return Why(
        cause=found.cause,
        reason=found.reason,
        exit_code=found.exit_code,
        input_ids=found.input_ids,
        untrusted={**step, "evidence": list(evidence)},
        next=next_call,
    )


def _shows(why: Why, message: str) -> bool:
    """Whether the evidence says what the message says: the one is a line of the other."""
    plain = clean(message, len(message))
    lines = [line.split(": ", 1)[-1] for line in why.untrusted["evidence"]]
    return any(line in plain for line in lines)


async def _next_step(endpoint: Endpoint, info: StatusInfo, step: NextStep, inputs: JsonObject | None) -> str:
    """The advice, and the call that goes with it, its arguments ready."""
    tool = step.tool
    if tool == "ogc_get_package" and not await _has_packages(endpoint):
        return f"{step.advice}: for the people who run {endpoint.name}"
    arguments: dict[str, JsonValue] = {"process_id": info.process_id, "endpoint": endpoint.name}
    if tool == "ogc_list_endpoints":
        arguments = {}
    elif tool and not info.process_id:
        tool = None
    elif tool == "ogc_execute_process":
        if not inputs or len(literal(inputs, INPUTS_CHARACTERS + 1)) > INPUTS_CHARACTERS:
            tool = "ogc_describe_process"
        else:
            arguments = {**arguments, "inputs": inputs, "new_run": True}
    return f"{step.advice}: {call(tool, **arguments)}" if tool else f"{step.advice}."


async def _has_packages(endpoint: Endpoint) -> bool:
    from mcp_ogc.ogc.capabilities import Capability

    with anyio.move_on_after(_time_for(ASK_SECONDS)), suppress(OgcError):
        return (await endpoint.capabilities()).has(Capability.PACKAGE)
    return False


def _logs_uri(endpoint: Endpoint, info: StatusInfo) -> str:
    return uris.expand(uris.LOGS, endpoint=endpoint.name, job_id=info.job_id)
