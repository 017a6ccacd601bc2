"""Jobs of an OGC API - Processes endpoint (OGC 18-062r2): status, results, list, dismissal, and what is beside them."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from mcp_ogc.errors import (
    AccessDenied,
    AuthenticationRequired,
    JobFailed,
    NoSuchJob,
    NotOffered,
    RemoteProblem,
    ResultNotReady,
    UnreadableAnswer,
    quoted,
)
from mcp_ogc.ogc.addresses import absolute, process_of, with_query
from mcp_ogc.ogc.answers import (
    Answer,
    answer_of,
    is_page,
    json_or_none,
    read_unless_file,
)
from mcp_ogc.ogc.core import CoreClient
from mcp_ogc.ogc.exchange import JSON, page_of_another
from mcp_ogc.ogc.lists import read_jobs
from mcp_ogc.ogc.models import (
    RELATIONS,
    JobList,
    JobStatus,
    JsonObject,
    StatusInfo,
    find_link,
)
from mcp_ogc.ogc.problems import is_passing, is_problem
from mcp_ogc.ogc.statuses import job_or_none, status_info

MISPLACED = (NoSuchJob, UnreadableAnswer, AuthenticationRequired, AccessDenied)
"""What is answered where a job is not, by the endpoint or by whatever else is there."""


class JobsClient(CoreClient):
    """Part 1 of one endpoint, jobs included; arguments and errors are those of `CoreClient`."""

    async def job(self, job_id: str) -> StatusInfo:
        """`GET /jobs/{jobID}` (/req/core/job-op).

        Raises:
            NoSuchJob: There is none of that id, or none any more.
        """
        place = self.job_place(job_id)
        try:
            return await self._status(job_id, self._job(job_id))
        except MISPLACED as error:
            if place is None:
                raise
            missed = error
        # A proxy may have taken a part of the path away before the server named the place (Q50).
        usual = self._addresses.job(job_id)
        try:
            info = await self._status(job_id, usual)
        except (RemoteProblem, UnreadableAnswer) as error:
            if is_passing(error):
                raise
            raise missed from None
        self._job_places.keep(job_id, usual)
        return info

    async def _status(self, job_id: str, place: str) -> StatusInfo:
        dialect = await self.dialect()
        url = with_query(place, **dialect.status_parameters)
        document, _ = await self._exchange.document(url, subject=f"job {quoted(job_id)}", missing=NoSuchJob)
        # javaPS says of a job only by its place which process it is of (Q41).
        known = process_of(url)
        process: JsonObject = {"processID": known} if known else {}
        return status_info({**process, **document, "jobID": job_id}, dialect)

    async def results(self, job_id: str) -> Answer:
        """`GET /jobs/{jobID}/results` (/req/core/job-results), where the job's own link says, if it has one.

        The status is read first: servers answer the results of a failed job in many ways (quirks Q28, Q29).

        A body that is a file, such as a raw GeoTIFF, is left where it is: the answer has its type and URL.

        Raises:
            ResultNotReady: It has not ended.
            JobFailed: It failed or was dismissed, and so has none; the detail is its message.
        """
        dialect, info = await self.dialect(), await self.job(job_id)
        if info.status is JobStatus.FAILED:
            raise JobFailed(
                f"Job {job_id} failed, so it has no results",
                detail=info.message or "",
                remedy=f'ogc_get_job(job_id="{job_id}") says why',
            )
        if info.status is JobStatus.DISMISSED:
            # Weaver keeps such a job, and has a document of it where its results would be (Q17).
            raise JobFailed(
                f"Job {job_id} was dismissed, so it has no results",
                detail=info.message or "",
                remedy="If they are still wanted, execute the process again with ogc_execute_process",
            )
        if info.status in (JobStatus.ACCEPTED, JobStatus.RUNNING):
            raise ResultNotReady(
                f"Job {job_id} is {info.status}, so it has no results yet",
                remedy=f'ogc_get_job(job_id="{job_id}", wait_seconds=30) waits for it',
            )
        link = find_link(info.links, f"{RELATIONS}results", "results", media_type=JSON)
        places = [f"{self._job(job_id)}/{path}" for path in dialect.result_paths]
        if link:
            places = list(dict.fromkeys([self._addresses.own(link.href), *places]))
        problem: RemoteProblem | None = None
        for place in places:
            url = with_query(place, **self._as_json())
            headers = {"Accept": f"{JSON}, */*;q=0.5"}
            response, body = await self._exchange.send("GET", url, headers=headers, read=read_unless_file)
            if response.status_code < 300:
                return answer_of(response, body)
            problem = problem or self._exchange.problem_of(
                response, body, url=url, subject=f"job {quoted(job_id)}", missing=NoSuchJob
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
        position: str | None = None,
    ) -> JobList:
        """The jobs of the user who asks, of what `everyones_jobs` reads; arguments and errors are those of that."""
        return await self.own(
            await self.everyones_jobs(limit=limit, process_id=process_id, status=status, page=page, position=position)
        )

    async def own(self, listed: JobList) -> JobList:
        """Of a list, what is the user's: all of it, unless others share the account."""
        return listed

    async def everyones_jobs(
        self,
        *,
        limit: int | None = None,
        process_id: str | None = None,
        status: JobStatus | None = None,
        page: str | None = None,
        position: str | None = None,
    ) -> JobList:
        """`GET /jobs` (/req/job-list/job-list-op), always with a limit (quirk Q12); unreadable entries are left out.

        For what has to count others' jobs or tell them apart, and shows none. Filters the server does not heed are
        applied here (Q16). Where it lists ids only, `ids_only` has them (Q13).

        Args:
            limit: At most so many.
            process_id: Of this process only.
            status: Of this status only.
            page: The `next_page` of the page before.
            position: Its `next_position`: of the list's own address only the query is another.

        Raises:
            NotOffered: It has no list of jobs.
        """
        dialect = await self.dialect()
        place = await self._place(f"{RELATIONS}job-list", "jobs") if page is None else page
        if position is not None:
            page = f"{place.split('?', 1)[0]}?{position}"
        if page is None:
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
            return await self.everyones_jobs(limit=limit, process_id=process_id, status=status)
        following = urlsplit(self._addresses.own(found.next_page)) if found.next_page else None
        if following and following[:3] == urlsplit(page)[:3]:
            return found.model_copy(update={"next_position": following.query})
        return found

    async def dismiss(self, job_id: str) -> StatusInfo | None:
        """`DELETE /jobs/{jobID}` (/req/dismiss/job-dismiss-op); the last status, where the server tells it.

        A server that only accepts it is asked once what became of the job: any status but dismissed is of one that is
        still there.

        Raises:
            NotOffered: It dismisses no jobs.
            NoSuchJob: It is gone already.
            Unreachable, UnreadableAnswer, EndpointFault: No answer of its; it may be gone.
        """
        url, subject = self._job(job_id), f"job {quoted(job_id)}"
        response, body = await self._exchange.send("DELETE", url, headers={"Accept": JSON})
        if response.status_code in (404, 405) and self.job_place(job_id):
            await self.job(job_id)  # it may be elsewhere than its place
            if (usual := self._job(job_id)) != url:
                url = usual
                response, body = await self._exchange.send("DELETE", url, headers={"Accept": JSON})
        if is_problem(response.status_code, body):
            raise self._exchange.problem_of(response, body, url=url, subject=subject, missing=NoSuchJob)
        if is_page(body):
            raise page_of_another(url, body)
        told = job_or_none(json_or_none(body), await self.dialect())
        is_accepted = response.status_code == 202 if told is None else told.status is not JobStatus.DISMISSED
        if not is_accepted:
            return told
        try:  # it stops in its own time; or this was its last status, and it is gone (Q17)
            return await self.job(job_id)
        except NoSuchJob:
            return None

    async def beside(self, job_id: str, name: str) -> Answer:
        """`GET /jobs/{jobID}/{name}`, whatever its status: what a server has there beside the standard, such as logs.

        The results of a job that failed are an answer too: what is wrong, in the server's words.
        """
        url = with_query(f"{self._job(job_id)}/{name}", **self._as_json())
        response, body = await self._exchange.send("GET", url, headers={"Accept": JSON})
        return answer_of(response, body)

    async def text(self, href: str, *, limit: int) -> str:
        """A text the endpoint links, such as a log: its last `limit` characters."""
        url = self._addresses.reachable(href)
        # Only the end is asked for, as it is: a log may be longer than any document may be. Four bytes a character.
        headers = {"Accept": "text/plain, */*;q=0.5", "Accept-Encoding": "identity", "Range": f"bytes=-{limit * 4}"}
        response, body = await self._exchange.send("GET", url, headers=headers)
        if response.status_code == 416:  # there is nothing in it
            return ""
        if response.status_code >= 300:
            raise self._exchange.problem_of(response, body, url=url, subject="log")
        return body.decode("utf-8", errors="replace")[-limit:]

    def locate(self, url: str, href: str) -> str:
        """A reference in what the endpoint made, such as an asset's, found at `url`; as it is reached from here.

        Raises:
            UnreadableAnswer: It is no URL.
        """
        return self._addresses.reachable(absolute(url, href))
