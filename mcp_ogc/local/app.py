"""The local endpoint's app: OGC API - Processes Part 1 Core and Part 2 on Starlette.

No task runs behind a reply and there is no lifespan: httpx's ASGI transport runs neither.
"""

from __future__ import annotations

import ipaddress
import logging
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import anyio.to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match, Route

from mcp_ogc.errors import LocalEndpointError
from mcp_ogc.local.execution import Execution
from mcp_ogc.local.job_resources import JobResources
from mcp_ogc.local.jobs import Jobs, Reach
from mcp_ogc.local.messages import answer, base_of
from mcp_ogc.local.openapi import OPENAPI_TYPE, definition
from mcp_ogc.local.problems import Problem
from mcp_ogc.local.process_resources import ProcessResources
from mcp_ogc.local.store import Store
from mcp_ogc.local.trust import Trust
from mcp_ogc.ogc.models import RELATIONS, Conformance, LandingPage, Link

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from mcp_ogc.settings import LocalSettings

logger = logging.getLogger(__name__)

PART1 = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/"
PART2 = "http://www.opengis.net/spec/ogcapi-processes-2/1.0/conf/"
CONFORMS_TO = (
    *(f"{PART1}{name}" for name in ("core", "ogc-process-description", "json", "oas30", "job-list", "dismiss")),
    *(f"{PART2}{name}" for name in ("deploy-replace-undeploy", "ogcapppkg", "cwl")),
)


@asynccontextmanager
async def open_app(
    settings: LocalSettings,
    folder: Path,
    *,
    asset_base: Literal["file", "http"] = "file",
    trusted_digests: Sequence[str] = (),
    readable_folders: Sequence[Path] = (),
    allowed_hosts: Sequence[str] = (),
) -> AsyncIterator[Starlette]:
    """The app on a folder, which several processes may open at once.

    Args:
        settings: `[local]`.
        folder: Database, jobs and slots.
        asset_base: How files of results are named: `file:` URLs, or `{base}/files/…` with ranges. What is served over
            HTTP answers to loopback names only: a page in a browser must not run processes.
        trusted_digests: Packages that may run natively beside those of the settings.
        readable_folders: Below which inputs may name files.
        allowed_hosts: Private hosts that inputs may name.
    """

    def prepare() -> tuple[Store, Jobs]:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            root = folder.resolve()
            store = Store(root / "local.sqlite3")
            store.migrate()
            jobs = Jobs(root, store, Reach(settings.running_jobs, [root / "jobs", *readable_folders], allowed_hosts))
            jobs.tidy()
        except (OSError, sqlite3.Error) as error:
            raise LocalEndpointError(
                f"The local endpoint's folder {folder} can't be used: {error}",
                remedy="Make it writable, name another with data_folder, or set [local] enabled = false",
            ) from error
        return store, jobs

    store, jobs = await anyio.to_thread.run_sync(prepare)
    trust = Trust([*settings.trusted_packages, *trusted_digests], settings.container_engine)
    processes = ProcessResources(store, trust)
    app = Starlette(
        routes=_routes(processes, Execution(store, jobs, trust, processes), JobResources(jobs, asset_base)),
        middleware=[*([Middleware(LoopbackOnly)] if asset_base == "http" else []), Middleware(Unforeseen)],
        exception_handlers={
            Problem: _refused,  # type: ignore[dict-item]
            HTTPException: _unknown,  # type: ignore[dict-item]
            sqlite3.Error: _failed,
            OSError: _failed,
        },
    )
    app.router.redirect_slashes = False  # with a slash it is another resource
    yield app


def _routes(processes: ProcessResources, execution: Execution, jobs: JobResources) -> list[Route]:
    return [
        Route("/", landing_page),
        Route("/conformance", conformance),
        Route("/api", api),
        Route("/processes", processes.list, methods=["GET"]),
        Route("/processes", processes.deploy, methods=["POST"]),
        Route("/processes/{process_id}", processes.get, methods=["GET"]),
        Route("/processes/{process_id}", processes.replace, methods=["PUT"]),
        Route("/processes/{process_id}", processes.undeploy, methods=["DELETE"]),
        Route("/processes/{process_id}/package", processes.package),
        Route("/processes/{process_id}/execution", execution.execute, methods=["POST"]),
        Route("/jobs", jobs.list),
        Route("/jobs/{job_id}", jobs.get, methods=["GET"]),
        Route("/jobs/{job_id}", jobs.dismiss, methods=["DELETE"]),
        Route("/jobs/{job_id}/results", jobs.results),
        Route("/jobs/{job_id}/results/{output_id}", jobs.output),
        Route("/jobs/{job_id}/logs/{step}", jobs.log),
        Route("/files/{job_id}/{path:path}", jobs.file),
    ]


def landing_page(request: Request) -> Response:
    """/req/core/landingpage-success."""
    base = base_of(request)
    links = (
        Link(href=f"{base}/", rel="self", type="application/json", title="This document"),
        Link(href=f"{base}/api", rel="service-desc", type=OPENAPI_TYPE, title="API definition"),
        Link(href=f"{base}/conformance", rel=f"{RELATIONS}conformance", type="application/json", title="Conformance"),
        Link(href=f"{base}/processes", rel=f"{RELATIONS}processes", type="application/json", title="Processes"),
        Link(href=f"{base}/jobs", rel=f"{RELATIONS}job-list", type="application/json", title="Jobs"),
    )
    told = "Runs CWL application packages on this machine"
    return answer(LandingPage(title="mcp-ogc local endpoint", description=told, links=links))


def conformance(_: Request) -> Response:
    """/req/core/conformance-success."""
    return answer(Conformance(conforms_to=CONFORMS_TO))


def api(request: Request) -> Response:
    """/req/core/api-definition-success."""
    return JSONResponse(definition(base_of(request)), media_type=OPENAPI_TYPE)


class LoopbackOnly:
    """Refuses what a page in a browser can send here: foreign names for this host, and foreign origins."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        if scope["type"] == "http":
            request = Request(scope)
            origin = request.headers.get("origin")
            problem = None
            if not _is_loopback(f"//{request.headers.get('host', '')}"):
                problem = Problem(421, "This server is not of that name", "Ask it as 127.0.0.1 or localhost")
            elif origin is not None and not _is_loopback(origin):
                problem = Problem(403, "Pages of other sites may not use this server")
            if problem is not None:
                await _refused(request, problem)(scope, receive, send)
                return
        await self._app(scope, receive, send)


class Unforeseen:
    """Answers what nobody foresaw with a problem too, and tells the log, and nobody else, what it was."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and answer where that fails before an answer has begun."""
        has_begun = False

        async def noting(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception:
            if scope["type"] != "http" or has_begun:
                raise
            request = Request(scope)
            logger.exception("%s %r failed", request.method, request.url.path)
            told = "Nobody foresaw this: its log says what it was. Other requests are answered as ever"
            await _refused(request, Problem(500, "The local endpoint failed", told))(scope, receive, send)


def _is_loopback(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refused(_: Request, problem: Problem) -> Response:
    return JSONResponse(problem.document(), problem.status, media_type="application/problem+json")


def _unknown(request: Request, error: HTTPException) -> Response:
    told = "No such resource" if error.status_code == 404 else f"{request.method} is not for this resource"
    response = _refused(request, Problem(error.status_code, told, f"{base_of(request)}/api tells what there is"))
    response.headers.update(error.headers or {})
    if error.status_code == 405:
        # Starlette names the methods of the first route of a path only (RFC 9110 §10.2.1 wants them all).
        response.headers["allow"] = ", ".join(sorted(_methods(request)))
    return response


def _methods(request: Request) -> set[str]:
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    there = [route for route in routes if route.matches(request.scope)[0] is not Match.NONE]
    return {method for route in there for method in route.methods or ()}


def _failed(request: Request, error: Exception) -> Response:
    """The disk or the database: what a person can mend."""
    told = f"{error}. Make room on its disk, or make it writable; then call again"
    return _refused(request, Problem(500, "The local endpoint can't use its folder", told))
