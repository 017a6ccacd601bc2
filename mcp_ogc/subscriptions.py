"""Jobs and lists of processes tell those who subscribed that they changed: `subscriptions/listen` since 2026-07-28,
before that `resources/subscribe`, which mcp 2.3 leaves to the low-level server. The one adapter to those internals.

Whoever subscribes to a job makes it followed, and to a list of processes makes it looked at: nothing else may. Users
are told of their own.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler, ResourceUpdated, ServerEvent
from mcp_types import (
    EmptyResult,
    SubscribeRequestParams,
    SubscriptionsListenRequestParams,
    SubscriptionsListenResult,
    UnsubscribeRequestParams,
)

from mcp_ogc import uris
from mcp_ogc.errors import OgcError
from mcp_ogc.users import User, current_user, served

if TYPE_CHECKING:
    from anyio.abc import TaskGroup
    from mcp.server import MCPServer
    from mcp.server.connection import Connection
    from mcp.server.context import ServerRequestContext

    from mcp_ogc.ogc.catalogue import Catalogue
    from mcp_ogc.ogc.models import StatusInfo
    from mcp_ogc.sessions import Sessions


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
        self._legacy: dict[tuple[Connection, str], anyio.CancelScope] = {}
        self._lists: dict[tuple[str, str], _Watched] = {}
        """Of a user, by URI: users are told of what their own endpoints list."""

    def serve(self, server: MCPServer[Sessions]) -> None:
        """Answer subscriptions of both eras."""
        low = server._lowlevel_server
        low.add_request_handler("subscriptions/listen", SubscriptionsListenRequestParams, _Listening(self.bus, self))
        low.add_request_handler("resources/subscribe", SubscribeRequestParams, self._subscribe)
        low.add_request_handler("resources/unsubscribe", UnsubscribeRequestParams, self._unsubscribe)

    def start(self, tasks: TaskGroup) -> None:
        """Let subscriptions of the older era run in these tasks."""
        self._tasks = tasks

    async def changed(self, user: User, endpoint: str, info: StatusInfo) -> None:
        """A job of a user's changed: its resource and what depends on it."""
        with served(user):
            await self.bus.publish(ResourceUpdated(uris.expand(uris.JOB, endpoint=endpoint, job_id=info.job_id)))

    @asynccontextmanager
    async def following(self, subscribed: Iterable[str]) -> AsyncIterator[None]:
        """Keep the jobs among these URIs followed and the lists looked at; any other URI never changes."""
        async with AsyncExitStack() as stack:
            stack.enter_context(self._sessions().in_use())
            for uri in subscribed:
                with suppress(OgcError):  # an endpoint that is not configured has nothing that changes
                    if job := uris.job_of(uri):
                        work = await self._sessions().current().late_workspace.get()
                        await stack.enter_async_context(work.endpoint(job[0]).monitor.following(job[1]))
                    elif endpoint := uris.process_list_of(uri):
                        work = await self._sessions().current().late_workspace.get()
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
        with watched.scope:
            async with aclosing(changes):
                async for _ in changes:
                    await self.bus.publish(ResourceUpdated(uri))

    async def _subscribe(self, ctx: ServerRequestContext[Sessions], params: SubscribeRequestParams) -> EmptyResult:
        # A session of the SDK's is one request's; the connection is whose it is, and lasts.
        key = (ctx.session._connection, params.uri)
        if key not in self._legacy and self._tasks is not None:
            self._legacy[key] = anyio.CancelScope()
            key[0].exit_stack.callback(self._end, key)
            self._tasks.start_soon(self._tell, *key)
        return EmptyResult()

    async def _unsubscribe(self, ctx: ServerRequestContext[Sessions], params: UnsubscribeRequestParams) -> EmptyResult:
        self._end((ctx.session._connection, params.uri))
        return EmptyResult()

    def _end(self, key: tuple[Connection, str]) -> None:
        if scope := self._legacy.pop(key, None):
            scope.cancel()

    async def _tell(self, connection: Connection, uri: str) -> None:
        """Notify one connection of one resource, until it unsubscribes or is gone."""
        scope = self._legacy.get((connection, uri))
        if scope is None:  # it unsubscribed before this began
            return
        send, received = anyio.create_memory_object_stream[ResourceUpdated](16)

        def listener(event: object) -> None:
            if isinstance(event, ResourceUpdated) and event.uri == uri:
                with suppress(anyio.WouldBlock):  # it is told already, and has not read yet
                    send.send_nowait(event)

        end = self.bus.subscribe(listener)
        try:
            with (
                scope,
                send,
                received,
                suppress(anyio.ClosedResourceError, anyio.BrokenResourceError),
            ):
                async with self.following([uri]):
                    async for _ in received:
                        await connection.send_resource_updated(uri)
        finally:
            end()
            if self._legacy.get((connection, uri)) is scope:
                del self._legacy[connection, uri]


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
        async with self._subscriptions.following(params.notifications.resource_subscriptions or ()):
            return await super().__call__(ctx, params)
