"""Pages of a list, linked or not."""

from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import JsonValue

from mcp_ogc.errors import UnreadableAnswer
from mcp_ogc.ogc.dialects.dialect import Dialect
from mcp_ogc.ogc.dialects.standard import STANDARD
from mcp_ogc.ogc.dialects.weaver import WEAVER
from mcp_ogc.ogc.dialects.zoo import ZOO
from mcp_ogc.ogc.lists import read_jobs, read_processes
from mcp_ogc.ogc.models import Link
from mcp_ogc.ogc.pages import next_page

URL = "https://ogc.example/jobs?limit=10"


def asked(url: str | None) -> dict[str, list[str]]:
    assert url is not None
    return parse_qs(urlsplit(url).query)


def test_q14_a_next_link_is_followed() -> None:
    links = (Link(href="https://ogc.example/jobs?token=abc", rel="next"),)
    assert next_page(URL, links, 3, STANDARD, None) == "https://ogc.example/jobs?token=abc"


def test_q14_filters_that_a_next_link_dropped_are_added_again() -> None:
    links = (Link(href="/jobs?limit=10&skip=10", rel="next"),)
    assert asked(next_page(f"{URL}&status=running&processID=p", links, 10, ZOO, None)) == {
        "limit": ["10"],
        "skip": ["10"],
        "status": ["running"],
        "processID": ["p"],
    }


@pytest.mark.parametrize(
    ("dialect", "pages"),
    [
        (STANDARD, [("offset", "10"), ("offset", "20")]),
        (ZOO, [("skip", "10"), ("skip", "20")]),
        (WEAVER, [("page", "1"), ("page", "2")]),
    ],
)
def test_q14_without_a_link_a_full_page_has_another_after_it(dialect: Dialect, pages: list[tuple[str, str]]) -> None:
    url = URL
    for name, value in pages:
        following = next_page(url, (), 10, dialect, None)
        assert asked(following)[name] == [value]
        url = following or ""


def test_a_page_that_is_not_full_is_the_last() -> None:
    assert next_page(URL, (), 9, STANDARD, None) is None
    assert next_page(URL, (), 0, STANDARD, None) is None


def test_a_full_page_that_holds_all_there_is_is_the_last() -> None:
    assert next_page(URL, (), 10, STANDARD, 10) is None
    assert next_page(f"{URL}&page=1", (), 10, WEAVER, 20) is None
    assert next_page(URL, (), 10, STANDARD, 11) is not None


def test_where_no_limit_was_asked_for_nothing_is_known_of_another_page() -> None:
    assert next_page("https://ogc.example/jobs", (), 10, STANDARD, None) is None


def test_a_next_link_is_relative_to_the_page_it_is_on() -> None:
    links = (Link(href="?token=abc", rel="next"),)
    assert next_page(URL, links, 3, STANDARD, None) == "https://ogc.example/jobs?token=abc"


@pytest.mark.parametrize("href", ["http://[", "//[x", "http://[::1"])
def test_a_next_link_that_is_no_url_ends_the_pages_and_says_so(href: str) -> None:
    links = (Link(href=href, rel="next"),)
    with pytest.raises(UnreadableAnswer, match="not a URL"):
        next_page(URL, links, 10, STANDARD, None)
    told: dict[str, JsonValue] = {"links": [{"rel": "next", "href": href}]}
    jobs = read_jobs(URL, {"jobs": [], **told}, (), STANDARD, process_id=None, status=None)
    processes = read_processes(URL, {"processes": ["p"], **told}, (), STANDARD)
    for page in (jobs, processes):
        assert (page.next_page, page.is_cut_short) == (None, True)
