"""A disk that is full: what it costs is told with the next step, nothing is left half-written, and the rest goes on."""

import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from mcp_ogc.audit import Audit
from mcp_ogc.errors import DiskError
from mcp_ogc.jobs.journal import Journal
from mcp_ogc.net.redaction import Redaction
from mcp_ogc.server import build_server
from mcp_ogc.settings import Settings
from tests.server.talk import call, refused
from tests.servers.processes.endpoint import TestEndpoint
from tests.servers.small_disk import require_namespaces, with_small_disk

pytestmark = pytest.mark.anyio

HELLO: dict[str, Any] = {"process_id": "hello", "inputs": {"name": "Ada"}, "wait_seconds": 0}


@pytest.fixture
def endpoint() -> TestEndpoint:
    return TestEndpoint(polls=None)


@pytest.fixture
async def client(far_settings: Settings) -> AsyncIterator[Client]:
    async with Client(build_server(far_settings)) as client:
        yield client


class FullDisk:
    """A bound on the journal's pages: SQLite then refuses as it does on a disk that is full."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_full = False
        connect = Journal._connect

        def bounded(journal: Journal) -> Any:
            connection = connect(journal)
            if self.is_full:
                pages = connection.execute("PRAGMA page_count").fetchone()[0]
                connection.execute(f"PRAGMA max_page_count = {pages}")
            return connection

        monkeypatch.setattr(Journal, "_connect", bounded)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> FullDisk:
    return FullDisk(monkeypatch)


def long(name: str) -> dict[str, Any]:
    """An execution that the pages of the journal have no room for."""
    return {**HELLO, "inputs": {"name": name * 20_000}}


async def test_what_the_journal_has_no_room_for_is_not_sent(
    client: Client, endpoint: TestEndpoint, disk: FullDisk
) -> None:
    job = (await call(client, "ogc_execute_process", **HELLO))["job_id"]
    disk.is_full = True
    told = await refused(client, "ogc_execute_process", **long("B"))
    assert "full" in told
    assert "Make room on its disk; then call again" in told
    assert len(endpoint.asked("POST", "/execution")) == 1
    endpoint.jobs.newest.end("successful")
    assert (await call(client, "ogc_get_job", job_id=job))["status"] == "successful", "what is known is read"
    assert "greeting" in str(await call(client, "ogc_get_results", job_id=job))
    disk.is_full = False
    await call(client, "ogc_execute_process", **long("B"))
    assert len(endpoint.asked("POST", "/execution")) == 2


async def test_a_journal_that_is_full_once_it_was_sent_names_the_job_and_nothing_is_sent_twice(
    client: Client, endpoint: TestEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sqlite3

    from mcp_ogc.jobs import journal

    become = journal.become

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(journal, "become", full)
    told = await refused(client, "ogc_execute_process", **HELLO)
    job_id = endpoint.jobs.newest.id
    assert f"became job {job_id}" in told
    assert f'ogc_get_job(job_id="{job_id}", endpoint="far", wait_seconds=30)' in told
    assert (await call(client, "ogc_get_job", job_id=job_id, endpoint="far"))["status"] in ("accepted", "running")
    monkeypatch.setattr(journal, "become", become)
    monkeypatch.setattr("mcp_ogc.jobs.submission.ANSWER_SECONDS", 0)
    assert "was sent at" in await refused(client, "ogc_execute_process", **HELLO)
    assert len(endpoint.asked("POST", "/execution")) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no disk that is always full")
async def test_where_the_audit_takes_no_line_nothing_is_begun() -> None:
    with pytest.raises(DiskError, match="No space left on device") as told:
        async with Audit(Path("/dev/full"), Redaction()).change("ogc_dismiss_job", {"job_id": "j"}):
            pytest.fail("it was begun")
    assert "Make room" in told.value.remedy


async def test_without_room_for_its_line_nothing_is_changed(
    client: Client, endpoint: TestEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp_ogc.audit.ROOM", 1 << 62)
    told = await refused(client, "ogc_execute_process", **HELLO)
    assert "audit.jsonl can't be written: No space left on device\nMake room on its disk" in told
    assert endpoint.asked("POST") == []
    assert (await call(client, "ogc_list_jobs"))["jobs"] == []


async def test_the_beginning_of_a_line_that_found_no_room_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    audit = Audit(tmp_path / "audit.jsonl", Redaction())
    async with audit.change("ogc_dismiss_job", {"job_id": "one"}):
        pass
    write = os.write
    async with audit.change("ogc_dismiss_job", {"job_id": "two"}):
        monkeypatch.setattr(os, "write", lambda file, data: write(file, data[: len(data) // 2]))
    monkeypatch.undo()
    async with audit.change("ogc_dismiss_job", {"job_id": "three"}):
        pass
    text = (tmp_path / "audit.jsonl").read_text(encoding="utf-8")
    assert [json.loads(line)["job_id"] for line in text.splitlines()] == ["one", "three"]
    assert '"job_id": "two"' in caplog.text


SIGNED_IN = """
import sys, anyio, os
from pathlib import Path
from pydantic import SecretStr
from mcp_ogc.errors import DiskError
from mcp_ogc.net.token_store import Record, Tokens, TokenStore
folder = Path(sys.argv[1])
record = Record(endpoint="https://zoo.example", issuer="https://iam.example", client_id="c")

async def main():
    store = TokenStore(folder / "sign-ins")
    async with store.exclusive("zoo") as slot:
        await slot.write(Tokens(record, SecretStr("first")))
        with (folder / "ballast").open("wb", buffering=0) as ballast:
            try:
                while ballast.write(bytes(4096)):
                    pass
            except OSError:
                pass
        try:
            await slot.write(Tokens(record, SecretStr("second" * 2000)))
        except DiskError as error:
            print(error)
        print((await slot.read()).access_token.get_secret_value())
    print(sorted(path.name for path in (folder / "sign-ins").iterdir()))

anyio.run(main)
"""
EXPORTED = """
import sys, anyio
from pathlib import Path
from mcp_ogc.export import Wanted, save
from mcp_ogc.net.objects import Objects
from mcp_ogc.net.storage import Storage
from mcp_ogc.settings import Limits

async def main():
    given, folder = Path(sys.argv[2]), Path(sys.argv[1])
    objects = Objects(None, Storage({}), [given.parent], Limits())
    for path in (given, given.with_name("small.tif")):
        saved = await save(objects, Wanted(path.as_uri(), None, Path("out") / path.name), folder)
        print(saved.problem or saved.size)
    print(sorted(path.name for path in folder.rglob("*") if path.is_file()))

anyio.run(main)
"""


def on_a_small_disk(folder: Path, size: str, program: str, *arguments: str) -> list[str]:
    require_namespaces(folder)
    command = with_small_disk(folder, size, [sys.executable, "-c", program, str(folder), *arguments])
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()


def test_a_sign_in_that_finds_no_room_leaves_the_one_before(tmp_path: Path) -> None:
    told, token, files = on_a_small_disk(tmp_path, "64k", SIGNED_IN)
    assert "Sign-ins can't be kept in" in told
    assert "No space left on device. Make room on its disk" in told
    assert token == "first"
    assert files == "['zoo.json', 'zoo.lock']"


def test_an_export_that_finds_no_room_leaves_nothing_and_the_other_files_come(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "large.tif").write_bytes(bytes(1 << 20))
    (tmp_path / "small.tif").write_bytes(bytes(1000))
    large, small, files = on_a_small_disk(tmp_path / "disk", "200k", EXPORTED, str(tmp_path / "large.tif"))
    assert large == "It can't be written: No space left on device"
    assert small == "1000"
    assert files == "['small.tif']"


async def test_a_file_of_an_answer_that_finds_no_room_is_told_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mcp_ogc.inline_files import InlineFiles

    def half(path: Path, data: bytes) -> int:
        with path.open("wb") as file:
            file.write(data[:3])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(DiskError, match="No space left on device") as told:
        await InlineFiles(tmp_path).keep("a", b"abcdef", "text/plain")
    assert "TMPDIR" in told.value.remedy
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


LOCAL = """
import json, sys, anyio
from pathlib import Path
from tests.local.conftest import deploy, opened, submit, tool, until

def fill(folder):
    with (folder / "ballast").open("wb", buffering=0) as ballast:
        try:
            while ballast.write(bytes(4096)):
                pass
        except OSError:
            pass

async def main():
    root = Path(sys.argv[1])
    out = "{out: {type: Directory, outputSource: run-it/out}}"
    async with opened(root, readable_folders=[root.parent]) as http:
        gate = Path(sys.argv[2])
        wait = f"while [ ! -e {gate} ]; do sleep 0.02; done; "
        await deploy(http, tool("large", f"{wait} head -c 9000000 /dev/zero > a.tif", outputs=out))
        await deploy(http, tool("ends", f"{wait} echo done > a.txt", outputs=out))
        large = await submit(http, "large")
        await until(http, large, "running")
        gate.touch()
        told = await until(http, large)
        print(json.dumps([told["status"], told["message"]]))
        print(sorted(path.name for path in (root / "jobs" / large).iterdir()))
        gate.unlink()
        ends = await submit(http, "ends")
        while not (root / "jobs" / ends / "logs" / "run-it.log").exists():
            await anyio.sleep(0.01)
        fill(root)
        gate.touch()
        told = await until(http, ends)
        print(json.dumps([told["status"], told["message"]]))
        before = sorted(path.name for path in (root / "jobs").iterdir())
        answer = await http.post("/processes/ends/execution", json={"inputs": {}},
                                 headers={"Prefer": "respond-async"})
        print(json.dumps([answer.status_code, answer.json().get("detail", "")]))
        print(sorted(path.name for path in (root / "jobs").iterdir()) == before)
        (root / "ballast").unlink()
        again = await until(http, await submit(http, "ends"))
        print(json.dumps([again["status"], ""]))

anyio.run(main)
"""


def test_local_jobs_that_find_no_room_fail_and_say_so_and_the_next_ones_run(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    lines = on_a_small_disk(tmp_path / "disk", "6m", LOCAL, str(tmp_path / "gate"))
    large, ends, refusal, again = (json.loads(line) for line in lines if line.startswith('["') or line.startswith("[5"))
    left, is_as_before = (line for line in lines if line.startswith("['") or line == "True")
    for status, message in (large, ends):
        assert status == "failed"
        assert re.search("disk (is|was) full|No space left", message)
    assert not {"tmp", "published", "results.json"} & set(re.findall(r"[\w.]+", left))
    assert refusal == [500, "[Errno 28] No space left on device. Make room on its disk, or make it writable; "
                            "then call again"]  # fmt: skip
    assert is_as_before, "no folder of the job that could not be written"
    assert again[0] == "successful"
