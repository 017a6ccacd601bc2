"""The view, within a host, given real answers."""

from tests.servers.apps_host import browser, shown
from tests.servers.water_answers import answers

__all__ = ["answers", "browser", "shown"]
