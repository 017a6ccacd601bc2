"""Users of one server: whose credentials go to an endpoint, and what each sees there."""

from pathlib import Path

import pytest
from mcp import Client

from mcp_ogc.authentication import BearerAuthentication
from mcp_ogc.errors import SettingsError
from mcp_ogc.net.redaction import Redaction, secrets_of
from mcp_ogc.server import build_server
from mcp_ogc.serving import UserSettings
from mcp_ogc.settings import EndpointSettings, Settings, load
from mcp_ogc.users import User
from tests.server.talk import call, refused
from tests.servers.mcp_over_http import over_http
from tests.servers.oidc import OidcProvider
from tests.servers.processes.endpoint import TestEndpoint, served

pytestmark = pytest.mark.anyio

OF_ALL, OF_ADA = "token-of-all-9f2", "token-of-ada-7c1"
HTTP = "[http]\nurl = 'https://mcp.example.org/mcp'\nissuer = 'https://iam.example.org'\n"
ZOO = "[endpoints.zoo]\nurl = 'https://zoo.example.org/ogc-api'\n"


async def test_a_user_s_own_credentials_are_sent_for_that_user_and_nobody_else(
    settings: Settings, provider: OidcProvider
) -> None:
    endpoint = TestEndpoint()
    ada = UserSettings.model_validate({"endpoints": {"far": {"authentication": {"kind": "bearer", "token": OF_ADA}}}})
    async with served(endpoint) as url:
        far = EndpointSettings(url=url, authentication=BearerAuthentication(token=OF_ALL))
        settings = settings.model_copy(update={"endpoints": {"far": far}, "users": {"id-of-ada": ada}})
        async with over_http(settings, provider) as ours:
            job_ids = {}
            for person in ("bob", "ada"):
                async with ours.client(person) as client:
                    endpoint.requests.clear()
                    asked = {"process_id": "echo", "inputs": {"text": person}, "endpoint": "far"}
                    job = await call(client, "ogc_execute_process", **asked, wait_seconds=20)
                    job_ids[person] = job["job_id"]
                    sent = {one.headers.get("authorization") for one in endpoint.requests}
                    assert sent == {f"Bearer {OF_ADA if person == 'ada' else OF_ALL}"}
            async with ours.client("ada") as client:  # the account is hers, so what the endpoint lists is
                listed = await call(client, "ogc_list_jobs", endpoint="far")
                assert job_ids["ada"] in {one["job_id"] for one in listed["jobs"]}
            async with ours.client("bob") as client:
                listed = await call(client, "ogc_list_jobs", endpoint="far")
                assert [one["job_id"] for one in listed["jobs"]] == [job_ids["bob"]]


def test_settings_of_a_user_have_folders_of_their_own(settings: Settings, tmp_path: Path) -> None:
    ada, bob = (settings.of(User("https://iam.example.org", one)) for one in ("ada", "bob"))
    for folder in ("download_folder", "user_folder", "local_folder"):
        kept = [getattr(one, folder) for one in (settings, ada, bob)]
        assert len(set(kept)) == 3
        assert all(path.is_relative_to(tmp_path) for path in kept)
    assert ada.journal_path == settings.journal_path
    assert settings.of(User()) is settings
    same_name_elsewhere = settings.of(User("https://other.example.org", "ada"))
    assert same_name_elsewhere.user_folder != ada.user_folder


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"{ZOO}[users.ada.endpoints.zoo]\nauthentication = {{ kind = 'none' }}\n", "authentication"),
        (
            f"{ZOO}[users.ada.endpoints.zoo]\n"
            "authentication = { kind = 'oidc', issuer = 'https://iam.example.org', client_id = 'x' }\n",
            "authentication",
        ),
        (f"{HTTP}{ZOO}[users.ada.endpoints.zo]\nauthentication = {{ kind = 'bearer', token = 't' }}\n", "Known: zoo"),
        (f"{ZOO}[users.ada.endpoints.zoo]\nauthentication = {{ kind = 'bearer', token = 't' }}\n", "issuer and url"),
    ],
)
def test_credentials_of_a_user_that_can_not_be_meant_are_refused(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=told):
        load(path)


def test_a_user_s_secrets_are_secrets(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        f"{HTTP}{ZOO}[users.ada.endpoints.zoo]\nauthentication = {{ kind = 'bearer', token = '{OF_ADA}' }}\n",
        encoding="utf-8",
    )
    settings = load(path)
    assert OF_ADA not in repr(settings)
    assert OF_ADA not in Redaction(secrets_of(settings))(f"it is {OF_ADA}")


async def test_what_could_not_be_opened_is_tried_again_by_the_next_call(settings: Settings) -> None:
    settings.data_folder.mkdir()
    settings.journal_path.write_bytes(b"no database" * 1000)
    async with Client(build_server(settings)) as client:
        assert "can't be opened" in await refused(client, "ogc_list_jobs")
        settings.journal_path.unlink()
        assert (await call(client, "ogc_list_jobs"))["jobs"] == []
