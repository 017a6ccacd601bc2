"""The words of OGC API - Processes (OGC 18-062r2, OGC 20-044) as frozen values.

Both sides use them: the client reads servers into them, the local endpoint writes them. Reading is lenient where
servers are known to differ (other member names, naive times); writing (`model_dump(mode="json", by_alias=True,
exclude_none=True)`) is the standard's.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Literal, TypeVar

from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    model_validator,
)

from mcp_ogc.ogc.descriptions import inputs_by_id, readable

JsonObject = dict[str, JsonValue]

EXCEPTIONS = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/"
EXCEPTIONS_PART2 = "http://www.opengis.net/def/exceptions/ogcapi-processes-2/1.0/"
RELATIONS = "http://www.opengis.net/def/rel/ogc/1.0/"


FURTHEST = 6e13
"""Milliseconds from 1970 that are still years of four digits, in the past too."""


def _utc(value: object) -> object:
    """Naive times are UTC (quirk Q49); what is no time is none, and the document is read all the same."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip().replace("Z", "+00:00"))
        except ValueError:
            return None
    match value:
        case datetime(tzinfo=None):
            return value.replace(tzinfo=UTC)
        case bool():
            return None
        case int() | float():  # seconds or milliseconds since 1970
            return value if abs(value) < FURTHEST else None
        case datetime():
            with suppress(OverflowError):  # in the first or the last hours there are, which UTC has not
                return value.astimezone(UTC)
    return None


def _text(value: object) -> object:
    """ZOO-Project writes the word None where there is none (quirk Q37)."""
    return value if isinstance(value, str) and value != "None" else None


def _object(value: object) -> object:
    return value if isinstance(value, dict) else None


def _name(value: object) -> object:
    """A text, or a number that stands for one."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else _text(value)


def _kind(value: object) -> object:
    """Of a job: the standard has only processes."""
    return value if isinstance(value, str) else "process"


def _count(value: object) -> object:
    """How many there are; servers send words, too."""
    try:
        return max(0, int(value)) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
    except (ValueError, OverflowError):
        return None


def _flag(value: object) -> object:
    return value if isinstance(value, bool) else None


def _version(value: object) -> object:
    return value if isinstance(value, str) else "unknown" if value is None else str(value)


def _percent(value: object) -> object:
    """Whole and within bounds; what is no number is none (servers send 33.4, 120 and words)."""
    try:
        return min(100, max(0, int(float(value)))) if isinstance(value, str | int | float) else None
    except (ValueError, OverflowError):
        return None


def _readable_links(value: object) -> tuple["Link", ...]:
    """Those that can be read: one link that is none must not lose the document."""
    return tuple(_readable(Link, value))


def _texts(value: object) -> tuple[str, ...] | None:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list | tuple) else None


def _readable_metadata(value: object) -> tuple["Metadata", ...] | None:
    return tuple(_readable(Metadata, value)) if isinstance(value, list | tuple) else None


def _readable(model: type["T"], value: object) -> Iterator["T"]:
    for one in value if isinstance(value, list | tuple) else ():
        try:
            yield model.model_validate(one)
        except ValidationError:
            continue


Time = Annotated[datetime | None, BeforeValidator(_utc)]
Text = Annotated[str | None, BeforeValidator(_text)]
Name = Annotated[str | None, BeforeValidator(_name)]
Object = Annotated[JsonObject | None, BeforeValidator(_object)]
Count = Annotated[int | None, BeforeValidator(_count)]
Flag = Annotated[bool | None, BeforeValidator(_flag)]
Version = Annotated[str, BeforeValidator(_version)]
Percent = Annotated[int | None, BeforeValidator(_percent)]
Links = Annotated[tuple["Link", ...], BeforeValidator(_readable_links)]
Texts = Annotated[tuple[str, ...] | None, BeforeValidator(_texts)]
MetadataList = Annotated[tuple["Metadata", ...] | None, BeforeValidator(_readable_metadata)]


T = TypeVar("T", bound="Value")


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
    rel: Text = None
    type: Text = None
    title: Text = None
    hreflang: Text = None
    length: Count = None

    def is_rel(self, rel: str) -> bool:
        """Whether the relation is `rel`, whatever its case (RFC 8288 §2.1) and scheme: ZOO-Project writes https."""
        given = (self.rel or "").casefold()
        return given.removeprefix("https://").removeprefix("http://") == rel.casefold().removeprefix("http://")


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

    title: Text = None
    description: Text = None
    links: Links = ()


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
    version: Version = "unknown"
    title: Text = None
    description: Text = None
    keywords: Texts = None
    metadata: MetadataList = None
    job_control_options: Texts = Field(default=None, alias="jobControlOptions")
    output_transmission: Texts = Field(default=None, alias="outputTransmission")
    mutable: Flag = None
    links: Links = ()


class InputDescription(Value):
    """/req/ogc-process-description/input-def."""

    _readable = model_validator(mode="before")(readable)

    title: Text = None
    description: Text = None
    keywords: Texts = None
    metadata: MetadataList = None
    schema_: JsonObject = Field(default_factory=dict, alias="schema")
    min_occurs: int = Field(default=1, alias="minOccurs")
    max_occurs: int | Literal["unbounded"] = Field(default=1, alias="maxOccurs")

    @property
    def nullable(self) -> bool:
        """Whether null is a value, as of CWL's optional types; whoever takes null can do without."""
        types = self.schema_.get("type")
        return self.schema_.get("nullable") is True or (isinstance(types, list) and "null" in types)

    @property
    def required(self) -> bool:
        """Whether a value must be given: not optional by occurrence or type, and without a default."""
        return self.min_occurs > 0 and "default" not in self.schema_ and not self.nullable


class OutputDescription(Value):
    """/req/ogc-process-description/output-def."""

    _readable = model_validator(mode="before")(readable)

    title: Text = None
    description: Text = None
    metadata: MetadataList = None
    schema_: JsonObject = Field(default_factory=dict, alias="schema")


class ProcessDescription(ProcessSummary):
    """/req/ogc-process-description/json-encoding."""

    inputs: Annotated[dict[str, InputDescription], BeforeValidator(inputs_by_id)] = Field(default_factory=dict)
    outputs: Annotated[dict[str, OutputDescription], BeforeValidator(inputs_by_id)] = Field(default_factory=dict)


class ProcessList(Value):
    """/req/core/process-list-success; `number_total` where a server tells it (ZOO-Project, Weaver)."""

    processes: tuple[ProcessSummary, ...] = ()
    links: Links = ()
    number_total: Count = Field(
        default=None,
        validation_alias=AliasChoices("numberTotal", "total", "number_total"),
        serialization_alias="numberTotal",
    )
    next_page: str | None = Field(default=None, exclude=True)
    """Where the following page is, as the client found out."""
    is_cut_short: bool = Field(default=False, exclude=True)
    """Whether there is a following page whose link is no URL."""


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
    process_id: Name = Field(
        default=None, validation_alias=AliasChoices("processID", "process_id"), serialization_alias="processID"
    )
    type: Annotated[str, BeforeValidator(_kind)] = "process"
    status: JobStatus
    reported_status: str | None = Field(default=None, exclude=True)
    """The server's own word, where it is not one of the five."""
    inputs: Object = Field(default=None, validation_alias=AliasChoices("inputs", "parameters"))
    """What it was executed with, where the server tells (pygeoapi, the local endpoint)."""
    message: Text = None
    exception: Object = Field(default=None, exclude=True)
    """The problem document of a job that failed (Part 1, 2.0)."""
    metadata: Object = Field(default=None, exclude=True)
    """ECMWF keeps a job's log here (quirk Q30)."""
    progress: Percent = Field(default=None, ge=0, le=100)
    created: Time = None
    started: Time = None
    finished: Time = None
    updated: Time = None
    links: Links = ()


class JobList(Value):
    """/req/job-list/job-list-success."""

    jobs: tuple[StatusInfo, ...] = ()
    links: Links = ()
    number_total: Count = Field(
        default=None,
        validation_alias=AliasChoices("numberTotal", "total", "number_total"),
        serialization_alias="numberTotal",
    )
    ids_only: tuple[str, ...] = Field(default=(), exclude=True)
    """Jobs that are listed by their id alone (quirk Q13)."""
    next_page: str | None = Field(default=None, exclude=True)
    """Where the following page is, as the client found out."""
    is_cut_short: bool = Field(default=False, exclude=True)
    """Whether there is a following page whose link is no URL."""
    next_position: str | None = Field(default=None, exclude=True)
    """Its query, where that is all in which it differs from the list itself: a place that may be handed about."""


class Execute(Value):
    """An execute request (/req/core/process-execute-request).

    `outputs` left out asks for all; an empty object would ask for none (quirk Q46) and is never sent.
    """

    inputs: JsonObject = Field(default_factory=dict)
    outputs: dict[str, JsonObject] | None = None

    def wire(self) -> JsonObject:
        """As of every value, without `outputs` where none are named."""
        return {name: value for name, value in super().wire().items() if name != "outputs" or value}
