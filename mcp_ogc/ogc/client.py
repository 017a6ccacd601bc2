"""One OGC API - Processes endpoint: the fourteen resources of Parts 1 and 2."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mcp_ogc.errors import (
    DuplicatedProcess,
    EndpointFault,
    NoSuchProcess,
    NotOffered,
    RemoteProblem,
    UnreadableAnswer,
    UnsupportedMediaType,
    quoted,
)
from mcp_ogc.ogc.addresses import with_query
from mcp_ogc.ogc.answers import PackageAnswer, is_page, unwrapped
from mcp_ogc.ogc.deployments import PACKAGE_TYPES, bodies, deployed
from mcp_ogc.ogc.exchange import JSON, page_of_another
from mcp_ogc.ogc.job_client import JobsClient
from mcp_ogc.ogc.models import RELATIONS, ProcessSummary
from mcp_ogc.ogc.problems import is_problem

if TYPE_CHECKING:
    import httpx


class ProcessesClient(JobsClient):
    """Part 1 and Part 2, Deploy, Replace, Undeploy (OGC 20-044), of one endpoint; raises as `CoreClient`."""

    async def deploy(
        self,
        package: str,
        *,
        href: str | None = None,
        workflow_id: str | None = None,
        known_as: str | None = None,
    ) -> ProcessSummary:
        """`POST /processes` (OGC 20-044, /req/deploy-replace-undeploy/deploy-post-op).

        Args:
            package: CWL text.
            href: Where the server could fetch it.
            workflow_id: The workflow to deploy, `w`, where there are several.
            known_as: The id the package gives itself, for servers that do not say what they deployed.

        Raises:
            DuplicatedProcess: It is there already.
            NotOffered: It deploys nothing, or takes only what can't be given.
        """
        if known_as is not None:
            self.rules.check_process(known_as)
        url = with_query(await self._place(f"{RELATIONS}processes", "processes"), w=workflow_id)
        try:
            response, body = await self._put("POST", url, package, href, subject="deployment")
        except DuplicatedProcess as error:
            # A server may say so of any failed deployment (Q21).
            if known_as and not await self._exists(known_as):
                raise RemoteProblem(
                    f"{self.url} answered that {known_as!r} is there already, and it is not: the deployment failed",
                    status=error.status,
                    type=error.type,
                    detail=error.detail,
                    remedy="Check the package: the server gave no other reason",
                ) from error
            raise
        except EndpointFault as error:
            # ZOO-Project may have deployed it all the same, as was recorded in a namespace that was new (Q21).
            if known_as and await self._exists(known_as):
                raise EndpointFault(
                    f"{error.message}, and yet there is a process {known_as!r}",
                    status=error.status,
                    type=error.type,
                    detail=error.detail,
                    remedy="Is it this one? ogc_describe_process and ogc_get_package show it",
                ) from error
            raise
        return deployed(response, body, known_as)

    async def replace(
        self, process_id: str, package: str, *, href: str | None = None, workflow_id: str | None = None
    ) -> None:
        """`PUT /processes/{processID}` (/req/deploy-replace-undeploy/replace-put-op).

        Raises:
            NotOffered: It replaces nothing.
            NoSuchProcess: There is none of that id.
        """
        url = with_query(self._process(process_id), w=workflow_id)
        await self._put("PUT", url, package, href, subject=f"process {quoted(process_id)}", missing=NoSuchProcess)

    def process_url(self, process_id: str) -> str:
        """Where a process is."""
        return self._addresses.process(process_id)

    async def undeploy(self, process_id: str) -> None:
        """`DELETE /processes/{processID}` (/req/deploy-replace-undeploy/undeploy-delete-op); 200, 202 and 204 are done.

        Raises:
            NotOffered: It undeploys nothing.
            NoSuchProcess: There is none of that id.
        """
        url, subject = self._process(process_id), f"process {quoted(process_id)}"
        response, body = await self._exchange.send("DELETE", url, headers={"Accept": JSON})
        if is_problem(response.status_code, body):
            raise self._exchange.problem_of(response, body, url=url, subject=subject, missing=NoSuchProcess)
        if is_page(body):
            raise page_of_another(url, body)

    async def package(self, process_id: str) -> PackageAnswer:
        """`GET /processes/{processID}/package` (/req/deploy-replace-undeploy/package-get-op), unwrapped to CWL.

        Raises:
            NotOffered: It gives no packages.
            NoSuchProcess: There is none of that id.
        """
        url, subject = f"{self._process(process_id)}/package", f"package of {quoted(process_id)}"
        problem: RemoteProblem | None = None
        for media_type in PACKAGE_TYPES:
            response, body = await self._exchange.send("GET", url, headers={"Accept": media_type})
            is_refused = is_problem(response.status_code, body)
            if not is_refused and body.strip():
                if is_page(body):
                    raise page_of_another(url, body)
                # ZOO-Project echoes Accept as Content-Type: what was asked for is what it is.
                return PackageAnswer(media_type, unwrapped(body))
            if is_refused:
                problem = self._exchange.problem_of(response, body, url=url, subject=subject, missing=NoSuchProcess)
                if response.status_code not in (406, 415):
                    break
        if isinstance(problem, NoSuchProcess) and await self._exists(process_id):
            raise NotOffered(f"{subject}: the server gives none (HTTP {problem.status})", status=problem.status)
        raise problem or UnreadableAnswer(f"{url} is empty", remedy="Was it deployed by reference? Read it there")

    async def _put(
        self,
        method: str,
        url: str,
        package: str,
        href: str | None,
        *,
        subject: str,
        missing: type[RemoteProblem] = NotOffered,
    ) -> tuple[httpx.Response, bytes]:
        """Send a package in the first form the server takes: after a 415 nothing has happened, and the next is sent."""
        dialect = await self.dialect()
        problem: RemoteProblem | None = None
        for media_type, content in bodies(package, href, dialect):
            headers = {"Content-Type": media_type, "Accept": JSON}
            response, body = await self._exchange.send(method, url, content=content, headers=headers)
            if not is_problem(response.status_code, body):
                if is_page(body):
                    raise page_of_another(url, body)
                if problem:  # the form that was taken comes first from now on
                    others = [one for one in dialect.deploy_types if one != media_type]
                    self._learn(replace(dialect, deploy_types=(media_type, *others)))
                return response, body
            problem = self._exchange.problem_of(response, body, url=url, subject=subject, missing=missing)
            if not isinstance(problem, UnsupportedMediaType):
                break
        assert problem is not None
        raise problem

    async def _exists(self, process_id: str) -> bool:
        try:
            await self.describe(process_id)
        except NoSuchProcess:
            return False
        return True
