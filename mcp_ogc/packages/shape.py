"""What a package must be before its processes are parsed, and what the parser does not look at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mcp_ogc.errors import PackageFault
from mcp_ogc.packages.document import merged_keys, place, short_id

SCALARS = {"null", "boolean", "int", "long", "float", "double", "string"}
SHORTHAND = re.compile(r"(\[\])*\??$")
"""What makes a list of a type, and what may be left out; the ? comes last."""
READ_SHORTHANDS = ("", "?", "[]", "[]?")
"""Those that engines read. CWL v1.2 has lists of lists too; cwltool and what is built on it have not."""
NAMED_MEMBERS = ("inputs", "outputs", "steps", "in", "requirements", "hints", "envDef", "packages", "fields")
"""Maps that stand for lists."""
REWRITTEN = ("type", "secondaryFiles")
"""Fields that have a shorthand."""
TYPES = SCALARS | {"File", "Directory", "Any", "stdin", "stdout", "stderr", "array", "enum", "record"}


def misshapen(document: Mapping[str, Any], graph: Any) -> Iterator[PackageFault]:
    """What must be right before processes can be looked at one by one."""
    namespaces = document.get("$namespaces")
    if namespaces is not None and not (
        isinstance(namespaces, Mapping) and all(isinstance(uri, str) for uri in namespaces.values())
    ):
        yield PackageFault(
            *place(document, "$namespaces"), "namespaces", "$namespaces is not a map of prefixes to URIs"
        )
    if not isinstance(graph, Sequence) or not graph or not all(isinstance(process, Mapping) for process in graph):
        yield PackageFault(*place(document, "$graph"), "graph", "$graph is not a list of processes")
        return
    seen = set()
    for process in graph:
        if "class" not in process:
            yield PackageFault(*place(process, None), "class", "a process without class")
        elif "id" not in process and "$graph" in document:
            yield PackageFault(*place(process, "class"), "id", "a process of a $graph needs an id")
        if "$namespaces" in process and "$graph" in document:
            where = place(process, "$namespaces")
            yield PackageFault(*where, "namespaces", "$namespaces stands beside $graph, not in a process")
        name = str(process.get("id", "")).removeprefix("#")
        if name in seen:
            yield PackageFault(*place(process, "id"), "duplicate-id", f"there is another process {name}")
        seen.add(name)


def references(node: Any) -> Iterator[PackageFault]:
    """Directives that would make the package more than its text; they are followed wherever they stand."""
    if isinstance(node, Mapping):
        for name, value in node.items():
            if name in ("$import", "$include", "$mixin"):
                reason = f"{name} is not followed: put what it refers to into the package itself"
                yield PackageFault(*place(node, name), "reference", reason)
            else:
                yield from references(value)
    elif isinstance(node, Sequence) and not isinstance(node, str):
        for value in node:
            yield from references(value)


def each(process: Mapping[str, Any], field: str) -> Iterator[Mapping[str, Any]]:
    """The members of what may be a list or a map."""
    told = process.get(field)
    members = told.values() if isinstance(told, Mapping) else told if isinstance(told, list) else ()
    yield from (member for member in members if isinstance(member, Mapping))


def odd_requirements(holder: Mapping[str, Any]) -> Iterator[PackageFault]:
    """Requirements and hints that are none, and lists that are not there: the parser says little of them."""
    for field in ("requirements", "hints"):
        if field in holder and holder[field] is None:
            yield PackageFault(*place(holder, field), "requirement", f"{field} is empty: remove it, or write {{}}")
        told = holder.get(field)
        for index, one in enumerate(told if isinstance(told, list) else ()):
            if not isinstance(one, Mapping) or "class" not in one:
                name = one if isinstance(one, str) else next(iter(one), "…") if isinstance(one, Mapping) else "…"
                reason = f"one of {field} is no map with class"
                yield PackageFault(*place(told, index), "requirement", reason, f"- class: {str(name)[:60]}")


def requirements_of(holder: Mapping[str, Any]) -> Iterator[tuple[str, Any, tuple[int, int]]]:
    """The requirements of a process or a step, hints aside: class, members, place."""
    told = holder.get("requirements")
    if isinstance(told, Mapping):
        for name in told:
            yield str(name), told[name], place(told, name)
    for index, one in enumerate(told if isinstance(told, list) else ()):
        if isinstance(one, Mapping) and "class" in one:
            yield str(one["class"]), one, place(told, index)


def with_inline(processes: Iterable[Any]) -> Iterator[Mapping[str, Any]]:
    """Processes, and those that their steps hold."""
    for process in processes:
        if isinstance(process, Mapping):
            yield process
            yield from with_inline(step.get("run") for step in each(process, "steps"))


def missing_processes(process: Mapping[str, Any], ids: set[str]) -> Iterator[PackageFault]:
    """Steps that run what is not in the package."""
    for step in each(process, "steps"):
        run = step.get("run")
        if isinstance(run, str) and run in ids:
            reason = f"run: {run[:80]} is another document, and not the process of this one"
            yield PackageFault(*place(step, "run"), "run", reason, f'run: "#{run[:80]}"')
        elif isinstance(run, str) and not run.startswith("#"):
            yield PackageFault(
                *place(step, "run"), "run", f"run: {run[:80]} is another document: put that process into $graph"
            )
        elif isinstance(run, str) and short_id(run) not in ids:
            yield PackageFault(*place(step, "run"), "run", f"run: there is no process {run[:80]} in the package")


def untyped(process: Mapping[str, Any]) -> Iterator[PackageFault]:
    """Inputs and outputs without a type, which CWL v1.0 lets a parser pass."""
    for field in ("inputs", "outputs"):
        told = process.get(field)
        members = told.items() if isinstance(told, Mapping) else enumerate(told) if isinstance(told, list) else ()
        for key, member in members:
            if member is None or (isinstance(member, Mapping) and member.get("type") is None):
                yield PackageFault(*place(told, key), "untyped", f"one of {field} has no type")


def undefined_types(process: Mapping[str, Any], defined: set[str]) -> Iterator[PackageFault]:
    """Types that neither CWL nor the package has; the parser takes any name for one that is defined elsewhere, and
    shorthands that no engine reads."""
    typed = [
        process.get("inputs"),
        process.get("outputs"),
        *(one.get("types") for one in each(process, "requirements")),
    ]
    for text, where, may_be_short in (found for declared in typed for found in _types_ofeach(declared)):
        name = SHORTHAND.sub("", text)
        shorthand = text[len(name) :]
        if re.split("[#/:]", name)[-1] not in defined:
            yield PackageFault(
                *where, "unknown-type", f"there is no type {name[:80]}, neither in CWL nor in the package"
            )
        elif shorthand not in (READ_SHORTHANDS if may_be_short else ("",)):
            reason = f"{text[:80]} is a shorthand that cwltool, and what is built on it, does not read here"
            yield PackageFault(*where, "unknown-type", reason, _in_full(name[:80], shorthand[:20], may_be_short))


def _in_full(name: str, shorthand: str, is_field: bool) -> str:
    """A type without shorthand."""
    told = f'"{name}"' if "#" in name else name
    for _ in range(shorthand.count("[]")):
        told = f"{{type: array, items: {told}}}"
    told = f'["null", {told}]' if shorthand.endswith("?") else told
    return f"{'type' if is_field else 'items'}: {told}"


def merged_members(node: Any) -> Iterator[PackageFault]:
    """Members that come from another map (`<<: *other`) where cwltool, which asks where each of them is, fails."""
    if isinstance(node, Mapping):
        for name in NAMED_MEMBERS:
            if isinstance(told := node.get(name), Mapping):
                yield from (_merged(told, key) for key in merged_keys(told)[:1])
        for name in merged_keys(node):
            if name in REWRITTEN and isinstance(node[name], str | Mapping):
                yield _merged(node, name)
        for name, value in node.items():
            if name != "default":
                yield from merged_members(value)
    elif isinstance(node, Sequence) and not isinstance(node, str):
        for value in node:
            yield from merged_members(value)


def _merged(node: Any, key: Any) -> PackageFault:
    reason = f"<<: brings {str(key)[:60]} here, which cwltool, and what is built on it, can't load"
    return PackageFault(*place(node, None), "merge", reason)


def unreached_types(graph: Sequence[Mapping[str, Any]]) -> Iterator[PackageFault]:
    """Types that inputs and outputs name as if they were everyone's.

    `name: Index` within a process is `#process/Index`, which `type: Index` does not find (SchemaSalad's links).
    """
    defined = [(str(one.get("id", "")), told["name"]) for one in graph for told in _definitions(one)]
    own = {name: process for process, name in defined if process and not re.search("[#/:]", name)}
    shared = {name.removeprefix("#") for process, name in defined if not process or name.startswith("#")}
    for declared in (one.get(field) for one in graph for field in ("inputs", "outputs")):
        for text, where, _ in _types_ofeach(declared, within=("type", "items")):
            name = SHORTHAND.sub("", text).removeprefix("#")
            if name in own and name not in shared:
                reason = f"the type {name[:80]} is only known as {own[name][:80].removeprefix('#')}/{name[:80]}"
                yield PackageFault(*where, "unknown-type", reason, f'Where it is defined: name: "#{name[:80]}"')


def _definitions(process: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for requirement in each(process, "requirements"):
        yield from (one for one in each(requirement, "types") if isinstance(one.get("name"), str))


def _types_ofeach(
    declared: Any, within: tuple[str, ...] = ("type", "items", "fields"), depth: int = 0
) -> Iterator[tuple[str, tuple[int, int], bool]]:
    for key in declared if isinstance(declared, Mapping) else range(len(declared or ())):
        yield from _types(declared, key, within, depth)


def _types(node: Any, key: Any, within: tuple[str, ...], depth: int) -> Iterator[tuple[str, tuple[int, int], bool]]:
    """The names of types below a member, their places, and whether a shorthand is read there.

    `depth` is 0 where an input, an output or a field is declared, 1 in its type, 2 in what that is made of.
    """
    value = node[key]
    if isinstance(value, str):
        yield value, place(node, key), depth < 2
    elif isinstance(value, Sequence):
        yield from _types_ofeach(value, within, max(depth, 1))
    elif isinstance(value, Mapping):
        for inner in within:
            if inner == "fields":
                yield from _types_ofeach(value.get(inner), within)
            elif inner in value:
                yield from _types(value, inner, within, 2 if depth or inner == "items" else 1)


def type_names(node: Any) -> Iterator[str]:
    """The names of the types a package defines."""
    if isinstance(node, Mapping):
        if isinstance(node.get("name"), str) and "type" in node:
            yield re.split("[#/:]", node["name"])[-1]
        for value in node.values():
            yield from type_names(value)
    elif isinstance(node, Sequence) and not isinstance(node, str):
        for value in node:
            yield from type_names(value)
