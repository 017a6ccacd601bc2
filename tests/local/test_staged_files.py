"""Files that jobs are given: what cwltool needs to know of them, and what belongs beside them."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from mcp_ogc.errors import FileRefused
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


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["a blank.txt", "n#1.txt", "why?.txt", "100%.txt", "per%20cent.txt", "[x] (1).txt"])
async def test_a_file_of_any_name_can_be_an_input(http: httpx.AsyncClient, root: Path, name: str) -> None:
    """cwltool takes few characters in names: the tool sees the file under another."""
    (root.parent / name).write_text("read", encoding="utf-8")
    assert await ran(http, reading("{type: File}"), (root.parent / name).as_uri()) == "read"


@pytest.mark.parametrize(
    ("name", "told"),
    [("a+b,c@1.tif", None), ("語.tif", None), (".hidden", None), ("a b.tif", "a_b.tif"), ("n#1?.tif", "n_1_.tif")],
)
@pytest.mark.parametrize("as_url", [True, False])
def test_a_name_is_changed_only_where_cwltool_takes_it_not(
    reader: Reader, tmp_path: Path, name: str, told: str | None, as_url: bool
) -> None:
    from cwltool.command_line_tool import PathCheckingMode

    path = tmp_path / name
    path.write_text("x", encoding="utf-8")
    file = brought(path.as_uri() if as_url else str(path), "File", tmp_path / "in", reader)
    assert file.get("basename") == told
    assert PathCheckingMode.STRICT.value.match(file.get("basename", name))
    assert file["location"] == path.as_uri()


def test_a_file_whose_url_is_not_escaped_is_told_how(reader: Reader, tmp_path: Path) -> None:
    (tmp_path / "n#1.txt").write_text("x", encoding="utf-8")
    with pytest.raises(FileRefused, match="%23"):
        brought(f"file://{tmp_path}/n#1.txt", "File", tmp_path, reader)


@pytest.mark.anyio
async def test_a_folder_of_any_name_can_be_an_input(http: httpx.AsyncClient, root: Path) -> None:
    folder = root.parent / "my #1 folder"
    folder.mkdir()
    (folder / "a.txt").write_text("read", encoding="utf-8")
    assert await ran(http, reading("{type: Directory}", 'cat "$1"/a.txt'), folder.as_uri()) == "read"
