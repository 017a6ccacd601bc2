"""An endpoint of any personality: an ASGI app whose jobs and processes a test can see and steer."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route, Router
from starlette.types import Message, Receive, Scope, Send

from tests.servers.listening import listening
from tests.servers.processes import deployment, execution, job_resources, process_resources
from tests.servers.processes.catalogue import Process, the_processes
from tests.servers.processes.deployment import Pipeline, Revisions
from tests.servers.processes.jobs import Jobs
from tests.servers.processes.personalities import PERSONALITIES
from tests.servers.processes.personality import Personality
from tests.servers.processes.quirk import Quirk
from tests.servers.processes.voice import Voice
from tests.servers.recorded import RecordedServer

Resource = Callable[["TestEndpoint", Request], Awaitable[Response]]
POLLS = 3


@dataclass(frozen=True)
class Asked:
    """A request that came."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Fault:
    """What is answered in the place of the endpoint's own answer, `times` times."""

    method: str
    path: str
    """What the path ends with."""
    status: int = 502
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = "<html><h1>502 Bad Gateway</h1></html>"
    times: int = 1
    after: bool = False
    """Whether the request takes effect all the same."""


class TestEndpoint:
    """One endpoint.

    Args:
        personality: Or its name.
        quirks_on: Beside the personality's own.
        quirks_off: Of the personality's own: there it answers as the standard says.
        processes: By id; those of `catalogue.the_processes` where left out.
        polls: The look at which a job has ended; None where the test ends jobs (`jobs[job_id].end("failed")`).
    """

    __test__ = False

    def __init__(
        self,
        personality: Personality | str = "standard",
        *,
        quirks_on: Iterable[Quirk] = (),
        quirks_off: Iterable[Quirk] = (),
        processes: dict[str, Process] | None = None,
        polls: int | None = POLLS,
    ) -> None:
        self.personality = PERSONALITIES[personality] if isinstance(personality, str) else personality
        self.voice = Voice(self.personality, (self.personality.quirks | {*quirks_on}) - {*quirks_off})
        self.processes = the_processes() if processes is None else processes
        self.polls = polls
        self.jobs = Jobs()
        self.revisions = Revisions()
        self.pipelines: dict[str, Pipeline] = {}
        self.requests: list[Asked] = []
        self.faults: list[Fault] = []
        self.people: dict[str, str] = {}
        """Bearer tokens, and the namespace each may use (Q42)."""
        self.packages_at: dict[str, str] = {}
        """Packages by the URL a deployment may name."""
        self._routes = self._app()

    @property
    def quirks(self) -> frozenset[Quirk]:
        return self.voice.quirks

    def base(self, namespace: str = "acme") -> str:
        """Path of the landing page."""
        return self.personality.base.format(namespace=namespace) if self.voice.has(Quirk.Q41) else ""

    def asked(self, method: str, ending: str = "") -> list[Asked]:
        """The requests of a method whose path ends so."""
        return [one for one in self.requests if one.method == method and one.path.endswith(ending)]

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        request = Request(scope, receive)
        body = await request.body()
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append(Asked(request.method, request.url.path, dict(request.query_params), headers, body))
        fault = self._fault(request)

        async def again() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def unheard(message: Message) -> None:
            """An answer that does not arrive."""

        if fault and fault.after:
            await self._routes(dict(scope), again, unheard)
        if fault:
            await Response(fault.body, fault.status, dict(fault.headers), "text/html")(scope, again, send)
        elif refusal := self._unauthorised(request):
            await refusal(scope, again, send)
        else:
            await self._routes(scope, again, send)

    def _fault(self, request: Request) -> Fault | None:
        for fault in self.faults:
            if fault.times and fault.method == request.method and request.url.path.endswith(fault.path):
                fault.times -= 1
                return fault
        return None

    def _unauthorised(self, request: Request) -> Response | None:
        """Q42: 401 with a token that is good elsewhere."""
        if not self.voice.has(Quirk.Q42):
            return None
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        namespace = request.url.path.split("/")[1]
        if token in self.people and ("{namespace}" not in self.personality.base or self.people[token] == namespace):
            return None
        return self.voice.gateway(401, "401 Authorization Required")

    def _app(self) -> Starlette:
        below = self.voice.has(Quirk.Q41) and self.personality.jobs_below_process
        jobs = "/processes/{process_id}/jobs" if below else "/jobs"
        job = f"{jobs}/{{job_id}}"
        routes = [
            self._route("/", process_resources.landing_page),
            self._route("/conformance", process_resources.conformance),
            self._route("/api", process_resources.api_definition),
            self._route("/openapi", process_resources.api_definition),
            self._route("/processes", process_resources.process_list),
            self._route("/processes", deployment.deploy, "POST"),
            self._route("/processes/{process_id}", _description),
            self._route("/processes/{process_id}", deployment.replace_process, "PUT"),
            self._route("/processes/{process_id}", deployment.undeploy, "DELETE"),
            self._route("/processes/{process_id}/package", deployment.package),
            self._route("/processes/{process_id}/execution", execution.execute, "POST"),
            self._route("/processes/{process_id}/execute", execution.execute, "POST"),
            self._route("/deploymentJobs/{deployment_id}", deployment.deployment_job),
            self._route(jobs, job_resources.job_list),
            self._route(job, job_resources.job_status),
            self._route(job, job_resources.dismiss, "DELETE"),
            self._route(f"{job}/", job_resources.job_with_slash),
            self._route(f"{job}/results", job_resources.results),
            self._route(f"{job}/results/{{output_id}}", job_resources.result),
            self._route(f"{job}/outputs", job_resources.outputs),
            self._route(f"{job}/logs", job_resources.logs),
            self._route(f"{job}/exceptions", job_resources.exceptions),
            self._route(f"{job}/files/{{name:path}}", job_resources.file),
            self._route("/files/{job_id}/{name:path}", job_resources.file),
        ]
        base = self.personality.base if self.voice.has(Quirk.Q41) else ""
        moved = self._route("/{namespace}/temp/{job_id}.json", job_resources.moved_results)
        app = Starlette(routes=[moved, Mount(base, app=Router(routes, redirect_slashes=False))])
        app.router.redirect_slashes = False
        return app

    def _route(self, path: str, resource: Resource, method: str = "GET") -> Route:
        async def answer(request: Request) -> Response:
            return await resource(self, request)

        return Route(path, answer, methods=[method])


async def _description(endpoint: TestEndpoint, request: Request) -> Response:
    deployment.look_at_pipelines(endpoint, request.path_params["process_id"])
    return await process_resources.description(endpoint, request)


@asynccontextmanager
async def served(endpoint: TestEndpoint | RecordedServer, namespace: str = "acme") -> AsyncIterator[str]:
    """The endpoint on a loopback port; gives its base URL, the landing page without its last slash."""
    async with listening(endpoint.app) as url:
        yield f"{url}{endpoint.base(namespace)}"
