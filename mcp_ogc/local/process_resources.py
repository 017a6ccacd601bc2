"""The resources of processes: list, description, deploy, replace, undeploy, package."""

from __future__ import annotations

from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mcp_ogc.local.bodies import body_of
from mcp_ogc.local.deployment import read_deployment
from mcp_ogc.local.filters import page_of
from mcp_ogc.local.messages import answer, base_of, described, process_links, summary_of
from mcp_ogc.local.problems import DUPLICATED_PROCESS, IMMUTABLE_PROCESS, Problem, no_such_process
from mcp_ogc.local.processes import DESCRIPTIONS
from mcp_ogc.local.store import ProcessRow, Store
from mcp_ogc.local.trust import Trust
from mcp_ogc.ogc.models import ProcessDescription, ProcessList

CWL, CWL_JSON, PACKAGE = "application/cwl", "application/cwl+json", "application/ogcapppkg+json"


class ProcessResources:
    """`/processes` and what is below, but execution. Methods that are not `async` block, and run in threads."""

    def __init__(self, store: Store, trust: Trust) -> None:
        self._store = store
        self._trust = trust

    def list(self, request: Request) -> Response:
        """/req/core/process-list-success."""
        page = page_of(request.query_params)
        all_of_them = [self.description(process_id) for process_id in DESCRIPTIONS]
        all_of_them += [described(row) for row in self._store.processes()]
        base = base_of(request)
        summaries = tuple(summary_of(one, base) for one in page.cut(all_of_them))
        links = page.links(f"{base}/processes", dict(request.query_params), len(all_of_them))
        return answer(ProcessList(processes=summaries, links=links, number_total=len(all_of_them)))

    def get(self, request: Request) -> Response:
        """/req/core/process-success; of a deployed process also how it would run here."""
        process_id = request.path_params["process_id"]
        description = self.description(process_id)
        told = {"links": process_links(process_id, base_of(request)), "metadata": description.metadata}
        if process_id not in DESCRIPTIONS:
            trial = self._trust.trial(self._row(process_id))
            told["metadata"] = (*(description.metadata or ()), *trial.metadata())
        return answer(description.model_copy(update=told))

    async def deploy(self, request: Request) -> Response:
        """/req/deploy-replace-undeploy/deploy-post-op."""
        row = await self._deployment(request)
        if row.process_id in DESCRIPTIONS or not await run_in_threadpool(self._store.add_process, row):
            raise Problem(
                409,
                f"There is a process {row.process_id!r} already",
                f"PUT /processes/{row.process_id} replaces it; or give the workflow another id",
                type=DUPLICATED_PROCESS,
            )
        location = f"{base_of(request)}/processes/{quote(row.process_id, safe='')}"
        return answer(summary_of(described(row), base_of(request)), 201, {"Location": location})

    async def replace(self, request: Request) -> Response:
        """/req/deploy-replace-undeploy/replace-put-op. Jobs of it keep the package they began with."""
        process_id = request.path_params["process_id"]
        await run_in_threadpool(self._mutable, process_id)
        row = await self._deployment(request)
        if row.process_id != process_id:
            raise Problem(
                400,
                f"The package is {row.process_id!r}, not {process_id!r}",
                f"Give its workflow the id {process_id!r}, or POST it to /processes",
            )
        if not await run_in_threadpool(self._store.replace_process, row):
            raise no_such_process(process_id, ())
        return Response(status_code=204)

    def undeploy(self, request: Request) -> Response:
        """/req/deploy-replace-undeploy/undeploy-delete-op. Jobs of it go on, and keep their package."""
        process_id = request.path_params["process_id"]
        self._mutable(process_id)
        self._store.remove_process(process_id)
        return Response(status_code=204)

    def package(self, request: Request) -> Response:
        """/req/deploy-replace-undeploy/package-get-op: what was deployed, in the encoding that is accepted most."""
        process_id = request.path_params["process_id"]
        if process_id in DESCRIPTIONS:
            raise Problem(404, f"{process_id} is built in and has no package", "Deployed processes have one")
        row = self._row(process_id)
        is_json = row.package.lstrip().startswith("{")
        # As deployed comes first, so that it is what `*/*` gets.
        encodings = dict.fromkeys(
            [row.media_type, CWL, *([CWL_JSON] if is_json else ["application/cwl+yaml"]), PACKAGE]
        )
        for accepted in _accepted(request.headers.get("accept", "*/*")):
            kind = next((one for one in encodings if _matches(accepted, one)), None)
            if kind == row.media_type:
                return Response(row.body, media_type=kind)
            if kind == PACKAGE:
                unit = {"value": row.package, "mediaType": CWL}
                return JSONResponse({"executionUnit": unit}, media_type=PACKAGE)
            if kind is not None:
                return Response(row.package, media_type=kind)
        raise Problem(406, f"The package of {process_id!r} can't be had so", f"Accept one of: {', '.join(encodings)}")

    def description(self, process_id: str) -> ProcessDescription:
        """The description of a process, without links.

        Raises:
            Problem: There is no such process.
        """
        if process_id in DESCRIPTIONS:
            return ProcessDescription.model_validate(DESCRIPTIONS[process_id])
        return described(self._row(process_id))

    def _row(self, process_id: str) -> ProcessRow:
        row = self._store.process(process_id)
        if row is None:
            known = (*DESCRIPTIONS, *(other.process_id for other in self._store.processes()))
            raise no_such_process(process_id, known)
        return row

    def _mutable(self, process_id: str) -> None:
        if process_id in DESCRIPTIONS:
            raise Problem(403, f"{process_id} is built in", "Only deployed processes change", type=IMMUTABLE_PROCESS)
        self._row(process_id)

    async def _deployment(self, request: Request) -> ProcessRow:
        body = await body_of(request)
        media_type, workflow_id = request.headers.get("content-type", ""), request.query_params.get("w")
        row = await run_in_threadpool(read_deployment, body, media_type, workflow_id)
        await run_in_threadpool(self._trust.permission, row)
        return row


def _accepted(header: str) -> list[str]:
    """Media ranges of an Accept header, the most wanted first (RFC 9110 §12.5.1)."""
    weighed = []
    for one in header.split(","):
        kind, *parameters = (part.strip().lower() for part in one.split(";"))
        weight = next((text.removeprefix("q=") for text in parameters if text.startswith("q=")), "1")
        try:
            weighed.append((float(weight), kind))
        except ValueError:
            continue
    return [kind for weight, kind in sorted(weighed, key=lambda pair: -pair[0]) if weight > 0]


def _matches(accepted: str, kind: str) -> bool:
    return accepted in ("*/*", kind) or (accepted == "application/*" and kind.startswith("application/"))
