"""Command lines: what is run, what reaches it, and what is taken of what it wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from mcp_ogc.packages.document import member, place, short_id
from mcp_ogc.packages.expressions import expressions_of
from mcp_ogc.packages.findings import Hit, Rule, Severity
from mcp_ogc.packages.parts import Part, Subject
from mcp_ogc.packages.types import alternatives, holds, is_array

FETCHES = re.compile(
    r"(?:^|[\s/;&|])(?:curl|wget|aria2c|aws|gsutil|s3cmd|s5cmd|rclone|scp|sftp|rsync|git|stars)(?:$|\s)|(?:https?|s3)://"
)
"""Programs that fetch, and addresses to fetch from."""
REFERENCES = re.compile(r"\$\((?:inputs|runtime|self)\b")
OPTION = re.compile(r"--?[A-Za-z][\w-]*")
SHELL = {"|", "||", "&&", ";", ">", ">>", "<", "2>&1", "2>", "&"}


def no_command(subject: Subject) -> Iterator[Hit]:
    """Tools without a command line."""
    for tool in subject.tools:
        if not tool.process.baseCommand and not tool.process.arguments:
            yield Hit(tool.place(), f"{tool.name} has neither baseCommand nor arguments")


def spaces_in_command(subject: Subject) -> Iterator[Hit]:
    """A command line in one word: it is taken for the name of one program."""
    for tool in subject.tools:
        command = tool.process.baseCommand
        first = command[0] if isinstance(command, list) and command else command
        if isinstance(first, str) and " " in first.strip():
            words = ", ".join(first.split())
            told = f"no program is called {first[:60]!r}"
            yield Hit(tool.place("baseCommand"), told, f"One word each: baseCommand: [{words}]")


def unread_expressions(subject: Subject) -> Iterator[Hit]:
    """Expressions in baseCommand, where CWL has none."""
    for tool in subject.tools:
        command = tool.process.baseCommand
        for index, word in enumerate(command if isinstance(command, list) else [command]):
            if isinstance(word, str) and REFERENCES.search(word):
                where = tool.place("baseCommand", index) if isinstance(command, list) else tool.place("baseCommand")
                yield Hit(where, f"{word[:60]} is not evaluated: the program gets it as it is written")


def shell_words(subject: Subject) -> Iterator[Hit]:
    """What a shell would understand, where there is none."""
    for tool in subject.tools:
        if subject.requirement(tool, "ShellCommandRequirement"):
            continue
        for field in ("baseCommand", "arguments"):
            words = getattr(tool.process, field)
            for index, word in enumerate(words if isinstance(words, list) else ()):
                if isinstance(word, str) and word.strip() in SHELL:
                    yield Hit(
                        tool.place(field, index), f"{word.strip()} goes to the program as it is: there is no shell"
                    )
        for where in _unquoted(tool):
            yield Hit(where, "shellQuote: false does nothing: there is no shell")


def _unquoted(tool: Part) -> Iterator[tuple[int, int]]:
    for declared in tool.process.inputs:
        if getattr(declared.inputBinding, "shellQuote", None) is False:
            yield tool.place("inputs", short_id(declared.id), "inputBinding", "shellQuote")
    for index, argument in enumerate(tool.process.arguments or ()):
        if getattr(argument, "shellQuote", None) is False:
            yield tool.place("arguments", index, "shellQuote")


def unbound_inputs(subject: Subject) -> Iterator[Hit]:
    """Inputs of a tool that do not reach its command."""
    for tool in subject.tools:
        named = {name for one in expressions_of(tool.node) for name in one.inputs}
        if any(one.is_script for one in expressions_of(tool.node)):
            continue  # it may go through all of them
        for declared in tool.process.inputs:
            name = short_id(declared.id)
            node = member(member(tool.node, "inputs"), name)
            if name not in named and declared.type_ != "stdin" and not _is_bound(node, subject):
                yield Hit(tool.place("inputs", name), f"the input {name} does not reach the command of {tool.name}")


def _is_bound(node: Any, subject: Subject) -> bool:
    """Whether there is an inputBinding, at any depth; types that the package names may have theirs."""
    if isinstance(node, str):
        return short_id(node).removesuffix("?").removesuffix("[]") in subject.types
    if isinstance(node, dict):
        return "inputBinding" in node or any(_is_bound(one, subject) for one in node.values())
    return isinstance(node, list) and any(_is_bound(one, subject) for one in node)


def uncollected_outputs(subject: Subject) -> Iterator[Hit]:
    """Outputs that nothing is looked for in."""
    for tool in subject.tools:
        for declared in tool.process.outputs:
            binding = declared.outputBinding
            if declared.type_ in ("stdout", "stderr") or getattr(declared.type_, "type_", "") == "record":
                continue
            if binding is None or (binding.glob is None and binding.outputEval is None):
                name = short_id(declared.id)
                yield Hit(tool.place("outputs", name), f"nothing says which file the output {name} of {tool.name} is")


def globs_elsewhere(subject: Subject) -> Iterator[Hit]:
    """Outputs looked for outside the output directory; names of streams with folders in them."""
    for tool in subject.tools:
        for declared in tool.process.outputs:
            told = getattr(declared.outputBinding, "glob", None)
            for glob in told if isinstance(told, list) else [told]:
                if isinstance(glob, str) and _leaves(glob):
                    where = tool.place("outputs", short_id(declared.id), "outputBinding", "glob")
                    yield Hit(where, f"the glob {glob[:60]} is outside the folder that the tool writes to")
        for stream in ("stdout", "stderr"):
            name = getattr(tool.process, stream)
            if isinstance(name, str) and (_leaves(name) or ("/" in name and "$" not in name)):
                yield Hit(tool.place(stream), f"{stream}: {name[:60]} is not the name of a file")


def odd_positions(subject: Subject) -> Iterator[Hit]:
    """Positions that are neither a number nor an expression."""
    for tool in subject.tools:
        bound = [(("inputs", short_id(one.id), "inputBinding"), one.inputBinding) for one in tool.process.inputs]
        bound += [(("arguments", index), one) for index, one in enumerate(tool.process.arguments or ())]  # type: ignore[misc]
        for path, binding in bound:
            position = getattr(binding, "position", None)
            if isinstance(position, str) and "$" not in position:
                yield Hit(tool.place(*path, "position"), f"position is {position[:40]!r}")


def parted_arguments(subject: Subject) -> Iterator[Hit]:
    """Lists whose values have a binding each, and the list none: cwltool sorts the values among the arguments, and
    between an option and its value.
    """
    for tool in subject.tools:
        words = [one for one in tool.process.arguments or () if isinstance(one, str)]
        pairs = [
            f"{option} {value}" for option, value in pairwise(words) if OPTION.fullmatch(option) and value[:1] != "-"
        ]
        for declared in tool.process.inputs if pairs else ():
            lists = [one for one in alternatives(declared.type_, subject.types) if is_array(one)]
            if declared.inputBinding is None and any(getattr(one, "inputBinding", None) for one in lists):
                name = short_id(declared.id)
                told = f"values of {name} may come between {pairs[0][:60]}"
                yield Hit(tool.place("inputs", name), told, f"Beside type of {name}: inputBinding: {{position: 1}}")


def unasked_network(subject: Subject) -> Iterator[Hit]:
    """Programs that fetch, without NetworkAccess: since CWL v1.1 a tool has no network unless it says so."""
    for tool in subject.tools if subject.package.cwl_version != "v1.0" else ():
        if subject.requirement(tool, "NetworkAccess"):
            continue
        for field in ("baseCommand", "arguments"):
            told = getattr(tool.process, field)
            words = told if isinstance(told, list) else [told]
            if fetching := next((one for one in words if isinstance(one, str) and FETCHES.search(one)), None):
                yield Hit(tool.place(field), f"{fetching[:60]} needs the network, and {tool.name} asks for none")
                break


def staged_elsewhere(subject: Subject) -> Iterator[Hit]:
    """Files that are put outside the working directory before a tool runs (threat T15)."""
    for part in subject.parts:
        for holder in ("requirements", "hints"):
            listing = member(member(member(part.node, holder), "InitialWorkDirRequirement"), "listing")
            for index, entry in enumerate(listing if isinstance(listing, list) else ()):
                name = entry.get("entryname") if isinstance(entry, dict) else None
                # Since CWL v1.2 a container that is required may have files at absolute paths.
                is_contained = part.has("requirements", "DockerRequirement") and isinstance(name, str)
                if isinstance(name, str) and _leaves(name.lstrip("/") if is_contained else name):
                    where = part.place(holder, "InitialWorkDirRequirement", "listing", index, "entryname")
                    yield Hit(where, f"{name[:60]} is outside the working directory")


def files_beside(subject: Subject) -> Iterator[Hit]:
    """Files that the package names by a path: only its text is deployed."""
    yield from _files(subject.package.document)


def _files(node: Any) -> Iterator[Hit]:
    if isinstance(node, dict):
        if node.get("class") in ("File", "Directory"):
            for field in ("location", "path"):
                told = node.get(field)
                if isinstance(told, str) and "$" not in told and "://" not in told.removeprefix("file://"):
                    yield Hit(place(node, field), f"{told[:60]} is not part of the package")
        for value in node.values():
            yield from _files(value)
    elif isinstance(node, list):
        for value in node:
            yield from _files(value)


def _leaves(path: str) -> bool:
    return path.startswith("/") or ".." in path.split("/")


def lost_directories(subject: Subject) -> Iterator[Hit]:
    """A Directory output that takes what can't be one: a glob of files."""
    for tool in subject.tools:
        for declared in tool.process.outputs:
            glob = getattr(declared.outputBinding, "glob", None)
            is_pattern = isinstance(glob, str) and glob.startswith("*.")
            if is_pattern and holds(declared.type_, frozenset({"Directory"}), subject.types):
                where = tool.place("outputs", short_id(declared.id), "outputBinding", "glob")
                yield Hit(where, f"{glob} finds files, and {short_id(declared.id)} is a Directory")


ERROR, WARNING = Severity.ERROR, Severity.WARNING
TOOL = "/req/app-pck/clt"
RULES = (
    Rule(
        "command",
        WARNING,
        "Without an image that has an entry point, every job fails",
        "Add baseCommand: [program, …]",
        TOOL,
        no_command,
    ),
    Rule(
        "command-words",
        ERROR,
        "Every job of it fails: the program is not found",
        "",
        "CWL CommandLineTool §5, baseCommand",
        spaces_in_command,
    ),
    Rule(
        "command-expression",
        ERROR,
        "Expressions stand in arguments, not in baseCommand",
        "Move it: baseCommand: [program], arguments: [$(inputs.name)]",
        "CWL CommandLineTool §5, baseCommand",
        unread_expressions,
    ),
    Rule(
        "shell",
        WARNING,
        "The program gets it as an argument",
        "Add ShellCommandRequirement: {} with shellQuote: false there, or run a script",
        "CWL CommandLineTool §5.14",
        shell_words,
    ),
    Rule(
        "unbound-input",
        WARNING,
        "People fill it in and nothing happens",
        "Add inputBinding: {prefix: --name}, or refer to it with $(inputs.name)",
        TOOL,
        unbound_inputs,
    ),
    Rule(
        "output-binding",
        WARNING,
        "The output is missing, and the job fails, unless the tool writes cwl.output.json",
        "Add outputBinding: {glob: name-or-pattern}",
        "CWL CommandLineTool §5.5",
        uncollected_outputs,
    ),
    Rule(
        "glob",
        ERROR,
        "Every job of it fails",
        "Write it relative to the folder that the tool runs in",
        "CWL CommandLineTool §5.5, glob",
        globs_elsewhere,
    ),
    Rule(
        "glob-directory",
        ERROR,
        "Every job of it fails",
        "Glob the folder itself: its name, or . for all that was written",
        "CWL CommandLineTool §5.5, glob",
        lost_directories,
    ),
    Rule(
        "position",
        ERROR,
        "Every job of it fails",
        "Give a whole number, or an expression",
        "CWL CommandLineTool §5.2, position",
        odd_positions,
    ),
    Rule(
        "argument-order",
        WARNING,
        "An option loses its value",
        "",
        "CWL CommandLineTool §4.1, cwltool's Process._init_job",
        parted_arguments,
    ),
    Rule(
        "network",
        WARNING,
        "Containers without it have no network",
        "Add NetworkAccess: {networkAccess: true} under requirements",
        "CWL CommandLineTool §5.15",
        unasked_network,
    ),
    Rule(
        "staging",
        ERROR,
        "Engines refuse it, rightly",
        "Give a name without folders above it",
        "CWL CommandLineTool §5.8, entryname",
        staged_elsewhere,
    ),
    Rule(
        "file-beside",
        ERROR,
        "What stands beside the CWL is not deployed with it",
        "Put it into the image, or write it with InitialWorkDirRequirement, or make it an input",
        "OGC 20-044 /req/cwl",
        files_beside,
    ),
)
