"""Processes undeployed, with open eyes: what would go and what of it still runs is shown before."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from mcp.server.elicitation import ElicitationResult
from mcp.server.mcpserver import Elicit, Resolve
from mcp_types import CallToolResult
from pydantic import Field

from mcp_ogc.errors import NotOffered, OgcError
from mcp_ogc.text import Answer, call, clean, plural, respond, word
from mcp_ogc.tools.consent import Consent, agree, ask, asked
from mcp_ogc.tools.deployments import existing
from mcp_ogc.tools.immutable import check_mutable, if_immutable, not_undeployed
from mcp_ogc.tools.spec import Call, workspace
from mcp_ogc.tools.unanswered import unknown_without_answer

if TYPE_CHECKING:
    from mcp_ogc.ogc.models import JobList, StatusInfo
    from mcp_ogc.workspace import Endpoint

SHOWN_JOBS = 5


class Undeployed(Answer):
    """Answer of ogc_undeploy_process."""

    endpoint: str
    process_id: str
    undeployed: bool
    left: str | None = None
    open_jobs: tuple[str, ...] = ()
    open_jobs_of_others: int = 0
    confirm: str | None = None


async def ask_undeployment(
    ctx: Call, process_id: str, endpoint: str | None, confirm: str | None
) -> Consent | Elicit[Consent]:
    """Ask the person, where the client can."""
    if not asked(ctx, confirm):
        return Consent()
    chosen = (await workspace(ctx)).endpoint(endpoint)
    preview = await _undeployment(chosen, process_id)
    again = call("ogc_undeploy_process", process_id=process_id, endpoint=chosen.name)
    return await ask(ctx, f"Undeploy {process_id}?\n{preview.told}", again)


async def undeploy_process(
    ctx: Call,
    process_id: str,
    consent: Annotated[ElicitationResult[Consent], Resolve(ask_undeployment)],
    endpoint: str | None = None,
    confirm: Annotated[str | None, Field(description="token of the preview")] = None,
) -> Annotated[CallToolResult, Undeployed]:
    """Remove a deployed process. The first call previews and gives a token for confirm."""
    work = await workspace(ctx)
    chosen = work.endpoint(endpoint)
    preview = await _undeployment(chosen, process_id)
    bound = {"endpoint": chosen.name, "process_id": process_id}
    token = agree(ctx, consent, "ogc_undeploy_process", bound, confirm)
    if token:
        lines = [preview.told, "Nothing was removed yet. Ask the person; then:"]
        lines.append(call("ogc_undeploy_process", **bound, confirm=token))
        own = tuple(job.job_id for job in preview.own)
        return respond(
            lines,
            Undeployed(**bound, undeployed=False, open_jobs=own, open_jobs_of_others=preview.others, confirm=token),
        )
    try:
        with unknown_without_answer(chosen, process_id), if_immutable(not_undeployed(chosen)):
            await chosen.client.undeploy(process_id)
    except NotOffered as error:
        raise NotOffered(
            f"{chosen.name} undeploys no processes", status=error.status, remedy="It is its operators' to remove"
        ) from error
    chosen.forget(process_id)
    lines = [f"{word(process_id)} is undeployed from {chosen.name}."]
    left = None
    try:
        left = await existing(chosen, process_id)
    except OgcError as error:
        lines.append(f"Whether an earlier revision is left can't be told: {clean(error.message)}")
    if left:  # Weaver removes the newest revision only (quirk Q26)
        lines = [f"{process_id} is undeployed from {chosen.name}, which has {process_id} {word(left.version)} still:"]
        lines += [
            f"an earlier revision, or it takes a while. To remove that too: {call('ogc_undeploy_process', **bound)}"
        ]
        return respond(lines, Undeployed(**bound, undeployed=True, left=left.version))
    lines += [f"What is left: {call('ogc_list_processes', endpoint=chosen.name)}"]
    return respond(lines, Undeployed(**bound, undeployed=True))


async def _deploys(endpoint: Endpoint) -> bool:
    """Whether it says that it deploys and undeploys; True where it does not tell anything now."""
    from mcp_ogc.ogc.capabilities import Capability

    with suppress(OgcError):
        return (await endpoint.capabilities()).has(Capability.DEPLOY)
    return True


@dataclass(frozen=True, slots=True)
class _Undeployment:
    """What would go, and what of it is not done."""

    told: str
    own: tuple[StatusInfo, ...] = ()
    others: int = 0
    """Jobs of other users of the account, which are counted and never named."""


async def _undeployment(endpoint: Endpoint, process_id: str) -> _Undeployment:
    description = await endpoint.describe(process_id)
    check_mutable(endpoint, description, not_undeployed(endpoint))
    told = f"{process_id} {word(description.version)} would be removed from {endpoint.name}, and its package with it."
    if not await _deploys(endpoint):
        told += f" {endpoint.name} does not say that it can do that, and may refuse."
    try:
        everyones = await endpoint.client.everyones_jobs(process_id=process_id, limit=50)
        listed = await endpoint.client.own(everyones)
    except OgcError:
        return _Undeployment(f"{told} Whether jobs of it run can't be told.")
    own = _open_of(process_id, listed)
    others = len(_open_of(process_id, everyones)) - len(own)
    if not own and not others:
        return _Undeployment(f"{told} No job of it runs.")
    if own:
        shown = ", ".join(f"{word(job.job_id)} ({job.status})" for job in own[:SHOWN_JOBS])
        more = f" and {len(own) - SHOWN_JOBS} more" if len(own) > SHOWN_JOBS else ""
        told += f" {plural(len(own), 'job')} of it {_are(len(own))} not done: {shown}{more}."
    if others:
        told += f" {plural(others, 'job')} of it that other people submitted {_are(others)} not done."
    return _Undeployment(told, own, others)


def _open_of(process_id: str, listed: JobList) -> tuple[StatusInfo, ...]:
    return tuple(job for job in listed.jobs if job.process_id == process_id and not job.status.ended)


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
