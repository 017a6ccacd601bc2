"""The page as a file: made of its sources, whole, with the licences of what is inside."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import mcp_ogc.views

VIEW = Path(mcp_ogc.views.__file__).with_name("view.html")
SOURCES = Path(__file__).parents[2] / "views"


def test_the_page_is_what_its_sources_build(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None or not (SOURCES / "node_modules").is_dir():
        pytest.skip("needs node, and npm ci in views/")
    built = tmp_path / "view.html"
    subprocess.run([node, "build.mjs", str(built)], cwd=SOURCES, check=True, timeout=120)
    assert built.read_bytes() == VIEW.read_bytes(), "views/ changed: run make view"


def test_the_page_holds_all_it_needs_and_the_licences_of_what_it_holds() -> None:
    page = VIEW.read_text(encoding="utf-8")
    notice, _, rest = page.partition("-->")
    assert "BSD 2-Clause License" in notice
    assert "Volodymyr Agafonkin" in notice
    assert "Natural Earth" in notice
    assert "Michael Bostock" in notice
    assert not re.search(r"<(?:script|link|img|iframe)[^>]*\s(?:src|href)=", rest)
    assert not re.search(r"@import|url\((?!data:|#)", rest)
    assert len(page.encode()) < 400_000
