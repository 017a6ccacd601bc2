"""What the tests of requirements ask with."""

from typing import Any

import httpx

from tests.local.conftest import tool

ASYNC = {"Prefer": "respond-async"}
CWL = {"Content-Type": "application/cwl"}
OGCAPPPKG = {"Content-Type": "application/ogcapppkg+json"}
HELLO = tool("hello", "echo hello > hello.txt")
FILE = tool("made", "echo a > a.txt", outputs="{out: {type: Directory, outputSource: run-it/out}}")
TWO_FILES = FILE.replace("outputs: {out:", "outputs: {first: {type: Directory, outputSource: run-it/out}, out:", 1)


async def get(http: httpx.AsyncClient, path: str, **query: str) -> Any:
    """A JSON document that is there."""
    answer = await http.get(path, params=query or None)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/json")
    return answer.json()


async def executed(http: httpx.AsyncClient, process_id: str = "echo", **request: Any) -> httpx.Response:
    """The answer of a synchronous execution."""
    return await http.post(f"/processes/{process_id}/execution", json=request)


def linked(document: Any, rel: str) -> str:
    """The one link of a relation."""
    (href,) = [link["href"] for link in document["links"] if link["rel"].rsplit("/", 1)[-1] == rel]
    return str(href)
