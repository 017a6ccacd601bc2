"""What may be asked of an endpoint, whatever a tool or a person asks for: the operator's word, held by its client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from pydantic import JsonValue

from mcp_ogc.errors import NotPermitted, quoted
from mcp_ogc.ogc.addresses import last_segment
from mcp_ogc.ogc.callbacks import check_callbacks


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one endpoint. Patterns are the shell's; what is denied is denied, whatever is allowed."""

    endpoint: str = ""
    read_only: bool = False
    processes: tuple[str, ...] = ("*",)
    """Of process ids, or `endpoint/id`."""
    denied_processes: tuple[str, ...] = ()
    callbacks: tuple[str, ...] = ()
    """URLs below which an endpoint may be told to call back."""

    def permits(self, process_id: str) -> bool:
        """Whether a process may be used: listed, described, executed, deployed, replaced, undeployed, read."""
        return self._is_among(process_id, self.processes) and not self._is_among(process_id, self.denied_processes)

    def check_process(self, process_id: str) -> None:
        """Refuse a process that may not be used.

        Raises:
            NotPermitted: With where it is ruled.
        """
        if not self.permits(process_id):
            raise NotPermitted(
                f"The process {quoted(process_id)} of {self.endpoint} may not be used: "
                "the operator's [rules] exclude it",
                remedy=f'What may be: ogc_list_processes(endpoint="{self.endpoint}")',
            )

    def check_method(self, method: str) -> None:
        """Refuse what changes something, where nothing may be changed.

        Raises:
            NotPermitted: The server is read-only.
        """
        if self.read_only and method not in ("GET", "HEAD"):
            raise NotPermitted(
                f"This server is read-only: no {method} is sent to {self.endpoint}",
                remedy="Only the operator can change that, with read_only in the settings",
            )

    def check_inputs(self, inputs: Mapping[str, JsonValue]) -> None:
        """Refuse inputs that ask for what may not be used: a nested process (Part 3), a callback.

        Raises:
            NotPermitted: With its place.
        """
        for url in _nested_processes(inputs):
            self.check_process(last_segment(url))
        check_callbacks(inputs, self.callbacks)

    def _is_among(self, process_id: str, patterns: tuple[str, ...]) -> bool:
        names = (process_id, f"{self.endpoint}/{process_id}")
        return any(fnmatchcase(name, pattern) for pattern in patterns for name in names)


def _nested_processes(value: object) -> Iterator[str]:
    match value:
        case dict() | list():
            if isinstance(value, dict) and isinstance(url := value.get("process"), str):
                yield url
            for one in value.values() if isinstance(value, dict) else value:
                yield from _nested_processes(one)
