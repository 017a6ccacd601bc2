"""A package as it was given: its text, a bundled sample's name, its address, or a file of this machine."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from mcp_ogc.errors import PackageError, UnknownName

if TYPE_CHECKING:
    from mcp_ogc.workspace import Workspace

PLACE = re.compile(r"(https?|s3)://|file:/|[/\\]|[A-Za-z]:[/\\]", re.IGNORECASE)
"""How an address begins, or an absolute path, of Windows too."""
IN_TEXT = re.compile(r"^\s*[{]|:(\s|$)")
"""What CWL on one line has, and no name: a map of YAML or JSON."""

PackageArgument = Annotated[
    str, Field(description="CWL text; or its URL, a permitted file, or a bundled sample's name")
]


@dataclass(frozen=True, slots=True)
class Source:
    """A package as it was given."""

    text: str
    name: str
    href: str | None = None
    """Its address, where it has one: some servers fetch it themselves."""


async def read_source(work: Workspace, package: str) -> Source:
    """The text that was meant: itself, a bundled sample's, or what is at a URL or in a permitted file.

    Raises:
        UnknownName: It is none of these.
        PackageError: It is longer than a package may be.
        FileRefused, HostRefused, Unreachable: It can't be read from where it is.
    """
    from mcp_ogc.packages.document import LARGEST

    if sample := work.samples.get(package):
        return Source(sample.text, package)
    if "\n" in package or (not PLACE.match(package) and IN_TEXT.search(package)):
        return Source(package, "package")
    if not PLACE.match(package):
        raise _no_package("package", package, work)
    name = package.rsplit("/", 1)[-1]
    try:
        data = await work.objects.read(package, length=LARGEST + 1)
    except UnknownName as error:
        raise _no_package(error.noun, package, work) from error
    if len(data) > LARGEST:
        raise PackageError(f"it is longer than a package may be ({LARGEST:,} bytes)", source=name)
    href = package if package.startswith(("https://", "http://")) else None
    return Source(data.decode("utf-8", errors="replace"), name, href)


def _no_package(noun: str, package: str, work: Workspace) -> UnknownName:
    from mcp_ogc.ogc.inputs.repairs import nearest

    samples = f", or the name of a bundled sample: {', '.join(work.samples)}" if work.samples else ""
    remedy = f"A package is CWL text, an https or s3 URL, the path of a file below a permitted folder{samples}"
    return UnknownName(noun, package, nearest(package, work.samples), remedy=f"{remedy}. Give one, then call again")
