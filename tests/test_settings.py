"""Settings: a file of the user's own, variables that win, and errors that name the place."""

import re
from pathlib import Path

import pytest

from mcp_ogc.authentication import BasicAuthentication
from mcp_ogc.errors import SettingsError
from mcp_ogc.settings import config_path, load

FILE = """
default_endpoint = "eoepca"

[endpoints.eoepca]
url = "https://zoo.example/acme/ogc-api"
authentication = { kind = "bearer", token = "from-the-file" }

[endpoints.weaver]
url = "http://10.0.0.1:4001"
authentication = { kind = "header", name = "X-Token", value = "v" }

[storage.results]
buckets = ["results"]
endpoint = "http://127.0.0.1:4566"

[limits]
read_seconds = 12
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(FILE, encoding="utf-8")
    return path


GUIDES = [Path(__file__).parents[1] / "docs" / name for name in ("endpoints.md", "http.md")]
EXAMPLES = [
    one for guide in GUIDES for one in re.findall(r"```toml\n(.*?)```", guide.read_text(encoding="utf-8"), re.DOTALL)
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_example_of_the_guides_is_settings(example: str, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(example, encoding="utf-8")
    assert load(path).configured_endpoints()


def test_a_secret_of_the_file_may_come_from_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        "[endpoints.four]\nurl = 'https://x.example'\nauthentication = { kind = 'basic', username = 'ada' }\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("MCP_OGC_ENDPOINTS__FOUR__AUTHENTICATION__PASSWORD", "from-a-variable")
    authentication = load(path).endpoints["four"].authentication
    assert isinstance(authentication, BasicAuthentication)
    assert authentication.username == "ada"
    assert authentication.password.get_secret_value() == "from-a-variable"


def test_nothing_configured_is_a_local_endpoint_and_nothing_else() -> None:
    settings = load()
    assert settings.configured_endpoints() == {}
    assert settings.local.enabled


def test_two_variables_make_an_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MCP_OGC_URL", "https://ogc.example/api")
    monkeypatch.setenv("MCP_OGC_TOKEN", "secret")
    settings = load()
    assert list(settings.configured_endpoints()) == ["default"]
    assert "secret" not in repr(settings)
    assert "secret" not in str(settings.model_dump_json())


@pytest.mark.parametrize("unset", ["", "  ", "${user_config.url}"])
def test_an_unset_optional_value_may_arrive_as_anything_empty(monkeypatch: pytest.MonkeyPatch, unset: str) -> None:
    for name in ("URL", "TOKEN", "DATA_FOLDER", "DOWNLOAD_FOLDER", "DEFAULT_ENDPOINT", "LOG_LEVEL"):
        monkeypatch.setenv(f"MCP_OGC_{name}", unset)
    settings = load()
    assert settings.configured_endpoints() == {}
    assert settings.data_folder.name == "mcp-ogc"
    assert settings.log_level == "warning"


def test_variables_win_over_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MCP_OGC_ENDPOINTS__EOEPCA__AUTHENTICATION__TOKEN", "from-the-environment")
    monkeypatch.setenv("MCP_OGC_READ_ONLY", "true")
    settings = load(file)
    authentication = settings.endpoints["eoepca"].authentication
    assert authentication.kind == "bearer"
    assert authentication.token.get_secret_value() == "from-the-environment"
    assert settings.read_only
    assert settings.limits.read_seconds == 12
    assert settings.storage["results"].endpoint == "http://127.0.0.1:4566"


def test_a_file_in_the_working_directory_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("config.toml", ".env", "mcp-ogc.toml", ".mcp-ogc.toml"):
        (tmp_path / name).write_text(
            'url = "https://evil.example"\nMCP_OGC_URL=https://evil.example\n', encoding="utf-8"
        )
    monkeypatch.chdir(tmp_path)
    assert load().configured_endpoints() == {}
    assert config_path().parent != tmp_path


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[endpoints.zoo]\nurl = 5", "endpoints.zoo.url"),
        ("[endpoints.zoo]\nurl = 'ftp://x'", "endpoints.zoo.url"),
        ("[endpoints.'Two Words']\nurl = 'https://x'", "Two Words"),
        ("[endpoints.zoo]\nurl = 'https://x'\nauthentication = {kind = 'bearer'}", "token"),
        ("[endpoints.local]\nurl = 'https://x'", "local"),
        ("default_endpoint = 'none'", "Known: local"),
        ("colour = 'red'", "colour"),
        ("[limits]\nrequest_seconds = 100", "request_seconds"),
        ("not toml", "not TOML"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "c.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as error:
        load(path)
    assert told in str(error.value)


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="does not exist"):
        load(tmp_path / "none.toml")


def test_a_wrong_secret_is_not_printed(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text("[endpoints.zoo]\nurl = 'https://x'\nauthentication = {kind = 'bearer', token = ['canary']}\n")
    with pytest.raises(SettingsError) as error:
        load(path)
    assert "canary" not in str(error.value)
