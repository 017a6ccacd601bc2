"""The URIs under which everything has a name: `ogc://{endpoint}/…`.

Segments are percent-encoded one by one and ids are never paths, so an id with a slash stays one segment. A raster is
named by its URI everywhere, in tools too.
"""

from dataclasses import dataclass
from urllib.parse import quote, unquote

from mcp_ogc.errors import UnknownName

ENDPOINTS = "ogc://endpoints"
PROCESSES = "ogc://{endpoint}/processes"
PROCESS = "ogc://{endpoint}/processes/{process_id}"
PACKAGE = "ogc://{endpoint}/processes/{process_id}/package"
JOB = "ogc://{endpoint}/jobs/{job_id}"
RESULTS = "ogc://{endpoint}/jobs/{job_id}/results"
LOGS = "ogc://{endpoint}/jobs/{job_id}/logs"
RASTER = "ogc://{endpoint}/jobs/{job_id}/rasters/{output}/{item}/{asset}"
PREVIEW = "ogc://{endpoint}/jobs/{job_id}/rasters/{output}/{item}/{asset}/preview.png"

FILE = "-"
"""In place of item and asset of an output that is a plain file; `{output}/-/{n}` is the n-th of an array."""


def expand(template: str, **segments: str) -> str:
    """A URI of one of the templates above."""
    return template.format(**{name: quote(value, safe="") for name, value in segments.items()})


def job_of(uri: str) -> tuple[str, str] | None:
    """Endpoint and job id of a job's URI; None where it is another's."""
    match uri.removeprefix("ogc://").split("/"):
        case [endpoint, "jobs", job_id] if uri.startswith("ogc://"):
            return unquote(endpoint), unquote(job_id)
    return None


def process_list_of(uri: str) -> str | None:
    """Endpoint of the URI of a list of processes; None where it is another's."""
    match uri.removeprefix("ogc://").split("/"):
        case [endpoint, "processes"] if uri.startswith("ogc://"):
            return unquote(endpoint)
    return None


@dataclass(frozen=True, slots=True)
class RasterHandle:
    """Where a raster is: an asset of an item in an output of a job."""

    endpoint: str
    job_id: str
    output: str
    item: str
    asset: str

    def __str__(self) -> str:
        return expand(
            RASTER,
            endpoint=self.endpoint,
            job_id=self.job_id,
            output=self.output,
            item=self.item,
            asset=self.asset,
        )

    @property
    def preview(self) -> str:
        """The URI of its picture."""
        return f"{self}/preview.png"

    @classmethod
    def parse(cls, uri: str) -> "RasterHandle":
        """Read a handle; the preview's URI is taken too.

        Raises:
            UnknownName: It is not one.
        """
        parts = uri.removeprefix("ogc://").removesuffix("/preview.png").split("/")
        match [unquote(part) for part in parts]:
            case [endpoint, "jobs", job_id, "rasters", output, item, asset] if uri.startswith("ogc://"):
                return cls(endpoint, job_id, output, item, asset)
        raise UnknownName(
            "raster", uri, remedy=f"A raster is named as ogc_get_results gives it: {RASTER}; or by an https or s3 URL"
        )
