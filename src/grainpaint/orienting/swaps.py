"""Swaps of orientations between grains of like size.

The texture stays, and the distribution of the disorientation across boundaries comes
nearer to a wanted one. A swap changes the boundaries of two grains only.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from grainpaint.measure.misorientation import BIN, N_BINS, Boundaries
from grainpaint.orientations.disorientation import half_cosine
from grainpaint.orientations.symmetry import operators
from grainpaint.philox import philox4x32, split_key

__all__ = ["size_classes", "swapped"]

_STREAM = 30
_RATIO = 1.1  # of the largest volume in a class to the smallest one
_TRIALS = 250  # for each grain, at most


def size_classes(volumes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return grains sorted by volume, and where classes of like volumes begin.

    Parameters
    ----------
    volumes : numpy.ndarray, shape (n,)
        > 0.

    Returns
    -------
    order : numpy.ndarray, int64, shape (n,)
    start : numpy.ndarray, int64, shape (classes + 1,)
        Class c is ``order[start[c]:start[c + 1]]``.
    """
    order = np.argsort(volumes, kind="stable")
    step = np.floor(np.log(volumes[order] / volumes[order[0]]) / math.log(_RATIO))
    first = np.flatnonzero(np.append(True, np.diff(step) > 0))
    return order.astype(np.int64), np.append(first, order.size).astype(np.int64)


@nb.njit(inline="always")
def _bin(q, i, j, group):
    angle = 2 * math.acos(half_cosine(q, i, q, j, group))
    return min(int(angle / BIN), N_BINS - 1)


@nb.njit(cache=True)
def _change(q, g, other, start, ends, edge, area, bins, group, found, new, n):
    """List the new bins of the boundaries of g, with those of `other` left out."""
    for k in range(start[g], start[g + 1]):
        if ends[k] != other:
            found[n] = edge[k]
            new[n] = _bin(q, g, ends[k], group)
            n += 1
    return n


@nb.njit(cache=True)
def _shift(excess, found, new, n, area, bins, sign):
    """Move boundaries between bins; return how much the distance shrinks."""
    gain = 0.0
    for k in range(n):
        e = found[k]
        a, b, w = bins[e], new[k], area[e]
        if sign < 0:
            a, b = b, a
        if a != b:
            gain += abs(excess[a]) + abs(excess[b])
            excess[a] -= w
            excess[b] += w
            gain -= abs(excess[a]) + abs(excess[b])
    return gain


@nb.njit(cache=True)
def _swap(
    q, order, classes, of_rank, start, ends, edge, area, bins, excess, group,
    key, n_trials, enough,
):  # fmt: skip
    """Swap orientations where that brings `excess`, found less wanted, nearer to 0."""
    most = 0
    for g in range(len(start) - 1):
        most = max(most, start[g + 1] - start[g])
    found = np.empty(2 * most, np.int64)
    new = np.empty(2 * most, np.int64)
    n_ranks = np.uint64(len(order))
    distance = np.abs(excess).sum()
    for trial in range(n_trials):
        if distance <= enough:
            break
        t = np.uint64(trial)
        zero = np.uint64(0)
        low, high = t & np.uint64(0xFFFFFFFF), t >> np.uint64(32)
        words = philox4x32(key[0], key[1], low, high, zero, zero)
        rank = np.int64((words[0] * n_ranks) >> np.uint64(32))
        c = of_rank[rank]
        size = np.uint64(classes[c + 1] - classes[c])
        if size < 2:
            continue
        g = order[rank]
        h = order[classes[c] + np.int64((words[1] * size) >> np.uint64(32))]
        if g == h:
            continue
        for i in range(4):
            q[g, i], q[h, i] = q[h, i], q[g, i]
        # The boundary between g and h has the same angle after the swap.
        n = _change(q, g, h, start, ends, edge, area, bins, group, found, new, 0)
        n = _change(q, h, g, start, ends, edge, area, bins, group, found, new, n)
        gain = _shift(excess, found, new, n, area, bins, 1)
        if gain > 0:
            distance -= gain
            for k in range(n):
                bins[found[k]] = new[k]
        else:
            for i in range(4):
                q[g, i], q[h, i] = q[h, i], q[g, i]
            _shift(excess, found, new, n, area, bins, -1)
    return np.abs(excess).sum()


def swapped(
    quaternion: np.ndarray,
    volumes: np.ndarray,
    found: Boundaries,
    wanted: np.ndarray,
    symmetry: str,
    seed: int,
    enough: float = 0.0,
) -> tuple[np.ndarray, float]:
    """Return orientations with a wanted distribution of disorientations.

    Parameters
    ----------
    quaternion : numpy.ndarray, float64, shape (n, 4)
        Unit quaternions.
    volumes : numpy.ndarray, shape (n,)
        Orientations move between grains whose volumes differ by up to a tenth.
    found : Boundaries
        Its pairs are rows of the two above.
    wanted : numpy.ndarray, float64, shape (90,)
        Shares of boundary area in bins of two degrees.
    symmetry : str
        A key of `GROUPS`.
    seed : int
    enough : float
        The distance at which to stop.

    Returns
    -------
    quaternion : numpy.ndarray, float64, shape (n, 4)
    distance : float
        Sum of the differences from what is wanted.
    """
    n, m = len(quaternion), len(found.pairs)
    order, classes = size_classes(volumes)
    of_rank = np.repeat(np.arange(classes.size - 1), np.diff(classes))
    both = np.concatenate([found.pairs, found.pairs[:, ::-1]])
    along = np.argsort(both[:, 0], kind="stable")
    start = np.searchsorted(both[along, 0], np.arange(n + 1))
    edge = np.tile(np.arange(m), 2)[along]
    group = operators(symmetry)
    q = np.ascontiguousarray(quaternion, np.float64).copy()
    bins = _bins(q, found.pairs, group)
    excess = np.bincount(bins, found.area, N_BINS) - wanted
    distance = _swap(
        q, order, classes, of_rank, start, both[along, 1], edge, found.area, bins,
        excess, group, split_key(seed, _STREAM), _TRIALS * n, enough,
    )  # fmt: skip
    return q, float(distance)


@nb.njit(cache=True)
def _bins(q, pairs, group):
    found = np.empty(len(pairs), np.int64)
    for k in range(len(pairs)):
        found[k] = _bin(q, pairs[k, 0], pairs[k, 1], group)
    return found
