"""The view as a guest: handshake, theme, size, and what it does when asked."""

import pytest
from playwright.sync_api import Browser, expect

from tests.servers.apps_host import Shown
from tests.servers.water_answers import Answers

DARK, LIGHT = "rgb(27, 28, 30)", "rgb(255, 255, 255)"


def test_it_shakes_hands_and_tells_its_size(shown: Shown, answers: Answers) -> None:
    shown.start(answers["raster"])
    expect(shown.view.locator("img.picture")).to_be_visible()
    (told,) = shown.heard("ui/initialize")
    assert told["protocolVersion"] == "2026-01-26"
    assert told["appInfo"]["name"] == "mcp-ogc"
    assert shown.heard("ui/notifications/initialized") == [{}]
    height = shown.view.locator("body").evaluate("(one) => Math.ceil(one.getBoundingClientRect().height)")
    shown.page.wait_for_function(
        "(height) => host.heard.some((one) => one.method?.endsWith('size-changed') && one.params.height === height)",
        arg=height,
    )


def test_it_answers_a_ping_and_refuses_what_it_does_not_know(shown: Shown, answers: Answers) -> None:
    shown.start(answers["raster"])
    expect(shown.view.locator("img.picture")).to_be_visible()
    assert shown.ask("ping")["result"] == {}
    assert shown.ask("ui/no-such-thing")["error"]["code"] == -32601


@pytest.mark.parametrize(("scheme", "ground"), [("dark", DARK), ("light", LIGHT)])
def test_without_word_from_the_host_it_is_as_light_as_the_system(
    browser: Browser, answers: Answers, scheme: str, ground: str
) -> None:
    with browser.new_context(color_scheme=scheme) as context:
        shown = Shown(context.new_page()).start(answers["raster"])
        expect(shown.view.locator("body")).to_have_css("background-color", ground)


def test_it_follows_the_theme_of_the_host_and_its_change(shown: Shown, answers: Answers) -> None:
    shown.start(answers["raster"], context={"theme": "dark"})
    expect(shown.view.locator("body")).to_have_css("background-color", DARK)
    shown.notify("ui/notifications/host-context-changed", theme="light")
    expect(shown.view.locator("body")).to_have_css("background-color", LIGHT)


def test_it_takes_the_colours_of_the_host_but_no_address_in_them(shown: Shown, answers: Answers) -> None:
    variables = {
        "--color-background-primary": "#102030",
        "--color-background-secondary": "url(https://evil.example/x.png)",
    }
    shown.start(answers["raster"], context={"styles": {"variables": variables}})
    expect(shown.view.locator("body")).to_have_css("background-color", "rgb(16, 32, 48)")
    expect(shown.view.locator("#fit")).to_have_css("background-color", "rgb(243, 244, 245)")


@pytest.mark.parametrize("width", [320, 480, 1200])
def test_nothing_sticks_out_at_any_width(browser: Browser, answers: Answers, width: int) -> None:
    with browser.new_context(viewport={"width": width, "height": 640}) as context:
        shown = Shown(context.new_page()).start(answers["raster"])
        expect(shown.view.locator("img.picture")).to_be_visible()
        wide = shown.view.locator("html").evaluate("(one) => one.scrollWidth")
        assert wide <= width


def test_with_reduced_motion_the_map_jumps(browser: Browser, answers: Answers) -> None:
    with browser.new_context(reduced_motion="reduce") as context:
        shown = Shown(context.new_page()).start(None)
        expect(shown.view.locator("h1")).to_have_text("Waiting for the answer …")
        # The browser tells a frame of it a moment after the page.
        shown.view.locator("body").evaluate(
            """async () => {
                const reduced = matchMedia("(prefers-reduced-motion: reduce)");
                while (!reduced.matches) await new Promise((seen) => setTimeout(seen, 20));
            }"""
        )
        shown.notify("ui/notifications/tool-result", **answers["raster"])
        expect(shown.view.locator("img.picture")).to_be_visible()
        expect(shown.view.locator(".leaflet-zoom-animated.leaflet-fade-anim, .leaflet-fade-anim")).to_have_count(0)


def test_a_stranger_can_not_deliver_an_answer(shown: Shown, answers: Answers) -> None:
    shown.start(None)
    expect(shown.view.locator("h1")).to_have_text("Waiting for the answer …")
    shown.view.locator("body").evaluate(
        "(_, message) => window.postMessage(message, '*')",
        {"jsonrpc": "2.0", "method": "ui/notifications/tool-result", "params": answers["raster"]},
    )
    assert shown.ask("ping")["result"] == {}
    expect(shown.view.locator("h1")).to_have_text("Waiting for the answer …")


def test_full_screen_is_offered_where_the_host_has_it(shown: Shown, answers: Answers) -> None:
    shown.start(answers["raster"], context={"displayMode": "inline", "availableDisplayModes": ["inline", "fullscreen"]})
    shown.view.get_by_role("button", name="Full screen").click()
    expect(shown.view.get_by_role("button", name="Leave full screen")).to_be_visible()
    assert shown.heard("ui/request-display-mode") == [{"mode": "fullscreen"}]
