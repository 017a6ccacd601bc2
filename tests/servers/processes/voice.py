"""How an endpoint of a personality speaks: its links, its JSON, its errors."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from tests.servers.processes.errors import GATEWAY_PAGE, error_of, standard_error
from tests.servers.processes.personality import ErrorForm, Personality
from tests.servers.processes.quirk import Quirk

JSON = "application/json"
RELATIONS = "www.opengis.net/def/rel/ogc/1.0/"
CONVERSION = re.compile(rb"%[-+ #0]*\d*(?:\.\d+)?([diouxXeEfgGcs])")


class Voice:
    """Answers of one personality with the quirks that are on."""

    def __init__(self, personality: Personality, quirks: frozenset[Quirk]) -> None:
        self.personality = personality
        self.quirks = quirks
        self._damaged: set[str] = set()

    def has(self, quirk: Quirk) -> bool:
        return quirk in self.quirks

    # --- links

    def origin(self, request: Request) -> str:
        """Of every link it makes (Q50)."""
        return self.personality.inside if self.has(Quirk.Q50) else f"{request.url.scheme}://{request.url.netloc}"

    def url(self, request: Request, path: str) -> str:
        """A resource below the landing page."""
        return f"{self.origin(request)}{request.scope['root_path']}/{path}"

    def relation(self, name: str) -> str:
        https = self.has(Quirk.Q41) and self.personality.https_relations
        return f"{'https' if https else 'http'}://{RELATIONS}{name}"

    def link(self, request: Request, rel: str, path: str, title: str = "", media_type: str = JSON) -> dict[str, str]:
        href = f"/{path}" if self.has(Quirk.Q7) else self.url(request, path)
        if self.has(Quirk.Q7):
            href = f"{request.scope['root_path']}{href}"
        return {"rel": rel, "type": media_type, "title": title, "href": href}

    def job_path(self, job_id: str, process_id: str) -> str:
        below = self.has(Quirk.Q41) and self.personality.jobs_below_process
        return f"processes/{process_id}/jobs/{job_id}" if below else f"jobs/{job_id}"

    # --- bodies

    def json(
        self, request: Request, document: Any, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> Response:
        """A document; HTML where the personality would rather show a page (Q40)."""
        if self.has(Quirk.Q40) and not self._wants_json(request):
            return self.html(request, document, status)
        body = self._damaged_by_printf(request, json.dumps(document, ensure_ascii=False).encode())
        return self._response(request, body, status, headers, error=False)

    def problem(self, request: Request, kind: str, status: int, detail: str) -> Response:
        """An error: `kind` is the last segment of its URI (Q27)."""
        if not self.has(Quirk.Q27):
            body = json.dumps(standard_error(kind, status, detail)).encode()
            return Response(body, status, dict(self.personality.headers), "application/problem+json")
        form = self.personality.error_form
        said = error_of(form, kind, status, detail)
        if isinstance(said, str):
            return Response(said, status, dict(self.personality.headers), "text/xml; charset=UTF-8")
        # Every other code of ZOO-Project's comes with the line "500 Not Implemented".
        status = 500 if form is ErrorForm.ZOO and status == 422 else status
        body = self._damaged_by_printf(request, json.dumps(said, ensure_ascii=False).encode())
        return self._response(request, body, status, None, error=True)

    def gateway(self, status: int, told: str) -> Response:
        """What a proxy in front says."""
        return HTMLResponse(GATEWAY_PAGE.format(told=told), status)

    def html(self, request: Request, document: Any, status: int = 200) -> Response:
        title = f"{self.personality.title}: {request.url.path}"
        page = f'<!doctype html><html lang="en"><head><title>{title}</title></head><body><p>A page.</p></body></html>'
        return HTMLResponse(page, status, dict(self.personality.headers))

    def _wants_json(self, request: Request) -> bool:
        if request.query_params.get("f") == "json" or request.method != "GET":
            return True
        return JSON in request.headers.get("accept", "") and not self.personality.needs_f

    def _response(
        self, request: Request, body: bytes, status: int, headers: Mapping[str, str] | None, *, error: bool
    ) -> Response:
        media_type = JSON
        if self.has(Quirk.Q45):
            media_type = "application/json;encoding=utf-8" if error else "application/json;charset=UTF-8"
            if request.method == "DELETE":
                media_type = "text/html; charset=utf-8"
        given = {**self.personality.headers, **(headers or {})}
        return Response(body, status, given, media_type)

    def _damaged_by_printf(self, request: Request, body: bytes) -> bytes:
        """Q44: JSON is the format string of a printf; first it is cut there, later what is no argument stands in."""
        if not self.has(Quirk.Q44) or not (found := CONVERSION.search(body)):
            return body
        if request.url.path not in self._damaged:
            self._damaged.add(request.url.path)
            return body[: found.start()]
        return CONVERSION.sub(lambda one: b"\x01\xd8\xf6" if one[1] in b"cs" else b"-559038737", body)
