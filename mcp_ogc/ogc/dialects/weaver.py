"""Weaver (read at 9029971, August 2026)."""

from mcp_ogc.ogc.dialects.dialect import Dialect, LogSource, Marks, UnitForm

WEAVER = Dialect(
    name="weaver",
    title="Weaver",
    marks=Marks(headers=(("server", "weaver"),), landing=("weaver",), conformance=("weaver",), path=("/weaver",)),
    # With a comma its `return` would be lost (Q2).
    prefer="respond-async;return=representation",
    unit_form=UnitForm.UNIT,
    page_parameter="page",
    # Else it is a list of ids (Q13).
    job_list_parameters={"detail": "true"},
    # `/outputs` is always keyed by output, whatever was asked at execution.
    result_paths=("results", "outputs"),
    logs=(LogSource.LOGS, LogSource.EXCEPTIONS),
    deploys_parts=True,
    chooses_workflow=False,
)
