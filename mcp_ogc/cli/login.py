"""`mcp-ogc login ENDPOINT`: a person signs in, with a browser here or anywhere."""

from __future__ import annotations

import argparse
import os
import sys
import webbrowser
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from mcp_ogc.authentication import ClientCredentialsAuthentication, OidcAuthentication
from mcp_ogc.errors import AuthenticationRequired, SettingsError, UnknownName
from mcp_ogc.settings import EndpointSettings, Settings, load
from mcp_ogc.text import clean

if TYPE_CHECKING:
    from mcp_ogc.net.oidc import OidcClient
    from mcp_ogc.net.token_store import Tokens

BROWSER_SECONDS = 600
OIDC = 'authentication = { kind = "oidc", issuer = "https://…", client_id = "…" }'


def add_arguments(options: argparse.ArgumentParser) -> None:
    """Declare the options."""
    options.add_argument("endpoint", metavar="ENDPOINT", help="its name in the settings")
    ways = options.add_mutually_exclusive_group()
    ways.add_argument("--device", action="store_true", help="show a code to type into a browser on any machine")
    ways.add_argument("--no-browser", action="store_true", help="print the address instead of opening a browser here")


def run(options: argparse.Namespace) -> int:
    """Sign in, and keep the tokens."""
    settings = load(options.config)
    from mcp_ogc.net.redaction import configure_logging

    configure_logging(options.log_level or settings.log_level, settings)
    endpoint = endpoint_of(settings, options.endpoint)
    match endpoint.authentication:
        case OidcAuthentication() as authentication:
            anyio.run(_sign_in, settings, options, endpoint, authentication)
        case ClientCredentialsAuthentication() as authentication:
            anyio.run(_try, settings, endpoint, authentication)
            print(f"{options.endpoint} signs in by itself, and the provider gave it a token: there is nothing to do.")
        case other:
            raise SettingsError(
                f"Nobody signs in to {options.endpoint}: its authentication in the settings is {other.kind!r}",
                remedy=f"With an OpenID Connect provider, write into [endpoints.{options.endpoint}]:\n  {OIDC}",
            )
    print(f"Next: {settings.command('check', '--endpoint', options.endpoint)}")
    return 0


def endpoint_of(settings: Settings, name: str) -> EndpointSettings:
    """The endpoint of that name.

    Raises:
        UnknownName: There is none.
    """
    endpoints = settings.configured_endpoints()
    if name not in endpoints:
        raise UnknownName("endpoint", name, tuple(endpoints), remedy="It is the NAME of [endpoints.NAME]")
    return endpoints[name]


async def _sign_in(
    settings: Settings, options: argparse.Namespace, endpoint: EndpointSettings, authentication: OidcAuthentication
) -> None:
    from mcp_ogc.net.http import open_provider_http
    from mcp_ogc.net.oidc import OidcClient
    from mcp_ogc.net.token_store import TokenStore

    async with open_provider_http(settings) as http:
        client = OidcClient(http, endpoint.url, authentication, _unheard)
        here = options.no_browser or has_browser()
        if not here and (await client.provider.metadata()).device_authorization_endpoint is None:
            here = True  # then the address is printed, for a browser that reaches this machine's port
        if options.device or not here:
            tokens = await _with_code(client)
        else:
            opens = not options.no_browser and has_browser()
            tokens = await _with_browser(client, authentication.redirect_port, opens=opens)
    async with TokenStore(settings.sign_in_folder).exclusive(options.endpoint) as slot:
        place = await slot.write(tokens)
    who = f" as {tokens.record.person}" if tokens.record.person else ""
    print(f"Signed in to {options.endpoint}{who}. Kept in {place}.")
    if not tokens.record.renewable:
        print("The provider gave no refresh token: sign in again when it expires, or ask for another scope.")


async def _with_browser(client: OidcClient, port: int, *, opens: bool) -> Tokens:
    """Authorization code with PKCE, back to a port of this machine."""
    from mcp_ogc.net.redirect import open_redirect

    async with open_redirect(port) as redirect:
        request = await client.authorization(redirect.uri)
        redirect.expect(request.state)
        print("A browser opens. If it does not, go to this address:" if opens else "Go to this address, here:")
        print(f"  {request.url}", flush=True)
        try:
            with anyio.fail_after(BROWSER_SECONDS):
                async with anyio.create_task_group() as tasks:
                    if opens:
                        tasks.start_soon(_open, request.url)
                    returned = await redirect.returned()
                    tasks.cancel_scope.cancel()
        except TimeoutError:
            raise AuthenticationRequired(
                f"Nobody signed in within {BROWSER_SECONDS // 60} minutes", remedy="Run it again, or with --device"
            ) from None
        return await client.tokens_of_code(request, returned)


async def _open(url: str) -> None:
    """A browser may not return before it is closed."""
    await anyio.to_thread.run_sync(webbrowser.open, url, abandon_on_cancel=True)


async def _with_code(client: OidcClient) -> Tokens:
    """Device code: the browser is anywhere."""
    authorization = await client.device_authorization()
    print(f"Go to {clean(authorization.verification_uri, 500)} in a browser on any machine")
    print(f"and type the code {clean(authorization.user_code, 100)}", flush=True)
    if authorization.verification_uri_complete:
        print(f"(or go to {clean(authorization.verification_uri_complete, 500)})", flush=True)
    return await client.tokens_of_device(authorization)


async def _try(settings: Settings, endpoint: EndpointSettings, authentication: ClientCredentialsAuthentication) -> None:
    from mcp_ogc.net.http import open_provider_http
    from mcp_ogc.net.oidc import OidcClient

    async with open_provider_http(settings) as http:
        await OidcClient(http, endpoint.url, authentication, _unheard).tokens_of_client()


def has_browser() -> bool:
    """Whether a person sits in front of a browser on this machine."""
    if os.environ.get("BROWSER"):
        return True
    if os.environ.get("SSH_CONNECTION"):
        return False
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def _unheard(secret: str) -> None:
    """Nothing that is printed here comes from a server that has it."""
