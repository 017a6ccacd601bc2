"""T4: a name that changes its address between the check and the connection gains nothing."""

from pathlib import Path

import pytest

from mcp_ogc.errors import HostRefused, Unreachable
from tests.servers.loopback import Reply, Server, certified
from tests.servers.way_out import PUBLIC, Internet, client

pytestmark = pytest.mark.anyio


async def test_the_address_that_was_checked_is_the_one_connected_to(server: Server) -> None:
    server.on("/", Reply(headers={"Connection": "close"}))
    internet = Internet(server.port)
    async with client({"rebind.example": [[PUBLIC], ["127.0.0.1"]]}, internet) as http:
        await http.get("http://rebind.example/")
        with pytest.raises(HostRefused, match=r"127\.0\.0\.1"):
            await http.get("http://rebind.example/")
    assert internet.connected == [PUBLIC]


async def test_names_at_one_address_do_not_share_a_connection_or_its_certificate(tmp_path: Path) -> None:
    pem, context = certified(tmp_path, "scenes.example")
    server = Server(context)
    server.on("/", Reply())
    internet = Internet(server.port)
    names = {"scenes.example": [[PUBLIC]], "other.example": [[PUBLIC]]}
    ca_files = {f"https://{name}:443": pem for name in names}
    try:
        async with client(names, internet, ca_files=ca_files) as http:
            assert (await http.get("https://scenes.example/")).status_code == 200
            with pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
                await http.get("https://other.example/")
    finally:
        server.close()
    assert [seen.headers["host"] for seen in server.seen] == ["scenes.example"]
