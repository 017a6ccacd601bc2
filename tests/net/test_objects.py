"""Bytes behind files, web servers and a real S3 server."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from mcp_ogc.errors import AccessDenied, FileRefused, RemoteProblem, StorageError, TooLarge, UnknownName
from mcp_ogc.net.http import open_http
from mcp_ogc.net.objects import Objects
from mcp_ogc.net.storage import Storage, StorageHint
from mcp_ogc.settings import CatalogueSettings, Limits, Settings, StorageSettings
from tests.net.conftest import Reply, Server

pytestmark = pytest.mark.anyio

JOB = "68046976-7dcb-11f0-90ac-2a20aea25780"
KEY = f"{JOB}/{JOB}/LC08_L2SP_044032_20231208_02_T1/otsu.tif"
IN_CLUSTER = "http://eoap-zoo-project-localstack.eoap-zoo-project.svc.cluster.local:4566"
BODY = bytes(range(256)) * 40


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """A real S3 server with the notebook's bucket and key."""
    moto = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    moto.start()
    host, port = moto.get_host_and_port()
    url = f"http://{host}:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    client.create_bucket(Bucket="results")
    client.put_object(Bucket="results", Key=KEY, Body=BODY, ContentType="image/tiff")
    client.put_object(Bucket="results", Key="odd key+ü/äö.tif", Body=b"odd")
    yield url
    moto.stop()


def settings(s3: str | None = None, **storage: object) -> Settings:
    sections = {}
    if s3:
        sections["results"] = StorageSettings(
            endpoint=s3, access_key_id="testing", secret_access_key="testing", region="us-east-1", **storage
        )
    return Settings(storage=sections)


async def read(settings: Settings, href: str, hint: StorageHint | None = None, **part: int) -> bytes:
    async with open_http(settings) as http:
        return await Objects(http, Storage(settings.storage), [], settings.limits).read(href, hint, **part)


async def test_an_advertised_endpoint_is_mapped_to_one_that_can_be_reached(s3: str) -> None:
    mapped = settings(s3, advertised_endpoint=IN_CLUSTER)
    assert await read(mapped, f"s3://results/{KEY}", StorageHint(endpoint=IN_CLUSTER)) == BODY


async def test_a_bucket_is_enough_to_find_its_storage(s3: str) -> None:
    assert await read(settings(s3, buckets=("res*",)), f"s3://results/{KEY}", start=100, length=50) == BODY[100:150]


async def test_every_key_is_signed_rightly(s3: str) -> None:
    assert await read(settings(s3, buckets=("results",)), "s3://results/odd%20key%2B%C3%BC/%C3%A4%C3%B6.tif") == b"odd"


async def test_an_address_inside_a_cluster_names_the_setting_and_the_port_forward(s3: str) -> None:
    with pytest.raises(StorageError) as told:
        await read(settings(), f"s3://results/{KEY}", StorageHint(endpoint=IN_CLUSTER))
    for words in (
        "[storage.results]",
        f'advertised_endpoint = "{IN_CLUSTER}"',
        "kubectl port-forward svc/eoap-zoo-project-localstack -n eoap-zoo-project 4566:4566",
    ):
        assert words in str(told.value)


async def test_no_credentials_say_where_to_put_them(s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(StorageError, match="AWS_PROFILE"):
        await read(Settings(storage={"a": StorageSettings(endpoint=s3, buckets=("results",))}), f"s3://results/{KEY}")


async def test_credentials_may_come_from_a_profile(s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "credentials"
    file.write_text("[eo]\naws_access_key_id = testing\naws_secret_access_key = testing\n", encoding="utf-8")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    by_profile = Settings(storage={"a": StorageSettings(endpoint=s3, buckets=("results",), profile="eo")})
    assert await read(by_profile, f"s3://results/{KEY}", length=3) == BODY[:3]


async def test_a_key_that_is_not_there_is_told(s3: str) -> None:
    with pytest.raises((RemoteProblem, AccessDenied), match="40"):
        await read(settings(s3, buckets=("results",)), "s3://results/nothing")


async def test_what_is_known_of_an_object_comes_without_reading_it(s3: str) -> None:
    config = settings(s3, buckets=("results",))
    async with open_http(config) as http:
        info = await Objects(http, Storage(config.storage), [], config.limits).info(f"s3://results/{KEY}")
    assert (info.size, info.media_type) == (len(BODY), "image/tiff")
    assert info.etag
    assert info.modified


@pytest.mark.parametrize("href", ["s3://", "s3://bucket", "s3://user@bucket/key", "s3:///key"])
async def test_a_url_without_bucket_or_key_is_refused(href: str) -> None:
    with pytest.raises(StorageError, match="s3://bucket/key"):
        await read(settings(), href)


async def test_a_server_that_ignores_ranges_still_gives_the_right_bytes(server: Server) -> None:
    url = server.on("/a.bin", Reply(body=BODY))
    config = Settings(catalogues={"a": CatalogueSettings(url=server.url)})
    assert await read(config, url, start=1000, length=10) == BODY[1000:1010]


async def test_more_than_a_document_may_have_is_refused(server: Server) -> None:
    url = server.on("/a.json", Reply(body=BODY))
    config = Settings(catalogues={"a": CatalogueSettings(url=server.url)}, limits=Limits(document_bytes=1000))
    with pytest.raises(TooLarge):
        await read(config, url)


@pytest.fixture
def local(tmp_path: Path) -> tuple[Objects, Path]:
    folder = tmp_path / "permitted"
    folder.mkdir()
    (folder / "a b.tif").write_bytes(b"bytes")
    (tmp_path / "secret").write_bytes(b"canary")
    limits = Limits()
    return Objects(None, Storage({}), [folder], limits), folder  # type: ignore[arg-type]


async def test_a_file_below_a_permitted_folder_is_read(local: tuple[Objects, Path]) -> None:
    objects, folder = local
    path = folder / "a b.tif"
    assert await objects.read(path.as_uri()) == b"bytes"
    assert await objects.read(str(path), start=1, length=2) == b"yt"
    assert b"".join([chunk async for chunk in objects.stream(path.as_uri())]) == b"bytes"
    assert (await objects.info(path.as_uri())).size == 5


@pytest.mark.parametrize(
    "href",
    [
        "file:///etc/passwd",
        "/etc/passwd",
        "{folder}/../secret",
        "file://{folder}/%2E%2E/secret",
        "{folder}/link",
        "/vsizip/{folder}/a",
        "/vsis3/bucket/key",
        "/vsicurl/http://127.0.0.1/",
        "vrt://{folder}/a b.tif",
        "file://other-host{folder}/a b.tif",
        "//host/share/a",
        "<VRTDataset/>",
        "a b.tif",
        "zip:///a",
    ],
)
async def test_t07_nothing_else_on_this_machine_is_read(local: tuple[Objects, Path], href: str) -> None:
    objects, folder = local
    (folder / "link").symlink_to(folder.parent / "secret")
    with pytest.raises(FileRefused):
        await objects.read(href.format(folder=folder))


async def test_a_file_that_is_not_there_is_told(local: tuple[Objects, Path]) -> None:
    objects, folder = local
    with pytest.raises(UnknownName):
        await objects.read(str(folder / "none.tif"))
