"""Volumes of grains from their boundaries, and moving boundaries until they are right.

By the divergence theorem a triangle adds a sixth of the determinant of its corners to
the grain that it faces away from, and takes it from the other.
"""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np

from grainpaint.meshing.nets import Net

__all__ = ["grain_volumes", "shifts_for"]

_MOST = 8  # grains around a node
_EVEN = 1e-6  # of the diagonal: equal pressures in all grains move nothing


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
    >>> grain_volumes(corners, faces, np.array(4 * [[1, 0]]), 2).round(9).tolist()
    [-1.0, 1.0]
    """
    found = np.zeros(n)
    _add_volumes(points - points.mean(0), triangles, pairs, found)
    return found


def shifts_for(
    missing: np.ndarray,
    net: Net,
    points: np.ndarray,
    faces: tuple[np.ndarray, np.ndarray],
    movable: np.ndarray,
) -> np.ndarray:
    r"""Return the least moves of nodes that change the volumes of grains as is wanted.

    Parameters
    ----------
    missing : numpy.ndarray, float64, shape (n,)
        What each grain is to gain.
    net : Net
    points : numpy.ndarray, float64, shape (n_nodes, 3)
        Where its nodes lie.
    faces : triangles and pairs
        See `grain_volumes`.
    movable : numpy.ndarray, bool, shape (n_nodes, 3)
        Along which axes a node may move.

    Returns
    -------
    numpy.ndarray, float64, shape (n_nodes, 3)

    Notes
    -----
    With G the derivatives of the volumes, the moves d of least sum of squares with
    :math:`G d = m` are :math:`d = G^T p`, :math:`G G^T p = m`. The p act as pressures
    in the grains, which move a boundary by their difference.
    """
    from scipy.sparse import coo_array, diags_array
    from scipy.sparse.linalg import LinearOperator, cg

    triangles, pairs = faces
    grains = np.full((len(points), _MOST), -1, np.int32)
    slopes = np.zeros((len(points), _MOST, 3))
    _add_slopes(points, triangles, pairs, net.twin, grains, slopes)
    slopes *= movable[:, None]
    n = missing.size
    rows, columns, values = _products(grains, slopes)
    normal = coo_array((values, (rows, columns)), (n, n)).tocsr()
    scale = normal.diagonal()
    scale += _EVEN * max(scale.max(), np.finfo(float).tiny)
    normal = normal + diags_array(_EVEN * scale)
    near: Any = LinearOperator(normal.shape, lambda v: v.ravel() / scale)
    pressure, _ = cg(normal, missing, rtol=1e-5, maxiter=200, M=near)
    # What no node has stands last, and does not move.
    pressure = np.append(pressure, 0.0)
    shift = np.empty((len(points), 3))
    _add_pressures(grains, slopes, pressure, net.twin, shift)
    return shift


@nb.njit(inline="always")
def _cross(ax, ay, az, bx, by, bz):
    return ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx


@nb.njit(cache=True)
def _add_volumes(points, triangles, pairs, found):
    """Add what each triangle gives to one grain and takes from the other."""
    for i in range(len(triangles)):
        a, b, c = triangles[i]
        x, y, z = _cross(
            points[b, 0], points[b, 1], points[b, 2],
            points[c, 0], points[c, 1], points[c, 2],
        )  # fmt: skip
        part = (points[a, 0] * x + points[a, 1] * y + points[a, 2] * z) / 6
        found[pairs[i, 0]] += part
        found[pairs[i, 1]] -= part


@nb.njit(cache=True)
def _add_slopes(points, triangles, pairs, twin, grains, slopes):
    """Add the derivatives of volumes by the places of nodes, for each of its grains."""
    for i in range(len(triangles)):
        for k in range(3):
            a = triangles[i, k]
            b, c = triangles[i, (k + 1) % 3], triangles[i, (k + 2) % 3]
            x, y, z = _cross(
                points[b, 0] - points[a, 0],
                points[b, 1] - points[a, 1],
                points[b, 2] - points[a, 2],
                points[c, 0] - points[a, 0],
                points[c, 1] - points[a, 1],
                points[c, 2] - points[a, 2],
            )
            node = twin[a]
            for side in range(2):
                grain, slot = pairs[i, side], 0
                while grains[node, slot] >= 0 and grains[node, slot] != grain:
                    slot += 1
                grains[node, slot] = grain
                sixth = (1.0 - 2.0 * side) / 6.0
                slopes[node, slot, 0] += sixth * x
                slopes[node, slot, 1] += sixth * y
                slopes[node, slot, 2] += sixth * z


@nb.njit(cache=True, parallel=True)
def _add_pressures(grains, slopes, pressure, twin, shift):
    """Set how far pressures in its grains move each node."""
    for i in nb.prange(len(twin)):
        for axis in range(3):
            way = 0.0
            for slot in range(grains.shape[1]):
                way += slopes[twin[i], slot, axis] * pressure[grains[twin[i], slot]]
            shift[i, axis] = way


@nb.njit(cache=True)
def _products(grains, slopes):
    """Return rows, columns and values of the slopes times themselves."""
    n = 0
    for i in range(len(grains)):
        m = 0
        while m < _MOST and grains[i, m] >= 0:
            m += 1
        n += m * m
    rows, columns = np.empty(n, np.int32), np.empty(n, np.int32)
    values = np.empty(n)
    n = 0
    for i in range(len(grains)):
        for a in range(_MOST):
            if grains[i, a] < 0:
                break
            for b in range(_MOST):
                if grains[i, b] < 0:
                    break
                rows[n], columns[n] = grains[i, a], grains[i, b]
                values[n] = (
                    slopes[i, a, 0] * slopes[i, b, 0]
                    + slopes[i, a, 1] * slopes[i, b, 1]
                    + slopes[i, a, 2] * slopes[i, b, 2]
                )
                n += 1
    return rows, columns, values
