"""One user's jobs at an endpoint where others have theirs: whoever asks for another's is told that there is none."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence, Set
from typing import TYPE_CHECKING

from pydantic import JsonValue

from mcp_ogc.errors import NoSuchJob, quoted
from mcp_ogc.ogc.client import ProcessesClient
from mcp_ogc.ogc.core import EVERYTHING

if TYPE_CHECKING:
    import httpx

    from mcp_ogc.ogc.answers import Answer
    from mcp_ogc.ogc.dialects.dialect import Dialect
    from mcp_ogc.ogc.models import JobList, StatusInfo
    from mcp_ogc.ogc.receiving import KeepFile
    from mcp_ogc.ogc.rules import Rules
    from mcp_ogc.settings import Limits

Owned = Callable[[str, Sequence[str]], Awaitable[Set[str]]]


class OwnJobsClient(ProcessesClient):
    """A client whose endpoint knows several users by one account, so that it has to be asked here whose a job is.

    Every request about one job is asked so first, and lists are without what is not the user's.

    Args:
        name: The endpoint's, in the settings.
        owned: Which jobs of the endpoint of that name are the user's. The others are those of `CoreClient`.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        url: str,
        *,
        name: str,
        owned: Owned,
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
        self._owned = owned

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

    async def own(self, listed: JobList) -> JobList:
        """As of `JobsClient`: of a list, what is the user's."""
        ids = [info.job_id for info in listed.jobs] + [*listed.ids_only]
        owned = await self._owned(self._name, ids) if ids else ()
        return listed.model_copy(
            update={
                "jobs": tuple(info for info in listed.jobs if info.job_id in owned),
                "ids_only": tuple(job_id for job_id in listed.ids_only if job_id in owned),
            }
        )

    async def _check(self, job_id: str) -> None:
        if job_id not in await self._owned(self._name, [job_id]):
            raise NoSuchJob(
                f"{self._name} has no job {quoted(job_id)}", status=404, remedy="ogc_list_jobs shows the jobs there are"
            )
