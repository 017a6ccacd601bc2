"""A dialect: what to send one kind of server, and how to read what it says. Data only; the client acts on it.

Figures behind the values: the wire facts, by quirk number (Qn, `docs` of CONTRIBUTING.md, tests named `test_qNN_…`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from pydantic import JsonValue

from mcp_ogc.ogc.models import JobStatus

NOTHING: Mapping[str, str] = MappingProxyType({})


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
    """How an execution unit is written in an OGC application package (quirk Q19)."""

    VALUE = "value"
    """`{value, mediaType}` (OGC 20-044)."""
    FORMATTED = "formatted"
    """`{value, format: {mediaType}}`."""
    UNIT = "unit"
    """`{unit}`."""
    HREF = "href"
    """`{href}`: by reference only."""


@dataclass(frozen=True, slots=True)
class Marks:
    """By what a kind of server is recognised: any one is enough. All are compared without case."""

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
    execute_members: Mapping[str, JsonValue] = field(default_factory=lambda: MappingProxyType({"response": "document"}))
    """Beside `inputs` and `outputs` (quirks Q1, Q39)."""
    deploy_types: tuple[str, ...] = ("application/cwl+yaml", "application/cwl", "application/ogcapppkg+json")
    """Media types of a package, tried in this order on 415 (quirk Q18)."""
    unit_form: UnitForm = UnitForm.VALUE
    page_parameter: str | None = "offset"
    """What skips entries where a page has no `next` link: `offset` and `skip` count entries, `page` pages (Q14)."""
    job_list_parameters: Mapping[str, str] = NOTHING
    """Beside `limit` (quirk Q13)."""
    job_list_filters: tuple[str, ...] = ("processID", "status")
    """Filters of the job list that are heeded; the others are applied here (quirk Q16)."""
    result_paths: tuple[str, ...] = ("results",)
    """Below a job, tried in this order where one has nothing (Weaver keeps a plain form at `/outputs`)."""
    logs: tuple[LogSource, ...] = (LogSource.LINKS, LogSource.METADATA)
    statuses: Mapping[str, JobStatus] = field(default_factory=lambda: MappingProxyType({}))
    """Its own words, beside those every dialect knows (quirk Q9)."""
    phases: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))
    """What a progress stands for, where it is a phase and not a share of the work (quirk Q43)."""
    reads_false: bool = True
    """Whether a boolean input `false` arrives as false (quirk Q35)."""
    deploys_tools: bool = True
    """Whether a bare CommandLineTool can be deployed (quirk Q23)."""
