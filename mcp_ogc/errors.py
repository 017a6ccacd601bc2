"""Every failure someone can act on, in one tree.

    OgcError
    ├── SettingsError             the configuration does not say what it must
    ├── NotPermitted              our own rules refuse
    │   ├── HostRefused             an address that may not be reached
    │   │   └── Moved                 what was sent belongs elsewhere, and only a GET is sent again
    │   ├── FileRefused             a path outside the permitted folders
    │   ├── ConfirmationRefused     a confirmation that does not fit
    │   └── QuotaReached            as much as the operator's quotas allow; says when they reset
    ├── UnknownName               no such endpoint, tool argument, output, item or asset
    ├── InvalidInputs             inputs that do not fit the process description
    ├── PackageError              an application package that can't be used; says where
    ├── Unreachable               no answer: connection, name, TLS, time-out
    │   ├── TimedOut
    │   └── TooLarge                an answer beyond its bound
    ├── UnreadableAnswer          an answer that is not what the standard says
    │   └── Garbled                 a page of a gateway in its place, or a part of it: the next may be whole
    ├── RemoteProblem             the endpoint answered with an error
    │   ├── AuthenticationRequired, AccessDenied
    │   ├── NoSuchProcess, NoSuchJob, NoSuchOutput
    │   ├── ResultNotReady, JobFailed
    │   ├── DuplicatedProcess, ImmutableProcess, ProcessBusy, UnsupportedMediaType, WorkflowNotFound
    │   ├── InvalidParameter
    │   ├── AskedTooOften           429
    │   ├── NotOffered              the endpoint has no such operation
    │   └── EndpointFault           5xx
    ├── SubmissionUnconfirmed     sent, and no answer tells of it: the job may exist
    ├── DiskError                 what is kept on this machine can't be written just now
    │   └── JournalError            the journal can't be read or written just now
    ├── FollowingFailed           a job could not be followed, for a reason that is ours
    ├── StorageError              an object storage that refused or is not configured
    ├── RasterError               a file that can't be read as a raster
    │   ├── NoOverview              it has none that could stand for it
    │   └── WorkerLost              the process that read it ended
    │       └── OutOfTime           it took too long, or none was free in time
    ├── InvalidGeometry           a point or polygon that can't be used
    └── LocalEndpointError        the embedded endpoint can't do this on this machine

`message` says what is wrong; `remedy` what would be right and the next call. Both are ours: text that came
from a server is kept in `RemoteProblem.detail` and is labelled where it is shown.
"""

from dataclasses import dataclass

SHOWN_CHARACTERS = 200
"""Of a name that was given."""


def quoted(name: str) -> str:
    """A name that was given, in quotes and no longer than one is: who gave it knows the rest."""
    return repr(name if len(name) <= SHOWN_CHARACTERS else f"{name[:SHOWN_CHARACTERS]}…")


class OgcError(Exception):
    """Base of the tree.

    Args:
        message: What is wrong, one sentence, no trailing stop needed.
        remedy: What would be right, or the next call to make.
    """

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}. {self.remedy}".replace("..", ".") if self.remedy else self.message


class SettingsError(OgcError):
    """The configuration does not say what it must."""


class NotPermitted(OgcError):
    """Our own rules refuse."""


class HostRefused(NotPermitted):
    """An address that may not be reached."""


class Moved(HostRefused):
    """What was sent belongs elsewhere (301, 307, 308): nothing was done, and only a GET is sent again."""


class FileRefused(NotPermitted):
    """A path outside the permitted folders."""


class ConfirmationRefused(NotPermitted):
    """A confirmation that is unknown, used, expired, or was given for something else."""


class QuotaReached(NotPermitted):
    """As much as the operator's quotas allow, for now."""


class UnknownName(OgcError):
    """No such endpoint, process, job, output, item or asset.

    Args:
        noun: What was looked for, such as "endpoint".
        name: The name that was given.
        known: Names that exist, nearest first.
    """

    def __init__(self, noun: str, name: str, known: tuple[str, ...] = (), *, remedy: str = "") -> None:
        nearest = f"Did you mean {', '.join(known[:5])}?" if known else ""
        super().__init__(
            f"There is no {noun} {quoted(name)}", remedy=" ".join(part for part in (nearest, remedy) if part)
        )
        self.noun = noun
        self.name = name
        self.known = known


@dataclass(frozen=True, slots=True)
class InputProblem:
    """One input that does not fit its description."""

    input_id: str
    """With the place within its value: `items[1].href`."""
    problem: str
    """What is wrong, such as "is missing" or "is "abc""."""
    expected: str
    """What would be right, in a few words."""
    right: str = ""
    """What to give instead, or an example of it, ready to be copied."""

    def __str__(self) -> str:
        return "; ".join(
            part for part in (f"{self.input_id} {self.problem}", f"expected {self.expected}", self.right) if part
        )


class InvalidInputs(OgcError):
    """Inputs that do not fit the process description; every problem at once."""

    def __init__(self, problems: tuple[InputProblem, ...], *, remedy: str = "") -> None:
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        lines = "".join(f"\n- {problem}" for problem in problems)
        super().__init__(f"The inputs have {count}:{lines}\n", remedy=remedy)
        self.problems = problems


@dataclass(frozen=True, slots=True)
class PackageFault:
    """One thing that keeps an application package from being read, and where: 1-based, 0 where unknown."""

    line: int
    column: int
    rule: str
    """Which rule it breaks, such as `unknown-type`."""
    reason: str
    repair: str = ""
    """What would be right, where that is not the same for every breach of the rule."""


class PackageError(OgcError):
    """An application package that can't be used.

    Args:
        message: The reason.
        source: File name or URL the package came from, or "package" for text.
        line: 1-based line, 0 where unknown.
        column: 1-based column, 0 where unknown.
        faults: All that is wrong, where that is more than the one reason.
    """

    def __init__(
        self,
        message: str,
        *,
        source: str = "package",
        line: int = 0,
        column: int = 0,
        remedy: str = "",
        faults: tuple[PackageFault, ...] = (),
    ) -> None:
        place = ":".join([source, *(str(number) for number in (line, column) if number)])
        super().__init__(f"{place}: {message}", remedy=remedy)
        self.reason = message
        self.source = source
        self.line = line
        self.column = column
        self.faults = faults or (PackageFault(line, column, "document", message),)


class Unreachable(OgcError):
    """No answer: connection, name, TLS, or a redirect that may not be followed."""


class TimedOut(Unreachable):
    """No answer in time."""


class TooLarge(Unreachable):
    """An answer beyond its bound."""


class UnreadableAnswer(OgcError):
    """An answer that is not what the standard says.

    Args:
        message: What is wrong.
        detail: The beginning of the answer: untrusted, label it where it is shown.
    """

    def __init__(self, message: str, *, detail: str = "", remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.detail = detail


class Garbled(UnreadableAnswer):
    """Something between here and the endpoint answered in its place, or cut its answer off; the next may be whole."""


class RemoteProblem(OgcError):
    """The endpoint answered with an error (RFC 7807, OGC 18-062r2 §7.7).

    Args:
        message: Our sentence.
        status: HTTP status code.
        type: The problem's type URI as it came, "" where none.
        detail: The server's own text: untrusted, label it where it is shown.
    """

    def __init__(self, message: str, *, status: int = 0, type: str = "", detail: str = "", remedy: str = "") -> None:  # noqa: A002
        super().__init__(message, remedy=remedy)
        self.status = status
        self.type = type
        self.detail = detail
        self.retry_after = 0.0
        """Seconds the server wants to be left alone (`Retry-After`, RFC 9110 §10.2.3)."""


class AuthenticationRequired(RemoteProblem):
    """401, or a login page where an answer should be."""


class AccessDenied(RemoteProblem):
    """403 that is not about an immutable process."""


class NoSuchProcess(RemoteProblem):
    """http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/no-such-process."""


class NoSuchJob(RemoteProblem):
    """http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/no-such-job."""


class NoSuchOutput(RemoteProblem):
    """http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/no-such-output."""


class ResultNotReady(RemoteProblem):
    """http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/result-not-ready."""


class JobFailed(RemoteProblem):
    """The results were asked of a job that failed or was dismissed."""


class DuplicatedProcess(RemoteProblem):
    """http://www.opengis.net/def/exceptions/ogcapi-processes-2/1.0/duplicated-process."""


class ImmutableProcess(RemoteProblem):
    """http://www.opengis.net/def/exceptions/ogcapi-processes-2/1.0/immutable-process."""


class AskedTooOften(RemoteProblem):
    """429: the server wants to be left alone for a while."""


class ProcessBusy(RemoteProblem):
    """A process can't be undeployed while a job of it runs."""


class UnsupportedMediaType(RemoteProblem):
    """http://www.opengis.net/def/exceptions/ogcapi-processes-2/1.0/unsupported-media-type."""


class PackageRefused(RemoteProblem):
    """The local endpoint does not run this package: it is not trusted, or its container engine is missing."""


class WorkflowNotFound(RemoteProblem):
    """http://www.opengis.net/def/exceptions/ogcapi-processes-2/1.0/workflow-not-found."""


class InvalidParameter(RemoteProblem):
    """400 and 422: a parameter or a body the server refuses."""


class NotOffered(RemoteProblem):
    """The endpoint has no such operation: no job list, no dismissal, no deployment."""


class EndpointFault(RemoteProblem):
    """5xx: the server's own failure, or its gateway's."""


class SubmissionUnconfirmed(OgcError):
    """An execution was sent and no answer told what became of it: the job may exist; it is never sent again.

    Args:
        message: Our sentence.
        detail: What came instead of an answer: untrusted, label it where it is shown.
    """

    def __init__(self, message: str, *, detail: str = "", remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.detail = detail


class DiskError(OgcError):
    """What is kept on this machine can't be written just now: the disk is full, or a folder is read-only."""


class JournalError(DiskError):
    """The journal can't be read or written just now."""


class FollowingFailed(OgcError):
    """A job could not be followed, for a reason that is ours: the log has it."""


class StorageError(OgcError):
    """An object storage that refused, can't be reached or is not configured."""


class RasterError(OgcError):
    """A file that can't be read as a raster."""


class NoOverview(RasterError):
    """A raster without an overview from which it could be approximated."""


class WorkerLost(RasterError):
    """The process that read a raster ended."""


class OutOfTime(WorkerLost):
    """A raster took too long to read, or no process was free to read it in time."""


class InvalidGeometry(OgcError):
    """A point or polygon that can't be used."""


class LocalEndpointError(OgcError):
    """The embedded endpoint can't do this on this machine."""
