"""Two rasters compared: what became of each class, or by how much values differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from mcp_types import CallToolResult
from pydantic import Field

from mcp_ogc.text import Answer, Reply, call, number, plural, respond, structured, untrusted
from mcp_ogc.tools.located import Located, RasterName, located
from mcp_ogc.tools.raster_answers import (
    BandProfile,
    SourceRow,
    band_lines,
    band_profile,
    image,
    km2,
    named,
    picture_line,
    source_line,
    source_row,
)
from mcp_ogc.tools.spec import Call, workspace
from mcp_ogc.views.payload import for_view

if TYPE_CHECKING:
    from mcp_ogc.rasters.classes import ClassLabel
    from mcp_ogc.rasters.compared import ClassChange, Compared, Comparison

SHOWN_TRANSITIONS = 12
MOST_TRANSITIONS = 100
METHOD = "every pixel of both compared at full resolution"
DAMAGED_METHOD = "every pixel that can be decoded in both compared at full resolution"


class TransitionRow(Reply):
    """Pixels that were of one class and are of another, or of the same. Names are the publisher's."""

    before: int
    after: int
    name_before: str | None = None
    name_after: str | None = None
    pixels: int
    km2: float | None = None
    percent: float


class PixelsRow(Reply):
    """How many pixels can be compared: those that are valid in both. Percentages are of them."""

    valid_in_both: int
    km2: float | None = None
    only_before: int
    only_after: int
    neither: int


class ClassesRow(Reply):
    """What became of each class, the largest changes first, then what stayed."""

    changed_pixels: int
    changed_km2: float | None = None
    changed_percent: float | None = None
    transitions: tuple[TransitionRow, ...]
    left_out: int = 0


class ValuesRow(Reply):
    """After minus before."""

    difference: BandProfile
    root_mean_square: float | None = None
    increased_percent: float | None = None
    decreased_percent: float | None = None


class Changes(Answer):
    """Answer of ogc_compare_rasters, on the grid of `before`; `resampled` says how and why `after` was."""

    before: str
    after: str
    crs: str | None = None
    width: int
    height: int
    resampled: str | None = None
    pixels: PixelsRow
    classes: ClassesRow | None = None
    values: ValuesRow | None = None
    area_method: str
    notes: tuple[str, ...] = ()
    source_before: SourceRow
    source_after: SourceRow


async def compare_rasters(
    ctx: Call,
    before: RasterName,
    after: RasterName,
    band: Annotated[int, Field(description="of before, from 1")] = 1,
    band_after: Annotated[int | None, Field(description="the same if left out")] = None,
    by: Annotated[
        Literal["classes", "values"] | None, Field(description="transitions or differences; what fits if left out")
    ] = None,
    resample: Annotated[bool, Field(description="bring after onto the grid of before")] = False,
    preview: Annotated[bool, Field(description="with a picture")] = True,
) -> Annotated[CallToolResult, Changes]:
    """What changed between two rasters: which class became which with km², or how values differ; every pixel."""
    from mcp_ogc.rasters.pictures.picture import PreviewStyle
    from mcp_ogc.rasters.worker.tasks import Compare

    work = await workspace(ctx)
    first, second = await located(work, before), await located(work, after)

    async def told(share: float) -> None:
        await ctx.report_progress(round(share * 100, 1), 100, "pixels compared")

    band_after = band if band_after is None else band_after
    was, became = first.labels_of(band), second.labels_of(band_after)
    task = Compare(
        band_before=band,
        band_after=band_after,
        by=by,
        resample=resample,
        classes=tuple((was | became).values()),
        preview=PreviewStyle() if preview else None,
    )
    found = await work.rasters.compare(first.place, second.place, task, told)
    classes = _classes(found.classes, was, became) if found.classes else None
    answer = _changes(before, after, found, classes, first, second)
    lines = _head(answer)
    if answer.classes and answer.pixels.valid_in_both:
        lines += _class_lines(answer.classes)
    if answer.values and answer.pixels.valid_in_both:
        lines += _value_lines(answer.values)
    lines += [
        *answer.notes,
        f"Areas: {answer.area_method}.",
        f"Before: {source_line(answer.source_before)}",
        f"After: {source_line(answer.source_after)}",
    ]
    change = found.classes or found.values
    picture = change.picture if change and change.compared.count else None
    if picture:
        lines.append(picture_line(picture))
    lines.append(f"Next: {call('ogc_summarize_raster', raster=after)} tells of the second alone.")
    answered = respond(lines, answer, *([image(picture)] if picture else []))
    shown = for_view("What changed", found.bounds_lonlat, found.corners_lonlat, picture)
    return answered.model_copy(update={"meta": shown})


def _changes(
    before: str, after: str, found: Comparison, classes: ClassesRow | None, first: Located, second: Located
) -> Changes:
    change = found.classes or found.values
    assert change is not None
    values = found.values
    method = DAMAGED_METHOD if found.notes else METHOD
    return Changes(
        before=before,
        after=after,
        crs=named(found.crs),
        width=found.width,
        height=found.height,
        resampled=found.resampled,
        pixels=_pixels(change.compared),
        classes=classes,
        values=ValuesRow(
            difference=band_profile(values.difference),
            root_mean_square=values.root_mean_square,
            increased_percent=values.increased_percent,
            decreased_percent=values.decreased_percent,
        )
        if values
        else None,
        area_method=found.area_method,
        notes=found.notes,
        source_before=source_row(found.before, first, method=method),
        source_after=source_row(found.after, second, method=method),
    )


def _pixels(compared: Compared) -> PixelsRow:
    return PixelsRow(
        valid_in_both=compared.count,
        km2=compared.km2,
        only_before=compared.only_before,
        only_after=compared.only_after,
        neither=compared.neither,
    )


def _classes(change: ClassChange, was: dict[int, ClassLabel], became: dict[int, ClassLabel]) -> ClassesRow:
    ordered = sorted(change.transitions, key=lambda one: (one.before == one.after, -one.count))
    listed = structured(
        [
            TransitionRow(
                before=one.before,
                after=one.after,
                name_before=was[one.before].name if one.before in was else None,
                name_after=became[one.after].name if one.after in became else None,
                pixels=one.count,
                km2=one.km2,
                percent=one.percent,
            )
            for one in ordered[:MOST_TRANSITIONS]
        ]
    )
    return ClassesRow(
        changed_pixels=change.changed_count,
        changed_km2=change.changed_km2,
        changed_percent=change.changed_percent,
        transitions=listed,
        left_out=len(ordered) - len(listed),
    )


def _head(answer: Changes) -> list[str]:
    pixels = answer.pixels
    how = f"the second was resampled: {answer.resampled}" if answer.resampled else "both of one grid"
    lines = [
        f"{'Classes' if answer.classes else 'Values'} compared on {answer.width} × {answer.height} pixels, "
        f"{answer.crs or 'no CRS'}; {how}",
        f"Valid in both: {plural(pixels.valid_in_both, 'pixel')}{km2(pixels.km2, ' = ')}; only before "
        f"{pixels.only_before:,}, only after {pixels.only_after:,}, in neither {pixels.neither:,}",
    ]
    if not pixels.valid_in_both:
        lines.append("There is nothing to compare: the rasters do not overlap, or not where both are valid.")
    return lines


def _class_lines(row: ClassesRow) -> list[str]:
    percent = "" if row.changed_percent is None else f", {row.changed_percent:.2f} %"
    lines = [f"Changed: {plural(row.changed_pixels, 'pixel')}{km2(row.changed_km2, ' = ')}{percent} of valid in both"]
    lines += [f"- {_transition_line(one)}" for one in row.transitions[:SHOWN_TRANSITIONS]]
    if (more := len(row.transitions) + row.left_out - SHOWN_TRANSITIONS) > 0:
        lines.append(f"{plural(more, 'smaller transition')} left out here; structured content has more of them")
    return lines


def _transition_line(row: TransitionRow) -> str:
    was, became = (
        f"{value}{f' {untrusted(name, 40)}' if name else ''}"
        for value, name in ((row.before, row.name_before), (row.after, row.name_after))
    )
    what = f"stayed {was}" if row.before == row.after else f"{was} → {became}"
    return f"{what}: {plural(row.pixels, 'pixel')}{km2(row.km2, ' = ')}, {row.percent:.2f} %"


def _value_lines(row: ValuesRow) -> list[str]:
    lines = ["After minus before:", *band_lines(row.difference, exact=True)]
    if row.root_mean_square is not None:
        lines.append(
            f"  root mean square {number(row.root_mean_square)}; of valid in both "
            f"{row.increased_percent or 0:.2f} % are more, {row.decreased_percent or 0:.2f} % less"
        )
    return lines
