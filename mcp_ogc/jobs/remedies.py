"""What to try next after a failure, by its cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mcp_ogc.jobs.symptoms import Cause, Kind

DESCRIBE, EXECUTE, PACKAGE, ENDPOINTS = (
    "ogc_describe_process",
    "ogc_execute_process",
    "ogc_get_package",
    "ogc_list_endpoints",
)


@dataclass(frozen=True, slots=True)
class NextStep:
    """Advice, and the tool whose call comes next where there is one."""

    advice: str
    tool: str | None = None


REMEDIES: Mapping[Cause, NextStep] = {
    Cause.INPUTS: NextStep("Mend the inputs as the process describes them, then execute again", DESCRIBE),
    Cause.IMAGE_PULL: NextStep(
        "Check dockerPull in the package (name, tag, a registry the endpoint may read), then deploy it with "
        "replace=true",
        PACKAGE,
    ),
    Cause.OUT_OF_MEMORY: NextStep(
        "Execute with a smaller area or fewer items, or raise ramMin and ramMax in the package's ResourceRequirement",
        PACKAGE,
    ),
    Cause.UNSCHEDULABLE: NextStep(
        "Lower coresMin and ramMin in the package's ResourceRequirement, or try again when the cluster is less busy",
        PACKAGE,
    ),
    Cause.TIME_LIMIT: NextStep("Execute with a smaller area or fewer items, or raise the time limit", PACKAGE),
    Cause.DISK_FULL: NextStep(
        "Execute with a smaller area or fewer items, or raise tmpdirMin and outdirMin in the package's "
        "ResourceRequirement",
        PACKAGE,
    ),
    Cause.STAGE_IN: NextStep("Check that the endpoint can read the URL, then execute again", DESCRIBE),
    Cause.APPLICATION: NextStep(
        "Read the evidence against the inputs: an area without data, a band that is not there, a format; else it is "
        "for the application's author",
        DESCRIBE,
    ),
    Cause.STAGE_OUT: NextStep(
        "The application ran. Check that its output is a Directory with catalog.json, and that the endpoint may write "
        "to its storage",
        PACKAGE,
    ),
    Cause.GATEWAY: NextStep("Execute again; the endpoint may be busy", EXECUTE),
    Cause.AUTHENTICATION: NextStep("Check how you are signed in, and whether the namespace is yours", ENDPOINTS),
    Cause.ENDPOINT: NextStep("Execute again; if it fails the same way, tell the people who run the endpoint", EXECUTE),
    Cause.UNKNOWN: NextStep("Check the inputs against the description; ask the people who run the endpoint", DESCRIBE),
}
SPECIAL: Mapping[tuple[Cause, Kind], NextStep] = {
    (Cause.STAGE_IN, Kind.REFUSED): NextStep(
        "Its URL needs signing or credentials the endpoint has not: give a signed or public URL, then execute again",
        DESCRIBE,
    ),
    (Cause.STAGE_OUT, Kind.REFUSED): NextStep(
        "The application ran; the endpoint may not write to its storage: for the people who run it"
    ),
    (Cause.APPLICATION, Kind.PACKAGE): NextStep(
        "Mend the package (its command, image or outputs), then deploy it with replace=true", PACKAGE
    ),
}


def next_step(cause: Cause, input_ids: Sequence[str], *, kind: Kind | None, has_logs: bool) -> NextStep:
    """What to try after a failure of this cause."""
    remedy = (SPECIAL.get((cause, kind)) if kind else None) or REMEDIES[cause]
    if input_ids:
        which = f"input {input_ids[0]}" if len(input_ids) == 1 else f"inputs {', '.join(input_ids)}"
        return NextStep(f"It is about {which}. {remedy.advice}", remedy.tool)
    if cause is Cause.UNKNOWN and has_logs:
        return NextStep(f"Read the whole logs. {remedy.advice}", remedy.tool)
    return remedy


def next_step_of_nothing(cause: Cause, input_ids: Sequence[str]) -> NextStep:
    """What to try after a success that made nothing."""
    which = f" ({', '.join(input_ids)})" if input_ids else ""
    advice = f"Check that its area and time hold data{which}: longitude before latitude, dates, the scene's extent"
    if cause is Cause.STAGE_OUT:
        advice += "; and that its last step writes catalog.json"
    return NextStep(advice, DESCRIBE)
