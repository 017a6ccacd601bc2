"""Servers on loopback."""

from tests.servers.keychain import keychain
from tests.servers.loopback import serve, server
from tests.servers.object_storage import object_storage
from tests.servers.oidc import provider

__all__ = ["keychain", "object_storage", "provider", "serve", "server"]
