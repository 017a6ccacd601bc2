"""The API definition of the local endpoint: OpenAPI 3.0, of what is served and nothing else (/req/oas30).

The schemas are those of the values that are answered, in the dialect of OpenAPI 3.0.
"""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import models_json_schema

from mcp_ogc import __version__
from mcp_ogc.local.filters import DEFAULT_LIMIT, LARGEST_LIMIT
from mcp_ogc.ogc.models import (
    Conformance,
    JobList,
    JobStatus,
    LandingPage,
    ProcessDescription,
    ProcessList,
    ProcessSummary,
    StatusInfo,
)

OPENAPI_TYPE = "application/vnd.oai.openapi+json;version=3.0"
VALUES = (LandingPage, Conformance, ProcessList, ProcessSummary, ProcessDescription, StatusInfo, JobList)

JSON, PROBLEM, TEXT = "application/json", "application/problem+json", "text/plain"
PACKAGE_TYPES = ("application/cwl", "application/cwl+yaml", "application/cwl+json", "application/ogcapppkg+json", JSON)

Schema = dict[str, Any]

# path -> method -> (summary, {status: (meaning, {media type: schema})}, refusals)
Told = tuple[str, dict[int, tuple[str, dict[str, Schema]]], tuple[int, ...]]


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


ANYTHING: Schema = {}
OBJECT: Schema = {"type": "object"}
PACKAGE: dict[str, Schema] = {
    **{kind: {"type": "string"} for kind in PACKAGE_TYPES[:2]},
    PACKAGE_TYPES[2]: OBJECT,
    PACKAGE_TYPES[3]: _ref("ApplicationPackage"),
}
RESULTS: dict[str, Schema] = {
    JSON: OBJECT,
    "multipart/related": {"type": "string", "format": "binary"},
    "*/*": {"type": "string", "format": "binary"},
}
OPERATIONS: dict[str, dict[str, Told]] = {
    "/": {"get": ("Landing page", {200: ("The links", {JSON: _ref("LandingPage")})}, ())},
    "/conformance": {"get": ("Conformance declaration", {200: ("The classes", {JSON: _ref("Conformance")})}, ())},
    "/api": {"get": ("This document", {200: ("OpenAPI 3.0", {OPENAPI_TYPE: OBJECT})}, ())},
    "/processes": {
        "get": ("Process list", {200: ("A page of processes", {JSON: _ref("ProcessList")})}, (400,)),
        "post": ("Deploy a process", {201: ("Deployed", {JSON: _ref("ProcessSummary")})}, (400, 403, 409, 413, 415)),
    },
    "/processes/{processID}": {
        "get": ("Process description", {200: ("The process", {JSON: _ref("ProcessDescription")})}, (404,)),
        "put": ("Replace a process", {204: ("Replaced", {})}, (400, 403, 404, 413, 415)),
        "delete": ("Undeploy a process", {204: ("Undeployed", {})}, (403, 404)),
    },
    "/processes/{processID}/package": {"get": ("The deployed package", {200: ("As accepted", PACKAGE)}, (404, 406))},
    "/processes/{processID}/execution": {
        "post": (
            "Execute a process",
            {
                200: ("Results of a process that was executed synchronously", RESULTS),
                201: ("A job", {JSON: _ref("StatusInfo")}),
                204: ("No results, or references to them in Link headers", {}),
            },
            (400, 403, 404, 413, 415, 501),
        )
    },
    "/jobs": {"get": ("Job list, newest first", {200: ("A page of jobs", {JSON: _ref("JobList")})}, (400,))},
    "/jobs/{jobID}": {
        "get": ("Job status", {200: ("The job", {JSON: _ref("StatusInfo")})}, (404,)),
        "delete": ("Dismiss a job", {200: ("Dismissed and removed", {JSON: _ref("StatusInfo")})}, (404, 500)),
    },
    "/jobs/{jobID}/results": {
        "get": (
            "Results",
            {200: ("As the request asked for them", RESULTS), 204: ("References in Link headers", {})},
            (404, 500),
        )
    },
    "/jobs/{jobID}/results/{outputID}": {
        "get": ("One output", {200: ("Its value or file", {"*/*": ANYTHING}), 303: ("Where it is", {})}, (404, 500))
    },
    "/jobs/{jobID}/logs/{step}": {"get": ("The log of a step", {200: ("Its end", {TEXT: {"type": "string"}})}, (404,))},
    "/files/{jobID}/{path}": {
        "get": (
            "A file of the results; path may hold slashes",
            {
                200: ("The file", {"*/*": {"type": "string", "format": "binary"}}),
                206: ("A range of it", {"*/*": {"type": "string", "format": "binary"}}),
            },
            (404,),
        )
    },
}
PAGING: dict[str, Schema] = {
    "limit": {"type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": DEFAULT_LIMIT},
    "offset": {"type": "integer", "minimum": 0, "default": 0},
}
WORKFLOW: dict[str, Schema] = {"w": {"type": "string", "description": "The workflow of the package to deploy"}}
WORDS: Schema = {"type": "array", "items": {"type": "string"}}
QUERIES: dict[tuple[str, str], dict[str, Schema]] = {
    ("/processes", "get"): PAGING,
    ("/processes", "post"): WORKFLOW,
    ("/processes/{processID}", "put"): WORKFLOW,
    ("/jobs", "get"): {
        **PAGING,
        "type": {"type": "array", "items": {"type": "string", "enum": ["process"]}},
        "processID": WORDS,
        "status": {"type": "array", "items": {"type": "string", "enum": [str(status) for status in JobStatus]}},
        "datetime": {"type": "string", "description": "RFC 3339 time or interval, of when a job was created"},
        "minDuration": {"type": "integer", "minimum": 0, "description": "Seconds"},
        "maxDuration": {"type": "integer", "minimum": 0, "description": "Seconds"},
    },
}
DEPLOYED: dict[str, Schema] = {**PACKAGE, JSON: _ref("ApplicationPackage")}
BODIES: dict[tuple[str, str], dict[str, Schema]] = {
    ("/processes", "post"): DEPLOYED,
    ("/processes/{processID}", "put"): DEPLOYED,
    ("/processes/{processID}/execution", "post"): {JSON: _ref("Execute")},
}
OWN_SCHEMAS: dict[str, Schema] = {
    "Exception": {
        "type": "object",
        "required": ["type"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
        },
    },
    "Execute": {
        "type": "object",
        "properties": {
            "inputs": {"type": "object", "additionalProperties": {}},
            "outputs": {
                "type": "object",
                "additionalProperties": {
                    "type": "object",
                    "properties": {"transmissionMode": {"type": "string", "enum": ["value", "reference"]}},
                },
            },
            "response": {"type": "string", "enum": ["raw", "document"], "default": "raw"},
        },
    },
    "ApplicationPackage": {
        "type": "object",
        "required": ["executionUnit"],
        "properties": {
            "processDescription": OBJECT,
            "executionUnit": {
                "type": "object",
                "required": ["value"],
                "properties": {"value": {"oneOf": [{"type": "string"}, OBJECT]}, "mediaType": {"type": "string"}},
            },
        },
    },
}


def definition(base: str) -> Schema:
    """The OpenAPI document, its server at `base`."""
    _, told = models_json_schema(
        [(value, "serialization") for value in VALUES], ref_template="#/components/schemas/{model}"
    )
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "mcp-ogc local endpoint",
            "version": __version__,
            "description": "OGC API - Processes, Part 1 Core and Part 2 Deploy, Replace, Undeploy",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "servers": [{"url": base}],
        "paths": {
            path: {method: _operation(path, method, told) for method, told in methods.items()}
            for path, methods in OPERATIONS.items()
        },
        "components": {
            "schemas": {**{name: _dialect(one) for name, one in told["$defs"].items()}, **OWN_SCHEMAS},
        },
    }


def _operation(path: str, method: str, told: Told) -> Schema:
    summary, answers, refusals = told
    names = [segment[1:-1] for segment in path.split("/") if segment.startswith("{")]
    parameters: list[Schema] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names
    ]
    parameters += [
        {"name": name, "in": "query", "required": False, "style": "form", "explode": False, "schema": schema}
        for name, schema in QUERIES.get((path, method), {}).items()
    ]
    if path.endswith("/execution"):
        parameters.append({"name": "Prefer", "in": "header", "required": False, "schema": {"type": "string"}})
    refusal = {"description": "Refused", "content": {PROBLEM: {"schema": _ref("Exception")}}}
    operation: Schema = {
        "summary": summary,
        "operationId": f"{method}{path}".replace("/", "_").replace("{", "").replace("}", ""),
        "parameters": parameters,
        "responses": {
            **{str(status): _response(*answer) for status, answer in answers.items()},
            **{str(status): refusal for status in refusals},
        },
    }
    if bodies := BODIES.get((path, method)):
        operation["requestBody"] = {"required": True, "content": _content(bodies)}
    return operation


def _response(meaning: str, schemas: dict[str, Schema]) -> Schema:
    return {"description": meaning, **({"content": _content(schemas)} if schemas else {})}


def _content(schemas: dict[str, Schema]) -> Schema:
    return {kind: {"schema": schema} for kind, schema in schemas.items()}


def _dialect(schema: Any) -> Any:
    """JSON Schema as OpenAPI 3.0 has it: no type null, no const."""
    if isinstance(schema, list):
        return [_dialect(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {name: _dialect(one) for name, one in schema.items()}
    if "const" in plain:
        plain["enum"] = [plain.pop("const")]
    choices = plain.get("anyOf", [])
    if {"type": "null"} in choices:
        others = [one for one in choices if one != {"type": "null"}]
        del plain["anyOf"], plain["default"]  # what is absent is left out
        plain |= others[0] if len(others) == 1 and "$ref" not in others[0] else {"anyOf": others}
    return plain
