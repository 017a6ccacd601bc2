"""How large an area an execution asks for, as far as its bounding boxes tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import JsonValue

from mcp_ogc.ogc.inputs.checking import crs_of
from mcp_ogc.ogc.inputs.extents import Extent, is_geographic, is_latitude_first, read_extent
from mcp_ogc.ogc.inputs.shapes import shape_of
from mcp_ogc.ogc.models import ProcessDescription


def requested_km2(description: ProcessDescription, inputs: Mapping[str, JsonValue]) -> float:
    """The area of the boxes among the inputs, summed; of a projected CRS its units are taken for metres."""
    shapes = {input_id: shape_of(input_id, declared) for input_id, declared in description.inputs.items()}
    named = crs_of(shapes, inputs)
    return sum(
        _km2(extent, extent.crs or named)
        for input_id, shape in shapes.items()
        if shape.box and input_id in inputs
        for extent in _extents(inputs[input_id])
    )


def _extents(value: JsonValue) -> Iterator[Extent]:
    """The box a value is, qualified or not, or those it is a list of."""
    if isinstance(value, dict) and "value" in value:
        value = value["value"]
    if extent := read_extent(value):
        yield extent
    elif isinstance(value, list):
        yield from (extent for one in value if (extent := read_extent(one)))


def _km2(extent: Extent, crs: str | None) -> float:
    from mcp_ogc.rasters.area import box_km2

    if not is_geographic(crs) or not (extent.in_degrees or is_latitude_first(crs)):
        return abs((extent.east - extent.west) * (extent.north - extent.south)) / 1e6
    areas = [box_km2(extent.west, extent.south, extent.east, extent.north)] if extent.in_degrees else []
    if is_latitude_first(crs):  # some heed that and some don't: the larger of both
        areas.append(box_km2(extent.south, extent.west, extent.north, extent.east))
    return max(areas)
