"""What people install from: badges, bundle and registry record say the same, and what is left out is unset."""

import base64
import hashlib
import json
import re
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from mcp_ogc import __version__
from mcp_ogc.cli.config import client_configuration, published
from mcp_ogc.cli.installation import CLIENTS, NAME, PUBLISHED, REPOSITORY, SUMMARY, VARIABLES, entry, inputs
from mcp_ogc.cli.publication import BUNDLE, claude_code, manifest, registry_record
from mcp_ogc.settings import Settings, load

ROOT = Path(__file__).parents[2]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def link(client: str) -> str:
    (url,) = re.findall(rf"\[!\[Install in {client}\]\([^)]+\)\]\((\S+)\)", read("README.md"))
    return str(url)


def test_the_readme_shows_the_badges_of_the_table() -> None:
    assert published("badges", None) in read("README.md")


def test_the_link_for_vs_code_installs_what_the_table_has_and_hides_the_token() -> None:
    (inner,) = parse_qs(urlsplit(link("VS Code")).query)["url"]
    assert inner.startswith("vscode:mcp/install?")
    document = json.loads(unquote(inner.partition("?")[2]))
    form = CLIENTS["vscode"]
    assert document == {"name": NAME, **entry(form, PUBLISHED), "inputs": inputs(form)}
    printed = client_configuration(form, None)
    (server,) = printed["servers"].values()
    assert printed["inputs"] == document["inputs"]
    assert server["env"] == document["env"]
    asked = {f"${{input:{one['id']}}}": one["password"] for one in document["inputs"]}
    assert asked[document["env"]["MCP_OGC_URL"]] is False
    assert asked[document["env"]["MCP_OGC_TOKEN"]] is True


def test_the_link_for_cursor_starts_what_the_table_starts() -> None:
    query = parse_qs(urlsplit(link("Cursor")).query)
    assert query["name"] == [NAME]
    (config,) = query["config"]
    assert json.loads(base64.b64decode(config)) == entry(CLIENTS["cursor"], PUBLISHED)


def test_the_link_for_claude_desktop_is_the_bundle_that_a_release_has() -> None:
    for page in ("README.md", "docs/install.md"):
        assert f"]({REPOSITORY}/releases/latest/download/{BUNDLE})" in read(page)
    assert f"mcpb pack build/bundle dist/{BUNDLE}" in read("Makefile")
    assert f"--generate-notes dist/{BUNDLE}" in read(".github/workflows/release.yml")


def test_the_command_for_claude_code_adds_what_the_table_starts() -> None:
    (command,) = re.findall(r"`(claude mcp add [^`]+)`", read("docs/install.md"))
    assert command == claude_code()
    told, _, started = command.removeprefix("claude mcp add ").partition(" -- ")
    assert told == NAME
    assert tuple(started.split()) == PUBLISHED


def test_the_guide_to_installing_has_every_client_of_the_table() -> None:
    guide = read("docs/install.md")
    for name, form in CLIENTS.items():
        assert re.search(rf"^\| {form.title} \| .*`mcp-ogc config --client {name}`", guide, re.MULTILINE), name


def test_the_registry_s_record_is_the_table_s_and_the_readme_and_the_image_carry_its_name() -> None:
    record = json.loads(read("server.json"))
    assert record == registry_record()
    assert len(SUMMARY) <= 100
    assert re.fullmatch(r"[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+", record["name"])
    assert f"<!-- mcp-name: {record['name']} -->" in read("README.md")
    assert f'io.modelcontextprotocol.server.name="{record["name"]}"' in read("Dockerfile")
    secret = {one["name"]: one["isSecret"] for one in record["packages"][0]["environmentVariables"]}
    assert secret["MCP_OGC_TOKEN"] is True
    assert {package["version"] for package in record["packages"]} == {record["version"]} == {__version__}


def test_a_release_names_its_bundle_with_the_digest_that_clients_check(tmp_path: Path) -> None:
    bundle = tmp_path / "mcp-ogc.mcpb"
    bundle.write_bytes(b"bundle")
    record = json.loads(published("server.json", bundle))
    assert record["packages"][1]["fileSha256"] == hashlib.sha256(b"bundle").hexdigest()
    assert record["packages"][1]["identifier"].endswith(f"/v{__version__}/mcp-ogc.mcpb")


def test_every_variable_of_the_table_is_a_setting() -> None:
    assert {variable.key for variable in VARIABLES} <= set(Settings.model_fields)


@pytest.mark.parametrize("unset", ["", "as it stands"])
def test_what_the_person_left_out_of_the_bundle_is_unset(
    unset: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Hosts hand an unset optional value on as an empty string, or as the placeholder itself."""
    monkeypatch.chdir(tmp_path)
    without = load()
    variables = manifest()["server"]["mcp_config"]["env"]
    assert set(variables.values()) == {f"${{user_config.{key}}}" for key in manifest()["user_config"]}
    for name, placeholder in variables.items():
        monkeypatch.setenv(name, placeholder if unset else "")
    assert load() == without
    assert load().configured_endpoints() == {}


def test_what_the_person_gave_to_the_bundle_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given = {"url": "https://zoo.example/acme/ogc-api", "token": "canary", "download_folder": str(tmp_path)}
    for name, placeholder in manifest()["server"]["mcp_config"]["env"].items():
        monkeypatch.setenv(name, given[placeholder.removeprefix("${user_config.").removesuffix("}")])
    settings = load()
    assert settings.configured_endpoints()["default"].url == given["url"]
    assert settings.download_folder == tmp_path
    assert "canary" not in repr(settings)
    assert manifest()["user_config"]["token"]["sensitive"] is True
