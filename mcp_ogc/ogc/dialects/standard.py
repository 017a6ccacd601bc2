"""What no dialect claims: OGC 18-062r2 and OGC 20-044 as they are written."""

from mcp_ogc.ogc.dialects.dialect import Dialect

STANDARD = Dialect(name="standard", title="OGC API - Processes")
