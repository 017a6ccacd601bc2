"""Jobs and lists of processes tell those who subscribed that they changed: `subscriptions/listen` since 2026-07-28,
before that `resources/subscribe`, which mcp 2.3 leaves to the low-level server. The one adapter to those internals.

Whoever subscribes to a job makes it followed, and to a list of processes makes it looked at: nothing else may. Users
are told of their own.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler, ResourceUpdated, ServerEvent
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INTERNAL_ERROR,
    INVALID_REQUEST,
    EmptyResult,
    SubscribeRequestParams,
    SubscriptionsListenRequestParams,
    SubscriptionsListenResult,
    UnsubscribeRequestParams,
)

from mcp_ogc import uris
from mcp_ogc.errors import OgcError
from mcp_ogc.text import explain
from mcp_ogc.users import User, current_user, served

if TYPE_CHECKING:
    from anyio.abc import TaskGroup
    from mcp.server import MCPServer
    from mcp.server.connection import Connection
    from mcp.server.context import ServerRequestContext

    from mcp_ogc.ogc.catalogue import Catalogue
    from mcp_ogc.ogc.models import StatusInfo
    from mcp_ogc.sessions import Sessions


logger = logging.getLogger(__name__)

MOST = 256
"""Subscriptions of one user at a time, those of all their connections: each job is asked for upstream."""


class UserBus(InMemorySubscriptionBus):
    """The SDK's bus, where a resource's change is told to listeners of its user only; all else is told to all."""

    def subscribe(self, listener: Callable[[ServerEvent], None]) -> Callable[[], None]:
        """Tell a listener of the current user's; gives what ends that."""
        user = current_user().name

        def own(event: ServerEvent) -> None:
            if current_user().name == user or not isinstance(event, ResourceUpdated):
                listener(event)

        return super().subscribe(own)


class Subscriptions:
    """Who subscribed to which job, or list of processes.

    Args:
        sessions: Gives what users work with; it stays for as long as somebody is subscribed.
    """

    def __init__(self, sessions: Callable[[], Sessions]) -> None:
        self._sessions = sessions
        self._tasks: TaskGroup | None = None
        self.bus = UserBus()
        """Where changes are told; the server's own, so that what the SDK publishes is heard too."""
        self._streams = _Listening(self.bus, self)
        self._held: Counter[str] = Counter()
        """How many subscriptions each user has."""
        self._legacy: dict[Connection, dict[str, _Told]] = {}
        self._lists: dict[tuple[str, str], _Watched] = {}
        """Of a user, by URI: users are told of what their own endpoints list."""

    def serve(self, server: MCPServer[Sessions]) -> None:
        """Answer subscriptions of both eras."""
        low = server._lowlevel_server
        low.add_request_handler("subscriptions/listen", SubscriptionsListenRequestParams, self._streams)
        low.add_request_handler("resources/subscribe", SubscribeRequestParams, self._subscribe)
        low.add_request_handler("resources/unsubscribe", UnsubscribeRequestParams, self._unsubscribe)

    def start(self, tasks: TaskGroup) -> None:
        """Let subscriptions of the older era run in these tasks."""
        self._tasks = tasks

    def end_streams(self) -> None:
        """End the streams of changes as the protocol has it: whoever listens is told that they ended."""
        self._streams.close()

    async def changed(self, user: User, endpoint: str, info: StatusInfo) -> None:
        """A job of a user's changed: its resource and what depends on it."""
        with served(user):
            await self.bus.publish(ResourceUpdated(uris.expand(uris.JOB, endpoint=endpoint, job_id=info.job_id)))

    @asynccontextmanager
    async def listening(self, subscribed: Iterable[str]) -> AsyncIterator[None]:
        """Keep what may change among these URIs followed, for one stream of changes, which counts as one at least.

        Raises:
            MCPError: The user has too many subscriptions, or what they work with can't be opened.
        """
        changing = await self._changing(subscribed)
        user, count = current_user().name, max(1, len(changing))
        self._hold(user, count)
        try:
            async with self._following(changing):
                yield
        finally:
            self._release(user, count)

    async def _changing(self, subscribed: Iterable[str]) -> list[str]:
        """The jobs and lists of processes of the user's endpoints among these URIs; any other never changes."""
        named = {uri: endpoint for uri in subscribed if (endpoint := _endpoint_of(uri))}
        if not named:
            return []
        try:
            work = await self._sessions().current().late_workspace.get()
        except OgcError as error:
            raise MCPError(INTERNAL_ERROR, explain(error)) from error
        return [uri for uri, endpoint in named.items() if endpoint in work.endpoints]

    def _hold(self, user: str, count: int) -> None:
        if self._held[user] + count > MOST:
            raise MCPError(
                INVALID_REQUEST,
                f"{MOST} subscriptions are what one user may have at a time. Unsubscribe from jobs that have ended, or "
                "end other streams of changes; ogc_get_job tells how a job is without one",
            )
        self._held[user] += count

    def _release(self, user: str, count: int = 1) -> None:
        self._held[user] -= count
        if not self._held[user]:
            del self._held[user]

    @asynccontextmanager
    async def _following(self, changing: Iterable[str]) -> AsyncIterator[None]:
        """Keep jobs followed and lists looked at."""
        async with AsyncExitStack() as stack:
            stack.enter_context(self._sessions().in_use())
            work = await self._sessions().current().late_workspace.get()
            for uri in changing:
                if job := uris.job_of(uri):
                    await stack.enter_async_context(work.endpoint(job[0]).monitor.following(job[1]))
                elif endpoint := uris.process_list_of(uri):
                    stack.enter_context(self._watching(work.endpoint(endpoint).catalogue, uri))
            yield

    @contextmanager
    def _watching(self, catalogue: Catalogue, uri: str) -> Iterator[None]:
        """Look at a list of processes, once for all who subscribed to it."""
        key = current_user().name, uri
        watched = self._lists.setdefault(key, _Watched())
        watched.watchers += 1
        if watched.watchers == 1 and self._tasks is not None:
            self._tasks.start_soon(self._watch, catalogue.changes(), uri, watched)
        try:
            yield
        finally:
            watched.watchers -= 1
            if not watched.watchers:
                del self._lists[key]
                watched.scope.cancel()

    async def _watch(self, changes: AsyncGenerator[None, None], uri: str, watched: _Watched) -> None:
        with watched.scope, _isolated(uri):
            async with aclosing(changes):
                async for _ in changes:
                    await self.bus.publish(ResourceUpdated(uri))

    async def _subscribe(self, ctx: ServerRequestContext[Sessions], params: SubscribeRequestParams) -> EmptyResult:
        uri = params.uri
        # A session of the SDK's is one request's; the connection is whose it is, and lasts.
        connection = ctx.session._connection
        if not await self._changing([uri]) or self._tasks is None:
            return EmptyResult()
        if connection not in self._legacy:
            self._legacy[connection] = {}
            connection.exit_stack.callback(self._leave, connection)
        told = self._legacy[connection]
        if uri not in told:
            user = current_user().name
            self._hold(user, 1)
            told[uri] = _Told(user)
            self._tasks.start_soon(self._tell, connection, uri, told[uri])
        return EmptyResult()

    async def _unsubscribe(self, ctx: ServerRequestContext[Sessions], params: UnsubscribeRequestParams) -> EmptyResult:
        self._end(ctx.session._connection, params.uri)
        return EmptyResult()

    def _leave(self, connection: Connection) -> None:
        for uri in [*self._legacy[connection]]:
            self._end(connection, uri)
        del self._legacy[connection]

    def _end(self, connection: Connection, uri: str) -> None:
        if told := self._legacy.get(connection, {}).pop(uri, None):
            self._release(told.user)
            told.scope.cancel()

    async def _tell(self, connection: Connection, uri: str, told: _Told) -> None:
        """Notify one connection of one resource, until it unsubscribes or is gone."""
        send, received = anyio.create_memory_object_stream[ResourceUpdated](16)

        def listener(event: object) -> None:
            if isinstance(event, ResourceUpdated) and event.uri == uri:
                with suppress(anyio.WouldBlock):  # it is told already, and has not read yet
                    send.send_nowait(event)

        end = self.bus.subscribe(listener)
        try:
            with (
                told.scope,
                send,
                received,
                _isolated(uri),
                suppress(anyio.ClosedResourceError, anyio.BrokenResourceError),
            ):
                async with self._following([uri]):
                    async for _ in received:
                        await connection.send_resource_updated(uri)
        finally:
            end()
            if self._legacy.get(connection, {}).get(uri) is told:
                self._end(connection, uri)


def _endpoint_of(uri: str) -> str | None:
    """Whose job or list of processes a URI is; None where it is another's."""
    job = uris.job_of(uri)
    return job[0] if job else uris.process_list_of(uri)


@contextmanager
def _isolated(uri: str) -> Iterator[None]:
    """Nothing that goes wrong in one subscription ends the others: they share their tasks with the whole server."""
    try:
        yield
    except Exception:
        logger.exception("Telling of changes of %r failed", uri)


@dataclass(slots=True)
class _Told:
    """A subscription of the older era: whose, and what ends it."""

    user: str
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)


@dataclass(slots=True)
class _Watched:
    """A list of processes that is looked at for as long as someone wants to hear of it."""

    watchers: int = 0
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)


class _Listening(ListenHandler):
    """The SDK's stream of changes; what it is about is followed as long as it is open."""

    def __init__(self, bus: UserBus, subscriptions: Subscriptions) -> None:
        super().__init__(bus)
        self._subscriptions = subscriptions

    async def __call__(
        self, ctx: ServerRequestContext[Sessions], params: SubscriptionsListenRequestParams
    ) -> SubscriptionsListenResult:
        async with self._subscriptions.listening(params.notifications.resource_subscriptions or ()):
            return await super().__call__(ctx, params)
