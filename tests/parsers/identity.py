"""Who somebody is: what providers, tokens and clients of ours say."""

from __future__ import annotations

import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from urllib.parse import parse_qsl, urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import SecretStr

from mcp_ogc.authentication import OidcAuthentication
from mcp_ogc.http_app import ToolScopes
from mcp_ogc.net.access_token import AccessTokens
from mcp_ogc.net.id_token import person_of, verified
from mcp_ogc.net.oidc import AuthorizationRequest, OidcClient
from mcp_ogc.net.provider import Issuer
from mcp_ogc.net.refusal import claims_of
from mcp_ogc.net.storage import bucket_and_key
from mcp_ogc.tools.job_lists import before_of
from mcp_ogc.tools.paging import decode, encode
from mcp_ogc.uris import RasterHandle, job_of, process_list_of
from tests.parsers.documents import of_bytes, of_text
from tests.parsers.endpoint import BASE, reached
from tests.parsers.message import Message
from tests.parsers.parser import Parser

ISSUER = "https://ogc.example/ogc-api/iam"
DISCOVERY = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize",
    "token_endpoint": f"{ISSUER}/token",
    "device_authorization_endpoint": f"{ISSUER}/device",
    "revocation_endpoint": f"{ISSUER}/revoke",
    "jwks_uri": f"{ISSUER}/keys",
    "scopes_supported": ["openid", "offline_access"],
    "token_endpoint_auth_methods_supported": ["client_secret_post"],
    "authorization_response_iss_parameter_supported": True,
}
CLAIMS = {
    "iss": ISSUER,
    "sub": "id-of-ada",
    "aud": ["us", "them"],
    "azp": "us",
    "iat": 1_700_000_000,
    "nbf": 1_700_000_000,
    "exp": 4_000_000_000,
    "nonce": "n",
    "scope": "mcp-ogc:read openid",
    "client_id": "a-client",
    "preferred_username": "ada",
}
NOW = 1_700_000_100
CLIENT = OidcAuthentication(kind="oidc", issuer=ISSUER, client_id="us", client_secret=SecretStr("s3cret"))


@cache
def key() -> Ed25519PrivateKey:
    """Whose signatures are always the same: what is given to a parser follows from the seed of a run."""
    return Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@cache
def keys() -> Mapping[str, list[Mapping[str, str]]]:
    told = json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(key().public_key()))
    return {"keys": [{**told, "kid": "1", "alg": "EdDSA", "use": "sig"}]}


def signed(claims: object, head: Mapping[str, object] = {"kid": "1"}) -> str:
    """A token of the provider's, whatever it says; PyJWT would not sign claims that are none."""
    return jwt.api_jws.encode(json.dumps(claims).encode(), key(), "EdDSA", dict(head))


def messages(document: object) -> bytes:
    return Message.of(json.dumps(document)).wire


def asking_provider(
    name: str, ask: Callable[[OidcClient], Awaitable[object]], *documents: object, well: Mapping[str, object]
) -> Parser:
    """What a provider answers to a client of its; `well` is what it answers as it should."""

    async def read(data: bytes) -> object:
        answers = {end: Message.of(json.dumps(told)) for end, told in well.items()}

        async def no_wait(seconds: float) -> None: ...

        asker = OidcClient(reached(data, answers), BASE, CLIENT, lambda _: None, clock=_Clock(), sleep=no_wait)
        return await ask(asker)

    return Parser(
        name, read, lambda: [*map(messages, documents), Message.of('{"error": "invalid_grant"}', status=400).wire], 0.7
    )


class _Clock:
    """Goes on by a second whenever it is looked at."""

    def __init__(self) -> None:
        self._now = float(NOW)

    def __call__(self) -> float:
        self._now += 100
        return self._now


async def _device(client: OidcClient) -> object:
    return await client.tokens_of_device(await client.device_authorization())


async def _came_back(data: bytes) -> object:
    """A browser comes back with a query."""
    try:
        told = json.loads(data.decode("utf-8", errors="replace"))
    except (ValueError, RecursionError):
        told = {}
    query = (
        urlencode({str(name): str(value) for name, value in told.items()}, errors="replace")
        if isinstance(told, dict)
        else ""
    )
    returned = dict(parse_qsl(query))
    answers = {end: Message.of(json.dumps(document)) for end, document in FOUND.items()}
    client = OidcClient(
        reached(messages({**TOKENS, "id_token": signed(CLAIMS)}), answers), BASE, CLIENT, lambda _: None
    )
    request = AuthorizationRequest("https://x.example", "http://127.0.0.1:1/", "state", "n", "verifier")
    return await client.tokens_of_code(request, returned)


async def _verified_with(data: bytes) -> object:
    """A good token, and keys that may be none."""
    found = reached(data, {"/openid-configuration": Message.of(json.dumps(DISCOVERY))})
    return await AccessTokens(Issuer(found, ISSUER), "us").verify(signed(CLAIMS))


async def _presented(token: str) -> object:
    answers = {"/openid-configuration": Message.of(json.dumps(DISCOVERY)), "/keys": Message.of(json.dumps(keys()))}
    return await AccessTokens(Issuer(reached(b"", answers), ISSUER), "us").verify(token)


async def _text_presented(data: bytes) -> object:
    return await _presented(data.decode("latin-1"))


async def _claims_presented(data: bytes) -> object:
    return await _presented(jwt.api_jws.encode(data, key(), "EdDSA", {"kid": "1"}))


def _id_token(data: bytes) -> object:
    token = jwt.api_jws.encode(data, key(), "EdDSA", {"kid": "1"})
    return person_of(verified(token, keys(), issuer=ISSUER, client_id="us", nonce="n"))  # type: ignore[arg-type]


def _sent(data: bytes) -> object:
    return claims_of({"Authorization": f"Bearer {jwt.api_jws.encode(data, key(), 'EdDSA')}"})


def _asked_for(data: bytes) -> object:
    async def nothing(*_: object) -> None: ...

    scopes = ToolScopes(nothing, {"ogc_execute_process": "execute"}, {"execute": "x"}, "m")
    return scopes._needed(data)


def _position(data: bytes) -> object:
    position = decode(base64.urlsafe_b64encode(data).decode(), "jobs")
    before = before_of(position.get("before"))
    return before and before[0] < datetime.now(UTC), position


def _named(text: str) -> object:
    return job_of(text), process_list_of(text), RasterHandle.parse(text)


TOKENS = {"access_token": "a.b.c", "token_type": "Bearer", "expires_in": 300, "refresh_token": "r"}
DEVICE = {
    "device_code": "d",
    "user_code": "ABCD",
    "verification_uri": f"{ISSUER}/activate",
    "expires_in": 600,
    "interval": 5,
}
FOUND = {"/openid-configuration": DISCOVERY, "/keys": keys()}

IDENTITY = (
    asking_provider("provider metadata", lambda c: c.authorization("http://127.0.0.1:1/"), DISCOVERY, well={}),
    asking_provider(
        "tokens", lambda c: c.tokens_of_client(), TOKENS, {**TOKENS, "id_token": signed(CLAIMS)}, well=FOUND
    ),
    asking_provider("device authorization", _device, DEVICE, well={**FOUND, "/token": TOKENS}),
    Parser("keys of a provider", _verified_with, lambda: [messages(keys())], 0.5),
    Parser(
        "browser that comes back",
        _came_back,
        lambda: [b'{"state": "state", "code": "c", "iss": "' + ISSUER.encode() + b'"}'],
        0.3,
    ),
    Parser("access token", _text_presented, lambda: [signed(CLAIMS).encode()], 0.5),
    Parser("claims of an access token", _claims_presented, lambda: [json.dumps(CLAIMS).encode()], 0.5),
    of_bytes("claims of an ID token", _id_token, lambda: [json.dumps(CLAIMS).encode()], 0.5),
    of_bytes("authorization header", _sent, lambda: [json.dumps(CLAIMS).encode()]),
    of_bytes(
        "message of a client",
        _asked_for,
        lambda: [
            b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "ogc_execute_process"}}',
        ],
    ),
    of_text("cursor", lambda text: decode(text, "jobs"), encode("jobs", page="https://x.example/?2", skip=3)),
    of_bytes(
        "position of a cursor",
        _position,
        lambda: [
            b'["jobs", {"page": "https://x.example/?2", "skip": 3}]',
            b'["jobs", {"before": ["2026-01-01T00:00:00+00:00", 3], "further": {"far": "offset=2"}}]',
        ],
    ),
    of_text(
        "ogc:// URI",
        _named,
        "ogc://e/jobs/j%2F1/rasters/out/item/asset/preview.png",
        "ogc://e/jobs/j",
        "ogc://e/processes",
    ),
    of_text("s3 URL", bucket_and_key, "s3://bucket/a/b%20c.tif", "s3://bucket:80/x"),
)
