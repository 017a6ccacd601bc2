"""Results in a person's workspace: its bucket and keys come from the workspace API."""

import json
from collections.abc import Callable

import pytest

from mcp_ogc.authentication import BearerAuthentication
from mcp_ogc.consistency import check
from mcp_ogc.errors import AuthenticationRequired, OgcError, SettingsError, StorageError
from mcp_ogc.net.http import open_http
from mcp_ogc.net.objects import Objects
from mcp_ogc.net.storage import Storage
from mcp_ogc.net.workspaces import Workspaces
from mcp_ogc.settings import EndpointSettings, Settings, StorageSettings
from tests.servers.loopback import Reply, Server
from tests.servers.object_storage import BUCKET, REGION, ObjectStorage

pytestmark = pytest.mark.anyio

WORKSPACE = "/workspaces/ws-acme"


def answer(**changes: object) -> Reply:
    credentials = {"endpoint": "http://s3.example", "access": "AKIA", "secret": "s", "bucketname": "ws-acme"}
    document = {"name": "ws-acme", "storage": {"credentials": {**credentials, "region": "eu-1", **changes}}}
    return Reply(body=json.dumps(document).encode())


def settings(api: Server, **changes: object) -> Settings:
    return Settings(
        endpoints={
            "zoo": EndpointSettings(
                url="https://zoo.example/acme/ogc-api", authentication=BearerAuthentication(token="of-zoo")
            )
        },
        storage={
            "mine": StorageSettings(workspace_url=f"{api.url}{WORKSPACE}", workspace_endpoint="zoo", **changes),
        },
    )


async def test_an_object_of_the_workspace_is_read_with_the_keys_of_the_workspace_api(
    server: Server, object_storage: ObjectStorage
) -> None:
    href = object_storage.put("processing-results/1/a.txt", b"result")
    told = {"access": object_storage.access_key_id, "secret": object_storage.secret_access_key, "region": REGION}
    server.on(WORKSPACE, answer(endpoint=object_storage.url, bucketname=BUCKET, **told))
    learned: list[str] = []
    # A storage on this machine is reached because the settings say so; a public one needs no such word.
    ours = settings(server, endpoint=object_storage.url)
    async with open_http(ours) as http:
        objects = Objects(http, Storage(ours.storage, Workspaces(http, learned.append)), [], ours.limits)
        for _ in range(2):
            assert await objects.read(href) == b"result"
    (asked,) = server.seen
    assert asked.headers["authorization"] == "Bearer of-zoo", "the endpoint's own token"
    assert object_storage.secret_access_key in learned


async def test_the_keys_are_asked_for_again_after_ten_minutes(server: Server) -> None:
    server.on(WORKSPACE, answer(secret="first"), answer(secret="second"))
    ours, now = settings(server), [0.0]
    async with open_http(ours) as http:
        workspaces = Workspaces(http, lambda _: None, clock=lambda: now[0])
        secrets = []
        for now[0] in (0, 599, 601):
            section = await workspaces.completed(ours.storage["mine"])
            assert section.secret_access_key is not None
            secrets.append(section.secret_access_key.get_secret_value())
    assert secrets == ["first", "first", "second"]


async def test_another_sections_bucket_does_not_ask_the_workspace(server: Server) -> None:
    ours = settings(server)
    sections = {"public": StorageSettings(buckets=("public",), anonymous=True), **ours.storage}
    async with open_http(ours) as http:
        await Storage(sections, Workspaces(http, lambda _: None)).sign("s3://public/key")
    assert server.seen == []


async def test_what_the_settings_say_of_the_address_wins(server: Server) -> None:
    server.on(WORKSPACE, answer())
    ours = settings(server, endpoint="http://127.0.0.1:4566")
    async with open_http(ours) as http:
        signed = await Storage(ours.storage, Workspaces(http, lambda _: None)).sign("s3://ws-acme/key")
    assert signed.url == "http://127.0.0.1:4566/ws-acme/key"
    assert "/eu-1/s3/" in signed.headers["Authorization"]


@pytest.mark.parametrize(
    ("reply", "error", "told"),
    [
        (Reply(401), AuthenticationRequired, "Endpoint zoo refuses"),
        (Reply(404), StorageError, "Is workspace_url"),
        (Reply(body=b'{"storage": {}}'), StorageError, "access_key_id and secret_access_key"),
        (Reply(body=b"<html>"), StorageError, "access_key_id and secret_access_key"),
    ],
)
async def test_a_workspace_that_tells_nothing_says_what_to_do(
    server: Server, reply: Reply, error: type[OgcError], told: str
) -> None:
    server.on(WORKSPACE, reply)
    ours = settings(server)
    async with open_http(ours) as http:
        with pytest.raises(error, match=told):
            await Storage(ours.storage, Workspaces(http, lambda _: None)).sign("s3://ws-acme/key")


async def test_the_endpoints_token_goes_to_its_own_workspace_only(serve: Callable[[], Server]) -> None:
    api = serve()
    api.on(WORKSPACE, answer())
    api.on("/workspaces/ws-other", Reply())
    async with open_http(settings(api)) as http:
        await http.get(f"{api.url}{WORKSPACE}")
        await http.get(f"{api.url}/workspaces/ws-other")
    assert ["authorization" in seen.headers for seen in api.seen] == [True, False]


def test_a_workspace_needs_an_endpoint_that_is_there() -> None:
    with pytest.raises(ValueError, match="go together"):
        StorageSettings(workspace_url="https://w.example/workspaces/ws-a")
    section = StorageSettings(workspace_url="https://w.example/workspaces/ws-a", workspace_endpoint="absent")
    with pytest.raises(SettingsError, match="absent"):
        check(Settings(storage={"s": section}))
