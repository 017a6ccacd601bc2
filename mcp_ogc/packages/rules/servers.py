"""What the server that a package goes to refuses, or takes for something else; nothing where no endpoint is named."""

from __future__ import annotations

from collections.abc import Iterator

from mcp_ogc.ogc.dialects.dialect import Dialect
from mcp_ogc.packages.description import type_name
from mcp_ogc.packages.document import short_id
from mcp_ogc.packages.findings import Hit, Rule, Severity
from mcp_ogc.packages.parts import Subject
from mcp_ogc.packages.types import alternatives, holds, is_array

STANDARD = Dialect(name="standard", title="any")
FILES = frozenset({"File", "Directory"})


def bare_tools(subject: Subject) -> Iterator[Hit]:
    """A tool where only Workflows are deployed."""
    dialect = _dialect(subject)
    if not dialect.deploys_tools and not subject.workflows:
        yield Hit(subject.main.place("class"), f"{dialect.title} deploys Workflows only")


def forbidden_ids(subject: Subject) -> Iterator[Hit]:
    """Ids with characters that a server can't have in them."""
    dialect, main = _dialect(subject), subject.main
    ids = [(main.id, main.place())]
    for field in ("inputs", "outputs"):
        ids += [(short_id(one.id), main.place(field, short_id(one.id))) for one in getattr(main.process, field)]
    for name, place in ids:
        for forbidden in dialect.forbidden_in_ids:
            if forbidden in name:
                yield Hit(place, f"{name[:60]!r} has {forbidden!r}, which {dialect.title} allows in no id")
                break


def module_names(subject: Subject) -> Iterator[Hit]:
    """A process id that can't be the name of a Python module."""
    dialect, main = _dialect(subject), subject.main
    if dialect.names_modules and "id" in main.node and not main.id.replace("-", "_").isidentifier():
        told = f"{dialect.title} makes a Python name of the id {main.id[:60]!r}, and it can't be one"
        yield Hit(main.place(), told)


def stage_out(subject: Subject) -> Iterator[Hit]:
    """No Directory output, or several, where exactly one is staged out."""
    dialect, main = _dialect(subject), subject.main
    if not dialect.stages_out or main.kind != "Workflow":
        return
    folders = [one for one in main.process.outputs if holds(one.type_, frozenset({"Directory"}), subject.types)]
    if not folders:
        yield Hit(main.place("outputs"), f"{dialect.title} stages out a Directory, and {main.name} gives none")
    for other in folders[1:]:
        name = short_id(other.id)
        told = f"{dialect.title} stages out one Directory, and {name} is another"
        yield Hit(main.place("outputs", name), told)


def unstaged_inputs(subject: Subject) -> Iterator[Hit]:
    """Files and directories that a server does not bring to the job."""
    dialect, main = _dialect(subject), subject.main
    for declared in main.process.inputs if dialect.staged_types is not None else ():
        told = type_name(declared.type_)
        if holds(declared.type_, FILES, subject.types) and told not in (dialect.staged_types or ()):
            name = short_id(declared.id)
            staged = " and ".join(dialect.staged_types or ())
            message = f"the input {name} is {told}, and {dialect.title} stages in {staged} only"
            yield Hit(main.place("inputs", name), message)


def false_values(subject: Subject) -> Iterator[Hit]:
    """Booleans, where false arrives as true."""
    dialect, main = _dialect(subject), subject.main
    for declared in main.process.inputs if not dialect.reads_false else ():
        if holds(declared.type_, frozenset({"boolean"}), subject.types):
            name = short_id(declared.id)
            yield Hit(
                main.place("inputs", name, "default"), f"false given to {name} arrives as true on {dialect.title}"
            )


def hidden_defaults(subject: Subject) -> Iterator[Hit]:
    """Defaults that a server's description does not tell."""
    dialect, main = _dialect(subject), subject.main
    for declared in main.process.inputs if not dialect.tells_defaults else ():
        if declared.default is not None and not isinstance(declared.default, bool) and declared.default in (0, ""):
            name = short_id(declared.id)
            told = f"{dialect.title} does not tell that the default of {name} is {declared.default!r}"
            yield Hit(main.place("inputs", name, "default"), told)


def null_words(subject: Subject) -> Iterator[Hit]:
    """A text that a server takes for nothing."""
    dialect, main = _dialect(subject), subject.main
    for declared in main.process.inputs if dialect.null_word else ():
        if declared.default == dialect.null_word:
            name = short_id(declared.id)
            told = f"{dialect.title} takes the text {dialect.null_word} for no value"
            yield Hit(main.place("inputs", name, "default"), told)


def collapsed_lists(subject: Subject) -> Iterator[Hit]:
    """Arrays, where one of one value may arrive as the value."""
    dialect, main = _dialect(subject), subject.main
    for declared in main.process.inputs if not dialect.keeps_lists else ():
        if any(is_array(one) for one in alternatives(declared.type_, subject.types)):
            name = short_id(declared.id)
            is_one = isinstance(declared.default, list) and len(declared.default) == 1
            which = f"the default of {name}, a list of one," if is_one else f"a list of one that is given to {name}"
            path = ("inputs", name, "default") if is_one else ("inputs", name)
            yield Hit(main.place(*path), f"{which} may arrive as the value alone on {dialect.title}")


def parts_deployed(subject: Subject) -> Iterator[Hit]:
    """Parts that become processes of their own."""
    dialect = _dialect(subject)
    if dialect.deploys_parts and len(subject.package.processes) > 1:
        others = ", ".join(name for name in subject.package.parts if name != subject.main.id)
        told = f"{dialect.title} makes a process of every part: {others[:200]}"
        yield Hit(_graph(subject), told)


def unread_choice(subject: Subject) -> Iterator[Hit]:
    """Several Workflows, where none can be chosen."""
    dialect = _dialect(subject)
    roots = [part for part in subject.roots if part.kind == "Workflow"]
    if not dialect.chooses_workflow and len(roots) > 1:
        for other in roots:
            if other is not subject.main:
                told = f"{dialect.title} reads no w: {other.name} may be taken for {subject.main.name}"
                yield Hit(other.place(), told)


def _dialect(subject: Subject) -> Dialect:
    return subject.dialect or STANDARD


def _graph(subject: Subject) -> tuple[int, int]:
    from mcp_ogc.packages.document import place

    return place(subject.package.document, "$graph")


ERROR, WARNING = Severity.ERROR, Severity.WARNING
RULES = (
    Rule(
        "workflow-only",
        ERROR,
        "It answers “No workflow found”",
        "Make the tool the one step of a Workflow that passes its inputs and outputs on",
        "Q23",
        bare_tools,
    ),
    Rule(
        "id-forbidden",
        ERROR,
        "It is refused, without a reason",
        "Letters, digits, _ and -",
        "Q21, wire facts §1.4",
        forbidden_ids,
    ),
    Rule(
        "id-module",
        ERROR,
        "Every job of it fails",
        "Letters, digits, - and _, a letter first",
        "Q22, wire facts §1.4",
        module_names,
    ),
    Rule(
        "stage-out",
        WARNING,
        "With EOEPCA's stage-out no job of it succeeds, or it gives nothing",
        "Give exactly one output of type Directory, with catalog.json in it",
        "Q34, eoepca#68",
        stage_out,
    ),
    Rule(
        "stage-in",
        WARNING,
        "The tool gets a URL, or nothing",
        "Make it a Directory (a STAC item is staged), or a string that the tool fetches",
        "wire facts §2",
        unstaged_inputs,
    ),
    Rule(
        "false",
        WARNING,
        "It can't be switched off",
        "Make it an enum of two words, or a switch that is off by default and left out",
        "Q35",
        false_values,
    ),
    Rule(
        "default-hidden",
        WARNING,
        "People are asked for what they could leave out",
        "Say it in doc",
        "Q37",
        hidden_defaults,
    ),
    Rule("null-word", WARNING, "The default is lost", "Use another word", "wire facts §2", null_words),
    Rule(
        "single-value",
        WARNING,
        "A job with one value fails",
        "Always give a list; have the tool take one value too",
        "Q36",
        collapsed_lists,
    ),
    Rule(
        "parts",
        WARNING,
        "Undeploying the workflow leaves them there",
        "Undeploy each, or put the tools into the steps (run: {class: CommandLineTool, …})",
        "Q24",
        parts_deployed,
    ),
    Rule(
        "workflow-choice",
        WARNING,
        "Another process is deployed than was meant",
        "Keep one Workflow that no other runs",
        "Q22, Q24",
        unread_choice,
    ),
)
