"""Volumes of grains from their boundaries, and moving boundaries until they are right.

By the divergence theorem a triangle adds a sixth of the determinant of its corners to
the grain that it faces away from, and takes it from the other.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["grain_volumes", "shifts_for"]


def grain_volumes(
    points: np.ndarray, triangles: np.ndarray, pairs: np.ndarray, n: int
) -> np.ndarray:
    """Return the volume of each grain.

    Parameters
    ----------
    points : numpy.ndarray, float64, shape (n_nodes, 3)
    triangles : numpy.ndarray, integer, shape (m, 3)
        Their normals point from the first grain to the second.
    pairs : numpy.ndarray, integer, shape (m, 2)
        Grains below n.
    n : int

    Returns
    -------
    numpy.ndarray, float64, shape (n,)
        Row 0 is the outside: less all others.

    Examples
    --------
    >>> corners = np.array([[0, 0, 0], [6, 0, 0], [0, 1, 0], [0, 0, 1.0]])
    >>> faces = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])
    >>> grain_volumes(corners, faces, np.array(4 * [[1, 0]]), 2).tolist()
    [-1.0, 1.0]
    """
    a, b, c = (points[triangles[:, i]] - points.mean(0) for i in range(3))
    parts = np.einsum("ij,ij->i", a, np.cross(b, c)) / 6
    first = np.bincount(pairs[:, 0], parts, n)
    found: np.ndarray = first - np.bincount(pairs[:, 1], parts, n)
    return found


def shifts_for(
    missing: np.ndarray,
    points: np.ndarray,
    triangles: np.ndarray,
    pairs: np.ndarray,
    movable: np.ndarray,
    twin: np.ndarray,
) -> np.ndarray:
    r"""Return the least moves of nodes that change the volumes of grains as is wanted.

    Parameters
    ----------
    missing : numpy.ndarray, float64, shape (n,)
        What each grain is to gain.
    points, triangles, pairs
        See `grain_volumes`.
    movable : numpy.ndarray, bool, shape (n_nodes, 3)
        Along which axes a node may move.
    twin : numpy.ndarray, int64, shape (n_nodes,)
        The node that each moves with.

    Returns
    -------
    numpy.ndarray, float64, shape (n_nodes, 3)

    Notes
    -----
    With G the derivatives of the volumes, the moves d of least sum of squares with
    :math:`G d = m` are :math:`d = G^T p`, :math:`G G^T p = m`. The p act as pressures
    in the grains, which move a boundary by their difference.
    """
    from scipy.sparse import diags_array
    from scipy.sparse.linalg import LinearOperator, cg

    slopes = _slopes(points, triangles, pairs, movable, twin, len(missing))
    normal = slopes @ slopes.T
    scale = normal.diagonal() + 1e-6 * normal.diagonal().max(initial=1e-300)
    # Equal pressures in all grains move nothing: a trace on the diagonal decides.
    normal = normal + diags_array(1e-6 * scale)
    near: Any = LinearOperator(normal.shape, lambda v: v.ravel() / scale)
    pressure, _ = cg(normal, missing, rtol=1e-5, maxiter=200, M=near)
    shift = (slopes.T @ pressure).reshape(-1, 3)
    found: np.ndarray = shift[twin]
    return found


def _slopes(
    points: np.ndarray,
    triangles: np.ndarray,
    pairs: np.ndarray,
    movable: np.ndarray,
    twin: np.ndarray,
    n: int,
) -> Any:
    """Return the derivatives of volumes by coordinates, sparse, (n, 3 n_nodes)."""
    from scipy.sparse import csr_array

    corners = [points[triangles[:, i]] for i in range(3)]
    rows, columns, values = [], [], []
    for i in range(3):
        area = np.cross(corners[(i + 1) % 3], corners[(i + 2) % 3]) / 6
        node = triangles[:, i]
        for axis in range(3):
            kept = movable[node, axis]
            for side, sign in ((0, 1.0), (1, -1.0)):
                rows.append(pairs[kept, side])
                columns.append(3 * twin[node[kept]] + axis)
                values.append(sign * area[kept, axis])
    shape = (n, 3 * len(points))
    entries = np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))
    return csr_array(entries, shape=shape)
