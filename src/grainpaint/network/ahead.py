"""Training batches, drawn by processes ahead of the steps that need them.

A batch is a function of (seed, step), so any number of processes gives the same ones.
The kernels that draw hold the lock of the interpreter: threads would gain nothing.
"""

import itertools
import signal
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from grainpaint.errors import InputError, brief

__all__ = ["Draw", "batches_from", "checked_workers", "drawn"]

_READY = 3  # batches of each process that wait for their steps
_MOST_WORKERS = 8


class Draw(Protocol):
    """Draws batches from volumes; it must be possible to pickle it."""

    def __call__(self, rng: np.random.Generator, step: int) -> Any:
        """Return what the losses of a step need of data."""

    def digest(self) -> str:
        """Return a digest of the volumes, and of all else that batches depend on."""


def drawn(draw: Draw, seed: int, step: int) -> Any:
    """Return the batch of a step of the run with a seed."""
    return draw(np.random.default_rng((seed, step)), step)


def checked_workers(workers: int | None, device: torch.device) -> int:
    """Return how many processes draw batches.

    Parameters
    ----------
    workers : int or None
        None: no processes where training takes all cores, else as many as there are
        cores besides one, up to 8.
    device : torch.device
        That trains.

    Raises
    ------
    InputError
        If the number is below 0.
    """
    if workers is not None and workers < 0:
        raise InputError(f"there must be at least 0 workers, got {workers}")
    if workers is not None:
        return workers
    if device.type == "cpu":
        return 0
    return max(1, min(_MOST_WORKERS, torch.get_num_threads() - 1))


class _Batches(Dataset[Any]):
    """The batches of a run by their steps."""

    def __init__(self, draw: Draw, seed: int) -> None:
        self.draw, self.seed = draw, seed

    def __getitem__(self, step: int) -> Any:
        return drawn(self.draw, self.seed, step)


class _Steps:
    """The numbers of steps, without an end."""

    def __init__(self, first: int) -> None:
        self.first = first

    def __iter__(self) -> Iterator[int]:
        return itertools.count(self.first)


@contextmanager
def batches_from(
    step: int, draw: Draw, seed: int, workers: int
) -> Iterator[Iterator[Any]]:
    """Yield the batches of a step and those after it; end the processes in the end.

    Parameters
    ----------
    step : int
        The first.
    draw : callable
    seed : int
    workers : int
        Processes; with 0, batches are drawn when they are asked for.

    Raises
    ------
    InputError
        If a process was killed.
    """
    batches = _Batches(draw, seed)
    if workers == 0:
        yield (batches[number] for number in _Steps(step))
        return
    loader = DataLoader(
        batches,
        batch_size=None,
        sampler=_Steps(step),
        num_workers=workers,
        prefetch_factor=_READY,
        collate_fn=_as_it_is,
        worker_init_fn=_begin,
        multiprocessing_context="spawn",
        generator=torch.Generator(),  # else it would draw from the one of all
    )
    ahead = _each(loader)
    try:
        yield ahead
    except RuntimeError as error:
        if "DataLoader worker" not in str(error):
            raise
        raise InputError(
            "a process that draws batches was killed, perhaps for lack of memory (also "
            "of /dev/shm): use fewer workers, and resume from the last checkpoint "
            f"({brief(error, 60)})"
        ) from None
    finally:
        ahead.close()  # ends the processes


def _each(loader: DataLoader[Any]) -> Generator[Any, None, None]:
    """Yield batches from processes that end with this generator."""
    with _interrupts_later():  # the processes inherit that: they hear no Ctrl-C
        ahead = iter(loader)
    yield from ahead


@contextmanager
def _interrupts_later() -> Iterator[None]:
    """Let Ctrl-C wait until the block ends."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _as_it_is(batch: Any) -> Any:
    return batch


def _begin(number: int) -> None:
    """Let a process use one core."""
    import numba

    numba.set_num_threads(1)
    torch.set_num_threads(1)  # after numba, which sets the number of OpenMP
