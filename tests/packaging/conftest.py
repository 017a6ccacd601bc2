"""A server on loopback."""

from tests.servers.loopback import serve, server

__all__ = ["serve", "server"]
