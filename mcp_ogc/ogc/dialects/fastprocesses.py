"""fastprocesses (recorded at 0.16.0)."""

from mcp_ogc.ogc.dialects.dialect import Dialect, Marks

FASTPROCESSES = Dialect(
    name="fastprocesses",
    title="fastprocesses",
    marks=Marks(landing=("fastprocesses",)),
    logs=(),
)
