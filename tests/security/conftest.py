"""Servers on loopback."""

from tests.servers.loopback import serve, server
from tests.servers.oidc import provider

__all__ = ["provider", "serve", "server"]
