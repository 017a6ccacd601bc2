"""What the steps of the sample share: how they end, and how they get rasterio."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


class StepError(Exception):
    """What ends a step with exit code 1 and one line on stderr."""


def ends(step: Callable[[], None]) -> int:
    """Run a step; its exit code."""
    try:
        step()
    except StepError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def load_rasterio() -> Any:
    """rasterio without boto3, which it imports where it is installed: a third of a second, and no step needs it."""
    sys.modules.setdefault("boto3", None)  # type: ignore[arg-type]
    import rasterio

    return rasterio


def cog_profile(dataset: Any, **changes: Any) -> dict[str, Any]:
    """The profile of a cloud-optimised GeoTIFF with the grid of a dataset."""
    return {
        "driver": "COG",
        "width": dataset.width,
        "height": dataset.height,
        "count": 1,
        "crs": dataset.crs,
        "transform": dataset.transform,
        "compress": "deflate",
        **changes,
    }
