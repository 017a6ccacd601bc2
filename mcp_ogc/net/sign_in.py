"""What authenticates after a sign-in: tokens that are kept, and renewed before they expire, once for all who wait."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import anyio

from mcp_ogc.errors import AuthenticationRequired, DiskError
from mcp_ogc.net.auth import bearer
from mcp_ogc.net.token_store import Slot, Tokens, TokenStore

if TYPE_CHECKING:
    from mcp_ogc.authentication import OidcAuthentication
    from mcp_ogc.net.oidc import OidcClient
    from mcp_ogc.net.token_store import Record

logger = logging.getLogger(__name__)

EARLY_SECONDS = 30
"""Before its end a token is renewed: it has to be good when it arrives."""


class SignIn:
    """A person's: tokens come from `mcp-ogc login`, in whichever process it ran.

    Args:
        name: Of the endpoint.
        url: Of the endpoint: tokens of another one, or of another provider or client, are not its own.
        authentication: As in the settings.
        client: Renews them.
        store: Has them.
        login: The command that signs in.
        clock: Seconds since 1970.
    """

    def __init__(
        self,
        name: str,
        url: str,
        authentication: OidcAuthentication,
        client: OidcClient,
        store: TokenStore,
        login: str,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._name = name
        self._url = url
        self._authentication = authentication
        self._client = client
        self._store = store
        self._login = login
        self._clock = clock
        self._tokens: Tokens | None = None
        self._stamp = (0, 0)
        self._unkept = False
        """Whether `_tokens` were renewed, and could not be written."""
        self._refused = ""
        self._renewing = anyio.Lock()

    async def headers(self) -> Mapping[str, str]:
        """A token that is good for a while; renewed here if it is not.

        Raises:
            AuthenticationRequired: Nobody is signed in, or not any more; with the command that signs in.
        """
        async with self._renewing:
            # Somebody may have signed in or out in another process.
            if self._tokens is None or self._stamp != self._store.stamp(self._name) or not self._is_good(self._tokens):
                self._tokens = await self._kept_or_renewed()
                self._stamp = self._store.stamp(self._name)
            return bearer(self._tokens.access_token.get_secret_value())

    def refused(self, sent: Mapping[str, str]) -> None:
        """What was sent is not good, whatever its time says."""
        self._refused = sent.get("Authorization", "").removeprefix("Bearer ")

    async def _kept_or_renewed(self) -> Tokens:
        try:
            # A refresh token may be good once only: no other process may use it meanwhile.
            async with self._store.exclusive(self._name) as slot:
                tokens = await self._known(slot)
                return tokens if self._is_good(tokens) else await self._renewed(slot, tokens)
        except DiskError:
            # Where nothing can be written, a token that is good can be read all the same.
            tokens = await self._known(Slot(self._store, self._name))
            if not self._is_good(tokens):
                raise
            return tokens

    async def _known(self, slot: Slot) -> Tokens:
        is_same = self._stamp == self._store.stamp(self._name)
        tokens = self._tokens if self._unkept and is_same else await slot.read()
        if tokens is None or not is_for(tokens.record, self._url, self._authentication):
            raise AuthenticationRequired(f"Nobody is signed in to endpoint {self._name}", remedy=self._remedy())
        self._client.learn(tokens)
        return tokens

    async def _renewed(self, slot: Slot, tokens: Tokens) -> Tokens:
        if tokens.refresh_token is None:
            raise self._expired()
        with anyio.CancelScope(shield=True):  # what was sent has its answer kept, whoever gave up waiting
            try:
                fresh = await self._client.renewed(tokens)
            except AuthenticationRequired as error:
                if error.type != "invalid_grant":
                    raise
                await slot.clear()
                raise self._expired(error.detail) from error
            try:
                await slot.write(fresh)
            except DiskError as error:  # this server can go on with them
                self._unkept = True
                logger.warning("%s. The sign-in to %s was renewed for this server only", error.message, self._name)
            else:
                self._unkept = False
        return fresh

    def _is_good(self, tokens: Tokens) -> bool:
        expires_at = tokens.record.expires_at
        in_time = expires_at is None or self._clock() < expires_at - EARLY_SECONDS
        return in_time and tokens.access_token.get_secret_value() != self._refused

    def _expired(self, detail: str = "") -> AuthenticationRequired:
        return AuthenticationRequired(
            f"The sign-in to endpoint {self._name} has expired", detail=detail, remedy=self._remedy()
        )

    def _remedy(self) -> str:
        return f"Run `{self._login}` in a terminal, then call again"


class ProgramSignIn:
    """The program's own: tokens are asked for when they are needed, and kept in memory only.

    Args:
        client: Gives them.
        clock: Seconds since 1970.
    """

    def __init__(self, client: OidcClient, *, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._clock = clock
        self._tokens: Tokens | None = None
        self._asking = anyio.Lock()

    async def headers(self) -> Mapping[str, str]:
        """A token that is good for a while.

        Raises:
            AuthenticationRequired: The provider gives none.
        """
        async with self._asking:
            if self._tokens is None or not self._is_good(self._tokens):
                self._tokens = await self._client.tokens_of_client()
            return bearer(self._tokens.access_token.get_secret_value())

    def refused(self, sent: Mapping[str, str]) -> None:
        """Ask for another one, unless that was done since."""
        if self._tokens is not None and sent == bearer(self._tokens.access_token.get_secret_value()):
            self._tokens = None

    def _is_good(self, tokens: Tokens) -> bool:
        expires_at = tokens.record.expires_at
        return expires_at is None or self._clock() < expires_at - EARLY_SECONDS


def is_for(record: Record, url: str, authentication: OidcAuthentication) -> bool:
    """Whether a sign-in is the one the settings mean now."""
    return (record.endpoint, record.issuer, record.client_id) == (url, authentication.issuer, authentication.client_id)
