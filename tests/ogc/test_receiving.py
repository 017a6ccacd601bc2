"""Results that come at once, of any size, are taken, kept or told to be too long: a document, a file, a job."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from mcp_ogc.answer_files import AnswerFiles
from mcp_ogc.errors import DiskError, SubmissionUnconfirmed, TooLarge
from mcp_ogc.ogc.answers import Answer
from mcp_ogc.ogc.client import ProcessesClient
from mcp_ogc.ogc.models import Execute, StatusInfo
from mcp_ogc.ogc.receiving import KeepFile
from mcp_ogc.settings import Limits
from tests.servers.loopback import Reply, Server

pytestmark = pytest.mark.anyio

EXECUTION = "/ogc/processes/p/execution"
LIMITS = Limits(document_bytes=1000, asset_bytes=300_000)
TIFF = b"II*\x00" + bytes(range(250)) * 1000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "answers"


async def executed(server: Server, keep: KeepFile | None) -> Answer | StatusInfo:
    async with httpx.AsyncClient(trust_env=False) as http:
        return await ProcessesClient(http, f"{server.url}/ogc", limits=LIMITS, keep_file=keep).execute("p", Execute())


@pytest.mark.parametrize("media_type", ["image/tiff", "application/octet-stream", "text/csv", ""])
async def test_a_file_longer_than_a_document_is_kept_whole(server: Server, folder: Path, media_type: str) -> None:
    headers = {"Content-Type": media_type, "Link": "</x>; rel=self"} if media_type else {}
    server.on(EXECUTION, Reply(200, headers, TIFF))
    answer = await executed(server, AnswerFiles(folder).keep)
    assert isinstance(answer, Answer)
    (kept,) = folder.iterdir()
    assert (answer.body, answer.url, answer.links) == (b"", kept.as_uri(), ())
    assert answer.is_elsewhere
    assert kept.read_bytes() == TIFF


async def test_a_file_that_is_no_longer_than_a_document_comes_in_the_answer(server: Server, folder: Path) -> None:
    server.on(EXECUTION, Reply(200, {"Content-Type": "image/tiff"}, TIFF[:1000]))
    answer = await executed(server, AnswerFiles(folder).keep)
    assert isinstance(answer, Answer)
    assert answer.body == TIFF[:1000]
    assert not folder.exists()


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("application/json", b'{"a": "' + b"x" * 2000 + b'"}'),
        ("application/octet-stream", b'{"a": "' + b"x" * 2000 + b'"}'),
        ("application/geo+json", b"[" * 2000),
        ("multipart/related; boundary=B", b"--B" * 2000),
        ("text/html", b"<html>" + b"x" * 2000),
        ("image/tiff", b"II*\x00" * 100_000),
    ],
)
async def test_what_is_too_long_is_told_to_be_done_and_how_it_could_be_had(
    server: Server, folder: Path, media_type: str, body: bytes
) -> None:
    server.on(EXECUTION, Reply(200, {"Content-Type": media_type}, body))
    with pytest.raises(TooLarge, match="answered at once, so there is no job") as raised:
        await executed(server, AnswerFiles(folder).keep)
    assert "fewer outputs" in raised.value.remedy
    assert not folder.exists() or not list(folder.iterdir())


async def test_without_a_place_for_files_nothing_longer_than_a_document_is_taken(server: Server) -> None:
    server.on(EXECUTION, Reply(200, {"Content-Type": "image/tiff"}, TIFF))
    with pytest.raises(TooLarge, match="there is no job"):
        await executed(server, None)


async def test_a_file_that_breaks_off_is_not_kept_and_leaves_the_execution_unconfirmed(
    server: Server, folder: Path
) -> None:
    server.on(EXECUTION, Reply(200, {"Content-Type": "image/tiff"}, TIFF, cut=100_000))
    with pytest.raises(SubmissionUnconfirmed, match="the job may exist"):
        await executed(server, AnswerFiles(folder).keep)
    assert list(folder.iterdir()) == []


async def test_a_job_whose_answer_is_too_long_may_be_there(server: Server, folder: Path) -> None:
    server.on(EXECUTION, Reply(201, {"Location": "/ogc/jobs/j1", "Content-Type": "image/tiff"}, TIFF))
    with pytest.raises(SubmissionUnconfirmed, match="the job may exist"):
        await executed(server, AnswerFiles(folder).keep)


async def test_a_file_that_can_not_be_written_says_so(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    server.on(EXECUTION, Reply(200, {"Content-Type": "image/tiff"}, TIFF))
    with pytest.raises(DiskError, match=r"there is no job.*can't be written") as raised:
        await executed(server, AnswerFiles(tmp_path / "file" / "answers").keep)
    assert "executed again" in raised.value.remedy


async def pieces(*told: bytes) -> AsyncIterator[bytes]:
    for piece in told:
        yield piece


async def test_two_answers_are_two_files_also_where_they_are_the_same(folder: Path) -> None:
    files = AnswerFiles(folder)
    places = {await files.keep(pieces(b"a", b"b"), "image/tiff; application=geotiff") for _ in range(2)}
    assert len(places) == 2
    assert [path.read_bytes() for path in folder.iterdir()] == [b"ab", b"ab"]
    assert all(place.endswith(".tif") for place in places)
