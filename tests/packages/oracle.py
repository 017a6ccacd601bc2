"""What cwltool says of a package: whether it reads it, and whether a job of it succeeds."""

import io
import logging
import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

# cwltool imports pwd, which Windows does not have.
posix = pytest.mark.skipif(sys.platform == "win32", reason="cwltool is POSIX only")


def need_node(text: str) -> None:
    """Skip where there is no Node.js, which cwltool reads expressions with."""
    if "InlineJavascriptRequirement" in text and not shutil.which("node"):
        pytest.skip("no Node.js here")


def check(package: Path) -> None:
    """As `cwltool --validate`, of every process, here: its main() reads CWL's own schema each time, half a second."""
    for make in _makers(package).values():
        make()


def accepts(text: str, folder: Path) -> bool:
    """Whether cwltool reads what a package runs without an error."""
    from cwltool.errors import WorkflowException
    from schema_salad.exceptions import SchemaSaladException

    package = folder / "package.cwl"
    package.write_text(text, encoding="utf-8")
    logging.getLogger("cwltool").setLevel(logging.ERROR)
    try:
        makers = _makers(package)
        makers.get("main", next(iter(makers.values())))()
    except (SchemaSaladException, WorkflowException, KeyError, TypeError):  # the last two where a member has no place
        return False
    return True


def _makers(package: Path) -> dict[str, Callable[[], object]]:
    """What reads each process of a package, by its id."""
    from cwltool.context import LoadingContext
    from cwltool.load_tool import fetch_document, make_tool, resolve_and_validate_document
    from cwltool.workflow import default_make_tool

    need_node(package.read_text(encoding="utf-8"))
    context = LoadingContext({"construct_tool_object": default_make_tool})
    context, uri = resolve_and_validate_document(*fetch_document(str(package), context))
    assert context.loader is not None
    document, _ = context.loader.resolve_ref(uri)
    ids = [process["id"] for process in (document if isinstance(document, list) else [document])]
    return {one.rsplit("#", 1)[-1]: partial(make_tool, one, context) for one in ids}


def runs(text: str, folder: Path, *inputs: str) -> bool:
    """Whether a job of a package succeeds in cwltool, without containers."""
    from cwltool.main import main

    need_node(text)
    package = folder / "package.cwl"
    package.write_text(text, encoding="utf-8")
    options = ["--quiet", "--no-container", "--outdir", str(folder / "out")]
    return main([*options, str(package), *inputs], stdout=io.StringIO(), stderr=io.StringIO()) == 0
