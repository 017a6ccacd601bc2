"""What every test has: asyncio, no network but loopback, no settings of the person who runs it."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import hypothesis
import pytest
import pytest_socket

from mcp_ogc.opening import open_from_settings
from mcp_ogc.settings import EndpointSettings, LocalSettings, Settings
from mcp_ogc.workspace import Workspace
from tests.servers.processes.endpoint import TestEndpoint, served

# How long an example takes is the machine's business; what hangs is ended by pytest-timeout.
hypothesis.settings.register_profile("tests", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("tests")


def pytest_xdist_auto_num_workers() -> int:
    """For `-n auto`: one more than there are cores; a third of their time tests wait for servers and processes."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores + 1


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def only_loopback() -> None:
    pytest_socket.socket_allow_hosts(["127.0.0.1", "::1"], allow_unix_socket=True)


@pytest.fixture(autouse=True)
def no_settings_of_this_person(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No MCP_OGC_*, AWS_* or proxy variable reaches a test; folders are the test's own, and there is no keychain."""
    for name in list(os.environ):
        if name.startswith(("MCP_OGC_", "AWS_")) or name.lower() in (
            "http_proxy",
            "https_proxy",
            "no_proxy",
            "all_proxy",
        ):
            monkeypatch.delenv(name)
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_DOWNLOAD_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "home" / name.lower()))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A server of the test's own: only the local endpoint, every package trusted."""
    return Settings(
        data_folder=tmp_path / "data",
        download_folder=tmp_path / "downloads",
        local=LocalSettings(trusted_packages=("*",), container_engine="none"),
    )


@pytest.fixture
async def far_settings(endpoint: TestEndpoint, tmp_path: Path) -> AsyncIterator[Settings]:
    """A server whose only endpoint, `far`, is the one that a module's tests have as `endpoint`."""
    async with served(endpoint) as url:
        yield Settings(
            endpoints={"far": EndpointSettings(url=url)},
            data_folder=tmp_path / "data",
            download_folder=tmp_path / "downloads",
            local=LocalSettings(enabled=False),
        )


@pytest.fixture
async def work(settings: Settings) -> AsyncIterator[Workspace]:
    """What the tools work with, without the tools."""
    async with open_from_settings(settings) as work:
        yield work
