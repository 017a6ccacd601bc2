"""fastprocesses (recorded at 0.16.0)."""

from mcp_ogc.ogc.dialects.dialect import Dialect, Marks

FASTPROCESSES = Dialect(
    name="fastprocesses",
    title="fastprocesses",
    # Its page for people names it; as JSON only its members tell, and two classes that a missing comma made one.
    marks=Marks(landing=("fastprocesses", '"contact_line":'), conformance=("/conf/jsonhttp://",)),
    logs=(),
)
