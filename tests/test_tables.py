"""What is in a table, GeoJSON or a text, whatever it is said to be and wherever it ends."""

import csv
import io
import json
import statistics
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_ogc import tables
from mcp_ogc.net.objects import Objects
from mcp_ogc.net.storage import Storage
from mcp_ogc.ogc.results.items import Asset
from mcp_ogc.settings import Limits
from mcp_ogc.tables import Content, content_of_bytes, content_of_file, content_of_text, content_of_value, is_readable

pytestmark = pytest.mark.anyio

LAKES = "name,km2,seen\n" + "".join(f"lake {n},{n / 2},2024-01-{n:02d}\n" for n in range(1, 31))


def feature(x: float, y: float, **properties: object) -> dict[str, object]:
    return {"type": "Feature", "geometry": {"type": "Point", "coordinates": [x, y]}, "properties": properties}


def types(content: Content) -> dict[str, str]:
    return {column.name: column.type for column in content.columns}


def test_a_table_has_its_columns_with_types_extremes_and_means_its_count_and_first_rows() -> None:
    content = content_of_bytes(LAKES.encode(), "text/csv")
    assert (content.kind, content.count, content.whole, content.size) == ("table", 30, True, len(LAKES))
    assert types(content) == {"name": "text", "km2": "number", "seen": "time"}
    numbers = [float(row["km2"]) for row in csv.DictReader(io.StringIO(LAKES))]
    km2 = content.columns[1]
    assert (km2.minimum, km2.maximum) == (min(numbers), max(numbers))
    assert km2.mean == pytest.approx(statistics.mean(numbers))
    assert (content.columns[2].minimum, content.columns[2].maximum) == ("2024-01-01", "2024-01-30")
    assert content.rows[0] == ("lake 1", "0.5", "2024-01-01")
    assert len(content.rows) == 20


@pytest.mark.parametrize("end", range(20, len(LAKES), 37))
def test_a_table_that_is_cut_off_counts_whole_rows_only_and_tells_no_extremes(end: int) -> None:
    content = content_of_bytes(LAKES.encode()[:end], "text/csv", whole=False)
    assert content.count == max(LAKES[:end].count("\n") - 1, 0) - (LAKES[end - 1] == "\n")
    assert content.columns[1].minimum is None
    assert content.columns[1].mean is None
    assert (content.whole, content.size) == (False, None)


@pytest.mark.parametrize(
    ("text", "media_type", "form"),
    [
        ("a;b\n1,5;x\n2,5;y\n", "text/csv", "CSV, semicolon-separated"),
        ("a\tb\n1.5\tx\n2.5\ty\n", "text/tab-separated-values", "CSV, tab-separated"),
        ("a|b\n1.5|x\n2.5|y\n", "application/octet-stream", "CSV, bar-separated"),
        ("1.5,x\n2.5,y\n", "text/plain", "CSV, comma-separated, no header"),
        ('a,b\r\n1.5,"x, and ""more""\r\nof it"\r\n2.5,y\r\n', "text/csv", "CSV, comma-separated"),
        ("\ufeffa,b\n1.5,x\n2.5,y\n", "text/csv; charset=utf-8", "CSV, comma-separated"),
    ],
)
def test_delimiters_headers_quotes_and_marks_are_found(text: str, media_type: str, form: str) -> None:
    content = content_of_bytes(text.encode(), media_type)
    assert (content.format, content.count) == (form, 2)
    first, second = content.columns
    assert (first.type, first.minimum, first.maximum) == ("number", 1.5, 2.5)
    assert first.name in ("a", "column 1")
    assert second.type == "text"


@pytest.mark.parametrize("codec", ["utf-8", "utf-16", "cp1252"])
def test_text_of_other_encodings_is_read(codec: str) -> None:
    content = content_of_bytes("lagoa,área\nAçude,1\n".encode(codec), "text/csv")
    assert types(content) == {"lagoa": "text", "área": "integer"}


def test_cells_that_are_missing_or_of_several_kinds_are_told() -> None:
    content = content_of_text("a,b,c,d\n1,x,,true\nNA,2,,false\nnan,3,\n", "text/csv")
    assert types(content) == {"a": "integer", "b": "mixed", "c": "empty", "d": "true or false"}
    assert [column.missing for column in content.columns] == [2, 0, 3, 1]


def test_prose_with_commas_is_no_table() -> None:
    content = content_of_bytes(b"Twenty lakes, of which two are new.\nNone, sadly, is blue.\nSo it is, with lakes\n")
    assert (content.kind, content.count) == ("text", 3)
    assert content.text.startswith("Twenty lakes")


def test_a_table_with_one_column_is_one_where_it_is_said_to_be() -> None:
    assert content_of_bytes(b"km2\n1\n2\n", "text/csv").kind == "table"
    assert content_of_bytes(b"km2\n1\n2\n", "", "areas.csv").kind == "table"
    assert content_of_bytes(b"km2\n1\n2\n", "text/plain").kind == "text"


def test_features_have_their_count_types_box_and_properties() -> None:
    line = {"type": "LineString", "coordinates": [[-40.5, -9.0, 3.0], [-30.0, 2.25, 1.0]]}
    features = [feature(-34.9, -8.0, name="Recife", km2=218), {**feature(0, 0, name="way"), "geometry": line}]
    features.append({"type": "Feature", "geometry": None, "properties": None})
    content = content_of_value({"type": "FeatureCollection", "features": features}, "application/geo+json")
    assert (content.kind, content.count) == ("features", 3)
    assert content.geometry is not None
    assert content.geometry.types == {"Point": 1, "LineString": 1, "none": 1}
    assert content.geometry.bbox == (-40.5, -9.0, -30.0, 2.25)
    assert content.geometry.is_lonlat
    assert types(content) == {"name": "text", "km2": "integer"}
    assert content.rows[0] == ("Recife", "218")
    assert "coordinates" not in str(content)


def test_coordinates_that_can_not_be_degrees_are_said_not_to_be() -> None:
    content = content_of_value({"type": "Point", "coordinates": [289000.0, 9113000.0]})
    assert content.geometry is not None
    assert not content.geometry.is_lonlat


def test_features_that_are_cut_off_are_counted_as_far_as_they_are_whole() -> None:
    told = {"type": "FeatureCollection", "name": "lakes", "features": [feature(n, 0, n=n) for n in range(50)]}
    text = json.dumps(told)
    for end in range(100, len(text), 301):
        content = content_of_bytes(text.encode()[:end], "application/geo+json", whole=False)
        assert content.count == text[:end].count("}}")
        assert content.columns == () or content.columns[0].maximum is None


@pytest.mark.parametrize("text", ['[{"a": 1, "b": "x"}, {"a": 2.5}]', '{"a": 1, "b": "x"}\n{"a": 2.5}\n'])
def test_records_are_a_table(text: str) -> None:
    content = content_of_bytes(text.encode(), "application/json")
    assert (content.kind, content.count) == ("table", 2)
    assert types(content) == {"a": "number", "b": "text"}
    assert content.columns[1].missing == 1
    assert content.rows == (("1", "x"), ("2.5", ""))


def test_a_list_of_numbers_has_its_extremes() -> None:
    content = content_of_value([3, 1, 2])
    (column,) = content.columns
    assert (content.kind, content.count, column.minimum, column.maximum, column.mean) == ("list", 3, 1, 3, 2)


def test_a_page_is_read_as_its_text() -> None:
    page = b"<!DOCTYPE html><html><script>alert('x')</script><h1>Report</h1><p>20 &amp; more</p></html>"
    content = content_of_bytes(page, "text/html")
    assert (content.format, content.text) == ("HTML", "Report\n20 & more".replace("\n", " "))


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"II*\x00\x08\x00\x00\x00", "raster"), (b"PK\x03\x04\x00\x00", "file"), (b"\x89HDF\r\n\x1a\n\x00", "file")],
)
def test_what_is_no_text_is_a_raster_or_a_file(body: bytes, kind: str) -> None:
    assert content_of_bytes(body, "application/octet-stream").kind == kind


def test_what_is_said_to_be_a_table_and_is_json_is_read_as_json() -> None:
    assert content_of_bytes(b'[{"a": 1}]', "text/csv").format == "JSON"


async def test_of_a_long_file_only_the_beginning_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import httpx

    path = tmp_path / "long.csv"
    path.write_text(LAKES, encoding="utf-8")
    async with httpx.AsyncClient() as http:
        objects = Objects(http, Storage({}), [tmp_path], Limits())
        asset = Asset(key="a", href=path.as_uri(), media_type="text/csv")
        whole = await content_of_file(objects, asset, longest=10**6)
        assert (whole.count, whole.size, whole.whole) == (30, len(LAKES), True)
        monkeypatch.setattr(tables, "READ_BYTES", 100)
        for longest in (10**6, 60):
            cut = await content_of_file(objects, asset, longest=longest)
            assert (cut.whole, cut.size, cut.read) == (False, len(LAKES), min(100, longest - 1))
            assert 0 < cut.count < 30


@pytest.mark.parametrize(
    ("media_type", "href", "expected"),
    [
        ("text/csv", "a", True),
        ("application/geo+json; charset=utf-8", "a", True),
        (None, "https://x.example/a.CSV?sig=1", True),
        ("application/octet-stream", "a.json", True),
        ("image/tiff", "a", False),
        (None, "a.zip", False),
    ],
)
def test_what_is_worth_reading_is_told_by_type_or_name(media_type: str | None, href: str, expected: bool) -> None:
    assert is_readable(Asset(key="a", href=href, media_type=media_type)) is expected


@pytest.mark.parametrize("lines", [1, 100_000])
def test_wide_and_long_tables_are_read_in_the_time_their_bytes_take(lines: int) -> None:
    """Rows times columns would be ten million cells, of which hardly one is there."""
    text = ",".join(f"c{n}" for n in range(1000)) + "\n" + "1\n" * lines
    content = content_of_text(text, "text/csv")
    assert (content.count, len(content.columns), content.columns_left_out) == (lines, 200, 800)
    records = content_of_value([{f"c{n}": n} for n in range(lines)])
    assert records.count == lines


fragments = st.sampled_from(
    [
        '{"type": "FeatureCollection", "features": [',
        '{"type": "Feature", "geometry": ',
        "a,b\n",
        "1;2\n",
        '"',
        "\r",
        "]",
    ]
)
texts = st.lists(fragments | st.text(max_size=20), max_size=12).map("".join)


@given(
    st.binary(max_size=300) | texts.map(lambda text: text.encode("utf-8", errors="surrogatepass")),
    st.sampled_from(["", "text/csv", "text/plain; charset=latin-1", "application/json", "text/html", "a/b"]),
    st.sampled_from(["", "a.csv", "a.geojson"]),
    st.booleans(),
)
def test_no_bytes_of_a_server_raise_anything(body: bytes, media_type: str, name: str, whole: bool) -> None:
    content = content_of_bytes(body, media_type, name, whole)
    assert content.read == len(body)
    assert len(content.rows) <= 20


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
names = st.sampled_from(["type", "features", "geometry", "coordinates", "geometries", "properties"]) | st.text(
    max_size=3
)
values = st.recursive(
    scalars | st.sampled_from(["FeatureCollection", "Feature", "Point", "GeometryCollection"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=15,
)


@given(values)
def test_no_value_of_a_server_raises_anything(value: object) -> None:
    content = content_of_value(value)  # type: ignore[arg-type]
    assert all(len(row) <= 200 for row in content.rows)


@given(
    st.lists(
        st.tuples(st.integers(-(10**6), 10**6), st.floats(-1e6, 1e6).map(lambda x: round(x, 3))),
        min_size=1,
        max_size=30,
    )
)
def test_numbers_that_were_written_as_a_table_are_read_back(rows: list[tuple[int, float]]) -> None:
    file = io.StringIO()
    csv.writer(file).writerows([("whole", "part"), *rows])
    content = content_of_text(file.getvalue(), "text/csv")
    for number, column in enumerate(content.columns):
        told = [row[number] for row in rows]
        assert (column.minimum, column.maximum) == (min(told), max(told))
        assert column.mean == pytest.approx(sum(told) / len(told), abs=1e-6)
