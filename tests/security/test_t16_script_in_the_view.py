"""T16: what a server calls its things is text in the view; no request leaves it, and only http(s) links are links."""

import copy
import json
import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.servers.apps_host import Shown
from tests.servers.water_answers import Answers

HOSTILE = " and ".join(
    (
        '<img src="https://evil.example/x.png" onerror="document.title=1">',
        "</script><script>parent.postMessage('pwned', '*')</script>",
        "<svg/onload=fetch('https://evil.example')>",
        "javascript:alert(1)",
        '"><iframe src="https://evil.example"></iframe>',
        "${7*7} &lt;b&gt;",
    )
)


def replaced(answer: dict[str, Any], word: str, text: str) -> dict[str, Any]:
    """The answer, each text that holds the word made hostile."""

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: walk(one) for key, one in value.items()}
        if isinstance(value, list):
            return [walk(one) for one in value]
        return value.replace(word, text) if isinstance(value, str) else value

    changed: dict[str, Any] = walk(copy.deepcopy(answer))
    assert changed != answer
    return changed


def assert_harmless(shown: Shown) -> None:
    expect(shown.view.locator("body")).to_contain_text(HOSTILE)
    for element in ("iframe", "body script ~ script", "img[onerror]", "[onload]", "a[href^=javascript]"):
        expect(shown.view.locator(element)).to_have_count(0)
    assert shown.page.evaluate("host.heard.every((one) => one.jsonrpc === '2.0')")
    assert shown.asked == []


def test_an_item_is_called_what_it_is_called(shown: Shown, answers: Answers) -> None:
    shown.start(replaced(answers["results"], "l7-recife-north", HOSTILE))
    assert_harmless(shown)


def test_a_class_is_called_what_it_is_called(shown: Shown, answers: Answers) -> None:
    shown.start(replaced(answers["raster"], "water", HOSTILE))
    assert_harmless(shown)


def test_a_message_and_a_log_say_what_they_say(shown: Shown, answers: Answers) -> None:
    logs = copy.deepcopy(answers["failing-logs"])
    (content,) = logs["contents"]
    told = {"logs": [{"untrusted": {"title": HOSTILE, "text": HOSTILE}, "problem": None}]}
    content["text"] = json.dumps(told)
    job = replaced(answers["failing-ended"], "the disk is made of cheese", HOSTILE)
    shown.start(job, answers={content["uri"]: [logs]})
    expect(shown.view.locator("pre")).to_have_text(HOSTILE)
    assert_harmless(shown)


def test_a_refusal_reads_as_it_is(shown: Shown) -> None:
    shown.start({"content": [{"type": "text", "text": HOSTILE}], "isError": True})
    assert_harmless(shown)


def test_only_http_addresses_are_links(shown: Shown, answers: Answers) -> None:
    results = copy.deepcopy(answers["results"])
    (output,) = results["structuredContent"]["outputs"]
    row = output["items"][0]["assets"][0]
    addresses = [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "file:///etc/passwd",
        "vbscript:x",
        "https://files.example/otsu.tif",
    ]
    output["items"][0]["assets"] = [{**row, "href": address} for address in addresses]
    del output["items"][1]
    shown.start(results)
    expect(shown.view.locator(".address")).to_have_text([address.strip() for address in addresses])
    (link,) = shown.view.get_by_role("link").filter(has_not_text=re.compile("^[+−]$")).all()
    assert link.get_attribute("href") == "https://files.example/otsu.tif"
    link.click()
    assert shown.heard("ui/open-link") == [{"url": "https://files.example/otsu.tif"}]


@pytest.mark.parametrize("kind", ["image/svg+xml", "text/html"])
def test_a_picture_that_could_hold_a_script_is_not_shown(shown: Shown, answers: Answers, kind: str) -> None:
    answer = copy.deepcopy(answers["raster"])
    next(block for block in answer["content"] if block["type"] == "image")["mimeType"] = kind
    shown.start(answer)
    expect(shown.view.locator("path.footprint")).to_have_count(1)
    expect(shown.view.locator("img")).to_have_count(0)


def test_a_colour_is_six_digits_or_none(shown: Shown, answers: Answers) -> None:
    answer = copy.deepcopy(answers["raster"])
    (band,) = answer["structuredContent"]["bands"]
    colours = ["#1f69b2", "url(https://evil.example/x)", "red;background:url(https://evil.example)", 5, None]
    band["classes"] = [{**band["classes"][1], "colour": colour} for colour in colours]
    shown.start(answer)
    expect(shown.view.locator("td").first).to_be_visible()
    painted = shown.view.locator(".swatch").evaluate_all("(all) => all.map((one) => one.getAttribute('style'))")
    assert painted == ["background-color: rgb(31, 105, 178);", None, None, None, None]


def test_an_answer_of_any_shape_is_borne(shown: Shown) -> None:
    places = [None, {"bbox": ["a", None, {}, []]}, {"bbox": [1e300, 0, 0, 0]}, {"bbox": [0, 0, 0, 0], "assets": "none"}]
    told = [
        {"outputs": [None, 5, {"items": places, "files": 3}]},
        {"bands": [None, {"classes": [{}]}, {"classes": "x"}], "bounds_lonlat": [0, 0, None, 0], "raster": {}},
        {"bands": [{"percentiles": 5, "untrusted": 7}], "resolution": 5, "notes": "x", "source": []},
        {"status": "running", "job_id": 5, "why": [], "untrusted": "x"},
        {},
        [],
        None,
    ]
    shown.start(None, capabilities={})
    shown.view.locator("h1").wait_for()
    for number, one in enumerate(told):
        content = [{"type": "text", "text": "as it reads"}, None]
        shown.notify("ui/notifications/tool-result", structuredContent=one, content=content)
        marker = f"refused {number}"
        shown.notify("ui/notifications/tool-result", isError=True, content=[{"type": "text", "text": marker}])
        expect(shown.view.locator("#details")).to_have_text(marker)
