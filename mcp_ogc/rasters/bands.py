"""The bands of an open raster, and what was counted in one of them put into the units it stands for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mcp_ogc.errors import RasterError, UnknownName
from mcp_ogc.rasters.classes import MOST_CLASSES, RGBA, ClassLabel, class_colours, labels_of
from mcp_ogc.rasters.statistics.counts import KEY_ERROR, LEAST_ERROR, SINGLE_LEAST, SINGLE_MAX
from mcp_ogc.rasters.summary import MOST_BANDS, BandSummary, ClassShare, Histogram

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

    from mcp_ogc.rasters.area import PixelArea
    from mcp_ogc.rasters.statistics.tally import Distribution

RANKS = (2, 25, 50, 75, 98)
BINS = 16
TEXT_CHARACTERS = 200
WHOLE_NUMBERS = 2**53
"""Float64 holds every integer up to it."""


@dataclass(frozen=True, slots=True)
class Band:
    """What the file says about one band."""

    number: int
    """1-based."""
    dtype: str
    nodata: float | None
    scale: float
    offset: float
    unit: str | None
    description: str | None
    interpretation: str
    """GDAL's colour interpretation: `gray`, `red`, `palette`, `undefined`…"""
    mask: int | None
    """The band whose mask, as GDAL reads it, is that of this one; None where alpha and nodata say all there is."""
    alpha: int | None
    """The band that is its alpha, 0 where nothing is; None where there is none."""
    colour_table: Mapping[int, RGBA] | None

    @property
    def masked(self) -> bool:
        """Whether more than a value of its own, and NaN, says which of its pixels are nodata."""
        return (self.mask, self.alpha) != (None, None)

    @property
    def scaled(self) -> bool:
        """Whether stored values are not yet what they stand for."""
        return (self.scale, self.offset) != (1.0, 0.0)

    def real(self, stored: float) -> float:
        """The value a stored one stands for; within float64's range, because JSON has no infinity."""
        return _finite(stored * self.scale + self.offset)


def bands_of(dataset: DatasetReader, numbers: Sequence[int] | None) -> tuple[Band, ...]:
    """The bands of these numbers, or the first 16 that are not alpha.

    Raises:
        UnknownName: The file has no such band.
        RasterError: A band of complex numbers, or more than 16 that are named.
    """
    named = list(dict.fromkeys(numbers or ()))
    for number in named:
        if number not in dataset.indexes:
            raise UnknownName("band", str(number), tuple(str(index) for index in dataset.indexes))
    if len(named) > MOST_BANDS:
        first, then = named[:MOST_BANDS], named[MOST_BANDS : 2 * MOST_BANDS]
        more = ", …" if len(named) > 2 * MOST_BANDS else ""
        raise RasterError(
            f"{len(named)} bands are named; {MOST_BANDS} are read at once",
            remedy=f"Call with bands={first}, then with bands={then}{more}",
        )
    without_alpha = [index for index in dataset.indexes if not is_alpha(dataset, index)]
    unnamed = without_alpha or list(dataset.indexes)
    return tuple(_band(dataset, number) for number in named or unnamed[:MOST_BANDS])


def is_alpha(dataset: DatasetReader, number: int) -> bool:
    """Whether a band says how opaque the others are.

    It is asked itself: GDAL takes it for a mask only where it is the second or the fourth and last, of 8 or 16 bits
    without sign, and the file has no nodata (gcore/gdalrasterband.cpp).
    """
    return bool(dataset.colorinterp[number - 1].name == "alpha")


def alpha_of(dataset: DatasetReader) -> int | None:
    """The number of the first alpha band, None where there is none."""
    return next((number for number in dataset.indexes if is_alpha(dataset, number)), None)


def _band(dataset: DatasetReader, number: int) -> Band:
    place = number - 1
    dtype = dataset.dtypes[place]
    if dtype.startswith("complex"):
        raise RasterError(
            f"Band {number} holds complex numbers ({dtype}), which have no minimum, classes or colours",
            remedy="Have the process write their amplitude or intensity",
        )
    scale, offset = dataset.scales[place], dataset.offsets[place]
    usable = math.isfinite(scale) and math.isfinite(offset) and scale != 0
    mask = _mask(dataset, number)
    return Band(
        number=number,
        dtype=dtype,
        nodata=None if mask and _masks_nodata(dataset, number) else dataset.nodatavals[place],
        scale=scale if usable else 1.0,
        offset=offset if usable else 0.0,
        unit=_text(dataset.units[place]),
        description=_text(dataset.descriptions[place]),
        interpretation=dataset.colorinterp[place].name,
        mask=mask,
        alpha=None if is_alpha(dataset, number) else alpha_of(dataset),
        colour_table=_colour_table(dataset, number),
    )


def _mask(dataset: DatasetReader, number: int) -> int | None:
    """The band whose mask is to be read: any where all bands share one, itself where only GDAL knows its nodata."""
    from rasterio.enums import MaskFlags

    flags = dataset.mask_flag_enums[number - 1]
    if MaskFlags.per_dataset in flags:
        return None if MaskFlags.alpha in flags else 1
    return number if MaskFlags.nodata in flags and not _is_told(dataset, number) else None


def _masks_nodata(dataset: DatasetReader, number: int) -> bool:
    """Whether what GDAL masks is nodata: a colour that all bands make together, or an integer beyond float64."""
    from rasterio.enums import MaskFlags

    return bool(MaskFlags.nodata in dataset.mask_flag_enums[number - 1])


def _is_told(dataset: DatasetReader, number: int) -> bool:
    """Whether rasterio's nodata is the file's: it is a float64, which not all 64-bit integers are."""
    nodata, dtype = dataset.nodatavals[number - 1], dataset.dtypes[number - 1]
    if nodata is None or dtype not in ("int64", "uint64"):
        return nodata is not None
    # The least of all is one, and the usual choice.
    return bool(abs(nodata) < WHOLE_NUMBERS or nodata == np.iinfo(dtype).min)


def validity_notes(dataset: DatasetReader, bands: Sequence[Band]) -> list[str]:
    """What else than a value says which pixels are valid."""
    by_nodata = [band for band in bands if band.mask and _masks_nodata(dataset, band.number)]
    notes = []
    if any(band.masked for band in bands if band not in by_nodata):
        notes.append("The file's own mask or alpha band says which pixels are valid.")
    if by_nodata:
        notes.append(
            "Nodata is no value of a band: it is a colour of all bands together, or an integer beyond "
            f"±{WHOLE_NUMBERS}. GDAL's mask says which pixels it covers."
        )
    return notes


def _colour_table(dataset: DatasetReader, number: int) -> Mapping[int, RGBA] | None:
    try:
        table: Mapping[int, RGBA] = dataset.colormap(number)
    except ValueError:  # it has none
        return None
    return table


def _text(value: str | None) -> str | None:
    return value[:TEXT_CHARACTERS] if value else None


def is_classified(band: Band, distribution: Distribution) -> bool:
    """Whether a band is shown as classes: integers that stand for themselves, few of them."""
    return distribution.table is not None and not band.scaled and 0 < distribution.counts.size <= MOST_CLASSES


def band_summary(
    band: Band, found: Distribution, pixels: int, total_km2: float | None, area: PixelArea, labels: Sequence[ClassLabel]
) -> BandSummary:
    """What was found in a band of `pixels` pixels that cover `total_km2`."""
    nodata_count = pixels - found.count - found.infinite
    valid_km2 = _km2(found.count, found.km2, area)
    infinite_km2 = _km2(found.infinite, found.infinite_km2 if area.row_km2 else None, area)
    nodata_km2 = None
    if total_km2 is not None and valid_km2 is not None and infinite_km2 is not None:
        nodata_km2 = _km2(nodata_count, max(0.0, total_km2 - valid_km2 - infinite_km2) if area.row_km2 else None, area)
    extremes = sorted(band.real(value) for value in (found.low, found.high) if value is not None)
    classified = is_classified(band, found)
    return BandSummary(
        band=band.number,
        description=band.description,
        dtype=band.dtype,
        colour_interpretation=band.interpretation,
        unit=band.unit,
        scale=band.scale,
        offset=band.offset,
        nodata=band.nodata if band.nodata is None or math.isfinite(band.nodata) else str(band.nodata),
        minimum=extremes[0] if extremes else None,
        maximum=extremes[-1] if extremes else None,
        mean=None if found.mean is None else band.real(found.mean),
        std=None if found.deviation is None else _finite(found.deviation * abs(band.scale)),
        percentiles=_percentiles(band, found),
        percentiles_exact=found.table is not None,
        percentiles_error=_percentiles_error(band, found),
        valid_count=found.count,
        valid_km2=valid_km2,
        valid_percent=100 * found.count / pixels,
        nodata_count=nodata_count,
        nodata_km2=nodata_km2,
        nodata_percent=100 * nodata_count / pixels,
        infinite_count=found.infinite,
        histogram=None if classified else _histogram(band, found),
        classes=_classes(band, found, pixels, area, labels) if classified else (),
    )


def _percentiles(band: Band, found: Distribution) -> dict[str, float] | None:
    stored = found.percentiles(_stored_ranks(band))
    if stored is None:
        return None
    return {str(rank): band.real(value) for rank, value in zip(RANKS, stored, strict=True)}


def _percentiles_error(band: Band, found: Distribution) -> float | None:
    """Of values, whose offset takes no part in it: a percentile is within a share of what is stored."""
    stored = found.percentiles(_stored_ranks(band))
    if stored is None or found.table is not None:
        return None
    return _finite(max(LEAST_ERROR, KEY_ERROR / (1 - KEY_ERROR) * max(map(abs, stored))) * abs(band.scale))


def _stored_ranks(band: Band) -> tuple[int, ...]:
    """A negative scale turns the order of values around, and with it the ranks."""
    return RANKS if band.scale > 0 else tuple(100 - rank for rank in RANKS)


def _histogram(band: Band, found: Distribution) -> Histogram | None:
    histogram = found.histogram(BINS)
    if histogram is None:
        return None
    edges, counts = tuple(band.real(edge) for edge in histogram[0]), histogram[1]
    return (
        Histogram(edges=edges, counts=counts) if band.scale > 0 else Histogram(edges=edges[::-1], counts=counts[::-1])
    )


def _classes(
    band: Band, found: Distribution, pixels: int, area: PixelArea, labels: Sequence[ClassLabel]
) -> tuple[ClassShare, ...]:
    values = [int(value) for value in found.values.tolist()]
    by_value = labels_of(labels, band.number)
    colours = class_colours(values, band.colour_table, by_value)
    return tuple(
        ClassShare(
            value=value,
            name=by_value[value].name if value in by_value else None,
            colour=colour,
            count=count,
            km2=_km2(count, found.table.km2_of(value) if found.table else None, area),
            percent_of_all=100 * count / pixels,
            percent_of_valid=100 * count / found.count,
        )
        for value, count, colour in zip(values, found.counts.tolist(), colours, strict=True)
    )


def _km2(count: int, weighed: float | None, area: PixelArea) -> float | None:
    """The area of pixels: as weighed row by row, else count times the area of one."""
    if weighed is not None:
        return weighed
    return None if area.constant_km2 is None else count * area.constant_km2


def _telling_little(band: BandSummary) -> bool:
    """Whether percentiles may be off by more than 1 % of the range: values far from 0, close together."""
    if band.percentiles_error is None or band.minimum is None or band.maximum is None:
        return False
    return 0 < band.maximum - band.minimum < 100 * band.percentiles_error


def _finite(value: float) -> float:
    return float(np.clip(value, -np.finfo(np.float64).max, np.finfo(np.float64).max))


def notes_of(band: BandSummary) -> list[str]:
    """What a reader could get wrong about a band. Numbers only: names are the publisher's."""
    notes = []
    name = f"Band {band.band}"
    if not band.valid_count:
        notes.append(f"{name} has no valid pixel.")
    if len(band.classes) == 1 and band.nodata_count:
        value = band.classes[0].value
        nodata = "nodata" if band.nodata is None else f"nodata ({band.nodata:g})" if band.nodata else "nodata (0)"
        notes.append(
            f"{name}: every valid pixel is {value}; {nodata} covers {band.nodata_percent:.1f} %. In a mask like this "
            f"the share of {value} is valid_percent ({band.valid_percent:.1f} %); percent_of_valid says nothing."
        )
    if (band.scale, band.offset) != (1.0, 0.0):
        notes.append(f"{name}: statistics are stored value × {band.scale:g} + {band.offset:g}; nodata is as stored.")
    if band.valid_count and band.percentiles is None:
        notes.append(
            f"{name}: no percentiles and no histogram: its values are beyond what float32 tells apart "
            f"({SINGLE_LEAST:.2g} to {SINGLE_MAX:.2g})."
        )
    if max(abs(band.minimum or 0), abs(band.maximum or 0)) > WHOLE_NUMBERS and band.dtype in ("int64", "uint64"):
        notes.append(f"{name}: integers beyond ±{WHOLE_NUMBERS} are given as the nearest float64.")
    if _telling_little(band):
        notes.append(
            f"{name}: percentiles are within ±{band.percentiles_error:.2g}, which is much of the range from minimum to "
            "maximum: tell its values by minimum, maximum, mean and std."
        )
    if band.infinite_count:
        notes.append(f"{name}: {band.infinite_count} pixels are infinite and in no statistic.")
    return notes
