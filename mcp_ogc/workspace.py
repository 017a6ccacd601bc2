"""What the tools work with, opened once and handed to every one: endpoints, journal, readers, samples.

Nothing here is imported or opened before the first tool call that needs it: cold start is a feature.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from mcp_ogc.background import open_background, open_polling
from mcp_ogc.descriptions import Described, Descriptions
from mcp_ogc.errors import JournalError, NoSuchProcess, ResultNotReady, SettingsError, UnknownName
from mcp_ogc.jobs.changes import JobChanges
from mcp_ogc.ogc.models import JsonObject, ProcessDescription

if TYPE_CHECKING:
    from anyio.abc import TaskGroup

    from mcp_ogc.embedded import LocalEndpoint
    from mcp_ogc.inline_files import InlineFiles
    from mcp_ogc.jobs.entries import Entry
    from mcp_ogc.jobs.journal import Journal
    from mcp_ogc.jobs.monitor import Monitor
    from mcp_ogc.net.objects import Objects
    from mcp_ogc.net.traffic import Traffic
    from mcp_ogc.ogc.answers import Answer
    from mcp_ogc.ogc.capabilities import Capabilities
    from mcp_ogc.ogc.catalogue import Catalogue
    from mcp_ogc.ogc.client import ProcessesClient
    from mcp_ogc.ogc.results.reading import Results
    from mcp_ogc.ogc.rules import Rules
    from mcp_ogc.rasters.reader import RasterReader
    from mcp_ogc.rasters.worker.pool import Workers
    from mcp_ogc.settings import Settings
    from mcp_ogc.transfers import Transfers

LOCAL = "local"
LOCAL_URL = "http://local.invalid"
"""Base URL of the embedded endpoint: a name that can't exist (RFC 2606), so that no request leaves by mistake."""
CAPABILITIES_SECONDS = 600
FAULT_SECONDS = 30
"""Of capabilities that were asked for while the endpoint had a fault."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A bundled application package."""

    text: str
    digest: str
    example_inputs: JsonObject


@dataclass(slots=True)
class Endpoint:
    """A configured OGC API - Processes base URL, and its client."""

    name: str
    url: str
    authentication: str
    client: ProcessesClient
    monitor: Monitor
    catalogue: Catalogue
    _descriptions: Descriptions = field(init=False)
    _capabilities: tuple[float, Capabilities] | None = None
    """Until when, and what."""

    def __post_init__(self) -> None:
        self._descriptions = Descriptions(self.client)

    @property
    def is_local(self) -> bool:
        """Whether it is the embedded endpoint."""
        return self.name == LOCAL

    async def describe(self, process_id: str) -> ProcessDescription:
        """The description, as of `Descriptions`.

        Raises:
            UnknownName: No such process; names the nearest ones.
        """
        return (await self.described(process_id)).description

    async def described(self, process_id: str) -> Described:
        """The same, with what is known of how it came about."""
        try:
            return await self._descriptions.of(process_id)
        except NoSuchProcess as error:
            raise await self._unknown_process(process_id) from error

    async def capabilities(self) -> Capabilities:
        """What it can do, declared and found; remembered for ten minutes, unless it had a fault just now.

        Raises:
            OgcError: It can't be asked.
        """
        from mcp_ogc.ogc.capabilities import capabilities_of

        now = anyio.current_time()
        if self._capabilities is None or now >= self._capabilities[0]:
            found = await capabilities_of(self.client)
            self._capabilities = (now + (CAPABILITIES_SECONDS if found.whole else FAULT_SECONDS), found)
        return self._capabilities[1]

    def forget(self, process_id: str) -> None:
        """Forget a description: the process was deployed, replaced or undeployed."""
        self._descriptions.forget(process_id)
        self.catalogue.forget()

    async def _unknown_process(self, process_id: str) -> UnknownName:
        from mcp_ogc.ogc.inputs.checking import nearest

        known = nearest(process_id, await self.catalogue.ids())
        return UnknownName(
            "process", process_id, known, remedy=f'ogc_list_processes(endpoint="{self.name}") shows all there are'
        )


@dataclass(frozen=True, slots=True)
class Workspace:
    """Everything a tool needs."""

    settings: Settings
    endpoints: Mapping[str, Endpoint]
    journal: Journal
    objects: Objects
    inline_files: InlineFiles
    rasters: RasterReader
    transfers: Transfers
    samples: Mapping[str, Sample]
    background: TaskGroup
    """What outlives the call that started it, such as a submission on its way; closing waits for it."""
    changes: JobChanges
    local: LocalEndpoint | None

    @property
    def default_endpoint(self) -> str | None:
        """The endpoint that is meant where none is named: the one set, else the only remote one, else `local`."""
        if self.settings.default_endpoint:
            return self.settings.default_endpoint
        remote = [name for name in self.endpoints if name != LOCAL]
        candidates = remote or list(self.endpoints)
        return candidates[0] if len(candidates) == 1 else None

    def endpoint(self, name: str | None) -> Endpoint:
        """The endpoint of that name, or the default one.

        Raises:
            UnknownName: No such endpoint.
            SettingsError: None was named and none is the default.
        """
        chosen = name or self.default_endpoint
        if chosen is None:
            known = ", ".join(self.endpoints) or "none configured"
            raise SettingsError(
                "Which endpoint is meant?", remedy=f"Give endpoint, one of: {known}; ogc_list_endpoints shows them"
            )
        if chosen not in self.endpoints:
            raise UnknownName(
                "endpoint", chosen, tuple(self.endpoints), remedy="ogc_list_endpoints shows what each can do"
            )
        return self.endpoints[chosen]

    @property
    def is_at_work(self) -> bool:
        """Whether a raster is being counted or a file brought, whose caller may be waiting or be back for it."""
        return self.rasters.is_counting or self.transfers.is_under_way

    async def job(self, job_id: str, endpoint: str | None) -> tuple[Endpoint, Entry | None]:
        """The endpoint that has a job, and what the journal knows of it.

        A job that was submitted from here needs no endpoint, unless two endpoints share its id; any other is looked
        for on the endpoint that is named, or the default one.
        """
        entries = await self.journal.find(job_id, endpoint)
        if len(entries) > 1:
            known = tuple(entry.endpoint for entry in entries)
            raise UnknownName("single endpoint of job", job_id, known, remedy="Give endpoint")
        if entries:
            chosen, entry = self.endpoint(entries[0].endpoint), entries[0]
            if entry.job_place:
                chosen.client.place_job(job_id, entry.job_place)
            if entry.told is None:
                with suppress(JournalError):  # the same execution would be answered with this job: nothing is lost
                    await self.journal.note_told(entry.submission)
            return chosen, entry
        return self.endpoint(endpoint), None

    async def results(self, endpoint: Endpoint, job_id: str) -> Results:
        """The results of a job, normalised; a synchronous answer's come from the journal."""
        from mcp_ogc.ogc.results.reading import Surroundings, read_results

        entries = await self.journal.find(job_id, endpoint.name)
        process_id = entries[0].process_id if entries else None
        description = await _described(endpoint, process_id)
        if entries:
            await _ended(endpoint, entries[0])
        answer = await self.raw_results(endpoint, job_id)
        try:
            before = await self.journal.note_results(endpoint.name, job_id, answer.digest)
        except JournalError:  # whether they have changed can't be told; they can
            before = None
        around = Surroundings(
            fetch=self.objects.read,
            locate=partial(self._locate, endpoint),
            keep=self.inline_files.keep,
            max_pages=self.settings.limits.stac_pages,
            base_url=f"{endpoint.url}/",
        )
        found = await read_results(answer, description, around)
        return replace(found, digest=answer.digest, changed=before not in (None, answer.digest))

    async def raw_results(self, endpoint: Endpoint, job_id: str) -> Answer:
        """The results of a job as its endpoint sent them; those that are kept here as they were."""
        kept = await self.journal.answer(endpoint.name, job_id)
        if kept is None:
            return await endpoint.client.results(job_id)
        from mcp_ogc.ogc.answers import Answer

        status = 204 if kept.links and not kept.body else 200
        return Answer(status=status, media_type=kept.media_type, body=kept.body, links=kept.links, url=kept.url)

    async def save_results(self, endpoint: Endpoint, job_id: str) -> None:
        """Keep the result document of a job that is about to be dismissed.

        Where the results are a file rather than a document, that file is kept.

        Raises:
            OgcError: It can't be read now, or is longer than a document may be.
        """
        from mcp_ogc.jobs.entries import KeptAnswer
        from mcp_ogc.ogc.answers import is_file, is_page
        from mcp_ogc.ogc.results.forms import check_whole

        answer = await endpoint.client.results(job_id)
        entries = await self.journal.find(job_id, endpoint.name) if is_page(answer.body) else ()
        description = await _described(endpoint, entries[0].process_id if entries else None)
        await anyio.to_thread.run_sync(check_whole, answer, description)
        is_left = not answer.body and is_file(answer.media_type)
        body = await self.objects.read(answer.url) if is_left else answer.body
        kept = KeptAnswer(answer.media_type, body, answer.links, answer.url)
        await self.journal.save_results(endpoint.name, job_id, kept)

    def _locate(self, endpoint: Endpoint, url: str, href: str) -> str:
        """Where a reference in an endpoint's results leads: first to a storage of the settings."""
        from mcp_ogc.ogc.addresses import absolute

        place = absolute(url, href)
        return place if self.objects.is_mapped(place) else endpoint.client.locate(url, href)


async def _ended(endpoint: Endpoint, entry: Entry) -> None:
    """Ask after a job just submitted as its monitor does: it may not be visible yet, or be called failed (Q10).

    Raises:
        ResultNotReady: It has not ended.
    """
    from mcp_ogc.jobs.followed import is_recent

    if not entry.job_id or (entry.status and entry.status.ended) or not is_recent(entry.intended):
        return
    info = await endpoint.monitor.wait(entry.job_id, 0, submitted=entry.intended)
    if not info.status.ended:
        raise ResultNotReady(
            f"Job {entry.job_id} is {info.status}, so it has no results yet",
            remedy=f'ogc_get_job(job_id="{entry.job_id}", wait_seconds=30) waits for it',
        )


async def _described(endpoint: Endpoint, process_id: str | None) -> ProcessDescription | None:
    """The description that names a raw result's output; an undeployed process no longer has one."""
    if process_id is None:
        return None
    try:
        return await endpoint.describe(process_id)
    except UnknownName:
        return None


@asynccontextmanager
async def open_workspace(
    settings: Settings,
    local: LocalEndpoint | None,
    samples: Mapping[str, Sample],
    learn: Callable[[str], None],
    workers: Workers,
    traffic: Traffic,
) -> AsyncIterator[Workspace]:
    """Open everything a tool needs for the user whose settings these are.

    No request is sent, but for the jobs of submissions that a server left which is gone.

    Args:
        settings: What the operator configured, as it is for that user.
        local: The embedded endpoint.
        samples: Bundled packages.
        learn: Told of secrets to mask, found at run time.
        workers: Read rasters, for all users.
        traffic: Counts what is read for that user.
    """
    from mcp_ogc.answer_files import AnswerFiles
    from mcp_ogc.inline_files import inline_files
    from mcp_ogc.jobs.journal_copy import opened_journal
    from mcp_ogc.jobs.monitor import Monitor
    from mcp_ogc.jobs.reconciliation import settle
    from mcp_ogc.net.http import open_http
    from mcp_ogc.net.objects import Objects
    from mcp_ogc.net.storage import Storage
    from mcp_ogc.net.workspaces import Workspaces
    from mcp_ogc.ogc.catalogue import Catalogue
    from mcp_ogc.ogc.client import ProcessesClient
    from mcp_ogc.ogc.dialects.recognition import named
    from mcp_ogc.ogc.own_jobs import OwnJobsClient
    from mcp_ogc.rasters.reader import RasterReader
    from mcp_ogc.rasters.store import Store
    from mcp_ogc.scratch import clear_abandoned
    from mcp_ogc.transfers import Transfers

    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(open_http(settings, learn))
        opening = opened_journal(settings.journal_path, settings.user.name, settings.shared_endpoints)
        journal = await anyio.to_thread.run_sync(stack.enter_context, opening)
        answers = AnswerFiles(settings.user_folder / "answers")
        made: Mapping[str, Callable[..., ProcessesClient]] = {
            name: partial(OwnJobsClient, name=name, owned=journal.owned) for name in settings.shared_endpoints
        }
        clients = {
            name: made.get(name, ProcessesClient)(
                http,
                configured.url,
                limits=settings.limits,
                dialect=named(configured.dialect) if configured.dialect else None,
                execute_members=configured.execute_members,
                rebase_links=configured.rebase_links,
                rules=rules_of(settings, name),
                keep_file=answers.keep,
            )
            for name, configured in settings.configured_endpoints().items()
        }
        authentication = {name: one.authentication.kind for name, one in settings.configured_endpoints().items()}
        files = stack.enter_context(inline_files())
        folders = [*settings.permitted_folders, files.folder, answers.folder]
        if local:
            clients[LOCAL] = await stack.enter_async_context(local.open())
            folders += local.folders
        objects = Objects(http, Storage(settings.storage, Workspaces(http, learn)), folders, settings.limits, traffic)
        changes = JobChanges()
        async with open_background() as background, open_polling() as polling:
            endpoints = {
                name: Endpoint(
                    name=name,
                    url=client.url,
                    authentication=authentication.get(name, "none"),
                    client=client,
                    monitor=Monitor(name, client, journal, polling, changes.publish),
                    # Other servers deploy to the embedded endpoint too, and asking it costs nothing.
                    catalogue=Catalogue(client, kept_seconds=0) if name == LOCAL else Catalogue(client),
                )
                for name, client in clients.items()
            }
            polling.start_soon(partial(anyio.to_thread.run_sync, clear_abandoned, abandon_on_cancel=True))
            polling.start_soon(settle, clients, journal)
            store = Store(settings.user_folder / "rasters")
            rasters = RasterReader(objects, workers, store, polling, settings.rasters.count_seconds)
            transfers = Transfers(objects, polling)
            yield Workspace(
                settings, endpoints, journal, objects, files, rasters, transfers, samples, background, changes, local
            )


def rules_of(settings: Settings, endpoint: str) -> Rules:
    """What the operator lets be asked of an endpoint."""
    from mcp_ogc.ogc.rules import Rules

    rules = settings.rules
    return Rules(endpoint, settings.read_only, rules.processes, rules.denied_processes, rules.callbacks)
