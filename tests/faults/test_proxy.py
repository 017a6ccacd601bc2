"""The proxy of faults does what it says: a fault that does not happen would let every other test of them pass."""

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.servers.faults.fault import NOT_PASSED_ON, OF_CONNECTIONS, TIMED, Fault
from tests.servers.faults.plan import NoFault, Planned, Seeded
from tests.servers.faults.proxy import PAGE, FaultProxy, certificates
from tests.servers.loopback import Reply, Server, serve, server

__all__ = ["serve", "server"]

BODY = b'{"text": "' + b"0123456789" * 50 + b'"}'
SEEN_BY_CLIENTS: dict[Fault, str | int] = {
    Fault.CUT_BEFORE: "ReadError RemoteProtocolError",
    Fault.CUT_AFTER: "ReadError RemoteProtocolError",
    Fault.CUT_BODY: "ReadError RemoteProtocolError",
    Fault.TOLD_LONGER: "RemoteProtocolError",
    Fault.SILENT: "ReadTimeout",
    Fault.DRIPPING: "ReadTimeout",
    Fault.TLS_GARBAGE: "ConnectError",
    Fault.TLS_STRANGER: "ConnectError",
    Fault.TOO_MANY: 429,
    Fault.BAD_GATEWAY: 502,
    Fault.BAD_GATEWAY_AFTER: 502,
    Fault.UNAVAILABLE: 503,
    Fault.GATEWAY_TIMEOUT: 504,
}


@pytest.fixture
def upstream(server: Server) -> Server:
    server.on("/x", Reply(201, {"Content-Type": "application/json", "Location": "/y"}, BODY))
    return server


@pytest.fixture(params=["http", "https"])
def proxy(
    request: pytest.FixtureRequest, upstream: Server, tmp_path: Path
) -> Iterator[tuple[FaultProxy, httpx.Client]]:
    ca_file, presented = certificates(tmp_path)
    found = FaultProxy(upstream.url, certificates=presented if request.param == "https" else None, drip=0.2)
    trust = ssl.create_default_context(cafile=ca_file)
    with (
        found.listening() as url,
        httpx.Client(base_url=url, trust_env=False, verify=trust, timeout=10) as client,
    ):
        yield found, client


def test_without_a_fault_everything_passes_unaltered(proxy: tuple[FaultProxy, httpx.Client], upstream: Server) -> None:
    through, client = proxy
    for _ in range(3):
        answer = client.post("/x?a=b", content=b"[1]", headers={"Prefer": "respond-async"})
        assert (answer.status_code, answer.content, answer.headers["location"]) == (201, BODY, "/y")
    assert {one.path for one in upstream.seen} == {"/x?a=b"}
    assert upstream.seen[0].headers["prefer"] == "respond-async"
    assert [one.request.body for one in through.exchanges] == [b"[1]"] * 3


@pytest.mark.parametrize("fault", Fault)
def test_each_fault_is_seen_by_the_client_and_the_server_as_it_says(
    fault: Fault, proxy: tuple[FaultProxy, httpx.Client], upstream: Server
) -> None:
    through, client = proxy
    through.plan = Planned(fault, times=1)
    if fault in OF_CONNECTIONS and client.base_url.scheme == "http":
        pytest.skip("there is no handshake")
    expected = SEEN_BY_CLIENTS.get(fault)
    client.timeout = httpx.Timeout(10, read=0.1 if fault in TIMED else 10)
    if isinstance(expected, str):
        with pytest.raises(httpx.TransportError) as raised:
            client.post("/x")
        assert raised.type.__name__ in expected.split()
    else:
        answer = client.post("/x")
        assert answer.status_code == (expected or {Fault.PAGE: 200}.get(fault, 201))
        whole = {
            Fault.TRUNCATED: BODY[: len(BODY) // 2],
            Fault.TOLD_SHORTER: BODY[: len(BODY) // 2],
            Fault.DELAYED: BODY,
        }
        assert answer.content == whole.get(fault, PAGE)
        assert answer.headers.get("retry-after") == ("0" if answer.status_code in (429, 503) else None)
    assert len(upstream.seen) == (fault not in NOT_PASSED_ON)
    client.close()


def test_a_share_of_the_requests_fails_and_the_same_ones_for_the_same_seed() -> None:
    def drawn(seed: int) -> list[Fault | None]:
        plan = Seeded(seed, 0.3, list(Fault))
        return [plan.of_connection() or plan.of_request("GET", "/") for _ in range(3000)]

    assert drawn(7) == drawn(7) != drawn(8)
    assert {*drawn(7)} == {None, *Fault}
    assert 0.27 < sum(one is not None for one in drawn(7)) / 3000 < 0.33
    only_posts = Seeded(7, 1, [Fault.SILENT], methods=("POST",))
    assert (only_posts.of_request("POST", "/"), only_posts.of_request("GET", "/")) == (Fault.SILENT, None)


def test_a_server_that_is_not_there_is_a_bad_gateway(upstream: Server, serve: Callable[..., Server]) -> None:
    gone = serve()
    gone.close()
    with FaultProxy(gone.url, NoFault()).listening() as url:
        assert httpx.get(url, trust_env=False).status_code == 502
