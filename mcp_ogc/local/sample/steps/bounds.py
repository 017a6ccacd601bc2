"""`mcp-ogc-bounds`: the box around zones, as a value for the steps that follow."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from mcp_ogc.local.sample.steps.step import ends
from mcp_ogc.local.sample.steps.zones import bounds_of, read_zones


def main() -> int:
    """Write `cwl.output.json`, which CWL takes outputs from: `aoi`, minx,miny,maxx,maxy in degrees, longitude first."""
    parser = argparse.ArgumentParser(prog="mcp-ogc-bounds", description=__doc__)
    parser.add_argument("--zones", required=True, help="GeoJSON, or its URL or path")
    options = parser.parse_args()
    return ends(lambda: bounds(options.zones))


def bounds(zones: str) -> None:
    """Write the box."""
    aoi = ",".join(map(str, bounds_of(read_zones(zones))))
    Path("cwl.output.json").write_text(json.dumps({"aoi": aoi}), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
