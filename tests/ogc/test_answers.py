"""Bodies and headers before they are read."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_ogc.ogc.answers import is_file, json_or_none, link_headers, unwrapped

tokens = st.text(alphabet="abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=10)
quoted = st.text(alphabet=st.characters(codec="ascii", exclude_characters='"\\<>', min_codepoint=32), max_size=15)


@given(st.lists(st.tuples(tokens, tokens, quoted), min_size=1, max_size=5))
def test_link_headers_come_back_as_they_were_written(written: list[tuple[str, str, str]]) -> None:
    value = ", ".join(f'<https://x.example/{path}>; rel="{rel}"; title="{title}"' for path, rel, title in written)
    assert [(link.href, link.rel, link.title) for link in link_headers([value], "https://o.example/")] == [
        (f"https://x.example/{path}", rel, title) for path, rel, title in written
    ]


@given(st.lists(st.text(max_size=60), max_size=3))
def test_no_link_header_breaks_the_reading(values: list[str]) -> None:
    for links in (link_headers(values, "https://o.example/"), link_headers([f"<{v}>;rel=a" for v in values], "")):
        assert all(isinstance(link.href, str) for link in links)


def test_a_target_that_is_no_url_does_not_lose_the_others() -> None:
    (link,) = link_headers(["<http://[x>; rel=a, </b>; rel=b"], "https://o.example/")
    assert link.href == "https://o.example/b"


@given(st.text(alphabet=st.characters(), max_size=10))
def test_json_is_always_text_that_can_be_written_again(text: str) -> None:
    document = json_or_none(json.dumps({"a": [text]}).encode())
    assert isinstance(document, dict)
    json.dumps(document, ensure_ascii=False).encode("utf-8")
    if text.isascii():
        assert document == {"a": [text]}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'{"a": "\\ud83d\\ude00"}', {"a": "😀"}),
        (b'{"a": "\\ud83d"}', {"a": "?"}),
        (b'{"a": "\x17\xff"}', {"a": "\x17\ufffd"}),
        (b"II*\x00\xff", None),
        (b"[" * 100_000, None),
        (b"", None),
    ],
    ids=["BOM", "pair", "half-a-pair", "Q44", "binary", "deep", "empty"],
)
def test_json_is_read_as_servers_write_it(body: bytes, expected: object) -> None:
    assert json_or_none(body) == expected


@pytest.mark.parametrize(
    ("media_type", "expected"),
    [
        ("image/tiff; application=geotiff", True),
        ("application/octet-stream", True),
        ("application/x-netcdf", True),
        ("application/geo+json;charset=UTF-8", False),
        ("text/csv", False),
        ("application/problem+json", False),
        ("multipart/related; boundary=B", False),
        ("", False),
    ],
)
def test_a_file_is_told_from_a_document_by_its_type(media_type: str, expected: bool) -> None:
    assert is_file(media_type) is expected


@pytest.mark.parametrize(
    "body",
    [
        b'{"executionUnit": {"value": {"cwlVersion": "v1.2"}, "mediaType": "application/cwl+json"}}',
        b'{"executionUnit": [{"value": "cwlVersion: v1.2", "format": {"mediaType": "application/cwl"}}]}',
        b'{"executionUnit": [{"unit": {"cwlVersion": "v1.2"}}]}',
        b"cwlVersion: v1.2",
    ],
    ids=["standard", "zoo", "weaver", "bare"],
)
def test_a_package_is_its_cwl(body: bytes) -> None:
    assert "v1.2" in unwrapped(body)
    assert "executionUnit" not in unwrapped(body)
