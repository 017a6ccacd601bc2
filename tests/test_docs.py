"""The guides: their links lead somewhere, their variables are settings, their configurations are read."""

import json
import re
from pathlib import Path

import pytest

from mcp_ogc.settings import LocalSettings, Settings

ROOT = Path(__file__).parents[1]
GUIDES = sorted(ROOT.glob("docs/*.md"))


@pytest.mark.parametrize("guide", [*GUIDES, ROOT / "README.md"], ids=lambda path: path.name)
def test_links_lead_somewhere(guide: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", guide.read_text(encoding="utf-8")):
        assert "://" in target or (guide.parent / target).exists(), target


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_variables_are_settings(guide: Path) -> None:
    named = re.findall(r"MCP_OGC_([A-Z]+(?:_[A-Z]+)*)(?:__([A-Z_]+))?", guide.read_text(encoding="utf-8"))
    assert {setting.lower() for setting, _ in named} <= set(Settings.model_fields)
    assert {inner.lower() for setting, inner in named if setting == "LOCAL"} <= set(LocalSettings.model_fields)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_json_is_json(guide: Path) -> None:
    for text in re.findall(r"```json\n(.*?)```", guide.read_text(encoding="utf-8"), re.DOTALL):
        json.loads(text)


def test_the_container_s_entry_runs_what_the_guide_runs() -> None:
    guide = (ROOT / "docs" / "container.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"```json\n(.*?)```", guide, re.DOTALL)
    (server,) = json.loads(text)["mcpServers"].values()
    words = [word for word in server["args"] if word not in ("-e", *server["env"])]
    (command,) = re.findall(r"^docker (run .*)$", guide, re.MULTILINE)
    assert sorted(words) == sorted(command.split())
