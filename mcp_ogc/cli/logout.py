"""`mcp-ogc logout ENDPOINT`: the tokens are revoked where the provider can, and removed here."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import anyio

from mcp_ogc.authentication import OidcAuthentication
from mcp_ogc.cli.login import endpoint_of
from mcp_ogc.errors import OgcError, SettingsError
from mcp_ogc.settings import Settings, load
from mcp_ogc.text import explain

if TYPE_CHECKING:
    from mcp_ogc.settings import EndpointSettings


def add_arguments(options: argparse.ArgumentParser) -> None:
    """Declare the options."""
    options.add_argument("endpoint", metavar="ENDPOINT", help="its name in the settings")


def run(options: argparse.Namespace) -> int:
    """Sign out; 0 where nobody is signed in here any more."""
    settings = load(options.config)
    from mcp_ogc.net.redaction import configure_logging

    configure_logging(options.log_level or settings.log_level, settings)
    endpoint = endpoint_of(settings, options.endpoint)
    if not isinstance(endpoint.authentication, OidcAuthentication):
        raise SettingsError(
            f"Nobody signs in to {options.endpoint}: its authentication in the settings is "
            f"{endpoint.authentication.kind!r}",
            remedy="Remove it from the settings",
        )
    anyio.run(_sign_out, settings, options.endpoint, endpoint, endpoint.authentication)
    return 0


async def _sign_out(
    settings: Settings, name: str, endpoint: EndpointSettings, authentication: OidcAuthentication
) -> None:
    from mcp_ogc.net.http import open_provider_http
    from mcp_ogc.net.oidc import OidcClient
    from mcp_ogc.net.sign_in import is_for
    from mcp_ogc.net.token_store import TokenStore

    store = TokenStore(settings.sign_in_folder)
    async with store.exclusive(name) as slot:
        record, tokens = await store.record(name), await slot.read()
        await slot.clear()
    if record is None:
        print(f"Nobody was signed in to {name}.")
        return
    if tokens is None:
        print(f"Signed out of {name}. Its tokens could not be read, so they were not revoked: is the keychain locked?")
        return
    print(f"Signed out of {name}: its tokens are removed from this machine.")
    if not is_for(tokens.record, endpoint.url, authentication):
        print("They were another provider's than the one of the settings, and were not revoked.")
        return
    try:
        async with open_provider_http(settings) as http:
            revoked = await OidcClient(http, endpoint.url, authentication, lambda _: None).revoke(tokens)
    except OgcError as error:
        print(f"The provider did not revoke them, so they are good until they expire. {explain(error)}")
        return
    print("The provider has revoked them." if revoked else "The provider revokes no tokens: they expire by themselves.")
