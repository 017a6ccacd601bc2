"""What tools leave that is nothing a URL or JSON can hold, through the whole endpoint; nothing of it is lost."""

import base64
import shlex
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.local.conftest import deploy, submit, tool, until

pytestmark = pytest.mark.anyio

DIRECTORY_OUT = "{out: {type: Directory, outputSource: run-it/out}}"
MADE = """\
cwlVersion: v1.2
$graph:
- class: Workflow
  id: made
  label: L
  doc: D
  inputs: {}
  outputs:
    mean: {type: double, outputSource: step/mean}
    band: {type: Any, outputSource: step/band}
    word: {type: string, outputSource: step/word}
  steps:
    step: {run: "#tool", in: {}, out: [mean, band, word]}
- class: CommandLineTool
  id: tool
  baseCommand: [printf, "%s", '{"mean": NaN, "band": {"nodata": -Infinity, "max": 1e999}, "word": "a\\ud800"}']
  stdout: cwl.output.json
  inputs: {}
  outputs: {mean: double, band: Any, word: string}
"""


async def results(http: httpx.AsyncClient, process_id: str) -> Any:
    job_id = await submit(http, process_id)
    info = await until(http, job_id)
    assert info["status"] == "successful", info["message"]
    answer = await http.get(f"/jobs/{job_id}/results")
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.skipif(sys.platform != "linux", reason="file names are UTF-8 elsewhere")
async def test_files_whose_names_are_not_utf_8_are_published_under_names_that_are(http: httpx.AsyncClient) -> None:
    """As an archive of Latin-1 names leaves them; two that are the same then are kept apart."""
    program = (
        "import os\nos.makedirs(b'd\\xe9')\nfor n in (b'\\xe9t\\xe9', b'\\xe8t\\xe8', '\\u00e9t\\u00e9'.encode()):"
    )
    program += " open(b'd\\xe9/' + n + b'.txt', 'wb').write(n)\nopen(b'\\xe9', 'w')"
    await deploy(http, tool("made", f"{sys.executable} -c {shlex.quote(program)}", outputs=DIRECTORY_OUT))
    paths = [Path(httpx.URL(one["href"]).path) for one in (await results(http, "made"))["out"]]
    contents = {path.name: path.read_bytes() for path in paths}
    assert set(contents) == {"_", "_t_.txt", "1-_t_.txt", "été.txt"}
    assert {*contents.values()} == {b"", b"\xe9t\xe9", b"\xe8t\xe8", "été".encode()}
    assert {path.parent.name for path in paths} == {"out", "d_"}


async def test_numbers_and_texts_that_json_has_not_do_not_make_results_unreadable(http: httpx.AsyncClient) -> None:
    await deploy(http, MADE)
    made = await results(http, "made")
    assert made == {"mean": None, "band": {"value": {"nodata": "-inf", "max": None}}, "word": "a\ufffd"}


async def test_a_json_file_with_such_numbers_by_value_is_its_bytes(http: httpx.AsyncClient) -> None:
    """Nothing of a file is changed."""
    package = tool("made", "printf '{\"a\": NaN}' > a.json", outputs="{out: {type: File, outputSource: run-it/out}}")
    await deploy(
        http, package.replace("type: Directory, outputBinding: {glob: .}", "type: File, outputBinding: {glob: a.json}")
    )
    headers = {"Prefer": "respond-async"}
    body = {"inputs": {}, "response": "document", "outputs": {"out": {"transmissionMode": "value"}}}
    job_id = (await http.post("/processes/made/execution", json=body, headers=headers)).json()["jobID"]
    assert (await until(http, job_id))["status"] == "successful"
    out = (await http.get(f"/jobs/{job_id}/results")).json()["out"]
    assert (out["encoding"], out["mediaType"]) == ("base64", "application/json")
    assert base64.b64decode(out["value"]) == b'{"a": NaN}'


@pytest.mark.parametrize("default", [".nan", "-.inf", "1e999"])
async def test_a_default_that_json_has_not_is_not_described_and_holds_all_the_same(
    http: httpx.AsyncClient, default: str
) -> None:
    package = tool("made", "true", inputs=f"{{n: {{type: double, default: {default}}}}}", outputs="{n: {type: double}}")
    await deploy(http, package.replace("n: {type: double}}", "n: {type: double, outputSource: n}}", 1))
    described = (await http.get("/processes/made")).json()["inputs"]["n"]
    assert described["minOccurs"] == 0
    assert "default" not in described["schema"]
    assert await results(http, "made") == {"n": None}
