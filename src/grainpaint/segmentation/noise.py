"""Noise of DBSCAN: each noise voxel goes to a cluster beside it."""

import numba as nb
import numpy as np

from grainpaint.segmentation.pieces import SIDES

__all__ = ["fill_noise"]

_OUTSIDE = -2  # neither noise nor a label; -1 is noise that is about to be filled


@nb.njit(cache=True)
def _beside(i, shape, sides, out):
    """Write the flat indices of the voxels at the faces of i; return how many."""
    nx, ny, nz = shape
    x, y, z = i // (ny * nz), i // nz % ny, i % nz
    n = 0
    for s in range(6):
        a, b, c = x + sides[s, 0], y + sides[s, 1], z + sides[s, 2]
        if 0 <= a < nx and 0 <= b < ny and 0 <= c < nz:
            out[n] = (a * ny + b) * nz + c
            n += 1
    return n


@nb.njit(cache=True)
def _commonest(labels):
    """Return the most common label above 0 (of equals, the lowest), or 0 if none."""
    best = most = 0
    for g in labels:
        count = np.sum(labels == g)
        if g > 0 and (count > most or (count == most and g < best)):
            best, most = g, count
    return best


@nb.njit(cache=True)
def _fill(flat, shape, sides):
    beside = np.empty(6, np.int64)
    front = [np.int64(0) for _ in range(0)]
    for i in range(flat.size):  # -1 marks noise that is about to be filled
        if flat[i] == 0:
            n = _beside(i, shape, sides, beside)
            if flat[beside[:n]].max() > 0:
                flat[i] = -1
                front.append(np.int64(i))
    while len(front) > 0:
        chosen = np.empty(len(front), flat.dtype)
        for k in range(len(front)):
            n = _beside(front[k], shape, sides, beside)
            chosen[k] = _commonest(flat[beside[:n]])
        following = [np.int64(0) for _ in range(0)]
        for k in range(len(front)):
            flat[front[k]] = chosen[k]
            n = _beside(front[k], shape, sides, beside)
            for j in beside[:n]:
                if flat[j] == 0:
                    flat[j] = -1
                    following.append(j)
        front = following


def fill_noise(label: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
    """Give every noise voxel the most common label among the voxels at its faces.

    Parameters
    ----------
    label : numpy.ndarray, int32, shape (nx, ny, nz)
        Clusters 1..n, 0 = noise.
    mask : numpy.ndarray, bool, shape of label, optional
        The part; voxels outside stay 0 and pass no label on.

    Returns
    -------
    numpy.ndarray, int32, shape (nx, ny, nz)
        Within the part, 0 remains only where no label can be reached through faces.

    Notes
    -----
    This happens in rounds, so that the order of visits does not matter: all noise
    voxels beside a labeled one choose at the same time, then those beside them. Ties go
    to the lowest label.

    Examples
    --------
    >>> fill_noise(np.array([[[1, 0, 0, 0, 2]]], np.int32)).tolist()
    [[[1, 1, 1, 2, 2]]]
    """
    filled = np.array(label, np.int32, order="C")
    if mask is not None:
        filled[~mask] = _OUTSIDE
    if filled.any():
        _fill(filled.reshape(-1), filled.shape, SIDES)
    if mask is not None:
        filled[~mask] = 0
    return filled
