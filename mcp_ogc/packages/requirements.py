"""Requirements that no engine could keep, told one by one: the parser says of a list of them only that it is none."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

SINCE_1_1 = {"NetworkAccess", "WorkReuse", "InplaceUpdateRequirement", "ToolTimeLimit", "LoadListingRequirement"}
ONLY_A_HINT = "SoftwareRequirement"
EXTENSIONS, CWLTOOL = "cwltool", "http://commonwl.org/cwltool#"
"""The prefix of those that engines built on cwltool have beside the standard's."""


class Refusal(NamedTuple):
    """Why a requirement can't be one, and what would be right."""

    reason: str
    repair: str


def refusal(name: str, members: Any, document: Mapping[str, Any], known: Any) -> Refusal | None:
    """What is wrong with a requirement; None where only its members are left to be looked at.

    Args:
        name: Its class, as the text has it.
        members: What it asks for.
        document: The whole package.
        known: The module of cwl-utils that has the classes of its version.
    """
    prefix, _, word = name.rpartition(":")
    if prefix == EXTENSIONS and prefix not in (document.get("$namespaces") or {}):
        return Refusal(f"{name[:60]}: $namespaces does not declare {prefix}", f'$namespaces: {{{prefix}: "{CWLTOOL}"}}')
    if prefix and prefix != EXTENSIONS:
        reason = f"{name[:80]} is an extension, and an engine that does not know it must refuse it: make it a hint"
        return Refusal(reason, f"hints: {{{name[:80]}: …}}")
    if document["cwlVersion"] == "v1.0" and name in SINCE_1_1:
        return Refusal(f"{name} is of CWL v1.1, and this is v1.0", f"cwlVersion: v1.1; or hints: {{{name}: …}}")
    if not prefix and not hasattr(known, word):
        near = get_close_matches(name, [one for one in dir(known) if one.endswith("Requirement")], n=1)
        repair = f"{near[0]}: …" if near else "Name a requirement of CWL, or leave it to hints"
        return Refusal(f"there is no requirement {name[:60]}", repair)
    if name == ONLY_A_HINT:
        return Refusal(
            f"{name} under requirements is refused by cwltool, and what is built on it", f"hints: {{{name}: …}}"
        )
    if not isinstance(members, Mapping | None):
        return Refusal(f"{name[:60]} is not a map of its members", f"{name[:60]}: {{}}")
    return None
