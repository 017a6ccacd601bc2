"""The resources of jobs: list, status, dismissal, results, logs, files."""

from __future__ import annotations

import json
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from mcp_ogc.errors import LocalEndpointError
from mcp_ogc.local.answers import Place, output_response, results_response, status_info
from mcp_ogc.local.filters import matching, page_of
from mcp_ogc.local.folder import tail
from mcp_ogc.local.jobs import Jobs
from mcp_ogc.local.messages import answer, base_of
from mcp_ogc.local.problems import NO_SUCH_JOB, RESULT_NOT_READY, Problem
from mcp_ogc.local.publish import media_type_of
from mcp_ogc.local.store import JobRow
from mcp_ogc.ogc.models import JobList, JobStatus

LOG_BYTES = 1 << 20


class JobResources:
    """`/jobs`, what is below, and `/files`. The methods block, and run in threads."""

    def __init__(self, jobs: Jobs, asset_base: Literal["file", "http"]) -> None:
        self._jobs = jobs
        self._asset_base = asset_base

    def list(self, request: Request) -> Response:
        """/req/job-list/job-list-success."""
        query = dict(request.query_params)
        page = page_of(query)
        rows = matching(self._jobs.jobs(), query)
        base = base_of(request)
        infos = tuple(status_info(row, base, self._jobs.folder(row.job_id)) for row in page.cut(rows))
        links = page.links(f"{base}/jobs", query, len(rows))
        return answer(JobList(jobs=infos, links=links, number_total=len(rows)))

    def get(self, request: Request) -> Response:
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
        row = self._successful(request)
        return results_response(self._stored(row), json.loads(row.request), self._place(request, row))

    def output(self, request: Request) -> Response:
        """One output of the results."""
        row = self._successful(request)
        return output_response(self._stored(row), request.path_params["output_id"], self._place(request, row))

    def log(self, request: Request) -> Response:
        """The end of a step's log."""
        row, step = self._job(request), request.path_params["step"]
        folder = self._jobs.folder(row.job_id)
        path = folder.log(step)
        if path is None:
            raise Problem(404, f"No log {step!r}", f"There are: {', '.join(folder.log_names()) or 'none yet'}")
        return PlainTextResponse(tail(path, LOG_BYTES))

    def file(self, request: Request) -> Response:
        """A published file; Starlette answers its ranges."""
        folder = self._jobs.folder(self._job(request).job_id).published.resolve()
        path = (folder / request.path_params["path"]).resolve()
        if not path.is_relative_to(folder) or not path.is_file():
            raise Problem(404, "No such file", "The results of the job name its files")
        return FileResponse(path, media_type=media_type_of(path))

    def _job(self, request: Request) -> JobRow:
        job_id = request.path_params["job_id"]
        row = self._jobs.job(job_id)
        if row is None:
            raise Problem(404, f"No job {job_id!r}", "GET /jobs lists them", type=NO_SUCH_JOB)
        return row

    def _successful(self, request: Request) -> JobRow:
        row = self._job(request)
        if row.is_open:
            raise Problem(
                404, f"The job is {row.status}", "Ask again when /jobs/{id} says it ended", type=RESULT_NOT_READY
            )
        if row.status != JobStatus.SUCCESSFUL:
            raise Problem(500, "The job failed, so it has no results", row.message or "")
        return row

    def _stored(self, row: JobRow) -> dict[str, Any]:
        return self._jobs.folder(row.job_id).read_results()

    def _place(self, request: Request, row: JobRow) -> Place:
        published = self._jobs.folder(row.job_id).published.resolve()
        is_served = self._asset_base == "http"
        return Place(published, f"{base_of(request)}/files/{row.job_id}" if is_served else published.as_uri())
