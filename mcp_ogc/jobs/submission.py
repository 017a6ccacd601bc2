"""Submitting an execution once, whatever happens on the way."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

import anyio
import anyio.to_thread

from mcp_ogc.errors import JournalError, NoSuchJob, OgcError, SubmissionUnconfirmed, UnknownName
from mcp_ogc.jobs.entries import SYNCHRONOUS, Entry, Intent, KeptAnswer, SubmissionState, digest_of
from mcp_ogc.jobs.quotas import Allowance, TooManyOpen
from mcp_ogc.jobs.reconciliation import reconcile
from mcp_ogc.ogc.models import Execute, JobStatus, JsonObject, ProcessDescription, StatusInfo

if TYPE_CHECKING:
    from mcp_ogc.jobs.journal import Journal
    from mcp_ogc.ogc.inputs.preparation import PreparedInputs
    from mcp_ogc.workspace import Endpoint, Workspace

logger = logging.getLogger(__name__)

REPEAT_WITHIN = timedelta(minutes=10)
ANSWER_SECONDS = 35
"""How long a repeated request waits for the answer of the first; below the 45 s a tool may take."""

LOOK_SECONDS = 8
"""How long the job of a lost answer is looked for at once, and jobs that may have ended."""
LOOKED_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Submission:
    """What became of a request to execute."""

    entry: Entry
    description: ProcessDescription
    repeated: bool
    """Whether it is a job that was already there: the same request, made again while the first one is open."""
    prepared: PreparedInputs
    """What was sent for the inputs, and what that means."""


async def submit(
    work: Workspace, endpoint: Endpoint, process_id: str, request: Execute, *, new_run: bool = False
) -> Submission:
    """Check the inputs, write the intent, execute once, write what came of it.

    The same endpoint, process, version, inputs and outputs within ten minutes, while that job is open or nobody was
    told of it, is the same job unless `new_run`. It is sent by a task of the workspace's: cancelling the caller does
    not stop it, and the same call again finds what became of it.

    Raises:
        InvalidInputs, NotPermitted: With every problem, a rule or a quota; nothing was sent.
        SubmissionUnconfirmed: It was sent and no answer tells what became of it; the journal remembers it.
        RemoteProblem: The endpoint refused; there is no job.
    """
    description = await endpoint.describe(process_id)
    prepared = await prepared_request(endpoint, description, request)
    sending = _Sending(work, endpoint, description, request.model_copy(update={"inputs": prepared.inputs}))
    work.background.start_soon(sending.run, None if new_run else datetime.now(UTC) - REPEAT_WITHIN)
    await sending.done.wait()
    if sending.failure is not None:
        raise sending.failure
    assert sending.entry is not None
    entry = await _answered(endpoint, work.journal, sending.entry) if sending.repeated else sending.entry
    return Submission(entry, description, repeated=sending.repeated, prepared=prepared)


async def prepared_request(endpoint: Endpoint, description: ProcessDescription, request: Execute) -> PreparedInputs:
    """Check inputs and wanted outputs against the description; the inputs in the form the endpoint reads.

    Raises:
        InvalidInputs: With every problem.
        NotPermitted: They ask for what the operator's rules exclude.
        UnknownName: An output the process does not have.
    """
    from mcp_ogc.ogc.inputs.checking import check, nearest
    from mcp_ogc.ogc.inputs.preparation import prepare

    endpoint.client.rules.check_inputs(request.inputs)
    # In a thread: a stranger's schema may take a while, within its bound.
    checking = partial(check, description, request.inputs, reads_files=endpoint.is_local, endpoint=endpoint.name)
    await anyio.to_thread.run_sync(checking)
    for output_id in request.outputs or {}:
        if description.outputs and output_id not in description.outputs:
            raise UnknownName(
                "output", output_id, nearest(output_id, description.outputs) or tuple(description.outputs)
            )
    return prepare(description, request.inputs, await endpoint.client.dialect())


async def is_open(work: Workspace, endpoint: Endpoint, process_id: str, request: Execute) -> bool:
    """Whether the same request is under way, so that submitting it again would send nothing."""
    description = await endpoint.describe(process_id)
    sent = (await prepared_request(endpoint, description, request)).inputs
    digest = digest_of(sent, request.outputs)
    since = datetime.now(UTC) - REPEAT_WITHIN
    found = await work.journal.open_submission(endpoint.name, process_id, description.version, digest, since)
    return found is not None


class _Sending:
    """One submission under way: the journal says before and after what the endpoint was asked."""

    def __init__(self, work: Workspace, endpoint: Endpoint, description: ProcessDescription, request: Execute) -> None:
        self._journal = work.journal
        self._endpoints = work.endpoints
        self._allowance = Allowance(work.settings.quotas, frozenset(work.endpoints))
        self._endpoint = endpoint
        self._description = description
        self._request = request
        self.done = anyio.Event()
        self.entry: Entry | None = None
        self.repeated = False
        self.failure: Exception | None = None

    async def run(self, same_since: datetime | None) -> None:
        """Intend and send, once; a failure is kept for whoever waits."""
        try:
            try:
                intent = await self._intend(same_since)
            except TooManyOpen as error:
                await self._look_at(error.open_jobs)
                intent = await self._intend(same_since)
            if intent.repeats is not None and await self._has_ended(self._endpoint, intent.repeats):
                intent = await self._intend(same_since)
            self.entry, self.repeated = intent.repeats, intent.repeats is not None
            if self.entry is None:
                self.entry = await self._sent(intent.submission)
        except Exception as error:  # a mistake of ours is the affair of the call that asked, not of all that goes on
            self.failure = error
        finally:
            self.done.set()

    async def _intend(self, same_since: datetime | None) -> Intent:
        return await self._journal.intend(
            self._endpoint.name,
            self._description.id,
            self._description.version,
            self._request.inputs,
            digest_of(self._request.inputs, self._request.outputs),
            same_since=same_since,
            allowance=self._allowance,
        )

    async def _look_at(self, entries: Sequence[Entry]) -> None:
        """Ask for jobs that are open as far as is known here: some may have ended with nobody looking."""
        asking = anyio.CapacityLimiter(LOOKED_AT_ONCE)

        async def look(entry: Entry) -> None:
            async with asking:
                await self._has_ended(self._endpoints[entry.endpoint], entry)

        with anyio.move_on_after(LOOK_SECONDS):
            async with anyio.create_task_group() as tasks:
                for entry in entries:
                    tasks.start_soon(look, entry)

    async def _has_ended(self, endpoint: Endpoint, entry: Entry) -> bool:
        """Whether a job that is open as far as is known here has ended since; one that can't be asked for has not."""
        if entry.job_id is None:
            return False
        try:
            info = await endpoint.monitor.wait(entry.job_id, 0, submitted=entry.intended)
        except NoSuchJob:
            gone = StatusInfo(job_id=entry.job_id, process_id=entry.process_id, status=JobStatus.DISMISSED)
            await self._journal.record(endpoint.name, gone)
            return True
        except OgcError:
            return False
        return info.status.ended

    async def _sent(self, number: int) -> Entry:
        """Send, and whatever happens leave no submission that is under way for good."""
        try:
            return await self._send(number)
        except OgcError:
            raise
        except Exception as error:
            logger.exception("Submission %d of %s failed", number, self._description.id)
            unconfirmed = SubmissionUnconfirmed(
                f"{self._description.id} may have been executed: this server failed meanwhile ({type(error).__name__})",
                remedy="Its log says more. Look for the job with ogc_list_jobs before you execute it again",
            )
            await self._close(number, SubmissionState.UNCONFIRMED, unconfirmed)
            raise unconfirmed from error

    async def _send(self, number: int) -> Entry:
        try:
            answer = await self._endpoint.client.execute(
                self._description.id, self._request, description=self._description
            )
        except SubmissionUnconfirmed as error:
            await self._close(number, SubmissionState.UNCONFIRMED, error)
            if found := await _found(self._endpoint, self._journal, number):
                return found
            raise
        except OgcError as error:
            await self._close(number, SubmissionState.REFUSED, error)
            raise
        if isinstance(answer, StatusInfo):
            return await self._confirmed(number, answer)
        kept = KeptAnswer(answer.media_type, answer.body, answer.links, answer.url)
        try:
            return await self._journal.keep_answer(number, f"{SYNCHRONOUS}{uuid4()}", kept)
        except JournalError as error:
            raise JournalError(
                f"{self._description.id} was executed and answered at once, and the answer could not be kept: "
                f"{error.message}",
                remedy=f"{error.remedy} with new_run=true, which executes it again",
            ) from error

    async def _confirmed(self, number: int, info: StatusInfo) -> Entry:
        try:
            return await self._journal.confirm(number, info, self._endpoint.client.job_place(info.job_id))
        except JournalError as error:
            following = f'ogc_get_job(job_id="{info.job_id}", endpoint="{self._endpoint.name}", wait_seconds=30)'
            raise JournalError(
                f"It was sent once and became job {info.job_id}, which could not be written down: {error.message}",
                remedy=f"Do not execute it again: {following} follows it",
            ) from error

    async def _close(self, number: int, state: SubmissionState, error: OgcError) -> None:
        """Write why there is no job, as far as is known; where that can't be, it is told all the same."""
        try:
            await self._journal.close_submission(number, state, error.message)
        except JournalError as unwritten:
            logger.warning("That submission %d is %s could not be written: %s", number, state, unwritten)


async def _answered(endpoint: Endpoint, journal: Journal, entry: Entry) -> Entry:
    """An open submission once its answer is there: it may be under way right now, in this server or another."""
    with anyio.move_on_after(ANSWER_SECONDS):
        while entry.state is SubmissionState.INTENDED:
            await anyio.sleep(0.2)
            entry = await journal.entry(entry.submission)
    if entry.job_id:
        return entry
    if found := await _found(endpoint, journal, entry.submission) or await _other(journal, entry):
        return found
    raise SubmissionUnconfirmed(
        f"The same request was sent at {entry.intended:%H:%M:%S} UTC: "
        f"{entry.reason or 'it has no answer, so the job may exist'}",
        remedy="Look for it with ogc_list_jobs; call again with new_run=true to send another",
    )


async def _found(endpoint: Endpoint, journal: Journal, submission: int) -> Entry | None:
    """A submission without an answer, once its job is found in the endpoint's list."""
    try:
        with anyio.fail_after(LOOK_SECONDS):
            await reconcile(endpoint.name, endpoint.client, journal)
    except (OgcError, TimeoutError):
        return None  # it stays unconfirmed, and is looked for again whenever jobs are listed
    entry = await journal.entry(submission)
    return entry if entry.job_id else None


async def _other(journal: Journal, entry: Entry) -> Entry | None:
    """Another submission of the same request, whose job is known: the one that was found may be taken for either's."""
    assert entry.process_id is not None
    assert entry.process_version is not None
    assert entry.digest is not None
    since = datetime.now(UTC) - REPEAT_WITHIN
    other = await journal.open_submission(entry.endpoint, entry.process_id, entry.process_version, entry.digest, since)
    return other if other and other.job_id else None


def outputs_of(names: list[str] | None) -> dict[str, JsonObject] | None:
    """The `outputs` member that asks for `names`; None, which asks for all, where none are named (quirk Q46)."""
    return {name: {} for name in names} if names else None
