"""Where tokens are kept, and by whom they can be read."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from mcp_ogc.errors import TimedOut
from mcp_ogc.net import token_store
from mcp_ogc.net.token_store import Record, Tokens, TokenStore
from tests.servers.keychain import Keychain

pytestmark = pytest.mark.anyio

RECORD = Record(
    endpoint="https://zoo.example/acme/ogc-api", issuer="https://iam.example", client_id="mcp-ogc", person="ada"
)


def tokens(access: str, refresh: str | None = None) -> Tokens:
    return Tokens(RECORD, SecretStr(access), SecretStr(refresh) if refresh else None)


async def kept(store: TokenStore, given: Tokens, name: str = "zoo") -> str:
    async with store.exclusive(name) as slot:
        return await slot.write(given)


async def read(store: TokenStore, name: str = "zoo") -> tuple[str, str | None] | None:
    async with store.exclusive(name) as slot:
        found = await slot.read()
    if found is None:
        return None
    return found.access_token.get_secret_value(), found.refresh_token and found.refresh_token.get_secret_value()


async def test_without_a_keychain_a_file_that_only_its_owner_can_read_has_them(tmp_path: Path) -> None:
    folder = tmp_path / "sign-ins"
    place = await kept(TokenStore(folder), tokens("a", "r"))
    assert await read(TokenStore(folder)) == ("a", "r")
    file = folder / "zoo.json"
    assert str(file) in place
    assert "no keychain" in place
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {one.name for one in folder.iterdir()} <= {"zoo.json", "zoo.lock"}, "nothing else is left behind"


async def test_on_windows_it_is_said_what_protects_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert "on Windows only the folder's permissions" in token_store._told(tmp_path)


async def test_a_keychain_has_them_and_no_file_does(tmp_path: Path, keychain: Keychain) -> None:
    store, long = TokenStore(tmp_path), "canary-" * 700
    place = await kept(store, tokens(long, "canary-refresh"))
    assert "test keychain" in place
    assert await read(store) == (long, "canary-refresh")
    assert len(keychain.entries) > 4, "in pieces that every system's keychain takes"
    assert "canary" not in "".join(file.read_text() for file in tmp_path.iterdir())
    await kept(store, tokens("short"))
    assert await read(store) == ("short", None)
    assert len(keychain.entries) == 1
    async with store.exclusive("zoo") as slot:
        await slot.clear()
    assert keychain.entries == {}
    assert await read(store) is None


async def test_a_keychain_that_is_locked_is_none(tmp_path: Path, keychain: Keychain) -> None:
    store = TokenStore(tmp_path)
    await kept(store, tokens("in the keychain"))
    keychain.locked = True
    assert await read(store) is None, "as if nobody were signed in"
    assert "no keychain" in await kept(store, tokens("in the file"))
    assert await read(store) == ("in the file", None)


async def test_who_is_signed_in_is_told_without_the_keychain(tmp_path: Path, keychain: Keychain) -> None:
    store = TokenStore(tmp_path)
    await kept(store, tokens("a", "r"))
    keychain.locked = True
    record = await store.record("zoo")
    assert record is not None
    assert (record.person, record.renewable) == ("ada", True)


async def test_each_endpoint_has_its_own(tmp_path: Path, keychain: Keychain) -> None:
    store = TokenStore(tmp_path)
    await kept(store, tokens("one"), "one")
    await kept(store, tokens("two"), "two")
    async with store.exclusive("one") as slot:
        await slot.clear()
    assert await read(store, "one") is None
    assert await read(store, "two") == ("two", None)


@pytest.mark.parametrize("damaged", ["", "{", "[]", '{"endpoint": "x"}', '{"access_token": 3}'])
async def test_a_damaged_file_is_no_sign_in(tmp_path: Path, damaged: str) -> None:
    store = TokenStore(tmp_path)
    (tmp_path / "zoo.json").write_text(damaged)
    assert await read(store) is None
    await kept(store, tokens("a"))
    assert await read(store) == ("a", None)


@given(access=st.text(min_size=1, max_size=3000), refresh=st.none() | st.text(min_size=1, max_size=3000))
def test_whatever_a_token_is_it_comes_back(
    tmp_path_factory: pytest.TempPathFactory, access: str, refresh: str | None
) -> None:
    async def there_and_back() -> None:
        store = TokenStore(tmp_path_factory.mktemp("store"))
        await kept(store, tokens(access, refresh))
        assert await read(store) == (access, refresh)

    anyio.run(there_and_back)


HOLD = """
import sys, anyio
from pathlib import Path
from mcp_ogc.net.token_store import TokenStore
async def hold():
    async with TokenStore(Path(sys.argv[1])).exclusive("zoo"):
        print("held", flush=True)
        sys.stdin.read()
anyio.run(hold)
"""


async def test_two_processes_do_not_have_them_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_store, "LOCK_SECONDS", 0.2)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert await anyio.to_thread.run_sync(other.stdout.readline) == b"held\n"
        with pytest.raises(TimedOut, match="Another mcp-ogc"):
            await read(TokenStore(tmp_path))
        other.communicate()
    assert await read(TokenStore(tmp_path)) is None
