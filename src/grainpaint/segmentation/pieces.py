"""Connected pieces of equal value, by union-find."""

import numba as nb
import numpy as np

from grainpaint.compiled import inner
from grainpaint.errors import InputError

__all__ = ["SIDES", "join", "label_pieces", "number_roots", "root"]

# Steps to the voxels that share a face.
SIDES = np.array([(-1, 0, 0), (1, 0, 0), (0, -1, 0), (0, 1, 0), (0, 0, -1), (0, 0, 1)])
# Neighbors among the rows along z that a raster scan has already passed.
_FACES = np.array([(-1, 0, 0), (0, -1, 0)])
_CORNERS = np.array(
    [(*row, dz) for row in ((-1, -1), (-1, 0), (-1, 1), (0, -1)) for dz in (-1, 0, 1)]
)


@inner()
def root(parent, i):
    """Return the root of voxel i in a union-find; paths are halved on the way."""
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@inner()
def join(parent, i, j):
    """Join two pieces; the root is the smaller voxel index."""
    i, j = root(parent, i), root(parent, j)
    if i < j:
        parent[j] = i
    elif j < i:
        parent[i] = j


@inner()
def number_roots(parent, start, inside, n):
    """Turn the parents of voxels from `start` on into labels above n.

    Voxels where `inside` is 0 get the label 0. A parent never comes after its children,
    so it has its label when they need it. Returns the last label.
    """
    for k in range(inside.size):
        i = start + k
        if not inside[k]:
            parent[i] = 0
        elif parent[i] == i:
            n += 1
            parent[i] = n
        else:
            parent[i] = parent[parent[i]]
    return n


@inner()
def _join_rows(row, other, i, j, dz, wraps, parent):
    """Join voxels of a row, from i on, with equal ones of another row, from j on."""
    nz = row.size
    for z in range(nz):
        c = z + dz
        if c < 0 or c >= nz:
            if not wraps:
                continue
            c %= nz
        v = row[z]
        if v == 0 or other[c] != v:
            continue
        if z > 0 and c > 0 and row[z - 1] == v and other[c - 1] == v:
            continue  # the two voxels before these have already joined the runs
        join(parent, i + z, j + c)


@nb.njit(cache=True)
def _label(values, offsets, periodic, label):
    nx, ny, nz = values.shape
    parent = label  # reuse: parents first, labels at the end
    for x in range(nx):
        for y in range(ny):
            row, i = values[x, y], (x * ny + y) * nz
            head = i
            for z in range(nz):  # a run of one value along z has its head as parent
                if z > 0 and row[z] != row[z - 1]:
                    head = i + z
                parent[i + z] = head
    for x in range(nx):
        for y in range(ny):
            row, i = values[x, y], (x * ny + y) * nz
            if periodic[2] and row[0] == row[nz - 1]:
                join(parent, i, i + nz - 1)
            for o in range(len(offsets)):
                a, b = x + offsets[o, 0], y + offsets[o, 1]
                if (0 <= a < nx or periodic[0]) and (0 <= b < ny or periodic[1]):
                    a, b = a % nx, b % ny
                    j = (a * ny + b) * nz
                    other, dz = values[a, b], offsets[o, 2]
                    _join_rows(row, other, i, j, dz, periodic[2], parent)
    n = 0
    for x in range(nx):
        for y in range(ny):
            n = number_roots(label, (x * ny + y) * nz, values[x, y], n)


def label_pieces(
    values: np.ndarray,
    periodic: tuple[bool, ...] = (False, False, False),
    corners: bool = False,
) -> np.ndarray:
    """Assign a number to each connected piece of equal value.

    Parameters
    ----------
    values : numpy.ndarray, integer, shape (nx, ny, nz)
        Within the range of int32; 0 = outside, labeled 0.
    periodic : three bools
        Whether pieces continue through the faces along x, y, z.
    corners : bool
        Connect through all 26 neighbors instead of the 6 that share a face.

    Returns
    -------
    numpy.ndarray, int32, shape (nx, ny, nz)
        1..n in the order of the first voxel of each piece (x slowest, z fastest).

    Raises
    ------
    InputError
        If there are 2^31 voxels or more.

    Notes
    -----
    Union-find on the runs of equal value along z, in which the root of a piece is its
    smallest voxel index, so the numbering does not depend on the order of the joins.

    Examples
    --------
    >>> label_pieces(np.array([[[7, 7, 0, 7, 5]]])).tolist()
    [[[1, 1, 0, 2, 3]]]
    >>> label_pieces(np.array([[[7, 5, 7]]]), (True, True, True)).tolist()
    [[[1, 2, 1]]]
    """
    if values.size > np.iinfo(np.int32).max:
        raise InputError(
            f"fewer than 2^31 voxels are labeled at once, got {values.size}: cut the "
            "volume into tiles (grainpaint.segmentation.tiles)"
        )
    # Few types, so that few kernels are compiled; uint16, and views, are read as is.
    short = values.dtype in (np.uint8, np.uint16)
    values = np.asarray(values, np.uint16 if short else np.int32)
    label = np.empty(values.shape, np.int32)
    if values.shape[2] == 1:  # a section, whose runs lie along y
        values, periodic = values.transpose(2, 0, 1), (False, *periodic[:2])
    offsets = _CORNERS if corners else _FACES
    _label(values, offsets, np.array(periodic), label.reshape(-1))
    return label
