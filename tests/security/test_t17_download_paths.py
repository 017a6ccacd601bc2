"""T17: what is brought is brought into the download folder, over nothing, and is what its checksum says."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_ogc.export import Wanted, save, wanted_files
from mcp_ogc.file_names import safe_name
from mcp_ogc.ogc.results.reading import Results
from mcp_ogc.ogc.results.stac import Output
from tests.test_export import item, objects, results

pytestmark = pytest.mark.anyio


@given(st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=4))
def test_no_name_of_a_server_leads_out_of_the_folder(names: list[str]) -> None:
    items = tuple(item(name, {name: f"https://x.example/{name}"}) for name in names)
    found = Results((Output(id=names[0], kind="stac", items=items),))
    paths = [one.path for one in wanted_files(found, None)]
    assert len(set(paths)) == len(paths)
    for path in paths:
        assert not path.is_absolute()
        assert ".." not in path.parts
        assert "\x00" not in str(path)
        assert len(path.parts) == 3


@pytest.mark.parametrize(
    "name", ["", ".", "..", "con", "NUL.tif", "a/b", "a\\b", "a\x00b", ".hidden", "x" * 500, "  ", "\u202egnp.exe"]
)
def test_a_name_fits_every_platform(name: str) -> None:
    safe = safe_name(name)
    assert 0 < len(safe) <= 120
    assert not set(safe) & set('/\\:\x00<>"|?*\u202e')
    assert not safe.startswith(".")
    assert safe.split(".")[0].lower() not in ("con", "nul")


async def test_a_link_in_the_download_folder_leads_nowhere_else(tmp_path: Path) -> None:
    source, target, outside = tmp_path / "s", tmp_path / "downloads", tmp_path / "outside"
    for folder in (source, target, outside):
        folder.mkdir()
    (source / "x.tif").write_text("x", encoding="utf-8")
    (target / "maps").symlink_to(outside)
    (wanted,) = wanted_files(results((source / "x.tif").as_uri()), None)
    saved = await save(objects(source), wanted, target)
    assert "leads out of the download folder" in (saved.problem or "")
    assert list(outside.iterdir()) == []


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "x.tif").write_bytes(b"brought")
    return folder


def wanted(source: Path) -> Wanted:
    (one,) = wanted_files(results((source / "x.tif").as_uri()), None)
    return one


async def test_a_file_that_is_there_is_left_as_it_is(source: Path, tmp_path: Path) -> None:
    one = wanted(source)
    target = tmp_path / "downloads" / one.path
    target.parent.mkdir(parents=True)
    target.write_bytes(b"mine")
    saved = await save(objects(source), one, tmp_path / "downloads")
    assert target.read_bytes() == b"mine"
    assert "was there before and was left as it is" in (saved.problem or ""), "it is not told to be the result"


async def test_a_file_that_comes_to_be_meanwhile_is_left_as_it_is(source: Path, tmp_path: Path) -> None:
    one = wanted(source)
    target = tmp_path / "downloads" / one.path

    class Slow:
        async def stream(self, *_: object) -> AsyncIterator[bytes]:
            yield b"brought"
            target.write_bytes(b"mine")

    saved = await save(Slow(), one, tmp_path / "downloads")  # type: ignore[arg-type]
    assert "left as it is" in (saved.problem or "")
    assert target.read_bytes() == b"mine"


async def test_a_link_where_the_file_is_written_first_is_not_followed(source: Path, tmp_path: Path) -> None:
    one = wanted(source)
    target, victim = tmp_path / "downloads" / one.path, tmp_path / "victim"
    target.parent.mkdir(parents=True)
    victim.write_bytes(b"mine")
    target.with_name(f"{target.name}.part").symlink_to(victim)
    saved = await save(objects(source), one, tmp_path / "downloads")
    assert (saved.problem, target.read_bytes(), victim.read_bytes()) == (None, b"brought", b"mine")


async def test_the_checksum_is_of_what_was_written(source: Path, tmp_path: Path) -> None:
    saved = await save(objects(source), wanted(source), tmp_path / "downloads")
    assert saved.sha256 == hashlib.sha256(saved.path.read_bytes()).hexdigest()
    assert [path.name for path in saved.path.parent.iterdir()] == [saved.path.name]
