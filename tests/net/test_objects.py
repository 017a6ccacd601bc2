"""Bytes behind file, http(s) and s3 URLs."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from mcp_ogc.errors import (
    AccessDenied,
    AuthenticationRequired,
    EndpointFault,
    RemoteProblem,
    StorageError,
    TimedOut,
    TooLarge,
    Unreachable,
    UnreadableAnswer,
)
from mcp_ogc.net.http import open_http
from mcp_ogc.net.objects import Objects
from mcp_ogc.net.storage import Storage, StorageHint
from mcp_ogc.settings import CatalogueSettings, Limits, Settings, StorageSettings
from tests.servers.loopback import Reply, Server
from tests.servers.object_storage import ObjectStorage

pytestmark = pytest.mark.anyio

SCENE = (Path(__file__).parents[1] / "data" / "L7_ETMs.tif").read_bytes()
JOB = "68046976-7dcb-11f0-90ac-2a20aea25780"
KEY = f"{JOB}/{JOB}/LC08_L2SP_044032_20231208_02_T1/otsu.tif"
IN_CLUSTER = StorageHint(endpoint="http://eoap-zoo-project-localstack.eoap-zoo-project.svc.cluster.local:4566")


@asynccontextmanager
async def reading(
    *urls: str, storage: StorageSettings | None = None, folders: tuple[Path, ...] = (), **limits: float
) -> AsyncIterator[Objects]:
    settings = Settings(
        catalogues={f"c{number}": CatalogueSettings(url=url) for number, url in enumerate(urls)},
        storage={"s": storage} if storage else {},
        limits=Limits(**limits),
    )
    async with open_http(settings) as http:
        yield Objects(http, Storage(settings.storage), folders, settings.limits)


def section(storage: ObjectStorage, **changes: object) -> StorageSettings:
    return StorageSettings(
        **{
            "advertised_endpoint": IN_CLUSTER.endpoint,
            "endpoint": storage.url,
            "region": "us-east-1",
            "access_key_id": storage.access_key_id,
            "secret_access_key": storage.secret_access_key,
            **changes,
        }
    )


async def test_a_result_in_object_storage_is_read_whole_in_part_and_piece_by_piece(
    object_storage: ObjectStorage,
) -> None:
    href = object_storage.put(KEY, SCENE)
    async with reading(storage=section(object_storage)) as objects:
        info = await objects.info(href, IN_CLUSTER)
        assert (info.size, info.media_type) == (len(SCENE), "image/tiff")
        assert info.etag == f'"{hashlib.md5(SCENE).hexdigest()}"'
        assert info.modified is not None
        assert await objects.read(href, IN_CLUSTER) == SCENE
        assert await objects.read(href, IN_CLUSTER, start=1000, length=500) == SCENE[1000:1500]
        assert await objects.read(href, IN_CLUSTER, start=len(SCENE) - 5, length=500) == SCENE[-5:]
        assert await objects.read(href, IN_CLUSTER, start=len(SCENE) + 5, length=500) == b""
        assert b"".join([chunk async for chunk in objects.stream(href, IN_CLUSTER)]) == SCENE


@pytest.mark.parametrize("key", ["a b/ü%20+&=?#'()*~.tif", "100%/ö//x", "日本/データ.tif"])
async def test_a_key_of_any_characters_is_signed_as_it_is_sent(key: str, object_storage: ObjectStorage) -> None:
    href = object_storage.put(key, b"here")
    async with reading(storage=section(object_storage)) as objects:
        assert await objects.read(href, IN_CLUSTER) == b"here"


async def test_a_wrong_secret_is_denied_and_an_absent_key_is_not_found(object_storage: ObjectStorage) -> None:
    href = object_storage.put(KEY, b"here")
    async with reading(storage=section(object_storage, secret_access_key="wrong")) as objects:
        with pytest.raises(AccessDenied) as refused:
            await objects.read(href, IN_CLUSTER)
        assert "credentials" in refused.value.remedy
    async with reading(storage=section(object_storage)) as objects:
        with pytest.raises(RemoteProblem) as absent:
            await objects.read("s3://results/absent", IN_CLUSTER)
        assert absent.value.status == 404


async def test_a_bucket_in_another_region_names_the_setting(server: Server) -> None:
    server.on("/scenes/a.tif", Reply(301, {"x-amz-bucket-region": "eu-central-1"}, b"<Error/>"))
    async with reading(storage=StorageSettings(buckets=("*",), endpoint=server.url, anonymous=True)) as objects:
        with pytest.raises(StorageError, match="eu-central-1") as refused:
            await objects.read("s3://scenes/a.tif")
    assert 'region = "eu-central-1"' in refused.value.remedy


async def test_ranges_of_an_http_object_are_read_as_they_are_stored(server: Server) -> None:
    href = server.on("/scene.tif", Reply(body=SCENE, ranges=True, headers={"ETag": '"a"'}))
    async with reading(server.url) as objects:
        info = await objects.info(href)
        assert (info.size, info.etag) == (len(SCENE), '"a"')
        assert await objects.read(href, start=100, length=50) == SCENE[100:150]
        assert await objects.read(href, start=len(SCENE) - 7) == SCENE[-7:]
        assert await objects.read(href, start=100, length=0) == b""
    assert {seen.headers["accept-encoding"] for seen in server.seen} == {"identity"}


async def test_an_empty_object_is_known_as_one(server: Server) -> None:
    href = server.on("/empty", Reply(body=b"", ranges=True))
    async with reading(server.url) as objects:
        assert (await objects.info(href)).size == 0
        assert await objects.read(href) == b""


async def test_a_server_without_ranges_is_read_from_its_beginning_only(server: Server) -> None:
    href = server.on("/scene.tif", Reply(body=SCENE))
    async with reading(server.url, document_bytes=10_000) as objects:
        assert (await objects.info(href)).size == len(SCENE)
        assert await objects.read(href, start=9_000, length=1_000) == SCENE[9_000:10_000]
        with pytest.raises(TooLarge, match="without byte ranges"):
            await objects.read(href, start=9_001, length=1_000)


async def test_a_range_that_was_not_asked_for_is_not_taken_for_the_one_that_was(server: Server) -> None:
    href = server.on("/scene.tif", Reply(206, {"Content-Range": "bytes 0-9/100"}, b"0123456789"))
    async with reading(server.url) as objects:
        with pytest.raises(UnreadableAnswer, match="another range"):
            await objects.read(href, start=50, length=10)


async def test_a_range_longer_than_asked_is_too_large(server: Server) -> None:
    href = server.on("/scene.tif", Reply(206, {"Content-Range": "bytes 50-59/100"}, b"0123456789"))
    async with reading(server.url) as objects:
        with pytest.raises(TooLarge):
            await objects.read(href, start=50, length=5)


async def test_documents_and_assets_have_bounds_of_their_own(server: Server, tmp_path: Path) -> None:
    href = server.on("/a", Reply(body=bytes(2000)))
    local = tmp_path / "a"
    local.write_bytes(bytes(2000))
    async with reading(server.url, folders=(tmp_path,), document_bytes=1999, asset_bytes=1999) as objects:
        for source in (href, str(local)):
            with pytest.raises(TooLarge):
                await objects.read(source)
            with pytest.raises(TooLarge):
                await objects.read(source, length=2000)
            with pytest.raises(TooLarge):
                [chunk async for chunk in objects.stream(source)]


async def test_what_breaks_off_is_unreachable(server: Server) -> None:
    href = server.on("/a", Reply(body=bytes(2000), cut=100))
    async with reading(server.url) as objects:
        with pytest.raises(Unreachable):
            await objects.read(href)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (302, AuthenticationRequired),
        (401, AuthenticationRequired),
        (403, AccessDenied),
        (404, RemoteProblem),
        (500, EndpointFault),
    ],
)
async def test_an_error_of_the_server_says_what_to_look_at(
    status: int, error: type[RemoteProblem], server: Server
) -> None:
    href = server.on("/a", Reply(status))
    async with reading(server.url) as objects:
        with pytest.raises(error) as refused:
            await objects.read(f"{href}?sig=canary")
    assert refused.value.status == status
    assert refused.value.remedy
    assert "canary" not in str(refused.value)


async def test_a_silent_server_is_given_up() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/a"
        async with reading(url, request_seconds=0.3) as objects:
            with pytest.raises(TimedOut):
                await objects.read(url)


async def test_a_local_file_is_read_by_path_and_by_url(tmp_path: Path) -> None:
    path = tmp_path / "ä b.tif"
    path.write_bytes(SCENE)
    async with reading(folders=(tmp_path,)) as objects:
        for href in (str(path), path.as_uri(), path.as_uri().replace("file:///", "file://localhost/")):
            assert objects.local_path(href) == path.resolve()
            assert (await objects.info(href)).size == len(SCENE)
            assert await objects.read(href, start=10, length=10) == SCENE[10:20]
            assert b"".join([chunk async for chunk in objects.stream(href)]) == SCENE
        assert objects.local_path("https://a.example/b") is None
        assert objects.local_path("S3://bucket/key") is None


async def test_the_head_of_an_object_and_what_is_known_of_it_take_one_request(server: Server) -> None:
    url = server.on("/a.tif", Reply(body=SCENE, ranges=True, headers={"ETag": '"1"'}))
    async with reading(server.url) as objects:
        info, head = await objects.head(url, length=1000)
    assert (info.size, info.etag, head) == (len(SCENE), '"1"', SCENE[:1000])
    assert [seen.headers["range"] for seen in server.seen] == ["bytes=0-999"]


async def test_the_head_from_a_server_without_ranges_is_no_more_than_asked(server: Server) -> None:
    url = server.on("/a.tif", Reply(body=SCENE))
    async with reading(server.url) as objects:
        info, head = await objects.head(url, length=1000)
    assert (info.size, head) == (len(SCENE), SCENE[:1000])


async def test_a_range_is_only_taken_of_the_object_that_was_begun(server: Server) -> None:
    url = server.on("/a.tif", Reply(412))
    async with reading(server.url) as objects:
        with pytest.raises(UnreadableAnswer, match="replaced while it was read"):
            await objects.read(url, start=5, length=5, unchanged='"1"')
        assert server.seen[-1].headers["if-match"] == '"1"'
        server.on("/a.tif", Reply(body=SCENE, ranges=True))
        await objects.read(url, start=5, length=5, unchanged='W/"1"')
        assert "if-match" not in server.seen[-1].headers  # a weak tag never matches (RFC 9110 §13.1.1)


async def test_on_s3_a_replaced_object_and_a_missing_bucket_are_told(object_storage: ObjectStorage) -> None:
    href = object_storage.put(KEY, SCENE)
    async with reading(storage=section(object_storage)) as objects:
        info, _ = await objects.head(href, IN_CLUSTER, length=10)
        assert await objects.read(href, IN_CLUSTER, start=5, length=5, unchanged=info.etag) == SCENE[5:10]
        object_storage.put(KEY, b"II*\0" * 100)
        with pytest.raises(UnreadableAnswer, match="replaced while it was read"):
            await objects.read(href, IN_CLUSTER, start=5, length=5, unchanged=info.etag)
        with pytest.raises(StorageError, match="no bucket gone"):
            await objects.head(f"s3://gone/{KEY}", IN_CLUSTER, length=10)
