"""Stage-in and stage-out of a job, as ZOO-Project-DRU does them."""

import hashlib
import json
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import httpx
import pytest

from mcp_ogc.errors import OgcError
from mcp_ogc.local.reader import Reader
from mcp_ogc.local.stage_in import StageIn
from mcp_ogc.local.staged_items import ITEMS
from tests.local.conftest import brought, deploy, opened, problem, serving, submit, tool, until


def scene(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "a.bin").write_bytes(b"pixels")
    document = {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": "scene-1",
        "geometry": {"type": "Point", "coordinates": [1, 2]},
        "bbox": [1, 2, 1, 2],
        "properties": {"datetime": "2020-01-01T00:00:00Z"},
        "links": [],
        "assets": {"data": {"href": "./a.bin", "type": "application/octet-stream"}},
    }
    (folder / "item.json").write_text(json.dumps(document), encoding="utf-8")
    collection = {
        "type": "Collection",
        "stac_version": "1.0.0",
        "id": "c",
        "links": [{"rel": "item", "href": "./item.json"}],
    }
    (folder / "collection.json").write_text(json.dumps(collection), encoding="utf-8")
    items = {"type": "FeatureCollection", "features": [document]}
    (folder / "items.json").write_text(json.dumps(items), encoding="utf-8")
    return folder


DIRECTORY_IN = """\
cwlVersion: v1.2
$graph:
- class: Workflow
  id: staged
  label: Staged
  doc: Passes a catalogue through
  inputs:
    scene: {type: Directory, label: Scene, doc: a STAC item}
    note: {type: File, label: Note, doc: a file}
  outputs:
    catalog: {type: Directory, outputSource: pass/out}
    note: {type: File, outputSource: pass/note}
  steps:
    pass:
      run: "#pass"
      in: {scene: scene, note: note}
      out: [out, note]
- class: CommandLineTool
  id: pass
  baseCommand: [sh, -c, 'mkdir o; cp -r "$0"/. o; cat "$1" > seen.txt']
  inputs:
    scene: {type: Directory, inputBinding: {position: 1}}
    note: {type: File, inputBinding: {position: 2}}
  outputs:
    out: {type: Directory, outputBinding: {glob: o}}
    note: {type: File, outputBinding: {glob: seen.txt}}
"""


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["item.json", "collection.json", "items.json"])
@pytest.mark.parametrize("over", ["file", "http"])
async def test_directory_and_file_inputs_are_staged_in_and_a_catalogue_is_staged_out(
    tmp_path: Path, name: str, over: str
) -> None:
    folder = scene(tmp_path / "scene")
    with serving(folder) if over == "http" else nullcontext(folder.as_uri()) as base:
        reach: dict[str, Any] = {"readable_folders": [folder]}
        if over == "http":
            reach = {"allowed_hosts": [base.removeprefix("http://")]}
        async with opened(tmp_path / "local", **reach) as http:
            await deploy(http, DIRECTORY_IN)
            job_id = await submit(http, "staged", scene=f"{base}/{name}", note={"href": f"{base}/a.bin"})
            info = await until(http, job_id)
            assert info["status"] == "successful", info["message"]
            results = (await http.get(f"/jobs/{job_id}/results")).json()
    catalogue = results["catalog"]["value"]
    assert (catalogue["type"], catalogue["id"]) == ("FeatureCollection", job_id)
    (feature,) = catalogue["features"]
    assert (feature["id"], feature["collection"]) == ("scene-1", job_id)
    asset = feature["assets"]["data"]
    published = Path(httpx.URL(asset["href"]).path)
    assert published.read_bytes() == b"pixels"
    assert asset["file:size"] == 6
    assert asset["file:checksum"] == "1220" + hashlib.sha256(b"pixels").hexdigest()
    collection = json.loads((published.parents[1] / "collection.json").read_text(encoding="utf-8"))
    assert collection["id"] == job_id
    assert collection["extent"]["spatial"]["bbox"] == [[1, 2, 1, 2]]
    assert collection["extent"]["temporal"]["interval"][0][0] == "2020-01-01T00:00:00Z"
    assert Path(httpx.URL(results["note"]["href"]).path).read_bytes() == b"pixels"
    assert (folder / "a.bin").exists(), "an input stays where it was"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("href", "told"),
    [
        ("file:///etc/passwd", "not below a permitted folder"),
        ("http://127.0.0.1:9/x", "not a public address"),
        ("s3://b/k", "can't be staged in"),
        ("http://user@127.0.0.1/", "can't be staged in"),
    ],
)
async def test_an_input_that_may_not_be_read_fails_the_job_with_the_reason(
    http: httpx.AsyncClient, href: str, told: str
) -> None:
    await deploy(http, DIRECTORY_IN)
    info = await until(http, await submit(http, "staged", scene=href, note=href))
    assert info["status"] == "failed"
    assert told in info["message"]


RECORD = {"type": "record", "fields": [{"name": "img", "type": "File"}, {"name": "n", "type": "int"}]}
OF_VALUE = {"type": "record", "fields": [{"name": "value", "type": "File"}]}


@pytest.mark.parametrize(
    ("value", "kind", "staged"),
    [
        ("URL", "File", {"class": "File", "location": "URL"}),
        ({"href": "URL", "type": "text/plain"}, "File", {"class": "File", "location": "URL"}),
        ({"value": "URL", "mediaType": "text/uri-list"}, ["null", "File"], {"class": "File", "location": "URL"}),
        (["URL"], {"type": "array", "items": "File"}, [{"class": "File", "location": "URL"}]),
        ("URL", {"type": "array", "items": "File"}, [{"class": "File", "location": "URL"}]),
        ({"href": "URL"}, ["string", "File"], {"class": "File", "location": "URL"}),
        ("URL", ["string", "File"], "URL"),
        ("URL", ["File", "string"], "URL"),
        (["a"], ["string", {"type": "array", "items": "string"}], ["a"]),
        ("URL", ["File", {"type": "array", "items": "File"}], {"class": "File", "location": "URL"}),
        (["URL"], ["File", {"type": "array", "items": "File"}], [{"class": "File", "location": "URL"}]),
        ({"href": "URL"}, ["string", {"type": "array", "items": "File"}], [{"class": "File", "location": "URL"}]),
        ("URL", ["int", {"type": "array", "items": "File"}], [{"class": "File", "location": "URL"}]),
        ("URL", ["File", "Directory"], {"class": "File", "location": "URL"}),
        ("FOLDER", ["null", "File", "Directory"], {"class": "Directory", "location": "FOLDER"}),
        ({"class": "Directory", "path": "FOLDER"}, ["File", "Directory"], {"class": "Directory", "location": "FOLDER"}),
        ("low", [{"type": "enum", "symbols": ["file:///package#w/level/low"]}, "File"], "low"),
        ("URL", [{"type": "enum", "symbols": ["low"]}, "File"], {"class": "File", "location": "URL"}),
        ({"img": "URL", "n": 1.0}, RECORD, {"img": {"class": "File", "location": "URL"}, "n": 1}),
        ([{"img": "URL"}], {"type": "array", "items": RECORD}, [{"img": {"class": "File", "location": "URL"}}]),
        ({"img": "URL"}, ["null", "File", RECORD], {"img": {"class": "File", "location": "URL"}}),
        ({"value": {"img": {"href": "URL"}}}, RECORD, {"img": {"class": "File", "location": "URL"}}),
        ({"value": "URL"}, OF_VALUE, {"value": {"class": "File", "location": "URL"}}),
        ({"img": "URL"}, "package.Named", {"img": {"class": "File", "location": "URL"}}),
        ("URL", "string", "URL"),
        ({"value": 5}, "int", 5),
        (None, ["null", "File"], None),
        ({"bbox": [1, 2, 3, 4]}, "Any", {"bbox": [1, 2, 3, 4]}),
    ],
)
def test_files_are_brought_and_everything_else_is_passed(
    reader: Reader, tmp_path: Path, value: Any, kind: Any, staged: Any
) -> None:
    """A string that a package takes as a string is one, whatever it looks like."""
    note = tmp_path / "note.txt"
    note.write_text("n", encoding="utf-8")

    def told(document: Any) -> Any:
        return json.loads(json.dumps(document).replace("URL", note.as_uri()).replace("FOLDER", tmp_path.as_uri()))

    stage_in = StageIn(reader, {"package.Named": RECORD})
    assert stage_in.bring(told(value), {"type": told(kind)}, tmp_path / "in") == told(staged)


@pytest.mark.parametrize(
    ("kind", "value", "staged"),
    [
        ("int", 3.0, 3),
        ("long", 3e9, 3_000_000_000),
        (["null", "int"], 3.0, 3),
        ({"type": "array", "items": "int"}, [1.0, 2], [1, 2]),
        ("double", 3.0, 3.0),
        (["double", "string"], 3.0, 3.0),
        (["int", "long"], 3e9, 3_000_000_000),
        (["int", "double"], 3e9, 3e9),
        ("int", 3.5, 3.5),
        ("boolean", True, True),
        (["int", "boolean"], True, True),
    ],
)
def test_a_whole_number_is_an_integer_however_it_is_written(
    reader: Reader, tmp_path: Path, kind: Any, value: Any, staged: Any
) -> None:
    found = brought(value, kind, tmp_path, reader)
    assert (found, json.dumps(found)) == (staged, json.dumps(staged))


@pytest.mark.anyio
async def test_what_cwltool_would_not_take_for_an_integer_is_refused_before_there_is_a_job(
    http: httpx.AsyncClient,
) -> None:
    outputs = "{out: {type: Directory, outputSource: run-it/out}}"
    await deploy(
        http,
        tool("p", 'test "$0" = 3', inputs="{n: int}", outputs=outputs, more="n: n").replace(
            "  inputs: {n: int}\n  outputs:\n", "  inputs: {n: {type: int, inputBinding: {}}}\n  outputs:\n"
        ),
    )
    info = await until(http, await submit(http, "p", n=3.0))
    assert info["status"] == "successful", info["message"]
    for number in (3_000_000_000, 3e9):
        answer = await http.post("/processes/p/execution", json={"inputs": {"n": number}})
        assert "at most 2147483647" in (await problem(answer, 400))["detail"]


def item(name: str, **more: Any) -> dict[str, Any]:
    return {"type": "Feature", "stac_version": "1.0.0", "id": name, "assets": {}, "links": [], **more}


def staged(folder: Path, document: Mapping[str, Any], reader: Reader) -> Path:
    (folder / "given.json").write_text(json.dumps(document), encoding="utf-8")
    value = brought((folder / "given.json").as_uri(), "Directory", folder / "in", reader)
    return Path(httpx.URL(value["location"]).path)


def test_pystac_reads_what_was_staged_in(reader: Reader, tmp_path: Path) -> None:
    """Items and assets of one name are all there."""
    import pystac

    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.bin").write_text(name, encoding="utf-8")
    assets = {"a/b": {"href": "one/a.bin"}, "a:b": {"href": "two/a.bin"}, "a b": {"href": "two/a.bin"}}
    whole = {"geometry": None, "properties": {"datetime": "2020-01-01T00:00:00Z"}, "collection": "elsewhere"}
    items = [item("same", assets=assets, **whole), item("same", **whole), item("../up", **whole)]
    folder = staged(tmp_path, {"type": "FeatureCollection", "features": items}, reader)
    read = list(pystac.Catalog.from_file(str(folder / "catalog.json")).get_items())
    assert [one.id for one in read] == ["same", "same", "../up"]
    hrefs = [asset.get_absolute_href() for asset in read[0].assets.values()]
    assert [Path(str(href)).read_text(encoding="utf-8") for href in hrefs] == ["one", "two", "two"]
    assert {path.resolve().is_relative_to(folder) for path in folder.rglob("*")} == {True}


def test_a_folder_is_given_as_it_is(reader: Reader, tmp_path: Path) -> None:
    assert brought(tmp_path.as_uri(), "Directory", tmp_path / "in", reader)["location"] == tmp_path.as_uri()


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"type": "Catalog", "links": []}, "no STAC items"),
        ({"type": "Catalog", "links": [None, {"rel": "item"}, {"rel": "item", "href": 5}]}, "no STAC items"),
        ({"type": "FeatureCollection", "features": [None]}, "no STAC items"),
        ({"type": "Collection", "links": [{"rel": "item", "href": "i.json"}] * (ITEMS + 1)}, "1,001 items"),
        (item("a", assets={"data": {"href": 5}}), "has no href"),
        (item("a", assets={"data": None}), "has no href"),
        (item("a", assets={"data": {"href": "file:///etc/passwd"}}), "not below a permitted folder"),
        (item("a", assets={"data": {"href": "s3://bucket/key"}}), "can't be staged in"),
        (item("a", assets={"data": {"href": "absent.tif"}}), "does not exist"),
    ],
)
def test_what_can_not_be_brought_says_why(reader: Reader, tmp_path: Path, document: dict[str, Any], told: str) -> None:
    with pytest.raises(OgcError, match=told):
        staged(tmp_path, document, reader)


@pytest.mark.parametrize("value", [5, {"href": ""}, {}, ["a"]])
def test_an_input_that_is_no_url_says_so(reader: Reader, tmp_path: Path, value: Any) -> None:
    with pytest.raises(OgcError, match="is not a URL"):
        brought(value, "File", tmp_path, reader)


def test_a_document_from_another_machine_has_no_say_in_what_is_read_from_this_one(tmp_path: Path) -> None:
    """Not even below a permitted folder."""
    (tmp_path / "mine.txt").write_text("m", encoding="utf-8")
    served = tmp_path / "served"
    served.mkdir()
    document = item("a", assets={"data": {"href": (tmp_path / "mine.txt").as_uri()}})
    (served / "item.json").write_text(json.dumps(document), encoding="utf-8")
    with serving(served) as base:
        reader = Reader([tmp_path], [base.removeprefix("http://")])
        with pytest.raises(OgcError, match="can't be staged in"):
            brought(f"{base}/item.json", "Directory", tmp_path / "in", reader)


def page(*names: str, following: Any = None, **more: Any) -> dict[str, Any]:
    links = [{"rel": "next", **({"href": following} if isinstance(following, str) else following)}] if following else []
    return {"type": "FeatureCollection", "features": [item(name) for name in names], "links": links, **more}


def test_an_item_collection_is_staged_in_with_all_its_pages(tmp_path: Path) -> None:
    """An empty page is no end, and its last page has no next."""
    served = tmp_path / "served"
    (served / "more").mkdir(parents=True)
    pages = {
        "search.json": page("one", following="more/2.json", numberMatched=3),
        "more/2.json": page(following="3.json"),
        "more/3.json": page("two", "three"),
    }
    for name, document in pages.items():
        (served / name).write_text(json.dumps(document), encoding="utf-8")
    with serving(served) as base:
        reader = Reader([], [base.removeprefix("http://")])
        location = brought(f"{base}/search.json", "Directory", tmp_path / "in", reader)["location"]
    catalogue = json.loads((Path(httpx.URL(location).path) / "catalog.json").read_text(encoding="utf-8"))
    told = [link["href"] for link in catalogue["links"] if link["rel"] == "item"]
    assert told == ["./one/one.json", "./two/two.json", "./three/three.json"]


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (page("a", following="given.json"), "without end"),
        (page("a", following="b.json", numberMatched=ITEMS + 1), "1,001 items"),
        (page("a", following={"href": "b.json", "method": "POST", "body": {}}), "more items"),
        (page("a", following={"title": "Next"}), "more items"),
        (page("a", following="http://127.0.0.1:9/2"), "not a public address"),
        (page("a", following="file:///etc/passwd"), "not below a permitted folder"),
    ],
)
def test_a_collection_that_can_not_be_brought_whole_is_not_brought(
    reader: Reader, tmp_path: Path, document: dict[str, Any], told: str
) -> None:
    with pytest.raises(OgcError, match=told):
        staged(tmp_path, document, reader)
    assert not (tmp_path / "in" / "catalog.json").exists()
