"""pygeoapi (read at debd17b, June 2026; recorded at 0.21)."""

from mcp_ogc.ogc.dialects.dialect import Dialect, Marks

PYGEOAPI = Dialect(
    name="pygeoapi",
    title="pygeoapi",
    marks=Marks(headers=(("x-powered-by", "pygeoapi"),), landing=("pygeoapi",)),
    # Compared as a whole: anything beside it makes the execution synchronous (Q1).
    prefer="respond-async",
    # As a document it fails to write what is no JSON; without `response` every output is as its process made it.
    execute_members={},
    job_list_filters=(),
    # Its thread goes on to the end (Q17).
    dismissal_stops=False,
    # HTML for whoever does not say otherwise, at some resources also for whoever does (Q40).
    format_parameter="f",
    logs=(),
)
