"""The local endpoint's app: OGC API - Processes Part 1 Core and Part 2 on Starlette.

No task runs behind a reply and there is no lifespan: httpx's ASGI transport runs neither.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import anyio.to_thread
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from mcp_ogc.errors import LocalEndpointError
from mcp_ogc.local import problems
from mcp_ogc.local.answers import output_response, results_response, status_info
from mcp_ogc.local.deployment import needs_container, read_deployment
from mcp_ogc.local.engines import Engine, find_engine
from mcp_ogc.local.filters import matching, page_of
from mcp_ogc.local.jobs import Jobs, Reach
from mcp_ogc.local.messages import (
    answer,
    base_of,
    body_of,
    check_request,
    described,
    execute_request,
    process_links,
    summary_of,
)
from mcp_ogc.local.openapi import OPENAPI_TYPE, definition
from mcp_ogc.local.problems import Problem
from mcp_ogc.local.processes import DESCRIPTIONS, outputs_of, pause, seconds_of
from mcp_ogc.local.store import JobRow, ProcessRow, Store
from mcp_ogc.ogc.models import (
    RELATIONS,
    Conformance,
    JobControl,
    JobList,
    JobStatus,
    LandingPage,
    Link,
    ProcessDescription,
    ProcessList,
)

if TYPE_CHECKING:
    from mcp_ogc.settings import LocalSettings

PART1 = "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/"
PART2 = "http://www.opengis.net/spec/ogcapi-processes-2/1.0/conf/"
CONFORMS_TO = (
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/json",
    *(f"{PART1}{name}" for name in ("core", "ogc-process-description", "json", "oas30", "job-list", "dismiss")),
    *(f"{PART2}{name}" for name in ("deploy-replace-undeploy", "ogcapppkg", "cwl")),
)
LOG_BYTES = 1 << 20


class LocalApp:
    """The resources, each a method."""

    def __init__(self, store: Store, jobs: Jobs, settings: LocalSettings, trusted: Sequence[str], files: str) -> None:
        self._store = store
        self._jobs = jobs
        self._settings = settings
        self._trusted = {*settings.trusted_packages, *trusted}
        self._files = files

    @cached_property
    def _engine(self) -> Engine | None:
        return find_engine(self._settings.container_engine)

    # --- what there is

    def landing_page(self, request: Request) -> Response:
        """/req/core/landingpage-success."""
        base = base_of(request)
        links = (
            Link(href=f"{base}/", rel="self", type="application/json", title="This document"),
            Link(href=f"{base}/api", rel="service-desc", type=OPENAPI_TYPE, title="API definition"),
            Link(href=f"{base}/conformance", rel=f"{RELATIONS}conformance", type="application/json"),
            Link(href=f"{base}/processes", rel=f"{RELATIONS}processes", type="application/json"),
            Link(href=f"{base}/jobs", rel=f"{RELATIONS}job-list", type="application/json"),
        )
        told = "Runs CWL application packages on this machine"
        return answer(LandingPage(title="mcp-ogc local endpoint", description=told, links=links))

    def conformance(self, _: Request) -> Response:
        """/req/core/conformance-success."""
        return answer(Conformance(conforms_to=CONFORMS_TO))

    def api(self, request: Request) -> Response:
        """/req/core/api-definition-success."""
        return JSONResponse(definition(base_of(request)), media_type=OPENAPI_TYPE)

    def processes(self, request: Request) -> Response:
        """/req/core/process-list-success."""
        page = page_of(request.query_params)
        all_of_them = [self._description(process_id) for process_id in DESCRIPTIONS]
        all_of_them += [described(row) for row in self._store.processes()]
        base = base_of(request)
        summaries = tuple(summary_of(one, base) for one in page.cut(all_of_them))
        links = page.links(f"{base}/processes", dict(request.query_params), len(all_of_them))
        return answer(ProcessList(processes=summaries, links=links, number_total=len(all_of_them)))

    def process(self, request: Request) -> Response:
        """/req/core/process-success."""
        description = self._description(request.path_params["process_id"])
        links = process_links(description.id, base_of(request))
        return answer(description.model_copy(update={"links": links}))

    # --- deploy, replace, undeploy

    async def deploy(self, request: Request) -> Response:
        """/req/deploy-replace-undeploy/deploy-post-op."""
        row = await self._deployment(request)
        location = f"{base_of(request)}/processes/{row.process_id}"
        if row.process_id in DESCRIPTIONS or not await run_in_threadpool(self._store.add_process, row):
            raise Problem(
                409, f"There is a process {row.process_id!r} already", "Replace it", type=problems.DUPLICATED_PROCESS
            )
        return answer(summary_of(described(row), base_of(request)), 201, {"Location": location})

    async def replace(self, request: Request) -> Response:
        """/req/deploy-replace-undeploy/replace-put-op."""
        process_id = request.path_params["process_id"]
        await run_in_threadpool(self._mutable, process_id)
        row = await self._deployment(request)
        if row.process_id != process_id:
            raise Problem(
                400, f"The package is {row.process_id!r}", f"Its workflow must have the id {process_id!r}, or deploy it"
            )
        await run_in_threadpool(self._store.replace_process, row)
        return Response(status_code=204)

    def undeploy(self, request: Request) -> Response:
        """/req/deploy-replace-undeploy/undeploy-delete-op. Jobs of it go on, and keep their package."""
        process_id = request.path_params["process_id"]
        self._mutable(process_id)
        self._store.remove_process(process_id)
        return Response(status_code=204)

    def package(self, request: Request) -> Response:
        """/req/deploy-replace-undeploy/package-get-op: what was deployed, as it was deployed where that is asked."""
        row = self._mutable(request.path_params["process_id"])
        accepted = request.headers.get("accept", "*/*")
        if row.media_type in accepted or "*/*" in accepted:
            return Response(row.body, media_type=row.media_type)
        if "application/ogcapppkg+json" in accepted or accepted == "application/json":
            unit = {"value": row.package, "mediaType": "application/cwl"}
            return JSONResponse({"executionUnit": unit}, media_type="application/ogcapppkg+json")
        if "application/cwl" in accepted:
            is_json = row.package.lstrip().startswith("{")
            if "application/cwl+json" in accepted and not is_json:
                raise Problem(406, "This package is YAML", "Accept: application/cwl")
            return Response(row.package, media_type="application/cwl+json" if is_json else "application/cwl")
        raise Problem(406, f"{accepted} can't be had", "Accept: application/cwl or application/ogcapppkg+json")

    # --- execute

    async def execute(self, request: Request) -> Response:
        """/req/core/process-execute-op: a job where `Prefer: respond-async` asks, or the process knows no other way."""
        process_id = request.path_params["process_id"]
        description = await run_in_threadpool(self._description, process_id)
        asked = await execute_request(request)
        check_request(description, asked)
        wants_async = "respond-async" in request.headers.get("prefer", "").lower()
        if not wants_async and JobControl.SYNC in (description.job_control_options or ()):
            inputs = asked.get("inputs") or {}
            await run_in_threadpool(pause, seconds_of(process_id, inputs), lambda _share: None)
            return results_response(outputs_of(process_id, inputs), asked, self._files)
        row = await run_in_threadpool(self._submit, process_id, asked)
        headers = {"Location": f"{base_of(request)}/jobs/{row.job_id}"}
        if wants_async:
            headers["Preference-Applied"] = "respond-async"
        return answer(status_info(row, base_of(request), self._jobs.folder(row.job_id)), 201, headers)

    def _submit(self, process_id: str, asked: Mapping[str, Any]) -> JobRow:
        process = self._store.process(process_id)
        engine = self._engine_for(process.package, process.digest) if process else None
        try:
            return self._jobs.submit(process_id, process, asked, engine.name if engine else None)
        except LocalEndpointError as error:
            raise Problem(501, error.message, error.remedy) from error

    # --- jobs

    def jobs(self, request: Request) -> Response:
        """/req/job-list/job-list-success."""
        query = dict(request.query_params)
        page = page_of(query)
        rows = matching(self._jobs.jobs(), query)
        base = base_of(request)
        infos = tuple(status_info(row, base, self._jobs.folder(row.job_id)) for row in page.cut(rows))
        links = page.links(f"{base}/jobs", query, len(rows))
        return answer(JobList(jobs=infos, links=links, number_total=len(rows)))

    def job(self, request: Request) -> Response:
        """/req/core/job-success."""
        row = self._job(request)
        return answer(status_info(row, base_of(request), self._jobs.folder(row.job_id)))

    def dismiss(self, request: Request) -> Response:
        """/req/dismiss/job-dismiss-success: nothing of the job stays, no process, no file."""
        row = self._job(request)
        info = status_info(row, base_of(request), self._jobs.folder(row.job_id))
        try:
            self._jobs.dismiss(row.job_id)
        except LocalEndpointError as error:
            raise Problem(500, error.message, error.remedy) from error
        return answer(info.model_copy(update={"status": JobStatus.DISMISSED, "message": "dismissed", "links": ()}))

    def results(self, request: Request) -> Response:
        """/req/core/job-results."""
        row = self._finished(request)
        return results_response(self._stored(row), json.loads(row.request), self._asset_base(request, row))

    def output(self, request: Request) -> Response:
        """One output of the results."""
        row = self._finished(request)
        return output_response(self._stored(row), request.path_params["output_id"], self._asset_base(request, row))

    def log(self, request: Request) -> Response:
        """The end of a step's log."""
        row = self._job(request)
        path = self._jobs.folder(row.job_id).log(request.path_params["step"])
        if path is None:
            names = ", ".join(self._jobs.folder(row.job_id).log_names()) or "none yet"
            raise Problem(404, "No such log", f"There are: {names}")
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - LOG_BYTES))
            return PlainTextResponse(file.read().decode("utf-8", errors="replace"))

    def file(self, request: Request) -> Response:
        """A published file; Starlette answers its ranges."""
        folder = self._jobs.folder(self._job(request).job_id).published.resolve()
        path = (folder / request.path_params["path"]).resolve()
        if not path.is_relative_to(folder) or not path.is_file():
            raise Problem(404, "No such file")
        return FileResponse(path)

    # --- what the resources share

    def _description(self, process_id: str) -> ProcessDescription:
        if process_id in DESCRIPTIONS:
            return ProcessDescription.model_validate(DESCRIPTIONS[process_id])
        row = self._store.process(process_id)
        if row is None:
            raise Problem(404, f"No process {process_id!r}", "GET /processes lists them", type=problems.NO_SUCH_PROCESS)
        return described(row)

    def _mutable(self, process_id: str) -> ProcessRow:
        row = self._store.process(process_id)
        if row is None and process_id in DESCRIPTIONS:
            raise Problem(
                403, f"{process_id} is built in", "Only deployed processes change", type=problems.IMMUTABLE_PROCESS
            )
        if row is None:
            raise Problem(404, f"No process {process_id!r}", "GET /processes lists them", type=problems.NO_SUCH_PROCESS)
        return row

    async def _deployment(self, request: Request) -> ProcessRow:
        body = await body_of(request)
        media_type, workflow_id = request.headers.get("content-type", ""), request.query_params.get("w")
        row = await run_in_threadpool(read_deployment, body, media_type, workflow_id)
        await run_in_threadpool(self._engine_for, row.package, row.digest)
        return row

    def _engine_for(self, package: str, digest: str) -> Engine | None:
        """The container engine to run a package with; None to run it natively, which only a trusted one may."""
        if needs_container(package) and self._engine is not None:
            return self._engine
        if {digest, "*"} & self._trusted:
            return None
        found = (
            f"{self._engine.name} is here, but it names no image" if self._engine else "there is no container engine"
        )
        raise Problem(
            403,
            f"This package would run natively, as you, with your files: {found}",
            f'To trust it, put [local] trusted_packages = ["{digest}"] into the settings; '
            "else give its tools a DockerRequirement and install docker, podman or singularity",
        )

    def _job(self, request: Request) -> JobRow:
        row = self._jobs.job(request.path_params["job_id"])
        if row is None:
            raise Problem(
                404, f"No job {request.path_params['job_id']!r}", "GET /jobs lists them", type=problems.NO_SUCH_JOB
            )
        return row

    def _finished(self, request: Request) -> JobRow:
        row = self._job(request)
        if row.is_open:
            raise Problem(
                404, f"The job is {row.status}", "Ask again when it has ended", type=problems.RESULT_NOT_READY
            )
        if row.status != JobStatus.SUCCESSFUL:
            raise Problem(500, "The job failed, so it has no results", row.message or "")
        return row

    def _stored(self, row: JobRow) -> dict[str, Any]:
        stored: dict[str, Any] = json.loads(self._jobs.folder(row.job_id).results.read_text(encoding="utf-8"))
        return stored

    def _asset_base(self, request: Request, row: JobRow) -> str:
        if self._files == "http":
            return f"{base_of(request)}/files/{row.job_id}"
        return self._jobs.folder(row.job_id).published.resolve().as_uri()


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
        asset_base: How files of results are named: `file:` URLs, or `{base}/files/…` with ranges.
        trusted_digests: Packages that may run natively beside those of the settings.
        readable_folders: Below which inputs may name files.
        allowed_hosts: Private hosts that inputs may name.
    """

    def prepare() -> tuple[Path, Store]:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        root = folder.resolve()
        store = Store(root / "local.sqlite3")
        store.migrate()
        return root, store

    root, store = await anyio.to_thread.run_sync(prepare)
    jobs = Jobs(root, store, Reach(settings.running_jobs, [root / "jobs", *readable_folders], allowed_hosts))
    app = LocalApp(store, jobs, settings, trusted_digests, asset_base)
    starlette = Starlette(
        routes=_routes(app),
        exception_handlers={Problem: _refused, 404: _unknown, 405: _unknown},  # type: ignore[dict-item]
    )
    starlette.router.redirect_slashes = False  # with a slash it is another resource
    yield starlette


def _routes(app: LocalApp) -> list[Route]:
    return [
        Route("/", app.landing_page),
        Route("/conformance", app.conformance),
        Route("/api", app.api),
        Route("/processes", app.processes, methods=["GET"]),
        Route("/processes", app.deploy, methods=["POST"]),
        Route("/processes/{process_id}", app.process, methods=["GET"]),
        Route("/processes/{process_id}", app.replace, methods=["PUT"]),
        Route("/processes/{process_id}", app.undeploy, methods=["DELETE"]),
        Route("/processes/{process_id}/package", app.package),
        Route("/processes/{process_id}/execution", app.execute, methods=["POST"]),
        Route("/jobs", app.jobs),
        Route("/jobs/{job_id}", app.job, methods=["GET"]),
        Route("/jobs/{job_id}", app.dismiss, methods=["DELETE"]),
        Route("/jobs/{job_id}/results", app.results),
        Route("/jobs/{job_id}/results/{output_id}", app.output),
        Route("/jobs/{job_id}/logs/{step}", app.log),
        Route("/files/{job_id}/{path:path}", app.file),
    ]


def _refused(_: Request, problem: Problem) -> Response:
    return JSONResponse(problem.document(), problem.status, media_type="application/problem+json")


def _unknown(request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 404)
    told = "No such resource" if status == 404 else f"{request.method} is not for this resource"
    return _refused(request, Problem(status, told, f"{base_of(request)}/api tells what there is"))
