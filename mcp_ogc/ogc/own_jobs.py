"""One user's jobs at an endpoint where others have theirs: whoever asks for another's is told that there is none."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from pydantic import JsonValue

from mcp_ogc.errors import NoSuchJob
from mcp_ogc.ogc.client import ProcessesClient
from mcp_ogc.ogc.core import EVERYTHING

if TYPE_CHECKING:
    import httpx

    from mcp_ogc.ogc.answers import Answer
    from mcp_ogc.ogc.dialects.dialect import Dialect
    from mcp_ogc.ogc.models import StatusInfo
    from mcp_ogc.ogc.receiving import KeepFile
    from mcp_ogc.ogc.rules import Rules
    from mcp_ogc.settings import Limits

Owns = Callable[[str, str], Awaitable[bool]]


class OwnJobsClient(ProcessesClient):
    """A client whose endpoint knows several users by one account, so that it has to be asked here whose a job is.

    Every request about one job is asked so first. Lists are as the endpoint gives them; whoever keeps them takes what
    is the user's.

    Args:
        name: The endpoint's, in the settings.
        owns: Whether a job of the endpoint of that name is the user's. The others are those of `CoreClient`.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        url: str,
        *,
        name: str,
        owns: Owns,
        limits: Limits,
        dialect: Dialect | None = None,
        execute_members: Mapping[str, JsonValue] | None = None,
        rebase_links: bool = True,
        rules: Rules = EVERYTHING,
        keep_file: KeepFile | None = None,
    ) -> None:
        super().__init__(
            http,
            url,
            limits=limits,
            dialect=dialect,
            execute_members=execute_members,
            rebase_links=rebase_links,
            rules=rules,
            keep_file=keep_file,
        )
        self._name = name
        self._owns = owns

    async def job(self, job_id: str) -> StatusInfo:
        """As of `JobsClient`, of the user's own; `results` begins with it."""
        await self._check(job_id)
        return await super().job(job_id)

    async def dismiss(self, job_id: str) -> StatusInfo | None:
        """As of `JobsClient`, of the user's own."""
        await self._check(job_id)
        return await super().dismiss(job_id)

    async def beside(self, job_id: str, name: str) -> Answer:
        """As of `JobsClient`, of the user's own."""
        await self._check(job_id)
        return await super().beside(job_id, name)

    async def _check(self, job_id: str) -> None:
        if not await self._owns(self._name, job_id):
            raise NoSuchJob(
                f"{self._name} has no job {job_id!r}", status=404, remedy="ogc_list_jobs shows the jobs there are"
            )
