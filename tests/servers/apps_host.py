"""A host of MCP Apps in headless Chromium: a page that frames the view as the specification has it (SEP-1865)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, sync_playwright

import mcp_ogc.views

HOST = Path(__file__).with_suffix(".html")
VIEW = Path(mcp_ogc.views.__file__).with_name("view.html")
# What a host has to apply to a view that declares no domains, frames and bases with it.
POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "media-src 'self' data:; connect-src 'none'; frame-src 'none'; object-src 'none'; base-uri 'self'"
)
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
CAN_DO_ALL = {"serverTools": {}, "serverResources": {}, "openLinks": {}}


def chromium() -> str | None:
    """Where a Chromium is, None where there is none."""
    return next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
    )


@contextmanager
def running_browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium(), args=list(QUIET))
        try:
            yield launched
        finally:
            launched.close()


@pytest.fixture(scope="module")  # while it runs, Playwright's event loop is this thread's: no other test may have one
def browser() -> Iterator[Browser]:
    if chromium() is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    with running_browser() as launched:
        yield launched


class Shown:
    """A view within its host."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requests: list[str] = []
        """Addresses that anything in the page asked for; pictures given in place are none."""
        self.errors: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda line: self.errors.append(line.text) if line.type == "error" else None)
        page.set_content(HOST.read_text(encoding="utf-8"))

    @property
    def view(self) -> FrameLocator:
        return self.page.frame_locator("iframe")

    @property
    def asked(self) -> list[str]:
        """Addresses that were asked for beyond the page itself."""
        return [url for url in self.requests if not url.startswith(("data:", "about:"))]

    def start(
        self,
        result: dict[str, Any] | None,
        *,
        answers: dict[str, list[Any]] | None = None,
        context: dict[str, Any] | None = None,
        capabilities: dict[str, Any] | None = None,
    ) -> Shown:
        """Frame the view, and deliver an answer once it is ready.

        Args:
            result: The tool's answer, as on the wire.
            answers: What the view gets for a tool or a resource, in turn; the last one again and again.
            context: The host's.
            capabilities: The host's; by default it passes everything on.
        """
        told = [result, answers or {}, context or {}, CAN_DO_ALL if capabilities is None else capabilities]
        policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        html = VIEW.read_text(encoding="utf-8").replace("<head>", f"<head>{policy}", 1)
        self.page.evaluate(
            "([[result, answers, context, capabilities], html]) =>"
            " { Object.assign(host, { result, answers, context, capabilities }); host.show(html); }",
            [told, html],
        )
        return self

    def heard(self, method: str) -> list[dict[str, Any]]:
        """What the view said with this method, its parameters."""
        found: list[dict[str, Any]] = self.page.evaluate(
            "(method) => host.heard.filter((one) => one.method === method).map((one) => one.params)", method
        )
        return found

    def notify(self, method: str, **params: Any) -> None:
        self.page.evaluate("([method, params]) => host.notify(method, params)", [method, params])

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        reply: dict[str, Any] = self.page.evaluate("([method, params]) => host.ask(method, params)", [method, params])
        return reply

    def style(self, selector: str, name: str) -> str:
        found = self.view.locator(selector).first.evaluate("(one, name) => getComputedStyle(one)[name]", name)
        return str(found)


@pytest.fixture
def shown(browser: Browser) -> Iterator[Shown]:
    """A host whose frame is still empty; that nothing left the page is seen at the end of every test."""
    with browser.new_context(viewport={"width": 900, "height": 700}) as context:
        one = Shown(context.new_page())
        yield one
        assert one.asked == []
        assert one.errors == []
