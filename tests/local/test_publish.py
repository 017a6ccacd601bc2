"""Stage-out, on the files of a job as cwltool leaves them; pystac reads what comes out."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pystac
import pytest

from mcp_ogc.local.answers import Place
from mcp_ogc.local.publish import INLINE_ITEMS, Publication, StageOutError


@pytest.fixture
def job(tmp_path: Path) -> Path:
    (tmp_path / "job" / "tmp").mkdir(parents=True)
    return tmp_path / "job"


def published(job: Path, **outputs: Any) -> dict[str, Any]:
    """The result document, its files as absolute paths."""
    document = Publication(job / "published", "job-1", lambda _: False).document(outputs)
    absolute: dict[str, Any] = Place(job / "published", str(job / "published")).absolute(document)
    return absolute


def directory(path: Path) -> dict[str, str]:
    return {"class": "Directory", "location": path.as_uri()}


def file(path: Path, content: str = "x") -> dict[str, Any]:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return {"class": "File", "location": path.as_uri(), "basename": path.name}


def item(name: str, day: int, bbox: list[float] | None, assets: dict[str, str]) -> pystac.Item:
    place = {"type": "Point", "coordinates": [1, 2]} if bbox else None
    made = pystac.Item(name, place, bbox, datetime(2020, 1, day, tzinfo=UTC), {})
    for key, href in assets.items():
        made.add_asset(key, pystac.Asset(href))
    return made


def catalogue(folder: Path, *items: pystac.Item) -> dict[str, str]:
    """A catalogue on disk, as a step writes it."""
    root = pystac.Catalog("catalog", "Made by a step")
    root.add_items(items)
    root.normalize_hrefs(str(folder))
    root.save(pystac.CatalogType.SELF_CONTAINED)
    return directory(folder)


def test_a_catalogue_becomes_a_collection_that_pystac_reads(job: Path) -> None:
    folder = job / "tmp" / "out"
    for name in ("a", "b"):
        file(folder / name / "map.tif", name)
    items = [item("a", 3, [1, 2, 3, 4], {"m": "./map.tif"}), item("b", 1, [0, 0, 0, 1.5, 2, 9], {"m": "./map.tif"})]
    document = published(job, maps=catalogue(folder, *items))["maps"]["value"]
    assert (document["type"], document["id"]) == ("FeatureCollection", "job-1")
    for feature, content in zip(document["features"], ("a", "b"), strict=True):
        asset = feature["assets"]["m"]
        assert Path(asset["href"]).read_text(encoding="utf-8") == content
        assert asset["file:size"] == 1
        assert asset["file:checksum"] == "1220" + hashlib.sha256(content.encode()).hexdigest()
        assert feature["collection"] == "job-1"
    (link,) = [link for link in document["links"] if link["rel"] == "collection"]
    collection = pystac.Collection.from_file(link["href"])
    assert collection.id == "job-1"
    assert collection.extent.spatial.bboxes == [[0, 0, 3, 4]]
    first, last = datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 3, tzinfo=UTC)
    assert collection.extent.temporal.intervals == [[first, last]]
    read = {one.id: one for one in collection.get_items()}
    assert {name: Path(str(one.assets["m"].get_absolute_href())).read_text() for name, one in read.items()} == {
        "a": "a",
        "b": "b",
    }


def test_an_asset_on_another_machine_stays_where_it_is(job: Path) -> None:
    href = "https://data.example/a.tif"
    document = published(job, maps=catalogue(job / "tmp" / "o", item("a", 1, None, {"m": href})))
    assert document["maps"]["value"]["features"][0]["assets"]["m"] == {"href": href}


def test_items_without_box_are_everywhere(job: Path) -> None:
    published(job, maps=catalogue(job / "tmp" / "o", item("a", 1, None, {})))
    collection = pystac.Collection.from_file(str(job / "published" / "maps" / "collection.json"))
    assert collection.extent.spatial.bboxes == [[-180, -90, 180, 90]]


def test_many_items_are_linked_instead_of_inline(job: Path) -> None:
    items = [item(f"i{number}", 1, [0, 0, 1, 1], {}) for number in range(INLINE_ITEMS + 1)]
    document = published(job, maps=catalogue(job / "tmp" / "o", *items))["maps"]["value"]
    assert (document["type"], document["id"]) == ("Collection", "job-1")
    links = [link["href"] for link in document["links"] if link["rel"] == "item"]
    assert len(links) == INLINE_ITEMS + 1
    assert pystac.Item.from_file(links[0]).id == "i0"


def test_names_that_meet_are_kept_apart(job: Path) -> None:
    """Items of ids that are one file name, assets of one name, and files named as ours are."""
    folder = job / "tmp" / "o"
    names = {"x": "x/map.tif", "y": "y/map.tif", "z": "z/collection.json"}
    for name in names.values():
        file(folder / name, name)
    given = catalogue(folder, item("a b", 1, None, {key: str(folder / name) for key, name in names.items()}))
    document = published(job, maps=given)["maps"]["value"]
    assets = document["features"][0]["assets"]
    assert {key: Path(one["href"]).read_text(encoding="utf-8") for key, one in assets.items()} == names
    assert pystac.Collection.from_file(str(job / "published" / "maps" / "collection.json")).id == "job-1"


@pytest.mark.parametrize("href", ["http://127.0.0.1:9/item.json", "../../secret/item.json", "file:///etc/item.json"])
def test_a_link_of_a_catalogue_out_of_its_folder_is_not_followed(job: Path, href: str) -> None:
    """A step is a stranger: its catalogue must not have this machine read what the step can't."""
    folder = job / "tmp" / "o"
    folder.mkdir()
    links = [{"rel": "item", "href": href}]
    document = {"type": "Catalog", "stac_version": "1.0.0", "id": "c", "description": "d", "links": links}
    (folder / "catalog.json").write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(StageOutError, match="not below the catalogue"):
        published(job, maps=directory(folder))


@pytest.mark.parametrize("href", ["../../../secret.txt", "/etc/passwd", "file:///etc/passwd", "./absent.tif"])
def test_an_asset_that_leads_out_of_the_catalogue_is_refused(job: Path, href: str) -> None:
    folder = job / "tmp" / "o"
    file(job.parent / "secret.txt")
    given = catalogue(folder, item("a", 1, None, {}))
    path = folder / "a" / "a.json"
    written = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**written, "assets": {"m": {"href": href}}}), encoding="utf-8")
    with pytest.raises(StageOutError, match="is not a file of the catalogue"):
        published(job, maps=given)


@pytest.mark.parametrize("content", ["{", "[]", '{"type": "Catalog"}', '{"type": "Feature", "id": 1}'])
def test_a_catalogue_that_is_none_says_so(job: Path, content: str) -> None:
    file(job / "tmp" / "o" / "catalog.json", content)
    with pytest.raises(StageOutError, match="is not a STAC catalogue"):
        published(job, maps=directory(job / "tmp" / "o"))


def test_a_time_that_is_none_says_so(job: Path) -> None:
    made = item("a", 1, None, {})
    made.properties["start_datetime"] = "yesterday"
    with pytest.raises(StageOutError, match="yesterday"):
        published(job, maps=catalogue(job / "tmp" / "o", made))


def test_a_link_to_a_file_that_is_not_the_jobs_is_no_result(job: Path) -> None:
    """It would hand out what the step could not read, where the step ran in a container."""
    secret = job.parent / "secret.txt"
    secret.write_text("secret", encoding="utf-8")
    folder = job / "tmp" / "o"
    folder.mkdir()
    (folder / "link.txt").symlink_to(secret)
    for given in (directory(folder), {"class": "File", "location": (folder / "link.txt").as_uri()}):
        with pytest.raises(StageOutError, match="not the job's"):
            published(job, out=given)
    assert not list((job / "published").rglob("*.txt"))


def told_of(content: bytes) -> dict[str, object]:
    """Size in bytes and checksum (a multihash of SHA-256) by which whoever fetches a file knows that it is whole."""
    return {"file:size": len(content), "file:checksum": f"1220{hashlib.sha256(content).hexdigest()}"}


def test_a_link_to_an_input_is_copied_and_the_input_stays(job: Path) -> None:
    given = job.parent / "given.txt"
    given.write_text("given", encoding="utf-8")
    staged_in = job / "tmp" / "in" / "0" / "b.txt"
    file(staged_in, "staged")
    link = job / "tmp" / "link.txt"
    link.symlink_to(given)
    outputs = {
        "a": {"class": "File", "location": link.as_uri()},
        "b": {"class": "File", "location": staged_in.as_uri()},
    }
    document = Publication(job / "published", "job-1", lambda path: path == given).document(outputs)
    assert (given.read_text(), staged_in.read_text()) == ("given", "staged")
    assert document["a"] == {"href": "published:a/link.txt", "type": "text/plain", **told_of(b"given")}
    assert (job / "published" / "a" / "link.txt").read_text() == "given"
    assert not (job / "published" / "a" / "link.txt").is_symlink()


def test_links_within_a_result_and_files_that_are_results_twice_are_all_there(job: Path) -> None:
    """Whatever their order: cwltool gives the same file for each."""
    folder = job / "tmp" / "o"
    once = file(folder / "b.txt", "b")
    (folder / "a.txt").symlink_to("b.txt")
    (folder / "c.txt").symlink_to(folder / "b.txt")
    (folder / "d").symlink_to(folder)
    document = published(job, first=once, folder=directory(folder), again=once)
    hrefs = [document["first"]["href"], *(one["href"] for one in document["folder"]), document["again"]["href"]]
    assert [Path(href).name for href in hrefs] == ["b.txt", "a.txt", "b.txt", "c.txt", "b.txt"]
    assert {Path(href).read_text(encoding="utf-8") for href in hrefs} == {"b"}


def test_an_asset_that_items_share_is_published_with_each(job: Path) -> None:
    folder = job / "tmp" / "o"
    file(folder / "map.tif", "m")
    items = [item(name, 1, None, {"one": str(folder / "map.tif"), "two": str(folder / "map.tif")}) for name in "ab"]
    document = published(job, maps=catalogue(folder, *items))["maps"]["value"]
    hrefs = [asset["href"] for feature in document["features"] for asset in feature["assets"].values()]
    assert len(set(hrefs)) == 4
    assert {Path(href).read_text(encoding="utf-8") for href in hrefs} == {"m"}


def test_a_link_to_nothing_says_so(job: Path) -> None:
    folder = job / "tmp" / "o"
    folder.mkdir()
    (folder / "a.txt").symlink_to("absent.txt")
    with pytest.raises(StageOutError, match=r"a\.txt is not a file"):
        published(job, out=directory(folder))


def test_values_files_lists_and_folders(job: Path) -> None:
    tmp = job / "tmp"
    shape = {**file(tmp / "a.shp"), "secondaryFiles": [file(tmp / "a.dbf", "beside")]}
    file(tmp / "folder" / "deep" / "ü 1.json")
    file(tmp / "folder" / "b.tif")
    (tmp / "empty").mkdir()
    document = published(
        job,
        number=5,
        text="t",
        nothing=None,
        record={"a": 1},
        shape=shape,
        files=[file(tmp / "1.txt"), file(tmp / "2.txt")],
        folder=directory(tmp / "folder"),
        empty=directory(tmp / "empty"),
    )
    out = str(job / "published")
    assert document["number"] == 5
    assert document["text"] == "t"
    assert document["nothing"] is None
    assert document["record"] == {"value": {"a": 1}}
    assert document["shape"]["href"] == f"{out}/shape/a.shp"
    assert (job / "published" / "shape" / "a.dbf").read_text() == "beside"
    assert [one["href"] for one in document["files"]] == [f"{out}/files/0/1.txt", f"{out}/files/1/2.txt"]
    assert document["folder"] == [
        {"href": f"{out}/folder/b.tif", "type": "image/tiff; application=geotiff", **told_of(b"x")},
        {"href": f"{out}/folder/deep/%C3%BC%201.json", "type": "application/json", **told_of(b"x")},
    ]
    assert document["empty"] == {"value": {}}, "as ZOO-Project-DRU answers where stage-out found nothing"
