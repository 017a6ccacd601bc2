"""The status of a job, in whatever words a server has for it (wire facts §1.9; quirks Q8, Q9, Q49)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydantic import JsonValue, ValidationError

from mcp_ogc.errors import UnreadableAnswer
from mcp_ogc.ogc.dialects.dialect import Dialect
from mcp_ogc.ogc.dialects.standard import STANDARD
from mcp_ogc.ogc.models import JobStatus, JsonObject, StatusInfo

ID_MEMBERS = ("jobID", "jobId", "id", "job_id")
# Words of openEO, of Weaver's profiles, of ECMWF's stores, of ZOO-Project, of HySDS (`job-…`) and of what runs jobs
# beneath, beside the standard's five.
WORDS: Mapping[str, JobStatus] = {
    **{status.value: status for status in JobStatus},
    **dict.fromkeys(("queued", "created", "pending", "paused"), JobStatus.ACCEPTED),
    **dict.fromkeys(("started", "processing", "in-progress"), JobStatus.RUNNING),
    **dict.fromkeys(("succeeded", "finished", "success", "completed"), JobStatus.SUCCESSFUL),
    **dict.fromkeys(("error", "errored", "exception", "rejected", "failure"), JobStatus.FAILED),
    **dict.fromkeys(("aborted", "killed", "terminated", "timed-out", "upstream-failed"), JobStatus.FAILED),
    **dict.fromkeys(("canceled", "cancelled", "deleted", "revoked"), JobStatus.DISMISSED),
}
# What other words are about, in whatever form; these are no ends by themselves, as `cancelling` is none.
STOPPED = re.compile("cancel|revok|dismiss")
WENT_WRONG = re.compile(r"abort|fail|incomplete|kill|terminat|timed?-?out")


def status_info(document: JsonObject, dialect: Dialect = STANDARD) -> StatusInfo:
    """A job's status document.

    The server's own word stays in `reported_status` where it is not one of the five.

    Raises:
        UnreadableAnswer: It has no id or no status, or one that is no text.
    """
    word = document.get("status")
    if not isinstance(word, str) or job_id_of(document) is None:
        raise UnreadableAnswer("It is no status of a job: there is no job id, or no status")
    status = _known(word, dialect) or _unknown(word, document)
    reported = word if word != status.value else None
    ids = {name: str(value) for name in ID_MEMBERS if _is_id(value := document.get(name))}
    try:
        return StatusInfo.model_validate({**document, **ids, "status": status, "reported_status": reported})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UnreadableAnswer(f"It is no status of a job: {place}: {first['msg']}") from error


def job_or_none(document: JsonValue, dialect: Dialect = STANDARD) -> StatusInfo | None:
    """A document as a job's status; None where it is something else."""
    if not isinstance(document, dict):
        return None
    try:
        return status_info(document, dialect)
    except UnreadableAnswer:
        return None


def job_id_of(document: JsonObject) -> str | None:
    """The id of the job a document is of, under whichever of its names (quirk Q8); None where it has none."""
    return next((str(value) for name in ID_MEMBERS if _is_id(value := document.get(name))), None)


def is_word(told: JsonValue, dialect: Dialect) -> bool:
    """Whether this is a word for the status of a job that is known."""
    return isinstance(told, str) and _known(told, dialect) is not None


def _known(word: str, dialect: Dialect) -> JobStatus | None:
    plain = _plain(word).removeprefix("job-")
    return dialect.statuses.get(plain) or WORDS.get(plain)


def _plain(word: str) -> str:
    return re.sub(r"[\s_]+", "-", word.strip().casefold())


def _unknown(word: str, document: JsonObject) -> JobStatus:
    """An unknown word is no end, unless something else says that it ended (Q9); then it may say how."""
    if document.get("exception"):
        return JobStatus.FAILED
    if not document.get("finished") and document.get("progress") != 100:
        return JobStatus.RUNNING
    if STOPPED.search(_plain(word)):
        return JobStatus.DISMISSED
    return JobStatus.FAILED if WENT_WRONG.search(_plain(word)) else JobStatus.SUCCESSFUL


def _is_id(value: JsonValue) -> bool:
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, str) and value != "")
