"""Everything that is wrong with a package, before a cluster says so.

A package that can't be parsed has errors and nothing else: no rule can look at it, so nothing is said to be right.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mcp_ogc.errors import PackageError, UnknownName
from mcp_ogc.packages.cwl import Package, load
from mcp_ogc.packages.findings import Finding, Rule, Severity
from mcp_ogc.packages.parts import Subject
from mcp_ogc.packages.reading import read_fault
from mcp_ogc.packages.rules import commands, containers, expressions, features, parameters, practice, servers, wiring

if TYPE_CHECKING:
    from mcp_ogc.ogc.dialects.dialect import Dialect

RULES: tuple[Rule, ...] = (
    *wiring.RULES,
    *features.RULES,
    *expressions.RULES,
    *parameters.RULES,
    *commands.RULES,
    *containers.RULES,
    *practice.RULES,
    *servers.RULES,
)


@dataclass(frozen=True, slots=True)
class Report:
    """What was found. `package` is None where it can't be parsed."""

    findings: tuple[Finding, ...]
    package: Package | None

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What stops a deployment."""
        return tuple(one for one in self.findings if one.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What does not."""
        return tuple(one for one in self.findings if one.severity is Severity.WARNING)


def lint(
    text: str, *, source: str = "package", workflow_id: str | None = None, dialect: Dialect | None = None
) -> Report:
    """Hold a package to every rule.

    Args:
        text: CWL.
        source: What to call it in findings.
        workflow_id: The workflow to deploy, `w`.
        dialect: Of the endpoint it goes to: what that server would trip over is found too.

    Returns:
        The findings, errors first, then as they stand in the text.
    """
    try:
        package = load(text, source=source)
    except PackageError as error:
        return Report(_ordered(read_fault(fault, source) for fault in error.faults), None)
    try:
        package.workflow(workflow_id)
    except UnknownName as error:
        return Report((_no_such_workflow(error, source),), package)
    return Report(_ordered(_findings(Subject(package, workflow_id, dialect))), package)


def _findings(subject: Subject) -> Iterator[Finding]:
    for rule in RULES:
        for hit in rule.check(subject):
            line, column = hit.place
            yield Finding(
                severity=rule.severity,
                source=subject.package.source,
                line=line,
                column=column,
                rule=rule.id,
                message=hit.message,
                why=rule.why,
                repair=hit.repair or rule.repair,
                provenance=rule.provenance,
            )


def _ordered(findings: Iterator[Finding]) -> tuple[Finding, ...]:
    unique = dict.fromkeys(findings)
    return tuple(sorted(unique, key=lambda one: (one.severity is Severity.WARNING, one.line, one.column)))


def _no_such_workflow(error: UnknownName, source: str) -> Finding:
    return Finding(
        severity=Severity.ERROR,
        source=source,
        line=1,
        column=1,
        rule="workflow-id",
        message=error.message,
        why="It is answered with 400 workflow-not-found",
        repair=error.remedy,
        provenance="/req/cwl/deploy-w-param, Q22",
    )
