"""A text of YAML or JSON, read into a document that remembers the place of every member; bombs are refused unbuilt."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any

from mcp_ogc.errors import PackageError

if TYPE_CHECKING:
    from ruamel.yaml.comments import CommentedMap

LARGEST = 1 << 18
DEEPEST = 60
MOST_NODES = 12_000
"""With what aliases stand for, every time they are used. Reading as many takes most of a second."""
MOST_COMMENTS = 5_000
"""Lines that begin with `#`: what keeps comments takes the square of their number."""
COMMENT = re.compile(r"^[ \t]*#", re.MULTILINE)
TAGS = {"!", *(f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "seq", "map"))}
IMPORTING = Lock()
DUPLICATE = re.compile('found duplicate key "?(.+?)"? with value')
SURROGATE = re.compile("[\ud800-\udfff]")


def read_document(text: str, source: str) -> CommentedMap:
    """The map a text holds.

    Raises:
        PackageError: Not YAML, not a map, or beyond the bounds of size, comments, depth and nodes.
    """
    from ruamel.yaml.comments import CommentedMap
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    if len(text) > LARGEST:
        raise PackageError(f"{len(text):,} characters are more than a package may have ({LARGEST:,})", source=source)
    comments = sum(1 for _ in COMMENT.finditer(text))
    if comments > MOST_COMMENTS:
        raise PackageError(
            f"{comments:,} lines of comments are more than a package may have ({MOST_COMMENTS:,})", source=source
        )
    try:
        _check_bounds(text, source)
        document = _yaml().load(text)
    except MarkedYAMLError as error:
        # What is never closed is noticed at the end, and begins where it is opened.
        is_open = "end of stream" in str(error.problem) and error.context_mark
        mark = error.context_mark if is_open else error.problem_mark or error.context_mark
        twice = DUPLICATE.match(str(error.problem))
        reason = f"{twice[1]} stands twice in one map" if twice else f"not YAML: {error.problem or error.context}"
        raise PackageError(
            reason,
            source=source,
            line=mark.line + 1 if mark else 0,
            column=mark.column + 1 if mark else 0,
        ) from None
    except (YAMLError, ValueError, RecursionError) as error:
        raise PackageError(f"not YAML: {str(error).splitlines()[0][:200]}", source=source) from None
    if not isinstance(document, CommentedMap):
        raise PackageError("not a CWL document: it has no members", source=source, remedy="It starts with cwlVersion")
    return document


def _yaml() -> Any:
    """What reads YAML as CWL wants it. One thread imports it at a time: whoever imports the library's compiled modules
    meanwhile sees them half made (`KeyError: 'YAML'`).
    """
    with IMPORTING:
        import schema_salad.exceptions
        import schema_salad.fetcher
        import schema_salad.sourceline
        import schema_salad.utils
    return schema_salad.utils.yaml_no_ts()


def copied(node: Any) -> Any:
    """A copy of a part of a document, with its places; ruamel's own takes the square of a list's length."""
    if isinstance(node, Mapping):
        copy: Any = type(node)()
        for key, value in node.items():
            copy[key] = copied(value)
    elif isinstance(node, Sequence) and not isinstance(node, str):
        copy = type(node)()
        for value in node:
            copy.append(copied(value))
    else:
        return node
    node.copy_attributes(copy)
    return copy


def place(node: Any, key: str | int | None) -> tuple[int, int]:
    """1-based line and column of a key, or of the node itself; 0 where unknown."""
    try:
        line, column = (node.lc.line, node.lc.col) if key is None else node.lc.key(key)
    except (AttributeError, KeyError, TypeError):
        return 0, 0
    return line + 1, column + 1


def merged_keys(node: Any) -> list[Any]:
    """The keys of a map that are not its own, but come from another one (`<<: *other`)."""
    own = getattr(getattr(node, "lc", None), "data", None) or {}
    return [key for key in node if key not in own] if getattr(node, "merge", None) else []


def short_id(identifier: str) -> str:
    """An id without the document's name: `package#water/aoi` is `aoi`, of a process `water`."""
    return identifier.rsplit("#", 1)[-1].rsplit("/", 1)[-1]


def place_of(node: Any, *path: str | int) -> tuple[int, int]:
    """1-based line and column of what a path of names leads to, or of the last thing on the way that is there.

    Args:
        node: Where to begin.
        path: Members of maps, and of lists that CWL lets stand for maps: by their id, class or name, or by number.
    """
    found = place(node, None)
    for name in path:
        key = _key(node, name)
        if key is None:
            break
        found = place(node, key)
        node = node[key]
    return found


def member(node: Any, name: str | int) -> Any:
    """A member of a map, or of a list that stands for one; None where there is none."""
    key = _key(node, name)
    return None if key is None else node[key]


def _key(node: Any, name: str | int) -> Any:
    if isinstance(node, Mapping):
        return name if name in node else None
    if not isinstance(node, Sequence) or isinstance(node, str):
        return None
    if isinstance(name, int):
        return name if name < len(node) else None
    return _index(node).get(name)


def _index(members: Sequence[Any]) -> Mapping[str, int]:
    """Where the members of a list are, by their names. It is kept with the list, which nobody changes once it is read:
    rules look up each member of some that have thousands.
    """
    index: dict[str, int] | None = getattr(members, "index_of_names", None)
    if index is None:
        index = {}
        for position, one in enumerate(members):
            for name in _names(one):
                index.setdefault(name, position)
        setattr(members, "index_of_names", index)  # noqa: B010
    return index


def _names(one: Any) -> set[str]:
    told = [one.get(key) for key in ("id", "class", "name")] if isinstance(one, Mapping) else [one]
    return {short_id(name) for name in told if isinstance(name, str)}


class _Extent:
    """What a node stands for, aliases followed: its nodes, and how deep it is. `before`: the nodes that precede it."""

    __slots__ = ("anchor", "before", "height", "nodes")

    def __init__(self, anchor: str | None, before: int) -> None:
        self.anchor = anchor
        self.before = before
        self.height = self.nodes = 0


def _check_bounds(text: str, source: str) -> None:
    """Refuse what the events of the text already show, before anything is built of them."""
    from ruamel.yaml import YAML
    from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, NodeEvent, ScalarEvent

    nodes = 0
    anchored: dict[str, _Extent] = {}
    open_nodes: list[_Extent] = []
    for event in YAML(typ="safe", pure=True).parse(text):
        if isinstance(event, CollectionEndEvent):
            closed = open_nodes.pop()
            closed.nodes = nodes - closed.before
            if open_nodes:
                open_nodes[-1].height = max(open_nodes[-1].height, closed.height + 1)
            if closed.anchor:
                anchored[closed.anchor] = closed
        elif isinstance(event, NodeEvent):
            reason = _forbidden(event)
            nodes += 1
            below = 0
            if isinstance(event, AliasEvent):
                if any(node.anchor == event.anchor for node in open_nodes):
                    reason = f"*{event.anchor} stands for what it is a part of"
                elif event.anchor in anchored:
                    nodes += anchored[event.anchor].nodes
                    below = anchored[event.anchor].height
            elif isinstance(event, CollectionStartEvent):
                open_nodes.append(_Extent(event.anchor, nodes))
            elif isinstance(event, ScalarEvent) and event.anchor:
                anchored[event.anchor] = _Extent(event.anchor, nodes)
            if open_nodes and not isinstance(event, CollectionStartEvent):
                open_nodes[-1].height = max(open_nodes[-1].height, below + 1)
            if nodes > MOST_NODES or len(open_nodes) + below > DEEPEST:
                reason = f"deeper than {DEEPEST} levels, or with more than {MOST_NODES:,} nodes, aliases followed"
            if reason:
                line, column = event.start_mark.line + 1, event.start_mark.column + 1
                raise PackageError(reason, source=source, line=line, column=column)


def _forbidden(event: Any) -> str:
    tag = getattr(event, "tag", None)
    if tag is not None and str(tag) not in TAGS:
        return f"the tag {tag} is not allowed"
    if SURROGATE.search(str(getattr(event, "value", ""))):
        return "half a character (a lone surrogate), which no JSON can carry"
    return ""
