"""Grains as connected pieces of equal value."""

import numba as nb
import numpy as np

__all__ = ["MIN_VOXELS", "grains", "label_pieces", "merge_fragments"]

MIN_VOXELS = 5  # smaller pieces are fragments

_SIDES = np.array([(-1, 0, 0), (1, 0, 0), (0, -1, 0), (0, 1, 0), (0, 0, -1), (0, 0, 1)])
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
    for x in range(nx):  # parents come first, so theirs are already -label
        for y in range(ny):
            for z in range(nz):
                i = (x * ny + y) * nz + z
                if values[x, y, z] == 0:
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
    periodic: tuple[bool, ...] = (False, False, False),
    corners: bool = False,
) -> np.ndarray:
    """Give a number to each connected piece of equal value.

    Parameters
    ----------
    values : numpy.ndarray, integer, shape (nx, ny, nz)
        Within the range of int32; 0 = outside, labelled 0.
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
    dtype = values.dtype if values.dtype == np.uint16 else np.int32
    values = np.asarray(values, dtype)  # a view is read as it is
    label = np.empty(values.size, np.int32)
    _label(values, _CORNERS if corners else _FACES, np.array(periodic), label)
    return label.reshape(values.shape)


@nb.njit(cache=True)
def _fragment_faces(grain_id, n_voxels, min_voxels, sides, periodic):
    """List fragment * n + neighbour for each face that a fragment shares."""
    nx, ny, nz = grain_id.shape
    keys = []
    for x in range(nx):
        for y in range(ny):
            for z in range(nz):
                g = grain_id[x, y, z]
                if g == 0 or n_voxels[g] >= min_voxels:
                    continue
                for o in range(6):
                    a, b, c = x + sides[o, 0], y + sides[o, 1], z + sides[o, 2]
                    if (
                        (0 <= a < nx or periodic[0])
                        and (0 <= b < ny or periodic[1])
                        and (0 <= c < nz or periodic[2])
                    ):
                        h = grain_id[a % nx, b % ny, c % nz]
                        if h != 0 and h != g:
                            keys.append(np.int64(g) * n_voxels.size + h)
    return np.array(keys, np.int64)


def fragment_contacts(
    grain_id: np.ndarray,
    n_voxels: np.ndarray,
    min_voxels: int = MIN_VOXELS,
    periodic: tuple[bool, ...] = (False, False, False),
) -> np.ndarray:
    """Count the faces between each fragment and each of its neighbours.

    Parameters
    ----------
    grain_id : numpy.ndarray, int32, shape (nx, ny, nz)
        Grains 1..n, 0 = outside.
    n_voxels : numpy.ndarray, int64, shape (n + 1,)
        Voxels of each ID.
    min_voxels : int
        Smaller grains are fragments.
    periodic : three bools
        Whether grains touch through the faces along x, y, z.

    Returns
    -------
    numpy.ndarray, int64, shape (k, 3)
        Fragment, neighbour (itself a fragment or not), number of faces > 0.
    """
    pairs = _fragment_faces(grain_id, n_voxels, min_voxels, _SIDES, np.array(periodic))
    pair, faces = np.unique(pairs, return_counts=True)
    return np.stack([*np.divmod(pair, n_voxels.size), faces], axis=1)


def choose_grains(
    n_voxels: np.ndarray, contacts: np.ndarray, min_voxels: int = MIN_VOXELS
) -> np.ndarray:
    """Find the grain that each fragment goes to, from sizes and contacts alone.

    Parameters
    ----------
    n_voxels : numpy.ndarray, int64, shape (n + 1,)
        Voxels of each ID.
    contacts : numpy.ndarray, int64, shape (k, 3)
        Fragment, neighbour, faces between them. A pair may come several times: its
        faces add up. Those of IDs that are no fragments are passed over.
    min_voxels : int
        Smaller grains are fragments.

    Returns
    -------
    numpy.ndarray, int64, shape (n + 1,)
        The ID that each ID becomes; grains that stay, and 0, keep theirs.

    Notes
    -----
    In rounds: each fragment that touches a grain goes to the one that it shares most
    faces with, ties to the smaller ID, and both count as one from the next round on.
    When fragments touch nothing but fragments, each goes to a larger one (or one of
    equal size and smaller ID). One without any neighbour stays.
    """
    becomes = np.arange(n_voxels.size)
    n_voxels = n_voxels.copy()
    stays = np.ones(n_voxels.size, bool)
    fragment, neighbor, faces = contacts.T
    while True:
        fragment, neighbor = becomes[fragment], becomes[neighbor]
        still = (n_voxels[fragment] < min_voxels) & (fragment != neighbor)
        pairs = fragment[still] * n_voxels.size + neighbor[still]
        pair, place = np.unique(pairs, return_inverse=True)
        faces = np.bincount(place, faces[still]).astype(np.int64)
        fragment, neighbor = np.divmod(pair, n_voxels.size)
        goes = n_voxels[neighbor] >= min_voxels
        if not goes.any():  # fragments alone: gather around the largest
            larger = (n_voxels[neighbor] > n_voxels[fragment]) | (
                (n_voxels[neighbor] == n_voxels[fragment]) & (neighbor < fragment)
            )
            stays[fragment[larger]] = False
            goes = stays[neighbor] & ~stays[fragment]
            stays[fragment] = True
        if not goes.any():
            break
        order = np.lexsort((neighbor[goes], -faces[goes], fragment[goes]))
        small, first = np.unique(fragment[goes][order], return_index=True)
        grain = neighbor[goes][order][first]
        becomes[small] = grain
        np.add.at(n_voxels, grain, n_voxels[small])
    while True:  # a grain that others went to may have gone to another itself
        last = becomes[becomes]
        if (last == becomes).all():
            return last
        becomes = last


def number_in_order(becomes: np.ndarray) -> np.ndarray:
    """Number the final grains 1..m in the order of the first ID that became each.

    Parameters
    ----------
    becomes : numpy.ndarray, int64, shape (n + 1,)
        The ID that each ID becomes; 0 stays 0.

    Returns
    -------
    numpy.ndarray, int32 (int64 if m >= 2^31), shape (n + 1,)
        The number of each ID's grain.

    Examples
    --------
    >>> number_in_order(np.array([0, 3, 2, 3])).tolist()
    [0, 1, 2, 1]
    """
    ids = np.arange(becomes.size)
    first = ids.copy()
    np.minimum.at(first, becomes, ids)
    first = first[becomes]
    number = np.cumsum(first == ids) - 1
    fits = number[-1] <= np.iinfo(np.int32).max
    return number[first].astype(np.int32 if fits else np.int64)


def merge_fragments(
    grain_id: np.ndarray,
    min_voxels: int = MIN_VOXELS,
    periodic: tuple[bool, ...] = (False, False, False),
) -> np.ndarray:
    """Give each fragment to the grain that it shares most faces with.

    Parameters
    ----------
    grain_id : numpy.ndarray, int32, shape (nx, ny, nz)
        Grains 1..n, each one connected piece; 0 = outside.
    min_voxels : int
        Smaller grains are fragments. One that touches no other grain stays.
    periodic : three bools
        Whether grains touch through the faces along x, y, z.

    Returns
    -------
    numpy.ndarray, int32, shape (nx, ny, nz)
        IDs as before, those of merged fragments missing.

    Notes
    -----
    Fragments that touch only fragments wait until a neighbour has found its grain; ties
    go to the smaller ID. The result depends on no order of visits.

    Examples
    --------
    >>> merge_fragments(np.array([[[1, 1, 1, 2, 3, 3]]]), min_voxels=2).tolist()
    [[[1, 1, 1, 1, 3, 3]]]
    """
    grain_id = np.ascontiguousarray(grain_id)
    n_voxels = np.bincount(grain_id.ravel())
    contacts = fragment_contacts(grain_id, n_voxels, min_voxels, periodic)
    becomes = choose_grains(n_voxels, contacts, min_voxels)
    return becomes.astype(grain_id.dtype)[grain_id]


def grains(color: np.ndarray, min_voxels: int = MIN_VOXELS) -> np.ndarray:
    """Turn colours into grains: pieces of equal colour that share faces, cleaned.

    Parameters
    ----------
    color : numpy.ndarray, integer, shape (nx, ny, nz)
        0 = outside.
    min_voxels : int
        Smaller pieces go to the neighbour that they touch most.

    Returns
    -------
    numpy.ndarray, int32, shape (nx, ny, nz)
        Grain IDs 1..n in the order of their first voxels, 0 = outside.
    """
    piece = label_pieces(color)
    n_voxels = np.bincount(piece.ravel())
    contacts = fragment_contacts(piece, n_voxels, min_voxels)
    return number_in_order(choose_grains(n_voxels, contacts, min_voxels))[piece]
