"""Everything a failed job says, as lines that know where they stand: which text, which step, how the step ended."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mcp_ogc.jobs.symptoms import ERROR_LINE, PASSING, STAGE_IN_NAME, STAGE_OUT_NAME, Cause

if TYPE_CHECKING:
    from mcp_ogc.jobs.logs import Log
    from mcp_ogc.ogc.models import JsonObject, StatusInfo

TEXT_CHARACTERS = 8_000
"""Read of a text, its end: 8 logs, message, exception and problem together stay within some 90,000."""
LOGS_READ = 8
LINE_CHARACTERS = 500
NAME_CHARACTERS = 80

# What loggers write before the text, Weaver's job logs twice: time, level, logger, elapsed, percent and status.
TIME = re.compile(r"^\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,\d]{0,10}(?:Z|[+-]\d\d:?\d\d)?\]? ?")
WEAVER = re.compile(r"^[A-Z]{4,8} {1,8}\[[\w.]{1,80}\] {1,4}(?:\d\d:\d\d:\d\d {1,3})?\d{1,3}% \w{1,12} {1,4}")
# `[job crop] completed permanentFail` (cwltool, calrissian), `step crop exited 1` (the local endpoint).
STEP = re.compile(r"\[(?:job|step) ([^\]\s]{1,80})[^\]]{0,20}\]")
STEP_FAILED = re.compile(
    r"\[(?:job|step) ([^\]\s]{1,80})[^\]]{0,20}\] (?:completed permanentFail|exited with|was term)"
)
STEP_ENDED = re.compile(r"^step (\S{1,80}) (?:exited (-?\d{1,4})|was ended by signal (\d{1,3})|could not be started)")
EXIT_CODE = re.compile(
    r"(?:exit(?:ed)?|terminated)(?: (?:with|by))?[ _]?(?:exit )?(?:code|status|value)?[:= ]{1,3}(-?\d{1,3})\b"
    r"|non-zero exit status (\d{1,3})|handling completion with (\d{1,3})\b",
    re.IGNORECASE,
)
SIGNAL = re.compile(r"was (?:terminated|ended) by signal:? (\w+)")
SIGNALS = {"SIGKILL": 137, "SIGSEGV": 139, "SIGABRT": 134, "SIGTERM": 143, "SIGBUS": 135}
SUMMARY = re.compile(
    r"\bpod\b|job log|workflow|cwltool|calrissian|^(job|logs?|exceptions|std(out|err))$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line, its text as it stands there, cut where it is very long."""

    where: str
    """`message`, `exception`, `results`, or the title of a log."""
    number: int
    text: str
    body: str
    """The text without what a logger wrote before it."""
    step: str | None
    is_told: bool
    """Whether the endpoint itself says it: message, exception, results; not a log."""

    @property
    def stage(self) -> Cause | None:
        """Whether its step is stage-in or stage-out."""
        return stage_of(self.step or "")


@dataclass(frozen=True, slots=True)
class Transcript:
    """The lines that may tell why; those of steps that went well are left out where the failed one is known."""

    lines: tuple[Line, ...]
    step: str | None
    exit_code: int | None

    @property
    def failed_stage(self) -> Cause | None:
        """Whether the step that failed is stage-in or stage-out."""
        return stage_of(self.step or "")


def stage_of(name: str) -> Cause | None:
    """Stage-in or stage-out, by the name of a step or a log."""
    if re.search(STAGE_IN_NAME, name, re.IGNORECASE):
        return Cause.STAGE_IN
    return Cause.STAGE_OUT if re.search(STAGE_OUT_NAME, name, re.IGNORECASE) else None


def read_transcript(info: StatusInfo | None, logs: Sequence[Log], problem: str) -> Transcript:
    """All that is told of a job; without a status, its logs."""
    lines = [line for log in logs[-LOGS_READ:] for line in _log_lines(log)]
    told = {"results": problem}
    if info:
        told = {"message": info.message or "", "exception": _exception(info.exception), **told}
    for where, text in told.items():
        lines += [Line(where, number, one, _body(one), None, is_told=True) for number, one in enumerate(_split(text))]
    step, exit_code = _ending(lines)
    likely = step or _last_with_errors(lines)
    kept = tuple(line for line in lines if likely is None or line.step is None or _same(line.step, likely))
    return Transcript(kept, step or (likely if likely and (exit_code or stage_of(likely)) else None), exit_code)


def exit_code_of(text: str) -> int | None:
    """The exit code a line tells of, as a shell has it (128 and the signal); None where there is none, or 0."""
    if found := EXIT_CODE.search(text):
        return int(next(group for group in found.groups() if group is not None)) or None
    if found := SIGNAL.search(text):
        return SIGNALS.get(found[1]) or (128 + int(found[1]) if found[1].isdigit() else None)
    return None


def _log_lines(log: Log) -> Iterator[Line]:
    """A step's log is its step's; in one of the whole run a line belongs to the step that was named last."""
    name, texts = _step_name(log.title), list(_split(log.text))
    steps = {named[1] for text in texts if (named := STEP.search(text))}
    is_whole = bool(SUMMARY.search(name)) or (bool(steps) and not any(_same(name, step) for step in steps))
    step = None if is_whole else name
    for number, text in enumerate(texts):
        if is_whole and (named := STEP.search(text)):
            step = named[1]
        yield Line(log.title[:NAME_CHARACTERS], number, text, _body(text), step, is_told=False)


def _step_name(title: str) -> str:
    """`Tool log crop.log` is of `crop`."""
    name = re.split(r"[/\\]", title.strip())[-1]
    return re.sub(r"^(tool|step)[ _-]log[ :_-]*|\.(log|txt|out|err|stderr|stdout)$", "", name, flags=re.IGNORECASE)


def _split(text: str) -> Iterator[str]:
    end = text[-TEXT_CHARACTERS:]
    if "\n" not in end.strip() and "\\n" in end:  # escaped once too often, as in the repr of an exception
        end = end.replace("\\n", "\n")
    for line in end.splitlines():
        plain = line.rstrip()
        if plain.strip():
            half = LINE_CHARACTERS // 2
            yield plain if len(plain) <= LINE_CHARACTERS else f"{plain[:half]}…{plain[-half:]}"


def _body(text: str) -> str:
    return WEAVER.sub("", TIME.sub("", text))


def _exception(exception: JsonObject | None) -> str:
    """Part 1, 2.0: a problem document in the status."""
    if not exception:
        return ""
    told = [exception.get(name) for name in ("title", "detail", "description", "message")]
    return "\n".join(str(one) for one in told if isinstance(one, str)) or json.dumps(exception)[:TEXT_CHARACTERS]


def _ending(lines: Sequence[Line]) -> tuple[str | None, int | None]:
    """The first step that is said to have failed, and the exit code that is told of it."""
    step: str | None = None
    code: int | None = None
    for line in lines:
        if ended := STEP_ENDED.search(line.text):
            return ended[1], int(ended[2]) if ended[2] else 128 + int(ended[3]) if ended[3] else None
        failed = STEP_FAILED.search(line.text)
        if failed and step is None:
            step = failed[1]
        if code is None and (step is None or failed is None or failed[1] == step):
            code = exit_code_of(line.text)
            if code is not None and step is None and not line.is_told:
                step = line.step
    return step, code


def _last_with_errors(lines: Sequence[Line]) -> str | None:
    """Steps run one after the other: the last that tells of an error is the one that failed."""
    error = re.compile(ERROR_LINE, re.IGNORECASE)
    passing = re.compile(PASSING, re.IGNORECASE)
    return next(
        (
            line.step
            for line in reversed(lines)
            if line.step and error.search(line.text) and not passing.search(line.text)
        ),
        None,
    )


def _same(one: str, other: str) -> bool:
    """`node_crop_2` and `crop` are one step: runners number and prefix the names."""
    a, b = (re.sub(r"[^a-z0-9]|_\d+$", "", name.lower()) for name in (one, other))
    return a in b or b in a
