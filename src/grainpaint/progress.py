"""Progress of long work: a bar on a terminal, a plain line every 30 s elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

__all__ = ["Bar", "Progress", "console", "silent"]

_LINE_S = 30.0  # between plain lines


class Bar(Protocol):
    """One piece of work under way."""

    def update(self, done: float, note: str = "") -> None:
        """Report that `done` of the total is finished."""


class Progress(Protocol):
    """Something that shows how far work has come."""

    def __call__(self, task: str, total: float) -> AbstractContextManager[Bar]:
        """Start a piece of work of the given total."""


class _Silent:
    def update(self, done: float, note: str = "") -> None:
        pass


@contextmanager
def silent(task: str, total: float) -> Iterator[Bar]:
    """Show nothing."""
    yield _Silent()


class _Lines:
    """A plain line every 30 seconds, for logs."""

    def __init__(self, task: str, total: float) -> None:
        self.task, self.total = task, total
        self.start = self.last = time.monotonic()
        self.before: float | None = None  # done at the first report: a resumed run

    def update(self, done: float, note: str = "") -> None:
        now = time.monotonic()
        if self.before is None:
            self.before, self.start = done, now
        if now - self.last < _LINE_S:
            return
        self.last = now
        fresh = done - self.before
        left = (now - self.start) * (self.total - done) / fresh if fresh else 0.0
        line = f"{self.task}: {done / self.total:.0%}, {left:.0f} s left"
        print(f"{line}  {note}".rstrip(), file=sys.stderr, flush=True)


class _Terminal:
    """A rich bar; it vanishes when the work is done."""

    def __init__(self, task: str, total: float) -> None:
        self.bar = _rich_bar()
        self.row = self.bar.add_task(task, total=total, note="")
        self.bar.start()

    def update(self, done: float, note: str = "") -> None:
        self.bar.update(self.row, completed=done, note=note)

    def close(self) -> None:
        self.bar.stop()


def _rich_bar() -> RichProgress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
        console=Console(stderr=True),
        transient=True,
    )


@contextmanager
def console(task: str, total: float) -> Iterator[Bar]:
    """Show progress on standard error: a bar on a terminal, else plain lines."""
    if not sys.stderr.isatty():
        yield _Lines(task, total)
        return
    bar = _Terminal(task, total)
    try:
        yield bar
    finally:
        bar.close()
