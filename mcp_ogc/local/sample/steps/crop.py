"""`mcp-ogc-crop`: one band of a STAC item, cut to an area; only the window is read."""

from __future__ import annotations

import argparse
import sys
from math import ceil, floor, isfinite
from typing import TYPE_CHECKING

from mcp_ogc.local.sample.steps.item import SAFE_NAME, find_band, read_item, readable
from mcp_ogc.local.sample.steps.step import StepError, cog_profile, ends, load_rasterio

if TYPE_CHECKING:
    from rasterio.windows import Window

SLACK = 1e-3
GDAL = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",  # this file and none beside it
    "GDAL_HTTP_TIMEOUT": "60",
    "GDAL_HTTP_MAX_RETRY": "2",
    "VSI_CACHE": "TRUE",
}


def main() -> int:
    """Write `crop_<band>.tif`, a COG on the band's own grid: values as stored, with their scale and offset."""
    parser = argparse.ArgumentParser(prog="mcp-ogc-crop", description=__doc__)
    parser.add_argument("--item", required=True, help="URL or path of a STAC item")
    parser.add_argument("--aoi", required=True, help="minx,miny,maxx,maxy, x first")
    parser.add_argument("--epsg", required=True, help="CRS of the area, such as EPSG:4326")
    parser.add_argument("--band", required=True, help="asset key or common name")
    options = parser.parse_args()
    return ends(lambda: crop(options.item, options.aoi, options.epsg, options.band))


def crop(item_href: str, aoi: str, epsg: str, name: str) -> None:
    """Cut a band; the window is the smallest one of whole pixels that holds the area."""
    box = bounding_box(aoi)
    if not SAFE_NAME.fullmatch(name):
        raise StepError(f"{name[:80]!r} is not the name of a band")
    item = read_item(item_href)
    band = find_band(item, name)
    href = readable(band.href, item_href)
    rasterio = load_rasterio()
    from rasterio.errors import RasterioError, WindowError
    from rasterio.warp import transform_bounds
    from rasterio.windows import Window, from_bounds, transform

    try:
        # Named, not guessed: as a VRT, what is called a GeoTIFF could be a view of any file of this machine.
        with rasterio.Env(**GDAL), rasterio.open(href, driver="GTiff") as source:
            if source.crs is None:
                raise StepError(f"The band {name} of {item['id']} has no CRS")
            edges = transform_bounds(epsg, source.crs, *box, densify_pts=21)
            if not all(map(isfinite, edges)):
                raise WindowError("outside of what the CRS of the band can say")
            window = whole_pixels(from_bounds(*edges, source.transform))
            window = window.intersection(Window(0, 0, source.width, source.height))
            grid = cog_profile(
                source,
                width=window.width,
                height=window.height,
                transform=transform(window, source.transform),
                dtype=source.dtypes[0],
                nodata=source.nodata,
            )
            pixels = source.read(band.number, window=window)
    except WindowError:
        raise StepError(f"The area {aoi} ({epsg}) does not meet the item {item['id']}") from None
    except (RasterioError, IndexError, ValueError) as error:
        raise StepError(f"The band {name} of {item['id']} can't be read: {error}") from None
    with rasterio.open(f"crop_{name}.tif", "w", **grid) as target:
        target.write(pixels, 1)
        target.scales, target.offsets = (band.scale,), (band.offset,)


def whole_pixels(window: Window) -> Window:
    """The smallest window of whole pixels that holds a window; a thousandth of a pixel over an edge does not count."""
    from rasterio.windows import Window

    column, row = floor(window.col_off + SLACK), floor(window.row_off + SLACK)
    width = ceil(window.col_off + window.width - SLACK) - column
    height = ceil(window.row_off + window.height - SLACK) - row
    return Window(column, row, width, height)


def bounding_box(text: str) -> tuple[float, float, float, float]:
    """minx, miny, maxx, maxy."""
    try:
        minx, miny, maxx, maxy = (float(part) for part in text.split(","))
    except ValueError:
        raise StepError(f"The area {text!r} is not minx,miny,maxx,maxy") from None
    if not (minx < maxx and miny < maxy and all(map(isfinite, (minx, miny, maxx, maxy)))):
        raise StepError(f"The area {text!r} is empty: minx,miny,maxx,maxy, x first")
    return minx, miny, maxx, maxy


if __name__ == "__main__":
    sys.exit(main())
