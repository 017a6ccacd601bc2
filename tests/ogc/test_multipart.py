"""Parts come back as they were sent."""

from email.message import Message

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_ogc.errors import OgcError, UnreadableAnswer
from mcp_ogc.ogc.results.multipart import PARTS, read_parts

RELATED = "multipart/related; boundary=0123456789abcdef"


def sent(*parts: tuple[dict[str, str], bytes], line_end: bytes = b"\r\n") -> bytes:
    pieces = []
    for fields, body in parts:
        head = b"".join(f"{name}: {value}".encode() + line_end for name, value in fields.items())
        pieces.append(b"--0123456789abcdef" + line_end + head + line_end + body + line_end)
    return b"".join(pieces) + b"--0123456789abcdef--" + line_end


@given(st.lists(st.binary(max_size=60), min_size=1, max_size=5), st.sampled_from([b"\r\n", b"\n"]))
def test_bytes_are_what_was_sent(bodies: list[bytes], line_end: bytes) -> None:
    if line_end == b"\n":
        bodies = [body.rstrip(b"\r") for body in bodies]  # \r\n would be the delimiter's
    parts = read_parts(
        RELATED, sent(*(({"Content-ID": f"<out{n}>"}, b) for n, b in enumerate(bodies)), line_end=line_end)
    )
    assert [part.body for part in parts] == bodies
    assert [part.output_id for part in parts] == [f"out{n}" for n in range(len(bodies))]


def test_a_part_says_its_name_its_type_and_where_it_is() -> None:
    fields = {"content-id": "<a%20b@x.example>", "Content-Type": "image/tiff; x=y", "Content-Location": "../a.tif"}
    (part,) = read_parts(RELATED, sent((fields, b"")))
    assert (part.output_id, part.media_type, part.location) == ("a b", "image/tiff", "../a.tif")


def test_transfer_encodings_are_undone() -> None:
    message = Message()
    message.set_payload("Grüße = \n", "utf-8")  # base64, by the library that is the oracle
    encoded = str(message.get_payload()).encode()
    parts = read_parts(
        RELATED,
        sent(
            ({"Content-Transfer-Encoding": "base64"}, encoded),
            ({"Content-Transfer-Encoding": "quoted-printable"}, b"a=3Db=\r\nc"),
            ({"Content-Transfer-Encoding": "base64"}, b"!"),
        ),
    )
    assert [part.body for part in parts[:2]] == ["Grüße = \n".encode(), b"a=bc"]


def test_a_delimiter_within_a_line_is_none() -> None:
    (part,) = read_parts(RELATED, sent(({}, b"x --0123456789abcdef\r\nand --0123456789abcdef-- y")))
    assert part.body.endswith(b"-- y")


def test_what_stands_before_and_after_the_parts_is_left_out_and_a_missing_end_is_forgiven() -> None:
    whole = b"preamble\r\n" + sent(({}, b"a"), ({}, b"b")) + b"epilogue --0123456789abcdef"
    assert [part.body for part in read_parts(RELATED, whole)] == [b"a", b"b"]
    cut = whole[: whole.index(b"\r\n--0123456789abcdef--")]
    assert [part.body for part in read_parts(RELATED, cut)] == [b"a", b"b"]


def test_parts_within_parts_do_not_go_deeper_than_the_stack() -> None:
    body = b"".join(b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (n, n + 1) for n in range(3000))
    (part,) = read_parts("multipart/mixed; boundary=b0", body)
    assert part.media_type == "multipart/mixed"


@pytest.mark.parametrize("content_type", ["multipart/related", "multipart/related; boundary=other", "multipart/x; ="])
def test_multipart_without_parts_is_refused(content_type: str) -> None:
    with pytest.raises(UnreadableAnswer, match="no parts"):
        read_parts(content_type, sent(({}, b"a")))


def test_parts_without_end_are_refused() -> None:
    with pytest.raises(UnreadableAnswer, match="more than"):
        read_parts(RELATED, sent(*[({}, b"")] * (PARTS + 1)))


@given(st.text(max_size=40), st.binary(max_size=200))
def test_nothing_raises_but_our_own_errors(content_type: str, body: bytes) -> None:
    for kind in (content_type, f"multipart/mixed; {content_type}", RELATED):
        try:
            read_parts(kind, b"--0123456789abcdef\r\n" + body)
        except OgcError:
            continue
