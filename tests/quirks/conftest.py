"""Servers on loopback."""

from tests.servers.object_storage import object_storage

__all__ = ["object_storage"]
