"""What each user works with, from the user's first request until the server ends."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from mcp_ogc.confirmation import Confirmations
from mcp_ogc.late_workspace import LateWorkspace
from mcp_ogc.users import User, current_user

if TYPE_CHECKING:
    from anyio.abc import TaskGroup

    from mcp_ogc.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Session:
    """What one user's tools find, whichever connection calls them."""

    late_workspace: LateWorkspace
    confirmations: Confirmations


class Sessions:
    """A session for each user: nothing of one is reached from another's.

    Args:
        opening: Opens a user's workspace.
        tasks: Hold the workspaces.
        redact: Masks secrets in what does not leave as an answer, such as progress.
    """

    def __init__(
        self,
        opening: Callable[[User], AbstractAsyncContextManager[Workspace]],
        tasks: TaskGroup,
        redact: Callable[[str], str],
    ) -> None:
        self._opening = opening
        self._tasks = tasks
        self.redact = redact
        self._sessions: dict[str, Session] = {}

    def current(self) -> Session:
        """The session of the user whose request this runs in."""
        user = current_user()
        session = self._sessions.get(user.name)
        if session is None or session.late_workspace.failed:  # what was wrong may be mended by now
            late = LateWorkspace(partial(self._opening, user))
            self._tasks.start_soon(late.run)
            session = self._sessions[user.name] = Session(late, Confirmations())
        return session

    def close(self) -> None:
        """Let every workspace end."""
        for session in self._sessions.values():
            session.late_workspace.close()
