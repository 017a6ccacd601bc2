"""What nobody foresaw is answered with a problem, told in the log, and in nobody's way afterwards."""

import logging
from pathlib import Path

import pytest
from starlette.types import Message, Receive, Scope, Send

from mcp_ogc.local import job_resources
from mcp_ogc.local.app import Unforeseen
from tests.local.conftest import opened, problem

pytestmark = pytest.mark.anyio


class Mistake(Exception):
    """Of ours."""


@pytest.mark.parametrize("asset_base", ["file", "http"])
async def test_a_mistake_of_ours_is_a_problem_and_a_line_in_the_log(
    root: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, asset_base: str
) -> None:
    def fails(*_: object) -> None:
        raise Mistake("the secret of /home/ada")

    async with opened(root, asset_base=asset_base) as http:
        http.headers["Host"] = "localhost"
        with monkeypatch.context() as patched, caplog.at_level(logging.ERROR):
            patched.setattr(job_resources, "page_of", fails)
            document = await problem(await http.get("/jobs"), 500)
        assert "ada" not in str(document)
        assert "Mistake" not in str(document)
        assert "the secret of /home/ada" in caplog.text
        assert "GET '/jobs' failed" in caplog.text
        assert (await http.get("/jobs")).status_code == 200
        assert (await problem(await http.get("/nothing"), 404))["title"] == "No such resource"


async def test_an_answer_that_has_begun_is_not_answered_twice() -> None:
    """It can't be taken back: whoever serves it ends the connection."""
    sent: list[Message] = []

    async def breaks_off(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise Mistake

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    with pytest.raises(Mistake):
        await Unforeseen(breaks_off)({"type": "http"}, receive, send)
    assert len(sent) == 1
