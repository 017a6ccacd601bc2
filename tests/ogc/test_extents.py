"""Boxes that a server would take are let pass, in whatever CRS and across the antimeridian."""

from typing import Any

import pytest
import rasterio
from rasterio.crs import CRS
from rasterio.errors import CRSError

from mcp_ogc.jobs.requested_area import requested_km2
from mcp_ogc.ogc.dialects.recognition import named
from mcp_ogc.ogc.inputs.extents import is_geographic
from mcp_ogc.ogc.inputs.geographic import IN_DEGREES
from mcp_ogc.ogc.inputs.preparation import prepare
from mcp_ogc.tools.input_notes import input_notes
from tests.ogc.processes import given_back, of, problems, process

STRING = {"type": "string"}
OBJECT_BOX = of({"format": "ogc-bbox"})
TEXT_BOX = of(STRING, description="Bounding box minx,miny,maxx,maxy")


@pytest.mark.parametrize("code", ["4647", "4547", "4839", "4087", "4217", "4462", "25832", "32632"])
def test_a_plane_s_box_is_let_pass_whatever_the_number_of_its_crs(code: str) -> None:
    with_crs = process(bbox=of(STRING), crs=of(STRING))
    numbers = "32300000,5900000,32400000,6000000"
    box = [float(one) for one in numbers.split(",")]
    for crs in (f"EPSG:{code}", f"http://www.opengis.net/def/crs/EPSG/0/{code}"):
        assert problems(with_crs, bbox=numbers, crs=crs) == []
        assert problems(process(x=OBJECT_BOX), x={"bbox": box, "crs": crs}) == []


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:4258", "EPSG:4490", "EPSG:4979", "EPSG:7844", "OGC:CRS84"])
def test_metres_are_refused_where_the_crs_is_known_to_be_one_of_degrees(crs: str) -> None:
    (problem,) = problems(process(x=OBJECT_BOX), x={"bbox": [300000, 5900000, 400000, 6000000], "crs": crs})
    assert "not in degrees" in problem


def test_a_code_is_one_of_degrees_where_proj_says_so() -> None:
    missed, newer = [], 0
    with rasterio.Env(OSR_USE_NON_DEPRECATED="NO"):
        for code in sorted({*range(4200, 4350), *range(4540, 4560), 4647, 4807, 4839, 3857, 32633, *IN_DEGREES}):
            try:
                crs = CRS.from_epsg(code)
            except CRSError:  # newer than this PROJ, or none at all
                newer += code in IN_DEGREES
                continue
            is_in_degrees = crs.is_geographic and crs.units_factor[0] != "grad"
            missed += [code] if is_geographic(f"EPSG:{code}") != is_in_degrees else []
    assert missed == []
    assert newer < len(IN_DEGREES) / 5


@pytest.mark.parametrize("crs", [None, "http://www.opengis.net/def/crs/OGC/1.3/CRS84", "EPSG:4326"])
def test_a_pacific_box_wider_than_half_the_earth_is_taken_and_its_place_is_told(crs: str | None) -> None:
    box: dict[str, Any] = {"bbox": [100, -60, -70, 60]} | ({"crs": crs} if crs else {})
    description = process(x=OBJECT_BOX)
    assert problems(description, x=box) == []
    (note,) = input_notes(prepare(description, {"x": box}, named("standard")))
    assert "longitude 100 to -70" in note
    assert "across the antimeridian" in note


@pytest.mark.parametrize("written", ["100,-60,-70,60", "179,-17,-179,-16"])
def test_a_text_may_cross_the_antimeridian_too(written: str) -> None:
    assert problems(process(x=TEXT_BOX), x=written) == []
    assert problems(process(x=of(STRING)), x=written) == []


def test_a_text_that_would_go_almost_around_the_earth_is_taken_for_its_corners_in_the_wrong_order() -> None:
    (problem,) = problems(process(x=TEXT_BOX), x="11,45,10,46")
    assert given_back(problem) == "10,45,11,46"


def test_a_box_across_the_antimeridian_stays_there_when_its_latitudes_are_put_in_order() -> None:
    (problem,) = problems(process(x=OBJECT_BOX), x={"bbox": [179, -16, -179, -17]})
    assert given_back(problem)["bbox"] == [179, -17, -179, -16]


@pytest.mark.parametrize(
    ("name", "declared", "value"),
    [
        ("window", {"description": "column, row, width, height", "default": "0,0,256,256"}, "500,100,200,50"),
        ("window", {"default": "0,0,256,256"}, "500,100,200,50"),
        ("bbox", {"description": "x, y, width, height in pixels", "default": "0,0,256,256"}, "500,100,200,50"),
        ("bounds", {"description": "lower and upper bounds", "default": "0.1,0.2,0.3,0.4"}, "0.9,0.1,0.5,0.05"),
        ("box", {"default": "3,3,5,5"}, "5,3,2,1"),
        ("aoi", {"default": "38.4,-118.9,38.9,-118.1"}, "39.8,-121.4,40.5,-120.7"),
        ("aoi", {"default": "500,100,200,50"}, "600,100,200,50"),
    ],
)  # fmt: skip
def test_four_numbers_that_need_not_be_a_box_of_the_earth_are_not_judged(
    name: str, declared: dict[str, str], value: str
) -> None:
    schema = {"type": "string"} | {word: told for word, told in declared.items() if word == "default"}
    description = process(**{name: of(schema, description=declared.get("description"))})
    assert problems(description, **{name: value}) == []
    assert prepare(description, {name: value}, named("standard")).extents == {}


def test_an_array_of_four_numbers_is_no_box_of_the_earth_where_it_is_described_as_a_window() -> None:
    numbers = {"type": "array", "items": {"type": "number"}}
    window = process(bbox=of(numbers, description="x, y, width, height"))
    assert problems(window, bbox=[500, 100, 200, 50]) == []
    assert problems(process(bbox=of({**numbers, "default": [500, 100, 200, 50]})), bbox=[600, 100, 200, 50]) == []
    assert problems(process(bbox=of(numbers)), bbox=[500, 100, 200, 50]) != []


@pytest.mark.parametrize("name", ["region", "study_area", "footprint"])
def test_what_its_default_and_a_word_tell_to_be_a_box_is_told_with_its_place_and_not_judged(name: str) -> None:
    description = process(**{name: of({**STRING, "default": "10,45,11,46"})})
    assert problems(description, **{name: "0.9,0.1,0.5,0.05"}) == []
    prepared = prepare(description, {name: "0,0,20,20"}, named("standard"))
    assert "longitude 0 to 20" in input_notes(prepared)[0]
    assert requested_km2(description, {name: "0,0,20,20"}) > 4_000_000
