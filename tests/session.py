"""`make session`: docs/session.md, recorded from the demo: every call and every answer as they were, with pictures."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Literal

import anyio
from PIL import Image
from playwright.sync_api import ViewportSize

from mcp_ogc.cli.config import server_command
from mcp_ogc.local.sample.samples import SCENES, scene_folder
from mcp_ogc.settings import environment_without_settings
from tests.servers.apps_host import Shown, chromium, running_browser
from tests.servers.water_answers import collect

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "session.md"
PICTURES = ROOT / ".github"
SAMPLES = {
    "ogc_list_endpoints": "01-endpoints",
    "ogc_list_processes": "02-nothing-found",
    "ogc_deploy_process": "03-deployed",
    "ogc_describe_process": "05-described",
    "ogc_get_results": "09-results",
    "ogc_summarize_raster": "10-raster",
}
"""Answers of the session that are reviewed samples as well: what has changed there is out of date here."""
BEGINNING = """# A session

*"Show me the water bodies of the sample scene."* What an assistant calls, and reads, to answer that.

Recorded from `mcp-ogc demo` by `make session`; nothing is left out but folders of the machine.
"""
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
VIEWPORT: ViewportSize = {"width": 860, "height": 440}
COLOURS = 64
EXCHANGE = re.compile(r"^```\n(ogc_\w+)\([^\n]*\)\n```\n\n```text\n(.*?)\n```$", re.DOTALL | re.MULTILINE)
CHANGING = (
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|<job>"), "JOB"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|<time>"), "TIME"),
)


def masked(text: str) -> str:
    """An answer without what is another each time."""
    for pattern, mask in CHANGING:
        text = pattern.sub(mask, text)
    return text


def recorded(page: str) -> dict[str, str]:
    """The first answer of each tool."""
    found: dict[str, str] = {}
    for tool, answer in EXCHANGE.findall(page):
        found.setdefault(tool, answer)
    return found


def main() -> None:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        variables = {
            "MCP_OGC_DATA_FOLDER": str(folder / "data"),
            "MCP_OGC_DOWNLOAD_FOLDER": str(folder / "downloads"),
            "PYTHONUTF8": "1",
        }
        ran = subprocess.run(
            [*server_command(), "demo", "--previews", str(folder / "pictures")],
            env={**environment_without_settings(), **variables},
            check=True,
            stdout=subprocess.PIPE,
            stderr=sys.stderr,
            encoding="utf-8",
        )
        for scene in SCENES:
            shutil.copy(folder / "pictures" / f"{scene}.png", PICTURES / f"{scene}.png")
    _picture_the_view()
    PAGE.write_text(_page(ran.stdout.replace(scene_folder().as_uri(), "<scene>")), encoding="utf-8")


def _picture_the_view() -> None:
    """The map of the demo's first raster in light and dark, for the README."""
    if chromium() is None:
        print("no Chromium here: apt-get install chromium; pictures of the view stay as they are", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        answer = anyio.run(collect, Path(name))["raster"]
    with running_browser() as browser:
        for theme in THEMES:
            with browser.new_context(viewport=VIEWPORT, color_scheme=theme) as context:
                shown = Shown(context.new_page()).start(answer, context={"theme": theme})
                shown.view.locator("img.picture").wait_for()
                shown.view.locator(".degree").first.wait_for()
                picture = Image.open(BytesIO(shown.page.screenshot()))
                picture.quantize(COLOURS).save(PICTURES / f"view-{theme}.png", optimize=True)


def _page(printed: str) -> str:
    parts, pictures = [BEGINNING], iter(SCENES)
    conversation, _, end = printed.partition("What an assistant knows now:")
    for told in re.split(r"^(?=→ )", conversation, flags=re.MULTILINE)[1:]:
        call, *lines = told.splitlines()
        answer = [line[2:] for line in lines if not re.match(r"  (… |\[a picture\]|\(.* characters\)$)", line)]
        parts.append(f"```\n{call.removeprefix('→ ')}\n```\n\n```text\n{chr(10).join(answer).strip()}\n```\n")
        if "  [a picture]" in lines:
            scene = next(pictures)
            parts.append(f"![The water of {scene}](../.github/{scene}.png)\n")
    known = [line.strip() for line in end.splitlines() if "km²" in line]
    return "\n".join([*parts, "So it can answer:", "", *(f"- {line}" for line in known), ""])


if __name__ == "__main__":
    main()
