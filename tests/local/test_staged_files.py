"""Files that jobs are given: what cwltool needs to know of them, and what belongs beside them."""

import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from mcp_ogc.errors import FileRefused, OgcError, Unreachable
from mcp_ogc.local.reader import Reader
from tests.local.conftest import brought, deploy, opened, serving, submit, until

TEXT = "https://www.iana.org/assignments/media-types/text/plain"


@pytest.mark.parametrize(
    ("given", "declared", "told"),
    [
        ("URL", TEXT, TEXT),
        ("URL", [TEXT, "http://edamontology.org/format_2330"], TEXT),
        ({"class": "File", "location": "URL", "format": "its own"}, TEXT, "its own"),
        ({"href": "URL", "type": "text/plain"}, ["http://edamontology.org/format_2330", TEXT], TEXT),
        ({"href": "URL", "type": "image/png"}, [TEXT, "http://edamontology.org/format_2330"], TEXT),
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


BESIDE = [{"pattern": "^.dbf", "required": None}, {"pattern": ".xml", "required": False}]


@pytest.mark.parametrize("over", ["http", "file", "path"])
def test_what_belongs_beside_a_file_is_brought_with_it(tmp_path: Path, over: str) -> None:
    """Under the name that cwltool looks for, whatever the files are called; a query stays with each."""
    served = tmp_path / "served"
    served.mkdir()
    for name in ("a b.shp", "a b.dbf"):
        (served / name).write_text(name, encoding="utf-8")
    with serving(served) as base:
        reader = Reader([served], [base.removeprefix("http://")])
        href = {"http": f"{base}/a%20b.shp?token=1", "file": (served / "a b.shp").as_uri(), "path": f"{served}/a b.shp"}
        file = brought(href[over], "File", tmp_path / "in", reader, secondaryFiles=BESIDE)
        with pytest.raises(OgcError, match=r"a%20b\.prj|a b\.prj"):
            brought(href[over], "File", tmp_path / "in", reader, secondaryFiles=[{"pattern": "^.prj"}])
    (beside,) = file["secondaryFiles"]
    assert (file.get("basename", "a_b.shp"), beside["basename"]) == ("a_b.shp", "a_b.dbf")
    assert Path(httpx.URL(beside["location"]).path).read_text(encoding="utf-8") == "a b.dbf"


def test_what_is_given_beside_a_file_is_not_looked_for(reader: Reader, tmp_path: Path) -> None:
    for name in ("a.shp", "other.dbf"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    given = {
        "class": "File",
        "location": (tmp_path / "a.shp").as_uri(),
        "secondaryFiles": [{"class": "File", "location": (tmp_path / "other.dbf").as_uri(), "basename": "a.dbf"}],
    }
    (beside,) = brought(given, "File", tmp_path, reader, secondaryFiles=BESIDE)["secondaryFiles"]
    assert beside["location"].endswith("other.dbf")


@pytest.mark.parametrize("told", [{"pattern": ".dbf"}, {"pattern": ".dbf", "required": None}, [{"pattern": ".dbf"}]])
def test_one_pattern_is_as_good_as_a_list_of_one(told: object, reader: Reader, tmp_path: Path) -> None:
    """cwltool makes a list of it for CWL v1.0 only."""
    for name in ("a.shp", "a.shp.dbf"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    file = brought((tmp_path / "a.shp").as_uri(), "File", tmp_path, reader, secondaryFiles=told)
    assert [one["basename"] for one in file["secondaryFiles"]] == ["a.shp.dbf"]


@pytest.mark.parametrize(
    "told",
    [
        {"pattern": "$(self.nameroot).dbf", "required": None},
        {"pattern": '${ return self.nameext == ".x" ? "a.x" : null; }'},
        {"pattern": ".dbf", "required": "$(false)"},
    ],
)
def test_what_an_expression_decides_about_is_left_to_cwltool(told: dict[str, object], tmp_path: Path) -> None:
    (tmp_path / "a.shp").write_text("x", encoding="utf-8")
    with serving(tmp_path) as base:
        reader = Reader([tmp_path], [base.removeprefix("http://")])
        for href in (f"{base}/a.shp", (tmp_path / "a.shp").as_uri()):
            assert "secondaryFiles" not in brought(href, "File", tmp_path / "in", reader, secondaryFiles=[told])


def test_an_optional_file_that_its_server_does_not_give_is_left_out(
    reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it answers: it may know only the names that it signed."""
    (tmp_path / "a.shp").write_text("x", encoding="utf-8")

    def refused(*_: object) -> None:
        raise Unreachable("it answered with 500")

    monkeypatch.setattr(Reader, "save", refused)
    monkeypatch.setattr(Reader, "path", lambda _, href: None if href.endswith(".ovr") else tmp_path / "a.shp")
    for is_required, left_out in ((False, True), (True, False)):
        told = {"pattern": ".ovr", "required": is_required}
        with nullcontext() if left_out else pytest.raises(OgcError, match="belongs beside"):
            assert "secondaryFiles" not in brought("a.shp", "File", tmp_path, reader, secondaryFiles=[told])


@pytest.mark.parametrize("kinds", [["Directory", "File"], ["File", "Directory"]])
def test_what_is_elsewhere_is_what_a_union_has_first(
    kinds: list[str], reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp_ogc.local.stage_in.bring_items", lambda *_: None)
    monkeypatch.setattr(Reader, "save", lambda _, __, target: target.parent.mkdir() or target.touch())
    made = brought({"href": "https://example.org/items/i"}, kinds, tmp_path / "in", reader)
    assert made["class"] == kinds[0]


@pytest.mark.anyio
async def test_a_remote_shapefile_is_run_on_with_all_its_files(root: Path) -> None:
    served = root.parent / "served"
    served.mkdir()
    for name in ("lakes.shp", "lakes.dbf", "lakes.shx"):
        (served / name).write_text(name, encoding="utf-8")
    package = reading("{type: File, secondaryFiles: [^.dbf, ^.shx, ^.prj?]}", 'ls "$(dirname "$1")"')
    with serving(served) as base:
        async with opened(root, allowed_hosts=[base.removeprefix("http://")]) as http:
            assert (await ran(http, package, f"{base}/lakes.shp")).split() == ["lakes.dbf", "lakes.shp", "lakes.shx"]


@pytest.mark.parametrize("name", ["é.txt", "a b.txt", "語 (1).txt", "100%.txt", "a%20b.txt", "a+b,c;d=e@f.txt"])
@pytest.mark.parametrize("is_escaped", [True, False])
def test_a_remote_file_of_any_name_is_fetched(tmp_path: Path, name: str, is_escaped: bool) -> None:
    """Its URL as people write it, and as it is sent; a % that begins an escape is taken for one."""
    served = tmp_path / "served"
    served.mkdir()
    (served / name).write_text(name, encoding="utf-8")
    written = quote(name) if is_escaped or "%20" in name else name
    with serving(served) as base:
        reader = Reader([], [base.removeprefix("http://")])
        file = brought(f"{base}/{written}?q=ü&r=%41 b", "File", tmp_path / "in", reader)
    assert Path(httpx.URL(file["location"]).path).read_text(encoding="utf-8") == name


@pytest.mark.anyio
async def test_a_default_that_comes_as_its_text_is_a_file(http: httpx.AsyncClient) -> None:
    literal = "{class: File, basename: conf é 1.json, contents: \"a: 'b'\\n\"}"
    package = reading(f"{{type: File, default: {literal}}}", 'basename "$1"; cat "$1"')
    package = package.replace(f"default: {literal}, inputBinding", "inputBinding")
    assert await ran(http, package, None) == "conf_é_1.json\na: 'b'\n"


@pytest.mark.parametrize("contents", ["x" * (64 << 10), "é" * (32 << 10), ""])
def test_a_text_of_at_most_64_kib_is_a_file(reader: Reader, tmp_path: Path, contents: str) -> None:
    given = {"class": "File", "basename": "../a", "contents": contents}
    path = Path(httpx.URL(brought(given, "Any", tmp_path / "in", reader)["location"]).path)
    assert path.parent == tmp_path / "in"
    assert path.read_text(encoding="utf-8") == contents
    for wrong in (f"{contents}{'x' * (64 << 10)}y", 5):
        with pytest.raises(OgcError, match="65,536 bytes"):
            brought({**given, "contents": wrong}, "Any", tmp_path / "in", reader)


def test_a_folder_that_comes_as_a_list_has_what_it_lists(reader: Reader, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x", encoding="utf-8")
    url = (tmp_path / "a.txt").as_uri()
    listing = [{"class": "File", "path": url}, {"class": "Directory", "basename": "e", "listing": []}]
    given = {"class": "Directory", "basename": "d", "listing": listing}
    assert brought(given, "Directory", tmp_path / "in", reader) == {
        "class": "Directory",
        "basename": "d",
        "listing": [{"class": "File", "location": url}, listing[1]],
    }
