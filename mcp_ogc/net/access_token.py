"""Access tokens that clients present to us, verified: we are the resource server (OAuth 2.1, RFC 9068)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio
from pydantic import JsonValue

from mcp_ogc.errors import UnreadableAnswer
from mcp_ogc.net.id_token import UnknownKey, signed_claims

if TYPE_CHECKING:
    from mcp_ogc.net.provider import Issuer

KEYS_SECONDS = 3600
"""How long keys are believed: one that is withdrawn is good for no longer."""
ROTATION_SECONDS = 30
"""Between two looks for new keys, whoever presents tokens signed with unknown ones."""
LONGEST_TOKEN = 16_384
LEEWAY_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Grant:
    """What a good token says."""

    subject: str
    client_id: str
    scopes: frozenset[str]
    expires: int
    """Seconds since 1970."""


class AccessTokens:
    """Verifies tokens of one issuer, made for one audience.

    Args:
        issuer: Whose keys are asked for, and kept.
        audience: Us.
        clock: Seconds that only grow.
    """

    def __init__(self, issuer: Issuer, audience: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._issuer = issuer
        self._audience = audience
        self._clock = clock
        self._keys: tuple[float, Mapping[str, JsonValue]] | None = None
        self._fetching = anyio.Lock()

    async def verify(self, token: str) -> Grant:
        """What a token says.

        Raises:
            UnreadableAnswer: Its signature, issuer, audience or times are not right, or it is no JSON Web Token.
            OgcError: The issuer can't be asked for its keys.
        """
        if len(token) > LONGEST_TOKEN:
            raise UnreadableAnswer("longer than any token")
        try:
            claims = await self._claims(token, KEYS_SECONDS)
        except UnknownKey:  # the issuer may have new ones
            claims = await self._claims(token, ROTATION_SECONDS)
        expires, subject = claims["exp"], claims["sub"]
        client = claims.get("client_id") or claims.get("azp") or ""
        if not isinstance(expires, int | float):  # PyJWT takes a text too
            raise UnreadableAnswer("its end is not a number")
        if not subject or not isinstance(subject, str) or not isinstance(client, str):
            raise UnreadableAnswer("it names nobody")
        return Grant(subject, client, frozenset(_scopes(claims)), int(expires))

    async def keys(self, within: float = KEYS_SECONDS) -> Mapping[str, JsonValue]:
        """The issuer's keys, asked for again if they are older than `within` seconds.

        Raises:
            OgcError: It can't be asked.
        """
        async with self._fetching:
            now = self._clock()
            if self._keys is None or now - self._keys[0] > within:
                metadata = await self._issuer.metadata()
                if metadata.jwks_uri is None:
                    raise UnreadableAnswer(f"The issuer {metadata.issuer} names no keys (jwks_uri)")
                self._keys = (now, await self._issuer.json("GET", metadata.jwks_uri))
            return self._keys[1]

    async def _claims(self, token: str, within: float) -> Mapping[str, JsonValue]:
        keys, issuer = await self.keys(within), (await self._issuer.metadata()).issuer
        return signed_claims(token, keys, issuer=issuer, audience=self._audience, leeway=LEEWAY_SECONDS)


def _scopes(claims: Mapping[str, JsonValue]) -> list[str]:
    """`scope` is one text (RFC 9068 §2.2.3); some issuers have `scp`, a text or a list."""
    for claim in (claims.get("scope"), claims.get("scp")):
        if isinstance(claim, str):
            return claim.split()
        if isinstance(claim, list):
            return [one for one in claim if isinstance(one, str)]
    return []
