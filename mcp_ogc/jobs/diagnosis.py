"""Why a job failed: its message, exception and logs read into a cause, the lines that show it, and what to try next.

Pure: it asks nobody, never raises on whatever text, and reads a bounded part of it. The wrapper's word ("job failed")
comes last and the cause before it, so the search goes by what lines mean (`symptoms.py`), not by where they are; of a
Python traceback the last line counts, and of several that follow from each other the first too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mcp_ogc.jobs.remedies import NextStep, next_step, next_step_of_nothing
from mcp_ogc.jobs.symptoms import (
    AREA_OR_TIME,
    ENDED_BADLY,
    ERROR_LINE,
    MISSED,
    NOTHING,
    PASSING,
    REFUSED,
    STAGES,
    SYMPTOMS,
    TOLD_BY_THE_ENDPOINT,
    WRAPPERS,
    Cause,
    Kind,
    Symptom,
)
from mcp_ogc.jobs.transcript import Line, Transcript, exit_code_of, read_transcript

if TYPE_CHECKING:
    from pydantic import JsonValue

    from mcp_ogc.jobs.logs import Log
    from mcp_ogc.ogc.models import StatusInfo
    from mcp_ogc.ogc.results.stac import Output

EVIDENCE_LINES = 3
STAGE_REASONS = {
    Cause.STAGE_IN: "the data of an input could not be brought",
    Cause.STAGE_OUT: "the results could not be written",
}
EXCEPTION_LINE = re.compile(r"^[A-Za-z_][\w.]*(Error|Exception|Exit|Interrupt|Warning|Failure|Failed|Timeout)\b(:|$)")
FRAME = re.compile(r'^\s+File "|^\s{4,}|^\s+at \S+\(|^Traceback \(most recent call last\)')
RUNNER_FRAME = re.compile(r'File "[^"]*(cgi-bin|calrissian_runner|zoo_runner_common|site-packages/weaver)[^"]*", line')
CAUSED = re.compile(r"above exception was the direct cause|During handling of the above exception")


@dataclass(frozen=True, slots=True)
class Evidence:
    """One line as it stands there, untrusted; where that is: `message`, `exception`, `results`, or a log's title."""

    where: str
    is_log: bool
    """Whether `where` is a title, and so untrusted too."""
    text: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Why a job failed, and what to try next."""

    cause: Cause
    reason: str
    """The cause in plain words; ours."""
    evidence: tuple[Evidence, ...]
    step: str | None
    """Untrusted."""
    exit_code: int | None
    input_ids: tuple[str, ...]
    """The inputs the evidence names, or whose data it is about."""
    next: NextStep


@dataclass(frozen=True, slots=True)
class _Finding:
    cause: Cause
    reason: str
    lines: tuple[Line, ...]
    kind: Kind | None = None


def diagnose(
    info: StatusInfo,
    logs: Sequence[Log] = (),
    *,
    problem: str = "",
    inputs: Mapping[str, JsonValue] | None = None,
) -> Diagnosis:
    """Why a job failed.

    Args:
        info: Its status.
        logs: In the order of its steps, as far as that is known.
        problem: What its results say instead.
        inputs: What it was executed with, where that is known.
    """
    transcript = read_transcript(info, logs, problem)
    found = _find(transcript)
    lines = _distinct(found.lines)[:EVIDENCE_LINES]
    named = _inputs_of(found, transcript, inputs or info.inputs or {})
    return Diagnosis(
        cause=found.cause,
        reason=found.reason,
        evidence=tuple(Evidence(line.where, not line.is_told, line.text) for line in lines),
        step=transcript.step,
        exit_code=transcript.exit_code,
        input_ids=named,
        next=next_step(found.cause, named, kind=found.kind, has_logs=bool(logs)),
    )


def diagnose_empty(
    outputs: Sequence[Output], logs: Sequence[Log] = (), *, inputs: Mapping[str, JsonValue] | None = None
) -> Diagnosis | None:
    """What it means that a successful job made nothing (quirk Q34); None where it made something.

    Args:
        outputs: Of its results. `{}`, a collection without items and items without files are nothing.
        logs: In the order of its steps, where they are known: the last lines may say that there was no data.
        inputs: What it was executed with, where that is known.
    """
    if not all(_is_empty(output) for output in outputs):
        return None
    lines = [line for line in read_transcript(None, logs, "").lines if not _is_wrapper(line)]
    nothing = re.compile(NOTHING, re.IGNORECASE)
    said = [line for line in lines if nothing.search(line.body)]
    if said:
        found = _Finding(Cause.INPUTS, "it found no data for its area and time", _beside(said))
    elif any(output.kind in ("stac", "empty") for output in outputs):
        reason = "its catalogue has no items: most often there is no data for its area and time"
        found = _Finding(Cause.INPUTS, reason, _last_words(lines)[:1])
    else:
        reason = "stage-out found no STAC catalogue in what the application wrote, or the application found no data"
        found = _Finding(Cause.STAGE_OUT, reason, _last_words(lines)[:1])
    named = tuple(name for name in inputs or {} if re.search(AREA_OR_TIME, name, re.IGNORECASE))[:5]
    evidence = tuple(Evidence(line.where, not line.is_told, line.text) for line in found.lines[:EVIDENCE_LINES])
    step = next_step_of_nothing(found.cause, named)
    return Diagnosis(found.cause, found.reason, evidence, None, None, named, step)


def _is_empty(output: Output) -> bool:
    if output.unreadable or output.items_left_out or output.href is not None or output.members:
        return False
    return not any(item.has_assets for item in output.items) and output.value in (None, {}, [])


def _find(transcript: Transcript) -> _Finding:
    lines = transcript.lines
    return (
        _by_symptoms(SYMPTOMS, lines)
        or _by_stage(transcript)
        or _by_symptoms((REFUSED,), lines)
        or _by_application(transcript)
        or _by_symptoms(TOLD_BY_THE_ENDPOINT, lines)
        or _by_runner(transcript)
        or _by_application(transcript, told=True)
        or _Finding(Cause.UNKNOWN, "nothing it says decides why", _last_words(lines))
    )


def _by_symptoms(symptoms: Sequence[Symptom], lines: Sequence[Line]) -> _Finding | None:
    for symptom in symptoms:
        hits = [hit for hit in _hits(symptom, lines) if not _was_survived(hit, lines)]
        if hits:
            return _Finding(symptom.cause, symptom.reason, _beside(hits), symptom.kind)
    return None


def _hits(symptom: Symptom, lines: Sequence[Line]) -> list[Line]:
    """Lines of a symptom, without those a later line of the same text says are over."""
    pattern = re.compile(symptom.pattern, re.IGNORECASE)
    hits = [line for line in lines if (line.is_told or not symptom.told_only) and pattern.search(line.body)]
    if not hits or not symptom.healed_by:
        return hits
    healed = re.compile(symptom.healed_by, re.IGNORECASE)
    last = {line.where: line.number for line in lines if healed.search(line.body)}
    return [hit for hit in hits if hit.number > last.get(hit.where, -1)]


def _beside(hits: Sequence[Line]) -> tuple[Line, ...]:
    """The last of each text's hits: of an event that is told again and again, the last tells most."""
    last = {line.where: line for line in hits}
    return tuple(last.values())


def _by_stage(transcript: Transcript) -> _Finding | None:
    """Stage-in or stage-out: by the step that failed, by where the error is told, or by what only they say."""
    lines = transcript.lines
    cause = transcript.failed_stage
    if cause:
        told = [line for line in lines if line.stage is cause] or list(lines)
        return _staged(cause, told, _errors(told) or _errors(lines) or _last_words(told))
    for cause in (Cause.STAGE_OUT, Cause.STAGE_IN):
        errors = _errors([line for line in lines if line.stage is cause])
        if errors and transcript.step is None:
            return _staged(cause, [line for line in lines if line.stage is cause], errors)
    for symptom in STAGES:
        hits = [line for line in _hits(symptom, lines) if line.stage is None and not _passes(line)]
        if hits and transcript.step is None:
            return _staged(symptom.cause, lines, _errors(lines) or tuple(hits[-1:]))
    return None


def _staged(cause: Cause, lines: Sequence[Line], evidence: tuple[Line, ...]) -> _Finding:
    """With the reason it had, where that can be told: refused, not there, no answer, no STAC."""
    for symptom in (REFUSED, *MISSED):
        hits = [line for line in _hits(symptom, lines) if not _passes(line)]
        if hits:
            why = f"{STAGE_REASONS[cause]}: {symptom.reason}"
            return _Finding(cause, why, (*evidence[:1], hits[-1], *evidence[1:]), symptom.kind)
    return _Finding(cause, STAGE_REASONS[cause], evidence)


def _by_application(transcript: Transcript, *, told: bool = False) -> _Finding | None:
    """The program itself: by its log, or else by what the endpoint tells of it."""
    lines = [line for line in transcript.lines if line.is_told is told]
    has_ended = transcript.exit_code is not None or transcript.step is not None
    errors = _errors(lines, exceptions_only=told and not has_ended)
    for symptom in ENDED_BADLY:
        hits = [line for line in _hits(symptom, lines) if not _passes(line)]
        if hits:
            best = [line for line in hits if not _is_wrapper(line)] or hits
            return _Finding(Cause.APPLICATION, symptom.reason, (best[-1], *errors), symptom.kind)
    if has_ended and not errors:
        errors = _last_words(lines) or tuple(line for line in lines if told and exit_code_of(line.text))[-1:]
    return _Finding(Cause.APPLICATION, "it ended with an error", errors) if errors or (has_ended and told) else None


def _by_runner(transcript: Transcript) -> _Finding | None:
    """A traceback in the message that goes through the endpoint's own runner, where no step is told of."""
    told = [line for line in transcript.lines if line.is_told]
    if transcript.step or not any(RUNNER_FRAME.search(line.body) for line in told):
        return None
    errors = _errors(told, exceptions_only=True)
    return _Finding(Cause.ENDPOINT, "the endpoint's own runner failed", errors) if errors else None


def _errors(lines: Sequence[Line], *, exceptions_only: bool = False) -> tuple[Line, ...]:
    """Lines that tell of an error, the best first: a traceback's last one, then the one it followed from.

    Where there is no traceback: the last line that reads like an error.
    """
    worded = [line for line in lines if not _is_wrapper(line) and not FRAME.search(line.body)]
    exceptions = [line for line in worded if EXCEPTION_LINE.match(line.body)]
    if exceptions:
        chained = any(CAUSED.search(line.body) for line in lines)
        return (exceptions[-1], *(exceptions[:1] if chained else ()))
    if exceptions_only:
        return ()
    error = re.compile(ERROR_LINE, re.IGNORECASE)
    found = [line for line in worded if error.search(line.body) and not _passes(line)]
    return (found[-1],) if found else ()


def _last_words(lines: Sequence[Line]) -> tuple[Line, ...]:
    """The last line of each text that is not a wrapper's, the last text first."""
    last = {line.where: line for line in lines if not _is_wrapper(line) and not FRAME.search(line.body)}
    return tuple(reversed(last.values()))[:2]


def _is_wrapper(line: Line) -> bool:
    return re.search(WRAPPERS, line.body, re.IGNORECASE) is not None


def _passes(line: Line) -> bool:
    return re.search(PASSING, line.text, re.IGNORECASE) is not None


def _was_survived(hit: Line, lines: Sequence[Line]) -> bool:
    """Whether the program told of it and went on, until another exception; of a cluster it may be all that is told."""
    later = (line for line in lines if line.where == hit.where and line.number > hit.number)
    return _passes(hit) and any(EXCEPTION_LINE.match(line.body) and not _passes(line) for line in later)


def _distinct(lines: Sequence[Line]) -> list[Line]:
    """Without what is said twice: the message often repeats the end of a log."""
    kept: list[Line] = []
    for line in lines:
        if not any(line.text in other.text or other.text in line.text for other in kept):
            kept.append(line)
    return kept


def _inputs_of(found: _Finding, transcript: Transcript, inputs: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """The inputs that are named, or whose value is; none is guessed."""
    if found.cause not in (Cause.INPUTS, Cause.STAGE_IN, Cause.AUTHENTICATION):
        return ()
    shown = [line.text for line in found.lines]
    if found.cause is Cause.STAGE_IN:
        # Which URL it was is told before the error.
        shown += [line.text for line in transcript.lines if line.stage is Cause.STAGE_IN]
    text = "\n".join(shown)
    by_value = [name for name, value in inputs.items() if any(one in text for one in _texts(value))]
    by_name = [name for name in inputs if re.search(rf"(?<!\w)(?<!\w-){re.escape(name)}(?![\w-])", text)]
    # Ids may be the server's (pygeoapi tells its `parameters`): only what can be nothing but a name is repeated.
    return tuple(name for name in dict.fromkeys([*by_value, *by_name]) if re.fullmatch(r"[\w.:-]{1,64}", name))[:5]


def _texts(value: JsonValue) -> list[str]:
    """Texts of a value that are long enough to be its alone."""
    if isinstance(value, str):
        return [value] if len(value) >= 8 else []
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for one in members for text in _texts(one)]
