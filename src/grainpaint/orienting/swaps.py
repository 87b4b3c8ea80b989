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

__all__ = ["size_classes", "swapped", "turned"]

_STREAM = 30
_RATIO = 1.1  # of the largest volume in a class to the smallest one
_TRIALS = 250  # for each grain, at most


def size_classes(
    volumes: np.ndarray, group: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return grains sorted by volume, and where classes of like volumes begin.

    Parameters
    ----------
    volumes : numpy.ndarray, shape (n,)
        > 0.
    group : numpy.ndarray, integer, shape (n,), optional
        Grains of different groups are in different classes.

    Returns
    -------
    order : numpy.ndarray, int64, shape (n,)
    start : numpy.ndarray, int64, shape (classes + 1,)
        Class c is ``order[start[c]:start[c + 1]]``.
    """
    group = np.zeros(volumes.size, int) if group is None else group
    order = np.lexsort((volumes, group))
    step = np.floor(np.log(volumes[order] / volumes.min()) / math.log(_RATIO))
    new = (np.diff(step) != 0) | (np.diff(group[order]) != 0)
    first = np.flatnonzero(np.append(True, new))
    return order.astype(np.int64), np.append(first, order.size).astype(np.int64)


@nb.njit(inline="always")
def _bin(q, i, j, group):
    angle = 2 * math.acos(half_cosine(q, i, q, j, group))
    return min(int(angle / BIN), N_BINS - 1)


@nb.njit(cache=True)
def _change(q, g, other, start, ends, edge, group, found, new, n):
    """List the new bins of the boundaries of g, but for that with `other`."""
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


@nb.njit(inline="always")
def _exchange(own, frame, q, g, h):
    """Exchange the orientations of g and h, each in the frame of its grain."""
    for i in range(4):
        own[g, i], own[h, i] = own[h, i], own[g, i]
    _turn(own, frame, q, g)
    _turn(own, frame, q, h)


@nb.njit(inline="always")
def _turn(own, frame, q, g):
    """Set q[g] to the product of the frame and the own orientation of g."""
    a, b, c, d = frame[g, 0], frame[g, 1], frame[g, 2], frame[g, 3]
    w, x, y, z = own[g, 0], own[g, 1], own[g, 2], own[g, 3]
    q[g, 0] = a * w - b * x - c * y - d * z
    q[g, 1] = a * x + b * w + c * z - d * y
    q[g, 2] = a * y - b * z + c * w + d * x
    q[g, 3] = a * z + b * y - c * x + d * w


@nb.njit(cache=True)
def _turn_all(own, frame, q):
    for g in range(len(q)):
        _turn(own, frame, q, g)


@nb.njit(cache=True)
def _swap(
    own, frame, q, ranks, graph, bins, excess, group, key, n_trials, enough
):  # fmt: skip
    """Swap orientations where that brings `excess`, found less wanted, nearer to 0."""
    order, classes, of_rank = ranks
    start, ends, edge, area = graph
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
        _exchange(own, frame, q, g, h)
        n = _change(q, g, -1, start, ends, edge, group, found, new, 0)
        n = _change(q, h, g, start, ends, edge, group, found, new, n)
        gain = _shift(excess, found, new, n, area, bins, 1)
        if gain > 0:
            distance -= gain
            for k in range(n):
                bins[found[k]] = new[k]
        else:
            _exchange(own, frame, q, g, h)
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
    frame: np.ndarray | None = None,
    groups: np.ndarray | None = None,
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
    frame : numpy.ndarray, float64, shape (n, 4), optional
        Unit quaternions: orientations are given, and move, in the frames of grains.
    groups : numpy.ndarray, integer, shape (n,), optional
        Orientations move between grains of one group.

    Returns
    -------
    quaternion : numpy.ndarray, float64, shape (n, 4)
        In the frame of the sample.
    distance : float
        Sum of the differences from what is wanted.
    """
    n, m = len(quaternion), len(found.pairs)
    order, classes = size_classes(volumes, groups)
    of_rank = np.repeat(np.arange(classes.size - 1), np.diff(classes))
    both = np.concatenate([found.pairs, found.pairs[:, ::-1]])
    along = np.argsort(both[:, 0], kind="stable")
    start = np.searchsorted(both[along, 0], np.arange(n + 1))
    edge = np.tile(np.arange(m), 2)[along]
    graph = start, both[along, 1], edge, found.area
    rotations = operators(symmetry)
    own = np.ascontiguousarray(quaternion, np.float64).copy()
    frame = np.tile([1.0, 0, 0, 0], (n, 1)) if frame is None else frame
    q = turned(frame, own)
    bins = _bins(q, found.pairs, rotations)
    excess = np.bincount(bins, found.area, N_BINS) - wanted
    key = split_key(seed, _STREAM)
    ranks = order, classes, of_rank
    distance = _swap(
        own, frame, q, ranks, graph, bins, excess, rotations, key, _TRIALS * n, enough
    )
    return q, float(distance)


def turned(frame: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Return orientations in frames as those in the sample (float64, shape (n, 4))."""
    q = np.empty_like(own)
    _turn_all(np.ascontiguousarray(own), np.ascontiguousarray(frame), q)
    return q


@nb.njit(cache=True)
def _bins(q, pairs, group):
    found = np.empty(len(pairs), np.int64)
    for k in range(len(pairs)):
        found[k] = _bin(q, pairs[k, 0], pairs[k, 1], group)
    return found
