"""Part 1, Core, of an OGC API - Processes endpoint (OGC 18-062r2), in whatever dialect it speaks.

Links are followed where the standard gives them (landing page to conformance, processes, jobs and API definition;
process to its execution; job to its results), and built where a server gives none. A job id is never followed by a
slash (quirk Q11). Nothing but a GET is ever sent twice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
from pydantic import JsonValue

from mcp_ogc.errors import (
    AccessDenied,
    AuthenticationRequired,
    EndpointFault,
    Moved,
    NoSuchJob,
    NoSuchProcess,
    OgcError,
    RemoteProblem,
    ResultNotReady,
    SettingsError,
    SubmissionUnconfirmed,
    UnreadableAnswer,
    quoted,
)
from mcp_ogc.ogc.addresses import Addresses, with_query
from mcp_ogc.ogc.answers import (
    Answer,
    answer_of,
    is_cut_off,
    is_page,
    landing_or_none,
    makes_pages,
    validated,
    with_links,
)
from mcp_ogc.ogc.clock import ServerClock
from mcp_ogc.ogc.dialects.dialect import Dialect
from mcp_ogc.ogc.dialects.recognition import recognise
from mcp_ogc.ogc.dialects.standard import STANDARD
from mcp_ogc.ogc.exchange import JSON, Exchange
from mcp_ogc.ogc.lists import read_processes
from mcp_ogc.ogc.models import (
    RELATIONS,
    Conformance,
    Execute,
    JobControl,
    JsonObject,
    LandingPage,
    ProcessDescription,
    ProcessList,
    StatusInfo,
    find_link,
)
from mcp_ogc.ogc.new_jobs import CREATED, job_of
from mcp_ogc.ogc.problems import is_passing, is_problem
from mcp_ogc.ogc.receiving import KeepFile, Receiving
from mcp_ogc.ogc.rules import Rules
from mcp_ogc.ogc.sending import Sending
from mcp_ogc.recent import Recent

if TYPE_CHECKING:
    import httpx

    from mcp_ogc.settings import Limits

EVERYTHING = Rules()
RECENT_SECONDS = 60
"""How long what an endpoint said of itself is good for: whoever recognised it need not ask again to tell of it."""
UNKNOWN_SECONDS = 5.0
"""For which an endpoint that did not say what it is need not be asked again before each of its resources."""
MOST_PLACES = 10_000
"""Of jobs that are not at `/jobs/{jobID}`; the journal knows those that were submitted from here."""
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
        rules: What may be asked of it; everything where absent.
        keep_file: Takes results that come at once and are a file longer than a document may be; none where absent.

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
        rules: Rules = EVERYTHING,
        keep_file: KeepFile | None = None,
    ) -> None:
        self._addresses = Addresses(url, rebase_links=rebase_links)
        self.url = self._addresses.base
        self.rules = rules
        self._exchange = Exchange(http, self._addresses, limits, rules)
        self._receiving = partial(Receiving, keep_file, limits.asset_bytes)
        self._landing: LandingPage | None = None
        self._landed = -float("inf")
        self._unknown_until = -float("inf")
        self._classes: tuple[float, Conformance] | None = None
        self._dialect: Dialect | None = None
        if dialect is not None:
            self._learn(dialect)
        self._execute_members = execute_members or {}
        self._job_places: Recent[str, str] = Recent(MOST_PLACES)

    # --- what it is

    async def landing_page(self) -> LandingPage:
        """`GET /` (/req/core/landingpage-op), as it was within the last minute."""
        if self._landing and anyio.current_time() - self._landed < RECENT_SECONDS:
            return self._landing
        # ZOO-Project and others serve it with the slash only.
        url = f"{self.url}/"
        document, links = await self._exchange.document(url)
        self._landing = with_links(validated(LandingPage, document, url), links)
        self._landed = anyio.current_time()
        return self._landing

    async def conformance(self) -> Conformance:
        """`GET /conformance` (/req/core/conformance-op), as it was within the last minute."""
        now = anyio.current_time()
        if self._classes and now - self._classes[0] < RECENT_SECONDS:
            return self._classes[1]
        url = await self._place(f"{RELATIONS}conformance", "conformance")
        document, _ = await self._exchange.document(url)
        self._classes = (now, validated(Conformance, document, url))
        return self._classes[1]

    async def api_definition(self) -> JsonObject:
        """`GET /api` (/req/core/api-definition-op)."""
        # fastprocesses has a relation of its own for it.
        document, _ = await self._exchange.document(await self._place("service-desc", "api", "openapi"))
        return document

    async def dialect(self) -> Dialect:
        """What the endpoint speaks: as configured, else recognised from its landing page, its headers and classes."""
        if self._dialect is not None:
            return self._dialect
        try:
            response, body = await self._exchange.send("GET", f"{self.url}/", headers={"Accept": JSON})
        except (AuthenticationRequired, AccessDenied):  # it may say more once it lets us in
            return recognise(self.url, {}, "", ())
        text = body.decode("utf-8", errors="replace")
        classes: tuple[str, ...] = ()
        if response.status_code >= 300 and response.status_code != 404:  # it may say more once it lets us in
            return recognise(self.url, response.headers, text, classes)
        if landing := landing_or_none(response, body):
            self._landed = anyio.current_time()
        self._landing = landing or LandingPage()
        media_type = response.headers.get("content-type", "")
        is_whole = landing is not None or not (is_page(body) or is_cut_off(media_type, body))
        try:
            classes = (await self.conformance()).conforms_to
        except (RemoteProblem, UnreadableAnswer) as error:
            is_whole = is_whole and not is_passing(error)
        found = recognise(self.url, response.headers, text, classes)
        if not is_whole and found is STANDARD:  # nothing tells what it is, and something in between may have answered
            self._landing = None
            self._unknown_until = anyio.current_time() + UNKNOWN_SECONDS
            return found
        self._learn(found)
        return found

    @property
    def clock(self) -> ServerClock:
        """What its answers tell of its clock."""
        return self._exchange.clock

    @property
    def known_dialect(self) -> Dialect:
        """What it is known to speak, without asking; the standard's as long as it was not asked."""
        return self._dialect or STANDARD

    @property
    def is_recognised(self) -> bool:
        """Whether that is what it said of itself, or the settings say."""
        return self._dialect is not None

    def _learn(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._exchange.format_parameter = self._exchange.format_parameter or dialect.format_parameter

    # --- processes

    async def processes(self, *, limit: int = 100, page: str | None = None) -> ProcessList:
        """`GET /processes` (/req/core/process-list); `page` is the `next_page` of the page before."""
        dialect = await self.dialect()
        if page is None:
            place = await self._place(f"{RELATIONS}processes", "processes")
            page = with_query(place, limit=limit)
        page = self._addresses.own(page)
        document, links = await self._exchange.document(page)
        return read_processes(page, document, links, dialect)

    async def describe(self, process_id: str) -> ProcessDescription:
        """`GET /processes/{processID}` (/req/core/process).

        Raises:
            NoSuchProcess: There is none of that id.
        """
        url = self._process(process_id)
        await self.dialect()
        document, _ = await self._exchange.document(url, subject=f"process {quoted(process_id)}", missing=NoSuchProcess)
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
            SubmissionUnconfirmed: It was sent and no answer tells what became of it. Never repeated here.
            RemoteProblem: The endpoint refused; there is no job.
            TooLarge, DiskError: It ran at once, and what it made can't be taken; there is no job.
            SettingsError: This kind of server wants a member that the settings do not have; nothing was sent.
            NotPermitted: The operator's rules exclude the process, or what the inputs ask for; nothing was sent.
        """
        built = f"{self._process(process_id)}/execution"
        self.rules.check_inputs(request.inputs)
        dialect = await self.dialect()
        link = find_link(description.links, f"{RELATIONS}execute") if description else None
        url = self._addresses.own(link.href) if link else built
        members = {**request.wire(), **dialect.execute_members, **self._execute_members}
        if missing := [name for name in dialect.execute_wants if name not in members]:
            raise SettingsError(
                f"An execution at {self.url} needs {' and '.join(missing)} ({dialect.title})",
                remedy=f'Set it in the settings of the endpoint: execute_members = {{ {missing[0]} = "…" }}',
            )
        sending = Sending(json.dumps(members, ensure_ascii=False).encode())
        headers = {"Prefer": dialect.prefer, "Accept": JSON, **sending.headers}
        receiving = self._receiving()
        try:
            response, body = await self._exchange.send(
                "POST", url, headers=headers, content=sending.content(), read=receiving.read
            )
        except (AuthenticationRequired, AccessDenied, Moved):
            raise  # an answer: it was not let in, or belongs elsewhere
        except OgcError as error:
            if not sending.begun:
                raise
            if lost := receiving.lost(error, process_id):
                raise lost from error
            # Whatever went wrong since: without an answer nobody knows whether there is a job.
            raise SubmissionUnconfirmed(
                f"{process_id!r} was sent to {self.url} and no answer came ({error.message}): the job may exist",
                remedy=LOOK_FOR_IT,
            ) from error
        outputs = description.outputs if description else ()
        is_created = response.status_code in CREATED and "location" in response.headers
        if not is_created and is_problem(response.status_code, body, outputs):
            problem = self._exchange.problem_of(
                response, body, url=url, subject=f"process {quoted(process_id)}", missing=NoSuchProcess
            )
            told_to_wait = response.status_code == 503 and "retry-after" in response.headers
            if told_to_wait or _is_refusal(problem, description):
                raise problem
            raise SubmissionUnconfirmed(
                f"{process_id!r} was sent to {self.url} and answered with HTTP {problem.status}: the job may exist",
                detail=problem.detail,
                remedy=LOOK_FOR_IT,
            ) from problem
        found = None if is_page(body) else job_of(process_id, response, body, dialect, self._addresses, outputs)
        if found is None:
            media_type = response.headers.get("content-type", "")
            is_broken = await anyio.to_thread.run_sync(is_cut_off, media_type, body)
            if is_broken or (is_page(body) and not makes_pages(description)):
                raise SubmissionUnconfirmed(
                    f"{process_id!r} was sent to {self.url} and what came is no answer of its (a page of HTML, or JSON "
                    "that ends too early): the job may exist",
                    remedy=LOOK_FOR_IT,
                )
            # Asked to run it as a job, it did not: next time it is asked in the plainest form there is (Q1).
            self._learn(replace(dialect, prefer="respond-async"))
            answer = answer_of(response, body)
            return replace(answer, url=receiving.place, links=()) if receiving.place else answer
        info, place = found
        if place:
            self.place_job(info.job_id, place)
        return info

    def place_job(self, job_id: str, href: str) -> None:
        """Remember where a job is, if it is not at `/jobs/{jobID}`: javaPS has its jobs below their process.

        A place that turned out to be none is not taken a second time.
        """
        url = self._addresses.own(href).split("?", maxsplit=1)[0].rstrip("/")
        if url != self._addresses.job(job_id) and self._job_places.get(job_id) is None:
            self._job_places.keep(job_id, url)

    def job_place(self, job_id: str) -> str | None:
        """Where a job is, if it is not at `/jobs/{jobID}`."""
        place = self._job_places.get(job_id)
        return place if place != self._addresses.job(job_id) else None

    def _process(self, process_id: str) -> str:
        """Where a process is that may be used."""
        self.rules.check_process(process_id)
        return self._addresses.process(process_id)

    def _as_json(self) -> dict[str, str]:
        return {self._exchange.format_parameter: "json"} if self._exchange.format_parameter else {}

    def _job(self, job_id: str) -> str:
        return self._job_places.get(job_id) or self._addresses.job(job_id)

    async def _place(self, rel: str, path: str, *others: str) -> str:
        """Where the landing page says a resource is; below the base URL where it says nothing or can't be read.

        Args:
            rel: The standard's relation; its last segment is taken for it too.
            path: Of the resource, as everybody names it.
            others: Relations that mean the same elsewhere.
        """
        if self._landing is None and self._dialect is None and anyio.current_time() >= self._unknown_until:
            await self.dialect()
        if self._landing is None:
            try:
                await self.landing_page()
            except (RemoteProblem, UnreadableAnswer) as error:
                if not is_passing(error):
                    self._landing = LandingPage()
        links = self._landing.links if self._landing else ()
        link = find_link(links, rel, rel.rsplit("/", 1)[-1], *others, media_type=JSON)
        return self._addresses.own(link.href) if link else f"{self.url}/{path}"


def _is_refusal(problem: RemoteProblem, description: ProcessDescription | None) -> bool:
    """Whether an execution that was answered with a problem is none for certain.

    Who says what is wrong with the request took nothing on, whatever the status (quirk Q27). A gateway without an
    answer (RFC 9110 §15.6.3, §15.6.5) knows nothing of it, a server that broke down may have written the job before,
    and one that misses a job speaks of one (ZOO-Project#72). What runs only synchronously leaves no job behind.
    """
    if problem.status in (502, 504) or isinstance(problem, NoSuchJob | ResultNotReady):
        return False
    if isinstance(problem, EndpointFault):
        controls = (description.job_control_options if description else None) or (JobControl.ASYNC,)
        return problem.status == 500 and JobControl.ASYNC not in controls
    return True
