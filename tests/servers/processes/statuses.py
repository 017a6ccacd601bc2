"""What an endpoint says of a job."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request

from tests.servers.processes.jobs import Job
from tests.servers.processes.personality import ExecutionBody, Keying, Logs
from tests.servers.processes.quirk import Quirk
from tests.servers.processes.voice import Voice


def status_of(voice: Voice, request: Request, job: Job, *, metadata: bool = False) -> dict[str, Any]:
    """The status document; `metadata` with its log, where that is where it is kept (Q30)."""
    status = job.status
    if status == "running" and voice.personality.status_stays_accepted:
        status = "accepted"
    progress, message = job.progress, job.message or f"Job {job.status}"
    if voice.has(Quirk.Q43):
        progress, phase = job.phase
        message = job.message or phase
    document: dict[str, Any] = {
        **_ids(voice, job),
        "processID": job.process.id,
        "type": "process",
        "status": word(voice, status),
        "message": message,
        "progress": progress,
        **_times(voice, job),
        "links": links(voice, request, job),
    }
    if voice.has(Quirk.Q41) and voice.personality.jobs_below_process:
        del document["processID"]  # its place says it (javaPS)
    if voice.has(Quirk.Q32) and voice.personality.keying is Keying.ID_AND_VALUE:
        document["parameters"] = None
    if voice.has(Quirk.Q30) and voice.personality.logs is Logs.METADATA and metadata:
        log = "\n".join(text for _, text in job.logs)
        document["metadata"] = {"log": [[_written(voice, job.created), line] for line in log.splitlines()]}
    if voice.personality.version == "2.0":
        document["processingEntityType"] = "process"
        if job.status == "failed":
            document["exception"] = {"type": "about:blank", "title": "Job failed", "detail": job.message}
    return document


def execution_of(voice: Voice, request: Request, job: Job) -> dict[str, Any]:
    """What an asynchronous execution answers."""
    whole = status_of(voice, request, job)
    match voice.personality.execution_body:
        case ExecutionBody.SHORT:
            return {"status": whole["status"], **_ids(voice, job), "type": "process"}
        case ExecutionBody.LOCATION:
            told = {"description": "Job successfully submitted to processing queue.", "status": whole["status"]}
            place = voice.url(request, voice.job_path(job.id, job.process.id))
            return {**told, **_ids(voice, job), "processID": job.process.id, "location": place}
    return whole


def dismissed(voice: Voice, request: Request, job: Job) -> dict[str, Any]:
    """What a dismissal answers."""
    document = status_of(voice, request, job)
    up = voice.link(request, "up", "jobs", "The job list for the current process")
    return {**document, "status": word(voice, "dismissed"), "message": "Job dismissed", "links": [up]}


def not_yet(voice: Voice, request: Request, job: Job) -> dict[str, Any]:
    """Q10: what is told of a job the database has no state of yet."""
    return {**status_of(voice, request, job), "status": word(voice, "failed"), "progress": None, "finished": None}


def word(voice: Voice, status: str) -> str:
    """Q9."""
    return voice.personality.words.get(status, status) if voice.has(Quirk.Q9) else status


def links(voice: Voice, request: Request, job: Job) -> list[dict[str, str]]:
    path = voice.job_path(job.id, job.process.id)
    told = [voice.link(request, "monitor", path, "Status location")]
    if job.status == "successful" or (voice.personality.status_stays_accepted and job.status != "failed"):
        if voice.has(Quirk.Q40):
            page = voice.link(request, voice.relation("results"), f"{path}/results?f=html", media_type="text/html")
            told.append(page)
            path = f"{path}/results?f=json"
        else:
            path = f"{path}/results"
        told.append(voice.link(request, voice.relation("results"), path, "Result location"))
    if voice.has(Quirk.Q30) and voice.personality.logs is Logs.LINKS and job.ended:
        told += [
            voice.link(request, "related", f"files/{job.id}/log-{n}.log", title, "text/plain")
            for n, (title, _) in enumerate(job.logs)
        ]
    return told


def _ids(voice: Voice, job: Job) -> dict[str, str]:
    """Q8."""
    return dict.fromkeys(voice.personality.id_members if voice.has(Quirk.Q8) else ("jobID",), job.id)


def _times(voice: Voice, job: Job) -> dict[str, str | None]:
    moments = {"created": job.created, "started": job.started, "finished": job.finished, "updated": job.updated}
    told = {name: _written(voice, moment) if moment else None for name, moment in moments.items()}
    if voice.has(Quirk.Q49):
        return {**told, "finished": None}  # as fastprocesses says of a failed job
    return {name: moment for name, moment in told.items() if moment}


def _written(voice: Voice, moment: datetime) -> str:
    if not voice.has(Quirk.Q49):
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    exact = moment + timedelta(microseconds=1)
    return exact.replace(tzinfo=None).isoformat() if voice.personality.naive_times else exact.isoformat()
