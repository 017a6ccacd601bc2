"""ECMWF data stores: CDS, ADS, EWDS (client read at d964a55, April 2026)."""

from mcp_ogc.ogc.dialects.dialect import Dialect, Marks

ECMWF = Dialect(
    name="ecmwf",
    title="ECMWF data store",
    marks=Marks(landing=("ecmwf", "climate data store"), path=("/api/retrieve/v1",)),
    # Else its status is without the log (Q30).
    status_parameters={"log": "True", "request": "True"},
)
