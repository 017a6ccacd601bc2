"""52°North javaPS (read at 24e1eee, 2023): a draft of the standard, jobs below their process."""

from mcp_ogc.ogc.dialects.dialect import Dialect, Marks

JAVAPS = Dialect(
    name="javaps",
    title="52°North javaPS",
    marks=Marks(landing=("javaps", "52°north"), path=("/javaps/rest",)),
    # Prefer is not read; the body says it (§1.8).
    execute_members={"mode": "async", "response": "document"},
    logs=(),
)
