"""Triangles that cross others."""

import numba as nb
import numpy as np

from grainpaint.meshing.order import in_order

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
    boxes = np.empty((len(triangles), 2, 3))
    _set_boxes(points, triangles, boxes)
    origin = boxes[:, 0].min(0)
    # A triangle that meets another one begins at most this far below it.
    reach = (boxes[:, 1] - boxes[:, 0]).max(0)
    shape = ((boxes[:, 0].max(0) - origin) / _CELL).astype(np.int64) + 1
    cells = np.empty((len(triangles), 2, 3), np.int64)
    index = np.empty(len(triangles), np.int64)
    _set_cells(boxes, origin, reach, shape, cells, index)
    start = np.append(0, np.cumsum(np.bincount(index, minlength=int(shape.prod()))))
    # In the order of cells, what is compared lies close together.
    order = in_order(index)
    rows, boxes, cells = triangles[order], boxes[order], cells[order]
    hit = np.zeros(len(triangles), bool)
    _look(points, rows, boxes, cells, start, shape, hit)
    found = np.zeros(len(triangles), bool)
    found[order] = hit
    return found


@nb.njit(cache=True, parallel=True)
def _set_boxes(points, triangles, boxes):
    """Set the lowest and highest coordinates of each triangle."""
    for i in nb.prange(len(triangles)):
        a, b, c = triangles[i]
        for axis in range(3):
            x, y, z = points[a, axis], points[b, axis], points[c, axis]
            boxes[i, 0, axis] = min(x, y, z)
            boxes[i, 1, axis] = max(x, y, z)


@nb.njit(cache=True, parallel=True)
def _set_cells(boxes, origin, reach, shape, cells, index):
    """Set the cells in which those begin that a triangle may meet, and its own."""
    for i in nb.prange(len(boxes)):
        index[i] = 0
        for axis in range(3):
            low = boxes[i, 0, axis] - origin[axis]
            high = boxes[i, 1, axis] - origin[axis]
            cells[i, 0, axis] = max(int((low - reach[axis]) // _CELL), 0)
            cells[i, 1, axis] = min(int(high // _CELL), shape[axis] - 1)
            index[i] = index[i] * shape[axis] + int(low // _CELL)


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
