"""NASA MAAP (read at d937fd0, July 2026)."""

from mcp_ogc.ogc.dialects.dialect import Dialect, Marks, UnitForm
from mcp_ogc.ogc.models import JobStatus

MAAP = Dialect(
    name="maap",
    title="MAAP",
    marks=Marks(landing=("maap",), path=("/api/ogc",)),
    # Where a job runs: it depends on the account (Q39).
    execute_wants=("queue",),
    deploy_types=("application/ogcapppkg+json", "application/json"),
    unit_form=UnitForm.TEXT,
    statuses={"deduped": JobStatus.SUCCESSFUL, "offline": JobStatus.FAILED},
)
