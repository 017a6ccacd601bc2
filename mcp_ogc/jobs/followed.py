"""A job that is followed: what is known of it, and when it is looked at next."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import anyio

from mcp_ogc.errors import (
    AccessDenied,
    AuthenticationRequired,
    FollowingFailed,
    NoSuchJob,
    OgcError,
    RemoteProblem,
    quoted,
)
from mcp_ogc.ogc.models import StatusInfo

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 10.0
LONGEST_WANTED = 600.0
"""A server that wants to be left alone for longer is asked all the same: it may have meant a date of another clock."""
GRACE = timedelta(seconds=30)
"""After a submission a server may not know the job yet, or say that it failed (ZOO-Project, quirk Q10)."""

FINAL = (NoSuchJob, AuthenticationRequired, AccessDenied, FollowingFailed)
"""Problems that waiting does not mend: they are told at once, although a status was seen before them."""


def is_recent(submitted: datetime) -> bool:
    """Whether something was submitted just now. A time to come is none: the clock was set back since."""
    return abs(datetime.now(UTC) - submitted) < GRACE


@dataclass(frozen=True, slots=True)
class Asked:
    """When an endpoint was asked: the how-manieth request, whatever clocks do, and the time."""

    number: int
    time: datetime


@dataclass(slots=True, eq=False)
class Followed:
    """A job, what is known of it, and when it is looked at next."""

    job_id: str
    submitted: datetime | None
    info: StatusInfo | None = None
    is_whole: bool = False
    """Whether `info` is the job's own document; an entry of a list may leave things out."""
    problem: OgcError | None = None
    is_unwritten: bool = False
    """Whether the journal could not be told of `info`: it is looked at until it can, ended or not."""
    followers: int = 0
    due: float = 0.0
    is_asked_for: bool = False
    """Whether the poller has asked for it, and no answer came yet."""
    pause: float = FIRST_PAUSE
    doubted: bool = False
    """Whether it was said to have failed once, and is looked at again before that is believed."""
    in_list: bool = True
    """Whether the endpoint's list of jobs has it, as far as is known."""
    changed: anyio.Event = field(default_factory=anyio.Event)
    last_asked: int = -1
    """Number of the request that told `info`."""

    @property
    def shown_id(self) -> str:
        """As a message has it."""
        return quoted(self.job_id)

    @property
    def is_young(self) -> bool:
        """Whether the server may not know it rightly yet."""
        return self.submitted is not None and is_recent(self.submitted)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will be seen of it."""
        return isinstance(self.problem, NoSuchJob) or (self.info is not None and self.info.status.ended)

    def differs(self, info: StatusInfo) -> bool:
        """Whether a status is another than the one that is known, or of a job that was gone."""
        known = self.info
        if known is None or isinstance(self.problem, NoSuchJob):
            return True
        return (known.status, known.progress, known.message) != (info.status, info.progress, info.message)

    def takes(self, info: StatusInfo, pause: float, asked: Asked) -> bool:
        """Take a status, and whether it is another than before; the next look comes ever later until it is."""
        is_new = self.differs(info)
        self.last_asked = asked.number
        self.info, self.problem = info, None
        self.pause = pause if is_new else max(pause, min(self.pause * 1.6, LONGEST_PAUSE))
        self._put_off()
        return is_new

    def is_news(self, asked: Asked) -> bool:
        """Whether an answer is no older than what is known: of two requests under way the earlier may answer last."""
        return asked.number >= self.last_asked

    def hurry(self) -> None:
        """Look again soon: somebody has just begun to wait, and that they looked themselves put off the next look."""
        self.pause = FIRST_PAUSE
        self._put_off()

    def missed(self, error: OgcError) -> None:
        """No status this time: asked again later than before, and not before the server wants to be asked."""
        self.problem = error
        wanted = min(error.retry_after, LONGEST_WANTED) if isinstance(error, RemoteProblem) else 0.0
        self.pause = max(min(self.pause * 2, LONGEST_PAUSE), wanted)
        self._put_off()
        if isinstance(error, FINAL):
            self.tell()

    def _put_off(self) -> None:
        self.due = anyio.current_time() + self.pause * random.uniform(0.9, 1.1)  # noqa: S311 - jitter

    def tell(self) -> None:
        """Let those who wait for it go on."""
        self.changed.set()
        self.changed = anyio.Event()
