"""Files are brought into the download folder: each its own, none outside, none over another."""

from pathlib import Path

import pytest

from mcp_ogc.errors import UnknownName
from mcp_ogc.export import save, wanted_files
from mcp_ogc.net.objects import Objects
from mcp_ogc.net.storage import Storage
from mcp_ogc.ogc.models import JsonObject
from mcp_ogc.ogc.results.reading import Results
from mcp_ogc.ogc.results.stac import ItemDocument, Output
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


def test_an_output_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(UnknownName, match="Did you mean maps"):
        list(wanted_files(results(), ["map"]))
