"""What a provider signed, verified: its ID tokens tell who signed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from mcp_ogc.errors import UnreadableAnswer
from mcp_ogc.net.refusal import PERSON

SKEW_SECONDS = 120
"""By how much the clocks of this machine and the provider may differ."""
# What a provider may sign with; a shared secret would let whoever has it make tokens.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")


class UnknownKey(UnreadableAnswer):
    """A token is signed with a key that is not among those that are known: there may be new ones."""


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
    try:
        claims = signed_claims(id_token, keys, issuer=issuer, audience=client_id, required=("iat",))
    except UnreadableAnswer as error:
        raise UnreadableAnswer(f"The ID token of {issuer} is not good: {error.message}") from None
    if nonce is not None and claims.get("nonce") != nonce:
        raise UnreadableAnswer(f"The ID token of {issuer} belongs to another sign-in")
    if claims.get("azp", client_id) != client_id:
        raise UnreadableAnswer(f"The ID token of {issuer} belongs to another client")
    return claims


def signed_claims(
    token: str,
    keys: Mapping[str, JsonValue],
    *,
    issuer: str,
    audience: str,
    required: Sequence[str] = (),
    leeway: int = SKEW_SECONDS,
) -> Mapping[str, JsonValue]:
    """The claims of a token of a provider's: its signature, issuer, audience and times are right (RFC 7519 §7.2).

    Args:
        token: As it came.
        keys: The provider's, a JSON Web Key Set.
        issuer: That has to have made it.
        audience: It has to be made for.
        required: Claims it needs, beside its end, issuer, audience and subject.
        leeway: Seconds by which the clocks may differ.

    Raises:
        UnknownKey: It is signed with a key that is not among these.
        UnreadableAnswer: Something else of it is not right; the message is the reason.
    """
    import jwt

    try:
        key = _key_of(jwt.get_unverified_header(token).get("kid"), keys.get("keys"))
        claims: dict[str, JsonValue] = jwt.decode(
            token,
            jwt.PyJWK(key),
            algorithms=list(ALGORITHMS),
            audience=audience,
            issuer=issuer,
            leeway=leeway,
            options={"require": ["exp", "iss", "aud", "sub", *required]},
        )
    except (jwt.PyJWTError, TypeError, ValueError, OverflowError, RecursionError) as error:
        # Of a key or a claim that is not what the standards say, the library raises whatever Python does.
        raise UnreadableAnswer(type(error).__name__) from None
    return claims


def _key_of(key_id: object, listed: JsonValue) -> dict[str, JsonValue]:
    """The key a token names, or the only one there is; what else is listed is not looked at.

    Raises:
        UnknownKey: It is not listed.
    """
    known = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    for one in known:
        if one.get("kid") == key_id or (key_id is None and len(known) == 1):
            return one
    raise UnknownKey("signed with a key it does not list")


def person_of(claims: Mapping[str, JsonValue]) -> str | None:
    """The name a person is known by there, where it can be shown."""
    names = [claims.get(member) for member in ("preferred_username", "username", "email", "sub")]
    return next((name for name in names if isinstance(name, str) and PERSON.fullmatch(name)), None)
