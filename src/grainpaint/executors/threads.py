"""How many threads a worker uses."""

import os
from typing import NamedTuple

__all__ = [
    "Threads",
    "set_threads",
    "threads_here",
    "use_given_threads",
]


class Threads(NamedTuple):
    """How many threads kernels (numba) and networks (torch) use."""

    kernels: int
    networks: int


def threads_here() -> Threads:
    """Return how many threads are used in this thread."""
    import numba
    import torch

    networks = torch.get_num_threads()
    kernels = numba.get_num_threads()  # may change the number of torch, see below
    torch.set_num_threads(networks)
    return Threads(kernels, networks)


def set_threads(kernels: int, networks: int) -> None:
    """Let kernels and networks use so many threads, in this thread.

    When numba starts its threads it sets the number of OpenMP, which is that of torch,
    too: numba comes first.
    """
    import numba
    import torch

    numba.set_num_threads(kernels)
    torch.set_num_threads(networks)


def use_given_threads() -> None:
    """Let kernels use as many threads as this process was given.

    That is `OMP_NUM_THREADS`, which Dask sets for its workers, or else the number of
    numba.
    """
    import numba

    most = int(numba.config.NUMBA_NUM_THREADS)  # type: ignore[attr-defined]
    given = os.environ.get("OMP_NUM_THREADS", "")
    n_threads = min(int(given), most) if given.isdecimal() else most
    numba.set_num_threads(max(1, n_threads))
