"""One OGC API - Processes endpoint: the fourteen resources of Parts 1 and 2.

Links are followed where the standard gives them (landing page to conformance, processes, jobs and API definition;
process to its execution; job to its results), and built where a server gives none. A job id is never followed by a slash
(quirk Q11). Nothing but a GET is ever sent twice.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote, unquote, urljoin, urlsplit

import httpx
from pydantic import JsonValue, ValidationError

from mcp_ogc.errors import RemoteProblem, SubmissionUnconfirmed, TimedOut, TooLarge, Unreachable, UnreadableAnswer
from mcp_ogc.ogc.models import (
    RELATIONS,
    Conformance,
    Execute,
    JobList,
    JobStatus,
    JsonObject,
    LandingPage,
    Link,
    ProcessDescription,
    ProcessList,
    ProcessSummary,
    StatusInfo,
    Value,
    find_link,
)
from mcp_ogc.ogc.problems import read_problem

if TYPE_CHECKING:
    from mcp_ogc.settings import Limits

T = TypeVar("T", bound=Value)

JSON = "application/json"
CWL = "application/cwl"
# What a package is asked as, one precise type at a time: ZOO-Project answers 406 to anything else (quirk Q25).
PACKAGE_TYPES = (CWL, "application/cwl+yaml", "application/cwl+json", "application/ogcapppkg+json")
LINK_HEADER = re.compile(r'<([^<>]*)>((?:\s*;\s*[\w!#$&+\-.^`|~*]+\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s",;]+))*)')
LINK_PARAMETER = re.compile(r';\s*([\w!#$&+\-.^`|~*]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",;]+))')


@dataclass(frozen=True, slots=True)
class Answer:
    """A body as it came: results, in whatever form."""

    status: int
    media_type: str
    body: bytes
    links: tuple[Link, ...]
    """The `Link` headers: where results by reference are (status 204)."""
    url: str


@dataclass(frozen=True, slots=True)
class PackageAnswer:
    """The application package of a process, as text."""

    media_type: str
    text: str

    @property
    def digest(self) -> str:
        """`sha256:` and the digest of the text."""
        return f"sha256:{hashlib.sha256(self.text.encode()).hexdigest()}"


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
        self.url = url.rstrip("/")
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
            page = _with_query(await self._place(f"{RELATIONS}processes", "processes"), limit=limit)
        document = await self._document(self._own(page))
        listed = document.get("processes")
        if isinstance(listed, list):  # Weaver may list bare ids
            document["processes"] = [{"id": one} if isinstance(one, str) else one for one in listed]
        return _validated(ProcessList, document, page)

    async def describe(self, process_id: str) -> ProcessDescription:
        """`GET /processes/{processID}` (/req/core/process).

        Raises:
            NoSuchProcess: There is none of that id.
        """
        url = self._process(process_id)
        document = await self._document(url, subject=f"process {process_id!r}")
        nested = document.get("process")  # servers of the first drafts
        document = nested if isinstance(nested, dict) and "id" not in document else document
        for member in ("inputs", "outputs"):
            listed = document.get(member)
            if isinstance(listed, list):
                document[member] = {str(one.get("id")): one for one in listed if isinstance(one, dict)}
        return _validated(ProcessDescription, document, url)

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
        url = self._own(link.href) if link else f"{self._process(process_id)}/execution"
        # `response: document` in the body wins over Prefer where both are read, and does no harm elsewhere (quirk Q1).
        headers = {"Prefer": "respond-async", "Accept": JSON}
        try:
            response, body = await self._exchange("POST", url, json=request.wire(), headers=headers)
        except TimedOut as error:
            raise self._unconfirmed(process_id) from error
        except Unreachable as error:
            if isinstance(error.__cause__, httpx.ConnectError | httpx.UnsupportedProtocol) or error.__cause__ is None:
                raise
            raise self._unconfirmed(process_id) from error
        if response.status_code >= 300:
            raise read_problem(response.status_code, body, url=url, subject=f"process {process_id!r}")
        return self._job_of(process_id, response, body) or self._answer(response, body)

    async def deploy(
        self, package: str, *, media_type: str = "application/cwl+yaml", workflow_id: str | None = None
    ) -> ProcessSummary:
        """`POST /processes` (OGC 20-044, /req/deploy-replace-undeploy/deploy-post-op); `w` names the workflow.

        Raises:
            DuplicatedProcess: It is there already.
        """
        url = _with_query(await self._place(f"{RELATIONS}processes", "processes"), w=workflow_id)
        response, body = await self._exchange(
            "POST", url, content=package.encode(), headers={"Content-Type": media_type, "Accept": JSON}
        )
        if response.status_code >= 300:
            raise read_problem(response.status_code, body, url=url, subject="deployment")
        document = _json_or_none(body)
        summary = document.get("processSummary", document) if isinstance(document, dict) else None
        if isinstance(summary, dict) and isinstance(summary.get("id"), str):
            return _validated(ProcessSummary, summary, url)
        location = response.headers.get("location", "")
        if not location:
            raise UnreadableAnswer(f"{url} deployed something and did not say what", remedy="List the processes")
        return ProcessSummary(id=_last_segment(location))

    async def replace(
        self,
        process_id: str,
        package: str,
        *,
        media_type: str = "application/cwl+yaml",
        workflow_id: str | None = None,
    ) -> None:
        """`PUT /processes/{processID}` (/req/deploy-replace-undeploy/replace-put-op)."""
        url = _with_query(self._process(process_id), w=workflow_id)
        headers = {"Content-Type": media_type, "Accept": JSON}
        response, body = await self._exchange("PUT", url, content=package.encode(), headers=headers)
        if response.status_code >= 300:
            raise read_problem(response.status_code, body, url=url, subject=f"process {process_id!r}")

    async def undeploy(self, process_id: str) -> None:
        """`DELETE /processes/{processID}` (/req/deploy-replace-undeploy/undeploy-delete-op)."""
        url = self._process(process_id)
        response, body = await self._exchange("DELETE", url, headers={"Accept": JSON})
        if response.status_code >= 300:
            raise read_problem(response.status_code, body, url=url, subject=f"process {process_id!r}")

    async def package(self, process_id: str) -> PackageAnswer:
        """`GET /processes/{processID}/package` (/req/deploy-replace-undeploy/package-get-op), unwrapped to CWL."""
        url = f"{self._process(process_id)}/package"
        problem: RemoteProblem | None = None
        for media_type in PACKAGE_TYPES:
            response, body = await self._exchange("GET", url, headers={"Accept": media_type})
            if response.status_code < 300 and body.strip():
                # ZOO-Project echoes Accept as Content-Type: what was asked for is what it is.
                return PackageAnswer(media_type, _unwrapped(body))
            problem = read_problem(response.status_code, body, url=url, subject=f"package of {process_id!r}")
            if response.status_code not in (200, 406, 415):
                break
        raise problem or UnreadableAnswer(f"{url} is empty")

    async def job(self, job_id: str) -> StatusInfo:
        """`GET /jobs/{jobID}` (/req/core/job-op).

        Raises:
            NoSuchJob: There is none of that id, or none any more.
        """
        url = self._job(job_id)
        document = await self._document(url, subject=f"job {job_id!r}")
        return _validated(StatusInfo, {**document, "jobID": job_id}, url)

    async def results(self, job_id: str) -> Answer:
        """`GET /jobs/{jobID}/results` (/req/core/job-results): where the job's own link says, if it has one.

        Raises:
            ResultNotReady: It still runs.
            JobFailed: It failed, and so has none.
        """
        url = f"{self._job(job_id)}/results"
        response, body = await self._exchange("GET", url, headers={"Accept": f"{JSON}, */*;q=0.5"})
        if response.status_code >= 300:
            raise read_problem(response.status_code, body, url=url, subject=f"job {job_id!r}")
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
            page = _with_query(place, limit=limit, processID=process_id, status=status)
        document = await self._document(self._own(page))
        listed = document.get("jobs")
        readable = [one for one in listed if _is_job(one)] if isinstance(listed, list) else []
        return _validated(JobList, {**document, "jobs": readable}, page)

    async def dismiss(self, job_id: str) -> StatusInfo | None:
        """`DELETE /jobs/{jobID}` (/req/dismiss/job-dismiss-op); the last status, where the server tells it."""
        url = self._job(job_id)
        response, body = await self._exchange("DELETE", url, headers={"Accept": JSON})
        if response.status_code >= 300:
            raise read_problem(response.status_code, body, url=url, subject=f"job {job_id!r}")
        document = _json_or_none(body)
        if not _is_job(document):
            return None
        return _validated(StatusInfo, document, url)

    async def text(self, href: str, *, limit: int) -> str:
        """A text the endpoint links, such as a log: its last `limit` characters."""
        url = urljoin(f"{self.url}/", href)
        response, body = await self._exchange("GET", url, headers={"Accept": "text/plain, */*;q=0.5"})
        if response.status_code >= 300:
            raise read_problem(response.status_code, body, url=url, subject="log")
        return body.decode("utf-8", errors="replace")[-limit:]

    # --- how requests are made and answers read

    async def _read(self, model: type[T], url: str) -> T:
        return _validated(model, await self._document(url), url)

    async def _document(self, url: str, *, subject: str = "") -> JsonObject:
        response, body = await self._exchange("GET", url, headers={"Accept": JSON})
        if response.status_code >= 300:
            raise read_problem(response.status_code, body, url=url, subject=subject)
        document = _json_or_none(body)
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
        json: JsonValue = None,
        content: bytes | None = None,
    ) -> tuple[httpx.Response, bytes]:
        request = self._http.build_request(method, url, headers=dict(headers), json=json, content=content)
        async with self._sent(request) as response:
            chunks, size = [], 0
            async for chunk in response.aiter_bytes():
                size += len(chunk)
                if size > self._limits.document_bytes:
                    raise TooLarge(f"{url} answered with more than {self._limits.document_bytes:,} bytes")
                chunks.append(chunk)
        return response, b"".join(chunks)

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

    def _job_of(self, process_id: str, response: httpx.Response, body: bytes) -> StatusInfo | None:
        """The job an execution became: by status, body and Location, in this order of trust (quirks Q5, Q7, Q8).

        A synchronous 200 may carry a Location too (pygeoapi), so a Location alone proves a job only with 201 or 202.
        """
        document = _json_or_none(body)
        is_job = _is_job(document)
        if response.status_code not in (201, 202) and not is_job:
            return None
        told: JsonObject = document if isinstance(document, dict) else {}
        links = [link for link in told.get("links") or [] if isinstance(link, dict)]
        monitor = next((link.get("href") for link in links if link.get("rel") in ("monitor", "status", "self")), None)
        places = (response.headers.get("location"), monitor, told.get("location"))
        ids = [_job_segment(place) for place in places if isinstance(place, str) and place]
        ids += [told[name] for name in ("jobID", "jobId", "id") if isinstance(told.get(name), str)]
        job_id = next((one for one in ids if one), None)
        if job_id is None:
            if response.status_code == 200:
                return None
            raise SubmissionUnconfirmed(
                f"{process_id!r} was accepted (HTTP {response.status_code}) without saying which job it became",
                remedy="Look for it with ogc_list_jobs",
            )
        status = told.get("status") if is_job else JobStatus.ACCEPTED
        info = {"processID": process_id, **told, "jobID": job_id, "status": status}
        return _validated(StatusInfo, info, str(response.url))

    def _answer(self, response: httpx.Response, body: bytes) -> Answer:
        return Answer(
            status=response.status_code,
            media_type=response.headers.get("content-type", ""),
            body=body,
            links=link_headers(response.headers.get_list("link"), str(response.url)),
            url=str(response.url),
        )

    def _unconfirmed(self, process_id: str) -> SubmissionUnconfirmed:
        return SubmissionUnconfirmed(
            f"{process_id!r} was sent to {self.url} and no answer came: the job may exist",
            remedy="Look for it with ogc_list_jobs before you run it again",
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
        return self._own(link.href) if link else f"{self.url}/{path}"

    def _own(self, href: str) -> str:
        """A link of the endpoint's own resources, made absolute; one to another origin is taken by its path.

        Behind a proxy servers link to the address they have inside (quirk Q50).
        """
        absolute, base = urlsplit(urljoin(f"{self.url}/", href)), urlsplit(self.url)
        return absolute._replace(scheme=base.scheme, netloc=base.netloc).geturl()

    def _process(self, process_id: str) -> str:
        return f"{self.url}/processes/{quote(process_id, safe=':')}"

    def _job(self, job_id: str) -> str:
        return f"{self.url}/jobs/{quote(job_id, safe=':')}"


def link_headers(values: list[str], url: str) -> tuple[Link, ...]:
    """RFC 8288 `Link` headers; targets made absolute, parameters that are not a link's let pass."""
    links = []
    for value in values:
        for target, parameters in LINK_HEADER.findall(value):
            given = {name.lower(): quoted or token for name, quoted, token in LINK_PARAMETER.findall(parameters)}
            known = {name: given[name] for name in ("rel", "type", "title", "hreflang") if name in given}
            links.append(Link(href=urljoin(url, target), **known))
    return tuple(links)


def _validated(model: type[T], document: object, url: str) -> T:
    try:
        return model.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UnreadableAnswer(f"{url} is not a {model.__name__}: {place}: {first['msg']}") from error


def _is_job(document: JsonValue) -> bool:
    if not isinstance(document, dict) or not any(isinstance(document.get(n), str) for n in ("jobID", "jobId", "id")):
        return False
    try:
        StatusInfo.model_validate(document)
    except ValidationError:
        return False
    return True


def _json_or_none(body: bytes) -> JsonValue:
    try:
        document: JsonValue = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document


def _unwrapped(body: bytes) -> str:
    """The CWL of an OGC application package (`executionUnit.value`), or the text as it is."""
    text = body.decode("utf-8", errors="replace")
    document = _json_or_none(body)
    units = document.get("executionUnit") if isinstance(document, dict) else None
    unit = units[0] if isinstance(units, list) and units else units
    match unit:
        case {"value": str(cwl)}:
            return cwl
        case {"value": dict(cwl)} | {"unit": dict(cwl)}:
            return json.dumps(cwl, indent=2, ensure_ascii=False)
    return text


def _with_query(url: str, **values: str | int | None) -> str:
    given = {name: str(value) for name, value in values.items() if value is not None}
    return str(httpx.URL(url).copy_merge_params(given)) if given else url


def _last_segment(url: str) -> str:
    return unquote(urlsplit(url).path.rstrip("/").rsplit("/", 1)[-1])


def _job_segment(url: str) -> str:
    """The id in `…/jobs/{jobID}`, or in whatever path the server has for its jobs."""
    path = urlsplit(url).path.rstrip("/")
    found = re.search(r"/jobs/([^/]+)", path)
    return unquote(found.group(1)) if found else _last_segment(url)
