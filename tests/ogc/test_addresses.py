"""Links of strangers become URLs, or a refusal in our words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_ogc.errors import NoSuchJob, NoSuchProcess, UnreadableAnswer
from mcp_ogc.ogc.addresses import Addresses, absolute, last_segment, process_of, with_query

HERE = Addresses("https://ogc.example/acme/ogc-api/")


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("jobs", "https://ogc.example/acme/ogc-api/jobs"),
        ("/acme/ogc-api/jobs?limit=2", "https://ogc.example/acme/ogc-api/jobs?limit=2"),
        ("http://zoo-project-dru-service/acme/ogc-api/jobs", "https://ogc.example/acme/ogc-api/jobs"),
        ("https://evil.example@in-cluster:81/x", "https://ogc.example/x"),
        # Behind a proxy that takes a prefix away, or gives another.
        ("http://localhost:5000/jobs/j1", "https://ogc.example/acme/ogc-api/jobs/j1"),
        (
            "http://localhost:5000/processes/p/execution?f=json",
            "https://ogc.example/acme/ogc-api/processes/p/execution?f=json",
        ),
        ("http://localhost:5000/conformance", "https://ogc.example/acme/ogc-api/conformance"),
        ("http://localhost:5000", "https://ogc.example/acme/ogc-api"),
        ("http://localhost:5000/", "https://ogc.example/acme/ogc-api/"),
        ("http://in-cluster/ogc-api/jobs/j1", "https://ogc.example/acme/ogc-api/jobs/j1"),
        ("http://in-cluster/inner/processes/p/jobs/j1", "https://ogc.example/acme/ogc-api/processes/p/jobs/j1"),
        ("http://in-cluster/acme/ogc-api", "https://ogc.example/acme/ogc-api"),
        ("http://in-cluster/temp/jobs.log", "https://ogc.example/temp/jobs.log"),
        ("http://in-cluster/elsewhere/", "https://ogc.example/elsewhere/"),
        ("https://ogc.example/other/jobs/j1", "https://ogc.example/other/jobs/j1"),
        ("https://jobs.example/jobs/j1", "https://ogc.example/acme/ogc-api/jobs/j1"),
        ("https://jobs.example/v2/jobs/j1", "https://ogc.example/v2/jobs/j1"),
    ],
)
def test_a_link_of_the_endpoint_s_own_stays_on_its_origin(href: str, expected: str) -> None:
    assert HERE.own(href) == expected


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("http://localhost:5000/jobs/j1/results/a.tif", "https://ogc.example/acme/ogc-api/jobs/j1/results/a.tif"),
        ("http://zoo/temp/jobs/j1.log", "https://ogc.example/temp/jobs/j1.log"),
        ("https://files.example/jobs/a.tif", "https://files.example/jobs/a.tif"),
        ("s3://bucket/jobs/a.tif", "s3://bucket/jobs/a.tif"),
    ],
)
def test_a_file_at_an_address_inside_is_reached_from_here(href: str, expected: str) -> None:
    assert HERE.reachable(href) == expected
    assert Addresses(HERE.base, rebase_links=False).reachable(href) == href


@pytest.mark.parametrize(
    ("url", "href", "expected"),
    [
        ("s3://bucket/a/collection.json", "./b/item.json", "s3://bucket/a/b/item.json"),
        ("s3://bucket/a/collection.json", "/c.json", "s3://bucket/c.json"),
        ("s3://bucket/a/x.json", "https://x.example/y", "https://x.example/y"),
        ("https://x.example/a/b.json", "s3://bucket/key", "s3://bucket/key"),
        ("file:///data/a/catalog.json", "../b.tif", "file:///data/b.tif"),
    ],
)
def test_a_reference_is_resolved_where_it_was_found(url: str, href: str, expected: str) -> None:
    assert absolute(url, href) == expected


@given(st.sampled_from(["https://x.example/a/", "s3://b/k", "file:///d/", ""]), st.text(max_size=30))
def test_what_is_no_url_is_refused_in_our_words(url: str, href: str) -> None:
    for shape in (href, f"http://[{href}", f"//{href}", f"s3://{href}"):
        try:
            assert isinstance(absolute(url, shape), str)
            HERE.own(shape)
        except UnreadableAnswer:
            pass
        assert isinstance(last_segment(shape), str)


@given(st.text(alphabet=st.characters(), max_size=20))
def test_an_id_is_one_segment_of_a_path_whatever_is_in_it(one: str) -> None:
    if one in ("", ".", ".."):
        with pytest.raises(NoSuchProcess):
            HERE.process(one)
        with pytest.raises(NoSuchJob):
            HERE.job(one)
        return
    for url, before in ((HERE.process(one), "/processes/"), (HERE.job(one), "/jobs/")):
        segment = url.removeprefix(f"{HERE.base}{before}")
        assert not set(segment) & set("/?#\\ ")
        assert segment.isascii()


def test_a_query_is_set_beside_what_a_link_has() -> None:
    assert with_query("https://x.example/p?f=json&limit=5", limit=20, w=None) == "https://x.example/p?f=json&limit=20"
    assert with_query("https://x.example/p", w=None) == "https://x.example/p"
    assert with_query("https://x.example/p", w="a b&c") == "https://x.example/p?w=a+b%26c"


@pytest.mark.parametrize(
    ("url", "process_id"),
    [
        ("https://ogc.example/javaps/rest/processes/a%20b/jobs/j1", "a b"),
        ("https://ogc.example/jobs/j1", None),
        ("https://ogc.example/processes/a/jobs", None),
    ],
)
def test_q41_a_job_below_its_process_is_of_that_process(url: str, process_id: str | None) -> None:
    assert process_of(url) == process_id
