"""The ways to a token of an OpenID Connect provider: with a browser, with one elsewhere, and with nobody; its renewal
and its end."""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import anyio
from pydantic import BaseModel, ConfigDict, JsonValue, SecretStr

from mcp_ogc.errors import AuthenticationRequired, Unreachable, UnreadableAnswer
from mcp_ogc.net.id_token import person_of, verified
from mcp_ogc.net.provider import Metadata, Provider, validated
from mcp_ogc.net.token_store import Record, Tokens

if TYPE_CHECKING:
    import httpx

    from mcp_ogc.authentication import ClientCredentialsAuthentication, OidcAuthentication
    from mcp_ogc.net.auth import Learn

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
SLOW_DOWN_SECONDS = 5
DEVICE_SECONDS = 600


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """What a browser is sent with, and what has to come back (RFC 6749 §4.1, RFC 7636, RFC 9207)."""

    url: str
    redirect_uri: str
    state: str
    nonce: str
    verifier: str


class DeviceAuthorization(BaseModel):
    """What a person types elsewhere (RFC 8628 §3.2)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    device_code: SecretStr
    user_code: str
    verification_uri: str
    verification_uri_complete: str | None = None
    expires_in: float = DEVICE_SECONDS
    interval: float = 5


class OidcClient:
    """This program as a client of a provider, for one endpoint.

    Args:
        http: Goes through the guarded transport, and has no credentials of endpoints.
        endpoint: URL of the endpoint the tokens are for.
        client: From the settings.
        learn: Told of each token.
        clock: Seconds since 1970.
        sleep: Waits, between looks at a device authorization.

    Every method raises `Unreachable`, `TimedOut` or `HostRefused` where the provider can't be reached,
    `UnreadableAnswer` where it answers otherwise than the standards say, and `AuthenticationRequired`, its `type` the
    provider's error code, where it refuses.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        endpoint: str,
        client: OidcAuthentication | ClientCredentialsAuthentication,
        learn: Learn,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self.provider = Provider(http, client)
        self._endpoint = endpoint
        self._client = client
        self._learn = learn
        self._clock = clock
        self._sleep = sleep

    def learn(self, tokens: Tokens) -> None:
        """Have tokens masked that were kept from before."""
        for token in (tokens.access_token, tokens.refresh_token):
            if token is not None:
                self._learn(token.get_secret_value())

    # --- a person with a browser

    async def authorization(self, redirect_uri: str) -> AuthorizationRequest:
        """Where to send a browser (RFC 6749 §4.1.1) with PKCE (RFC 7636), state and nonce."""
        metadata = await self.provider.metadata()
        if metadata.authorization_endpoint is None:
            raise AuthenticationRequired(f"{metadata.issuer} signs nobody in with a browser", remedy="Try --device")
        verifier, state, nonce = (secrets.token_urlsafe(48), secrets.token_urlsafe(24), secrets.token_urlsafe(24))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "response_type": "code",
            "client_id": self._client.client_id,
            "redirect_uri": redirect_uri,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            **self._scope(metadata),
        }
        joint = "&" if "?" in metadata.authorization_endpoint else "?"
        url = f"{metadata.authorization_endpoint}{joint}{urlencode(query)}"
        return AuthorizationRequest(url, redirect_uri, state, nonce, verifier)

    async def tokens_of_code(self, request: AuthorizationRequest, returned: Mapping[str, str]) -> Tokens:
        """What the code that came back is worth.

        Args:
            request: The browser was sent with.
            returned: Query parameters it came back with.
        """
        metadata = await self.provider.metadata()
        if not hmac.compare_digest(returned.get("state", "").encode(), request.state.encode()):
            raise AuthenticationRequired("The browser came back with another state: somebody else's sign-in")
        issuer = returned.get("iss")
        if issuer != metadata.issuer and (issuer or metadata.authorization_response_iss_parameter_supported):
            raise AuthenticationRequired("The browser came back from another provider", detail=issuer or "")
        if "error" in returned:
            raise self.provider.refusal(returned)
        if "code" not in returned:
            raise UnreadableAnswer("The browser came back without a code", remedy="Sign in again")
        form = {
            "grant_type": "authorization_code",
            "code": returned["code"],
            "redirect_uri": request.redirect_uri,
            "code_verifier": request.verifier,
        }
        return await self._tokens(form, nonce=request.nonce)

    # --- a person with a browser elsewhere

    async def device_authorization(self) -> DeviceAuthorization:
        """What to show a person (RFC 8628 §3.1)."""
        metadata = await self.provider.metadata()
        if metadata.device_authorization_endpoint is None:
            raise AuthenticationRequired(
                f"{metadata.issuer} has no sign-in by device code", remedy="Sign in with a browser: without --device"
            )
        document = await self.provider.post(metadata.device_authorization_endpoint, self._scope(metadata))
        return validated(DeviceAuthorization, document, "The device authorization")

    async def tokens_of_device(self, authorization: DeviceAuthorization) -> Tokens:
        """Ask until the person has signed in elsewhere, as often as the provider allows (RFC 8628 §3.4, §3.5)."""
        interval, deadline = authorization.interval, self._clock() + authorization.expires_in
        form = {"grant_type": DEVICE, "device_code": authorization.device_code.get_secret_value()}
        while self._clock() < deadline:
            await self._sleep(interval)
            try:
                return await self._tokens(form)
            except Unreachable:
                interval *= 2  # RFC 8628 §3.5: exponential after a time-out
            except AuthenticationRequired as error:
                if error.type == "slow_down":
                    interval += SLOW_DOWN_SECONDS
                elif error.type != "authorization_pending":
                    raise
        raise AuthenticationRequired(
            f"Nobody signed in with the code {authorization.user_code[:40]!r} in time", type="expired_token"
        )

    # --- nobody

    async def tokens_of_client(self) -> Tokens:
        """The program's own (RFC 6749 §4.4)."""
        scope = {"scope": " ".join(self._client.scopes)} if self._client.scopes else {}
        return await self._tokens({"grant_type": "client_credentials", **scope})

    async def renewed(self, tokens: Tokens) -> Tokens:
        """New tokens for old ones (RFC 6749 §6); the refresh token stays what it was where no new one comes."""
        assert tokens.refresh_token is not None
        form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token.get_secret_value()}
        fresh = await self._tokens(form)
        person = fresh.record.person or tokens.record.person
        record = fresh.record.model_copy(update={"person": person, "renewable": True})
        return Tokens(record, fresh.access_token, fresh.refresh_token or tokens.refresh_token)

    async def revoke(self, tokens: Tokens) -> bool:
        """Have the provider forget them (RFC 7009); False where it has no such endpoint."""
        metadata = await self.provider.metadata()
        if metadata.revocation_endpoint is None:
            return False
        held = {"refresh_token": tokens.refresh_token, "access_token": tokens.access_token}
        for hint, token in held.items():
            if token is not None:
                form = {"token": token.get_secret_value(), "token_type_hint": hint}
                await self.provider.post(metadata.revocation_endpoint, form)
        return True

    # --- messages

    def _scope(self, metadata: Metadata) -> dict[str, str]:
        known = metadata.scopes_supported
        wanted = [scope for scope in self._client.scopes if known is None or scope in known or scope == "openid"]
        return {"scope": " ".join(wanted)} if wanted else {}

    async def _tokens(self, form: Mapping[str, str], *, nonce: str | None = None) -> Tokens:
        metadata = await self.provider.metadata()
        document = await self.provider.post(metadata.token_endpoint, form)
        access_token, refresh_token = document.get("access_token"), document.get("refresh_token")
        if not isinstance(access_token, str) or not access_token:
            raise UnreadableAnswer(f"{metadata.issuer} answered without an access token")
        if str(document.get("token_type", "Bearer")).lower() != "bearer":
            raise UnreadableAnswer(f"{metadata.issuer} gave a token that is not of the type Bearer")
        self._learn(access_token)
        if isinstance(refresh_token, str):
            self._learn(refresh_token)
        lifetime, id_token = document.get("expires_in"), document.get("id_token")
        person = None
        if isinstance(id_token, str):
            self._learn(id_token)
            person = person_of(await self._verified(id_token, nonce))
        elif nonce is not None and "openid" in self._client.scopes:
            raise UnreadableAnswer(f"{metadata.issuer} was asked for an ID token and gave none")
        return Tokens(
            Record(
                endpoint=self._endpoint,
                issuer=self._client.issuer,
                client_id=self._client.client_id,
                person=person,
                expires_at=_end(self._clock(), lifetime),
                renewable=isinstance(refresh_token, str),
            ),
            SecretStr(access_token),
            SecretStr(refresh_token) if isinstance(refresh_token, str) else None,
        )

    async def _verified(self, id_token: str, nonce: str | None) -> Mapping[str, JsonValue]:
        metadata = await self.provider.metadata()
        if metadata.jwks_uri is None:
            raise UnreadableAnswer(f"{metadata.issuer} has no keys to verify its ID tokens with")
        keys = await self.provider.json("GET", metadata.jwks_uri)
        return verified(id_token, keys, issuer=metadata.issuer, client_id=self._client.client_id, nonce=nonce)


def _end(now: float, lifetime: JsonValue) -> float | None:
    """When a token ends, whose lifetime some providers give as a text; None where they do not say."""
    try:
        end = now + float(lifetime) if isinstance(lifetime, int | float | str) else math.nan
    except (ValueError, OverflowError):
        return None
    return end if math.isfinite(end) else None
