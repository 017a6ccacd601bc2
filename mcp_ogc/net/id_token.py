"""Who signed in, by the word of the provider: its ID tokens, verified."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from mcp_ogc.errors import UnreadableAnswer
from mcp_ogc.net.refusal import PERSON

SKEW_SECONDS = 120
"""By how much the clocks of this machine and the provider may differ."""
# What a provider may sign with; a shared secret would let whoever has it make tokens.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")


def verified(
    id_token: str, keys: Mapping[str, JsonValue], *, issuer: str, client_id: str, nonce: str | None
) -> Mapping[str, JsonValue]:
    """The claims of an ID token, verified (OpenID Connect Core 1.0 §3.1.3.7).

    Args:
        id_token: As it came.
        keys: The provider's, a JSON Web Key Set.
        issuer: That has to have made it.
        client_id: It has to be made for.
        nonce: Of the sign-in it has to belong to; None where the flow has none.

    Raises:
        UnreadableAnswer: Its signature, issuer, audience, times or nonce are not right.
    """
    import jwt

    try:
        key_id = jwt.get_unverified_header(id_token).get("kid")
        known = jwt.PyJWKSet.from_dict(dict(keys)).keys
        key = next(one for one in known if one.key_id == key_id or (key_id is None and len(known) == 1))
        claims: dict[str, JsonValue] = jwt.decode(
            id_token,
            key,
            algorithms=list(ALGORITHMS),
            audience=client_id,
            issuer=issuer,
            leeway=SKEW_SECONDS,
            options={"require": ["exp", "iat", "iss", "aud", "sub"]},
        )
    except (jwt.PyJWTError, StopIteration) as error:
        reason = type(error).__name__ if isinstance(error, jwt.PyJWTError) else "signed with a key it does not list"
        raise UnreadableAnswer(f"The ID token of {issuer} is not good: {reason}") from None
    if nonce is not None and claims.get("nonce") != nonce:
        raise UnreadableAnswer(f"The ID token of {issuer} belongs to another sign-in")
    if claims.get("azp", client_id) != client_id:
        raise UnreadableAnswer(f"The ID token of {issuer} belongs to another client")
    return claims


def person_of(claims: Mapping[str, JsonValue]) -> str | None:
    """The name a person is known by there, where it can be shown."""
    names = [claims.get(member) for member in ("preferred_username", "username", "email", "sub")]
    return next((name for name in names if isinstance(name, str) and PERSON.fullmatch(name)), None)
