"""Several windows evaluated at once: as many as the memory of a card holds."""

import warnings
from collections.abc import Callable, Sequence
from typing import TypeVar

import torch

from grainpaint.errors import InputNote
from grainpaint.generation.sampler import no_memory
from grainpaint.network.devices import (
    empty_cache,
    free_bytes,
    is_out_of_memory,
    peak_bytes,
)

__all__ = ["Batches"]

_MOST = 16  # more windows make no card faster
_SHARE = 0.8  # of the free memory

T = TypeVar("T")
R = TypeVar("R")


class Batches:
    """Evaluates windows of one kind, several at once.

    On a CUDA card the first window is evaluated alone, and what it takes decides how
    many go together: a power of two, so that it is the same from run to run unless
    others take much of the memory. Elsewhere they go one by one.

    Parameters
    ----------
    device : torch.device
    at_once : int, optional
        How many, instead.
    """

    def __init__(self, device: torch.device, at_once: int | None = None) -> None:
        self.device = device
        unknown = at_once is None and device.type == "cuda"
        self._at_once = None if unknown else at_once or 1
        self._told = False

    @property
    def at_once(self) -> int:
        """How many windows are evaluated at once; 1 until that is measured."""
        return self._at_once or 1

    @property
    def measured(self) -> bool:
        """Whether that is known."""
        return self._at_once is not None

    def run(
        self, items: Sequence[T], evaluate: Callable[[Sequence[T]], list[R]]
    ) -> list[R]:
        """Evaluate items in batches; where memory does not suffice, in halves.

        Warns
        -----
        InputNote
            Once, if batches were halved.

        Raises
        ------
        InputError
            If one item alone does not fit.
        """
        found: list[R] = []
        while len(found) < len(items):
            some = items[len(found) : len(found) + self.at_once]
            made = self._tried(some, evaluate)
            if made is None:
                self._halve(len(some))
            else:
                found += made
        return found

    def _tried(
        self, some: Sequence[T], evaluate: Callable[[Sequence[T]], list[R]]
    ) -> list[R] | None:
        """Evaluate a batch; return None if it does not fit into memory."""
        if self._at_once is None:
            peak_bytes(self.device)  # from here on
        try:
            found = evaluate(some)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            return None
        if self._at_once is None:
            self._at_once = _fitting(free_bytes(self.device), peak_bytes(self.device))
        return found

    def _halve(self, n: int) -> None:
        """Take fewer windows from now on."""
        if n == 1:
            raise no_memory(self.device)
        empty_cache(self.device)
        self._at_once = n // 2
        if not self._told:
            self._told = True
            note = (
                f"the memory of {self.device} does not hold {n} windows at once: going "
                "on with half as many"
            )
            warnings.warn(note, InputNote, stacklevel=3)


def _fitting(free: int, each: int) -> int:
    """Return how many windows to evaluate at once.

    Examples
    --------
    >>> [_fitting(16 << 30, gib << 30) for gib in (20, 8, 3, 1)]
    [1, 1, 4, 8]
    """
    n = min(_MOST, int(_SHARE * free) // max(each, 1))
    return 1 << max(n.bit_length() - 1, 0)
