"""Makes the bundled scene again, two STAC items of COG bands from the original: run it as a script."""

import json
from pathlib import Path

import rasterio
from rasterio.warp import transform_bounds
from rasterio.windows import Window, bounds, transform

ORIGINAL = Path(__file__).parents[2] / "data" / "L7_ETMs.tif"
SCENE = Path(__file__).parents[3] / "mcp_ogc" / "local" / "sample" / "scene"
# Keys as the Planetary Computer's landsat-c2-l2 has them, with centre wavelengths of ETM+ in micrometres.
BANDS = {
    "blue": ("blue", 0.479),
    "green": ("green", 0.561),
    "red": ("red", 0.661),
    "nir08": ("nir08", 0.835),
    "swir16": ("swir16", 1.65),
    "swir22": ("swir22", 2.208),
}
HALVES = {"l7-recife-north": Window(0, 0, 349, 176), "l7-recife-south": Window(0, 176, 349, 176)}


def main() -> None:
    with rasterio.open(ORIGINAL) as original:
        for item_id, window in HALVES.items():
            folder = SCENE / item_id
            folder.mkdir(parents=True, exist_ok=True)
            for number, key in enumerate(BANDS, start=1):
                profile = {
                    "driver": "COG",
                    "width": window.width,
                    "height": window.height,
                    "count": 1,
                    "dtype": "uint8",
                    "crs": original.crs,
                    "transform": transform(window, original.transform),
                    "compress": "deflate",
                    "level": 9,
                    "predictor": 2,
                }
                with rasterio.open(folder / f"{key}.tif", "w", **profile) as band:
                    band.write(original.read(number, window=window), 1)
            document = item(item_id, original, window)
            (folder / f"{item_id}.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def item(item_id: str, original: rasterio.DatasetReader, window: Window) -> dict[str, object]:
    west, south, east, north = transform_bounds(original.crs, "EPSG:4326", *bounds(window, original.transform))
    return {
        "type": "Feature",
        "stac_version": "1.1.0",
        "stac_extensions": [
            "https://stac-extensions.github.io/eo/v2.0.0/schema.json",
            "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
        ],
        "id": item_id,
        "geometry": {
            "type": "Polygon",
            "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]],
        },
        "bbox": [west, south, east, north],
        "properties": {
            "datetime": None,
            "start_datetime": "1999-04-15T00:00:00Z",
            "end_datetime": "2003-05-31T00:00:00Z",
            "platform": "landsat-7",
            "instruments": ["etm+"],
            "gsd": 28.5,
            "proj:code": f"EPSG:{original.crs.to_epsg()}",
            "proj:shape": [window.height, window.width],
            "proj:transform": list(transform(window, original.transform))[:6],
        },
        "links": [],
        "assets": {
            key: {
                "href": f"./{key}.tif",
                "type": "image/tiff; application=geotiff; profile=cloud-optimized",
                "roles": ["data"],
                "bands": [
                    {"name": key, "eo:common_name": name, "eo:center_wavelength": wavelength, "data_type": "uint8"}
                ],
            }
            for key, (name, wavelength) in BANDS.items()
        },
    }


if __name__ == "__main__":
    main()
