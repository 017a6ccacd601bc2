"""`mcp-ogc-bounds`: the box around zones, as a value for the steps that follow."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mcp_ogc.local.sample.steps.step import ends
from mcp_ogc.local.sample.steps.zones import bounds_of, read_zones


def main() -> int:
    """Write `aoi.txt`: minx,miny,maxx,maxy in degrees, longitude first."""
    parser = argparse.ArgumentParser(prog="mcp-ogc-bounds", description=__doc__)
    parser.add_argument("--zones", required=True, help="GeoJSON, or its URL or path")
    options = parser.parse_args()
    return ends(lambda: bounds(options.zones))


def bounds(zones: str) -> None:
    """Write the box."""
    Path("aoi.txt").write_text(",".join(map(str, bounds_of(read_zones(zones)))), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
