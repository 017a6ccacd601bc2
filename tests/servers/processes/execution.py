"""Executing a process: what is asked for, how, and what is answered."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from tests.servers.processes.catalogue import Process
from tests.servers.processes.failures import Cause
from tests.servers.processes.jobs import Job
from tests.servers.processes.quirk import Quirk
from tests.servers.processes.results import results_of
from tests.servers.processes.statuses import execution_of

if TYPE_CHECKING:
    from tests.servers.processes.endpoint import TestEndpoint
    from tests.servers.processes.voice import Voice


async def execute(endpoint: TestEndpoint, request: Request) -> Response:
    """`POST /processes/{processID}/execution`."""
    voice = endpoint.voice
    process = endpoint.processes.get(request.path_params["process_id"])
    if process is None:
        return voice.problem(request, "no-such-process", 404, "There is no such process")
    try:
        body = json.loads(await request.body())
        inputs = _inputs(body)
    except (ValueError, KeyError, TypeError, AttributeError):
        return voice.problem(request, "invalid-parameter", 400, "invalid request data")
    if refusal := _refused(voice, request, process, body, inputs):
        return refusal
    if voice.has(Quirk.Q38) and (missing := _missing(process, inputs)):
        process = replace(process, fails=Cause.INPUTS, description=missing)
    prefer = request.headers.get("prefer", "")
    document = _wants_document(voice, prefer, body)
    wanted = _wanted(voice, body)
    given = _as_the_runner_reads(voice, process, inputs)
    if _is_async(voice, process, prefer, body):
        job = endpoint.jobs.add(process, given, endpoint.polls, document=document, wanted=wanted)
        return _created(voice, request, job, prefer)
    if process.only_async and voice.has(Quirk.Q48):
        return voice.gateway(504, "504 Gateway Time-out")
    job = endpoint.jobs.add(process, {**given, "polls": 1}, 1, document=document, wanted=wanted)
    job.look()
    if job.status == "failed":
        return voice.problem(request, "invalid-parameter", 400, f"Error executing process: {job.message}")
    response = results_of(voice, request, job)
    # pygeoapi keeps the job all the same, and says where: no sign that it was asynchronous.
    response.headers["Location"] = voice.url(request, voice.job_path(job.id, process.id))
    return response


def _inputs(body: dict[str, Any]) -> dict[str, Any]:
    """The inputs by id; the drafts' array of `{id, data|value|href}` too."""
    inputs = body.get("inputs", {})
    if isinstance(inputs, list):
        return {one["id"]: one.get("data", one.get("value", one.get("href"))) for one in inputs}
    return dict(inputs.items())


def _refused(
    voice: Voice, request: Request, process: Process, body: dict[str, Any], inputs: dict[str, Any]
) -> Response | None:
    if voice.has(Quirk.Q39):
        for member, reason in voice.personality.body_members.items():
            if member not in body:
                return voice.problem(request, "invalid-parameter", 400, f"{member} {reason}")
    if not voice.has(Quirk.Q38) and (missing := _missing(process, inputs)):
        return voice.problem(request, "invalid-parameter", 400, f"Mandatory input {missing} is missing")
    outputs = body.get("outputs") or {}
    if voice.has(Quirk.Q47) and any("transmissionMode" in one for one in outputs.values()):
        return voice.problem(request, "invalid-parameter", 400, "transmissionMode is not a member of an output")
    if unknown := [name for name in outputs if name not in process.outputs]:
        return voice.problem(request, "no-such-output", 400, f"There is no output {unknown[0]}")
    return None


def _missing(process: Process, inputs: dict[str, Any]) -> str:
    """The first mandatory input that is not given."""
    return next((name for name, one in process.inputs.items() if one.get("minOccurs", 1) and name not in inputs), "")


def _is_async(voice: Voice, process: Process, prefer: str, body: dict[str, Any]) -> bool:
    if "async-execute" not in process.job_control:
        return False
    # The whole header is one word of an enumeration, or none (Q1).
    preferred = (
        prefer.strip() == "respond-async" if voice.has(Quirk.Q1) else bool(re.search(r"\brespond-async\b", prefer))
    )
    if (preferred and voice.personality.reads_prefer) or body.get("mode") == "async":
        return True
    if process.only_async:
        return not voice.has(Quirk.Q48)
    synchronous = re.search(r"\b(respond-sync|wait)\b", prefer) or body.get("mode") == "sync"
    return voice.personality.runs_async and not synchronous


def _wants_document(voice: Voice, prefer: str, body: dict[str, Any]) -> bool:
    """Whether the results are to be keyed by output: the body's word, else the header's."""
    if body.get("response") in ("document", "raw"):
        return bool(body["response"] == "document")
    parts = [part.strip() for part in (prefer.split(";") if voice.has(Quirk.Q2) else re.split("[;,]", prefer))]
    if "return=representation" in parts:
        return True
    return not (voice.has(Quirk.Q3) or voice.has(Quirk.Q31) or voice.has(Quirk.Q32) or voice.has(Quirk.Q2))


def _wanted(voice: Voice, body: dict[str, Any]) -> tuple[str, ...] | None:
    outputs = body.get("outputs")
    if outputs is None or (not outputs and not voice.has(Quirk.Q46)):
        return None
    return tuple(outputs)


def _as_the_runner_reads(voice: Voice, process: Process, inputs: dict[str, Any]) -> dict[str, Any]:
    given = dict(inputs)
    for name, value in inputs.items():
        described = process.inputs.get(name, {})
        if voice.has(Quirk.Q35) and value is False:
            given[name] = True  # bool("false")
        is_array = described.get("schema", {}).get("type") == "array"
        if voice.has(Quirk.Q36) and is_array:
            # One element arrives as itself, and a text where an array is wanted is read as one of characters.
            given[name] = value if isinstance(value, list) else [*str(value)]
    return given


def _created(voice: Voice, request: Request, job: Job, prefer: str) -> Response:
    place = voice.url(request, voice.job_path(job.id, job.process.id))
    headers = {"Location": place, "Preference-Applied": prefer or "respond-async"}
    if voice.has(Quirk.Q7):
        relative = f"{request.scope['root_path']}/{voice.job_path(job.id, job.process.id)}"
        headers = {"Location": relative} if voice.personality.relative_location else {}
    status = 202 if voice.has(Quirk.Q6) else 201
    if voice.has(Quirk.Q5):
        return Response(
            b"null" if voice.personality.null_body else b"", status, {**voice.personality.headers, **headers}
        )
    return voice.json(request, execution_of(voice, request, job), status, headers)
