"""Application packages: deployed, read back, undeployed."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import anyio
from mcp.server.elicitation import ElicitationResult
from mcp.server.mcpserver import Elicit, Resolve
from mcp_types import CallToolResult
from pydantic import Field, JsonValue

from mcp_ogc.errors import DuplicatedProcess, NoSuchProcess, NotOffered, OgcError, PackageError
from mcp_ogc.text import CLOSE, OPEN, Reply, Untrusted, call, clean, plural, respond
from mcp_ogc.tools.consent import Consent, agree, asked
from mcp_ogc.tools.spec import Call, workspace

if TYPE_CHECKING:
    from mcp_ogc.ogc.models import ProcessDescription
    from mcp_ogc.packages.cwl import Package
    from mcp_ogc.workspace import Endpoint, Workspace

PACKAGE_CHARACTERS = 40_000
READ_BACK_SECONDS = 20


class Deployed(Reply):
    """Answer of ogc_deploy_process."""

    endpoint: str
    process_id: str
    version: str | None = None
    deployed: bool
    accepted: bool | None = None
    replaced: bool = False
    digest: str
    confirm: str | None = None


class Undeployed(Reply):
    """Answer of ogc_undeploy_process."""

    endpoint: str
    process_id: str
    undeployed: bool
    left: str | None = None
    confirm: str | None = None


class PackageText(Reply):
    """Answer of ogc_get_package."""

    endpoint: str
    process_id: str
    media_type: str
    digest: str
    left_out: int = 0
    untrusted: Untrusted | None = None


async def ask_replacement(
    ctx: Call, package: str, endpoint: str | None, workflow_id: str | None, replace: bool, confirm: str | None
) -> Consent | Elicit[Consent]:
    """Ask the person before something that is there is replaced, where the client can."""
    if not replace or not asked(ctx, confirm):
        return Consent()
    work = await workspace(ctx)
    chosen = work.endpoint(endpoint)
    loaded = await _load(work, package)
    process_id = _process_id(loaded, workflow_id)
    if await _existing(chosen, process_id) is None:
        return Consent(agreed=True)
    return Elicit(
        f"Replace the process {process_id} on {chosen.name} with this package ({loaded.digest[:19]})?", Consent
    )


async def deploy_process(
    ctx: Call,
    package: Annotated[str, Field(description="CWL text; or its URL, a permitted file, or a bundled sample's name")],
    consent: Annotated[ElicitationResult[Consent], Resolve(ask_replacement)],
    endpoint: str | None = None,
    workflow_id: Annotated[str | None, Field(description="which Workflow, if the package has several")] = None,
    replace: Annotated[bool, Field(description="replace the process of this id")] = False,
    confirm: Annotated[str | None, Field(description="token of the preview")] = None,
) -> Annotated[CallToolResult, Deployed]:
    """Deploy a CWL application package as a process. Replacing previews first and gives a token for confirm."""
    work = await workspace(ctx)
    chosen = work.endpoint(endpoint)
    loaded = await _load(work, package)
    process_id = _process_id(loaded, workflow_id)
    reply = {"endpoint": chosen.name, "process_id": process_id, "digest": loaded.digest}
    there = await _existing(chosen, process_id) if replace else None
    if there:
        bound: dict[str, JsonValue] = {**reply, "replace": True}
        token = agree(ctx, consent, "ogc_deploy_process", bound, confirm)
        if token:
            again = call("ogc_deploy_process", package="<the same>", endpoint=chosen.name, replace=True, confirm=token)
            version = loaded.software_version or "a package without version"
            lines = [
                f"{chosen.name} has {process_id} {there.version}; {version} ({loaded.digest[:19]}) would replace it.",
                "Nothing was changed yet. Ask the person; then:",
                again,
            ]
            return respond(lines, Deployed(**reply, deployed=False, confirm=token))
        await check_dialect(chosen, loaded)
        try:
            await chosen.client.replace(process_id, loaded.text, href=_href(package), workflow_id=workflow_id)
        except NotOffered as error:
            raise await _not_deployed(work, chosen, f"replace {process_id}", error) from error
    else:
        process_id = await _deploy_new(work, chosen, loaded, process_id, workflow_id, _href(package))
    chosen.forget(process_id)
    deployed = await _read_back(chosen, process_id)
    if deployed is None:
        look = call("ogc_describe_process", process_id=process_id, endpoint=chosen.name)
        lines = [f"{chosen.name} accepted {process_id} and is not done with it.", f"Next, in a while: {look}"]
        return respond(lines, Deployed(**reply, deployed=False, accepted=True))
    sample = work.samples.get(process_id) if chosen.is_local else None
    following = (
        call("ogc_execute_process", process_id=process_id, inputs=sample.example_inputs, endpoint=chosen.name)
        if sample and sample.digest == loaded.digest
        else call("ogc_describe_process", process_id=process_id, endpoint=chosen.name)
    )
    lines = [
        f"{process_id} {deployed.version} is {'replaced' if there else 'deployed'} on {chosen.name} and reads back:"
        f" {plural(len(deployed.inputs), 'input')}, {plural(len(deployed.outputs), 'output')}.",
        *await _also(chosen, loaded, process_id),
        f"Next: {following}",
    ]
    reply["process_id"] = process_id
    return respond(lines, Deployed(**reply, version=deployed.version, deployed=True, replaced=there is not None))


async def _deploy_new(
    work: Workspace,
    endpoint: Endpoint,
    package: Package,
    process_id: str,
    workflow_id: str | None,
    href: str | None,
) -> str:
    await check_dialect(endpoint, package)
    try:
        deployed = await endpoint.client.deploy(package.text, href=href, workflow_id=workflow_id, known_as=process_id)
    except DuplicatedProcess as error:
        raise DuplicatedProcess(
            f"{endpoint.name} already has a process {process_id!r}",
            status=error.status,
            type=error.type,
            detail=error.detail,
            remedy="Call again with replace=true to replace it, or give the workflow another id",
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


async def check_dialect(endpoint: Endpoint, package: Package) -> None:
    """Refuse what this kind of server would refuse, or take for something else.

    Raises:
        PackageError: With what would be right.
    """
    dialect = await endpoint.client.dialect()
    if not dialect.deploys_tools and not package.workflows:
        raise PackageError(
            f"{endpoint.name} is {dialect.title}, which deploys Workflows only, and this is a CommandLineTool",
            remedy="Wrap the tool as the one step of a Workflow: `class: Workflow`, its inputs and outputs passed on",
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
    return f"Deploy it on {' or '.join(able)}" if able else "No configured endpoint deploys packages"


def _href(package: str) -> str | None:
    """Where a package is, where it was given by its address: some servers fetch it themselves."""
    return package if package.startswith(("https://", "http://")) else None


async def ask_undeployment(
    ctx: Call, process_id: str, endpoint: str | None, confirm: str | None
) -> Consent | Elicit[Consent]:
    """Ask the person, where the client can."""
    if not asked(ctx, confirm):
        return Consent()
    chosen = (await workspace(ctx)).endpoint(endpoint)
    description = await chosen.describe(process_id)
    return Elicit(f"Undeploy the process {process_id} {description.version} from {chosen.name}?", Consent)


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
        lines = [preview, "Nothing was removed yet. Ask the person; then:"]
        lines.append(call("ogc_undeploy_process", **bound, confirm=token))
        return respond(lines, Undeployed(**bound, undeployed=False, confirm=token))
    try:
        await chosen.client.undeploy(process_id)
    except NotOffered as error:
        raise NotOffered(
            f"{chosen.name} undeploys no processes", status=error.status, remedy="It is its operators' to remove"
        ) from error
    chosen.forget(process_id)
    left = await _existing(chosen, process_id)
    if left:  # Weaver removes the newest revision only (quirk Q26)
        lines = [f"{process_id} is undeployed from {chosen.name}, which has {process_id} {left.version} still:"]
        lines += ["an earlier revision, or it takes a while. To remove that too, undeploy it again."]
        return respond(lines, Undeployed(**bound, undeployed=True, left=left.version))
    return respond(f"{process_id} is undeployed from {chosen.name}.", Undeployed(**bound, undeployed=True))


async def _undeployment(endpoint: Endpoint, process_id: str) -> str:
    description = await endpoint.describe(process_id)
    try:
        listed = await endpoint.client.jobs(process_id=process_id, limit=50)
        open_jobs = sum(1 for job in listed.jobs if job.process_id == process_id and not job.status.ended)
        running = f" {plural(open_jobs, 'job')} of it still runs." if open_jobs else " No job of it runs."
    except OgcError:
        running = " Whether jobs of it run can't be told."
    return f"{process_id} {description.version} would be removed from {endpoint.name}.{running}"


async def get_package(
    ctx: Call, process_id: str, endpoint: str | None = None
) -> Annotated[CallToolResult, PackageText]:
    """The CWL of a deployed process."""
    chosen = (await workspace(ctx)).endpoint(endpoint)
    try:
        package = await chosen.client.package(process_id)
    except NotOffered as error:
        look = call("ogc_describe_process", process_id=process_id, endpoint=chosen.name)
        raise NotOffered(
            f"{chosen.name} has no packages to read", status=error.status, remedy=f"What the process takes: {look}"
        ) from error
    shown = package.text[:PACKAGE_CHARACTERS]
    left_out = len(package.text) - len(shown)
    lines = [
        f"Package of {process_id} on {chosen.name}, {package.media_type}, {package.digest[:19]}, untrusted text:",
        f"{OPEN}\n{clean(shown, PACKAGE_CHARACTERS)}\n{CLOSE}",
    ]
    if left_out:
        lines.append(f"{left_out:,} characters were left out.")
    reply = PackageText(
        endpoint=chosen.name,
        process_id=process_id,
        media_type=package.media_type,
        digest=package.digest,
        left_out=left_out,
        untrusted={"cwl": shown},
    )
    return respond(lines, reply)


async def _load(work: Workspace, package: str) -> Package:
    """The package that was meant: text, a bundled sample, a URL or a permitted file.

    Raises:
        PackageError: It does not parse; says where.
        FileRefused, HostRefused, Unreachable: It can't be read from where it is.
    """
    from anyio.to_thread import run_sync

    from mcp_ogc.packages.cwl import load

    if sample := work.samples.get(package):
        return await run_sync(load, sample.text)
    if "\n" in package or package.lstrip().startswith("{"):
        return await run_sync(load, package)
    text = (await work.objects.read(package)).decode("utf-8", errors="replace")
    return await run_sync(lambda: load(text, source=package.rsplit("/", 1)[-1]))


def _process_id(package: Package, workflow_id: str | None) -> str:
    if workflow_id is None:
        return package.main_id
    package.workflow(workflow_id)  # there is one of that id, or it says which there are
    return workflow_id


async def _read_back(endpoint: Endpoint, process_id: str) -> ProcessDescription | None:
    """The description of what was just deployed: a server may take a while (202, OGC 20-044); None if a long one."""
    pause = 0.1
    with anyio.move_on_after(READ_BACK_SECONDS):
        while True:
            if description := await _existing(endpoint, process_id):
                return description
            await anyio.sleep(pause)
            pause = min(pause * 2, 3.0)
    return None


async def _existing(endpoint: Endpoint, process_id: str) -> ProcessDescription | None:
    try:
        return await endpoint.client.describe(process_id)
    except NoSuchProcess:
        return None
