"""Kernels that numba compiles: a decorator, and notification of compilation."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

import numba as nb
from numba.core import event

__all__ = ["compile_seconds", "inner", "told_of_compiling"]


def inner(**options: Any) -> Any:
    """Return numba's decorator for functions that only compiled functions call.

    They are compiled without the code that unpacks Python arguments, which for many
    arrays takes longer to compile than most kernels.
    """
    options |= {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return nb.njit(cache=True, **options)


class _Watch(event.Listener):
    """Adds up the time spent compiling, and calls listeners when it begins and ends."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.tell: list[Callable[[bool], None]] = []
        self._depth = 0  # compiling a function compiles those that it calls
        self._start = 0.0

    def on_start(self, _: Any) -> None:
        self._depth += 1
        if self._depth == 1:
            self._start = perf_counter()
            for tell in self.tell:
                tell(True)

    def on_end(self, _: Any) -> None:
        self._depth -= 1
        if self._depth == 0:
            self.seconds += perf_counter() - self._start
            for tell in self.tell:
                tell(False)


_watch = _Watch()
event.register("numba:compile", _watch)


def compile_seconds() -> float:
    """Return the seconds that this process has spent on compiling kernels."""
    return _watch.seconds


@contextmanager
def told_of_compiling(tell: Callable[[bool], None]) -> Iterator[None]:
    """Call `tell` with True when compilation begins, and with False when it ends."""
    _watch.tell.append(tell)
    try:
        yield
    finally:
        _watch.tell.remove(tell)
