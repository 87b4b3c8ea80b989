"""Bodies that follow each other in a file: each closes by itself."""

import numpy as np

from grainpaint.cad.edges import Edges

__all__ = ["closed_runs", "first_alike"]

_SEED = 0  # of the random numbers that stand for edges and triangles


def closed_runs(edges: Edges, n: int) -> np.ndarray:
    """Split a list of triangles wherever those so far close, and those since the last.

    An edge is closed if an even number of triangles meets there. Each edge is a random
    number of 64 bits; numbers that occur twice cancel in the exclusive or of all.

    Parameters
    ----------
    edges : Edges
    n : int
        Triangles.

    Returns
    -------
    numpy.ndarray, int64, shape (n,)
        Run of each triangle, counted from 0; all 0 if the last run does not close.
    """
    random = np.random.default_rng(_SEED).integers(
        2**64, size=len(edges.ends), dtype="u8"
    )
    of_sides = np.empty(3 * n, np.uint64)
    of_sides[edges.sides] = random[edges.of_sides]
    so_far = np.bitwise_xor.accumulate(np.bitwise_xor.reduce(of_sides.reshape(n, 3), 1))
    closed = so_far == 0
    if not n or not closed[-1]:
        return np.zeros(n, np.int64)
    return np.asarray(np.cumsum(closed) - closed)


def first_alike(run: np.ndarray, number: np.ndarray) -> np.ndarray:
    """Return the triangles of runs that hold other triangles than all runs before.

    Parameters
    ----------
    run : numpy.ndarray, int64, shape (m,)
        As `closed_runs` returns it.
    number : numpy.ndarray, int64, shape (m,)
        Equal for triangles with the same corners; different within a run.

    Returns
    -------
    numpy.ndarray, bool, shape (m,)
    """
    random = np.random.default_rng(_SEED).integers(2**64, size=len(run), dtype="u8")
    begin = np.flatnonzero(np.diff(run, prepend=-1))
    of_runs = np.bitwise_xor.reduceat(random[number], begin)
    kept = np.zeros(len(begin), np.bool_)
    kept[np.unique(of_runs, return_index=True)[1]] = True
    return np.asarray(kept[run])
