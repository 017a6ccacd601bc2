"""Servers on loopback, and the view within a host."""

from tests.servers.apps_host import browser, shown
from tests.servers.loopback import serve, server
from tests.servers.oidc import provider
from tests.servers.water_answers import answers

__all__ = ["answers", "browser", "provider", "serve", "server", "shown"]
