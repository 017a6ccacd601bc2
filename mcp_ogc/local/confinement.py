"""What cwltool itself opens, copies or mounts: nothing but files of the job and of permitted folders.

Inputs were brought before it starts. But an expression or a step can name a file too, or leave a link to one, and
cwltool would read it, or give it to a container that has no other way to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from cwltool.context import RuntimeContext


def confine(context: RuntimeContext, permits: Callable[[Path], bool]) -> None:
    """Let what runs in a context reach permitted files only.

    Args:
        context: Of the run.
        permits: Whether a path, without links on its way, may be read.
    """
    from cwltool.errors import WorkflowException
    from cwltool.pathmapper import PathMapper
    from cwltool.stdfsaccess import StdFsAccess, abspath

    def permitted(location: str, base: str) -> str:
        path = abspath(location, base)
        if urlsplit(path).scheme in ("http", "https") or not permits(Path(path).resolve()):
            raise WorkflowException(
                f"{location[:200]} is not the job's, nor below a permitted folder, once links are followed"
            )
        return path

    class PermittedFiles(StdFsAccess):
        """Each of its methods asks `_abs` where a file is."""

        def _abs(self, p: str) -> str:
            return permitted(p, self.basedir)

    class PermittedPaths(PathMapper):
        """From it cwltool takes what to link, copy or mount, after it fetched what is a URL."""

        def visit(self, obj: Any, stagedir: str, basedir: str, copy: bool = False, staged: bool = False) -> None:
            is_literal = obj["location"].startswith("_:") and ("contents" in obj or obj["class"] == "Directory")
            if not is_literal:
                path = Path(permitted(obj["location"], basedir))
                for link in _links(path) if copy else ():
                    permitted(str(link), basedir)
            super().visit(obj, stagedir, basedir, copy, staged)

    context.make_fs_access = PermittedFiles
    context.path_mapper = PermittedPaths


def _links(path: Path) -> Iterator[Path]:
    """Links in a folder as they are met when it is copied with what they lead to, folders behind links too."""
    folders, known = ([path] if path.is_dir() else []), {path.resolve()}
    while folders:
        for one in folders.pop().iterdir():
            if one.is_symlink():
                yield one
            if one.is_dir() and (resolved := one.resolve()) not in known:
                known.add(resolved)
                folders.append(one)
