"""Our own local endpoint, which says of itself what the standard does, and runs trusted packages without containers."""

from mcp_ogc.ogc.dialects.dialect import Dialect

LOCAL = Dialect(name="local", title="OGC API - Processes", runs_natively=True)
