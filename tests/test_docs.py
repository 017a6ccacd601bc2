"""What is written for people holds: commands are taken, settings are read, links lead somewhere, tables are current."""

from __future__ import annotations

import json
import os
import re
import shlex
from pathlib import Path

import pytest
from mcp import Client

from mcp_ogc.audit import Audit, Change
from mcp_ogc.cli import COMMANDS, options_of
from mcp_ogc.cli.check import configuration
from mcp_ogc.cli.installation import CLIENTS, NAME, PUBLISHED, VARIABLES, entry
from mcp_ogc.local.sample.samples import SCENES
from mcp_ogc.net.redaction import Redaction
from mcp_ogc.server import build_server
from mcp_ogc.settings import LocalSettings, Settings, load
from mcp_ogc.tools.catalogue import TOOLS
from mcp_ogc.users import User, served
from mcp_ogc.workspace import rules_of
from tests.session import SAMPLES, masked, recorded

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
IN_LINE = re.compile(r"`(mcp-ogc [a-z-][^`]*|make [a-z]+[^`]*)`")
VARIABLE = re.compile(r"[A-Z_]+=\S+ ")


def name(page: Path) -> str:
    return page.stem


def blocks(page: Path, language: str) -> list[str]:
    return [text for kind, text in FENCE.findall(page.read_text(encoding="utf-8")) if kind == language]


def commands(page: Path) -> list[str]:
    """Command lines of a page, in blocks and in sentences, without comments and variables."""
    lines = [line.split("#")[0].strip() for block in blocks(page, "") for line in block.splitlines()]
    lines += IN_LINE.findall(page.read_text(encoding="utf-8"))
    return [VARIABLE.sub("", line) for line in lines if re.match(r"([A-Z_]+=\S+ )*(mcp-ogc|make|pip) ", line)]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_is_taken_as_it_is_written(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for line in commands(page):
        program, *words = shlex.split(line)
        if program == "make":
            assert f"\n{words[0]}:" in makefile, line
        elif program == "pip":
            assert words[0] == "install"
            assert words[1] == "mcp-ogc" or words[1].startswith("opentelemetry-"), line
        else:
            command = words.pop(0) if words[0] in COMMANDS else "serve"
            if words:  # a sentence may name a command without its options
                options_of(command).parse_args(words)  # exits where it is refused


def test_there_are_commands_to_be_taken_and_a_wrong_one_is_refused() -> None:
    assert {line.split()[1] for line in commands(README) if line.startswith("mcp-ogc ")} >= {"config", "check"}
    with pytest.raises(SystemExit):
        options_of("config").parse_args(["--client", "no-such-client"])


@pytest.mark.parametrize(
    ("page", "text"), [(page, text) for page in PAGES for text in blocks(page, "toml")], ids=lambda one: ""
)
def test_every_piece_of_settings_is_read(page: Path, text: str, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    settings = load(path)
    assert settings.endpoints or settings.storage


def test_what_the_guide_for_operators_says_of_its_settings_is_so(tmp_path: Path) -> None:
    guide = ROOT / "docs" / "operating.md"
    path = tmp_path / "config.toml"
    path.write_text(blocks(guide, "toml")[0], encoding="utf-8")
    settings = load(path)
    rules = rules_of(settings, "eoepca")
    rows = re.findall(r"^\| `([\w-]+)` \| (may be used|may not) \|", guide.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(rows) == 4
    assert {process: rules.permits(process) for process, _ in rows} == {
        process: told == "may be used" for process, told in rows
    }
    assert not settings.has_local
    told = "\n".join(configuration(settings))
    for word in ("5 open jobs, 20 submissions", "10.0 GB an hour", "50,000 km²", "/var/log/mcp-ogc/audit.jsonl"):
        assert word in told


@pytest.mark.anyio
async def test_the_guide_for_operators_shows_a_line_of_the_audit_as_it_is_written(tmp_path: Path) -> None:
    guide = ROOT / "docs" / "operating.md"
    shown = json.loads(blocks(guide, "json")[0])
    named = {name: shown[name] for name in ("endpoint", "process_id", "job_id")}
    ada = User(*shown["user"].split("#"))
    with served(ada):
        async with Audit(tmp_path / "audit.jsonl", Redaction()).change(shown["tool"], {}) as change:
            change.answered(named)
    (line,) = (tmp_path / "audit.jsonl").read_text(encoding="utf-8").splitlines()
    written = json.loads(line)
    assert list(written) == list(shown)
    assert {**written, "time": shown["time"], "arguments": shown["arguments"]} == shown
    outcomes = "".join(
        re.findall(r"^\| (`.*?`) \| .*$", guide.read_text(encoding="utf-8").split("| outcome |")[1], re.M)
    )
    documented = Change.__doc__ or ""
    assert set(re.findall(r"`(\w+)`", outcomes)) == set(re.findall(r"`(\w+)`", documented)) - {"outcome"}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_and_picture_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'src="([^"]+)"', text):
        if target.startswith("http"):
            continue
        file, _, anchor = target.partition("#")
        where = page.parent / file if file else page
        assert where.exists(), target
        titles = re.findall(r"^#+ (.*)$", where.read_text(encoding="utf-8"), re.MULTILINE) if anchor else []
        assert not anchor or anchor in [title.lower().replace(",", "").replace(" ", "-") for title in titles], target


def test_the_readme_is_one_screen_and_leads_to_every_guide() -> None:
    text = README.read_text(encoding="utf-8")
    linked = set(re.findall(r"\]\(([^)#\s]+)", text))
    assert {f"docs/{page.name}" for page in PAGES[1:]} <= linked
    drawn = re.sub(r"<[^>]+>|!\[[^\]]*\]\([^)]*\)|\]\([^)]*\)", "", text)
    assert len(text.splitlines()) < 45
    assert len(drawn) < 2600  # 1,100 pixels with the pictures, 980 wide in GitHub's type


def test_the_readme_shows_the_demo_and_the_view_in_light_and_dark() -> None:
    shown = re.findall(r'<img src="([^"]+)" alt="[^"]+"', README.read_text(encoding="utf-8"))
    assert shown == [f".github/{one}.png" for one in (*SCENES, "view-light", "view-dark")]


def test_the_readme_configures_a_client_as_the_table_does() -> None:
    (text,) = blocks(README, "json")
    given = {variable.environment for variable in VARIABLES if not variable.folder}
    (server,) = json.loads(text)["mcpServers"].values()
    assert set(server["env"]) == given
    form = CLIENTS["claude-desktop"]
    assert json.loads(text) == {form.key: {NAME: entry(form, PUBLISHED, server["env"])}}


@pytest.mark.anyio
async def test_the_table_of_tools_is_current(settings: Settings) -> None:
    async with Client(build_server(settings)) as client:
        listed = {tool.name: tool for tool in (await client.list_tools()).tools}
    lines = [
        "# Tools",
        "",
        "| tool | does | takes | toolset, and what it does to the world |",
        "|---|---|---|---|",
    ]
    for spec in TOOLS:
        tool = listed[spec.name]
        required = tool.input_schema.get("required", [])
        takes = [f"**{one}**" if one in required else one for one in tool.input_schema.get("properties", {})]
        told = " ".join((tool.description or "").split())
        lines.append(f"| `{spec.name}` | {told} | {', '.join(takes)} | {spec.toolset}, {spec.effect.name.lower()} |")
    lines += [
        "",
        "What has to be given is bold. A server with `read_only = true` has those that read; `toolsets` in the "
        "settings chooses among discover, execute, results and packages.",
    ]
    table = "\n".join(lines) + "\n"
    path = ROOT / "docs" / "tools.md"
    if os.environ.get("WRITE_SNAPSHOTS"):
        path.write_text(table, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == table, "run make snapshots and review the diff"


def test_the_session_reads_as_the_tools_answer_now() -> None:
    answers = recorded((ROOT / "docs" / "session.md").read_text(encoding="utf-8"))
    for tool, sample in SAMPLES.items():
        reviewed = (ROOT / "tests" / "snapshots" / "answers" / f"{sample}.txt").read_text(encoding="utf-8").strip()
        assert masked(answers[tool]) == masked(reviewed), f"{tool} answers otherwise by now: run make session"


@pytest.mark.parametrize("guide", PAGES[1:], ids=name)
def test_variables_are_settings(guide: Path) -> None:
    named = re.findall(r"MCP_OGC_([A-Z]+(?:_[A-Z]+)*)(?:__([A-Z_]+))?", guide.read_text(encoding="utf-8"))
    assert {setting.lower() for setting, _ in named} <= set(Settings.model_fields)
    assert {inner.lower() for setting, inner in named if setting == "LOCAL"} <= set(LocalSettings.model_fields)


@pytest.mark.parametrize("guide", PAGES[1:], ids=name)
def test_json_is_json(guide: Path) -> None:
    for text in re.findall(r"```json\n(.*?)```", guide.read_text(encoding="utf-8"), re.DOTALL):
        json.loads(text)
