"""Bearer tokens of clients, between the SDK's middleware and everything else, which knows of users only."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from mcp.server.auth.provider import AccessToken
from starlette.authentication import AuthenticationError

from mcp_ogc.errors import OgcError, UnreadableAnswer
from mcp_ogc.users import OPERATOR, User

if TYPE_CHECKING:
    from starlette.requests import Request

    from mcp_ogc.net.access_token import AccessTokens
    from mcp_ogc.serving import HttpSettings

logger = logging.getLogger(__name__)


class UserToken(AccessToken):
    """A token that was verified, without the token: what nobody has, nobody can pass on."""

    user: User


class Verifier:
    """The SDK's `TokenVerifier`.

    Args:
        tokens: Verify.
        settings: Name the issuer, and its words for what is permitted.
    """

    def __init__(self, tokens: AccessTokens, settings: HttpSettings) -> None:
        self._tokens = tokens
        self._issuer = settings.issuer or ""
        self._names = settings.scopes.by_permission

    async def verify_token(self, token: str) -> UserToken | None:
        """Whose a token is, and what it allows; None where it is not good.

        Raises:
            AuthenticationError: That can't be told just now.
        """
        try:
            grant = await self._tokens.verify(token)
        except UnreadableAnswer as error:
            logger.warning("A token of a client's was refused: %s", error)
            return None
        except OgcError as error:
            logger.warning("The issuer of clients' tokens can't be asked for its keys: %s", error)
            raise AuthenticationError("The authorization server can't be reached") from error
        allowed = frozenset(one for one, name in self._names.items() if name in grant.scopes)
        return UserToken(
            token="",
            client_id=grant.client_id,
            subject=grant.subject,
            scopes=sorted(grant.scopes),
            expires_at=grant.expires,
            claims={"iss": self._issuer},
            user=User(self._issuer, grant.subject, allowed),
        )


def user_of(request: Request | None) -> User:
    """Whom an HTTP request is for; without one (stdio), or without authentication, whoever runs the server."""
    if request is None or "user" not in request.scope:
        return OPERATOR
    user: User = request.scope["user"].access_token.user  # of one who was let in; nobody else has any
    return user
