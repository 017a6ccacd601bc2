"""ZOO-Project with DRU, as EOEPCA deploys it (read at afc0403, July 2026)."""

from mcp_ogc.ogc.dialects.dialect import Dialect, Marks, UnitForm

ZOO = Dialect(
    name="zoo",
    title="ZOO-Project-DRU",
    marks=Marks(headers=(("x-powered-by", "zoo-project"),), landing=("zoo-project", "zooproject")),
    # The result's shape is fixed here, for good: with `return=representation` results are keyed by output (Q2, Q3).
    prefer="respond-async;return=representation",
    unit_form=UnitForm.FORMATTED,
    page_parameter="skip",
    job_list_limit=20,
    phases={
        2: "before the execution",
        5: "starting the execution",
        10: "wrapping the workflow",
        15: "wrapping the workflow",
        20: "submitting the workflow",
        23: "running the workflow",
        90: "delivering outputs",
    },
    reads_false=False,
    tells_defaults=False,
    deploys_tools=False,
    forbidden_in_ids=(",", ";", "$q$", "$$"),
    names_modules=True,
    stages_out=True,
    staged_types=("Directory", "Directory[]"),
    null_word="NULL",
    keeps_lists=False,
)
