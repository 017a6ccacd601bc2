"""Servers on loopback."""

from tests.servers.loopback import serve, server
from tests.servers.object_storage import object_storage

__all__ = ["object_storage", "serve", "server"]
