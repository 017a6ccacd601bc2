"""Processes deployed and replaced, with open eyes: what is wrong and what changes is shown before."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import anyio
from mcp.server.elicitation import ElicitationResult
from mcp.server.mcpserver import Elicit, Resolve
from mcp_types import CallToolResult
from pydantic import Field, JsonValue

from mcp_ogc.errors import DuplicatedProcess, NoSuchProcess, NotOffered, OgcError, PackageError, quoted
from mcp_ogc.text import Answer, call, clean, plural, respond, word
from mcp_ogc.tools.consent import Consent, agree, ask, asked
from mcp_ogc.tools.immutable import ANOTHER_ID, check_mutable, if_immutable
from mcp_ogc.tools.package_answers import change_lines, counted_changes, finding_lines, told_again
from mcp_ogc.tools.package_sources import PackageArgument, Source, read_source
from mcp_ogc.tools.packages import WorkflowArgument, check, deployed_changes
from mcp_ogc.tools.spec import Call, workspace
from mcp_ogc.tools.trial import TrialRow, trial_lines, trial_of
from mcp_ogc.tools.unanswered import unknown_without_answer

if TYPE_CHECKING:
    from mcp_ogc.ogc.models import ProcessDescription
    from mcp_ogc.packages.cwl import Package
    from mcp_ogc.packages.lint import Report
    from mcp_ogc.workspace import Endpoint, Workspace

READ_BACK_SECONDS = 20


class Deployed(Answer):
    """Answer of ogc_deploy_process."""

    endpoint: str
    process_id: str
    url: str | None = None
    version: str | None = None
    deployed: bool
    accepted: bool | None = None
    replaced: bool = False
    digest: str
    warnings: int = 0
    breaking_changes: int | None = None
    confirm: str | None = None
    trial: TrialRow | None = None


async def given_source(ctx: Call, package: str) -> Source:
    """The package, read once a call: what the person is asked about is what is deployed."""
    return await read_source(await workspace(ctx), package)


async def ask_replacement(
    ctx: Call,
    package: str,
    source: Annotated[Source, Resolve(given_source)],
    endpoint: str | None,
    workflow_id: str | None,
    replace: bool,
    confirm: str | None,
) -> Consent | Elicit[Consent]:
    """Ask the person before something that is there is replaced, where the client can.

    The question names the whole digest: an answer that comes with a later call is good for the same question only.
    """
    if not replace or not asked(ctx, confirm):
        return Consent()
    work = await workspace(ctx)
    chosen = work.endpoint(endpoint)
    loaded, _ = await _sound(chosen, source, workflow_id)
    process_id = workflow_id or loaded.main_id
    there = await _replaced(chosen, process_id)
    if there is None:
        return Consent()
    told, _ = await _replacement(work, chosen, process_id, there, loaded, workflow_id)
    asked_for = f"Replace the process {process_id} on {chosen.name} by {loaded.digest}?"
    again = _replacing(chosen, package, workflow_id)
    return await ask(ctx, "\n".join([asked_for, *told]), again)


async def deploy_process(
    ctx: Call,
    package: PackageArgument,
    source: Annotated[Source, Resolve(given_source)],
    consent: Annotated[ElicitationResult[Consent], Resolve(ask_replacement)],
    endpoint: str | None = None,
    workflow_id: WorkflowArgument = None,
    replace: Annotated[bool, Field(description="replace the process of this id")] = False,
    confirm: Annotated[str | None, Field(description="token of the preview")] = None,
) -> Annotated[CallToolResult, Deployed]:
    """Check a CWL application package and deploy it as a process; errors stop it. Replacing previews first and gives a
    token for confirm."""
    work = await workspace(ctx)
    chosen = work.endpoint(endpoint)
    loaded, report = await _sound(chosen, source, workflow_id)
    process_id = workflow_id or loaded.main_id
    reply = {"endpoint": chosen.name, "process_id": process_id, "digest": loaded.digest}
    counted = {"warnings": len(report.warnings)}
    there = await _replaced(chosen, process_id) if replace else None
    if there:
        bound: dict[str, JsonValue] = {**reply, "replace": True}
        token = agree(ctx, consent, "ogc_deploy_process", bound, confirm)
        if token:
            again = _replacing(chosen, package, workflow_id, token)
            changed, breaking = await _replacement(work, chosen, process_id, there, loaded, workflow_id)
            lines = [
                *changed,
                *_warnings(report),
                "Nothing was changed yet. Ask the person; then:",
                again,
            ]
            return respond(
                lines, Deployed(**reply, **counted, deployed=False, breaking_changes=breaking, confirm=token)
            )
        choice = _choice(loaded, workflow_id)
        try:
            with unknown_without_answer(chosen, process_id), if_immutable(ANOTHER_ID):
                await chosen.client.replace(process_id, loaded.text, href=source.href, workflow_id=choice)
        except NotOffered as error:
            raise await _not_deployed(work, chosen, f"replace {process_id}", error) from error
    else:
        replacing = _replacing(chosen, package, workflow_id)
        process_id = await _deploy_new(work, chosen, loaded, source, workflow_id, replacing)
    reply["process_id"] = process_id
    chosen.forget(process_id)
    deployed = await _read_back(chosen, process_id)
    if isinstance(deployed, str):
        look = call("ogc_describe_process", process_id=process_id, endpoint=chosen.name)
        lines = [f"{chosen.name} accepted {word(process_id)} and {deployed}.", f"Next, in a while: {look}"]
        return respond(lines, Deployed(**reply, **counted, deployed=False, accepted=True))
    done = "is replaced" if there else "is deployed, there was none to replace," if replace else "is deployed"
    url = None if chosen.is_local else chosen.client.process_url(process_id)
    trial = trial_of(chosen, deployed)
    lines = [
        f"{word(process_id)} {word(deployed.version)} {done} on {chosen.name} and reads back:"
        f" {plural(len(deployed.inputs), 'input')}, {plural(len(deployed.outputs), 'output')}.",
        *([f"It is at {url}"] if url else []),
        *_warnings(report),
        *await _also(chosen, loaded, process_id),
        *trial_lines(trial),
        f"Next: {_execution(work, chosen, deployed, process_id, loaded)}",
    ]
    told = {"url": url, "version": deployed.version, "replaced": there is not None, "trial": trial}
    return respond(lines, Deployed(**reply, **counted, **told, deployed=True))


def _replacing(endpoint: Endpoint, package: str, workflow_id: str | None, confirm: str | None = None) -> str:
    """The call that replaces what is there."""
    return call(
        "ogc_deploy_process",
        package=told_again(package),
        endpoint=endpoint.name,
        workflow_id=workflow_id,
        replace=True,
        confirm=confirm,
    )


async def _sound(endpoint: Endpoint, source: Source, workflow_id: str | None) -> tuple[Package, Report]:
    """The package, if no rule stops it on that endpoint.

    Raises:
        PackageError: One does; says which, where, and what would be right.
    """
    report = await check(source, workflow_id, await endpoint.client.dialect())
    if report.package is not None and not report.errors:
        return report.package, report
    first, *_ = report.errors
    raise PackageError(
        f"{plural(len(report.errors), 'error')}; nothing was deployed\n" + "\n".join(finding_lines(report.errors)),
        source=source.name,
        line=first.line,
        column=first.column,
        remedy="Mend it and call again; ogc_validate_package shows the warnings too",
    )


async def _replaced(endpoint: Endpoint, process_id: str) -> ProcessDescription | None:
    """What is there to be replaced; None where there is none.

    Raises:
        ImmutableProcess: It can't be.
    """
    there = await existing(endpoint, process_id)
    if there:
        check_mutable(endpoint, there, ANOTHER_ID)
    return there


async def _replacement(
    work: Workspace,
    endpoint: Endpoint,
    process_id: str,
    there: ProcessDescription,
    package: Package,
    workflow_id: str | None,
) -> tuple[list[str], int | None]:
    """What would be replaced, by what, and what that changes; how many changes are breaking, where that is known."""
    version = word(package.software_version or "") or "a package without version"
    told = f"{endpoint.name} has {process_id} {word(there.version)}; {version} ({package.digest[:19]}) would replace it"
    try:
        found = await deployed_changes(work, endpoint, process_id, package, workflow_id)
    except OgcError as error:
        return [f"{told}. What that changes can't be told: {clean(error.message)}"], None
    if not found:
        return [f"{told}. It is the same package."], 0
    breaking = sum(1 for one in found if one.is_breaking)
    return [f"{told}: {counted_changes(found)}", *change_lines(found)], breaking


def _warnings(report: Report) -> list[str]:
    if not report.warnings:
        return []
    return [f"{plural(len(report.warnings), 'warning')}:", *finding_lines(report.warnings)]


def _choice(package: Package, workflow_id: str | None) -> str | None:
    """`w` (OGC 20-044, /req/cwl/deploy-w-param): given wherever a server could choose otherwise."""
    return workflow_id or (package.main_id if len(package.workflows) > 1 else None)


def _execution(
    work: Workspace, endpoint: Endpoint, deployed: ProcessDescription, process_id: str, package: Package
) -> str:
    """How to run it, its inputs ready to be changed."""
    from mcp_ogc.ogc.inputs.hints import example_inputs, input_hints

    sample = work.samples.get(process_id) if endpoint.is_local else None
    is_sample = sample is not None and sample.digest == package.digest
    inputs = sample.example_inputs if sample and is_sample else example_inputs(input_hints(deployed))
    return call("ogc_execute_process", process_id=process_id, inputs=inputs, endpoint=endpoint.name)


async def _deploy_new(
    work: Workspace, endpoint: Endpoint, package: Package, source: Source, workflow_id: str | None, replacing: str
) -> str:
    process_id = workflow_id or package.main_id
    try:
        with unknown_without_answer(endpoint, process_id), if_immutable(ANOTHER_ID):
            deployed = await endpoint.client.deploy(
                package.text, href=source.href, workflow_id=_choice(package, workflow_id), known_as=process_id
            )
    except DuplicatedProcess as error:
        raise DuplicatedProcess(
            f"{endpoint.name} already has a process {quoted(process_id)}",
            status=error.status,
            type=error.type,
            detail=error.detail,
            remedy=f"What replacing it would change: {replacing}; or give the workflow another id",
        ) from error
    except NotOffered as error:
        raise await _not_deployed(work, endpoint, "deploy this", error) from error
    return deployed.id


async def _not_deployed(work: Workspace, endpoint: Endpoint, what: str, error: NotOffered) -> NotOffered:
    """What is said of a package that can't be sent there; a status of 0 is our own refusal, with its own remedy."""
    return NotOffered(
        f"{endpoint.name} can't {what}: {error.message}",
        status=error.status,
        detail=error.detail,
        remedy=error.remedy if error.status == 0 else await _elsewhere(work, endpoint),
    )


async def _also(endpoint: Endpoint, package: Package, process_id: str) -> list[str]:
    """What else a deployment made: Weaver makes a process of every part of a `$graph` (quirk Q24)."""
    if not (await endpoint.client.dialect()).deploys_parts:
        return []
    others = [name for name in package.parts if name != process_id]
    listed = ", ".join(others)
    return (
        [f"The parts of the package may be processes of their own now; undeploy them too: {listed}."] if others else []
    )


async def _elsewhere(work: Workspace, endpoint: Endpoint) -> str:
    """Which endpoints could do it, of those whose capabilities are known or at hand."""
    from mcp_ogc.ogc.capabilities import Capability

    able = []
    for other in work.endpoints.values():
        with suppress(OgcError):
            if other.name != endpoint.name and (await other.capabilities()).has(Capability.DEPLOY):
                able.append(other.name)
    return (
        f"Deploy it on {' or '.join(able)}" if able else "No configured endpoint deploys packages: ogc_list_endpoints"
    )


async def _read_back(endpoint: Endpoint, process_id: str) -> ProcessDescription | str:
    """The description of what was just deployed, or why there is none yet: a server may take a while (202, OGC 20-044),
    or not show it to who deployed it.
    """
    pause = 0.1
    with anyio.move_on_after(READ_BACK_SECONDS):
        while True:
            try:
                if description := await existing(endpoint, process_id):
                    return description
            except OgcError as error:
                return f"can't be asked for it: {clean(error.message)}"
            await anyio.sleep(pause)
            pause = min(pause * 2, 3.0)
    return "is not done with it"


async def existing(endpoint: Endpoint, process_id: str) -> ProcessDescription | None:
    """What an endpoint says of a process now; None where there is none."""
    try:
        return await endpoint.client.describe(process_id)
    except NoSuchProcess:
        return None
