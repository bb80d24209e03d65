"""What the person at the terminal sees: one line a step, with a moving one while it runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape


class Progress:
    """Prints each step when it is done; on a terminal also which one is under way.

    Parameters
    ----------
    console : rich.console.Console, optional
        Where to print; standard output by default. Off a terminal, one plain line a step.
    """

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False, soft_wrap=True)
        self._started = time.monotonic()

    @contextmanager
    def step(self, title: str) -> Iterator[list[str]]:
        """Run one step under `title`; what is appended to the yielded list is printed with it."""
        notes: list[str] = []
        began = time.monotonic()
        if self.console.is_terminal:
            with self.console.status(escape(title)):
                yield notes
        else:
            yield notes
        seconds = time.monotonic() - began
        note = f": {'; '.join(notes)}" if notes else ""
        self.say(f"{title}{note} ({seconds:.1f} s)")

    def say(self, line: str = "") -> None:
        """Print one line as it is."""
        self.console.print(escape(line))

    @property
    def seconds(self) -> float:
        """Return the seconds since the start."""
        return time.monotonic() - self._started
