"""Submitting an execution once, whatever happens on the way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import anyio

from mcp_ogc.errors import OgcError, SubmissionUnconfirmed, UnknownName
from mcp_ogc.jobs.journal import Entry, KeptAnswer, SubmissionState, digest_of
from mcp_ogc.ogc.models import Execute, JsonObject, ProcessDescription, StatusInfo

if TYPE_CHECKING:
    from mcp_ogc.jobs.journal import Journal
    from mcp_ogc.workspace import Endpoint

REPEAT_WITHIN = timedelta(minutes=10)
ANSWER_SECONDS = 35
"""How long a repeated request waits for the answer of the first; below the 45 s a tool may take."""


@dataclass(frozen=True, slots=True)
class Submission:
    """What became of a request to execute."""

    entry: Entry
    description: ProcessDescription
    repeated: bool
    """Whether it is a job that was already there: the same request, made again while the first one is open."""


async def submit(
    endpoint: Endpoint, journal: Journal, process_id: str, request: Execute, *, new_run: bool = False
) -> Submission:
    """Check the inputs, write the intent, execute once, write what came of it.

    The same endpoint, process, version, inputs and outputs within ten minutes, while that job is open, is the same
    job unless `new_run`. Once it is being sent, cancelling the caller no longer stops it.

    Raises:
        InvalidInputs: With every problem; nothing was sent.
        SubmissionUnconfirmed: It was sent and no answer came; the journal remembers it.
        RemoteProblem: The endpoint refused; there is no job.
    """
    description = await endpoint.describe(process_id)
    check_request(description, request)
    digest = digest_of(request.inputs, request.outputs)
    same_since = None if new_run else datetime.now(UTC) - REPEAT_WITHIN
    with anyio.CancelScope(shield=True):
        intent = await journal.intend(
            endpoint.name, process_id, description.version, request.inputs, digest, same_since=same_since
        )
        sent = None if intent.repeats else await _send(endpoint, journal, intent.submission, description, request)
    if sent is not None:
        return Submission(sent, description, repeated=False)
    return Submission(await _answered(journal, intent.submission), description, repeated=True)


def check_request(description: ProcessDescription, request: Execute) -> None:
    """Check inputs and wanted outputs against the description.

    Raises:
        InvalidInputs: With every problem.
        UnknownName: An output the process does not have.
    """
    from mcp_ogc.ogc.inputs import check, nearest

    check(description, request.inputs)
    for output_id in request.outputs or {}:
        if description.outputs and output_id not in description.outputs:
            raise UnknownName(
                "output", output_id, nearest(output_id, description.outputs) or tuple(description.outputs)
            )


async def _send(
    endpoint: Endpoint, journal: Journal, number: int, description: ProcessDescription, request: Execute
) -> Entry:
    try:
        answer = await endpoint.client.execute(description.id, request, description=description)
    except SubmissionUnconfirmed as error:
        await journal.close_submission(number, SubmissionState.UNCONFIRMED, error.message)
        raise
    except OgcError as error:
        await journal.close_submission(number, SubmissionState.REFUSED, error.message)
        raise
    if isinstance(answer, StatusInfo):
        return await journal.confirm(number, answer)
    kept = KeptAnswer(answer.media_type, answer.body, answer.links)
    return await journal.keep_answer(number, f"sync-{uuid4()}", kept)


async def _answered(journal: Journal, number: int) -> Entry:
    """An open submission once its answer is there: it may be under way right now, in this server or another."""
    entry = await journal.entry(number)
    with anyio.move_on_after(ANSWER_SECONDS):
        while entry.state is SubmissionState.INTENDED:
            await anyio.sleep(0.2)
            entry = await journal.entry(number)
    if entry.job_id:
        return entry
    raise SubmissionUnconfirmed(
        f"The same request was sent at {entry.intended:%H:%M:%S} UTC and has no answer, so a job may exist",
        remedy="Look for it with ogc_list_jobs; call again with new_run=true to send another",
    )


def outputs_of(names: list[str] | None) -> dict[str, JsonObject] | None:
    """The `outputs` member that asks for `names`; None, which asks for all, where none are named (quirk Q46)."""
    return {name: {} for name in names} if names else None
