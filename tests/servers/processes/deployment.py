"""Part 2 over HTTP: deploy, replace, undeploy, the package back."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from starlette.requests import Request
from starlette.responses import Response

from tests.servers.processes.catalogue import Process
from tests.servers.processes.packages import BadPackage, cwl_of, id_of, is_forbidden, parts_of, process_of
from tests.servers.processes.personality import ALL_PACKAGE_TYPES, DeployAnswer, ErrorForm, Undeployment, UnitForm
from tests.servers.processes.process_resources import summary
from tests.servers.processes.quirk import Quirk

if TYPE_CHECKING:
    from tests.servers.processes.endpoint import TestEndpoint

LOOKS_OF_A_PIPELINE = 2


class Revisions:
    """Older revisions of deployed processes (Weaver)."""

    def __init__(self) -> None:
        self._older: dict[str, list[Process]] = {}

    def keep(self, process: Process) -> None:
        self._older.setdefault(process.id, []).append(process)

    def pop(self, process_id: str) -> Process | None:
        """The newest of the older ones, which takes the place of one that is removed."""
        return self._older[process_id].pop() if self._older.get(process_id) else None

    def of(self, name: str) -> Process | None:
        """`{processID}:{version}`."""
        process_id, _, version = name.partition(":")
        return next((one for one in self._older.get(process_id, []) if one.version == version), None)


@dataclass
class Pipeline:
    """A deployment that goes on after it was answered (MAAP)."""

    process: Process
    looks: int = 0


async def deploy(endpoint: TestEndpoint, request: Request) -> Response:
    """`POST /processes`."""
    voice = endpoint.voice
    if refusal := _refused_type(endpoint, request):
        return refusal
    try:
        text = await _cwl(endpoint, request)
        parts = parts_of(text)
    except BadPackage as error:
        return _bad(endpoint, request, str(error))
    main = _main(endpoint, request, parts)
    if isinstance(main, Response):
        return main
    if is_forbidden(main):
        # Whatever fails without a status of its own is a duplicate (Q21).
        if voice.has(Quirk.Q21):
            return voice.problem(
                request, "duplicated-process", 409, "A service with the same identifier is already deployed"
            )
        return voice.problem(request, "invalid-parameter", 400, "An id has a character that is not allowed")
    process = process_of(main, text)
    if process.id in endpoint.processes:
        response = voice.problem(
            request, "duplicated-process", 409, "A service with the same identifier is already deployed"
        )
        response.headers["Location"] = voice.url(request, f"processes/{process.id}")
        return response
    if voice.has(Quirk.Q20) and voice.personality.deploy_answer is DeployAnswer.JOB:
        return _pipeline(endpoint, request, process)
    endpoint.processes[process.id] = process
    if voice.has(Quirk.Q24):
        others = [process_of(part, text) for part in parts if part is not main]
        endpoint.processes |= {other.id: other for other in others if other.id not in endpoint.processes}
    return _deployed(endpoint, request, process, 201)


async def replace_process(endpoint: TestEndpoint, request: Request) -> Response:
    """`PUT /processes/{processID}`."""
    voice, process_id = endpoint.voice, request.path_params["process_id"]
    old = endpoint.processes.get(process_id)
    if old is None:
        return voice.problem(request, "no-such-process", 404, f"Unable to find the process {process_id}")
    if refusal := _refused_type(endpoint, request):
        return refusal
    try:
        text = await _cwl(endpoint, request)
        parts = parts_of(text)
    except BadPackage as error:
        return _bad(endpoint, request, str(error))
    if voice.has(Quirk.Q22):
        main = next((part for part in parts if id_of(part) == process_id and part["class"] == "Workflow"), None)
        if main is None:
            return voice.problem(request, "workflow-not-found", 400, f"Workflow '{process_id}' not found")
    else:
        found = _main(endpoint, request, parts)
        if isinstance(found, Response):
            return found
        main = found
    if not old.mutable:
        return voice.problem(request, "immutable-process", 403, "The process cannot be modified.")
    process = process_of(main, text, process_id)
    if _has_revisions(endpoint):
        endpoint.revisions.keep(old)
        major = old.version.split(".")[0]
        process = replace(process, version=f"{int(major) + 1 if major.isdecimal() else 1}.0.0")
    endpoint.processes[process_id] = process
    if voice.has(Quirk.Q20) and voice.personality.deploy_answer is DeployAnswer.NESTED:
        return _deployed(endpoint, request, process, 200)
    status = 202 if voice.has(Quirk.Q6) else 204
    return Response(status_code=status, headers={"Location": voice.url(request, f"processes/{process_id}")})


async def undeploy(endpoint: TestEndpoint, request: Request) -> Response:
    """`DELETE /processes/{processID}`."""
    voice, process_id = endpoint.voice, request.path_params["process_id"]
    if not voice.personality.deploys:
        return _method_not_allowed()
    process = endpoint.processes.get(process_id)
    if process is None:
        return voice.problem(request, "no-such-process", 404, f"Unable to find the process {process_id}")
    if not process.mutable:
        return voice.problem(request, "immutable-process", 403, "The process cannot be modified.")
    if _has_revisions(endpoint):
        if any(job.process.id == process_id and not job.ended for job in endpoint.jobs):
            return voice.problem(request, "process-busy", 403, "Process is busy: a job of it is running.")
        older = endpoint.revisions.pop(process_id)
        if older:
            endpoint.processes[process_id] = older
            return Response(status_code=204)
    del endpoint.processes[process_id]
    if voice.has(Quirk.Q26) and voice.personality.undeployment is Undeployment.DETAIL:
        return voice.json(request, {"detail": f"Deleted process {process_id}"})
    return Response(status_code=204)


async def package(endpoint: TestEndpoint, request: Request) -> Response:
    """`GET /processes/{processID}/package` (Q25)."""
    voice, process_id = endpoint.voice, request.path_params["process_id"]
    if not voice.personality.deploys:
        return Response("<!doctype html><title>404 Not Found</title><h1>Not Found</h1>", 404, media_type="text/html")
    process = endpoint.processes.get(process_id)
    if process is None:
        return voice.problem(request, "no-such-process", 404, f"Unable to find the process {process_id}")
    if process.package is None:
        return voice.problem(request, "immutable-process", 404, "The process has no package.")
    accept = request.headers.get("accept", "*/*")
    as_json = json.dumps(YAML(typ="safe", pure=True).load(io.StringIO(process.package)), default=str)
    wrapped = json.dumps({"executionUnit": {"value": json.loads(as_json), "mediaType": "application/cwl+json"}})
    if voice.has(Quirk.Q25):
        if "application/ogcapppkg+json" in accept:
            return Response(wrapped, media_type=accept)
        if "application/cwl" not in accept:
            return voice.problem(
                request, "not-acceptable", 406, "The resource is not available in the requested encoding"
            )
        body = as_json if accept == "application/cwl+json" else process.package
        return Response(body, headers={"Content-Type": accept})
    if "application/ogcapppkg+json" in accept:
        return Response(wrapped, media_type="application/ogcapppkg+json")
    if "application/cwl+json" in accept:
        return Response(as_json, media_type="application/cwl+json")
    return Response(process.package, media_type="application/cwl")


async def deployment_job(endpoint: TestEndpoint, request: Request) -> Response:
    """`GET /deploymentJobs/{deploymentID}` (MAAP)."""
    voice, number = endpoint.voice, request.path_params["deployment_id"]
    pipeline = endpoint.pipelines.get(number)
    if pipeline is None:
        return voice.problem(request, "no-such-deployment", 404, f"There is no deployment {number}")
    look_at_pipelines(endpoint, pipeline.process.id)
    done = pipeline.process.id in endpoint.processes
    place = {"processLocation": voice.url(request, f"processes/{pipeline.process.id}")} if done else {}
    return voice.json(request, {"id": number, "status": "successful" if done else "running", **place})


def look_at_pipelines(endpoint: TestEndpoint, process_id: str) -> None:
    """Count a look at a process that is being deployed, which is what makes it go on."""
    for pipeline in endpoint.pipelines.values():
        if pipeline.process.id == process_id:
            pipeline.looks += 1
            if pipeline.looks == LOOKS_OF_A_PIPELINE:
                endpoint.processes[process_id] = pipeline.process


async def _cwl(endpoint: TestEndpoint, request: Request) -> str:
    form = endpoint.personality.unit_form if endpoint.voice.has(Quirk.Q19) else UnitForm.VALUE
    return await cwl_of(request, form, endpoint.packages_at)


def _refused_type(endpoint: TestEndpoint, request: Request) -> Response | None:
    voice = endpoint.voice
    if not voice.personality.deploys:
        return _method_not_allowed()
    taken = voice.personality.package_types if voice.has(Quirk.Q18) else ALL_PACKAGE_TYPES
    media_type = request.headers.get("content-type", "").split(";")[0].strip()
    if media_type in taken:
        return None
    detail = f"The Content-Type {media_type} is not supported"
    return voice.problem(request, "unsupported-media-type", 415, detail)


def _method_not_allowed() -> Response:
    page = "<!doctype html><title>405 Method Not Allowed</title><h1>Method Not Allowed</h1>"
    return Response(page, 405, media_type="text/html")


def _main(endpoint: TestEndpoint, request: Request, parts: list[dict[str, Any]]) -> dict[str, Any] | Response:
    """What is deployed: the workflow that `w` names, else the first; a tool where there is no workflow (Q23)."""
    voice, wanted = endpoint.voice, request.query_params.get("w")
    workflows = [part for part in parts if part.get("class") == "Workflow"]
    if not workflows and not voice.has(Quirk.Q23):
        workflows = parts
    if not workflows:
        return voice.problem(request, "workflow-not-found", 400, "No workflow found")
    named = [part for part in workflows if wanted in (None, id_of(part))]
    if not named:
        return voice.problem(request, "workflow-not-found", 400, f"Workflow '{wanted}' not found")
    return named[0]


def _bad(endpoint: TestEndpoint, request: Request, told: str) -> Response:
    if endpoint.voice.has(Quirk.Q21):
        return endpoint.voice.problem(request, "workflow-not-found", 400, told)
    status = 422 if endpoint.personality.error_form is ErrorForm.WEAVER else 400
    return endpoint.voice.problem(request, "invalid-parameter", status, f"The package can't be read: {told}")


def _deployed(endpoint: TestEndpoint, request: Request, process: Process, status: int) -> Response:
    """Q20."""
    voice = endpoint.voice
    headers = {"Location": voice.url(request, f"processes/{process.id}")}
    told = summary(voice, request, process)
    if voice.has(Quirk.Q20) and voice.personality.deploy_answer is DeployAnswer.EMPTY:
        return Response(b"", status, {**voice.personality.headers, **headers})
    if voice.has(Quirk.Q20) and voice.personality.deploy_answer is DeployAnswer.NESTED:
        told = {"description": "Process successfully deployed.", "processSummary": told, "deploymentDone": True}
    return voice.json(request, told, status, headers)


def _pipeline(endpoint: TestEndpoint, request: Request, process: Process) -> Response:
    number = str(len(endpoint.pipelines) + 1)
    endpoint.pipelines[number] = Pipeline(process)
    link = endpoint.voice.link(request, "monitor", f"deploymentJobs/{number}", "Deployment")
    told = {"id": number, "title": "Deployment", "status": "accepted", "processPipelineLink": link, "links": [link]}
    return endpoint.voice.json(request, told, 202)


def _has_revisions(endpoint: TestEndpoint) -> bool:
    return endpoint.voice.has(Quirk.Q26) and endpoint.personality.undeployment is Undeployment.NEWEST_ONLY
