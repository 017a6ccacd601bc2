"""The schemas that the server reads are those of the tools' functions; `make snapshots` writes them before all else."""

import os

from mcp_ogc.tools.catalogue import TOOLS
from mcp_ogc.tools.schemas import WRITTEN, as_written


def test_the_schemas_that_are_written_down_are_those_of_the_functions() -> None:
    made = as_written(TOOLS)
    if os.environ.get("WRITE_SNAPSHOTS"):
        WRITTEN.write_text(made, encoding="utf-8")
    assert WRITTEN.read_text(encoding="utf-8") == made, "a tool changed: run make snapshots"
