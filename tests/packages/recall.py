"""What of a colleague's corpus the lint finds: forty packages with one fault each, and fifteen sound ones."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcp_ogc.ogc.dialects.recognition import named
from mcp_ogc.packages.findings import Finding
from mcp_ogc.packages.lint import lint

CORPUS = Path(__file__).parent / "corpus"


@dataclass(frozen=True)
class Recall:
    """Which faults were found where they are, and what was found in sound packages."""

    located: tuple[str, ...]
    missed: tuple[str, ...]
    noise: tuple[str, ...]


def recall() -> Recall:
    """Hold every package of the corpus to the rules."""
    faults = tomllib.loads((CORPUS / "faults.toml").read_text(encoding="utf-8"))
    located = [name for name, fault in faults.items() if any(_is_at(one, fault) for one in _findings(name, fault))]
    noise = [
        f"{path.stem}: {one.place} {one.rule}"
        for path in sorted((CORPUS / "sound").iterdir())
        for one in lint(path.read_text(encoding="utf-8"), source=path.name).findings
    ]
    return Recall(tuple(located), tuple(name for name in faults if name not in located), tuple(noise))


def _findings(name: str, fault: dict[str, Any]) -> tuple[Finding, ...]:
    (path,) = (CORPUS / "broken").glob(f"{name}.*")
    dialect = named(fault["endpoint"]) if "endpoint" in fault else None
    return lint(path.read_text(encoding="utf-8"), dialect=dialect).findings


def _is_at(finding: Finding, fault: dict[str, Any]) -> bool:
    return bool(fault["line"] <= finding.line <= fault.get("until", fault["line"]))
