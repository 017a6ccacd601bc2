"""A small OpenID Connect provider: discovery, a page that asks for consent, every grant, rotation, revocation."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tests.servers.listening import listening

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


@dataclass
class Grant:
    """What somebody was let in for."""

    client_id: str
    person: str
    scope: str = ""
    nonce: str | None = None
    challenge: str | None = None
    redirect_uri: str | None = None
    allowed: bool = False
    denied: bool = False


@dataclass
class OidcProvider:
    """One provider, whose tokens a test can see and end. `url` is known once it listens."""

    clients: dict[str, str | None] = field(default_factory=lambda: {"mcp-ogc": None, "robot": "s3cret/+"})
    """Client ids and their secrets."""
    person: str = "acme"
    lifetime: int = 300
    metadata: dict[str, Any] = field(default_factory=dict)
    """Members of the discovery document that are otherwise; None leaves one out."""
    claims: dict[str, Any] = field(default_factory=dict)
    """Claims of ID tokens that are otherwise; None leaves one out."""
    callback: dict[str, str] = field(default_factory=dict)
    """Parameters a browser is sent back with that are otherwise."""
    waits: list[str] = field(default_factory=list)
    """Error codes a device gets before it gets its token."""
    interval: int = 5
    gives_refresh_tokens: bool = True
    url: str = ""
    people: dict[str, str] = field(default_factory=dict)
    """Access tokens that are good, and whose they are."""
    refresh_tokens: dict[str, Grant] = field(default_factory=dict)
    forms: list[Mapping[str, str]] = field(default_factory=list)
    """What was posted."""
    key_id: str = "1"
    asked: list[Mapping[str, str]] = field(default_factory=list)
    """Headers of all requests."""

    def __post_init__(self) -> None:
        self._key = self.signing_key = ec.generate_private_key(ec.SECP256R1())
        self._grants: dict[str, Grant] = {}
        self._codes: dict[str, Grant] = {}
        self._devices: dict[str, Grant] = {}
        self._user_codes: dict[str, Grant] = {}
        self._routes = Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._discovery),
                Route("/keys", self._keys),
                Route("/authorize", self._authorize),
                Route("/answer", self._answer),
                Route("/token", self._token, methods=["POST"]),
                Route("/device", self._device, methods=["POST"]),
                Route("/activate", self._activate),
                Route("/revoke", self._revoke, methods=["POST"]),
            ]
        )

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        request = Request(scope, receive)
        self.asked.append({name.lower(): value for name, value in request.headers.items()})
        await self._routes(scope, receive, send)

    def access_token(self, person: str, scope: str, /, **claims: Any) -> str:
        """A token for a resource server; claims may be otherwise, None leaves one out."""
        now = int(time.time())
        told = {"iss": self.url, "sub": f"id-of-{person}", "client_id": "a-client", "scope": scope, "iat": now}
        told = {**told, "exp": now + self.lifetime, **claims}
        told = {name: value for name, value in told.items() if value is not None}
        return jwt.encode(told, self.signing_key, "ES256", {"kid": self.key_id})

    def rotate(self) -> None:
        """Sign with a new key, and list no other."""
        self._key = self.signing_key = ec.generate_private_key(ec.SECP256R1())
        self.key_id = str(int(self.key_id) + 1)

    def end_access(self) -> None:
        """No access token is good any more."""
        self.people.clear()

    def end_sessions(self) -> None:
        """No refresh token is, either."""
        self.end_access()
        self.refresh_tokens.clear()

    def granted(self, kind: str) -> int:
        """How often tokens were asked for so."""
        return sum(form.get("grant_type") == kind for form in self.forms)

    # --- what it answers

    async def _discovery(self, request: Request) -> Response:
        document = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "device_authorization_endpoint": f"{self.url}/device",
            "revocation_endpoint": f"{self.url}/revoke",
            "jwks_uri": f"{self.url}/keys",
            "scopes_supported": ["openid", "offline_access", "profile"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "authorization_response_iss_parameter_supported": True,
            "code_challenge_methods_supported": ["S256"],
        }
        return JSONResponse({k: v for k, v in {**document, **self.metadata}.items() if v is not None})

    async def _keys(self, request: Request) -> Response:
        key = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(self._key.public_key()))
        return JSONResponse({"keys": [{**key, "kid": self.key_id, "alg": "ES256", "use": "sig"}]})

    async def _authorize(self, request: Request) -> Response:
        query = dict(request.query_params)
        number = secrets.token_urlsafe(8)
        if query["client_id"] not in self.clients or not query["redirect_uri"].startswith("http://127.0.0.1:"):
            return HTMLResponse("<h1>Unknown client</h1>", 400)
        if query.get("code_challenge_method") != "S256" or query.get("response_type") != "code":
            return HTMLResponse("<h1>PKCE is required</h1>", 400)
        self._grants[number] = Grant(
            query["client_id"],
            self.person,
            query.get("scope", ""),
            query.get("nonce"),
            query["code_challenge"],
            query["redirect_uri"],
        )
        answers = [
            (say, urlencode({"grant": number, "state": query["state"], "say": say})) for say in ("allow", "deny")
        ]
        links = "".join(f'<a href="{html.escape(f"/answer?{query}")}">{say}</a>' for say, query in answers)
        return HTMLResponse(f"<h1>May mcp-ogc act for {self.person}?</h1>{links}")

    async def _answer(self, request: Request) -> Response:
        grant = self._grants.pop(request.query_params["grant"])
        back = {"state": request.query_params["state"], "iss": self.url}
        if request.query_params["say"] == "deny":
            back |= {"error": "access_denied", "error_description": "The person said no"}
        else:
            code = secrets.token_urlsafe(16)
            self._codes[code] = grant
            back["code"] = code
        back = {name: value for name, value in {**back, **self.callback}.items() if value}
        return RedirectResponse(f"{grant.redirect_uri}?{urlencode(back)}", 302)

    async def _token(self, request: Request) -> Response:
        form = await self._form(request)
        client_id = self._client(request, form)
        if client_id is None:
            return _refused("invalid_client", 401)
        kind = form.get("grant_type")
        if kind == "client_credentials":
            return self._granted(Grant(client_id, client_id, form.get("scope", "")), renewable=False)
        if kind == "authorization_code":
            grant = self._codes.pop(form["code"], None)
            digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            if grant is None or challenge != grant.challenge or form.get("redirect_uri") != grant.redirect_uri:
                return _refused("invalid_grant")
            return self._granted(grant)
        if kind == "refresh_token":
            grant = self.refresh_tokens.pop(form["refresh_token"], None)
            return self._granted(grant) if grant else _refused("invalid_grant", told="Token is not active")
        if kind == DEVICE:
            grant = self._devices.get(form["device_code"])
            if self.waits:
                return _refused(self.waits.pop(0))
            if grant is None or grant.denied:
                return _refused("access_denied" if grant else "invalid_grant")
            if not grant.allowed:
                return _refused("authorization_pending")
            del self._devices[form["device_code"]]
            return self._granted(grant)
        return _refused("unsupported_grant_type")

    async def _device(self, request: Request) -> Response:
        form = await self._form(request)
        grant = Grant(form["client_id"], self.person, form.get("scope", ""))
        device_code, user_code = secrets.token_urlsafe(16), secrets.token_hex(2).upper()
        self._devices[device_code] = self._user_codes[user_code] = grant
        return JSONResponse(
            {
                "device_code": device_code,
                "user_code": user_code,
                "verification_uri": f"{self.url}/activate",
                "verification_uri_complete": f"{self.url}/activate?user_code={user_code}",
                "expires_in": 60,
                "interval": self.interval,
            }
        )

    async def _activate(self, request: Request) -> Response:
        self._user_codes[request.query_params["user_code"]].allowed = True
        return HTMLResponse("<h1>Done</h1>")

    async def _revoke(self, request: Request) -> Response:
        form = await self._form(request)
        self.people.pop(form["token"], None)
        self.refresh_tokens.pop(form["token"], None)
        return Response(status_code=200)

    # --- what it knows

    async def _form(self, request: Request) -> Mapping[str, str]:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        self.forms.append(form)
        return form

    def _client(self, request: Request, form: Mapping[str, str]) -> str | None:
        client_id, secret = form.get("client_id", ""), form.get("client_secret")
        scheme, _, pair = request.headers.get("authorization", "").partition(" ")
        if scheme == "Basic":
            client_id, secret = map(unquote_plus, base64.b64decode(pair).decode().split(":", 1))
        return client_id if client_id in self.clients and self.clients[client_id] == secret else None

    def _granted(self, grant: Grant, *, renewable: bool = True) -> Response:
        now = int(time.time())
        claims = {"iss": self.url, "sub": f"id-of-{grant.person}", "iat": now, "exp": now + self.lifetime}
        access = {**claims, "preferred_username": grant.person, "jti": secrets.token_hex(8)}
        access_token = jwt.encode(access, self.signing_key, "ES256", {"kid": "1"})
        self.people[access_token] = grant.person
        document = {"access_token": access_token, "token_type": "Bearer", "expires_in": self.lifetime}
        if renewable and self.gives_refresh_tokens:
            refresh_token = secrets.token_urlsafe(32)
            self.refresh_tokens[refresh_token] = grant
            document["refresh_token"] = refresh_token
        if "openid" in grant.scope.split():
            told = {**claims, "aud": grant.client_id, "preferred_username": grant.person, "nonce": grant.nonce}
            told = {name: value for name, value in {**told, **self.claims}.items() if value is not None}
            document["id_token"] = jwt.encode(told, self.signing_key, "ES256", {"kid": "1"})
        return JSONResponse(document)


def _refused(code: str, status: int = 400, *, told: str = "") -> Response:
    return JSONResponse({"error": code, **({"error_description": told} if told else {})}, status)


@pytest.fixture
async def provider() -> AsyncIterator[OidcProvider]:
    provider = OidcProvider()
    async with listening(provider.app) as url:
        provider.url = url
        yield provider
