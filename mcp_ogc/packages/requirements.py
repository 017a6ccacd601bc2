"""Requirements that no engine could keep, told one by one: the parser says of a list of them only that it is none."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

SINCE_1_1 = {"NetworkAccess", "WorkReuse", "InplaceUpdateRequirement", "ToolTimeLimit", "LoadListingRequirement"}
EXTENSIONS = "cwltool"
"""The prefix of those that engines built on cwltool have beside the standard's."""


def refusal(name: str, members: Any, document: Mapping[str, Any], known: Any) -> str | None:
    """Why a requirement can't be one; None where only its members are left to be looked at.

    Args:
        name: Its class, as the text has it.
        members: What it asks for.
        document: The whole package.
        known: The module of cwl-utils that has the classes of its version.
    """
    prefix, _, word = name.rpartition(":")
    if prefix == EXTENSIONS and prefix not in (document.get("$namespaces") or {}):
        return f"{name[:60]}: $namespaces does not declare {prefix}"
    if prefix and prefix != EXTENSIONS:
        return f"{name[:80]} is an extension, and an engine that does not know it must refuse it: make it a hint"
    if document["cwlVersion"] == "v1.0" and name in SINCE_1_1:
        return f"{name} is of CWL v1.1, and this is v1.0"
    if not prefix and not hasattr(known, word):
        near = get_close_matches(name, [one for one in dir(known) if one.endswith("Requirement")], n=1)
        return f"there is no requirement {name[:60]}" + (f"; {near[0]}?" if near else "")
    if not isinstance(members, Mapping | None):
        return f"{name[:60]} is not a map of its members"
    return None
