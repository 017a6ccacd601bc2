"""Errors of every kind of server become one tree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_ogc import errors
from mcp_ogc.ogc.models import JsonObject
from mcp_ogc.ogc.problems import READ_BYTES, is_exception, read_problem

PART1 = b'{"type": "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/%s", "title": "T", "detail": "D"}'
OWS = (
    b'<ows:ExceptionReport><ows:Exception exceptionCode="NotSupported">'
    b"<ows:ExceptionText>no such type</ows:ExceptionText></ows:Exception></ows:ExceptionReport>"
)


@pytest.mark.parametrize(
    ("status", "body", "expected", "detail"),
    [
        (404, PART1 % b"no-such-process", errors.NoSuchProcess, "T. D"),
        (404, PART1 % b"no-such-job", errors.NoSuchJob, "T. D"),
        (404, PART1 % b"result-not-ready", errors.ResultNotReady, "T. D"),
        (404, b'{"title": "NoSuchJob", "type": "https://x/e/no-such-job", "detail": "gone"}', errors.NoSuchJob, "gone"),
        (404, b'{"title":"NoSuchProcess","type":"NoSuchProcess"}', errors.NoSuchProcess, "NoSuchProcess"),
        (404, b'{"code": "NoSuchProcess", "description": "not found"}', errors.NoSuchProcess, "not found"),
        (409, b'{"type": ".../ogcapi-processes-2/1.0/duplicated-process"}', errors.DuplicatedProcess, ""),
        (403, b'{"type": ".../ogcapi-processes-2/1.0/immutable-process"}', errors.ImmutableProcess, ""),
        (403, b"", errors.AccessDenied, ""),
        (401, b"<html><h1>401</h1><script>x</script>Required</html>", errors.AuthenticationRequired, "401 Required"),
        (302, b"", errors.AuthenticationRequired, ""),
        (406, OWS, errors.RemoteProblem, "no such type"),
        (500, b'{"code": "InvalidParameterValue", "description": "limit"}', errors.InvalidParameter, "limit"),
        (502, b"<html><head><title>502 Bad Gateway</title></head></html>", errors.EndpointFault, "502 Bad Gateway"),
        (500, b'{"status": "failed", "exception": {"type": "no-such-job", "message": "m"}}', errors.NoSuchJob, "m"),
        (418, b"\xff\xfe", errors.RemoteProblem, ""),
        (429, b"slow down", errors.AskedTooOften, "slow down"),
    ],
)  # fmt: skip
def test_an_error_is_read_into_the_tree(
    status: int, body: bytes, expected: type[errors.RemoteProblem], detail: str
) -> None:
    problem = read_problem(status, body, url="https://x.example/y", subject="thing")
    assert type(problem) is expected
    assert detail in problem.detail
    assert problem.status == status
    assert f"HTTP {status}" in problem.message


def test_a_404_without_a_word_means_what_was_asked_for() -> None:
    problem = read_problem(404, b"", url="u", subject="job 'x'", missing=errors.NoSuchJob)
    assert isinstance(problem, errors.NoSuchJob)


@given(st.integers(300, 599), st.binary(max_size=300))
def test_no_answer_breaks_the_reading(status: int, body: bytes) -> None:
    problem = read_problem(status, body, url="u")
    assert isinstance(problem, errors.RemoteProblem)
    assert len(problem.detail) <= 2000


@given(
    st.recursive(
        st.none() | st.booleans() | st.text() | st.integers(), lambda s: st.lists(s) | st.dictionaries(st.text(), s)
    )
)
def test_any_json_is_an_exception_or_not(document: object) -> None:
    assert is_exception(document) in (True, False)  # type: ignore[arg-type]


def test_zoo_answers_a_failed_job_s_results_with_200_and_an_exception() -> None:
    assert is_exception({"title": "InternalError", "type": "InternalError", "detail": "failed"})
    assert not is_exception({"out": {"value": 1}})
    assert not is_exception({"type": "FeatureCollection", "features": []})
    assert not is_exception({"type": "x", "title": "t", "value": 3})


@pytest.mark.parametrize(
    "document",
    [
        {"type": "x", "title": "t", "detail": "d", "links": [], "cause": {"code": "y"}, "error": "boom"},
        {"code": "NoApplicableCode", "description": "d", "traceback": ["line 1"]},
        {"type": "x", "detail": "d", "exception": {"message": "boom"}, "status": 500},
        {"code": 500, "description": "Internal Server Error"},
        {"exception": {"type": "x", "message": "boom"}},
        {"exception": {"code": "InternalError", "text": "boom"}},
        # Members of its own (RFC 7807 §3.2).
        {"type": "x", "title": "t", "status": 500, "detail": "d", "timestamp": "2026-01-01"},
        {"type": "job results failed", "title": "job failed", "status": 400, "trace_id": "y"},
        {"type": "x", "title": "t", "detail": "d", "requestId": "y"},
        {"code": "NoSuchJob", "description": "d", "timestamp": 3},
    ],
)
def test_an_exception_may_have_more_to_say(document: JsonObject) -> None:
    assert is_exception(document)


@pytest.mark.parametrize(
    "document",
    [
        {"type": "process", "status": "accepted", "title": "t", "links": []},
        {"code": "DE", "links": []},
        {"code": 4, "area": 12.5, "description": "forest"},
        {"code": 4, "description": "forest"},
        {"code": True, "description": "forest"},
        {"exception": "rule"},
        {"exception": {"value": 1}},
        {"exception": {"href": "https://x.example/a.tif"}},
        {"exception": {"type": "x", "message": "boom"}, "out": 1},
        {"type": "forest", "title": "A stand of trees", "area": 12.5},
        {"type": "forest", "title": "A stand of trees", "status": 200, "area": 12.5},
        {"type": "Collection", "title": "t", "description": "d", "stac_version": "1.1.0"},
    ],
)
def test_what_only_resembles_an_exception_is_none(document: JsonObject) -> None:
    assert not is_exception(document)


@pytest.mark.parametrize("piece", [b"<", b"<a ", b"<script>", b"ExceptionText>", b"<!--", b"{"])
def test_a_page_of_any_kind_is_read_in_no_more_than_its_length(piece: bytes) -> None:
    # Each took time by the square of it, or for ever; the whole run has its time-out.
    problem = read_problem(500, b"<" + piece * (READ_BYTES // len(piece)), url="u")
    assert len(problem.detail) <= 2000


def test_a_404_with_a_code_that_fits_anything_means_what_was_asked_for() -> None:
    body = b'{"code": "InvalidParameterValue", "type": "InvalidParameterValue", "description": "j1"}'
    assert type(read_problem(404, body, url="u", missing=errors.NoSuchJob)) is errors.NoSuchJob
    assert type(read_problem(400, body, url="u", missing=errors.NoSuchJob)) is errors.InvalidParameter


def test_a_status_document_with_an_exception_of_no_value_is_none() -> None:
    assert not is_exception({"type": "job", "title": "t", "status": "running", "exception": None, "jobID": "j"})
