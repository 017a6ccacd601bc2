"""GeoServer's OGC API - Processes module (read at 0262774)."""

from mcp_ogc.ogc.dialects.dialect import Dialect, Marks

GEOSERVER = Dialect(
    name="geoserver",
    title="GeoServer",
    marks=Marks(headers=(("server", "geoserver"),), landing=("geoserver",), path=("/ogc/processes/v1",)),
    format_parameter="f",
    logs=(),
)
