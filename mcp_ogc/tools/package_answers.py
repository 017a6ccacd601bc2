"""How a package reads in an answer: what is wrong with it, what it changes, and how it is given again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcp_ogc.text import Words, plural, untrusted

if TYPE_CHECKING:
    from mcp_ogc.packages.changes import Change
    from mcp_ogc.packages.findings import Finding

SHOWN_FINDINGS = 6
SHOWN_CHANGES = 8
NAME_CHARACTERS = 200
THE_SAME = Words("the same as in this call")


def finding_lines(findings: tuple[Finding, ...]) -> list[str]:
    """Findings as a list, the first ones in full, the others counted by rule; why each rule matters is said once."""
    lines, told = [], set()
    for one in findings[:SHOWN_FINDINGS]:
        why = "" if one.rule in told else f" {one.why}."
        told.add(one.rule)
        repair = f" → {untrusted(one.repair)}" if one.repair else ""
        lines.append(f"- {one.severity} {one.line}:{one.column} {one.rule}: {untrusted(one.message)}{why}{repair}")
    if left := findings[SHOWN_FINDINGS:]:
        rules = [one.rule for one in left]
        counted = ", ".join(f"{rule} ×{rules.count(rule)}" for rule in dict.fromkeys(rules))
        lines.append(f"and {len(left)} more: {counted}")
    return lines


def change_lines(changes: tuple[Change, ...]) -> list[str]:
    """Changes as a list, breaking ones first, and how many were left out."""
    lines = [f"- {'breaking: ' if one.is_breaking else ''}{untrusted(one.what)}" for one in changes[:SHOWN_CHANGES]]
    left = len(changes) - SHOWN_CHANGES
    return [*lines, f"and {left} more"] if left > 0 else lines


def counted_changes(changes: tuple[Change, ...]) -> str:
    """`3 changes, 1 of them breaking`."""
    breaking = sum(1 for one in changes if one.is_breaking)
    return f"{plural(len(changes), 'change')}, {f'{breaking} of them' if breaking else 'none'} breaking"


def told_again(package: str) -> str:
    """The argument in a next call: a name or an address; a whole text is not repeated, whoever gave it has it."""
    return package if len(package) < NAME_CHARACTERS and "\n" not in package else THE_SAME
