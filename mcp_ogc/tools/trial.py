"""What is said, before it runs, of trying a package on the local endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcp_ogc.text import Reply

if TYPE_CHECKING:
    from mcp_ogc.ogc.models import ProcessDescription
    from mcp_ogc.workspace import Endpoint


class TrialRow(Reply):
    """How a package would run on the local endpoint, and what differs from a cluster."""

    runs: str
    differs: tuple[str, ...]


def trial_of(endpoint: Endpoint, description: ProcessDescription) -> TrialRow | None:
    """How a process would run, where it is the local endpoint's; what another says of that is not ours to repeat."""
    from mcp_ogc.packages.trial import Trial

    trial = Trial.of(description) if endpoint.is_local else None
    return TrialRow(runs=trial.runs, differs=trial.differs) if trial else None


def trial_lines(trial: TrialRow | None) -> list[str]:
    """How it would run, and what differs from a cluster."""
    if trial is None:
        return []
    differs = f" Unlike on a cluster: {'; '.join(trial.differs)}." if trial.differs else ""
    return [f"Here it runs {trial.runs}.{differs}"]
