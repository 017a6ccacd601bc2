"""What every tool works with."""

import pytest

from mcp_ogc.jobs.entries import KeptAnswer
from mcp_ogc.workspace import Workspace

pytestmark = pytest.mark.anyio


async def test_a_file_that_was_answered_at_once_is_nowhere_else_to_be_read(work: Workspace) -> None:
    local = work.endpoint("local")
    intent = await work.journal.intend("local", "echo", "1", {}, "digest", same_since=None)
    kept = KeptAnswer("image/tiff", b"II*\x00\xff", ())
    entry = await work.journal.keep_answer(intent.submission, "sync-1", kept)
    (output,) = (await work.results(local, entry.job_id)).outputs
    assert output.href is None, "the endpoint's landing page is not the file"
    assert output.value == "5 bytes of image/tiff"
