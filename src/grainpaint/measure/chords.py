"""Chord lengths: how long the lines along an axis stay in one grain."""

import numba as nb
import numpy as np

from grainpaint.microstructure import Microstructure

__all__ = ["chords"]


@nb.njit(cache=True)
def _count_chords(rows, counts):
    """Count the lengths of the runs of one grain that begin and end in their row."""
    n = rows.shape[1]
    for r in range(rows.shape[0]):
        start = 0
        for z in range(1, n):
            if rows[r, z] != rows[r, z - 1]:
                if start > 0 and rows[r, start] != 0:
                    counts[z - start] += 1
                start = z


@nb.njit(cache=True)
def _count_chords_around(rows, counts):
    """Count the lengths of the runs of one grain in periodic rows."""
    n = rows.shape[1]
    for r in range(rows.shape[0]):
        first = -1
        for z in range(n):
            if rows[r, z] != rows[r, z - 1]:
                first = z
                break
        if first < 0:
            continue  # a single grain: no chord ends
        start = first
        for k in range(first + 1, first + n + 1):
            if rows[r, k % n] != rows[r, (k - 1) % n]:
                if rows[r, start % n] != 0:
                    counts[k - start] += 1
                start = k


def chords(volume: Microstructure) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Count the chord lengths of the grains along x, y, z.

    A chord is a run of voxels of one grain on a line along the axis. Chords that reach
    an open face of the box are left out.

    Returns
    -------
    three numpy.ndarray, int64, shape (n + 1,)
        Number of chords of 0, 1, 2, ... n voxels, for an axis of n voxels.

    Examples
    --------
    >>> chords(Microstructure(np.array([[[1, 2, 2, 3, 3]]])))[2].tolist()
    [0, 0, 1, 0, 0, 0]
    """
    result = []
    for axis, n in enumerate(volume.shape):
        rows = np.moveaxis(volume.grain_id, axis, -1).reshape(-1, n)
        counts = np.zeros(n + 1, np.int64)
        kernel = _count_chords_around if volume.periodic[axis] else _count_chords
        kernel(np.ascontiguousarray(rows), counts)
        result.append(counts)
    return result[0], result[1], result[2]
