"""What a kind of server is like: which quirks it has, and which form each takes there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tests.servers.processes.quirk import Quirk


class ExecutionBody(StrEnum):
    """What an asynchronous execution answers."""

    STATUS = "status"
    SHORT = "short"
    """`{status, jobID, type}` (fastprocesses)."""
    LOCATION = "location"
    """`{description, jobID, processID, status, location}` (Weaver)."""


class ErrorForm(StrEnum):
    """Q27."""

    ZOO = "zoo"
    PYGEOAPI = "pygeoapi"
    WEAVER = "weaver"
    GEOSERVER = "geoserver"
    MAAP = "maap"
    ECMWF = "ecmwf"
    OWS = "ows"


class Paging(StrEnum):
    """Q14."""

    SKIP = "skip"
    """Entries, and a `next` link without the other parameters (ZOO-Project)."""
    OFFSET = "offset"
    """Entries, without a `next` link."""
    PAGE = "page"
    """Pages, without a `next` link."""


class Dismissal(StrEnum):
    """Q17."""

    DELETED = "deleted"
    GONE = "gone"
    LEFT_RUNNING = "left running"


class Logs(StrEnum):
    """Q30."""

    LINKS = "links"
    RESOURCES = "resources"
    METADATA = "metadata"
    NONE = "none"


class RawForm(StrEnum):
    """Q31."""

    BYTES = "bytes"
    LINKS = "links"
    MULTIPART = "multipart"


class Keying(StrEnum):
    """Q32."""

    ID_AND_VALUE = "id and value"
    OUTPUTS = "outputs"
    ADDITIONAL_PROP = "additionalProp1"


class HrefForm(StrEnum):
    """Q33."""

    S3 = "s3"
    S3_PORT_80 = "s3 with a port"
    RELATIVE = "relative"
    IN_CLUSTER = "in-cluster"


class UnitForm(StrEnum):
    """Q19."""

    VALUE = "value"
    FORMATTED = "formatted"
    UNIT = "unit"
    TEXT = "cwlRawText"
    HREF = "href"


class DeployAnswer(StrEnum):
    """Q20."""

    NESTED = "nested"
    EMPTY = "empty"
    JOB = "deployment job"


class Undeployment(StrEnum):
    """Q26."""

    DETAIL = "200 with a detail"
    NEWEST_ONLY = "newest revision only, and 403 while busy"


ALL_PACKAGE_TYPES = (
    "application/cwl",
    "application/cwl+yaml",
    "application/cwl+json",
    "application/ogcapppkg+json",
    "application/json",
)
OTHER_WORDS = {
    "accepted": "queued",
    "running": "started",
    "successful": "succeeded",
    "failed": "error",
    "dismissed": "canceled",
}


@dataclass(frozen=True)
class Personality:
    """One kind of server. What belongs to a quirk counts only while that quirk is on."""

    name: str
    quirks: frozenset[Quirk] = frozenset()
    title: str = "OGC API - Processes"
    headers: Mapping[str, str] = field(default_factory=dict)
    conformance: tuple[str, ...] = ()
    """Beside Part 1's core, json, oas30 and process description."""
    version: str = "1.0"
    """Of Part 1."""
    deploys: bool = False
    dismisses: bool = True
    runs_async: bool = False
    """Whether an execution without Prefer is asynchronous where the process can be both."""
    reads_prefer: bool = True
    """Else only `mode` of the body is read."""
    execution_body: ExecutionBody = ExecutionBody.STATUS
    status_stays_accepted: bool = False
    null_body: bool = False
    """Q5: `null` rather than nothing."""
    relative_location: bool = False
    """Q7: a Location that is relative, rather than none."""
    id_members: tuple[str, ...] = ("id",)
    """Q8."""
    words: Mapping[str, str] = field(default_factory=lambda: OTHER_WORDS)
    """Q9."""
    paging: Paging = Paging.OFFSET
    """Q14."""
    pages_processes: bool = True
    """Q14: whether the process list has pages at all."""
    job_list_missing: bool = True
    """Q15: missing, rather than there and not declared."""
    dismissal: Dismissal = Dismissal.DELETED
    """Q17."""
    package_types: tuple[str, ...] = ("application/cwl", "application/cwl+yaml", "application/ogcapppkg+json")
    """Q18."""
    unit_form: UnitForm = UnitForm.FORMATTED
    """Q19."""
    deploy_answer: DeployAnswer = DeployAnswer.NESTED
    """Q20."""
    undeployment: Undeployment = Undeployment.DETAIL
    """Q26."""
    error_form: ErrorForm = ErrorForm.ZOO
    """Q27."""
    logs: Logs = Logs.LINKS
    """Q30."""
    raw_form: RawForm = RawForm.BYTES
    """Q31."""
    always_raw: bool = False
    """Q31: a single output is raw, whatever was asked for."""
    keying: Keying = Keying.ID_AND_VALUE
    """Q32."""
    href_form: HrefForm = HrefForm.S3
    """Q33."""
    needs_f: bool = False
    """Q40: whether `f=json` is needed, whatever Accept says."""
    base: str = "/some/where"
    """Q41: path of the landing page; `{namespace}` in it is anybody's."""
    https_relations: bool = True
    """Q41."""
    jobs_below_process: bool = False
    """Q41: jobs are at `/processes/{processID}/jobs`."""
    old_descriptions: bool = False
    """Q37: `{process: {…}}` with arrays of inputs, as in the drafts, rather than ZOO-Project's schemas."""
    naive_times: bool = True
    """Q49: without a zone; else with microseconds, and `finished` null or missing."""
    inside: str = "http://processes.default.svc.cluster.local"
    """Q50."""
    body_members: Mapping[str, str] = field(default_factory=lambda: {"queue": "is required"})
    """Q39: member and the reason it is refused without."""

    def __repr__(self) -> str:
        return self.name
