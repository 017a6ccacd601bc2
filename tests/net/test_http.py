"""The one way out: checked, followed, authenticated, repeated."""

import gzip
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from mcp_ogc.authentication import BearerAuthentication
from mcp_ogc.errors import AuthenticationRequired, HostRefused, TimedOut, TooLarge, Unreachable
from mcp_ogc.net.http import ENDPOINT, open_http, read_bounded
from mcp_ogc.settings import EndpointSettings, Limits, Settings
from tests.servers.loopback import Reply, Server, certified

pytestmark = pytest.mark.anyio

CANARY = "canary-8f14e45fceea167a"


def configured(*urls: str, ca_file: Path | None = None, **limits: float) -> Settings:
    endpoints = {
        f"e{number}": EndpointSettings(
            url=url, authentication=BearerAuthentication(token=f"{CANARY}-{number}"), ca_file=ca_file
        )
        for number, url in enumerate(urls)
    }
    return Settings(endpoints=endpoints, limits=Limits(**{"request_seconds": 20, **limits}))


def sent_tokens(server: Server) -> list[str | None]:
    return [seen.headers.get("authorization") for seen in server.seen]


async def test_an_endpoint_gets_its_own_token(server: Server) -> None:
    async with open_http(configured(f"{server.url}/a", f"{server.url}/b")) as http:
        for path in ("/a/processes", "/b", "/b/jobs/1", "/bc"):
            server.on(path, Reply())
            await http.get(server.url + path)
    assert sent_tokens(server) == [f"Bearer {CANARY}-0", f"Bearer {CANARY}-1", f"Bearer {CANARY}-1", None]


async def test_a_redirect_on_the_same_origin_keeps_the_token_outside_the_base_path_too(server: Server) -> None:
    """ZOO-Project redirects results to /temp (quirk Q4)."""
    server.on("/ns/ogc-api/jobs/1/results", Reply(302, {"Location": "/temp/1.json"}))
    server.on("/temp/1.json", Reply(body=b'{"a": 1}'))
    async with open_http(configured(f"{server.url}/ns/ogc-api")) as http:
        assert (await http.get(f"{server.url}/ns/ogc-api/jobs/1/results")).json() == {"a": 1}
    assert sent_tokens(server) == [f"Bearer {CANARY}-0"] * 2


async def test_a_post_is_not_sent_to_where_it_is_redirected(server: Server) -> None:
    server.on("/execution", Reply(307, {"Location": "/elsewhere"}))
    async with open_http(configured(server.url)) as http:
        with pytest.raises(HostRefused, match="only a GET is sent again"):
            await http.post(f"{server.url}/execution", json={})
    assert [seen.path for seen in server.seen] == ["/execution"]


async def test_a_get_is_tried_again_and_a_post_never(server: Server) -> None:
    server.on("/flaky", Reply(503), Reply(502), Reply(body=b'{"ok": true}'))
    server.on("/once", Reply(503), Reply())
    async with open_http(configured(server.url)) as http:
        assert (await http.get(f"{server.url}/flaky")).json() == {"ok": True}
        assert (await http.post(f"{server.url}/once")).status_code == 503
    assert [seen.path for seen in server.seen] == ["/flaky"] * 3 + ["/once"]


async def test_a_server_that_asks_for_patience_beyond_ours_is_answered_with_its_own_words(server: Server) -> None:
    server.on("/busy", Reply(429, {"Retry-After": "3600"}))
    async with open_http(configured(server.url)) as http:
        assert (await http.get(f"{server.url}/busy")).status_code == 429
    assert len(server.seen) == 1


@pytest.mark.parametrize("after", ["0", "Mon, 01 Jan 2024 00:00:00 GMT", "soon"])
async def test_a_server_that_asks_for_a_little_patience_gets_it(after: str, server: Server) -> None:
    server.on("/busy", Reply(429, {"Retry-After": after}), Reply())
    async with open_http(configured(server.url)) as http:
        assert (await http.get(f"{server.url}/busy")).status_code == 200
    assert len(server.seen) == 2


async def test_the_third_answer_stands_whatever_it_is(server: Server) -> None:
    server.on("/down", Reply(503, {"Retry-After": "0"}))
    async with open_http(configured(server.url)) as http:
        assert (await http.get(f"{server.url}/down")).status_code == 503
    assert len(server.seen) == 3


async def test_where_the_time_left_is_short_an_answer_stands(server: Server) -> None:
    server.on("/down", Reply(503, {"Retry-After": "7"}))
    async with open_http(configured(server.url, request_seconds=5)) as http:
        assert (await http.get(f"{server.url}/down")).status_code == 503
    assert len(server.seen) == 1


async def test_after_a_post_see_other_is_read_and_not_sent_again(server: Server) -> None:
    server.on("/execution", Reply(303, {"Location": "/jobs/1"}))
    server.on("/jobs/1", Reply(body=b'{"jobID": "1"}'))
    async with open_http(configured(server.url)) as http:
        assert (await http.post(f"{server.url}/execution", json={"inputs": {}})).json() == {"jobID": "1"}
    assert [(seen.method, "content-type" in seen.headers) for seen in server.seen] == [("POST", True), ("GET", False)]


async def test_namespaces_of_one_origin_read_a_shared_path_with_a_token_of_their_own(server: Server) -> None:
    server.on("/temp/1.json", Reply())
    async with open_http(configured(f"{server.url}/acme/ogc-api", f"{server.url}/lab/ogc-api")) as http:
        for namespace in ("acme", "lab"):
            await http.get(f"{server.url}/temp/1.json", extensions={ENDPOINT: f"{server.url}/{namespace}/ogc-api"})
    assert sent_tokens(server) == [f"Bearer {CANARY}-0", f"Bearer {CANARY}-1"]


async def test_only_headers_that_are_meant_are_sent(server: Server) -> None:
    server.on("/api", Reply())
    headers = {"Prefer": "respond-async", "Range": "bytes=0-1", "X-Forwarded-For": "a", "Cookie": "b", "Referer": "c"}
    async with open_http(configured(server.url)) as http:
        await http.get(f"{server.url}/api", headers=headers)
    sent = server.seen[0].headers
    assert sent["prefer"] == "respond-async"
    assert sent["range"] == "bytes=0-1"
    assert sent["user-agent"].startswith("mcp-ogc/")
    assert sent["accept-encoding"] == "gzip"
    assert not {"x-forwarded-for", "cookie", "referer"} & set(sent)


async def test_a_compressed_answer_is_read_as_what_it_is(server: Server) -> None:
    server.on("/api", Reply(headers={"Content-Encoding": "gzip"}, body=gzip.compress(b'{"a": 1}')))
    async with open_http(configured(server.url)) as http:
        assert (await http.get(f"{server.url}/api")).json() == {"a": 1}
        async with http.stream("GET", f"{server.url}/api") as response:
            assert await read_bounded(response, 8) == b'{"a": 1}'


async def test_nobody_listening_is_unreachable_and_says_so() -> None:
    async with open_http(configured("http://127.0.0.1:9")) as http:
        with pytest.raises(Unreachable, match="can't be reached"):
            await http.get("http://127.0.0.1:9/")


async def test_a_server_that_never_answers_is_given_up(server: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        async with open_http(configured(url, request_seconds=0.5)) as http:
            with pytest.raises(TimedOut):
                await http.get(url)


async def test_a_server_that_is_silent_for_longer_than_a_read_may_take_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        async with open_http(configured(url, read_seconds=0.3)) as http:
            with pytest.raises(TimedOut, match="in time"):
                await http.post(url)


async def test_a_body_is_read_up_to_its_bound(server: Server) -> None:
    server.on("/big", Reply(body=b"x" * 2000))
    async with open_http(configured(server.url)) as http:
        async with http.stream("GET", f"{server.url}/big") as response:
            with pytest.raises(TooLarge):
                await read_bounded(response, 1000)
        async with http.stream("GET", f"{server.url}/big") as response:
            assert len(await read_bounded(response, 2000)) == 2000


async def test_a_certificate_authority_of_its_own_is_trusted_for_its_endpoint_only(
    tmp_path: Path, serve: Callable[..., Server]
) -> None:
    pem, context = certified(tmp_path)
    server = serve(context)
    server.on("/", Reply(body=b'{"ok": true}'))
    async with open_http(configured(server.url, ca_file=pem)) as http:
        assert (await http.get(f"{server.url}/")).json() == {"ok": True}
    async with open_http(configured(server.url)) as http:
        with pytest.raises(Unreachable, match="ca_file"):
            await http.get(f"{server.url}/")


async def test_traffic_goes_through_the_proxy_of_the_environment(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.url)
    server.replies["http://endpoint.example:1234/"] = [Reply(body=b'{"by": "proxy"}')]
    async with open_http(configured("http://endpoint.example:1234")) as http:
        assert (await http.get("http://endpoint.example:1234/")).json() == {"by": "proxy"}
        monkeypatch.setenv("NO_PROXY", "endpoint.example")
        with pytest.raises(Unreachable):
            await http.get("http://endpoint.example:1234/")


@pytest.mark.parametrize(
    "place",
    [
        "https://iam.example/auth?client_id=zoo&response_type=code&scope=openid",
        "https://idp.example/idp?SAMLRequest=abc",
        "/oauth2/start?rd=%2F",
        "/Login",
    ],
)
async def test_a_redirect_to_where_people_sign_in_is_not_followed(place: str, server: Server) -> None:
    server.on("/processes", Reply(302, {"Location": place}))
    async with open_http(configured(server.url)) as http:
        for method in ("GET", "POST"):
            with pytest.raises(AuthenticationRequired, match="login page"):
                await http.request(method, f"{server.url}/processes")
    assert [seen.path for seen in server.seen] == ["/processes"] * 2


@pytest.mark.parametrize("place", ["/processes/login-statistics", "/temp/cascade.json", "/temp/1.json?client_id=zoo"])
async def test_what_only_looks_a_little_like_signing_in_is_followed(place: str, server: Server) -> None:
    server.on("/results", Reply(302, {"Location": place}))
    server.on(place.partition("?")[0], Reply(body=b'{"a": 1}'))
    async with open_http(configured(server.url)) as http:
        assert (await http.get(f"{server.url}/results")).json() == {"a": 1}
