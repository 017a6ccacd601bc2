"""What is said, before it runs, of trying a package on the local endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anyio.to_thread import run_sync

from mcp_ogc.errors import RemoteProblem
from mcp_ogc.text import Reply

if TYPE_CHECKING:
    from mcp_ogc.ogc.models import ProcessDescription
    from mcp_ogc.packages.trial import Trial
    from mcp_ogc.workspace import Endpoint, Workspace


class TrialRow(Reply):
    """How a package would run on the local endpoint, and what differs from a cluster."""

    runs: str
    differs: tuple[str, ...]


def trial_of(endpoint: Endpoint, description: ProcessDescription) -> TrialRow | None:
    """How a process would run, where it is the local endpoint's; what another says of that is not ours to repeat."""
    from mcp_ogc.packages.trial import Trial

    return _row(Trial.of(description)) if endpoint.is_local else None


async def foreseen(
    work: Workspace, endpoint: Endpoint | None, text: str, workflow_id: str | None
) -> TrialRow | RemoteProblem | None:
    """How a package would run, or why the local endpoint would not deploy it; None of another, which does not tell."""
    if endpoint is None or not endpoint.is_local or work.local is None:
        return None
    try:
        return _row(await run_sync(work.local.foresee, text, workflow_id))
    except RemoteProblem as error:
        return error


def trial_lines(trial: TrialRow | None) -> list[str]:
    """How it would run, and what differs from a cluster."""
    if trial is None:
        return []
    differs = f" Unlike on a cluster: {'; '.join(trial.differs)}." if trial.differs else ""
    return [f"Here it runs {trial.runs}.{differs}"]


def _row(trial: Trial | None) -> TrialRow | None:
    return TrialRow(runs=trial.runs, differs=trial.differs) if trial else None
