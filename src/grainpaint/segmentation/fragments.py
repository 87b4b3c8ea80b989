"""Fragments: specks too small to be grains, which go to their neighbors.

A speck counts as a fragment if it has fewer than `MIN_VOXELS` voxels.
"""

import numba as nb
import numpy as np

from grainpaint.segmentation.pieces import SIDES

__all__ = [
    "MIN_VOXELS",
    "choose_grains",
    "cut_by_faces",
    "fragment_contacts",
    "merge_fragments",
    "number_in_order",
]

MIN_VOXELS = 5  # smaller pieces are fragments


@nb.njit(cache=True)
def _fragment_faces(grain_id, n_voxels, min_voxels, sides, periodic):
    """List fragment * n + neighbor for each face that a fragment shares."""
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
    """Count the faces between each fragment and each of its neighbors.

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
        Fragment, neighbor (itself a fragment or not), number of faces > 0.
    """
    pairs = _fragment_faces(grain_id, n_voxels, min_voxels, SIDES, np.array(periodic))
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
        Fragment, neighbor, faces between them. A pair may come several times: its
        faces add up. Contacts of IDs that are not fragments are ignored.
    min_voxels : int
        Smaller grains are fragments.

    Returns
    -------
    numpy.ndarray, int64, shape (n + 1,)
        The ID that each ID becomes; grains that stay, and 0, keep theirs.

    Notes
    -----
    This happens in rounds: each fragment that touches a grain goes to the one that it
    shares most faces with (of equals, the smaller ID), and both count as one from the
    next round on. Where fragments touch only fragments, each goes to a larger one (or
    one of equal size and smaller ID). A fragment without neighbors stays.
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
    while True:  # a fragment's target may itself have gone to another grain
        last: np.ndarray = becomes[becomes]
        if (last == becomes).all():
            return last
        becomes = last


def number_in_order(becomes: np.ndarray) -> np.ndarray:
    """Give the final grains 1..m in the order of the first ID that became each.

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
    result: np.ndarray = number[first].astype(np.int32 if fits else np.int64)
    return result


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
    Fragments that touch only fragments wait until a neighbor has found its grain; ties
    go to the smaller ID. The result does not depend on the order of visits.

    Examples
    --------
    >>> merge_fragments(np.array([[[1, 1, 1, 2, 3, 3]]]), min_voxels=2).tolist()
    [[[1, 1, 1, 1, 3, 3]]]
    """
    grain_id = np.ascontiguousarray(grain_id)
    n_voxels = np.bincount(grain_id.ravel())
    contacts = fragment_contacts(grain_id, n_voxels, min_voxels, periodic)
    becomes = choose_grains(n_voxels, contacts, min_voxels)
    result: np.ndarray = becomes.astype(grain_id.dtype)[grain_id]
    return result


def cut_by_faces(
    grain_id: np.ndarray, periodic: tuple[bool, ...] = (False, False, False)
) -> np.ndarray:
    """Return the grains that lie at a face of the box which is not periodic.

    Parameters
    ----------
    grain_id : numpy.ndarray, integer, shape (nx, ny, nz)
        0 = outside.
    periodic : three bools
        Whether grains continue through the faces along x, y, z.

    Returns
    -------
    numpy.ndarray, shape (n,)
        Their IDs, ascending.

    Examples
    --------
    >>> cut_by_faces(np.array([[[1, 2, 3]]]), (True, True, False)).tolist()
    [1, 3]
    """
    planes = [
        np.unique(grain_id.take(at, axis))
        for axis in range(3)
        for at in (0, -1)
        if not periodic[axis]
    ]
    found = np.unique(np.concatenate([grain_id[:0].ravel(), *planes]))
    return found[found > 0]
