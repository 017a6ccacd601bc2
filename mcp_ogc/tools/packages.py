"""Application packages: checked, and read back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urljoin

from anyio.to_thread import run_sync
from mcp_types import CallToolResult
from pydantic import Field, JsonValue

from mcp_ogc.errors import NoSuchProcess, NotOffered, OgcError, RemoteProblem, UnknownName, quoted
from mcp_ogc.text import (
    CLOSE,
    DETAILED_CHARACTERS,
    OPEN,
    Answer,
    Reply,
    Untrusted,
    call,
    clean,
    plural,
    remote,
    respond,
    untrusted,
    word,
)
from mcp_ogc.tools.package_answers import (
    SHOWN_CHANGES,
    SHOWN_FINDINGS,
    change_lines,
    counted_changes,
    finding_lines,
    told_again,
)
from mcp_ogc.tools.package_sources import PackageArgument, Source, read_source
from mcp_ogc.tools.paging import decode, encode
from mcp_ogc.tools.process_answers import InputRow, OutputRow, input_line, input_rows, output_line, output_rows
from mcp_ogc.tools.spec import Call, workspace
from mcp_ogc.tools.trial import TrialRow, foreseen

if TYPE_CHECKING:
    from mcp_ogc.ogc.answers import PackageAnswer
    from mcp_ogc.ogc.dialects.dialect import Dialect
    from mcp_ogc.packages.changes import Change
    from mcp_ogc.packages.cwl import Package
    from mcp_ogc.packages.findings import Finding
    from mcp_ogc.packages.lint import Report
    from mcp_ogc.workspace import Endpoint, Workspace

TEXT_CHARACTERS = 60
REFUSAL_CHARACTERS = 1000

WorkflowArgument = Annotated[str | None, Field(description="which Workflow, if the package has several")]


class FindingRow(Reply):
    """One thing that is wrong with a package."""

    severity: str
    line: int
    column: int
    rule: str
    why: str
    untrusted: Untrusted


class ChangeRow(Reply):
    """One thing that replacing would change."""

    breaking: bool
    untrusted: Untrusted


class Validation(Answer):
    """Answer of ogc_validate_package."""

    valid: bool
    endpoint: str | None = None
    process_id: str | None = None
    version: str | None = None
    digest: str | None = None
    findings: tuple[FindingRow, ...] = ()
    left_out: int = 0
    inputs: tuple[InputRow, ...] = ()
    outputs: tuple[OutputRow, ...] = ()
    example_inputs: dict[str, JsonValue] | None = None
    deployed_version: str | None = None
    changes: tuple[ChangeRow, ...] = ()
    trial: TrialRow | None = None
    untrusted: Untrusted | None = None


class PackageText(Answer):
    """Answer of ogc_get_package."""

    endpoint: str
    process_id: str
    media_type: str
    digest: str
    left_out: int = 0
    next_cursor: str | None = None
    untrusted: Untrusted | None = None


async def validate_package(
    ctx: Call,
    package: PackageArgument,
    endpoint: Annotated[str | None, Field(description="where it is to go: its server's limits are checked too")] = None,
    workflow_id: WorkflowArgument = None,
) -> Annotated[CallToolResult, Validation]:
    """Check a CWL application package: what is wrong, with line and repair; the process it gives; what replacing the
    deployed one would change. Nothing is deployed."""
    work = await workspace(ctx)
    chosen = work.endpoint(endpoint) if endpoint or work.default_endpoint else None
    source = await read_source(work, package)
    dialect, unasked = await _dialect(chosen)
    report = await check(source, workflow_id, dialect)
    shown = report.findings[:SHOWN_FINDINGS]
    trial = None if report.errors else await foreseen(work, chosen, source.text, workflow_id)
    refusal = trial if isinstance(trial, RemoteProblem) else None
    lines = [_verdict(report, source, chosen, dialect, refusal), *unasked, *finding_lines(report.findings)]
    reply = {
        "valid": not report.errors,
        "endpoint": chosen.name if chosen else None,
        "findings": tuple(_finding_row(one) for one in shown),
        "left_out": len(report.findings) - len(shown),
    }
    if report.package is None or report.errors:
        lines.append("Mend the errors and call again: then the process is shown.")
        return respond(lines, Validation(**reply))
    told, described = await run_sync(_description, report.package, workflow_id)
    process_id = described["process_id"]
    compared: dict[str, object] = {}
    if chosen:
        told_changes, compared = await _comparison(work, chosen, process_id, report.package, workflow_id)
        told += told_changes
    following = _following(package, chosen, workflow_id, described, compared)
    if refusal:
        told += [f"It would say: {untrusted(refusal.detail, REFUSAL_CHARACTERS)}"]
        following = refusal.remedy
        compared["untrusted"] = {"refusal": clean(refusal.detail, REFUSAL_CHARACTERS)}
    elif isinstance(trial, TrialRow):
        told += [f"Here it would run {trial.runs}."]
        compared["trial"] = trial
    return respond([*lines, *told, following], Validation.model_validate({**reply, **described, **compared}))


async def get_package(
    ctx: Call, process_id: str, endpoint: str | None = None, cursor: str | None = None
) -> Annotated[CallToolResult, PackageText]:
    """The CWL of a deployed process."""
    return await package_part(ctx, process_id, endpoint, cursor, DETAILED_CHARACTERS)


async def package_part(
    ctx: Call, process_id: str, endpoint: str | None, cursor: str | None, most: int
) -> CallToolResult:
    """At most so many characters of a package, from where a cursor says."""
    work = await workspace(ctx)
    chosen = work.endpoint(endpoint)
    try:
        package = await deployed_package(work, chosen, process_id)
    except NotOffered as error:
        look = call("ogc_describe_process", process_id=process_id, endpoint=chosen.name)
        raise NotOffered(
            f"{chosen.name} has no package of {quoted(process_id)} to read",
            status=error.status,
            remedy=f"What the process takes: {look}",
        ) from error
    scope = f"package {chosen.name} {process_id} {package.digest}"
    begin = decode(cursor, scope).get("character", 0)
    start = min(begin, len(package.text)) if isinstance(begin, int) else 0
    shown = package.text[start : start + most]
    left_out = len(package.text) - start - len(shown)
    harmless = clean(shown, 3 * len(shown))
    next_cursor = encode(scope, character=start + most) if left_out else None
    lines = [
        f"Package of {process_id} on {chosen.name}, {package.media_type}, {package.digest[:19]}, untrusted text:",
        f"{OPEN}\n{harmless}\n{CLOSE}",
    ]
    if harmless != shown.strip():
        lines.append(
            "Not to be copied: what can't be seen, tabs too, and what could pass for markup is changed in this text. "
            "The structured content (untrusted.cwl) has the package as it is."
        )
    if next_cursor:
        again = call("ogc_get_package", process_id=process_id, endpoint=chosen.name, cursor=next_cursor)
        lines.append(f"{plural(left_out, 'character')} left out. Next: {again}")
    else:
        lines.append(f"Next: {call('ogc_describe_process', process_id=process_id, endpoint=chosen.name)}")
    reply = PackageText(
        endpoint=chosen.name,
        process_id=process_id,
        media_type=package.media_type,
        digest=package.digest,
        left_out=left_out,
        next_cursor=next_cursor,
        untrusted={"cwl": shown},
    )
    return respond(lines, reply)


async def check(source: Source, workflow_id: str | None, dialect: Dialect | None) -> Report:
    """Hold a package to every rule, off the event loop."""
    from mcp_ogc.packages.lint import lint

    return await run_sync(lambda: lint(source.text, source=source.name, workflow_id=workflow_id, dialect=dialect))


async def deployed_package(work: Workspace, endpoint: Endpoint, process_id: str) -> PackageAnswer:
    """The CWL of a deployed process, in whichever encoding the server has it; fetched where it has the address only.

    Raises:
        OgcError: It can't be read.
    """
    from mcp_ogc.ogc.answers import PackageAnswer, reference

    answer = await endpoint.client.package(process_id)
    href = reference(answer.text)
    if href is None:
        return answer
    source = await read_source(work, urljoin(f"{endpoint.client.process_url(process_id)}/", href))
    return PackageAnswer("application/cwl", source.text)


async def deployed_changes(
    work: Workspace, endpoint: Endpoint, process_id: str, package: Package, workflow_id: str | None
) -> tuple[Change, ...]:
    """What replacing the deployed package would change.

    Raises:
        OgcError: The deployed package can't be read or parsed.
    """
    from mcp_ogc.packages.changes import changes
    from mcp_ogc.packages.cwl import load

    answer = await deployed_package(work, endpoint, process_id)

    def compare() -> tuple[Change, ...]:
        old = load(answer.text, source="the deployed package")
        named = process_id if process_id in old.parts else None
        return changes(old, package, old_workflow=named, new_workflow=workflow_id)

    return await run_sync(compare)


def _verdict(
    report: Report,
    source: Source,
    endpoint: Endpoint | None,
    dialect: Dialect | None,
    refusal: RemoteProblem | None,
) -> str:
    where = f" on {endpoint.name} ({dialect.title})" if endpoint and dialect else ""
    if report.package is None:
        return f"{source.name} can't be read: {plural(len(report.errors), 'error')}."
    counts = [plural(len(report.errors), "error"), plural(len(report.warnings), "warning")]
    verdict = "can't be deployed as it is" if report.errors else "can be deployed"
    if refusal:
        verdict = "would be refused"
    return f"{source.name} {verdict}{where}: {', '.join(counts)}."


def _finding_row(finding: Finding) -> FindingRow:
    return FindingRow(
        severity=finding.severity,
        line=finding.line,
        column=finding.column,
        rule=finding.rule,
        why=finding.why,
        untrusted=remote(message=finding.message, repair=finding.repair) or {},
    )


def _description(package: Package, workflow_id: str | None) -> tuple[list[str], dict[str, object]]:
    """The process it would give: lines, and members of the reply."""
    from mcp_ogc.ogc.inputs.hints import example_inputs, input_hints
    from mcp_ogc.packages.description import describe

    description = describe(package, workflow_id)
    hints = input_hints(description)
    inputs, outputs, example = input_rows(hints), output_rows(description), example_inputs(hints)
    title = untrusted(description.title, TEXT_CHARACTERS)
    lines = [
        f"As a process: {description.id} {word(description.version)} {title}".rstrip(),
        *(input_line(row, TEXT_CHARACTERS) for row in inputs),
        "Outputs:",
        *(output_line(row, TEXT_CHARACTERS) for row in outputs),
        *_runs(package),
    ]
    members: dict[str, object] = {
        "process_id": description.id,
        "version": description.version,
        "digest": package.digest,
        "inputs": inputs,
        "outputs": outputs,
        "example_inputs": example,
    }
    return lines, members


def _runs(package: Package) -> list[str]:
    """What would run: shown before anything is deployed, because deploying is running code (threat T15)."""
    from mcp_ogc.packages.changes import images
    from mcp_ogc.packages.parts import Subject

    subject = Subject(package)
    named = images(subject)
    bare = [tool.name for tool in subject.tools if tool.id not in named]
    network = [tool.name for tool in subject.tools if subject.requirement(tool, "NetworkAccess")]
    scripts = [part.name for part in subject.parts if subject.requirement(part, "InlineJavascriptRequirement")]
    told = {
        "images": dict.fromkeys(named.values()),
        "without image": bare,
        "with network": network,
        "with JavaScript": scripts,
    }
    parts = [f"{what} {', '.join(list(names)[:6])}" for what, names in told.items() if names]
    return [f"Runs: {untrusted('; '.join(parts))}"] if parts else []


async def _dialect(endpoint: Endpoint | None) -> tuple[Dialect | None, list[str]]:
    """The kind of server it goes to, or why that is not known."""
    if endpoint is None:
        return None, ["No endpoint is named: what a server may trip over was not looked for."]
    try:
        return await endpoint.client.dialect(), []
    except OgcError as error:
        return None, [f"{endpoint.name} can't be asked what it is ({error.message}): its limits were not looked for."]


async def _comparison(
    work: Workspace, endpoint: Endpoint, process_id: object, package: Package, workflow_id: str | None
) -> tuple[list[str], dict[str, object]]:
    """What is deployed under that id, and what replacing it would change: lines, and members of the reply."""
    try:
        deployed = await endpoint.client.describe(str(process_id))
    except NoSuchProcess:
        return [f"{endpoint.name} has no {process_id} yet."], {}
    except OgcError as error:
        return [
            f"{endpoint.name} can't be asked what it has: {error.message}. What replacing changes is not known."
        ], {}
    there = f"{endpoint.name} has {process_id} {word(deployed.version)}"
    members: dict[str, object] = {"deployed_version": deployed.version}
    try:
        found = await deployed_changes(work, endpoint, str(process_id), package, workflow_id)
    except (OgcError, UnknownName) as error:
        return [f"{there}; it can't be compared: {error.message}"], members
    if not found:
        return [f"{there}: this very package."], {**members, "changes": ()}
    members["changes"] = tuple(
        ChangeRow(breaking=one.is_breaking, untrusted=remote(what=one.what) or {}) for one in found[:SHOWN_CHANGES]
    )
    return [f"{there}. Replacing it: {counted_changes(found)}", *change_lines(found)], members


def _following(
    package: str,
    endpoint: Endpoint | None,
    workflow_id: str | None,
    described: Mapping[str, object],
    compared: Mapping[str, object],
) -> str:
    """The next call: run what is there already, else deploy, or replace."""
    if endpoint and compared.get("changes") == ():
        process_id = str(described["process_id"])
        return f"Next: {call('ogc_describe_process', process_id=process_id, endpoint=endpoint.name)}"
    arguments: dict[str, JsonValue] = {"package": told_again(package), "endpoint": endpoint.name if endpoint else None}
    arguments |= {"workflow_id": workflow_id, "replace": True if compared else None}
    return f"Next: {call('ogc_deploy_process', **arguments)}"
