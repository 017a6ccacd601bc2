"""A job dismissed: previewed first, its result document kept, its answer looked for where it was lost."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import anyio
from mcp.server.elicitation import ElicitationResult
from mcp.server.mcpserver import Elicit, Resolve
from mcp_types import CallToolResult
from pydantic import Field

from mcp_ogc.errors import EndpointFault, JournalError, NoSuchJob, NotOffered, OgcError, Unreachable, UnreadableAnswer
from mcp_ogc.ogc.models import JobStatus, StatusInfo
from mcp_ogc.text import Answer, call, respond, word
from mcp_ogc.tools.consent import Consent, agree, ask, asked
from mcp_ogc.tools.job_answers import gone, submitted
from mcp_ogc.tools.spec import Call, workspace

if TYPE_CHECKING:
    from mcp_ogc.jobs.entries import Entry
    from mcp_ogc.workspace import Endpoint, Workspace

LOOK_SECONDS = 8


class Dismissed(Answer):
    """Answer of ogc_dismiss_job."""

    endpoint: str
    job_id: str
    dismissed: bool
    confirm: str | None = None


async def ask_dismissal(ctx: Call, job_id: str, endpoint: str | None, confirm: str | None) -> Consent | Elicit[Consent]:
    """Ask the person, where the client can."""
    if not asked(ctx, confirm):
        return Consent()
    work = await workspace(ctx)
    if await _ran_at_once(work, job_id, endpoint):
        return Consent()
    chosen, info = await _known_job(work, job_id, endpoint)
    # The question is the same each time it is put: an answer counts only for the words it was given to.
    what = f"job {job_id} of {word(info.process_id or '') or 'a process'} on {chosen.name}"
    question = f"Dismiss {what}? If it still runs it will be stopped, and its results are removed."
    return await ask(ctx, question, call("ogc_dismiss_job", job_id=job_id, endpoint=chosen.name))


async def dismiss_job(
    ctx: Call,
    job_id: str,
    consent: Annotated[ElicitationResult[Consent], Resolve(ask_dismissal)],
    endpoint: str | None = None,
    confirm: Annotated[str | None, Field(description="token of the preview")] = None,
) -> Annotated[CallToolResult, Dismissed]:
    """Cancel a job and remove it with its results. The first call previews and gives a token for confirm."""
    work = await workspace(ctx)
    if at_once := await _ran_at_once(work, job_id, endpoint):
        results = call("ogc_get_results", job_id=job_id, endpoint=at_once.endpoint)
        lines = [f"{job_id} ran at once on {at_once.endpoint}: there is no job of it there, and nothing to dismiss."]
        lines.append(f"Its results are kept here: {results}")
        return respond(lines, Dismissed(endpoint=at_once.endpoint, job_id=job_id, dismissed=False))
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
    if answer and answer.status is not JobStatus.DISMISSED:
        unwritten = await _write_down(work, chosen, answer.model_copy(update={"job_id": job_id}))
        lines = [f"{chosen.name} accepted the dismissal of job {job_id}, which is still there, {answer.status}."]
        lines += unwritten
        lines.append(f"Whether it is done: {_look(chosen, job_id)}")
        return respond(lines, Dismissed(**bound, dismissed=False))
    finished = info.finished if info.status.ended else now  # how long it took is not until it was dismissed
    info = (answer or info).model_copy(update={"status": JobStatus.DISMISSED, "job_id": job_id, "finished": finished})
    unwritten = await _write_down(work, chosen, info)
    lines = [f"Job {job_id} on {chosen.name} is dismissed.", *unwritten]
    if kept:
        lines.append(kept)
    lines.append(f"The others: {call('ogc_list_jobs', endpoint=chosen.name)}")
    return respond(lines, Dismissed(**bound, dismissed=True))


async def _write_down(work: Workspace, endpoint: Endpoint, info: StatusInfo) -> list[str]:
    """Write what became of the job; the dismissal is done, so a journal that can't be written is told beside."""
    try:
        await work.journal.record(endpoint.name, info)
    except JournalError as error:
        return [f"That could not be written down: {error}"]
    return []


async def _dismissed_all_the_same(endpoint: Endpoint, job_id: str, unanswered: OgcError) -> StatusInfo | None:
    """What became of a dismissal that was sent and not answered, where the endpoint tells; nothing is sent again.

    Raises:
        OgcError: What was raised: the job is still there, or nobody can tell.
    """
    unanswered.remedy = f"Whether job {job_id} was dismissed is not known: {_look(endpoint, job_id)} finds out"
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


def _look(endpoint: Endpoint, job_id: str) -> str:
    return call("ogc_get_job", job_id=job_id, endpoint=endpoint.name)


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


async def _ran_at_once(work: Workspace, job_id: str, endpoint: str | None) -> Entry | None:
    """What the journal has of an execution that was answered at once; None of a job."""
    _, entry = await work.job(job_id, endpoint)
    return entry if entry and entry.is_synchronous else None


async def _known_job(work: Workspace, job_id: str, endpoint: str | None) -> tuple[Endpoint, StatusInfo]:
    chosen, entry = await work.job(job_id, endpoint)
    try:
        return chosen, await chosen.monitor.wait(job_id, 0, submitted=submitted(entry))
    except NoSuchJob as error:
        raise gone(chosen, job_id, entry, error) from error


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
