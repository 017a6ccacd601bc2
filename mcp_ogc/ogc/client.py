"""One OGC API - Processes endpoint: the fourteen resources of Parts 1 and 2.

Links are followed where the standard gives them (landing page to conformance, processes, jobs and API definition;
process to its execution; job to its results), and built where a server gives none. A job id is never followed by a
slash (quirk Q11). Nothing but a GET is ever sent twice.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

import anyio
import httpx

from mcp_ogc.errors import (
    JobFailed,
    NoSuchJob,
    NoSuchProcess,
    OgcError,
    RemoteProblem,
    ResultNotReady,
    SubmissionUnconfirmed,
    TimedOut,
    Unreachable,
    UnreadableAnswer,
)
from mcp_ogc.net.http import ENDPOINT, read_bounded
from mcp_ogc.ogc.addresses import Addresses, last_segment, with_query
from mcp_ogc.ogc.answers import (
    Answer,
    PackageAnswer,
    is_job,
    job_of,
    json_or_none,
    link_headers,
    listed_process,
    read_unless_file,
    unwrapped,
    validated,
)
from mcp_ogc.ogc.models import (
    RELATIONS,
    Conformance,
    Execute,
    JobList,
    JobStatus,
    JsonObject,
    LandingPage,
    ProcessDescription,
    ProcessList,
    ProcessSummary,
    StatusInfo,
    Value,
    find_link,
)
from mcp_ogc.ogc.problems import read_problem
from mcp_ogc.ogc.sending import Sending

if TYPE_CHECKING:
    from mcp_ogc.settings import Limits

T = TypeVar("T", bound=Value)

JSON = "application/json"
LOOK_FOR_IT = "Look for it with ogc_list_jobs before you run it again"
CWL = "application/cwl"
# What a package is asked as, one precise type at a time: ZOO-Project answers 406 to anything else (quirk Q25).
PACKAGE_TYPES = (CWL, "application/cwl+yaml", "application/cwl+json", "application/ogcapppkg+json")


class ProcessesClient:
    """The client of one endpoint.

    Args:
        http: Sends the requests: the guarded client, or one on the embedded endpoint's app.
        url: Base URL, the landing page.
        limits: Bounds on bodies and times.

    Every method raises `Unreachable` or `TimedOut` where no answer comes, `TooLarge` past the bound of a document,
    `UnreadableAnswer` where it is not what the standard says, and the `RemoteProblem` the endpoint answered with.
    """

    def __init__(self, http: httpx.AsyncClient, url: str, *, limits: Limits) -> None:
        self._addresses = Addresses(url)
        self.url = self._addresses.base
        self._http = http
        self._limits = limits
        self._landing: LandingPage | None = None

    async def landing_page(self) -> LandingPage:
        """`GET /` (/req/core/landingpage-op)."""
        # ZOO-Project and others serve it with the slash only.
        self._landing = await self._read(LandingPage, f"{self.url}/")
        return self._landing

    async def conformance(self) -> Conformance:
        """`GET /conformance` (/req/core/conformance-op)."""
        return await self._read(Conformance, await self._place(f"{RELATIONS}conformance", "conformance"))

    async def api_definition(self) -> JsonObject:
        """`GET /api` (/req/core/api-definition-op)."""
        return await self._document(await self._place("service-desc", "api"))

    async def processes(self, *, limit: int = 100, page: str | None = None) -> ProcessList:
        """`GET /processes` (/req/core/process-list); `page` is the href of a `next` link."""
        if page is None:
            page = with_query(await self._place(f"{RELATIONS}processes", "processes"), limit=limit)
        document = await self._document(self._addresses.own(page))
        listed = document.get("processes")
        readable = [one for one in map(listed_process, listed) if one] if isinstance(listed, list) else []
        return validated(ProcessList, {**document, "processes": readable}, page)

    async def describe(self, process_id: str) -> ProcessDescription:
        """`GET /processes/{processID}` (/req/core/process).

        Raises:
            NoSuchProcess: There is none of that id.
        """
        url = self._addresses.process(process_id)
        document = await self._document(url, subject=f"process {process_id!r}", missing=NoSuchProcess)
        nested = document.get("process")  # servers of the first drafts
        document = nested if isinstance(nested, dict) and "id" not in document else document
        for member in ("inputs", "outputs"):
            listed = document.get(member)
            if isinstance(listed, list):
                document[member] = {str(one.get("id")): one for one in listed if isinstance(one, dict)}
            elif listed is None:
                document[member] = {}
        return validated(ProcessDescription, document, url)

    async def execute(
        self, process_id: str, request: Execute, *, description: ProcessDescription | None = None
    ) -> StatusInfo | Answer:
        """`POST /processes/{processID}/execution` (/req/core/process-execute-op), asynchronously where possible.

        Returns:
            The job; or the answer itself, where the server ran it synchronously all the same.

        Raises:
            SubmissionUnconfirmed: It was sent and no answer came. Never repeated here.
        """
        link = find_link(description.links, f"{RELATIONS}execute") if description else None
        url = self._addresses.own(link.href) if link else f"{self._addresses.process(process_id)}/execution"
        # `response: document` in the body wins over Prefer where both are read, and does no harm elsewhere (quirk Q1).
        sending = Sending(json.dumps(request.wire(), ensure_ascii=False).encode())
        headers = {"Prefer": "respond-async", "Accept": JSON, **sending.headers}
        try:
            response, body = await self._exchange("POST", url, headers=headers, content=sending.content())
        except OgcError as error:
            if not sending.begun:
                raise
            # Whatever went wrong since: without an answer nobody knows whether there is a job.
            raise SubmissionUnconfirmed(
                f"{process_id!r} was sent to {self.url} and no answer came ({error.message}): the job may exist",
                remedy=LOOK_FOR_IT,
            ) from error
        if response.status_code in (502, 504):
            # A gateway passed the request on and has no answer to it (RFC 9110 §15.6.3, §15.6.5).
            raise SubmissionUnconfirmed(
                f"{process_id!r} was sent to {self.url} and its gateway had no answer (HTTP {response.status_code}): "
                "the job may exist",
                remedy=LOOK_FOR_IT,
            )
        if response.status_code >= 300:
            raise read_problem(
                response.status_code, body, url=url, subject=f"process {process_id!r}", missing=NoSuchProcess
            )
        return job_of(process_id, response, body) or self._answer(response, body)

    async def deploy(
        self, package: str, *, media_type: str = "application/cwl+yaml", workflow_id: str | None = None
    ) -> ProcessSummary:
        """`POST /processes` (OGC 20-044, /req/deploy-replace-undeploy/deploy-post-op); `w` names the workflow.

        Raises:
            DuplicatedProcess: It is there already.
        """
        url = with_query(await self._place(f"{RELATIONS}processes", "processes"), w=workflow_id)
        response, body = await self._exchange(
            "POST", url, content=package.encode(), headers={"Content-Type": media_type, "Accept": JSON}
        )
        if response.status_code >= 300:
            raise read_problem(response.status_code, body, url=url, subject="deployment")
        document = json_or_none(body)
        summary = document.get("processSummary", document) if isinstance(document, dict) else None
        if isinstance(summary, dict) and isinstance(summary.get("id"), str):
            return validated(ProcessSummary, summary, url)
        location = response.headers.get("location", "")
        if not location:
            raise UnreadableAnswer(f"{url} deployed something and did not say what", remedy="List the processes")
        return ProcessSummary(id=last_segment(location))

    async def replace(
        self,
        process_id: str,
        package: str,
        *,
        media_type: str = "application/cwl+yaml",
        workflow_id: str | None = None,
    ) -> None:
        """`PUT /processes/{processID}` (/req/deploy-replace-undeploy/replace-put-op)."""
        url = with_query(self._addresses.process(process_id), w=workflow_id)
        headers = {"Content-Type": media_type, "Accept": JSON}
        response, body = await self._exchange("PUT", url, content=package.encode(), headers=headers)
        if response.status_code >= 300:
            raise read_problem(
                response.status_code, body, url=url, subject=f"process {process_id!r}", missing=NoSuchProcess
            )

    async def undeploy(self, process_id: str) -> None:
        """`DELETE /processes/{processID}` (/req/deploy-replace-undeploy/undeploy-delete-op)."""
        url = self._addresses.process(process_id)
        response, body = await self._exchange("DELETE", url, headers={"Accept": JSON})
        if response.status_code >= 300:
            raise read_problem(
                response.status_code, body, url=url, subject=f"process {process_id!r}", missing=NoSuchProcess
            )

    async def package(self, process_id: str) -> PackageAnswer:
        """`GET /processes/{processID}/package` (/req/deploy-replace-undeploy/package-get-op), unwrapped to CWL."""
        url = f"{self._addresses.process(process_id)}/package"
        problem: RemoteProblem | None = None
        for media_type in PACKAGE_TYPES:
            response, body = await self._exchange("GET", url, headers={"Accept": media_type})
            if response.status_code < 300 and body.strip():
                # ZOO-Project echoes Accept as Content-Type: what was asked for is what it is.
                return PackageAnswer(media_type, unwrapped(body))
            if response.status_code >= 300:
                problem = read_problem(
                    response.status_code,
                    body,
                    url=url,
                    subject=f"package of {process_id!r}",
                    missing=NoSuchProcess,
                )
                if response.status_code not in (406, 415):
                    break
        raise problem or UnreadableAnswer(f"{url} is empty", remedy="Was it deployed by reference? Read it there")

    async def job(self, job_id: str) -> StatusInfo:
        """`GET /jobs/{jobID}` (/req/core/job-op).

        Raises:
            NoSuchJob: There is none of that id, or none any more.
        """
        url = self._addresses.job(job_id)
        document = await self._document(url, subject=f"job {job_id!r}", missing=NoSuchJob)
        return validated(StatusInfo, {**document, "jobID": job_id}, url)

    async def results(self, job_id: str) -> Answer:
        """`GET /jobs/{jobID}/results` (/req/core/job-results), where the job's own link says, if it has one.

        The status is read first: servers answer the results of a failed job in many ways (quirks Q28, Q29).

        A body that is a file, such as a raw GeoTIFF, is left where it is: the answer has its type and URL.

        Raises:
            ResultNotReady: It has not ended.
            JobFailed: It failed, and so has none; the detail is its message.
        """
        info = await self.job(job_id)
        if info.status is JobStatus.FAILED:
            raise JobFailed(
                f"Job {job_id} failed, so it has no results",
                detail=info.message or "",
                remedy=f'ogc_get_job(job_id="{job_id}") says why',
            )
        if info.status in (JobStatus.ACCEPTED, JobStatus.RUNNING):
            raise ResultNotReady(
                f"Job {job_id} is {info.status}, so it has no results yet",
                remedy=f'ogc_get_job(job_id="{job_id}", wait_seconds=30) waits for it',
            )
        link = find_link(info.links, f"{RELATIONS}results", media_type=JSON)
        url = self._addresses.own(link.href) if link else f"{self._addresses.job(job_id)}/results"
        headers = {"Accept": f"{JSON}, */*;q=0.5"}
        response, body = await self._exchange("GET", url, headers=headers, read=read_unless_file)
        if response.status_code >= 300:
            raise read_problem(response.status_code, body, url=url, subject=f"job {job_id!r}", missing=NoSuchJob)
        return self._answer(response, body)

    async def jobs(
        self,
        *,
        limit: int = 20,
        process_id: str | None = None,
        status: JobStatus | None = None,
        page: str | None = None,
    ) -> JobList:
        """`GET /jobs` (/req/job-list/job-list-op), always with a limit (quirk Q12); unreadable entries are left out."""
        if page is None:
            place = await self._place(f"{RELATIONS}job-list", "jobs")
            page = with_query(place, limit=limit, processID=process_id, status=status)
        document = await self._document(self._addresses.own(page))
        listed = document.get("jobs")
        readable = [one for one in listed if is_job(one)] if isinstance(listed, list) else []
        return validated(JobList, {**document, "jobs": readable}, page)

    async def dismiss(self, job_id: str) -> StatusInfo | None:
        """`DELETE /jobs/{jobID}` (/req/dismiss/job-dismiss-op); the last status, where the server tells it."""
        url = self._addresses.job(job_id)
        response, body = await self._exchange("DELETE", url, headers={"Accept": JSON})
        if response.status_code >= 300:
            raise read_problem(response.status_code, body, url=url, subject=f"job {job_id!r}", missing=NoSuchJob)
        document = json_or_none(body)
        if not is_job(document):
            return None
        return validated(StatusInfo, document, url)

    async def text(self, href: str, *, limit: int) -> str:
        """A text the endpoint links, such as a log: its last `limit` characters."""
        url = self._addresses.linked(href)
        # Only the end is asked for, as it is: a log may be longer than any document may be. Four bytes a character.
        headers = {"Accept": "text/plain, */*;q=0.5", "Accept-Encoding": "identity", "Range": f"bytes=-{limit * 4}"}
        response, body = await self._exchange("GET", url, headers=headers)
        if response.status_code == 416:  # there is nothing in it
            return ""
        if response.status_code >= 300:
            raise read_problem(response.status_code, body, url=url, subject="log")
        return body.decode("utf-8", errors="replace")[-limit:]

    # --- how requests are made and answers read

    async def _read(self, model: type[T], url: str) -> T:
        return validated(model, await self._document(url), url)

    async def _document(
        self, url: str, *, subject: str = "", missing: type[RemoteProblem] = RemoteProblem
    ) -> JsonObject:
        response, body = await self._exchange("GET", url, headers={"Accept": JSON})
        if response.status_code >= 300:
            raise read_problem(response.status_code, body, url=url, subject=subject, missing=missing)
        document = json_or_none(body)
        if not isinstance(document, dict):
            kind = response.headers.get("content-type", "no media type")
            raise UnreadableAnswer(
                f"{url} answered with {kind} that is not a JSON object", remedy="Is it an OGC API - Processes endpoint?"
            )
        return document

    async def _exchange(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        content: bytes | AsyncIterator[bytes] | None = None,
        read: Callable[[httpx.Response, int], Awaitable[bytes]] = read_bounded,
    ) -> tuple[httpx.Response, bytes]:
        # ZOO-Project's /temp is outside the base URL, and wants this endpoint's credentials all the same.
        extensions, seconds = {ENDPOINT: self.url}, self._limits.request_seconds
        try:
            request = self._http.build_request(method, url, headers=headers, content=content, extensions=extensions)
        except httpx.InvalidURL as error:
            raise UnreadableAnswer(f"{url!r} is not a URL: {error}") from error
        try:
            with anyio.fail_after(seconds):
                async with self._sent(request) as response:
                    return response, await read(response, self._limits.document_bytes)
        except TimeoutError:
            raise TimedOut(f"{url} did not answer to its end within {seconds:g} s", remedy="Try again") from None

    @asynccontextmanager
    async def _sent(self, request: httpx.Request) -> AsyncIterator[httpx.Response]:
        try:
            response = await self._http.send(request, stream=True)
            try:
                yield response
            finally:
                await response.aclose()
        except httpx.TimeoutException as error:
            raise TimedOut(f"{request.url} did not answer in time", remedy="Try again, or raise limits") from error
        except httpx.TransportError as error:
            raise Unreachable(
                f"{request.url} can't be reached: {error}", remedy="Check the URL and the network"
            ) from error

    def _answer(self, response: httpx.Response, body: bytes) -> Answer:
        return Answer(
            status=response.status_code,
            media_type=response.headers.get("content-type", ""),
            body=body,
            links=link_headers(response.headers.get_list("link"), str(response.url)),
            url=str(response.url),
        )

    async def _place(self, rel: str, path: str) -> str:
        """Where the landing page says a resource is; below the base URL where it says nothing or can't be read."""
        if self._landing is None:
            try:
                await self.landing_page()
            except (RemoteProblem, UnreadableAnswer):
                self._landing = LandingPage()
        links = self._landing.links if self._landing else ()
        link = find_link(links, rel, media_type=JSON)
        return self._addresses.own(link.href) if link else f"{self.url}/{path}"
