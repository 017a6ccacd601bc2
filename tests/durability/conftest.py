"""The local endpoint, as its own tests have it."""

from tests.local.conftest import http, root

__all__ = ["http", "root"]
