"""Folders as long-lived as their process, and those whose process was killed."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock

from mcp_ogc.scratch import LOCK, clear_abandoned, scratch_folder

HOLDS_ONE = """
import sys
from mcp_ogc.scratch import scratch_folder
with scratch_folder() as folder:
    (folder / "big.tif").write_bytes(b"x")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files are."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.setenv(name, str(tmp_path))
    return tmp_path.resolve()


@contextmanager
def another() -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Another process, and its folder."""
    command = [sys.executable, "-c", HOLDS_ONE]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process, Path(process.stdout.readline().strip())
        process.kill()


def test_a_folder_is_there_for_its_user_alone_until_it_is_done_with(temporary: Path) -> None:
    with scratch_folder() as folder:
        assert folder.parent == temporary
        if sys.platform != "win32":
            assert folder.stat().st_mode & 0o077 == 0
        clear_abandoned()
        assert folder.is_dir(), "this process lives"
    assert list(temporary.iterdir()) == []


def test_what_a_killed_process_left_is_cleared_and_what_a_living_one_holds_is_not(temporary: Path) -> None:
    with another() as (_, held), another() as (process, left):
        process.kill()
        process.wait()
        assert (left / "big.tif").exists()
        clear_abandoned()
        assert not left.exists()
        assert (held / "big.tif").exists()


def test_nothing_else_is_cleared(temporary: Path) -> None:
    """Folders of older versions have no lock, links may lead anywhere, and another's folder is another's."""
    (temporary / "mcp-ogc-older").mkdir()
    other = temporary / "other"
    other.mkdir()
    (other / LOCK).touch()
    (temporary / "mcp-ogc-file").touch()
    if sys.platform != "win32":
        (temporary / "mcp-ogc-link").symlink_to(other)
    before = sorted(temporary.iterdir())
    clear_abandoned()
    assert sorted(temporary.iterdir()) == before
    assert (other / LOCK).exists()


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="users of POSIX")
def test_a_folder_of_another_user_stays(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    strangers = temporary / "mcp-ogc-x"
    strangers.mkdir()
    (strangers / LOCK).touch()
    with monkeypatch.context() as patched:
        patched.setattr(os, "geteuid", lambda: strangers.stat().st_uid + 1)
        clear_abandoned()
    assert strangers.exists()
    clear_abandoned()
    assert not strangers.exists()


def test_a_folder_that_is_taken_for_an_abandoned_one_as_it_is_made_is_made_again(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who clears up may have the lock between its being there and its being held."""
    made, taken = tempfile.mkdtemp, []

    def taken_at_once(**options: str) -> str:
        folder = made(**options)
        if not taken:
            taken.append(FileLock(Path(folder) / LOCK))
            taken[0].acquire()
        return folder

    monkeypatch.setattr(tempfile, "mkdtemp", taken_at_once)
    with scratch_folder() as folder:
        assert folder != Path(taken[0].lock_file).parent
        taken[0].release()
        clear_abandoned()
        assert list(temporary.iterdir()) == [folder]
