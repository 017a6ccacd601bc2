"""What a driver may read: the rows T3, T4, T5 and T7 of the threats, for the local endpoint's own way out."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_ogc.errors import FileRefused, HostRefused, OgcError, TimedOut, TooLarge, Unreachable, UnreadableAnswer
from mcp_ogc.local.reader import Reader, escaped
from tests.local.conftest import serving


class Answers(BaseHTTPRequestHandler):
    """/to?URL redirects there, /short cuts its body off, /json is deep, /head and /body go on for long, anything else
    is ten bytes.
    """

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        path, _, query = self.path.partition("?")
        if path in ("/head", "/body", "/told"):
            self._go_on(path)
            return
        body = b"[" * 100_000 if path == "/json" else b"0123456789"
        self.send_response({"/to": 302, "/missing": 404}.get(path, 200))
        if path == "/to":
            self.send_header("Location", query)
        self.send_header("Content-Length", str(len(body) + 5 * (path == "/short")))
        self.end_headers()
        self.wfile.write(body)

    def _go_on(self, path: str) -> None:
        """A byte now and then, until nobody is there any more."""
        told = {"/head": b"X: ", "/body": b"\r\n", "/told": b"Content-Length: 100000\r\n\r\n"}[path]
        with suppress(OSError):
            self.wfile.write(b"HTTP/1.0 200 OK\r\n" + told)
            while not self.server.ended.wait(0.01):
                self.wfile.write(b"x")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    Answers.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.ended = threading.Event()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.ended.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def base(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_port}"


@pytest.fixture
def reader(server: ThreadingHTTPServer, tmp_path: Path) -> Reader:
    return Reader([tmp_path / "open"], [f"127.0.0.1:{server.server_port}"])


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/x",
        "http://localhost/x",
        "http://[::1]/x",
        "http://[::ffff:127.0.0.1]/x",
        "http://0.0.0.0/x",
        "http://2130706433/x",
        "http://0x7f.1/x",
        "http://169.254.169.254/latest/meta-data",
        "http://[fd00::1]/x",
        "http://100.64.0.1/x",
        "http://127.0.0.1./x",
        "http://good.example@127.0.0.1/x",
        "http://:@127.0.0.1/x",
        "http://127.0.0.1:99999/x",
        "http:///x",
        "ftp://127.0.0.1/x",
        "s3://bucket/key",
        "gopher://127.0.0.1/x",
    ],
)
def test_a_private_or_odd_address_is_refused_before_any_connection(tmp_path: Path, url: str) -> None:
    with pytest.raises((HostRefused, Unreachable)):
        Reader([tmp_path], ["allowed.example"]).save(url, tmp_path / "x")
    assert not (tmp_path / "x").exists()


def test_an_allowed_private_host_is_read_on_its_port_only(reader: Reader, base: str, tmp_path: Path) -> None:
    reader.save(f"{base}/a", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"0123456789"
    with pytest.raises(HostRefused, match="not a public address"):
        reader.save("http://127.0.0.1:9/a", tmp_path / "b")


def test_the_address_that_was_checked_is_the_one_connected_to(
    server: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A resolver answers public first, then private: the second answer is checked as the first was."""
    answers = iter(["93.184.216.34", "127.0.0.1"])

    def resolve(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (next(answers, "127.0.0.1"), port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(HostRefused, match="not a public address"):
        Reader([], []).save(f"http://rebinding.example:{server.server_port}/x", tmp_path / "x")
    assert Answers.asked == []


@pytest.mark.parametrize("target", ["http://localhost:{port}/x", "http://169.254.169.254/", "file:///etc/passwd"])
def test_a_redirect_to_where_it_may_not_go_is_refused(
    reader: Reader, base: str, server: ThreadingHTTPServer, tmp_path: Path, target: str
) -> None:
    url = target.format(port=server.server_port)
    with pytest.raises((HostRefused, Unreachable)):
        reader.save(f"{base}/to?{url}", tmp_path / "x")
    assert [path.partition("?")[0] for path in Answers.asked] == ["/to"]


def test_redirects_end(reader: Reader, base: str, tmp_path: Path) -> None:
    url = f"{base}/a"
    for _ in range(7):
        url = f"{base}/to?{url}"
    with pytest.raises(Unreachable):
        reader.save(url, tmp_path / "x")
    assert len(Answers.asked) <= 6
    reader.save(f"{base}/to?{base}/a", tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == b"0123456789"


@pytest.mark.parametrize(
    ("path", "error", "told"),
    [
        ("/missing", Unreachable, "the server answered 404"),
        ("/short", Unreachable, "was cut off: 10 of 15 bytes"),
        ("/big", TooLarge, "longer than 5 bytes"),
    ],
)
def test_what_can_not_be_read_says_why(
    reader: Reader, base: str, tmp_path: Path, path: str, error: type[OgcError], told: str
) -> None:
    with pytest.raises(error, match=told):
        reader.save(base + path, tmp_path / "x", 5 if path == "/big" else 100)


@pytest.mark.parametrize("path", ["/head", "/body", "/told"])
def test_what_comes_a_byte_at_a_time_is_given_up_in_the_end(
    reader: Reader, base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """No read of it takes long; without a deadline for the whole it ends once the bytes are too many."""
    monkeypatch.setattr("mcp_ogc.local.reader.MOST_SECONDS", 0.1)
    monkeypatch.setattr("http.client._MAXLINE", 300)
    with pytest.raises(TimedOut, match="did not come within"):
        reader.save(f"{base}{path}", tmp_path / "x", 300)
    monkeypatch.undo()
    reader.save(f"{base}/a", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"0123456789"


@pytest.mark.parametrize("path", ["/json", "/a"])
def test_a_document_is_a_json_object(reader: Reader, base: str, tmp_path: Path, path: str) -> None:
    with pytest.raises(UnreadableAnswer):
        reader.document(base + path, tmp_path)
    assert not (tmp_path / ".document").exists()


def test_files_are_read_below_permitted_folders_only(reader: Reader, tmp_path: Path) -> None:
    (tmp_path / "open" / "in").mkdir(parents=True)
    (tmp_path / "open" / "in" / "a.txt").write_text("a", encoding="utf-8")
    (tmp_path / "secret.txt").write_text("s", encoding="utf-8")
    (tmp_path / "open" / "link").symlink_to(tmp_path / "secret.txt")
    inside = tmp_path / "open" / "in" / "a.txt"
    assert reader.path(inside.as_uri()) == reader.path(str(inside)) == inside
    refused = [
        "file:///etc/passwd",
        (tmp_path / "secret.txt").as_uri(),
        f"file://{tmp_path}/open/../secret.txt",
        f"file://{tmp_path}/open/%2e%2e/secret.txt",
        (tmp_path / "open" / "link").as_uri(),
        str(tmp_path / "openly.txt"),
    ]
    for href in refused:
        with pytest.raises(FileRefused, match="not below a permitted folder"):
            reader.path(href)
    with pytest.raises(FileRefused, match="does not exist"):
        reader.path((tmp_path / "open" / "absent").as_uri())
    for href in ("file://host.example/etc/passwd", "vsizip:///x", "data:,x"):
        with pytest.raises(HostRefused):
            reader.path(href)


def test_a_proxy_of_the_environment_is_gone_through(monkeypatch: pytest.MonkeyPatch, base: str, tmp_path: Path) -> None:
    """It is the operator's, so private or not; what is asked of it is checked all the same."""
    monkeypatch.setenv("http_proxy", base)
    Reader([], []).save("http://93.184.216.34/x", tmp_path / "x")
    assert Answers.asked == ["http://93.184.216.34/x"]
    with pytest.raises(HostRefused):
        Reader([], []).save("http://169.254.169.254/x", tmp_path / "x")


def test_a_folder_that_is_served_reads_as_it_is_on_disk(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(bytes(range(256)) * 9000)
    with serving(tmp_path) as base:
        reader = Reader([], [base.removeprefix("http://")])
        reader.save(f"{base}/a.bin", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == (tmp_path / "a.bin").read_bytes()


@given(st.text(), st.text())
def test_what_is_escaped_is_sent_and_is_not_escaped_again(path: str, query: str) -> None:
    url = escaped(f"https://example.org/{path.replace('?', '')}?{query}")
    assert url.isascii()
    assert not re.search(r"[\x00-\x20\x7f]|%(?![0-9A-Fa-f]{2})", url)
    assert escaped(url) == url


@pytest.mark.parametrize("href", ["http://[", "http://[::1/x", "file://[/x"])
def test_what_is_no_url_says_so(href: str, tmp_path: Path) -> None:
    with pytest.raises(HostRefused, match="is not a URL"):
        Reader([tmp_path], []).path(href)
