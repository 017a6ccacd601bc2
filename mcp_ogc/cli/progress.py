"""How far a job is, for people: a bar on a terminal, a line for each step elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

STEP_CHARACTERS = 60
"""Of what the job says beside its bar, so that both fit a line."""


class JobProgress:
    """Shown until it is hidden; what is printed of other things in between comes after `hide`.

    Args:
        console: Where the bar is drawn, if it is a terminal.
        say: Prints a line, where it is none.
        redact: Masks the secrets in what a job says.
    """

    def __init__(self, console: Console, say: Callable[[str], None], redact: Callable[[str], str]) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self._is_terminal = console.is_terminal
        self._say = say
        self._redact = redact
        self._bar = Progress(
            TextColumn("  {task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._task = self._bar.add_task("waiting", total=100, visible=False)
        self._last_step = ""

    def moved(self, percent: float, step: str) -> None:
        """The job is so far, and does this now."""
        if self._is_terminal:
            shown = self._redact(step)[:STEP_CHARACTERS]
            self._bar.update(self._task, completed=percent, description=shown, visible=True)
            self._bar.start()
        elif step != self._last_step:
            self._say(self._redact(f"  … {percent:.0f} % {step}"))
        self._last_step = step

    def hide(self) -> None:
        """The job has ended, or something else is told."""
        self._bar.stop()
        self._bar.update(self._task, visible=False)
