"""NASA Unity SPS (read at a1d8b70, September 2024)."""

from mcp_ogc.ogc.dialects.dialect import Dialect, Marks, UnitForm

UNITY = Dialect(
    name="unity",
    title="Unity SPS",
    marks=Marks(landing=("unity sps", "unity-sps", "ades wps-t")),
    deploy_types=("application/ogcapppkg+json",),
    unit_form=UnitForm.HREF,
    logs=(),
)
