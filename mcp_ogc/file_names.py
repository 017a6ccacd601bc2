"""Names for files and folders that strangers named: safe on every platform, with the suffix their media type has."""

from __future__ import annotations

import hashlib
import mimetypes
import re
import unicodedata
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

NAME_CHARACTERS = 120
NAME_BYTES = 180
"""In UTF-8: file systems take 255, and a number, a digest, a suffix and `.part` may be added."""
DIGEST_CHARACTERS = 8
UNSEEN = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
"""Control characters, and such that have a name read as another: from right to left."""
RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
# The system's table of types has none of these everywhere.
SUFFIXES = {
    "image/tiff": ".tif",
    "image/vnd.stac.geotiff": ".tif",
    "image/jp2": ".jp2",
    "text/csv": ".csv",
    "application/geo+json": ".geojson",
    "application/x-netcdf": ".nc",
    "application/geopackage+sqlite3": ".gpkg",
}


def safe_name(name: str) -> str:
    """A name for a file or folder on every platform: no separators, no control or reserved names, not hidden."""
    seen = "".join("\x00" if unicodedata.category(one) in UNSEEN else one for one in name)
    cleaned = re.sub(r'[\x00<>:"/\\|?*]+', "_", seen).strip(" .") or "_"
    name = (f"_{cleaned}" if RESERVED.match(cleaned) else cleaned)[:NAME_CHARACTERS]
    return name.encode("utf-8", errors="ignore")[:NAME_BYTES].decode("utf-8", errors="ignore")


def own_name(name: str) -> str:
    """A safe name that no other name has: where something had to go, a digest says of what."""
    safe = safe_name(name)
    return safe if safe == name else f"{safe}-{hashlib.sha256(name.encode()).hexdigest()[:DIGEST_CHARACTERS]}"


def file_name(href: str, media_type: str | None) -> str:
    """The name of a file at an address; one without suffix gets that of its media type."""
    name = safe_name(unquote(urlsplit(href).path.rstrip("/").rsplit("/", 1)[-1]))
    return name if PurePosixPath(name).suffix else f"{name}{suffix_of(media_type or '')}"


def suffix_of(media_type: str) -> str:
    """The suffix files of a media type have; "" where nobody knows one, or the type says nothing."""
    name = media_type.split(";", 1)[0].strip().lower()
    if name == "application/octet-stream":
        return ""
    return SUFFIXES.get(name) or mimetypes.guess_extension(name) or ""
