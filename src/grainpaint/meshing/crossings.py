"""Triangles that cross others."""

import numba as nb
import numpy as np

__all__ = ["crossing"]

_CELL = 1.0  # edge of the cells in which triangles are looked up
_TOUCH = 1e-9  # six times a volume: less is rounding


def crossing(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Return which triangles are crossed by an edge of another one, or cross one.

    Edges that share a node with a triangle do not cross it there. Triangles in one
    plane do not cross.

    Parameters
    ----------
    points : numpy.ndarray, float64, shape (n, 3)
        In units of about the longest edge.
    triangles : numpy.ndarray, int64, shape (m, 3)

    Returns
    -------
    numpy.ndarray, bool, shape (m,)

    Examples
    --------
    >>> ends = [[0.2, 0.2, -1], [0.2, 0.2, 1], [9, 9, 0.0]]
    >>> corners = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], *ends])
    >>> crossing(corners, np.array([[0, 1, 2], [3, 4, 5]])).tolist()
    [True, True]
    """
    if not len(triangles):
        return np.zeros(0, bool)
    at = points[triangles]
    low, high = at.min(1), at.max(1)
    origin = low.min(0)
    cell = np.floor((low - origin) / _CELL).astype(np.int64)
    # A triangle that meets another one begins at most this far below it.
    reach = (high - low).max(0)
    first = np.floor((low - origin - reach) / _CELL).astype(np.int64).clip(0)
    shape = cell.max(0) + 1
    index = np.ravel_multi_index(tuple(cell.T), tuple(shape))
    order = np.argsort(index, kind="stable")
    start = np.append(0, np.cumsum(np.bincount(index, minlength=int(shape.prod()))))
    last = np.floor((high - origin) / _CELL).astype(np.int64).clip(max=shape - 1)
    # In the order of cells, what is compared lies close together.
    rows, boxes = triangles[order], np.stack([low[order], high[order]], 1)
    cells = np.stack([first[order], last[order]], 1)
    hit = np.zeros(len(triangles), bool)
    _look(points, rows, boxes, cells, start, shape, hit)
    found = np.zeros(len(triangles), bool)
    found[order] = hit
    return found


@nb.njit(cache=True)
def _side(a, b, c, d):
    """Return six times the volume of a tetrahedron."""
    ux, uy, uz = a[0] - d[0], a[1] - d[1], a[2] - d[2]
    vx, vy, vz = b[0] - d[0], b[1] - d[1], b[2] - d[2]
    wx, wy, wz = c[0] - d[0], c[1] - d[1], c[2] - d[2]
    return (
        ux * (vy * wz - vz * wy) + uy * (vz * wx - vx * wz) + uz * (vx * wy - vy * wx)
    )


@nb.njit(cache=True)
def _pierced(points, p, q, a, b, c):
    """Return whether the edge p q goes through the triangle a b c."""
    if p in (a, b, c) or q in (a, b, c):
        return False
    s = _side(points[a], points[b], points[c], points[p])
    t = _side(points[a], points[b], points[c], points[q])
    if abs(s) < _TOUCH or abs(t) < _TOUCH or (s > 0) == (t > 0):
        return False
    u = _side(points[p], points[q], points[a], points[b])
    v = _side(points[p], points[q], points[b], points[c])
    w = _side(points[p], points[q], points[c], points[a])
    return (u >= 0 and v >= 0 and w >= 0) or (u <= 0 and v <= 0 and w <= 0)


@nb.njit(cache=True)
def _cross(points, s, t):
    """Return whether an edge of a triangle goes through the other one."""
    for i in range(3):
        j = (i + 1) % 3
        if _pierced(points, s[i], s[j], t[0], t[1], t[2]):
            return True
        if _pierced(points, t[i], t[j], s[0], s[1], s[2]):
            return True
    return False


@nb.njit(cache=True, parallel=True)
def _look(points, triangles, boxes, cells, start, shape, found):
    """Mark the triangles that cross others; each pair is met once."""
    for i in nb.prange(len(triangles)):
        first, last, low, high = cells[i, 0], cells[i, 1], boxes[i, 0], boxes[i, 1]
        for x in range(first[0], last[0] + 1):
            for y in range(first[1], last[1] + 1):
                row = (x * shape[1] + y) * shape[2]
                begin, end = start[row + first[2]], start[row + last[2] + 1]
                for j in range(max(begin, i + 1), end):
                    if (
                        low[0] > boxes[j, 1, 0]
                        or boxes[j, 0, 0] > high[0]
                        or low[1] > boxes[j, 1, 1]
                        or boxes[j, 0, 1] > high[1]
                        or low[2] > boxes[j, 1, 2]
                        or boxes[j, 0, 2] > high[2]
                    ):
                        continue
                    if _cross(points, triangles[i], triangles[j]):
                        found[i] = True
                        found[j] = True
