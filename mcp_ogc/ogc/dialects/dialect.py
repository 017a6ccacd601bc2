"""A dialect: what to send one kind of server, and how to read what it says. Data only; the client acts on it.

Each value that is not the standard's has its quirk (Qn) beside it, and a test named after that quirk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import JsonValue

from mcp_ogc.ogc.models import JobStatus


class LogSource(StrEnum):
    """Where the logs of a job are (quirk Q30): the standard does not say."""

    LINKS = "links"
    """Links of its status: `rel: related`, `log` or `runlog`, a text."""
    METADATA = "metadata"
    """`metadata.log` of its status: pairs of a time and a message."""
    LOGS = "logs"
    """`/jobs/{jobID}/logs`: JSON, an array of strings."""
    EXCEPTIONS = "exceptions"
    """`/jobs/{jobID}/exceptions`: JSON, an array of strings or of OWS exceptions."""


class UnitForm(StrEnum):
    """How a package is written where CWL itself is not taken (quirk Q19)."""

    VALUE = "value"
    """`executionUnit: {value, mediaType}` (OGC 20-044)."""
    FORMATTED = "formatted"
    """`executionUnit: {value, format: {mediaType}}`."""
    UNIT = "unit"
    """`executionUnit: [{unit}]`."""
    TEXT = "text"
    """`cwlRawText`, without an execution unit."""
    HREF = "href"
    """`executionUnit: {href}`: by reference only."""


@dataclass(frozen=True, slots=True)
class Marks:
    """By what a kind of server is recognised: any one is enough. Lower case: all are compared without case."""

    headers: tuple[tuple[str, str], ...] = ()
    """A response header and what it contains."""
    landing: tuple[str, ...] = ()
    """What the landing page says somewhere."""
    conformance: tuple[str, ...] = ()
    """What a declared conformance class contains."""
    path: tuple[str, ...] = ()
    """What the path of the base URL ends with."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One kind of server. The defaults are the standard's."""

    name: str
    title: str
    marks: Marks = Marks()

    prefer: str = "respond-async"
    """`Prefer` of an execution (quirks Q1, Q2)."""
    execute_members: Mapping[str, JsonValue] = field(default_factory=lambda: {"response": "document"})
    """Beside `inputs` and `outputs`: `response` wins over Prefer where both are read, and does no harm (Q1, Q39)."""
    execute_wants: tuple[str, ...] = ()
    """Members an execution is refused without, whose values only the user knows (quirk Q39)."""
    deploy_types: tuple[str, ...] = (
        "application/cwl+yaml",
        "application/cwl",
        "application/ogcapppkg+json",
        "application/json",
    )
    """Media types of a package, tried in this order on 415 (quirk Q18)."""
    unit_form: UnitForm = UnitForm.VALUE
    format_parameter: str | None = None
    """Query parameter that asks for JSON where Accept is not enough (quirk Q40)."""
    page_parameter: str = "offset"
    """What skips entries where a page has no `next` link: `offset` and `skip` count entries, `page` pages (Q14)."""
    job_list_parameters: Mapping[str, str] = field(default_factory=dict)
    """Beside `limit` (quirk Q13)."""
    status_parameters: Mapping[str, str] = field(default_factory=dict)
    """Asked of a job that failed, so that its status holds its log."""
    job_list_limit: int = 100
    """Entries a page of the job list may have before the server is slow (quirk Q12)."""
    job_list_filters: tuple[str, ...] = ("processID", "status")
    """Filters of the job list that are heeded; the others are applied here (quirk Q16)."""
    dismissal_stops: bool = True
    """Whether what runs is stopped by a dismissal, and not only forgotten (quirk Q17)."""
    result_paths: tuple[str, ...] = ("results",)
    """Below a job, tried in this order while one has nothing."""
    logs: tuple[LogSource, ...] = (LogSource.LINKS, LogSource.METADATA)
    statuses: Mapping[str, JobStatus] = field(default_factory=dict)
    """Its own words, beside those every dialect knows (quirk Q9)."""
    phases: Mapping[int, str] = field(default_factory=dict)
    """What a progress stands for, where it is a phase and not a share of the work (quirk Q43)."""
    reads_false: bool = True
    """Whether a boolean input `false` arrives as false (quirk Q35)."""
    tells_defaults: bool = True
    """Whether defaults of 0, false and "" are in its descriptions (quirk Q37); else they are in the package."""
    deploys_tools: bool = True
    """Whether a bare CommandLineTool can be deployed (quirk Q23)."""
    deploys_parts: bool = False
    """Whether each part of a `$graph` becomes a process (quirk Q24)."""
    chooses_workflow: bool = True
    """Whether `w` is read where a package has several workflows (quirk Q22)."""
    runs_natively: bool = False
    """Whether a tool without an image may run there."""
    forbidden_in_ids: tuple[str, ...] = ()
    """What an id of a process, an input or an output may not contain (wire facts §1.4)."""
    names_modules: bool = False
    """Whether a process id becomes the name of a Python module, its hyphens underscores."""
    stages_out: bool = False
    """Whether a job fails that gives no Directory with a STAC catalog (EOEPCA/eoepca#68)."""
    staged_types: tuple[str, ...] | None = None
    """The types of inputs that are staged in, where not every File and Directory is."""
    null_word: str | None = None
    """A text that stands for no value (wire facts §2)."""
    keeps_lists: bool = True
    """Whether an array of one value arrives as an array (quirk Q36)."""
