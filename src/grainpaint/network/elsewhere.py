"""Training batches drawn by the workers of an executor, ahead of their steps.

A worker reads the volumes itself, once. A batch is a function of (seed, step): one that
is lost with its worker is drawn again by another, the same.
"""

import io
import itertools
import pickle
import platform
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import torch

from grainpaint.errors import InputError
from grainpaint.executors.at_work import at_work
from grainpaint.executors.hands import users_own
from grainpaint.executors.threads import use_given_threads
from grainpaint.executors.versions import check_versions, versions_here
from grainpaint.network.ahead import Draw, drawn

__all__ = ["Source", "batches_by"]

_DECIDING = ("torch", "numpy", "numba", "scipy")  # others may draw other samples
_KEPT = "the checkpoint is kept: resume that run"
_FEWEST, _MOST = 4, 32  # batches that are drawn, or wait for their steps
_BYTES = 1 << 30  # that they may take, if they are more than the fewest

Source = Callable[[], Draw]  # reads the volumes; it must be possible to pickle it


@dataclass(frozen=True)
class _Run:
    """All that a worker must know of a run.

    Parameters
    ----------
    name : str
        That no other run has.
    source : Source
    digest : str
        Of what the run draws from.
    seed : int
    host : str
    versions : dict
    """

    name: str
    source: Source
    digest: str
    seed: int
    host: str
    versions: dict[str, str]

    def read(self) -> Draw:
        """Return what draws batches here; raise if it draws from other volumes."""
        draw = self.source()
        if draw.digest() != self.digest:
            raise InputError(
                f"{platform.node()} reads other training volumes than {self.host}: "
                "workers need the same sets under the same path, which must not grow "
                "during a run"
            )
        return draw


_prepared: tuple[str, Draw] | None = None  # of this process: the run's name


@contextmanager
def batches_by(
    executor: Executor, source: Source, digest: str, step: int, seed: int
) -> Iterator[Iterator[Any]]:
    """Yield the batches of a step and those after it; cancel the others in the end.

    Parameters
    ----------
    executor : Executor
        Of `concurrent.futures`, or one that is used in the same way.
    source : Source
        Called once in each worker.
    digest : str
        Of the volumes that it must find.
    step : int
        The first.
    seed : int

    Raises
    ------
    InputError
        When a batch is asked for, if the executor gives up, or its workers lack
        something.
    """
    versions = versions_here(_DECIDING)
    run = _Run(uuid4().hex, source, digest, seed, platform.node(), versions)
    batches = _in_order(executor, run, step)
    try:
        yield batches
    finally:
        batches.close()


def _in_order(executor: Executor, run: _Run, first: int) -> Generator[Any, None, None]:
    """Yield batches in the order of their steps, others being drawn meanwhile."""
    steps, most = itertools.count(first), _FEWEST
    waiting: deque[Any] = deque()
    try:
        with users_own(executor, _KEPT) as hands:
            while True:
                while len(waiting) < most:
                    future = hands.executor.submit(draw_packed, run, next(steps))
                    waiting.append(future)
                found = waiting.popleft().result()
                if isinstance(found, InputError):
                    raise found
                most = max(_FEWEST, min(_MOST, _BYTES // len(found)))
                yield pickle.loads(found)
    finally:
        for future in waiting:
            future.cancel()


def draw_packed(run: _Run, step: int) -> bytes | InputError:
    """Draw the batch of a step, on a worker; errors as `at_work` returns them."""
    return at_work(run.host, lambda: _draw_packed(run, step))


def _draw_packed(run: _Run, step: int) -> bytes:
    global _prepared
    check_versions(_DECIDING, run.versions)
    use_given_threads()
    if _prepared is None or _prepared[0] != run.name:
        _prepared = None  # its memory is needed
        _prepared = run.name, run.read()
    return _packed(drawn(_prepared[1], run.seed, step))


class _AsArrays(pickle.Pickler):
    """Pickles tensors as arrays: as tensors they take longer than to be drawn."""

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return torch.from_numpy, (value.numpy(),)
        return NotImplemented


def _packed(batch: Any) -> bytes:
    file = io.BytesIO()
    _AsArrays(file, protocol=5).dump(batch)
    return file.getvalue()
