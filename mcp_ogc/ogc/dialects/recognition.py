"""Which dialect an endpoint speaks, by what it says of itself."""

from collections.abc import Callable, Iterable, Mapping
from urllib.parse import urlsplit

from mcp_ogc.ogc.dialects.dialect import Dialect, Marks
from mcp_ogc.ogc.dialects.ecmwf import ECMWF
from mcp_ogc.ogc.dialects.fastprocesses import FASTPROCESSES
from mcp_ogc.ogc.dialects.geoserver import GEOSERVER
from mcp_ogc.ogc.dialects.javaps import JAVAPS
from mcp_ogc.ogc.dialects.maap import MAAP
from mcp_ogc.ogc.dialects.pygeoapi import PYGEOAPI
from mcp_ogc.ogc.dialects.standard import STANDARD
from mcp_ogc.ogc.dialects.unity import UNITY
from mcp_ogc.ogc.dialects.weaver import WEAVER
from mcp_ogc.ogc.dialects.zoo import ZOO

DIALECTS = (ZOO, WEAVER, PYGEOAPI, GEOSERVER, JAVAPS, ECMWF, MAAP, UNITY, FASTPROCESSES, STANDARD)


def named(name: str) -> Dialect:
    """The dialect of a name of the settings."""
    return next(dialect for dialect in DIALECTS if dialect.name == name)


def recognise(url: str, headers: Mapping[str, str], landing: str, conformance: Iterable[str]) -> Dialect:
    """The dialect of an endpoint; the standard's where nothing tells.

    Headers are the server's own word and go first; a landing page may mention another server in its prose.

    Args:
        url: Base URL.
        headers: Of the landing page's answer.
        landing: Its body, as text.
        conformance: The classes it declares.
    """
    said = landing.casefold()
    classes = " ".join(conformance).casefold()
    path = urlsplit(url).path.rstrip("/").casefold()
    tests: tuple[Callable[[Marks], bool], ...] = (
        lambda marks: any(part in headers.get(name, "").casefold() for name, part in marks.headers),
        lambda marks: any(path.endswith(end) for end in marks.path),
        lambda marks: any(part in classes for part in marks.conformance),
        lambda marks: any(part in said for part in marks.landing),
    )
    return next((dialect for is_marked in tests for dialect in DIALECTS if is_marked(dialect.marks)), STANDARD)
