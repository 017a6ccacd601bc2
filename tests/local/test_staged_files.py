"""Files that jobs are given: what cwltool needs to know of them, and what belongs beside them."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from mcp_ogc.local.reader import Reader
from tests.local.conftest import brought, deploy, submit, until

TEXT = "https://www.iana.org/assignments/media-types/text/plain"


@pytest.mark.parametrize(
    ("given", "declared", "told"),
    [
        ("URL", TEXT, TEXT),
        ("URL", [TEXT, "http://edamontology.org/format_2330"], TEXT),
        ({"class": "File", "location": "URL", "format": "its own"}, TEXT, "its own"),
        ("URL", "$(inputs.other.format)", None),
    ],
)
def test_a_file_has_the_format_that_is_declared(
    reader: Reader, tmp_path: Path, given: Any, declared: Any, told: str | None
) -> None:
    note = tmp_path / "note.txt"
    note.write_text("n", encoding="utf-8")
    value = json.loads(json.dumps(given).replace("URL", note.as_uri()))
    assert brought(value, "File", tmp_path, reader, format=declared).get("format") == told
    (one,) = brought([value], {"type": "array", "items": "File"}, tmp_path, reader, format=declared)
    assert one.get("format") == told
    field = {"name": "f", "type": "File", "format": declared}
    record = brought({"f": value}, {"type": "record", "fields": [field]}, tmp_path, reader)
    assert record["f"].get("format") == told


CAT = """\
cwlVersion: v1.2
$graph:
- class: Workflow
  id: cat
  inputs: {f: INPUT}
  outputs: {out: {type: File, outputSource: read/out}}
  steps: {read: {run: "#read", in: {f: f}, out: [out]}}
- class: CommandLineTool
  id: read
  baseCommand: [sh, -c, 'COMMAND', sh]
  inputs: {f: BOUND}
  outputs: {out: {type: stdout}}
  stdout: out.txt
"""


def reading(declared: str, command: str = 'cat "$1"') -> str:
    """A package whose tool runs a shell command on its input."""
    bound = declared[:-1] + ", inputBinding: {}}"
    return CAT.replace("INPUT", declared).replace("BOUND", bound).replace("COMMAND", command)


async def ran(http: httpx.AsyncClient, package: str, value: Any) -> str:
    """What the tool of `reading` printed."""
    await deploy(http, package)
    job_id = await submit(http, "cat", **({} if value is None else {"f": value}))
    info = await until(http, job_id)
    assert info["status"] == "successful", info["message"]
    results = (await http.get(f"/jobs/{job_id}/results")).json()
    return Path(httpx.URL(results["out"]["href"]).path).read_text(encoding="utf-8")


@pytest.mark.anyio
async def test_a_package_that_declares_a_format_runs(http: httpx.AsyncClient, root: Path) -> None:
    note = root.parent / "note.txt"
    note.write_text("read", encoding="utf-8")
    package = reading(f'{{type: File, format: ["{TEXT}", "http://edamontology.org/format_2330"]}}')
    assert await ran(http, package, note.as_uri()) == "read"
