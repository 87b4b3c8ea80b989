"""The dense regions of one sub-volume: core points of DBSCAN, and their clusters."""

import numba as nb
import numpy as np

from grainpaint.segmentation.pieces import number_roots, root

__all__ = ["cluster"]

_CHUNK = 512  # voxels counted at a time: their counts stay in the nearest cache


@nb.njit(cache=True)
def _is_core(w, steps, apart, eps2, min_samples):
    """Mark the points with at least min_samples within eps, themselves included."""
    margin = -steps[0]
    core = np.zeros(w.size, np.bool_)
    count = np.empty(_CHUNK, np.int64)
    for start in range(margin, w.size - margin, _CHUNK):
        n = min(_CHUNK, w.size - margin - start)
        here = w[start : start + n]
        count[:] = 1
        for o in range(steps.size):
            there = w[start + steps[o] : start + steps[o] + n]
            for i in range(n):
                d = here[i] - there[i]
                count[i] += apart[o] + d * d <= eps2  # never where one is NaN
        for i in range(n):
            core[start + i] = count[i] >= min_samples and here[i] == here[i]
    return core


@nb.njit(cache=True)
def _link(w, steps, apart, eps2):
    """Return the parents of a union-find over pairs within eps; NaN has no links."""
    margin = -steps[0]
    parent = np.arange(w.size).astype(np.int32)
    links = np.empty(_CHUNK, np.int64)
    for start in range(margin, w.size - margin, _CHUNK):
        n = min(_CHUNK, w.size - margin - start)
        here = w[start : start + n]
        links[:] = 0
        for o in range(13):
            there = w[start + steps[o] : start + steps[o] + n]
            for i in range(n):
                d = here[i] - there[i]
                links[i] |= np.int64(apart[o] + d * d <= eps2) << o
        for i in range(start, start + n):
            bits = links[i - start]
            mine = i
            for o in range(12, -1, -1):  # the nearest in memory first
                j = i + steps[o]
                if bits >> o & 1 and parent[j] != mine:
                    other = root(parent, j)
                    parent[max(mine, other)] = mine = min(mine, other)
    return parent


@nb.njit(cache=True)
def cluster(w, steps, apart, eps2, min_samples):
    """Label the core points 1..n, others 0; return n too. Overwrites w.

    `w` is flat, with a layer of NaN all around; `steps` lead to the 26 neighbors, the
    first 13 backward, and `apart` holds the squares of their distances in voxels.
    """
    core = _is_core(w, steps, apart, eps2, min_samples)
    for i in range(w.size):
        if not core[i]:
            w[i] = np.nan
    label = _link(w, steps, apart, eps2)
    n = number_roots(label, 0, core, 0)
    return label, n
