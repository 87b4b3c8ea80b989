"""Progress of long work: a bar on a terminal, a plain line every 30 s elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

__all__ = ["Bar", "Progress", "console", "part_of", "silent"]

_LINE_S = 30.0  # between plain lines
_COMPILING = "compiling kernels, once on this machine"


class Bar(Protocol):
    """One piece of work under way."""

    def update(self, done: float, note: str = "") -> None:
        """Report how much of the total is done, with a note about the current step."""


class Progress(Protocol):
    """A way to show the progress of pieces of work."""

    def __call__(
        self, task: str, total: float, done: float = 0.0
    ) -> AbstractContextManager[Bar]:
        """Start a piece of work of which `done` out of `total` is done already."""


class _Silent:
    def update(self, done: float, note: str = "") -> None:
        pass


@contextmanager
def silent(task: str, total: float, done: float = 0.0) -> Iterator[Bar]:
    """Show no progress."""
    yield _Silent()


def part_of(bar: Bar, begun: float, size: float | None = None) -> Progress:
    """Return a progress that advances the bar of a larger piece of work.

    Parameters
    ----------
    bar : Bar
    begun : float
        How much of the larger work is done when this part begins.
    size : float, optional
        How much of the larger work this part amounts to; by default, its own total.
    """

    class Part:
        def __init__(self, total: float, before: float) -> None:
            self.before = before
            self.scale = 1.0 if size is None else size / (total - before)

        def update(self, done: float, note: str = "") -> None:
            bar.update(begun + self.scale * (done - self.before), note)

    @contextmanager
    def part(task: str, total: float, done: float = 0.0) -> Iterator[Bar]:
        yield Part(total, done)

    return part


class _Course:
    """Progress of a piece of work, and the time left.

    The time in which kernels compile is left out.
    """

    def __init__(self, task: str, total: float, done: float) -> None:
        self.task, self.total = task, total
        self.before = self.done = done
        self.note = ""
        self.start = self.reported = time.monotonic()
        self.compiling_since: float | None = None

    def update(self, done: float, note: str) -> None:
        self.done, self.note = done, note
        self.reported = time.monotonic()

    def compiling(self, begins: bool) -> None:
        now = time.monotonic()
        if begins:
            self.compiling_since = now
        elif self.compiling_since is not None:
            self.start += now - self.compiling_since
            self.reported += now - self.compiling_since
            self.compiling_since = None

    def elapsed(self) -> float:
        now = self.compiling_since or time.monotonic()
        return now - self.start

    def left(self) -> float | None:
        """Return the seconds left, or None if unknown or already exceeded."""
        fresh = self.done - self.before
        if fresh <= 0:
            return None
        rate = (self.reported - self.start) / fresh
        now = self.compiling_since or time.monotonic()
        left = rate * (self.total - self.done) - (now - self.reported)
        return left if left > 0 else None

    def __str__(self) -> str:
        left = self.left()
        rest = "..." if left is None else f"{max(left, 1):.0f} s"
        share = f"{self.done / self.total:.0%}"
        return f"{self.task}: {share}, {rest} left  {self.note}".rstrip()


class _Lines:
    """A plain line every 30 seconds, for logs, even if nothing new is reported."""

    said_compiling = False  # in this process

    def __init__(self, course: _Course) -> None:
        self.course = course
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._over.wait(_LINE_S):
            self.line()

    def line(self) -> None:
        if self.course.done < self.course.total:
            print(self.course, file=sys.stderr, flush=True)

    def update(self, done: float, note: str = "") -> None:
        self.course.update(done, note)

    def compiling(self, begins: bool) -> None:
        self.course.compiling(begins)
        if begins and not _Lines.said_compiling:
            _Lines.said_compiling = True
            print(_COMPILING, file=sys.stderr, flush=True)

    def close(self) -> None:
        self._over.set()
        self._thread.join()


class _Terminal:
    """A rich bar, which disappears when the work is done."""

    def __init__(self, course: _Course) -> None:
        self.course = course
        self.bar = _rich_bar()
        self.row = self.bar.add_task(course.task, total=course.total, course=course)
        self.bar.update(self.row, completed=course.done)
        self.bar.start()

    def update(self, done: float, note: str = "") -> None:
        self.course.update(done, note)
        self.bar.update(self.row, completed=done)

    def compiling(self, begins: bool) -> None:
        """Show compilation in a separate row, instead of the work that waits for it."""
        self.course.compiling(begins)
        self.bar.update(self.row, visible=not begins)
        if begins:
            course = _Course(_COMPILING, 1.0, 0.0)
            self.other = self.bar.add_task(_COMPILING, total=None, course=course)
        else:
            self.bar.remove_task(self.other)

    def close(self) -> None:
        self.bar.stop()


def _rich_bar() -> RichProgress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
    from rich.text import Text

    class Times(ProgressColumn):
        def render(self, task: Task) -> Text:
            course: _Course = task.fields["course"]
            if task.total is None:  # compiling takes an unknown time
                return Text(_clock(course.elapsed()))
            share = f"{task.percentage:>3.0f}%"
            times = f"{_clock(course.elapsed())}, {_clock(course.left())} left"
            return Text(f"{share}  {times}  {course.note}")

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        Times(),
        console=Console(stderr=True),
        transient=True,
    )


def _clock(seconds: float | None) -> str:
    """Return h:mm:ss, or "..." if the time is unknown."""
    if seconds is None:
        return "..."
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


@contextmanager
def console(task: str, total: float, done: float = 0.0) -> Iterator[Bar]:
    """Show progress on standard error: a bar on a terminal, else plain lines.

    The time left is estimated from the speed so far; it is "..." at first. Compilation
    of kernels is shown as such.
    """
    course = _Course(task, total, done)
    view = _Terminal(course) if sys.stderr.isatty() else _Lines(course)
    with _told(view):
        try:
            yield view
        finally:
            view.close()


def _told(view: _Lines | _Terminal) -> AbstractContextManager[None]:
    """Return a context in which a view is notified when kernels compile."""
    if "numba" not in sys.modules:
        return nullcontext()
    from grainpaint.compiled import told_of_compiling

    return told_of_compiling(view.compiling)
