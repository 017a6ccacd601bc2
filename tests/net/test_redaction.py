"""What is masked, and what is not."""

import logging
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_ogc.net.redaction import REMEMBERED, Redaction, secrets_of
from mcp_ogc.settings import Settings


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Authorization: Bearer abc", "Authorization: [redacted]"),
        ("{'authorization': 'Basic YWJj', 'a': 1}", "{'authorization': '[redacted]', 'a': 1}"),
        ("sent Bearer eyJhbGciOi.x.y to it", "sent Bearer [redacted] to it"),
        ("Basic dXNlcjpwYXNz", "Basic [redacted]"),
        ("PRIVATE-TOKEN: glpat-1", "PRIVATE-TOKEN: [redacted]"),
        ("x-amz-security-token:FwoGZXIvYXdz", "x-amz-security-token:[redacted]"),
        ("Cookie: session=1; b=2", "Cookie: [redacted]; b=2"),
        ("https://u:p@ss@h.example/a", "https://[redacted]@h.example/a"),
        ("s3://key:secret@bucket/k", "s3://[redacted]@bucket/k"),
        (
            "https://h.example/a?X-Amz-Credential=AKIA%2F1&X-Amz-Signature=ab12&b=c",
            "https://h.example/a?X-Amz-Credential=[redacted]&X-Amz-Signature=[redacted]&b=c",
        ),
        ("https://h.example/a?se=2026&sig=a%2Bb", "https://h.example/a?se=2026&sig=[redacted]"),
        ("https://h.example/a?token=1#f", "https://h.example/a?token=[redacted]"),
    ],
)
def test_what_authenticates_is_masked_whoever_wrote_it(text: str, expected: str) -> None:
    assert Redaction()(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "https://h.example/a?b=c&limit=10",
        "https://h.example/people/@name",
        "Basic information about a scene",
        "basic authentication is configured",
        "write to mail@example.org",
        "the key=value pairs",
    ],
)
def test_what_does_not_authenticate_is_left(text: str) -> None:
    assert Redaction(["abc"])(text) == text


@given(st.text(min_size=4), st.text(), st.text())
def test_a_known_secret_is_masked_wherever_it_stands_and_as_urls_write_it(secret: str, before: str, after: str) -> None:
    redact = Redaction([secret])
    for written in {secret, quote(secret)} - {"[redacted]"}:
        if written not in "[redacted]":
            assert written not in redact(f"{before}{written}{after}").replace("[redacted]", "\0")


def test_secrets_are_found_wherever_they_are_nested() -> None:
    settings = Settings(
        url="https://a.example",
        token="one-1",
        endpoints={
            "b": {"url": "https://b", "authentication": {"kind": "basic", "username": "u", "password": "two-2"}}
        },
        storage={"s": {"secret_access_key": "three", "session_token": "four"}},
    )
    assert sorted(secrets_of(settings)) == ["four", "one-1", "three", "two-2"]


def test_nothing_is_printed_by_itself() -> None:
    assert not logging.getLogger("mcp_ogc").handlers


def test_what_is_learned_is_masked_from_then_on_and_a_web_token_always() -> None:
    redaction = Redaction()
    assert redaction("opaque-token-1") == "opaque-token-1"
    redaction.learn("opaque-token-1")
    redaction.learn("opaque-token-1")
    assert redaction("it is opaque-token-1.") == "it is [redacted]."
    web_token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0abc.c2lnbmF0dXJl"
    assert redaction(f"got {web_token}, and left") == "got [redacted], and left"


def test_only_so_many_are_remembered() -> None:
    redaction = Redaction(["given-secret"])
    for number in range(REMEMBERED + 1):
        redaction.learn(f"token-{number:04}-end")
    assert redaction("token-0000-end") == "token-0000-end"
    assert redaction(f"token-{REMEMBERED:04}-end given-secret") == "[redacted] [redacted]"
