"""Grains as connected pieces of equal value."""

import numba as nb
import numpy as np

__all__ = ["label_pieces"]

_FACES = np.array([(-1, 0, 0), (0, -1, 0), (0, 0, -1)])
# The half of the 26 neighbours that a raster scan has already passed.
_CORNERS = np.array(
    [
        (dx, dy, dz)
        for dx in (-1, 0, 1)
        for dy in (-1, 0, 1)
        for dz in (-1, 0, 1)
        if (dx, dy, dz) < (0, 0, 0)
    ]
)


@nb.njit(cache=True)
def _root(parent, i):
    """Find the root of voxel i, halving the path."""
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@nb.njit(cache=True)
def _join(parent, i, j):
    """Join two pieces; the root is the smaller voxel index."""
    i, j = _root(parent, i), _root(parent, j)
    if i < j:
        parent[j] = i
    elif j < i:
        parent[i] = j


@nb.njit(cache=True)
def _label(values, offsets, periodic, label):
    nx, ny, nz = values.shape
    parent = label  # reuse: parents first, labels at the end
    for x in range(nx):
        for y in range(ny):
            for z in range(nz):
                i = (x * ny + y) * nz + z
                parent[i] = i
    for x in range(nx):
        for y in range(ny):
            for z in range(nz):
                v = values[x, y, z]
                if v == 0:
                    continue
                i = (x * ny + y) * nz + z
                for o in range(offsets.shape[0]):
                    a, b, c = x + offsets[o, 0], y + offsets[o, 1], z + offsets[o, 2]
                    if a < 0 or a >= nx:
                        if not periodic[0]:
                            continue
                        a = (a + nx) % nx
                    if b < 0 or b >= ny:
                        if not periodic[1]:
                            continue
                        b = (b + ny) % ny
                    if c < 0 or c >= nz:
                        if not periodic[2]:
                            continue
                        c = (c + nz) % nz
                    if values[a, b, c] == v:
                        _join(parent, i, (a * ny + b) * nz + c)
    n = 0
    flat = values.ravel()
    for i in range(label.size):  # parents come first, so theirs are already -label
        if flat[i] == 0:
            label[i] = 0
        elif parent[i] == i:
            n += 1
            label[i] = -n
        else:
            label[i] = label[parent[i]]
    for i in range(label.size):
        label[i] = -label[i]


def label_pieces(
    values: np.ndarray,
    periodic: tuple[bool, bool, bool] = (False, False, False),
    corners: bool = False,
) -> np.ndarray:
    """Number the connected pieces of equal value.

    Parameters
    ----------
    values : numpy.ndarray, integer, shape (nx, ny, nz)
        0 = outside, labelled 0.
    periodic : three bools
        Whether pieces go on through the faces along x, y, z.
    corners : bool
        Connect through all 26 neighbours instead of the 6 that share a face.

    Returns
    -------
    numpy.ndarray, int32, shape (nx, ny, nz)
        1..n in the order of the first voxel of each piece (x slowest, z fastest).

    Notes
    -----
    Union-find in which the root of a piece is its smallest voxel index, so the
    numbering does not depend on the order of the joins.

    Examples
    --------
    >>> label_pieces(np.array([[[7, 7, 0, 7, 5]]])).tolist()
    [[[1, 1, 0, 2, 3]]]
    >>> label_pieces(np.array([[[7, 5, 7]]]), (True, True, True)).tolist()
    [[[1, 2, 1]]]
    """
    values = np.ascontiguousarray(values)
    label = np.empty(values.size, np.int32)
    _label(values, _CORNERS if corners else _FACES, np.array(periodic), label)
    return label.reshape(values.shape)
