"""Results and rasters on the map, as a person sees them."""

import re

import pytest
from playwright.sync_api import expect

from tests.servers.apps_host import Shown
from tests.servers.water_answers import Answers


def test_every_item_of_the_results_has_a_footprint_a_time_and_its_files(shown: Shown, answers: Answers) -> None:
    shown.start(answers["results"])
    expect(shown.view.locator("path.footprint")).to_have_count(2)
    expect(shown.view.get_by_role("heading", level=1)).to_have_text("stac_catalog")
    details = shown.view.locator("#details")
    for text in ("l7-recife-north", "l7-recife-south", "1999-04-15 to 2003-05-31", "image/tiff, "):
        expect(details).to_contain_text(text)


def test_a_raster_is_laid_within_its_footprint_with_its_legend_in_km2(shown: Shown, answers: Answers) -> None:
    shown.start(answers["raster"])
    picture, footprint = shown.view.locator("img.picture"), shown.view.locator("path.footprint")
    expect(picture).to_be_visible()
    laid, drawn = picture.bounding_box(), footprint.bounding_box()
    assert laid is not None
    assert drawn is not None
    for side in ("x", "y", "width", "height"):
        assert laid[side] == pytest.approx(drawn[side], abs=4)
    assert laid["width"] / laid["height"] == pytest.approx(195 / 158, rel=0.02)  # pixels are square where it lies
    water = shown.view.get_by_role("row", name="1 water")
    expect(water).to_contain_text("1.7601 km²")
    expect(water).to_contain_text("7.03 %")
    assert shown.style("table.classes tr:nth-child(2) .swatch", "backgroundColor") == "rgb(31, 105, 178)"


def test_a_band_of_measurements_has_statistics_a_colour_scale_and_a_histogram(shown: Shown, answers: Answers) -> None:
    shown.start(answers["continuous"])
    legend = shown.view.get_by_role("list", name="Legend").get_by_role("listitem")
    expect(legend).to_have_text(["12", "32.75", "53.5", "74.25", "95"])
    expect(shown.view.locator("#details")).to_contain_text("standard deviation")
    histogram = shown.view.get_by_role("img", name=re.compile("Histogram from 9 to 255"))
    told = answers["continuous"]["structuredContent"]["bands"][0]["histogram"]
    tall = [float(bar.get_attribute("height") or 0) for bar in histogram.locator("rect").all()]
    assert [round(one / 64 * max(told["counts"])) for one in tall] == told["counts"]


def test_what_changed_is_laid_where_it_changed_with_its_legend_and_numbers(shown: Shown, answers: Answers) -> None:
    shown.start(answers["change"])
    expect(shown.view.get_by_role("heading", level=1)).to_have_text("What changed")
    expect(shown.view.locator("img.picture")).to_be_visible()
    expect(shown.view.get_by_role("img", name=re.compile(r"The map is at 8\.00° S, 34\.87° W"))).to_be_visible()
    expect(shown.view.get_by_role("list", name="Legend").get_by_role("listitem")).to_have_count(5)
    expect(shown.view.locator("#details pre")).to_contain_text("Areas:")
    difference = shown.view.get_by_role("region", name="After minus before")
    expect(difference).to_contain_text("standard deviation")
    expect(difference.get_by_role("img", name=re.compile("Histogram from"))).to_be_visible()


def test_which_class_became_which_is_a_table(shown: Shown, answers: Answers) -> None:
    row = {"before": 1, "after": 2, "name_after": "water", "pixels": 8000, "km2": 500.0, "percent": 5.0}
    told = {**answers["change"]["structuredContent"], "values": None, "classes": {"transitions": [row]}}
    shown.start({**answers["change"], "structuredContent": told})
    changed = shown.view.get_by_role("row", name="1 2 water")
    expect(changed).to_contain_text("500")
    expect(changed).to_contain_text("5.00 %")


def test_the_graticule_says_where_the_map_is_and_the_locator_where_on_earth(shown: Shown, answers: Answers) -> None:
    shown.start(answers["raster"])
    expect(shown.view.locator(".degree.meridian").first).to_have_text(re.compile(r"^34\.8\d° W$"))
    expect(shown.view.locator(".degree.parallel").first).to_have_text(re.compile(r"^7\.9\d° S$"))
    expect(shown.view.get_by_role("img", name=re.compile(r"The map is at 7\.9\d° S, 34\.8\d° W"))).to_be_visible()


def test_land_is_drawn_from_afar_and_left_out_where_it_is_too_coarse(shown: Shown, answers: Answers) -> None:
    shown.page.emulate_media(reduced_motion="reduce")  # a key pressed while the map still moves is none
    shown.start(answers["raster"])
    expect(shown.view.locator("img.picture")).to_be_visible()
    land = shown.view.locator("path.land")
    expect(land).to_have_count(0)
    for _ in range(30):  # a busy browser may drop some, or take two for one
        if land.count():
            break
        shown.view.locator("#map").press("-")
    expect(land).to_be_visible()


def test_the_picture_fades_by_keyboard(shown: Shown, answers: Answers) -> None:
    shown.start(answers["raster"])
    shown.view.get_by_label("Opacity").press("Home")
    expect(shown.view.locator("img.picture")).to_have_css("opacity", "0")
    shown.view.get_by_label("Opacity").press("ArrowRight")
    expect(shown.view.locator("img.picture")).to_have_css("opacity", "0.05")
    expect(shown.view.locator("#opacity-value")).to_have_text("5 %")


def test_everything_is_reached_by_tab_in_reading_order(shown: Shown, answers: Answers) -> None:
    shown.start(answers["results"])
    expect(shown.view.locator("path.footprint")).to_have_count(2)
    shown.view.locator("#map").focus()
    reached = []
    for _ in range(7):
        shown.page.keyboard.press("Tab")
        focused = shown.view.locator(":focus")
        reached.append(focused.get_attribute("aria-label") or focused.inner_text())
    assert reached == [
        "Zoom in",
        "Zoom out",
        "Whole extent",
        "l7-recife-north",
        "Show stac_catalog / l7-recife-north / data on the map",
        "l7-recife-south",
        "Show stac_catalog / l7-recife-south / data on the map",
    ]


def test_a_chosen_item_is_marked_in_the_list_and_on_the_map(shown: Shown, answers: Answers) -> None:
    shown.start(answers["results"])
    south = shown.view.get_by_role("button", name="l7-recife-south", exact=True)
    south.press("Enter")
    expect(south).to_have_attribute("aria-pressed", "true")
    expect(shown.view.locator("path.footprint.chosen")).to_have_count(1)


def test_a_raster_of_the_list_is_asked_for_from_the_server_and_shown(shown: Shown, answers: Answers) -> None:
    shown.start(answers["results"], answers={"ogc_summarize_raster": [answers["raster"]]})
    shown.view.get_by_role("button", name="Show stac_catalog / l7-recife-north").click()
    expect(shown.view.locator("img.picture")).to_be_visible()
    expect(shown.view.get_by_role("row", name="1 water")).to_contain_text("1.7601 km²")
    handle = answers["raster"]["structuredContent"]["raster"]
    assert shown.heard("tools/call") == [{"name": "ogc_summarize_raster", "arguments": {"raster": handle}}]


def test_a_host_that_passes_no_calls_on_gets_no_buttons_that_need_them(shown: Shown, answers: Answers) -> None:
    shown.start(answers["results"], capabilities={})
    expect(shown.view.locator("path.footprint")).to_have_count(2)
    expect(shown.view.get_by_role("button", name="Show")).to_have_count(0)


def test_a_refusal_is_shown_as_it_reads(shown: Shown) -> None:
    shown.start({"content": [{"type": "text", "text": "There is no job 'x' here."}], "isError": True})
    expect(shown.view.locator("#details")).to_have_text("There is no job 'x' here.")


def test_a_raster_across_the_antimeridian_is_one_place(shown: Shown, answers: Answers) -> None:
    fiji = {**answers["raster"]["_meta"]["mcp-ogc/view"], "bounds": [177.0, -19.0, -179.0, -16.0]}
    shown.start({**answers["raster"], "_meta": {"mcp-ogc/view": fiji}})
    expect(shown.view.get_by_role("img", name=re.compile("The map is at 17.50° S, 179.00° E"))).to_be_visible()
    expect(shown.view.locator("#details")).to_contain_text("177.0000° E to 179.0000° W")


def test_a_raster_without_a_place_is_a_picture_without_a_map(shown: Shown, answers: Answers) -> None:
    told = {name: one for name, one in answers["raster"]["structuredContent"].items() if name != "bounds_lonlat"}
    shown.start({**answers["raster"], "structuredContent": told, "_meta": {}})
    expect(shown.view.locator("img.unplaced")).to_be_visible()
    expect(shown.view.locator("#map")).to_be_hidden()
