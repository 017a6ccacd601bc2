"""What every tool works with."""

import pytest

from mcp_ogc.jobs.entries import KeptAnswer
from mcp_ogc.workspace import Workspace

pytestmark = pytest.mark.anyio


async def test_a_file_that_was_answered_at_once_can_be_read_though_it_is_nowhere_else(work: Workspace) -> None:
    local = work.endpoint("local")
    intent = await work.journal.intend("local", "echo", "1", {}, "digest", same_since=None)
    kept = KeptAnswer("image/tiff", b"II*\x00\xff", (), "http://local.invalid/processes/echo/execution")
    entry = await work.journal.keep_answer(intent.submission, "sync-1", kept)
    (output,) = (await work.results(local, entry.job_id or "")).outputs
    assert (output.kind, output.is_raster, output.size) == ("file", True, 5)
    assert output.href is not None
    assert await work.objects.read(output.href) == b"II*\x00\xff"
    assert (await work.results(local, entry.job_id or "")).outputs[0].href == output.href
