"""Conversations with one endpoint, each through a proxy of its own where its own things go wrong, with one server."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
from mcp import Client
from mcp_types import CallToolResult

from mcp_ogc.server import build_server
from mcp_ogc.settings import EndpointSettings, Limits, LocalSettings, QuotaSettings, Settings
from tests.server.talk import call, text_of
from tests.servers.faults.fault import OF_CONNECTIONS, TIMED, Fault
from tests.servers.faults.plan import NoFault, Planned
from tests.servers.faults.proxy import Exchange, FaultProxy, certificates

NEXT_CALL = re.compile(r"ogc_\w+|[Cc]all again|[Tt]ry again|[Cc]heck the URL")
UNFORESEEN = re.compile(r"Traceback|Error executing|unexpected|internal error", re.IGNORECASE)
AT_ONCE = 12
Open = Callable[[Path], AbstractAsyncContextManager[str]]
SHORT = Limits(read_seconds=3, request_seconds=3)
"""For what a client notices by its own clock: these go on side by side."""


@dataclass(frozen=True)
class Case:
    """What goes wrong, and the endpoint of the settings where it does."""

    fault: Fault
    tool: str
    method: str
    path: str
    """The requests that it happens to."""


@dataclass(frozen=True)
class Conversation:
    """With one endpoint of the server."""

    client: Client
    endpoint: str
    proxy: FaultProxy

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The structured content of an answer."""
        return await call(self.client, tool, **{**arguments, "endpoint": self.endpoint})

    async def amiss(self, case: Case, **arguments: Any) -> CallToolResult:
        """The answer of a tool while the fault happens, each time."""
        self.proxy.plan = Planned(case.fault, case.method, case.path)
        try:
            return await self.client.call_tool(case.tool, {**arguments, "endpoint": self.endpoint})
        finally:
            self.proxy.plan = NoFault()

    def essence(self, told: Any) -> str:
        """An answer as it would be with any of the endpoints."""
        port = self.proxy.url.rpartition(":")[2]
        # Some servers tell another end each time they are asked, or have the results at two places.
        same = {name: value for name, value in told.items() if name not in ("seconds", "finished", "digest")}
        return repr(same).replace(self.endpoint, "far").replace(f":{port}", ":0").replace("https:", "http:")

    async def made(self) -> str:
        """A job that has ended."""
        job = await self.call("ogc_execute_process", **await self.execution(), wait_seconds=30)
        assert job["status"] == "successful", job
        return str(job["job_id"])

    async def execution(self) -> dict[str, Any]:
        """Arguments of an execution."""
        described = await self.call("ogc_describe_process", process_id="echo")
        return {"process_id": "echo", "inputs": described["example_inputs"]}

    def sent(self, method: str, ending: str) -> list[Exchange]:
        """What reached the server of the requests whose path ends so."""
        there = [one for one in self.proxy.exchanges if one.was_passed_on and one.request.method == method]
        return [one for one in there if one.request.path.partition("?")[0].endswith(ending)]


@asynccontextmanager
async def conversations(
    urls: Sequence[str], folder: Path, tls: Sequence[bool], limits: Limits | None = None
) -> AsyncIterator[Sequence[Conversation]]:
    """Conversations with the endpoints at the URLs, over TLS where it is said."""
    folder.mkdir(parents=True, exist_ok=True)
    ca_file, presented = certificates(folder) if any(tls) else (None, None)
    endpoints: dict[str, EndpointSettings] = {}
    proxies: list[FaultProxy] = []
    with ExitStack() as stack:
        for number, (url, with_tls) in enumerate(zip(urls, tls, strict=True)):
            scheme, _, rest = url.partition("://")
            host, _, path = rest.partition("/")
            proxy = FaultProxy(f"{scheme}://{host}", certificates=presented if with_tls else None)
            through = f"{stack.enter_context(proxy.listening())}/{path}".rstrip("/")
            endpoints[f"case-{number:03}"] = EndpointSettings(url=through, ca_file=ca_file if with_tls else None)
            proxies.append(proxy)
        settings = Settings(
            endpoints=endpoints,
            data_folder=folder / "data",
            download_folder=folder / "downloads",
            local=LocalSettings(enabled=False),
            quotas=QuotaSettings(submissions_per_hour=10_000, running_jobs=1000),
            limits=limits or Limits(),
        )
        async with Client(build_server(settings)) as client:
            yield [Conversation(client, name, proxy) for name, proxy in zip(endpoints, proxies, strict=True)]


async def try_all(
    urls: Sequence[str],
    folder: Path,
    cases: Sequence[Case],
    try_one: Callable[[Conversation, Case], Awaitable[str | None]],
) -> None:
    """Try each case in a conversation of its own with the endpoint at its URL; fails with what was not right."""
    wrong: list[str] = []
    limiter = anyio.CapacityLimiter(AT_ONCE)

    async def one(talk: Conversation, case: Case) -> None:
        async with limiter:
            if found := await try_one(talk, case):
                wrong.append(f"{case.tool}: {case.fault} ({case.method} {case.path}): {found}")

    both = list(zip(urls, cases, strict=True))
    timed = [(url, case) for url, case in both if case.fault in TIMED]
    others = [(url, case) for url, case in both if case.fault not in TIMED]
    for name, some, limits in (("timed", timed, SHORT), ("others", others, None)):
        tls = [case.fault in OF_CONNECTIONS for _, case in some]
        there = [url for url, _ in some]
        async with conversations(there, folder / name, tls, limits) as talks, anyio.create_task_group() as tasks:
            for talk, (_, case) in zip(talks, some, strict=True):
                tasks.start_soon(one, talk, case)
    assert not wrong, "\n".join(wrong)


def unclear(answer: CallToolResult) -> str | None:
    """What a refusal lacks: that it was foreseen, and says what to do next."""
    told = text_of(answer)
    return None if NEXT_CALL.search(told) and not UNFORESEEN.search(told) else f"not clear: {told}"
