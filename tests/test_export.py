"""Files are brought into the download folder: each its own, none outside, none over another."""

from dataclasses import replace
from pathlib import Path

import pytest

from mcp_ogc.errors import UnknownName
from mcp_ogc.export import multihash, save, wanted_files
from mcp_ogc.file_names import own_name, safe_name
from mcp_ogc.net.objects import Objects
from mcp_ogc.net.storage import Storage
from mcp_ogc.ogc.models import JsonObject
from mcp_ogc.ogc.results.items import ItemDocument
from mcp_ogc.ogc.results.reading import Results
from mcp_ogc.ogc.results.stac import Output
from mcp_ogc.settings import Limits

pytestmark = pytest.mark.anyio


def results(*hrefs: str) -> Results:
    return Results(
        (Output(id="maps", kind="stac", items=(item("scene", {str(n): href for n, href in enumerate(hrefs)}),)),)
    )


def item(item_id: str, hrefs: dict[str, str]) -> ItemDocument:
    document: JsonObject = {
        "type": "Feature",
        "stac_version": "1.1.0",
        "id": item_id,
        "geometry": None,
        "properties": {"datetime": "2020-01-01T00:00:00Z"},
        "assets": {key: {"href": href} for key, href in hrefs.items()},
    }
    return ItemDocument(document, "https://x.example/", lambda url, href: href)


def objects(folder: Path) -> Objects:
    return Objects(None, Storage({}), [folder], Limits())  # type: ignore[arg-type]


async def test_two_files_of_one_name_are_both_brought(tmp_path: Path) -> None:
    hrefs = []
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.tif").write_text(name, encoding="utf-8")
        hrefs.append((tmp_path / name / "x.tif").as_uri())
    target = tmp_path / "downloads"
    saved = [await save(objects(tmp_path), one, target) for one in wanted_files(results(*hrefs), None)]
    assert [file.problem for file in saved] == [None] * 3
    assert sorted(file.path.read_text() for file in saved) == ["a", "b", "c"]
    assert len({file.sha256 for file in saved}) == 3


async def test_a_file_that_cannot_be_brought_says_why_and_the_others_come(tmp_path: Path) -> None:
    (tmp_path / "x.tif").write_text("x", encoding="utf-8")
    hrefs = [(tmp_path / "none.tif").as_uri(), (tmp_path / "x.tif").as_uri()]
    saved = [await save(objects(tmp_path), one, tmp_path / "d") for one in wanted_files(results(*hrefs), None)]
    assert "none.tif" in (saved[0].problem or "")
    assert saved[1].problem is None


async def test_another_file_of_the_name_is_not_taken_for_the_result(tmp_path: Path) -> None:
    (tmp_path / "x.tif").write_bytes(b"result")
    (wanted,) = wanted_files(results((tmp_path / "x.tif").as_uri()), None)
    brought = await save(objects(tmp_path), wanted, tmp_path / "d")
    assert await save(objects(tmp_path), wanted, tmp_path / "d") == brought, "the same is counted"
    brought.path.write_bytes(b"garbage, and longer")
    (refused, unknown) = (
        await save(objects(tmp_path), wanted, tmp_path / "d"),
        await save(objects(tmp_path), replace(wanted, href=(tmp_path / "gone.tif").as_uri()), tmp_path / "d"),
    )
    assert "19 bytes came, and it was said to have 6" in (refused.problem or "")
    assert unknown.was_there, "nothing tells what it should be"
    alike = replace(wanted, checksum=multihash(b"result of another day"))
    assert "SHA-256" in ((await save(objects(tmp_path), alike, tmp_path / "d")).problem or "")
    assert brought.path.read_bytes() == b"garbage, and longer", "it is nobody's to remove"


async def test_a_long_name_in_any_script_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "x.tif").write_bytes(b"result")
    (wanted,) = wanted_files(results((tmp_path / "x.tif").as_uri()), None)
    named = replace(wanted, path=Path(safe_name("水域" * 100)) / f"{safe_name('水域' * 100)}.tif")
    assert (await save(objects(tmp_path), named, tmp_path / "d")).problem is None


def paths(found: Results, *outputs: str) -> dict[str, str]:
    return {one.href: one.path.as_posix() for one in wanted_files(found, outputs)}


def test_a_file_goes_to_the_same_place_whichever_outputs_are_asked_for() -> None:
    """Else an export of one output would find a file of another, of the same name, and call it its own."""
    alike = ("a/b", "a:b", "A_B")
    found = Results(
        tuple(Output(id=one, kind="file", href=f"https://x.example/{n}/x.tif") for n, one in enumerate(alike))
    )
    together = paths(found)
    assert len({path.casefold() for path in together.values()}) == 3
    for n, one in enumerate(alike):
        href = f"https://x.example/{n}/x.tif"
        assert paths(found, one) == {href: together[href]}


def test_files_whose_names_differ_in_case_only_are_two() -> None:
    found = results("https://x.example/Map.tif", "https://x.example/map.TIF")
    assert len({path.casefold() for path in paths(found).values()}) == 2


@pytest.mark.parametrize(
    ("href", "media_type", "name"),
    [
        ("https://x.example/jobs/1/results?f=raw", "image/tiff; application=geotiff", "results.tif"),
        ("https://x.example/jobs/1/results", "application/geo+json", "results.geojson"),
        ("https://x.example/jobs/1/results", "text/csv; charset=utf-8", "results.csv"),
        ("https://x.example/jobs/1/results", "application/octet-stream", "results"),
        ("https://x.example/jobs/1/results", None, "results"),
        ("https://x.example/a.tiff", "image/png", "a.tiff"),
    ],
)
def test_a_file_without_a_suffix_gets_that_of_its_media_type(href: str, media_type: str | None, name: str) -> None:
    found = Results((Output(id="map", kind="file", href=href, media_type=media_type),))
    assert paths(found) == {href: f"map/{name}"}


def test_jobs_whose_ids_read_alike_have_folders_of_their_own() -> None:
    assert own_name("1b2c-4d") == "1b2c-4d"
    assert len({own_name(one) for one in ("a/1", "a:1", "a_1", "x" * 121, "x" * 122)}) == 5


def test_an_output_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(UnknownName, match="Did you mean maps"):
        list(wanted_files(results(), ["map"]))
