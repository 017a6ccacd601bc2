"""T7: nothing is read from this machine but what is below a permitted folder."""

import os
import secrets
import sys
from pathlib import Path

import httpx
import pytest

from mcp_ogc.errors import FileRefused, OgcError
from mcp_ogc.net.http import open_http
from mcp_ogc.net.objects import Objects
from mcp_ogc.net.storage import Storage
from mcp_ogc.settings import Limits, Settings

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
