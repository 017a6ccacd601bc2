"""Who is signed in at an endpoint, as far as that is known without asking it; and how to sign in."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mcp_ogc.authentication import (
    BasicAuthentication,
    BearerAuthentication,
    ClientCredentialsAuthentication,
    CookieAuthentication,
    HeaderAuthentication,
    OidcAuthentication,
)

if TYPE_CHECKING:
    from mcp_ogc.settings import Settings


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether somebody is signed in."""

    signed_in: bool | None
    """None where only the endpoint could tell."""
    text: str
    """Who or with what, or the command that signs in; empty where nothing authenticates."""


async def standing(settings: Settings, name: str, *, clock: Callable[[], float] = time.time) -> Standing:
    """What is known of an endpoint's sign-in; no keychain and no server is asked."""
    endpoint = settings.configured_endpoints().get(name)
    match endpoint.authentication if endpoint else None:
        case OidcAuthentication() as authentication if endpoint is not None:
            return await _of_person(settings, name, endpoint.url, authentication, clock())
        case ClientCredentialsAuthentication(client_id=client_id):
            return Standing(None, f"signs in by itself, as the client {client_id!r}")
        case BearerAuthentication(token_variable=str(variable)):
            return Standing(None, f"with the token of the variable {variable}")
        case BearerAuthentication(token_file=file) if file is not None:
            return Standing(None, f"with the token of the file {file}")
        case BearerAuthentication(token_command=command) if command is not None:
            return Standing(None, f"with the token that {command[0]!r} prints")
        case BearerAuthentication():
            return Standing(None, "with the token of the settings")
        case BasicAuthentication(username=username):
            return Standing(None, f"as {username!r}, with the password of the settings")
        case HeaderAuthentication(name=header):
            return Standing(None, f"with the header {header} of the settings")
        case CookieAuthentication(name=cookie):
            return Standing(None, f"with the cookie {cookie} of the settings")
    return Standing(None, "")


async def _of_person(
    settings: Settings, name: str, url: str, authentication: OidcAuthentication, now: float
) -> Standing:
    from mcp_ogc.net.sign_in import is_for
    from mcp_ogc.net.token_store import TokenStore

    record = await TokenStore(settings.sign_in_folder).record(name)
    command = settings.command("login", name)
    if record is None or not is_for(record, url, authentication):
        return Standing(False, f"nobody is signed in: run `{command}` in a terminal")
    if not record.renewable and record.expires_at is not None and record.expires_at <= now:
        return Standing(False, f"the sign-in has expired: run `{command}` in a terminal")
    return Standing(True, f"signed in as {record.person}" if record.person else "signed in")
