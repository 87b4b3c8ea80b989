"""Faces that grains share, counted tile by tile."""

import numpy as np

__all__ = ["faces_of_tile", "shared_faces"]


def faces_of_tile(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which pairs of grains share faces in a tile, and how many.

    Parameters
    ----------
    keys : numpy.ndarray, int64, shape (n,)
        ``3 * pair + normal`` of each face.

    Returns
    -------
    pairs : numpy.ndarray, int64, shape (k,)
        Ascending.
    faces : numpy.ndarray, int32, shape (k, 3)
        With normals x, y, z.
    """
    key, count = np.unique(keys, return_counts=True)
    pair, normal = np.divmod(key, 3)
    first = np.flatnonzero(np.diff(pair, prepend=-1))
    faces = np.zeros((first.size, 3), np.int32)
    row = np.repeat(np.arange(first.size), np.diff(first, append=pair.size))
    faces[row, normal] = count
    return pair[first], faces


def shared_faces(
    found: list[tuple[np.ndarray, np.ndarray]], n_ids: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs of grains that share faces, and how many.

    Parameters
    ----------
    found : list
        What `faces_of_tile` returned for each tile; a pair is ``g * n_ids + h``. It is
        emptied: memory would not bear all of it twice.
    n_ids : int

    Returns
    -------
    pairs : numpy.ndarray, int32, shape (m, 2)
        Grains g, h in ascending order.
    faces : numpy.ndarray, int64, shape (m, 3)
        With normals x, y, z.
    """
    numbers = np.concatenate([pair for pair, _ in found])
    counts = np.concatenate([faces for _, faces in found])
    found.clear()
    order = np.argsort(numbers, kind="stable")
    numbers = numbers[order]
    first = np.flatnonzero(np.diff(numbers, prepend=-1))
    numbers = numbers[first]
    faces = np.zeros((first.size, 3), np.int64)
    if first.size:
        for normal in range(3):
            by_pair = counts[order, normal].astype(np.int64)
            faces[:, normal] = np.add.reduceat(by_pair, first)
    pairs = np.empty((first.size, 2), np.int32)
    np.floor_divide(numbers, n_ids, out=pairs[:, 0], casting="unsafe")
    np.remainder(numbers, n_ids, out=pairs[:, 1], casting="unsafe")
    return pairs, faces
