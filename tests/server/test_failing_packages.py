"""Packages that really fail on the local endpoint, and what is said of each."""

from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from tests.server.talk import call, finished, text_of
from tests.server.test_tools import FAILING

pytestmark = pytest.mark.anyio

SCRIPT = '[sh, -c, "echo the disk is made of cheese >&2; exit 42"]'
READING = """cwlVersion: v1.2
class: CommandLineTool
id: reading
doc: Reads a file
baseCommand: cat
inputs:
  scene: {type: File, inputBinding: {}}
outputs: {}
"""


async def failed(client: Client, package: str, **inputs: Any) -> tuple[dict[str, Any], str]:
    """The answer of a job of a package that fails: what is structured, and the text."""
    deployed = await call(client, "ogc_deploy_process", package=package)
    job = await call(client, "ogc_execute_process", process_id=deployed["process_id"], inputs=inputs, wait_seconds=0)
    await finished(client, job["job_id"])
    answer = await client.call_tool("ogc_get_job", {"job_id": job["job_id"]})
    content = answer.structured_content or {}
    assert content["status"] == "failed"
    return content["why"], text_of(answer)


@pytest.mark.parametrize(
    ("command", "cause", "exit_code", "line"),
    [
        ('[sh, -c, "echo the disk is made of cheese >&2; exit 42"]', "application", 42, "the disk is made of cheese"),
        ("[cat, /no/such/scene.tif]", "application", 1, "/no/such/scene.tif: No such file or directory"),
        ("[python3, -c, \"raise KeyError('nir08')\"]", "application", 1, "KeyError: 'nir08'"),
        ("[no-such-command-anywhere]", "application", None, "no-such-command-anywhere"),
        ("[sh, -c, 'kill -9 $$']", "out of memory", 137, "was ended by signal 9"),
        ("[sh, -c, \"ulimit -v 400000; exec python3 -c 'bytearray(10**10)'\"]", "out of memory", 1, "MemoryError"),
    ],
)
async def test_the_cause_the_exit_code_and_the_line_are_told(
    client: Client, command: str, cause: str, exit_code: int | None, line: str
) -> None:
    why, text = await failed(client, FAILING.replace(SCRIPT, command))
    assert why["cause"] == cause, text
    assert why.get("exit_code") == exit_code
    assert any(line in one for one in why["untrusted"]["evidence"]), text
    assert f"Cause: {cause} in step ⟦failing⟧" in text
    assert 'endpoint="local")' in text.splitlines()[-1]


async def test_an_input_that_can_not_be_fetched_is_named(client: Client, tmp_path: Path) -> None:
    gone = (tmp_path / "downloads" / "gone.tif").as_uri()
    why, text = await failed(client, READING, scene={"href": gone})
    assert why["cause"] == "stage-in", text
    assert why["input_ids"] == ["scene"]
    assert "stage-in of scene: " in text
    assert "It is about input scene" in text
