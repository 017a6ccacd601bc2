"""Jobs over HTTP: the list, a status, logs, results, a dismissal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tests.servers.processes.catalogue import Product
from tests.servers.processes.jobs import Job
from tests.servers.processes.paging import page_of
from tests.servers.processes.personality import Dismissal, ErrorForm, Logs
from tests.servers.processes.quirk import Quirk
from tests.servers.processes.results import file_href, results_of
from tests.servers.processes.statuses import dismissed, not_yet, status_of

if TYPE_CHECKING:
    from tests.servers.processes.endpoint import TestEndpoint

LONGEST_LIST = 20
FILTERS = ("processID", "status", "type", "minDuration", "maxDuration", "datetime")


async def job_list(endpoint: TestEndpoint, request: Request) -> Response:
    """`GET /jobs`."""
    voice = endpoint.voice
    limit = request.query_params.get("limit", "")
    if voice.has(Quirk.Q15) and voice.personality.job_list_missing:
        return Response("Not Found", 404, media_type="text/plain")
    if voice.has(Quirk.Q12) and not (limit.isdigit() and int(limit) <= LONGEST_LIST):
        return voice.gateway(504, "504 Gateway Time-out")
    jobs = [*endpoint.jobs]
    if process_id := request.path_params.get("process_id"):
        jobs = [job for job in jobs if job.process.id == process_id]
    if not voice.has(Quirk.Q16):
        wanted = {name: request.query_params.getlist(name) for name in ("processID", "status")}
        jobs = [job for job in jobs if not wanted["processID"] or job.process.id in wanted["processID"]]
        jobs = [job for job in jobs if not wanted["status"] or job.status in wanted["status"]]
    shown, more = page_of(voice, request, "jobs", jobs, FILTERS)
    if voice.has(Quirk.Q13) and request.query_params.get("detail") != "true":
        return voice.json(request, {"jobs": [job.id for job in shown], **more})
    for job in shown:
        job.look()
    return voice.json(request, {"jobs": [status_of(voice, request, job) for job in shown], **more})


async def job_status(endpoint: TestEndpoint, request: Request) -> Response:
    """`GET /jobs/{jobID}`."""
    voice, job = endpoint.voice, _job(endpoint, request)
    if job is None or (voice.has(Quirk.Q10) and _is_early(job, looks=1)):
        return _missing(endpoint, request)
    if voice.has(Quirk.Q10) and _is_early(job, looks=2):
        return voice.json(request, not_yet(voice, request, job))
    job.look()
    asked_for_log = request.query_params.get("log", "").lower() == "true"
    return voice.json(request, status_of(voice, request, job, metadata=asked_for_log))


async def job_with_slash(endpoint: TestEndpoint, request: Request) -> Response:
    """`GET /jobs/{jobID}/` (Q11): whatever is longer than an id is the results' branch."""
    return await results(endpoint, request) if endpoint.voice.has(Quirk.Q11) else _missing(endpoint, request)


async def results(endpoint: TestEndpoint, request: Request) -> Response:
    """`GET /jobs/{jobID}/results`."""
    voice, job = endpoint.voice, _job(endpoint, request)
    if job is None:
        return _missing(endpoint, request)
    if job.status == "dismissed":
        return voice.problem(request, "job-gone", 410, "Job was dismissed.")
    if job.status == "failed":
        return _results_of_failed(endpoint, request, job)
    if job.status != "successful":
        status = 400 if voice.personality.old_descriptions else 404
        return voice.problem(request, "result-not-ready", status, "The job is still running.")
    if voice.has(Quirk.Q4):
        namespace = request.path_params.get("namespace", "anonymous")
        return RedirectResponse(f"{voice.origin(request)}/{namespace}/temp/{job.id}.json", 302)
    return results_of(voice, request, job)


async def moved_results(endpoint: TestEndpoint, request: Request) -> Response:
    """`GET /{namespace}/temp/{jobID}.json`: what the results are a redirect to (Q4)."""
    voice, job = endpoint.voice, _job(endpoint, request)
    if job is None or job.status != "successful":
        return Response("Not Found", 404, media_type="text/html")
    request.scope["root_path"] = f"/{request.path_params['namespace']}/ogc-api"
    return results_of(voice, request, job)


async def result(endpoint: TestEndpoint, request: Request) -> Response:
    """`GET /jobs/{jobID}/results/{outputID}` (Part 1, 2.0, and ZOO-Project)."""
    voice, job = endpoint.voice, _job(endpoint, request)
    if job is None:
        return _missing(endpoint, request)
    product = job.products.get(request.path_params["output_id"])
    if product is None:
        return voice.problem(request, "no-such-output", 404, "There is no such output")
    if product.is_file and voice.has(Quirk.Q4):
        return RedirectResponse(file_href(voice, request, job, product), 301)
    return (
        Response(product.body, media_type=product.media_type) if product.is_file else voice.json(request, product.value)
    )


async def outputs(endpoint: TestEndpoint, request: Request) -> Response:
    """`GET /jobs/{jobID}/outputs`: the plain form of the results, beside the logs' resources (Weaver)."""
    voice, job = endpoint.voice, _job(endpoint, request)
    if job is None or not _has_log_resources(endpoint):
        return _missing(endpoint, request)

    def told(product: Product) -> dict[str, object]:
        if product.is_file:
            return {"href": file_href(voice, request, job, product), "type": product.media_type}
        return {"value": product.value}

    return voice.json(request, {"outputs": [{"id": name, **told(one)} for name, one in job.products.items()]})


async def logs(endpoint: TestEndpoint, request: Request) -> Response:
    """`GET /jobs/{jobID}/logs`, during the run too (Q30)."""
    job = _job(endpoint, request)
    if job is None or not _has_log_resources(endpoint):
        return _missing(endpoint, request)
    started = [f"[{job.created.isoformat()}] INFO     [weaver.datatype.Job]   0% {job.status}   Job {job.status}."]
    lines = [line for _, text in job.logs for line in text.splitlines()]
    return endpoint.voice.json(request, [*started, *lines])


async def exceptions(endpoint: TestEndpoint, request: Request) -> Response:
    """`GET /jobs/{jobID}/exceptions` (Q30)."""
    job = _job(endpoint, request)
    if job is None or not _has_log_resources(endpoint):
        return _missing(endpoint, request)
    told = [{"Code": "NoApplicableCode", "Locator": "None", "Text": job.message}] if job.status == "failed" else []
    return endpoint.voice.json(request, told)


async def file(endpoint: TestEndpoint, request: Request) -> Response:
    """A log, or a file a job made."""
    job, name = _job(endpoint, request), request.path_params["name"].rsplit("/", 1)[-1]
    if job is None:
        return Response("Not Found", 404, media_type="text/plain")
    texts = {f"log-{n}.log": text for n, (_, text) in enumerate(job.logs)}
    if name in texts:
        return Response(texts[name], media_type="text/plain")
    if name == "otsu.tif":  # of the recorded items
        return Response(endpoint.processes["raster"].makes({})["raster"].body, media_type="image/tiff")
    product = next((one for one in job.products.values() if one.name == name), None)
    if product is None or product.body is None:
        return Response("Not Found", 404, media_type="text/plain")
    return _ranged(request, product.body, product.media_type)


async def dismiss(endpoint: TestEndpoint, request: Request) -> Response:
    """`DELETE /jobs/{jobID}` (Q17)."""
    voice, job = endpoint.voice, _job(endpoint, request)
    if not voice.personality.dismisses:
        return voice.json(request, {"detail": "Method Not Allowed"}, 405)
    if job is None:
        return _missing(endpoint, request)
    if not voice.has(Quirk.Q17):
        job.end("dismissed")
        return voice.json(request, dismissed(voice, request, job), 202 if voice.has(Quirk.Q6) else 200)
    match voice.personality.dismissal:
        case Dismissal.GONE:
            job.end("dismissed")
            told = {
                "code": "JobDismissed",
                "jobID": job.id,
                "status": "dismissed",
                "message": "Job dismissed.",
                "percentCompleted": 0,
            }
            return voice.json(request, told)
        case Dismissal.DELETED:
            job.end("dismissed")
            job.deleted = True
        case Dismissal.LEFT_RUNNING:  # the thread goes on; only the record is gone
            job.deleted = True
    return voice.json(request, dismissed(voice, request, job))


def _job(endpoint: TestEndpoint, request: Request) -> Job | None:
    return endpoint.jobs.find(request.path_params["job_id"])


def _is_early(job: Job, *, looks: int) -> bool:
    """Q10: whether this is the look number `looks` before the job can be seen."""
    if job.early_looks >= looks:
        return False
    job.early_looks += 1
    return True


def _missing(endpoint: TestEndpoint, request: Request) -> Response:
    voice = endpoint.voice
    job_id = request.path_params["job_id"]
    if voice.personality.error_form is ErrorForm.PYGEOAPI and request.method == "GET" and voice.has(Quirk.Q27):
        return voice.problem(request, "invalid-parameter", 404, job_id)
    detail = f"The JobID {job_id} from the request does not match any of the Jobs running on this server"
    return voice.problem(request, "no-such-job", 404, detail)


def _results_of_failed(endpoint: TestEndpoint, request: Request, job: Job) -> Response:
    voice = endpoint.voice
    if voice.has(Quirk.Q28):
        return voice.problem(request, "result-not-ready", 404, "Process execution is not completed")
    if not voice.has(Quirk.Q29):
        return voice.problem(request, "job-failed", 500, job.message or "The job failed")
    if voice.personality.error_form is ErrorForm.ZOO and voice.has(Quirk.Q27):
        # An exception with the status of a success, as it was recorded.
        told = {"title": "NoApplicableCode", "type": "NoApplicableCode", "detail": "The service failed to execute."}
        return voice.json(request, told)
    return voice.problem(request, "job-failed", 400, "job failed")


def _has_log_resources(endpoint: TestEndpoint) -> bool:
    return endpoint.voice.has(Quirk.Q30) and endpoint.personality.logs is Logs.RESOURCES


def _ranged(request: Request, body: bytes, media_type: str) -> Response:
    wanted = request.headers.get("range", "")
    if not wanted.startswith("bytes="):
        return Response(body, media_type=media_type, headers={"Accept-Ranges": "bytes"})
    first, last = wanted.removeprefix("bytes=").split("-")
    start = int(first) if first else max(0, len(body) - int(last))
    end = min(int(last), len(body) - 1) if first and last else len(body) - 1
    place = f"bytes {start}-{end}/{len(body)}"
    return Response(body[start : end + 1], 206, {"Content-Range": place}, media_type)
