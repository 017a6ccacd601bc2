"""The status of a job, in whatever words a server has for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from mcp_ogc.errors import UnreadableAnswer
from mcp_ogc.ogc.dialects.maap import MAAP
from mcp_ogc.ogc.dialects.standard import STANDARD
from mcp_ogc.ogc.lists import read_jobs, read_processes
from mcp_ogc.ogc.models import JobStatus
from mcp_ogc.ogc.statuses import ID_MEMBERS, WORDS, job_or_none, status_info

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = ("jobID", "id", "jobId", "status", "progress", "message", "created", "finished", "links", "exception")


@pytest.mark.parametrize("word", [status.value for status in JobStatus])
def test_the_standards_words_are_taken_as_they_are(word: str) -> None:
    info = status_info({"jobID": "j1", "status": word})
    assert (info.status, info.reported_status) == (word, None)


@pytest.mark.parametrize("word", sorted(set(WORDS) - {status.value for status in JobStatus}))
def test_q09_other_words_are_read_whatever_their_case_and_kept(word: str) -> None:
    for written in (word, word.upper(), f" {word} "):
        info = status_info({"jobID": "j1", "status": written})
        assert info.status is WORDS[word]
        assert info.reported_status == written


@pytest.mark.parametrize(
    ("members", "status"),
    [
        ({}, JobStatus.RUNNING),
        ({"progress": 99}, JobStatus.RUNNING),
        ({"progress": 100}, JobStatus.SUCCESSFUL),
        ({"finished": "2026-01-01T00:00:00Z"}, JobStatus.SUCCESSFUL),
        ({"finished": "2026-01-01T00:00:00Z", "exception": {"title": "no"}}, JobStatus.FAILED),
    ],
)
def test_q09_an_unknown_word_is_no_end_unless_something_else_says_so(
    members: dict[str, JsonValue], status: JobStatus
) -> None:
    info = status_info({"jobID": "j1", "status": "hatching", **members})
    assert (info.status, info.reported_status) == (status, "hatching")


@pytest.mark.parametrize(
    ("word", "status"),
    [
        *((word, JobStatus.FAILED) for word in ("aborted", "timed_out", "Timed Out", "killed", "job-failed")),
        *((word, JobStatus.FAILED) for word in ("upstream_failed", "terminated", "incomplete", "Failure", "errored")),
        *((word, JobStatus.FAILED) for word in ("timeout", "oom-killed", "failed_with_errors", "jobFailed")),
        *((word, JobStatus.DISMISSED) for word in ("revoked", "job-revoked", "cancelling", "USER_CANCELLED")),
    ],
)
def test_q09_a_word_that_says_that_it_went_wrong_is_heard_though_it_has_ended(word: str, status: JobStatus) -> None:
    for ended in ({"finished": "2026-01-01T00:00:00Z", "progress": 40}, {"progress": 100}):
        info = status_info({"jobID": "j1", "status": word, **ended})
        assert (info.status, info.reported_status) == (status, word)


@pytest.mark.parametrize("word", ["cancelling", "terminating", "aborting", "incomplete"])
def test_q09_a_word_of_what_is_going_on_is_no_end_by_itself(word: str) -> None:
    assert status_info({"jobID": "j1", "status": word, "progress": 40}).status is JobStatus.RUNNING


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("job-queued", JobStatus.ACCEPTED),
        ("job-started", JobStatus.RUNNING),
        ("job-completed", JobStatus.SUCCESSFUL),
        ("job-failed", JobStatus.FAILED),
        ("job-revoked", JobStatus.DISMISSED),
        ("TIMED_OUT", JobStatus.FAILED),
    ],
)
def test_q09_the_words_of_hysds_and_of_schedulers_need_nothing_beside(word: str, status: JobStatus) -> None:
    assert status_info({"jobID": "j1", "status": word}).status is status


def test_a_word_of_one_kind_of_server_is_read_for_that_kind() -> None:
    assert status_info({"jobID": "j1", "status": "deduped"}, MAAP).status is JobStatus.SUCCESSFUL
    assert status_info({"jobID": "j1", "status": "deduped"}).status is JobStatus.RUNNING


@pytest.mark.parametrize("member", ID_MEMBERS)
@pytest.mark.parametrize(("written", "job_id"), [("j1", "j1"), (17, "17")])
def test_q08_the_id_is_found_under_each_of_its_names(member: str, written: JsonValue, job_id: str) -> None:
    assert status_info({member: written, "status": "running"}).job_id == job_id


def test_q49_times_without_a_zone_are_utc_and_odd_ones_are_none() -> None:
    info = status_info(
        {"jobID": "j", "status": "running", "created": "2026-01-02T03:04:05.123456", "started": None, "updated": "soon"}
    )
    assert str(info.created) == "2026-01-02 03:04:05.123456+00:00"
    assert (info.started, info.updated, info.finished) == (None, None, None)


@given(st.dictionaries(st.sampled_from(MEMBERS), JSON) | JSON)
def test_whatever_a_server_sends_is_a_job_or_is_none(document: JsonValue) -> None:
    info = job_or_none(document)
    assert info is None or info.status in JobStatus


@pytest.mark.parametrize("document", [{}, {"jobID": "j"}, {"status": "running"}, {"jobID": "", "status": "running"}])
def test_what_has_no_id_or_no_status_is_told_so(document: dict[str, JsonValue]) -> None:
    with pytest.raises(UnreadableAnswer, match="no job id, or no status"):
        status_info(document)


@pytest.mark.parametrize(
    "oddity",
    [
        {"type": None},
        {"type": ["process"]},
        {"inputs": [{"id": "a", "value": 1}]},
        {"parameters": "{'a': 1}"},
        {"processID": {"id": "echo"}},
        {"message": {"en": "x"}},
        {"metadata": [1]},
        {"links": [{"href": "x", "length": "big"}]},
        {"links": [{"href": "x", "title": 3}]},
    ],
    ids=str,
)
def test_one_odd_member_does_not_lose_a_job_nor_its_place_in_a_list(oddity: dict[str, JsonValue]) -> None:
    document: dict[str, JsonValue] = {"jobID": "j1", "status": "running", "created": "2026-01-02T03:04:05Z", **oddity}
    page = read_jobs("https://ogc.example/jobs", {"jobs": [document]}, (), STANDARD, process_id=None, status=None)
    for info in (status_info(document), *page.jobs):
        assert (info.job_id, info.status, info.type) == ("j1", JobStatus.RUNNING, "process")
        assert str(info.created) == "2026-01-02 03:04:05+00:00"
        assert (info.inputs, info.process_id) == (None, None)
        assert [link.href for link in info.links] == (["x"] if "links" in oddity else [])
    assert len(page.jobs) == 1


def test_a_number_names_a_process_as_well_as_a_text() -> None:
    assert status_info({"jobID": "j1", "status": "running", "processID": 3}).process_id == "3"


@pytest.mark.parametrize("total", ["unknown", None, [], {}, True, 1e999, "12"])
def test_a_total_that_is_no_number_does_not_lose_the_page(total: JsonValue) -> None:
    jobs: list[JsonValue] = [{"jobID": "j1", "status": "running"}]
    page = read_jobs(
        "https://ogc.example/jobs", {"jobs": jobs, "total": total}, (), STANDARD, process_id=None, status=None
    )
    assert [info.job_id for info in page.jobs] == ["j1"]
    assert page.number_total == (12 if total == "12" else None)
    processes = read_processes("https://ogc.example/processes", {"processes": ["p"], "total": total}, (), STANDARD)
    assert [one.id for one in processes.processes] == ["p"]


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00"])
def test_a_time_that_utc_does_not_have_is_none(time: str) -> None:
    assert status_info({"jobID": "j", "status": "running", "created": time}).created is None
