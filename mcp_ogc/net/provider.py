"""An OpenID Connect provider: its discovery document, and one request to it and its answer.

Its messages are forms and JSON of a few members. No OAuth library sends them, because every request has to go through
the guarded transport (authlib's client is bound to another HTTP library), and a redirect to loopback is plain http
(oauthlib refuses it).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote_plus

import httpx
from pydantic import BaseModel, ConfigDict, JsonValue, TypeAdapter, ValidationError

from mcp_ogc.errors import AuthenticationRequired, EndpointFault, HostRefused, UnreadableAnswer
from mcp_ogc.net.hosts import is_inside, shown
from mcp_ogc.net.http import AUTHORIZATION, answered

if TYPE_CHECKING:
    from mcp_ogc.authentication import ClientCredentialsAuthentication, OidcAuthentication

T = TypeVar("T", bound=BaseModel)

JSON_OBJECT: TypeAdapter[dict[str, JsonValue]] = TypeAdapter(dict[str, JsonValue])
ANSWER_BYTES = 2**20
LOOPBACK = ("localhost", "127.0.0.1", "::1")
# Error code -> what the provider did, and what to do (RFC 6749 §4.1.2.1, §5.2; RFC 8628 §3.5).
REFUSALS: Mapping[str, tuple[str, str]] = {
    "access_denied": ("did not let you in", "Sign in again, and allow it"),
    "invalid_client": ("does not know this client", "Check client_id and client_secret in the settings"),
    "unauthorized_client": ("does not allow this client to sign in so", "Ask its operators, or try --device"),
    "invalid_scope": ("does not give these scopes", 'Set scopes = ["openid"] in the settings'),
    "invalid_grant": ("does not take this sign-in any more", "Sign in again"),
    "expired_token": ("waited for long enough: the code has expired", "Sign in again"),
}


class Metadata(BaseModel):
    """The discovery document (OpenID Connect Discovery 1.0 §3, RFC 8414 §2)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    issuer: str
    token_endpoint: str
    authorization_endpoint: str | None = None
    device_authorization_endpoint: str | None = None
    revocation_endpoint: str | None = None
    jwks_uri: str | None = None
    scopes_supported: tuple[str, ...] | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every URL requests go to."""
        named = (
            self.token_endpoint,
            self.authorization_endpoint,
            self.device_authorization_endpoint,
            self.revocation_endpoint,
            self.jwks_uri,
        )
        return tuple(url for url in named if url)


class Issuer:
    """A provider, by its discovery document.

    Args:
        http: Goes through the guarded transport, and has no credentials of endpoints.
        issuer: From the settings.
    """

    def __init__(self, http: httpx.AsyncClient, issuer: str) -> None:
        self._http = http
        self.url = issuer
        self._metadata: Metadata | None = None

    async def metadata(self) -> Metadata:
        """The discovery document, fetched once.

        Raises:
            HostRefused: It is not protected by TLS, or leads to what is not.
        """
        if self._metadata is None:
            issuer = self.url.rstrip("/")
            document = await self.json("GET", f"{issuer}/.well-known/openid-configuration")
            metadata = validated(Metadata, document, f"The discovery document of {issuer}")
            if metadata.issuer.rstrip("/") != issuer:
                raise UnreadableAnswer(
                    f"The provider {issuer} calls itself something else",
                    detail=metadata.issuer,
                    remedy="The issuer in the settings has to be the very one of its discovery document",
                )
            for address in (metadata.issuer, *metadata.addresses):
                _check_is_protected(address)
            self._metadata = metadata
        return self._metadata

    async def json(
        self, method: str, url: str, form: Mapping[str, str] | None = None, extensions: Mapping[str, str] | None = None
    ) -> dict[str, JsonValue]:
        """The JSON object that is the answer; an empty one where there is no body.

        Args:
            method: HTTP method.
            url: Of the provider.
            form: To send.
            extensions: Of the request, to the guarded transport.
        """
        request = self._http.build_request(
            method, url, data=form, headers={"Accept": "application/json"}, extensions=dict(extensions or {})
        )
        response, body = await answered(self._http, request, ANSWER_BYTES)
        if response.status_code >= 500:
            raise EndpointFault(
                f"The provider {shown(request.url)} failed (HTTP {response.status_code})",
                status=response.status_code,
                remedy="It is its own failure: try again",
            )
        document = _json_or_none(body)
        if response.status_code >= 300:
            told = {name: value for name, value in (document or {}).items() if isinstance(value, str)}
            if method == "POST":
                raise self.refusal(told, response.status_code)
            raise UnreadableAnswer(
                f"{shown(request.url)} answered with HTTP {response.status_code}",
                remedy="Is the issuer in the settings the one of the provider?",
            )
        if document is None and body:
            raise UnreadableAnswer(f"{shown(request.url)} answered with what is no JSON object")
        return document or {}

    def refusal(self, told: Mapping[str, str], status: int = 0) -> AuthenticationRequired:
        """The error a provider names (RFC 6749 §4.1.2.1, §5.2; RFC 8628 §3.5)."""
        code = told.get("error", "")
        what, remedy = REFUSALS.get(code, ("refused to sign in", ""))
        return AuthenticationRequired(
            f"{self.url} {what}",
            status=status,
            type=code,
            detail=told.get("error_description", "") or (code if code not in REFUSALS else ""),
            remedy=remedy,
        )


class Provider(Issuer):
    """A provider, and this program as its client.

    Args:
        http: Goes through the guarded transport, and has no credentials of endpoints.
        client: From the settings.
    """

    def __init__(self, http: httpx.AsyncClient, client: OidcAuthentication | ClientCredentialsAuthentication) -> None:
        super().__init__(http, client.issuer)
        self._client = client

    async def post(self, url: str, form: Mapping[str, str]) -> dict[str, JsonValue]:
        """A form, with what authenticates this client (RFC 6749 §2.3.1)."""
        metadata = await self.metadata()
        body = {**form, "client_id": self._client.client_id}
        extensions: dict[str, str] = {}
        if self._client.audience and "token" not in form:
            body["audience"] = self._client.audience
        if self._client.client_secret is not None:
            secret = self._client.client_secret.get_secret_value()
            if "client_secret_post" in metadata.token_endpoint_auth_methods_supported:
                body["client_secret"] = secret
            else:
                pair = f"{quote_plus(self._client.client_id)}:{quote_plus(secret)}".encode()
                extensions[AUTHORIZATION] = f"Basic {base64.b64encode(pair).decode()}"
                del body["client_id"]
        return await self.json("POST", url, body, extensions)


def _check_is_protected(address: str) -> None:
    """Tokens and codes travel there: https, or a host that only this machine or its cluster has."""
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL as error:
        raise UnreadableAnswer(f"The provider names {address[:200]!r}, which is not a URL: {error}") from error
    if url.scheme != "https" and url.host not in LOOPBACK and not is_inside(url.host):
        raise HostRefused(f"{shown(url)} is not https, and tokens would be sent there", remedy="Use https")


def _json_or_none(body: bytes) -> dict[str, JsonValue] | None:
    try:
        return JSON_OBJECT.validate_json(body)
    except ValidationError:
        return None


def validated(model: type[T], document: Mapping[str, JsonValue], what: str) -> T:
    """A document as its model; `what` names it in the error."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        names = ", ".join(str(problem["loc"][0]) for problem in error.errors(include_input=False))
        raise UnreadableAnswer(f"{what} can't be read: {names}") from None
