"""From the settings to what authenticates: a realm for each endpoint, and one where its credentials open more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from mcp_ogc.authentication import (
    Authentication,
    BearerAuthentication,
    ClientCredentialsAuthentication,
    OidcAuthentication,
)
from mcp_ogc.net.auth import Credential, Fixed, Learn, Realm, headers_of

if TYPE_CHECKING:
    import httpx

    from mcp_ogc.settings import Settings


def realms_of(settings: Settings, http: httpx.AsyncClient, learn: Learn) -> Iterator[Realm]:
    """Where credentials go.

    Args:
        settings: Name endpoints, and workspaces which an endpoint's credentials open.
        http: For identity providers.
        learn: Told of secrets that are found at run time.
    """
    realms = {}
    for name, endpoint in settings.configured_endpoints().items():
        credential = _credential(name, endpoint.url, endpoint.authentication, settings, http, learn)
        login = settings.command("login", name)
        realms[name] = Realm(name, endpoint.url, endpoint.authentication, credential, login)
    yield from realms.values()
    for storage in settings.storage.values():
        if storage.workspace_url and storage.workspace_endpoint:
            own = realms[storage.workspace_endpoint]
            yield replace(own, url=storage.workspace_url, is_endpoint=False)


def _credential(
    name: str, url: str, authentication: Authentication, settings: Settings, http: httpx.AsyncClient, learn: Learn
) -> Credential:
    from mcp_ogc.net.tokens import CommandToken, FileToken, VariableToken

    match authentication:
        case BearerAuthentication(token_variable=str(variable)):
            return VariableToken(variable, learn)
        case BearerAuthentication(token_file=file) if file is not None:
            return FileToken(file, learn)
        case BearerAuthentication(token_command=command) if command is not None:
            return CommandToken(command, learn)
        case OidcAuthentication():
            from mcp_ogc.net.oidc import OidcClient
            from mcp_ogc.net.sign_in import SignIn
            from mcp_ogc.net.token_store import TokenStore

            client = OidcClient(http, url, authentication, learn)
            store = TokenStore(settings.sign_in_folder)
            return SignIn(name, url, authentication, client, store, settings.command("login", name))
        case ClientCredentialsAuthentication():
            from mcp_ogc.net.oidc import OidcClient
            from mcp_ogc.net.sign_in import ProgramSignIn

            return ProgramSignIn(OidcClient(http, url, authentication, learn))
    return Fixed(headers_of(authentication))
