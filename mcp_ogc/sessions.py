"""What each user works with: from the user's first request until the server ends, or the user is long gone."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import anyio

from mcp_ogc.confirmation import Confirmations
from mcp_ogc.late_workspace import LateWorkspace
from mcp_ogc.net.traffic import Traffic
from mcp_ogc.users import OPERATOR, User, current_user

if TYPE_CHECKING:
    from anyio.abc import TaskGroup

    from mcp_ogc.workspace import Workspace

logger = logging.getLogger(__name__)

LOOK_SECONDS = 60.0
"""Between two looks for sessions that are idle."""


@dataclass(frozen=True, slots=True)
class Session:
    """What one user's tools find, whichever connection calls them."""

    late_workspace: LateWorkspace
    confirmations: Confirmations


@dataclass(slots=True)
class _Use:
    """What a user has under way: requests and subscriptions."""

    count: int = 0
    ended: float = 0
    """When the last was over."""


class Sessions:
    """A session for each user: nothing of one is reached from another's.

    Args:
        opening: Opens a user's workspace, which counts what it reads.
        tasks: Hold the workspaces.
        redact: Masks secrets in what does not leave as an answer, such as progress.
        idle_seconds: After which a user's session is closed; the operator's stays.
        clock: Seconds that only grow.
        bytes_per_hour: As many are read for a user, however often their session is closed.
    """

    def __init__(
        self,
        opening: Callable[[User, Traffic], AbstractAsyncContextManager[Workspace]],
        tasks: TaskGroup,
        redact: Callable[[str], str],
        idle_seconds: float,
        clock: Callable[[], float] = anyio.current_time,
        bytes_per_hour: float = math.inf,
    ) -> None:
        self._opening = opening
        self._tasks = tasks
        self.redact = redact
        self._idle_seconds = idle_seconds
        self._clock = clock
        self._sessions: dict[str, Session] = {}
        self._uses: dict[str, _Use] = {}
        self._bytes_per_hour = bytes_per_hour
        self._traffic: dict[str, Traffic] = {}

    def current(self) -> Session:
        """The session of the user whose request this runs in."""
        user = current_user()
        session = self._sessions.get(user.name)
        if session is None or session.late_workspace.failed:  # what was wrong may be mended by now
            traffic = self._traffic.setdefault(user.name, Traffic(self._bytes_per_hour, self._clock))
            opening = partial(self._opening, user, traffic)
            session = self._sessions[user.name] = Session(LateWorkspace(opening), Confirmations())
            self._tasks.start_soon(self._hold, user, session)
        return session

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """The current user has something under way: the session stays."""
        use = self._uses.setdefault(current_user().name, _Use())
        use.count += 1
        try:
            yield
        finally:
            use.count -= 1
            use.ended = self._clock()

    async def close_idle_ones(self) -> None:
        """Look from time to time for sessions that are idle, and close them."""
        while True:
            await anyio.sleep(LOOK_SECONDS)
            self.close_idle()

    def close_idle(self) -> None:
        """Close the sessions of users who had nothing under way for long.

        A submission on its way is waited for, and its job is in the journal; a raster that is being counted, or a file
        that is being brought, keeps its session. The user's next request opens another.
        """
        now = self._clock()
        idle = [n for n, use in self._uses.items() if not use.count and now - use.ended >= self._idle_seconds]
        for name in idle:
            session = self._sessions.get(name)
            opened = session.late_workspace.opened if session else None
            if name == OPERATOR.name or (opened and opened.is_at_work):
                continue
            del self._uses[name]
            if session:
                del self._sessions[name]
                session.late_workspace.close()
        for name in [n for n, traffic in self._traffic.items() if traffic.is_over and n not in self._sessions]:
            del self._traffic[name]

    def close(self) -> None:
        """Let every workspace end."""
        for session in self._sessions.values():
            session.late_workspace.close()

    async def _hold(self, user: User, session: Session) -> None:
        """Keep a user's workspace open until it is closed; what goes wrong in it is no other user's affair."""
        try:
            await session.late_workspace.run()
        except Exception:
            logger.exception("A user's workspace ended")
            if self._sessions.get(user.name) is session:
                del self._sessions[user.name]
