"""Stage-out of what steps leave in odd places, under odd names, with odd numbers."""

import json
import math
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pystac
import pytest

from mcp_ogc.local.answers import Place
from mcp_ogc.local.publish import Publication, StageOutError
from tests.local.test_publish import directory, file, item, published

ODD = "a #1?x=50% é;b"


@pytest.fixture(params=["plain", ODD])
def job(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Below a data folder of any name."""
    folder = tmp_path / str(request.param) / "job"
    (folder / "tmp").mkdir(parents=True)
    return folder


def catalogue_in(folder: Path, *items: pystac.Item, kind: str = pystac.CatalogType.SELF_CONTAINED) -> dict[str, str]:
    """A catalogue that was written elsewhere: pystac can't in a folder of such a name."""
    root = pystac.Catalog("catalog", "Made by a step")
    root.add_items(items)
    with tempfile.TemporaryDirectory() as plain:
        root.normalize_hrefs(plain)
        root.save(pystac.CatalogType(kind))
        shutil.copytree(plain, folder, dirs_exist_ok=True)
    return directory(folder)


def read(link: Any) -> str:
    return Path(link["href"]).read_text(encoding="utf-8")


def test_files_in_a_record_are_published_each_and_told_where_they_were(job: Path) -> None:
    record = {
        "image": {**file(job / "tmp" / "o" / "a.tif", "a"), "secondaryFiles": [file(job / "tmp" / "o" / "a.tfw", "w")]},
        "masks": [file(job / "tmp" / "o" / "1" / "m.tif", "1"), file(job / "tmp" / "o" / "2" / "m.tif", "2")],
        "inner": {"folder": directory(job / "tmp" / "d"), "name": "x"},
        "nothing": None,
    }
    file(job / "tmp" / "d" / "deep" / "b.txt", "b")
    document = published(job, one=record, several=[record, record])
    for made in (document["one"], *document["several"]):
        assert set(made) == {"value"}, "an object is qualified, once"
        value = made["value"]
        assert (read(value["image"]), value["image"]["type"]) == ("a", "image/tiff; application=geotiff")
        assert Path(value["image"]["href"]).with_name("a.tfw").read_text(encoding="utf-8") == "w"
        assert [read(one) for one in value["masks"]] == ["1", "2"]
        assert [read(one) for one in value["inner"]["folder"]] == ["b"]
        assert (value["inner"]["name"], value["nothing"]) == ("x", None)
    hrefs = {made["value"]["image"]["href"] for made in (document["one"], *document["several"])}
    assert len(hrefs) == 3


def test_a_catalogue_in_a_record_is_a_collection_of_items(job: Path) -> None:
    file(job / "tmp" / "o" / "map.tif", "m")
    record = {"maps": catalogue_in(job / "tmp" / "o", item("a", 1, None, {"m": "../map.tif"}))}
    maps = published(job, record=record)["record"]["value"]["maps"]
    assert maps["type"] == "FeatureCollection"
    assert read(maps["features"][0]["assets"]["m"]) == "m"


def test_a_file_in_a_record_that_is_not_the_jobs_is_no_result(job: Path) -> None:
    secret = file(job.parent / "secret.txt")
    with pytest.raises(StageOutError, match="not the job's"):
        published(job, record={"inner": [secret]})


def test_folders_that_belong_to_a_file_are_beside_it(job: Path) -> None:
    """As of a Zarr or an Esri file geodatabase, and what belongs to those in turn."""
    folder = job / "tmp" / "o"
    beside = {**directory(folder / "a.parts"), "basename": "a.parts", "secondaryFiles": [file(folder / "a.md5", "5")]}
    file(folder / "a.parts" / "0" / "x", "0")
    document = published(job, out={**file(folder / "a.idx", "i"), "secondaryFiles": [beside]})
    placed = Path(document["out"]["href"])
    assert placed.read_text(encoding="utf-8") == "i"
    assert placed.with_name("a.parts").joinpath("0", "x").read_text(encoding="utf-8") == "0"
    assert placed.with_name("a.md5").read_text(encoding="utf-8") == "5"


@pytest.mark.parametrize(
    ("href", "name"),
    [
        ("a b.tif", "a b.tif"),
        ("a%20b.tif", "a b.tif"),
        ("50%20.tif", "50%20.tif"),
        ("50%2520.tif", "50%20.tif"),
        ("é.tif", "é.tif"),
        ("%C3%A9%231.tif", "é#1.tif"),
    ],
)
def test_assets_are_found_whether_their_links_are_escaped_or_not(job: Path, href: str, name: str) -> None:
    folder = job / "tmp" / "o"
    given = catalogue_in(folder, item("a", 1, None, {"m": "./HERE"}))
    file(folder / "a" / name, "m")
    path = folder / "a" / "a.json"
    path.write_text(path.read_text(encoding="utf-8").replace("HERE", href), encoding="utf-8")
    stored = Publication(job / "published", "job-1", lambda _: False).document({"maps": given})["maps"]["value"]
    placed = Place(job / "published", "").file(stored["features"][0]["assets"]["m"])
    assert placed is not None
    assert placed.read_text(encoding="utf-8") == "m"


@pytest.mark.parametrize("item_id", ["a b", "50%20", "é"])
@pytest.mark.parametrize("kind", [pystac.CatalogType.SELF_CONTAINED, pystac.CatalogType.RELATIVE_PUBLISHED])
def test_catalogues_of_each_type_are_read_in_a_folder_of_any_name(
    job: Path, item_id: str, kind: pystac.CatalogType
) -> None:
    folder = job / "tmp" / "o"
    given = catalogue_in(folder, item(item_id, 1, None, {"m": "./map.tif"}), kind=kind)
    file(folder / item_id / "map.tif", "m")
    value = published(job, maps=given)["maps"]["value"]
    assert [feature["id"] for feature in value["features"]] == [item_id]


def test_numbers_that_json_has_not_are_told_in_the_words_of_stac_or_not_at_all(job: Path) -> None:
    made = item("a", 1, [math.nan, 0, 1, 1], {"m": "https://x.example/a.tif"})
    made.assets["m"].extra_fields["raster:bands"] = [{"nodata": math.nan, "statistics": {"maximum": math.inf}}]
    other = item("b", 1, [1, 2, 3, 4], {})
    document = Publication(job / "published", "job-1", lambda _: False).document(
        {"maps": catalogue_in(job / "tmp" / "o", made, other)}
    )
    told = json.dumps(document, allow_nan=False)
    assert '"nodata": "nan"' in told
    assert '"maximum": null' in told
    written = (job / "published" / "maps" / "a" / "a.json").read_text(encoding="utf-8")
    assert json.loads(written, parse_constant=pytest.fail)["assets"]["m"]["raster:bands"][0]["nodata"] == "nan"
    collection = json.loads((job / "published" / "maps" / "collection.json").read_text(encoding="utf-8"))
    assert collection["extent"]["spatial"]["bbox"] == [[1, 2, 3, 4]], "of those that have one"
