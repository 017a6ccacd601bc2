"""The words of OGC API - Processes (OGC 18-062r2, OGC 20-044) as frozen values.

Both sides use them: the client reads servers into them, the local endpoint writes them. Reading is lenient where
servers are known to differ (other member names, naive times); writing (`model_dump(mode="json", by_alias=True,
exclude_none=True)`) is the standard's.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

JsonObject = dict[str, JsonValue]

EXCEPTIONS = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/"
EXCEPTIONS_PART2 = "http://www.opengis.net/def/exceptions/ogcapi-processes-2/1.0/"
RELATIONS = "http://www.opengis.net/def/rel/ogc/1.0/"


def _utc(value: object) -> object:
    """Naive times are UTC (quirk Q49)."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip().replace("Z", "+00:00"))
        except ValueError:
            return None
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    return value


Time = Annotated[datetime | None, BeforeValidator(_utc)]


class Value(BaseModel):
    """Frozen, and unknown members of the wire are let pass."""

    # Built at first use: cold start is a feature.
    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True, defer_build=True)

    def wire(self) -> JsonObject:
        """The JSON object of the standard: its member names, absent members left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class Link(Value):
    """A web link (RFC 8288)."""

    href: str
    rel: str | None = None
    type: str | None = None
    title: str | None = None
    hreflang: str | None = None
    length: int | None = None

    def is_rel(self, rel: str) -> bool:
        """Whether the relation is `rel`, scheme aside: ZOO-Project writes https where the standard has http."""
        return (self.rel or "").removeprefix("https://").removeprefix("http://") == rel.removeprefix("http://")


def find_link(links: tuple[Link, ...], *rels: str, media_type: str | None = None) -> Link | None:
    """The first link with one of `rels`, tried in their order; with `media_type`, one of that type is preferred."""
    for rel in rels:
        matching = [link for link in links if link.is_rel(rel)]
        preferred = [link for link in matching if media_type and (link.type or "").startswith(media_type)]
        if preferred or matching:
            return (preferred or matching)[0]
    return None


class LandingPage(Value):
    """/req/core/landingpage-success."""

    title: str | None = None
    description: str | None = None
    links: tuple[Link, ...] = ()


class Conformance(Value):
    """/req/core/conformance-success."""

    conforms_to: tuple[str, ...] = Field(default=(), alias="conformsTo")

    def declares(self, part: int, conformance_class: str) -> bool:
        """Whether a class such as `dismiss` of a part is declared, whatever the version and scheme of its URI."""
        return any(
            f"/ogcapi-processes-{part}/" in uri and uri.rstrip("/").endswith(f"/conf/{conformance_class}")
            for uri in self.conforms_to
        )


class JobControl(StrEnum):
    """How a process may be executed."""

    SYNC = "sync-execute"
    ASYNC = "async-execute"
    DISMISS = "dismiss"


class Metadata(Value):
    """A metadata entry of a description."""

    title: str | None = None
    role: str | None = None
    href: str | None = None
    value: JsonValue = None


class ProcessSummary(Value):
    """/req/core/process-list-success; `mutable` is Part 2's static indicator."""

    id: str
    version: str = "unknown"
    title: str | None = None
    description: str | None = None
    keywords: tuple[str, ...] | None = None
    metadata: tuple[Metadata, ...] | None = None
    job_control_options: tuple[str, ...] | None = Field(default=None, alias="jobControlOptions")
    output_transmission: tuple[str, ...] | None = Field(default=None, alias="outputTransmission")
    mutable: bool | None = None
    links: tuple[Link, ...] = ()


class InputDescription(Value):
    """/req/ogc-process-description/input-def."""

    title: str | None = None
    description: str | None = None
    keywords: tuple[str, ...] | None = None
    metadata: tuple[Metadata, ...] | None = None
    schema_: JsonObject = Field(default_factory=dict, alias="schema")
    min_occurs: int = Field(default=1, alias="minOccurs")
    max_occurs: int | Literal["unbounded"] = Field(default=1, alias="maxOccurs")

    @property
    def required(self) -> bool:
        """Whether a value must be given: none is optional by occurrence, none has a default."""
        return self.min_occurs > 0 and "default" not in self.schema_


class OutputDescription(Value):
    """/req/ogc-process-description/output-def."""

    title: str | None = None
    description: str | None = None
    metadata: tuple[Metadata, ...] | None = None
    schema_: JsonObject = Field(default_factory=dict, alias="schema")


class ProcessDescription(ProcessSummary):
    """/req/ogc-process-description/json-encoding."""

    inputs: dict[str, InputDescription] = Field(default_factory=dict)
    outputs: dict[str, OutputDescription] = Field(default_factory=dict)


class ProcessList(Value):
    """/req/core/process-list-success; `number_total` where a server tells it (ZOO-Project, Weaver)."""

    processes: tuple[ProcessSummary, ...] = ()
    links: tuple[Link, ...] = ()
    number_total: int | None = Field(
        default=None,
        validation_alias=AliasChoices("numberTotal", "total", "number_total"),
        serialization_alias="numberTotal",
    )


class JobStatus(StrEnum):
    """/req/core/job-success: exactly these five."""

    ACCEPTED = "accepted"
    RUNNING = "running"
    SUCCESSFUL = "successful"
    FAILED = "failed"
    DISMISSED = "dismissed"

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self in (JobStatus.SUCCESSFUL, JobStatus.FAILED, JobStatus.DISMISSED)


class StatusInfo(Value):
    """/req/core/job-success. Times are UTC."""

    job_id: str = Field(validation_alias=AliasChoices("jobID", "id", "jobId", "job_id"), serialization_alias="jobID")
    process_id: str | None = Field(
        default=None, validation_alias=AliasChoices("processID", "process_id"), serialization_alias="processID"
    )
    type: str = "process"
    status: JobStatus
    reported_status: str | None = Field(default=None, exclude=True)
    """The server's own word, where it is not one of the five."""
    message: str | None = None
    progress: int | None = Field(default=None, ge=0, le=100)
    created: Time = None
    started: Time = None
    finished: Time = None
    updated: Time = None
    links: tuple[Link, ...] = ()


class JobList(Value):
    """/req/job-list/job-list-success."""

    jobs: tuple[StatusInfo, ...] = ()
    links: tuple[Link, ...] = ()
    number_total: int | None = Field(
        default=None,
        validation_alias=AliasChoices("numberTotal", "total", "number_total"),
        serialization_alias="numberTotal",
    )


class Execute(Value):
    """An execute request (/req/core/process-execute-request).

    `outputs` left out asks for all; an empty object would ask for none (quirk Q46) and is never sent.
    """

    inputs: JsonObject = Field(default_factory=dict)
    outputs: dict[str, JsonObject] | None = None
    response: Literal["document", "raw"] | None = "document"
