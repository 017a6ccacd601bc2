"""Why jobs failed: a corpus of what platforms print, cause and evidence of each; and whatever else may come."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from re import _constants, _parser  # type: ignore[attr-defined]  # the standard library's own reading of a pattern
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_ogc.jobs.diagnosis import Diagnosis, diagnose
from mcp_ogc.jobs.logs import Log
from mcp_ogc.jobs.symptoms import (
    ENDED_BADLY,
    ERROR_LINE,
    MISSED,
    PASSING,
    REFUSED,
    STAGES,
    SYMPTOMS,
    TOLD_BY_THE_ENDPOINT,
    WRAPPERS,
    Cause,
)
from mcp_ogc.ogc.models import JobStatus, StatusInfo

ALL = (*SYMPTOMS, REFUSED, *MISSED, *STAGES, *ENDED_BADLY, *TOLD_BY_THE_ENDPOINT)
REPEATS = (_constants.MAX_REPEAT, _constants.MIN_REPEAT)
WORDS = (
    "Traceback (most recent call last):",
    '  File "stage.py", line 3, in main',
    "ValueError: x",
    "[job stage_in]",
    "[job crop] exited with status: 1",
    "completed permanentFail",
    "step crop exited 137:",
    "OOMKilled",
    "FailedScheduling",
    "Started container",
    "HTTP Error 403",
    "stage-out failed",
    "The above exception was the direct cause",
    "\\n",
    "\n",
    "🛰",
    "…",
)
CORPUS = Path(__file__).parents[1] / "data" / "failures"


def failures() -> Iterator[Any]:
    for path in sorted(CORPUS.glob("*.toml")):
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        for failure in document["failure"]:
            yield pytest.param({"cause": document["cause"], **failure}, id=f"{path.stem}: {failure['name']}")


def diagnosed(failure: dict[str, Any]) -> Diagnosis:
    info = StatusInfo(job_id="j", status=JobStatus.FAILED, message=failure.get("message"))
    logs = tuple(Log(log["title"], log["text"]) for log in failure.get("logs", ()))
    return diagnose(info, logs, problem=failure.get("problem", ""), inputs=failure.get("inputs"))


@pytest.mark.parametrize("failure", list(failures()))
def test_the_cause_and_the_line_that_shows_it_are_found(failure: dict[str, Any]) -> None:
    found = diagnosed(failure)
    assert found.cause == failure["cause"], found
    shown = [one.text for one in found.evidence]
    assert failure["evidence"] in shown if failure["evidence"] else not shown, found
    assert failure.get("reason", "") in found.reason
    if "step" in failure:
        assert found.step == failure["step"]
    if "exit_code" in failure:
        assert found.exit_code == failure["exit_code"]
    assert list(found.input_ids) == failure.get("input_ids", [])


def test_the_corpus_is_broad() -> None:
    corpus = [parameter.values[0] for parameter in failures()]
    assert len(corpus) >= 40
    assert {failure["cause"] for failure in corpus} == {str(cause) for cause in Cause}


TEXTS = st.text() | st.lists(st.sampled_from(WORDS)).map(" ".join) | st.lists(st.sampled_from(WORDS)).map("\n".join)
VALUES = st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=5)


@given(
    message=TEXTS,
    logs=st.lists(st.tuples(TEXTS, TEXTS), max_size=10),
    problem=TEXTS,
    inputs=st.dictionaries(st.text(), VALUES, max_size=3),
)
def test_whatever_a_server_says_is_diagnosed(
    message: str, logs: list[tuple[str, str]], problem: str, inputs: dict[str, Any]
) -> None:
    info = StatusInfo(job_id="j", status=JobStatus.FAILED, message=message)
    found = diagnose(info, [Log(title, text) for title, text in logs], problem=problem, inputs=inputs)
    said = "\n".join([message, problem, *(text for _, text in logs)])
    said += said.replace("\\n", "\n")  # line breaks that were escaped once too often are read as such
    for one in found.evidence:
        assert one.text.split("…")[0] in said  # an exact line, cut in its middle where it is very long
    assert len(found.evidence) <= 3
    assert set(found.input_ids) <= set(inputs)


@pytest.mark.parametrize("length", [10, 10_000_000])
def test_the_end_of_a_log_is_read_however_long_it_is(length: int) -> None:
    noise = "0123456789 abc\n" * (length // 15)
    log = Log("Tool log crop.log", f"MemoryError\n{noise}ValueError: no band B99\n[job crop] exited with status: 1")
    found = diagnose(StatusInfo(job_id="j", status=JobStatus.FAILED), [log])
    assert found.evidence[0].text == ("MemoryError" if length < 100 else "ValueError: no band B99")


@pytest.mark.parametrize(
    ("log", "last"),
    [
        ("WARNING: MemoryError caught, retrying with tiles\nValueError: no such band 9", "ValueError: no such band 9"),
        ("HTTP Error 403 for preview, skipping\nKeyError: 'B08'", "KeyError: 'B08'"),
    ],
)
def test_a_fault_that_the_program_survived_is_not_why_it_failed(log: str, last: str) -> None:
    found = diagnose(StatusInfo(job_id="j", status=JobStatus.FAILED), [Log("Tool log crop.log", log)])
    assert (found.cause, found.evidence[0].text) == (Cause.APPLICATION, last)


def test_a_warning_of_a_cluster_is_why_where_nothing_else_is_told() -> None:
    event = "Warning  FailedScheduling  0/3 nodes are available: 3 Insufficient memory."
    found = diagnose(StatusInfo(job_id="j", status=JobStatus.FAILED), [Log("events", event)])
    assert found.cause is Cause.UNSCHEDULABLE


@pytest.mark.parametrize("pattern", [*(one.pattern for one in ALL), WRAPPERS, ERROR_LINE, PASSING])
def test_no_pattern_repeats_without_bound_what_repeats_without_bound(pattern: str) -> None:
    def unbounded(tree: Any) -> bool:
        return any(
            (operation in REPEATS and (argument[1] == _constants.MAXREPEAT or unbounded(argument[2])))
            or any(unbounded(part) for part in parts(argument))
            for operation, argument in tree
        )

    def parts(argument: Any) -> Iterator[Any]:
        for one in argument if isinstance(argument, tuple | list) else ():
            if isinstance(one, _parser.SubPattern):
                yield one
            else:
                yield from parts(one)

    def nested(tree: Any) -> bool:
        return any(
            (operation in REPEATS and argument[1] > 8 and unbounded(argument[2]))
            or any(nested(part) for part in parts(argument))
            for operation, argument in tree
        )

    assert not nested(_parser.parse(pattern))


def test_the_check_of_patterns_finds_a_bad_one() -> None:
    with pytest.raises(AssertionError):
        test_no_pattern_repeats_without_bound_what_repeats_without_bound(r"error(: \w+)+$")
