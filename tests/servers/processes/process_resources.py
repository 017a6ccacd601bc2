"""Landing page, conformance, API definition, processes and their descriptions over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from tests.servers.processes.catalogue import Process
from tests.servers.processes.paging import page_of
from tests.servers.processes.personality import Logs
from tests.servers.processes.quirk import Quirk
from tests.servers.processes.voice import Voice

if TYPE_CHECKING:
    from tests.servers.processes.endpoint import TestEndpoint

CORE = ("core", "json", "oas30", "ogc-process-description")
REMOTE = "https://raw.githubusercontent.com/opengeospatial/ogcapi-features/master/core/openapi/schemas/featureCollectionGeoJSON.yaml"


async def landing_page(endpoint: TestEndpoint, request: Request) -> Response:
    """`GET /`."""
    voice = endpoint.voice
    api = "openapi" if voice.has(Quirk.Q41) and voice.personality.base.startswith("/geoserver") else "api"
    links = [
        voice.link(request, "self", "", "this document"),
        voice.link(request, "service-desc", api, "the API definition", "application/vnd.oai.openapi+json;version=3.0"),
        voice.link(request, voice.relation("conformance"), "conformance", "conformance classes"),
        voice.link(request, voice.relation("processes"), "processes", "The processes offered by this server"),
    ]
    if not voice.has(Quirk.Q15):
        links.append(voice.link(request, voice.relation("job-list"), "jobs", "Job Management"))
    description = f"{voice.personality.title}. See http://www.example.org for more information."
    return voice.json(request, {"title": voice.personality.title, "description": description, "links": links})


async def conformance(endpoint: TestEndpoint, request: Request) -> Response:
    """`GET /conformance`; with Q15 the job list is not among the classes."""
    voice = endpoint.voice
    core = [f"http://www.opengis.net/spec/ogcapi-processes-1/{voice.personality.version}/conf/{name}" for name in CORE]
    declared = [*core, *voice.personality.conformance]
    if voice.has(Quirk.Q15):
        declared = [uri for uri in declared if not uri.endswith("/job-list")]
    return voice.json(request, {"conformsTo": declared})


async def api_definition(endpoint: TestEndpoint, request: Request) -> Response:
    """`GET /api`: the operations there are."""
    info = {"title": endpoint.personality.title, "version": "1.0.0"}
    paths: dict[str, dict[str, Any]] = {}
    for path, method in _operations(endpoint):
        paths.setdefault(path, {})[method] = {"responses": {"default": {"description": "as the standard has it"}}}
    return endpoint.voice.json(request, {"openapi": "3.0.3", "info": info, "paths": paths})


def _operations(endpoint: TestEndpoint) -> Iterator[tuple[str, str]]:
    voice, kind = endpoint.voice, endpoint.personality
    process = "/processes/{processID}"
    yield from [("/processes", "get"), (process, "get"), (f"{process}/execution", "post")]
    jobs = f"{process}/jobs" if voice.has(Quirk.Q41) and kind.jobs_below_process else "/jobs"
    if not (voice.has(Quirk.Q15) and kind.job_list_missing):
        yield jobs, "get"
    yield from [(f"{jobs}/{{jobID}}", "get"), (f"{jobs}/{{jobID}}/results", "get")]
    if kind.dismisses:
        yield f"{jobs}/{{jobID}}", "delete"
    if voice.has(Quirk.Q30) and kind.logs is Logs.RESOURCES:
        yield f"{jobs}/{{jobID}}/logs", "get"
    if kind.deploys:
        yield from [("/processes", "post"), (process, "put"), (process, "delete"), (f"{process}/package", "get")]


async def process_list(endpoint: TestEndpoint, request: Request) -> Response:
    """`GET /processes`."""
    voice = endpoint.voice
    shown, more = page_of(voice, request, "processes", [*endpoint.processes.values()])
    if voice.has(Quirk.Q13) and request.query_params.get("detail") == "false":
        return voice.json(request, {"processes": [process.id for process in shown], **more})
    return voice.json(request, {"processes": [summary(voice, request, process) for process in shown], **more})


async def description(endpoint: TestEndpoint, request: Request) -> Response:
    """`GET /processes/{processID}`."""
    voice = endpoint.voice
    process_id = request.path_params["process_id"]
    process = endpoint.processes.get(process_id) or endpoint.revisions.of(process_id)
    if process is None:
        return voice.problem(request, "no-such-process", 404, f"Unable to find the process {process_id}")
    whole = {
        **summary(voice, request, process),
        "inputs": {name: _input(voice, one) for name, one in process.inputs.items()},
        "outputs": {name: _output(voice, one) for name, one in process.outputs.items()},
    }
    if voice.has(Quirk.Q37) and voice.personality.old_descriptions:
        for member in ("inputs", "outputs"):
            whole[member] = [{"id": name, **one} for name, one in whole[member].items()]
        whole = {"process": whole}
    return voice.json(request, whole)


def summary(voice: Voice, request: Request, process: Process) -> dict[str, Any]:
    """/req/core/process-list-success."""
    links = [
        voice.link(request, "self", f"processes/{process.id}", "Process Description"),
        voice.link(request, voice.relation("execute"), f"processes/{process.id}/execution", "Execute End Point"),
    ]
    nothing = "None" if voice.has(Quirk.Q37) and not voice.personality.old_descriptions else ""
    told = {
        "id": process.id,
        "title": process.title,
        "description": process.description or nothing,
        "version": process.version,
        "keywords": list(process.keywords),
        "jobControlOptions": [one for one in process.job_control if voice.personality.dismisses or one != "dismiss"],
        "outputTransmission": ["value", "reference"],
        "links": links,
    }
    if voice.personality.deploys:  # Part 2's indicator
        told["mutable"] = process.mutable
    if voice.has(Quirk.Q47):
        del told["outputTransmission"]
    return told


def _input(voice: Voice, one: dict[str, Any]) -> dict[str, Any]:
    told = dict(one)
    if voice.has(Quirk.Q36) and one["schema"].get("type") == "array":
        told["schema"] = {name: value for name, value in one["schema"]["items"].items() if name != "items"}
        if "default" in one["schema"]:
            told["schema"]["default"] = one["schema"]["default"][0]
        told["maxOccurs"] = 999
    if voice.has(Quirk.Q37) and not voice.personality.old_descriptions:
        told = _in_several_schemas(told)
    return told


def _output(voice: Voice, one: dict[str, Any]) -> dict[str, Any]:
    told = dict(one)
    if voice.has(Quirk.Q37) and not voice.personality.old_descriptions:
        told["title"] = "None"
        if one["schema"] == {"type": "object"}:
            told["schema"] = {"oneOf": [{"type": "string", "format": "uri"}, {"$ref": REMOTE}]}
            told["original-schema"] = {"type": "string", "contentMediaType": "application/json"}
    return told


def _in_several_schemas(one: dict[str, Any]) -> dict[str, Any]:
    """cwl2ogc's schema beside ZOO-Project's own: no title, `nullable`, and only defaults that count as true."""
    schema = dict(one["schema"])
    optional = one.get("minOccurs", 1) == 0
    if not schema.get("default", True):
        del schema["default"]
    if optional and "type" in schema:
        schema["nullable"] = True
    extended = {"oneOf": [{"$ref": "https://zoo-project.org/dl/link.json"}, {"type": "object", "required": ["value"]}]}
    told = {**one, "title": "None", "description": "None", "schema": schema, "extended-schema": extended}
    return {**told, "raw_schema1": "true", "original-schema": {"type": "string"}}
