"""Servers on loopback, the view within a host, and each test of a defence once more without it."""

import pytest

from tests.security.without import once_more, taken_away
from tests.servers.apps_host import browser, shown
from tests.servers.loopback import serve, server
from tests.servers.oidc import provider
from tests.servers.water_answers import answers

__all__ = ["answers", "browser", "provider", "serve", "server", "shown", "taken_away"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items += once_more(items, whole=not any("::" in argument for argument in config.args))
