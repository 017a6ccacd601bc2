"""Everything that runs: the local endpoint, the proxy of faults before it, the MCP server, and their restarts."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import httpx
import psutil
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp_types import CallToolResult

from mcp_ogc.settings import environment_without_settings
from tests.servers.faults.fault import Fault
from tests.servers.faults.plan import Seeded
from tests.servers.faults.proxy import FaultProxy, certificates

COMMAND = str(Path(sysconfig.get_path("scripts")) / "mcp-ogc")
CALL_SECONDS = 90
"""A call that takes longer is one that never ends."""
RETRY_AFTER = 1
ENDPOINT = "far"
CONFIGURATION = """
data_folder = "{folder}/data"
download_folder = "{folder}/downloads"
permitted_folders = ["{folder}/source"]
[endpoints.far]
url = "{url}"
ca_file = "{ca_file}"
[local]
enabled = {local}
folder = "{folder}/local"
trusted_packages = ["*"]
container_engine = "none"
running_jobs = 4
[limits]
read_seconds = 4
request_seconds = 8
[quotas]
running_jobs = 10000
submissions_per_hour = 1000000
"""


@dataclass
class World:
    """What runs, in a folder of its own."""

    folder: Path
    proxy: FaultProxy
    origin: str
    """Of the local endpoint itself, without the proxy."""
    client: Client | None = None
    lives: int = 0
    """How many MCP servers there were."""
    local: psutil.Popen | None = None
    hung: int = 0
    _broken: anyio.Event = field(default_factory=anyio.Event)
    _ready: anyio.Event = field(default_factory=anyio.Event)

    @property
    def local_folder(self) -> Path:
        return self.folder / "local"

    def server(self) -> psutil.Process | None:
        """The MCP server that runs now."""
        for one in psutil.Process().children():
            with suppress(psutil.Error):  # it has ended since
                if "serve" in one.cmdline():
                    return one
        return None

    async def call(self, tool: str, **arguments: Any) -> CallToolResult:
        """Call a tool; where the server ends meanwhile the same call is made to the next one, as clients do.

        But for `new_run`, which asks for another job each time it is said.
        """
        while True:
            await self._ready.wait()
            client, broken = self.client, self._broken
            assert client is not None
            try:
                with anyio.fail_after(CALL_SECONDS):
                    return await client.call_tool(tool, arguments)
            except TimeoutError:
                self.hung += 1
                raise
            except Exception as error:  # the SDK raises what it likes when the server is gone
                print(f"  the server has ended: {type(error).__name__}", file=sys.stderr)
                broken.set()
                arguments.pop("new_run", None)
                await anyio.sleep(0.05)

    async def serve(self) -> None:
        """Have an MCP server run, always."""
        parameters = StdioServerParameters(
            command=COMMAND,
            args=["serve", "--config", str(self.folder / "server.toml"), "--log-level", "error"],
            env=_environment(self.folder),
        )
        while True:
            try:
                async with Client(parameters) as self.client:
                    self.lives += 1
                    self._broken = anyio.Event()
                    self._ready.set()
                    await self._broken.wait()
                    self._ready = anyio.Event()
            except Exception as error:
                print(f"  the client ended with {type(error).__name__}", file=sys.stderr)
                self._ready = anyio.Event()

    async def run_local(self) -> None:
        """Have the local endpoint run, always, at the same port."""
        port = httpx.URL(self.origin).port
        with (self.folder / "local.log").open("ab") as log:
            try:
                while True:
                    self.local = psutil.Popen(
                        [COMMAND, "local", "--config", str(self.folder / "local.toml"), "--port", str(port)],
                        env=_environment(self.folder),
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                    )
                    await anyio.to_thread.run_sync(self.local.wait, abandon_on_cancel=True)
            finally:
                if self.local:
                    self.local.terminate()
                    self.local.wait()

    def processes(self) -> list[psutil.Process]:
        """All that was started from here and still runs, but for this process."""
        return [one for one in psutil.process_iter() if one.pid != os.getpid() and self._is_ours(one)]

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            told = [*process.cmdline(), process.cwd(), *process.environ().values()]
        except psutil.Error:
            return False
        return any(str(self.folder) in one for one in told)


@asynccontextmanager
async def world(seed: int, share: float) -> AsyncIterator[World]:
    """A world in which a share of all answers is faulty."""
    with tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        for one in ("local", "data", "source", "tmp"):
            (folder / one).mkdir()
        ca_file, presented = certificates(folder)
        origin = f"http://127.0.0.1:{_free_port()}"
        proxy = FaultProxy(origin, Seeded(seed, share, list(Fault)), presented, retry_after=RETRY_AFTER, delay=0.5)
        with proxy.listening() as url:
            for file, local in (("server.toml", "false"), ("local.toml", "true")):
                text = CONFIGURATION.format(folder=folder, url=url, ca_file=ca_file, local=local)
                (folder / file).write_text(text, encoding="utf-8")
            found = World(folder, proxy, origin)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(found.run_local)
                await _answers(origin)
                tasks.start_soon(found.serve)
                try:
                    yield found
                finally:
                    tasks.cancel_scope.cancel()


async def _answers(origin: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        with anyio.fail_after(60):
            while True:
                try:
                    await http.get(origin)
                except httpx.TransportError:
                    await anyio.sleep(0.1)
                else:
                    return


def _environment(folder: Path) -> dict[str, str]:
    return {**environment_without_settings(), "TMPDIR": str(folder / "tmp"), "PYTHONUTF8": "1"}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
