"""The API definition of the local endpoint: OpenAPI 3.0, of what is served and nothing else (/req/oas30)."""

from __future__ import annotations

from typing import Any

from mcp_ogc import __version__

OPENAPI_TYPE = "application/vnd.oai.openapi+json;version=3.0"

# path -> method -> (summary, success status, exceptions)
OPERATIONS: dict[str, dict[str, tuple[str, int, tuple[int, ...]]]] = {
    "/": {"get": ("Landing page", 200, ())},
    "/conformance": {"get": ("Conformance declaration", 200, ())},
    "/api": {"get": ("This document", 200, ())},
    "/processes": {
        "get": ("Process list", 200, (400,)),
        "post": ("Deploy a process", 201, (400, 403, 409, 415)),
    },
    "/processes/{processID}": {
        "get": ("Process description", 200, (404,)),
        "put": ("Replace a process", 204, (400, 403, 404, 415)),
        "delete": ("Undeploy a process", 204, (403, 404)),
    },
    "/processes/{processID}/package": {"get": ("The deployed package", 200, (404, 406))},
    "/processes/{processID}/execution": {"post": ("Execute a process", 201, (400, 403, 404))},
    "/jobs": {"get": ("Job list", 200, (400,))},
    "/jobs/{jobID}": {
        "get": ("Job status", 200, (404,)),
        "delete": ("Dismiss a job", 200, (404,)),
    },
    "/jobs/{jobID}/results": {"get": ("Results", 200, (404, 500))},
    "/jobs/{jobID}/results/{outputID}": {"get": ("One output", 200, (404, 500))},
    "/jobs/{jobID}/logs/{step}": {"get": ("The log of a step", 200, (404,))},
}
QUERIES: dict[tuple[str, str], dict[str, dict[str, Any]]] = {
    ("/processes", "get"): {"limit": {"type": "integer", "minimum": 1, "maximum": 10000, "default": 100}},
    ("/processes", "post"): {"w": {"type": "string"}},
    ("/processes/{processID}", "put"): {"w": {"type": "string"}},
    ("/jobs", "get"): {
        "limit": {"type": "integer", "minimum": 1, "maximum": 10000, "default": 100},
        "type": {"type": "array", "items": {"type": "string", "enum": ["process"]}},
        "processID": {"type": "array", "items": {"type": "string"}},
        "status": {
            "type": "array",
            "items": {"type": "string", "enum": ["accepted", "running", "successful", "failed", "dismissed"]},
        },
        "datetime": {"type": "string"},
        "minDuration": {"type": "integer", "minimum": 0},
        "maxDuration": {"type": "integer", "minimum": 0},
    },
}
BODIES: dict[tuple[str, str], tuple[str, ...]] = {
    ("/processes", "post"): (
        "application/cwl",
        "application/cwl+yaml",
        "application/cwl+json",
        "application/ogcapppkg+json",
    ),
    ("/processes/{processID}", "put"): (
        "application/cwl",
        "application/cwl+yaml",
        "application/cwl+json",
        "application/ogcapppkg+json",
    ),
    ("/processes/{processID}/execution", "post"): ("application/json",),
}
PROBLEM = {
    "type": "object",
    "required": ["type"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}


def definition(base: str) -> dict[str, Any]:
    """The OpenAPI document, its server at `base`."""
    return {
        "openapi": "3.0.3",
        "info": {"title": "mcp-ogc local endpoint", "version": __version__, "license": {"name": "Apache-2.0"}},
        "servers": [{"url": base}],
        "paths": {
            path: {method: _operation(path, method, told) for method, told in methods.items()}
            for path, methods in OPERATIONS.items()
        },
        "components": {"schemas": {"exception": PROBLEM}},
    }


def _operation(path: str, method: str, told: tuple[str, int, tuple[int, ...]]) -> dict[str, Any]:
    summary, success, exceptions = told
    names = [segment[1:-1] for segment in path.split("/") if segment.startswith("{")]
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names
    ]
    parameters += [
        {"name": name, "in": "query", "required": False, "style": "form", "explode": False, "schema": schema}
        for name, schema in QUERIES.get((path, method), {}).items()
    ]
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/exception"}}}
    operation: dict[str, Any] = {
        "summary": summary,
        "operationId": f"{method}{path}".replace("/", "_").replace("{", "").replace("}", ""),
        "parameters": parameters,
        "responses": {
            str(success): {"description": "Success"},
            **{str(status): {"description": "Refused", "content": problem} for status in exceptions},
        },
    }
    if media_types := BODIES.get((path, method)):
        content = {media_type: {"schema": {"type": "object"}} for media_type in media_types}
        operation["requestBody"] = {"required": True, "content": content}
    return operation
