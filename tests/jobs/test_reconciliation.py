"""Which submission without an answer became which job."""

from datetime import UTC, datetime, timedelta

from mcp_ogc.jobs.entries import Entry, SubmissionState
from mcp_ogc.jobs.reconciliation import match
from mcp_ogc.ogc.models import JobStatus, JsonObject, StatusInfo

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def lost(
    number: int, second: float, *, lasted: float = 1.0, digest: str = "", inputs: JsonObject | None = None
) -> Entry:
    intended = NOON + timedelta(seconds=second)
    return Entry(
        submission=number,
        endpoint="far",
        process_id="p",
        process_version="1",
        inputs=inputs or {},
        digest=digest or str(number),
        state=SubmissionState.UNCONFIRMED,
        reason=None,
        job_id=None,
        status=None,
        message=None,
        progress=None,
        intended=intended,
        started=None,
        finished=None,
        updated=intended,
        answered=intended + timedelta(seconds=lasted),
        job_place=None,
        results_digest=None,
    )


def job(job_id: str, second: float, *, process_id: str | None = "p", inputs: JsonObject | None = None) -> StatusInfo:
    created = NOON + timedelta(seconds=second)
    return StatusInfo(job_id=job_id, process_id=process_id, status=JobStatus.RUNNING, created=created, inputs=inputs)


def pairs(entries: list[Entry], jobs: list[StatusInfo]) -> dict[int, str]:
    return {entry.submission: info.job_id for entry, info in match(entries, jobs)}


def test_a_job_that_was_created_while_the_submission_was_under_way_is_its() -> None:
    assert pairs([lost(1, 0)], [job("a", 0.5)]) == {1: "a"}


def test_clocks_and_whole_seconds_may_differ_a_little() -> None:
    assert pairs([lost(1, 0)], [job("a", -1.9)]) == {1: "a"}
    assert pairs([lost(1, 0)], [job("a", 2.9)]) == {1: "a"}


def test_another_process_or_another_time_is_anothers_job() -> None:
    assert pairs([lost(1, 0)], [job("a", 0.5, process_id="q"), job("b", 60), job("c", -60)]) == {}


def test_where_two_could_be_meant_none_is() -> None:
    assert pairs([lost(1, 0), lost(2, 0.5)], [job("a", 0.6)]) == {}


def test_one_that_is_certain_makes_the_other_certain() -> None:
    entries = [lost(1, 0, lasted=10), lost(2, 6, lasted=4)]
    assert pairs(entries, [job("a", 1), job("b", 7)]) == {1: "a", 2: "b"}


def test_submissions_of_the_same_are_interchangeable() -> None:
    entries = [lost(1, 0, digest="same"), lost(2, 0.2, digest="same"), lost(3, 0.4, digest="same")]
    assert pairs(entries, [job("a", 0.1), job("b", 0.3)]) == {1: "a", 2: "b"}


def test_inputs_that_the_server_tells_decide() -> None:
    entries = [lost(1, 0, inputs={"n": 1}), lost(2, 0, inputs={"n": 2})]
    assert pairs(entries, [job("b", 0.5, inputs={"n": 2}), job("a", 0.5, inputs={"n": 1})]) == {1: "a", 2: "b"}
    assert pairs(entries, [job("x", 0.5, inputs={"n": 3})]) == {}


def test_a_job_without_a_time_is_nobodys() -> None:
    assert pairs([lost(1, 0)], [StatusInfo(job_id="a", process_id="p", status=JobStatus.RUNNING)]) == {}
