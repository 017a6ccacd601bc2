"""Execution: a request read and checked against the description, then answered at once or made a job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from mcp_ogc.errors import InvalidInputs, LocalEndpointError
from mcp_ogc.local.answers import Place, results_response, status_info
from mcp_ogc.local.bodies import body_of, document_of
from mcp_ogc.local.jobs import Jobs
from mcp_ogc.local.messages import answer, base_of
from mcp_ogc.local.problems import NO_SUCH_OUTPUT, Problem, invalid
from mcp_ogc.local.process_resources import ProcessResources
from mcp_ogc.local.processes import outputs_of, seconds_of
from mcp_ogc.local.store import Store
from mcp_ogc.local.trust import Permission, Trust
from mcp_ogc.ogc.inputs.checking import check
from mcp_ogc.ogc.models import JobControl, ProcessDescription, StatusInfo

BUILT_IN = Permission(engine=None, is_trusted=True)
REQUEST = (
    '{"inputs": {…}, "outputs": {"ID": {"transmissionMode": "value" or "reference"}}, "response": "document" or "raw"}'
)
MODES, RESPONSES = (None, "value", "reference"), (None, "raw", "document")


class Execution:
    """`/processes/{id}/execution`."""

    def __init__(self, store: Store, jobs: Jobs, trust: Trust, processes: ProcessResources) -> None:
        self._store = store
        self._jobs = jobs
        self._trust = trust
        self._processes = processes

    async def execute(self, request: Request) -> Response:
        """/req/core/process-execute-op: a job where `Prefer: respond-async` asks, or the process knows no other way."""
        process_id, prefer = request.path_params["process_id"], request.headers.get("prefer", "").lower()
        body = await body_of(request)
        media_type = request.headers.get("content-type", "application/json")
        description, asked = await run_in_threadpool(self._checked, process_id, body, media_type, prefer)
        wants_async = "respond-async" in prefer
        if not wants_async and JobControl.SYNC in (description.job_control_options or ()):
            inputs = asked.get("inputs") or {}
            await anyio.sleep(seconds_of(process_id, inputs))
            return results_response(outputs_of(process_id, inputs), asked, Place.nowhere())
        info = await run_in_threadpool(self._submit, process_id, asked, base_of(request))
        headers = {"Location": f"{base_of(request)}/jobs/{info.job_id}"}
        if wants_async:
            headers["Preference-Applied"] = "respond-async"
        return answer(info, 201, headers)

    def _checked(
        self, process_id: str, body: bytes, media_type: str, prefer: str
    ) -> tuple[ProcessDescription, dict[str, Any]]:
        description = self._processes.description(process_id)
        asked = _execute_request(body, media_type)
        if "response" not in asked and "return=representation" in prefer.replace(" ", ""):
            asked["response"] = "document"  # as ZOO-Project reads it, and the clients made for it write it (quirk Q3)
        _check(description, asked)
        return description, asked

    def _submit(self, process_id: str, asked: Mapping[str, Any], base: str) -> StatusInfo:
        process = self._store.process(process_id)
        permission = self._trust.permission(process) if process else BUILT_IN
        try:
            row = self._jobs.submit(process_id, process, asked, permission)
        except LocalEndpointError as error:
            raise Problem(501, error.message, error.remedy) from error
        return status_info(row, base, self._jobs.folder(row.job_id))


def _execute_request(body: bytes, media_type: str) -> dict[str, Any]:
    """/req/core/process-execute-request."""
    kind = media_type.split(";", 1)[0].strip().lower()
    if kind != "application/json":
        raise Problem(415, f"An execute request is not {kind}", "Content-Type: application/json")
    asked = document_of(body or b"{}")
    if not isinstance(asked, dict) or not isinstance(asked.get("inputs", {}), dict):
        raise invalid("The body is not an execute request", REQUEST)
    outputs = asked.get("outputs")
    if outputs is not None and not (
        isinstance(outputs, dict) and all(isinstance(one, dict) for one in outputs.values())
    ):
        raise invalid("outputs is not an object of objects", REQUEST)
    if asked.get("response") not in RESPONSES:
        raise invalid(f"response is {str(asked['response'])[:100]!r}", REQUEST)
    if asked.get("subscriber"):
        raise invalid("The local endpoint calls nobody back", "Leave subscriber out, and ask /jobs/{id}")
    return asked


def _check(description: ProcessDescription, asked: Mapping[str, Any]) -> None:
    """/req/core/process-execute-input-validation, and outputs that the process has."""
    try:
        check(description, asked.get("inputs") or {})
        if JobControl.SYNC in (description.job_control_options or ()):
            seconds_of(description.id, asked.get("inputs") or {})
    except InvalidInputs as error:
        raise invalid("The inputs do not fit", error.message) from error
    except ValueError as error:
        raise invalid("The inputs do not fit", str(error)) from error
    for name, output in (asked.get("outputs") or {}).items():
        if name not in description.outputs:
            known = ", ".join(description.outputs) or "none"
            raise Problem(400, f"No output {name!r}", f"There are: {known}", type=NO_SUCH_OUTPUT)
        if output.get("transmissionMode") not in MODES:
            raise invalid(f"transmissionMode is {str(output['transmissionMode'])[:100]!r}", "It is value or reference")
