"""The local endpoint as the composition root hands it over, so that nothing else knows how it is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mcp_ogc.ogc.client import ProcessesClient
    from mcp_ogc.packages.trial import Trial


@dataclass(frozen=True, slots=True)
class LocalEndpoint:
    """How it is reached, and what it would do."""

    open: Callable[[], AbstractAsyncContextManager[ProcessesClient]]
    folders: Sequence[Path]
    """Where its results and the samples' scenes are, to be read."""
    foresee: Callable[[str, str | None], Trial]
    """How a package, its text and the workflow that is meant, would run if it were deployed; raises the `RemoteProblem`
    of a deployment that would be refused. Blocks while container engines are asked."""
