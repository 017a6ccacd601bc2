"""T7: nothing is read from this machine but what is below a permitted folder."""

import json
import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcp_ogc.errors import FileRefused, OgcError
from mcp_ogc.local import confinement
from mcp_ogc.local.reader import Reader
from mcp_ogc.local.stage_in import StageIn
from mcp_ogc.net.http import open_http
from mcp_ogc.net.objects import Objects
from mcp_ogc.net.storage import Storage
from mcp_ogc.settings import Limits, Settings
from tests.local.conftest import deploy, opened, submit, until

pytestmark = pytest.mark.anyio

CANARY = secrets.token_hex(16)


@pytest.fixture
def permitted(tmp_path: Path) -> Path:
    """A permitted folder, and beside it a secret."""
    folder = tmp_path / "permitted"
    folder.mkdir()
    (folder / "scene.tif").write_text("scene")
    (tmp_path / "secret.txt").write_text(CANARY)
    (tmp_path / "permitted-not").mkdir()
    (tmp_path / "permitted-not" / "secret.txt").write_text(CANARY)
    return folder


def objects(folder: Path, http: httpx.AsyncClient) -> Objects:
    return Objects(http, Storage({}), [folder], Limits())


async def refused(folder: Path, href: str) -> None:
    async with open_http(Settings()) as http:
        reader = objects(folder, http)
        for attempt in (reader.read(href), reader.info(href)):
            with pytest.raises(OgcError) as problem:
                await attempt
            assert CANARY not in str(problem.value)
        with pytest.raises(OgcError):
            [chunk async for chunk in reader.stream(href)]


@pytest.mark.parametrize(
    "href",
    [
        "{folder}/../secret.txt",
        "file://{folder}/../secret.txt",
        "file://{folder}/%2e%2e/secret.txt",
        "file://{folder}/..%2fsecret.txt",
        "{folder}-not/secret.txt",
        "{folder}",
        "{folder}/scene.tif/../../secret.txt",
        "file://{folder}/scene.tif%00.txt",
        "file://elsewhere{folder}/scene.tif",
        "file:////elsewhere/share/scene.tif",
        "//elsewhere/share/scene.tif",
        "\\\\elsewhere\\share\\scene.tif",
        "/etc/passwd",
        "file:///etc/passwd",
        "FILE:///etc/passwd",
        "/vsizip/{folder}/scene.tif",
        "/vsis3/bucket/key",
        "/vsicurl/http://169.254.169.254/",
        "vrt://{folder}/scene.tif",
        "GTIFF_DIR:1:{folder}/scene.tif",
        "<VRTDataset><SourceFilename>{folder}/scene.tif</SourceFilename></VRTDataset>",
        "{folder}/scene.tif\x00",
        "scene.tif",
        "../secret.txt",
        "~/secret.txt",
        "data:text/plain,x",
        "http://[",
        "{long}",
        "",
    ],
)
async def test_what_is_not_below_a_permitted_folder_is_refused(href: str, permitted: Path) -> None:
    await refused(permitted, href.format(folder=permitted.as_posix(), long="/" + 5000 * "a"))


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")
async def test_a_link_is_judged_by_where_it_leads(permitted: Path) -> None:
    (permitted / "out.tif").symlink_to(permitted.parent / "secret.txt")
    (permitted / "up").symlink_to(permitted.parent)
    (permitted / "round").symlink_to(permitted / "round")
    (permitted / "in.tif").symlink_to(permitted / "scene.tif")
    for href in ("out.tif", "up/secret.txt", "round"):
        await refused(permitted, str(permitted / href))
    async with open_http(Settings()) as http:
        assert await objects(permitted, http).read(str(permitted / "in.tif")) == b"scene"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
async def test_a_pipe_or_a_device_is_no_file(permitted: Path) -> None:
    os.mkfifo(permitted / "pipe")
    await refused(permitted, str(permitted / "pipe"))


async def test_without_permitted_folders_nothing_is(permitted: Path) -> None:
    async with open_http(Settings()) as http:
        with pytest.raises(FileRefused, match="permitted_folders"):
            Objects(http, Storage({}), [], Limits()).local_path(str(permitted / "scene.tif"))


SECRET = {"class": "File", "location": "SECRET"}
FILE = {"class": "File", "location": "SCENE"}


@pytest.mark.parametrize(
    "value",
    [
        SECRET,
        {"class": "File", "path": "SECRET"},
        {"class": "Directory", "location": "FOLDER"},
        {"class": "File", "location": "http://127.0.0.1:9/x"},
        {"class": "File", "location": "s3://bucket/key"},
        [SECRET],
        {"a": [{"b": SECRET}]},
        {"value": SECRET},
        {"class": "Directory", "basename": "d", "listing": [SECRET]},
        {**FILE, "secondaryFiles": [SECRET]},
        {**FILE, "secondaryFiles": [{"class": "Directory", "basename": "d", "listing": [SECRET]}]},
        {**FILE, "secondaryFiles": SECRET},
        {"class": "Directory", "basename": "d", "listing": ["SECRET"]},
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "kind",
    [
        "Any",
        "org.w3id.cwl.salad.Any",
        "string",
        "not.a.type.we.know",
        ["null", "string", "int"],
        ["null", "Any"],
        {"type": "array", "items": "Any"},
        {"type": "record", "fields": [{"name": "a", "type": "string"}]},
        "File",
        "Directory",
        ["File", "Directory", {"type": "array", "items": "File"}],
    ],
    ids=str,
)
def test_no_type_of_input_is_a_way_to_a_file(value: Any, kind: Any, permitted: Path) -> None:
    """cwltool reads, links and mounts whatever a File or Directory names, wherever in an input it stands."""
    parent = permitted.parent
    told = json.dumps(value).replace("SECRET", (parent / "secret.txt").as_uri()).replace("FOLDER", parent.as_uri())
    given = json.loads(told.replace("SCENE", (permitted / "scene.tif").as_uri()))
    with pytest.raises(OgcError):
        StageIn(Reader([permitted], [])).bring(given, {"type": kind}, parent / "in")


WORDS = st.sampled_from(["File", "Directory", "SECRET", "SCENE", "http://127.0.0.1:9/x", "x", ""])
NAMES = st.sampled_from(
    ["class", "location", "path", "href", "value", "basename", "listing", "secondaryFiles", "contents", "a", "b"]
)
WRAPPED = {"class": {"value": "File"}, "location": "SECRET"}
VALUES = st.recursive(
    WORDS | st.integers() | st.none() | st.sampled_from([SECRET, FILE, WRAPPED]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
KINDS = st.recursive(
    st.sampled_from(["null", "int", "string", "Any", "File", "Directory", "named", "unknown"]),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        | st.fixed_dictionaries({"type": st.just("array"), "items": inner})
        | st.fixed_dictionaries(
            {
                "type": st.just("record"),
                "fields": st.lists(st.fixed_dictionaries({"name": NAMES, "type": inner}), max_size=3),
            }
        )
    ),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(VALUES, KINDS)
def test_whatever_is_given_for_whatever_type_every_file_is_one_that_was_brought(
    permitted: Path, value: Any, kind: Any
) -> None:
    told = json.dumps(value).replace("SECRET", (permitted.parent / "secret.txt").as_uri())
    given_value = json.loads(told.replace("SCENE", (permitted / "scene.tif").as_uri()))
    named = {"named": {"type": "record", "fields": [{"name": "a", "type": "File"}, {"name": "b", "type": "named"}]}}
    try:
        brought = StageIn(Reader([permitted], []), named).bring(given_value, {"type": kind}, permitted / "in")
    except OgcError:
        return
    for location in locations(brought):
        assert location.startswith(permitted.as_uri())


def locations(value: Any) -> Iterator[str]:
    """Of what cwltool takes for a File or Directory."""
    if isinstance(value, dict) and value.get("class") in ("File", "Directory"):
        assert not {"path", "dirname"} & set(value)
        yield from [value["location"]] if "listing" not in value else []
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from locations(one)


def test_a_record_does_not_become_a_file_when_it_is_unwrapped(permitted: Path) -> None:
    kind = {"type": "record", "fields": [{"name": "a", "type": "string"}]}
    with pytest.raises(OgcError, match="no record"):
        StageIn(Reader([permitted], [])).bring(WRAPPED, {"type": kind}, permitted)


def test_of_a_file_that_is_given_nothing_is_passed_on_that_is_a_path(permitted: Path) -> None:
    scene = (permitted / "scene.tif").as_uri()
    told = {"dirname": "/etc", "basename": "../../up.tif", "path": "/etc/passwd", "writable": True, "nameroot": "/"}
    brought = StageIn(Reader([permitted], [])).bring({**FILE, **told, "location": scene}, {"type": "Any"}, permitted)
    assert brought == {"class": "File", "location": scene, "basename": "_.._up.tif"}


@pytest.mark.skipif(sys.platform == "win32", reason="jobs need POSIX")
@pytest.mark.parametrize(
    "given",
    [
        {"class": "File", "location": "PARENT/secret.txt"},
        {"class": "File", "location": "file://PARENT/secret.txt"},
        {"class": "File", "location": "FOLDER/link.txt"},
        {"class": "File", "location": "FOLDER/../secret.txt"},
        {"class": "File", "location": "_:/../../../secret.txt"},
        {"class": "File", "location": "http://127.0.0.1:9/x", "contents": "x"},
        {"class": "File", "location": "HTTP://127.0.0.1:9/x"},
        {
            "class": "File",
            "location": "FOLDER/scene.tif",
            "secondaryFiles": [{**SECRET, "location": "PARENT/secret.txt"}],
        },
        {"class": "Directory", "location": "PARENT"},
        {"class": "Directory", "location": "FOLDER", "writable": True},
    ],
    ids=str,
)
def test_cwltool_links_copies_and_mounts_nothing_else(
    given: dict[str, Any], permitted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever an expression made, or a step left; what is copied is copied with what its links lead to."""
    from cwltool.context import RuntimeContext

    monkeypatch.chdir(permitted)  # a driver's is its job's folder
    (permitted / "link.txt").symlink_to(permitted.parent / "secret.txt")
    told = json.dumps(given).replace("PARENT", str(permitted.parent)).replace("FOLDER", str(permitted))
    file = {"basename": "a", **json.loads(told)}
    for beside in file.get("secondaryFiles", []):
        beside["basename"] = "b"
    context = RuntimeContext()
    confinement.confine(context, Reader([permitted], []).permits)
    with pytest.raises(Exception, match="not the job's"):
        context.path_mapper([file], str(permitted / "job"), "/stage")
    if "secondaryFiles" not in given and "writable" not in given:
        with pytest.raises(Exception, match="not the job's"):
            context.make_fs_access(str(permitted / "job")).open(file["location"], "rb")


@pytest.mark.skipif(sys.platform == "win32", reason="jobs need POSIX")
def test_nor_what_a_folder_behind_a_link_leads_to(permitted: Path) -> None:
    """A folder that is copied is copied with what is in folders that it links."""
    from cwltool.context import RuntimeContext

    copied, beside = permitted / "copied", permitted / "beside"
    for folder in (copied, beside):
        folder.mkdir()
    (copied / "round").symlink_to(copied)
    (copied / "on").symlink_to(beside)
    context = RuntimeContext()
    confinement.confine(context, Reader([permitted], []).permits)
    given = {"class": "Directory", "basename": "a", "location": str(copied), "writable": True}
    assert context.path_mapper([given], str(permitted), "/stage").files()
    (beside / "secret.txt").symlink_to(permitted.parent / "secret.txt")
    with pytest.raises(Exception, match="not the job's"):
        context.path_mapper([given], str(permitted), "/stage")


LINKED = """\
cwlVersion: v1.2
$graph:
- class: Workflow
  id: linked
  inputs: {}
  outputs: {out: {type: File, outputSource: read/out}}
  steps:
    link: {run: "#link", in: {}, out: [out]}
    read: {run: "#read", in: {file: link/out}, out: [out]}
- class: CommandLineTool
  id: link
  baseCommand: [ln, -s, SECRET, out.txt]
  inputs: {}
  outputs: {out: {type: File, outputBinding: {glob: out.txt}}}
- class: CommandLineTool
  id: read
  baseCommand: cat
  inputs: {file: {type: File, inputBinding: {}}}
  outputs: {out: stdout}
"""


@pytest.mark.skipif(sys.platform == "win32", reason="jobs need POSIX")
async def test_a_link_that_a_step_leaves_gives_the_next_step_nothing_but_files_of_the_job(permitted: Path) -> None:
    """What a container would be given: it is linked, copied or mounted from outside."""
    root = permitted.parent / "local"
    async with opened(root, readable_folders=[permitted]) as http:
        await deploy(http, LINKED.replace("SECRET", str(permitted.parent / "secret.txt")))
        info = await until(http, await submit(http, "linked"))
    assert info["status"] == "failed"
    assert "not the job's" in info["message"]
    assert not [path for path in root.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()]
