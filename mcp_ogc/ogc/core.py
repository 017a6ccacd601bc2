"""Part 1, Core, of an OGC API - Processes endpoint (OGC 18-062r2), in whatever dialect it speaks.

Links are followed where the standard gives them (landing page to conformance, processes, jobs and API definition;
process to its execution; job to its results), and built where a server gives none. A job id is never followed by a
slash (quirk Q11). Nothing but a GET is ever sent twice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic import JsonValue

from mcp_ogc.errors import (
    JobFailed,
    NoSuchJob,
    NoSuchProcess,
    NotOffered,
    OgcError,
    RemoteProblem,
    ResultNotReady,
    SubmissionUnconfirmed,
    UnreadableAnswer,
)
from mcp_ogc.ogc.addresses import Addresses, absolute, with_query
from mcp_ogc.ogc.answers import (
    Answer,
    job_of,
    json_or_none,
    landing_or_none,
    read_unless_file,
    result_links,
    validated,
    with_links,
)
from mcp_ogc.ogc.dialects.dialect import Dialect
from mcp_ogc.ogc.dialects.recognition import recognise
from mcp_ogc.ogc.dialects.standard import STANDARD
from mcp_ogc.ogc.exchange import JSON, Exchange
from mcp_ogc.ogc.lists import read_jobs, read_processes
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
    StatusInfo,
    find_link,
)
from mcp_ogc.ogc.problems import read_problem
from mcp_ogc.ogc.sending import Sending
from mcp_ogc.ogc.statuses import job_or_none, status_info

if TYPE_CHECKING:
    import httpx

    from mcp_ogc.settings import Limits

LOOK_FOR_IT = "Look for it with ogc_list_jobs before you run it again"


class CoreClient:
    """Part 1 of one endpoint.

    Args:
        http: Sends the requests: the guarded client, or one on the embedded endpoint's app.
        url: Base URL, the landing page.
        limits: Bounds on bodies and times.
        dialect: What it speaks; found out from what it says of itself where absent.
        execute_members: Members an execution needs here beside the standard's, such as MAAP's `queue` (quirk Q39).
        rebase_links: Whether its own links are taken to be below this base URL whatever host they name (Q50).

    Every method raises `Unreachable` or `TimedOut` where no answer comes, `TooLarge` past the bound of a document,
    `UnreadableAnswer` where it is not what the standard says, and the `RemoteProblem` the endpoint answered with.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        url: str,
        *,
        limits: Limits,
        dialect: Dialect | None = None,
        execute_members: Mapping[str, JsonValue] | None = None,
        rebase_links: bool = True,
    ) -> None:
        self._addresses = Addresses(url, rebase_links=rebase_links)
        self.url = self._addresses.base
        self._exchange = Exchange(http, self.url, limits)
        self._landing: LandingPage | None = None
        self._dialect = dialect
        self._execute_members = execute_members or {}
        self._job_places: dict[str, str] = {}

    # --- what it is

    async def landing_page(self) -> LandingPage:
        """`GET /` (/req/core/landingpage-op)."""
        # ZOO-Project and others serve it with the slash only.
        url = f"{self.url}/"
        document, links = await self._exchange.document(url)
        self._landing = with_links(validated(LandingPage, document, url), links)
        return self._landing

    async def conformance(self) -> Conformance:
        """`GET /conformance` (/req/core/conformance-op)."""
        url = await self._place(f"{RELATIONS}conformance", "conformance")
        document, _ = await self._exchange.document(url)
        return validated(Conformance, document, url)

    async def api_definition(self) -> JsonObject:
        """`GET /api` (/req/core/api-definition-op)."""
        document, _ = await self._exchange.document(await self._place("service-desc", "api"))
        return document

    async def dialect(self) -> Dialect:
        """What the endpoint speaks: as configured, else recognised from its landing page, its headers and classes."""
        if self._dialect is not None:
            return self._dialect
        response, body = await self._exchange.send("GET", f"{self.url}/", headers={"Accept": JSON})
        text = body.decode("utf-8", errors="replace")
        classes: tuple[str, ...] = ()
        if response.status_code >= 400 and response.status_code != 404:  # it may say more once it lets us in
            return recognise(self.url, response.headers, text, classes)
        self._landing = landing_or_none(response, body) or LandingPage()
        with suppress(RemoteProblem, UnreadableAnswer):
            classes = (await self.conformance()).conforms_to
        self._learn(recognise(self.url, response.headers, text, classes))
        return self._dialect or STANDARD

    @property
    def known_dialect(self) -> Dialect:
        """What it is known to speak, without asking; the standard's as long as it was not asked."""
        return self._dialect or STANDARD

    def _learn(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._exchange.format_parameter = self._exchange.format_parameter or dialect.format_parameter

    # --- processes

    async def processes(self, *, limit: int = 100, page: str | None = None) -> ProcessList:
        """`GET /processes` (/req/core/process-list); `page` is the `next_page` of the page before."""
        dialect = await self.dialect()
        if page is None:
            place = await self._place(f"{RELATIONS}processes", "processes")
            page = with_query(place, limit=limit, **dialect.process_list_parameters)
        page = self._addresses.own(page)
        document, links = await self._exchange.document(page)
        return read_processes(page, document, links, dialect)

    async def describe(self, process_id: str) -> ProcessDescription:
        """`GET /processes/{processID}` (/req/core/process).

        Raises:
            NoSuchProcess: There is none of that id.
        """
        await self.dialect()
        url = self._addresses.process(process_id)
        document, _ = await self._exchange.document(url, subject=f"process {process_id!r}", missing=NoSuchProcess)
        nested = document.get("process")  # servers of the first drafts
        document = nested if isinstance(nested, dict) and "id" not in document else document
        return validated(ProcessDescription, document, url)

    # --- jobs

    async def execute(
        self, process_id: str, request: Execute, *, description: ProcessDescription | None = None
    ) -> StatusInfo | Answer:
        """`POST /processes/{processID}/execution` (/req/core/process-execute-op), asynchronously where possible.

        Returns:
            The job; or the answer itself, where the server ran it synchronously all the same.

        Raises:
            SubmissionUnconfirmed: It was sent and no answer came. Never repeated here.
        """
        dialect = await self.dialect()
        link = find_link(description.links, f"{RELATIONS}execute") if description else None
        url = self._addresses.own(link.href) if link else f"{self._addresses.process(process_id)}/execution"
        members = {**request.wire(), **dialect.execute_members, **self._execute_members}
        sending = Sending(json.dumps(members, ensure_ascii=False).encode())
        headers = {"Prefer": dialect.prefer, "Accept": JSON, **sending.headers}
        try:
            response, body = await self._exchange.send("POST", url, headers=headers, content=sending.content())
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
        found = job_of(process_id, response, body, dialect)
        if found is None:
            # Asked to run it as a job, it did not: next time it is asked in the plainest form there is (Q1).
            self._learn(replace(dialect, prefer="respond-async"))
            return _answer(response, body)
        info, place = found
        if place:
            self.place_job(info.job_id, place)
        return info

    def place_job(self, job_id: str, href: str) -> None:
        """Remember where a job is, if it is not at `/jobs/{jobID}`: javaPS has its jobs below their process."""
        url = self._addresses.own(href).split("?", maxsplit=1)[0].rstrip("/")
        if url != self._addresses.job(job_id):
            self._job_places[job_id] = url

    def job_place(self, job_id: str) -> str | None:
        """Where a job is, if it is not at `/jobs/{jobID}`."""
        return self._job_places.get(job_id)

    async def job(self, job_id: str) -> StatusInfo:
        """`GET /jobs/{jobID}` (/req/core/job-op).

        Raises:
            NoSuchJob: There is none of that id, or none any more.
        """
        dialect = await self.dialect()
        url = with_query(self._job(job_id), **dialect.status_parameters)
        document, _ = await self._exchange.document(url, subject=f"job {job_id!r}", missing=NoSuchJob)
        return status_info({**document, "jobID": job_id}, dialect)

    async def results(self, job_id: str) -> Answer:
        """`GET /jobs/{jobID}/results` (/req/core/job-results), where the job's own link says, if it has one.

        The status is read first: servers answer the results of a failed job in many ways (quirks Q28, Q29).

        A body that is a file, such as a raw GeoTIFF, is left where it is: the answer has its type and URL.

        Raises:
            ResultNotReady: It has not ended.
            JobFailed: It failed, and so has none; the detail is its message.
        """
        dialect, info = await self.dialect(), await self.job(job_id)
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
        link = find_link(info.links, f"{RELATIONS}results", "results", media_type=JSON)
        places = [f"{self._job(job_id)}/{path}" for path in dialect.result_paths]
        if link:
            places[0] = self._addresses.own(link.href)
        problem: RemoteProblem | None = None
        for place in places:
            url = with_query(place, **self._as_json())
            headers = {"Accept": f"{JSON}, */*;q=0.5"}
            response, body = await self._exchange.send("GET", url, headers=headers, read=read_unless_file)
            if response.status_code < 300:
                return _answer(response, body)
            problem = problem or read_problem(
                response.status_code, body, url=url, subject=f"job {job_id!r}", missing=NoSuchJob
            )
        assert problem is not None
        raise problem

    async def jobs(
        self,
        *,
        limit: int | None = None,
        process_id: str | None = None,
        status: JobStatus | None = None,
        page: str | None = None,
    ) -> JobList:
        """`GET /jobs` (/req/job-list/job-list-op), always with a limit (quirk Q12); unreadable entries are left out.

        Filters the server does not heed are applied here (Q16). Where it lists ids only, `ids_only` has them (Q13).

        Raises:
            NotOffered: It has no list of jobs.
        """
        dialect = await self.dialect()
        if page is None:
            place = await self._place(f"{RELATIONS}job-list", "jobs")
            limit = min(limit or dialect.job_list_limit, dialect.job_list_limit)
            filters = {"processID": process_id, "status": status}
            heeded = {name: value for name, value in filters.items() if name in dialect.job_list_filters}
            page = with_query(place, limit=limit, **heeded, **dialect.job_list_parameters)
        page = self._addresses.own(page)
        document, links = await self._exchange.document(page, subject="list of jobs", missing=NotOffered)
        found = read_jobs(page, document, links, dialect, process_id=process_id, status=status)
        if found.ids_only and "detail" not in dialect.job_list_parameters:
            # It may list more than ids, if it is asked to (Q13).
            self._learn(replace(dialect, job_list_parameters={**dialect.job_list_parameters, "detail": "true"}))
            return await self.jobs(limit=limit, process_id=process_id, status=status)
        return found

    async def dismiss(self, job_id: str) -> StatusInfo | None:
        """`DELETE /jobs/{jobID}` (/req/dismiss/job-dismiss-op); the last status, where the server tells it.

        Raises:
            NotOffered: It dismisses no jobs.
            NoSuchJob: It is gone already.
        """
        url, subject = self._job(job_id), f"job {job_id!r}"
        response, body = await self._exchange.send("DELETE", url, headers={"Accept": JSON})
        if response.status_code >= 300:
            raise read_problem(response.status_code, body, url=url, subject=subject, missing=NoSuchJob)
        return job_or_none(json_or_none(body), await self.dialect())

    async def beside(self, job_id: str, name: str) -> Answer:
        """`GET /jobs/{jobID}/{name}`, whatever its status: what a server has there beside the standard, such as logs.

        The results of a job that failed are an answer too: what is wrong, in the server's words.
        """
        url = with_query(f"{self._job(job_id)}/{name}", **self._as_json())
        response, body = await self._exchange.send("GET", url, headers={"Accept": JSON})
        return _answer(response, body)

    async def text(self, href: str, *, limit: int) -> str:
        """A text the endpoint links, such as a log: its last `limit` characters."""
        url = self._addresses.reachable(href)
        # Only the end is asked for, as it is: a log may be longer than any document may be. Four bytes a character.
        headers = {"Accept": "text/plain, */*;q=0.5", "Accept-Encoding": "identity", "Range": f"bytes=-{limit * 4}"}
        response, body = await self._exchange.send("GET", url, headers=headers)
        if response.status_code == 416:  # there is nothing in it
            return ""
        if response.status_code >= 300:
            raise read_problem(response.status_code, body, url=url, subject="log")
        return body.decode("utf-8", errors="replace")[-limit:]

    def locate(self, url: str, href: str) -> str:
        """A reference in what the endpoint made, such as an asset's, found at `url`; as it is reached from here.

        Raises:
            UnreadableAnswer: It is no URL.
        """
        return self._addresses.reachable(absolute(url, href))

    def _as_json(self) -> dict[str, str]:
        return {self._exchange.format_parameter: "json"} if self._exchange.format_parameter else {}

    def _job(self, job_id: str) -> str:
        return self._job_places.get(job_id) or self._addresses.job(job_id)

    async def _place(self, rel: str, path: str) -> str:
        """Where the landing page says a resource is; below the base URL where it says nothing or can't be read."""
        if self._landing is None and self._dialect is None:
            await self.dialect()
        if self._landing is None:
            try:
                await self.landing_page()
            except (RemoteProblem, UnreadableAnswer):
                self._landing = LandingPage()
        links = self._landing.links if self._landing else ()
        link = find_link(links, rel, rel.rsplit("/", 1)[-1], media_type=JSON)
        return self._addresses.own(link.href) if link else f"{self.url}/{path}"


def _answer(response: httpx.Response, body: bytes) -> Answer:
    return Answer(
        status=response.status_code,
        media_type=response.headers.get("content-type", ""),
        body=body,
        links=result_links(response),
        url=str(response.url),
    )
