"""Bearer tokens that are kept outside the settings."""

import sys
from pathlib import Path

import pytest

from mcp_ogc.authentication import BearerAuthentication
from mcp_ogc.errors import SettingsError
from mcp_ogc.net.http import open_http
from mcp_ogc.net.tokens import CommandToken, FileToken, VariableToken
from mcp_ogc.settings import EndpointSettings, Settings
from tests.servers.loopback import Reply, Server

pytestmark = pytest.mark.anyio

# Prints how often it was run.
COUNTING = (
    "import pathlib,sys; p=pathlib.Path(sys.argv[1]); n=len(p.read_text()); p.write_text('x'*(n+1)); print(f't{n}')"
)


def settings(url: str, **where: object) -> Settings:
    return Settings(endpoints={"zoo": EndpointSettings(url=url, authentication=BearerAuthentication(**where))})


def sent(server: Server) -> list[str | None]:
    return [seen.headers.get("authorization") for seen in server.seen]


@pytest.fixture
def counting(tmp_path: Path) -> tuple[str, ...]:
    (tmp_path / "runs").write_text("")
    return (sys.executable, "-c", COUNTING, str(tmp_path / "runs"))


@pytest.mark.parametrize("where", [{}, {"token": "t", "token_variable": "V"}, {"token_command": ()}])
def test_a_token_has_exactly_one_place(where: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"exactly one of token, token_variable|at least 1 item"):
        BearerAuthentication(**where)


async def test_a_variable_has_the_token(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.on("/", Reply())
    monkeypatch.setenv("ZOO_TOKEN", " from-a-variable\n")
    async with open_http(settings(server.url, token_variable="ZOO_TOKEN")) as http:
        await http.get(f"{server.url}/")
    assert sent(server) == ["Bearer from-a-variable"]


async def test_a_file_is_read_for_each_request_so_a_renewed_token_goes_with_a_post_too(
    server: Server, tmp_path: Path
) -> None:
    server.on("/", Reply())
    file = tmp_path / "token"
    async with open_http(settings(server.url, token_file=file)) as http:
        for token in ("first", "second"):
            file.write_text(token)
            await http.post(f"{server.url}/")
    assert sent(server) == ["Bearer first", "Bearer second"]


async def test_a_command_is_run_once_and_again_when_its_token_is_refused_and_the_get_sent_again(
    server: Server, counting: tuple[str, ...]
) -> None:
    server.on("/", Reply(), Reply(), Reply(401), Reply(body=b"in"))
    async with open_http(settings(server.url, token_command=counting)) as http:
        for _ in range(2):
            await http.get(f"{server.url}/")
        assert (await http.get(f"{server.url}/")).content == b"in"
    assert sent(server) == ["Bearer t0", "Bearer t0", "Bearer t0", "Bearer t1"]


async def test_a_get_is_sent_again_once_only(server: Server, counting: tuple[str, ...]) -> None:
    server.on("/", Reply(401))
    async with open_http(settings(server.url, token_command=counting)) as http:
        assert (await http.get(f"{server.url}/")).status_code == 401
    assert sent(server) == ["Bearer t0", "Bearer t1"]


async def test_a_token_that_is_still_the_same_is_not_sent_again(server: Server) -> None:
    server.on("/", Reply(401))
    async with open_http(settings(server.url, token="fixed")) as http:
        assert (await http.get(f"{server.url}/")).status_code == 401
    assert sent(server) == ["Bearer fixed"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_a_post_is_never_sent_again_and_the_next_one_has_a_new_token(
    server: Server, counting: tuple[str, ...], method: str
) -> None:
    server.on("/", Reply(401), Reply(201))
    async with open_http(settings(server.url, token_command=counting)) as http:
        assert (await http.request(method, f"{server.url}/")).status_code == 401
        assert sent(server) == ["Bearer t0"]
        assert (await http.request(method, f"{server.url}/")).status_code == 201
    assert sent(server) == ["Bearer t0", "Bearer t1"]


async def test_no_shell_reads_a_command(tmp_path: Path) -> None:
    printing = (sys.executable, "-c", "import sys; print(sys.argv[1].replace(' ', '_'))", "$(id); `id` | x")
    headers = await CommandToken(printing, print).headers()
    assert headers == {"Authorization": "Bearer $(id);_`id`_|_x"}


async def test_a_command_does_not_get_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MCP_OGC_TOKEN", "canary")
    command = (sys.executable, "-c", "import os; print('t' + os.environ.get('MCP_OGC_TOKEN', ''))")
    assert await CommandToken(command, print).headers() == {"Authorization": "Bearer t"}


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("import sys; print('Sign in to the cloud first', file=sys.stderr); sys.exit(3)", "Sign in to the cloud first"),
        ("print('two words')", "has spaces"),
        ("", "has no token"),
        ("import time; time.sleep(60)", "did not end within 0.5 s"),
    ],
)
async def test_a_command_without_a_token_says_why(program: str, told: str) -> None:
    with pytest.raises(SettingsError) as problem:
        await CommandToken((sys.executable, "-c", program), print, seconds=0.5 if "sleep" in program else 25).headers()
    assert told in str(problem.value)


async def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    for token, told in (
        (CommandToken(("no-such-program",), print), "no-such-program"),
        (FileToken(tmp_path / "absent", print), "absent"),
        (VariableToken("NO_SUCH_VARIABLE", print), "NO_SUCH_VARIABLE"),
    ):
        with pytest.raises(SettingsError, match=told):
            await token.headers()


async def test_what_is_no_token_is_not_repeated(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("Bearer canary")
    with pytest.raises(SettingsError) as problem:
        await FileToken(tmp_path / "token", print).headers()
    assert "canary" not in str(problem.value)
