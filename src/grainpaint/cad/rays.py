"""Kernels: points and edges of some shells against the triangles of others.

Triangles are sorted into square cells, as seen along z.
"""

import math

import numba as nb
import numpy as np

from grainpaint.cad.columns import left_of
from grainpaint.compiled import inner

__all__ = ["boxes_in_boxes", "meet", "sort_into_cells", "wind"]


@nb.njit(cache=True)
def boxes_in_boxes(low, high, slack, size, order):
    """List pairs (i, j) of boxes of which i lies in j and has the smaller size.

    Parameters
    ----------
    low, high : float64, shape (n, 3)
    slack : float
        By which a box may reach out of another.
    size : float64, shape (n,)
    order : int64, shape (n,)
        Boxes by their lowest x.
    """
    n = order.size
    begin = low[order, 0]
    total = 0
    pairs = np.empty((0, 2), np.int64)
    for filling in (False, True):
        if filling:
            pairs = np.empty((total, 2), np.int64)
            total = 0
        for j in range(n):
            at = np.searchsorted(begin, low[j, 0] - slack)
            while at < n and begin[at] <= high[j, 0]:
                i = order[at]
                at += 1
                within = size[i] < size[j]
                for axis in range(3):
                    within &= low[i, axis] >= low[j, axis] - slack
                    within &= high[i, axis] <= high[j, axis] + slack
                if within:
                    if filling:
                        pairs[total] = i, j
                    total += 1
    return pairs


@inner()
def _span(low, high, begin, edge, n):
    """Return the first and the last of n cells that an interval meets."""
    first = math.floor((low - begin) / edge)
    last = math.floor((high - begin) / edge)
    return min(max(first, 0), n - 1), min(max(last, 0), n - 1)


@inner()
def _cells_of(corners, face, box):
    """Return the range of cells of a triangle: i0, i1, j0, j1, both inclusive."""
    x0, y0, edge = box[0], box[1], box[2]
    a, b, c = corners[face[0]], corners[face[1]], corners[face[2]]
    nx, ny = int(box[3]), int(box[4])
    i0, i1 = _span(min(a[0], b[0], c[0]), max(a[0], b[0], c[0]), x0, edge, nx)
    j0, j1 = _span(min(a[1], b[1], c[1]), max(a[1], b[1], c[1]), y0, edge, ny)
    return i0, i1, j0, j1


@nb.njit(cache=True)
def sort_into_cells(corners, faces, box):
    """Sort triangles into the cells that they may meet.

    Parameters
    ----------
    corners : float64, shape (n, 2) or (n, 3)
    faces : int64, shape (m, 3)
    box : float64, shape (5,)
        Lowest x and y, edge of a cell, cells along x and y.

    Returns
    -------
    start : int64, shape (n_cells + 1,)
    items : int64
        The triangles in cell c, y fastest, are items[start[c]:start[c + 1]]. Empty if
        there would be over 16 for each triangle: then take larger cells.
    """
    ny = int(box[4])
    count = np.zeros(int(box[3]) * ny + 1, np.int64)
    total = 0
    for f in range(faces.shape[0]):
        i0, i1, j0, j1 = _cells_of(corners, faces[f], box)
        total += (i1 - i0 + 1) * (j1 - j0 + 1)
        if total > 16 * faces.shape[0] + 16:
            return count, np.empty(0, np.int64)
        for i in range(i0, i1 + 1):
            for j in range(j0, j1 + 1):
                count[i * ny + j + 1] += 1
    start = np.cumsum(count)
    items = np.empty(total, np.int64)
    place = start.copy()
    for f in range(faces.shape[0]):
        i0, i1, j0, j1 = _cells_of(corners, faces[f], box)
        for i in range(i0, i1 + 1):
            for j in range(j0, j1 + 1):
                items[place[i * ny + j]] = f
                place[i * ny + j] += 1
    return start, items


@nb.njit(cache=True)
def wind(points, other, near, corners, faces, shell, box, cells):
    """Count how often shells wind around points, by what lies above (along z).

    Parameters
    ----------
    points : float64, shape (p, 3)
    other : int64, shape (p,)
        The shell to look at for each point.
    near : float
        A distance below which a point lies on the surface.
    corners : float64, shape (n, 3)
    faces : int64, shape (m, 3)
    shell : int64, shape (m,)
        Of each triangle.
    box, cells
        As `sort_into_cells` takes and returns them.

    Returns
    -------
    winding : int64, shape (p,)
    close : bool, shape (p,)
        Whether the shell is near the point, as far as can be seen along z.
    """
    start, items = cells
    winding = np.zeros(points.shape[0], np.int64)
    close = np.zeros(points.shape[0], np.bool_)
    nx, ny = int(box[3]), int(box[4])
    for p in range(points.shape[0]):
        x, y, z = points[p]
        i, _ = _span(x, x, box[0], box[2], nx)
        j, _ = _span(y, y, box[1], box[2], ny)
        for f in items[start[i * ny + j] : start[i * ny + j + 1]]:
            if shell[f] != other[p]:
                continue
            ax, ay, az = corners[faces[f, 0]]
            bx, by, bz = corners[faces[f, 1]]
            cx, cy, cz = corners[faces[f, 2]]
            twice_area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
            if twice_area == 0.0:
                continue
            step = 1  # below a top face
            if twice_area < 0.0:
                step = -1
                bx, by, bz, cx, cy, cz = cx, cy, cz, bx, by, bz
                twice_area = -twice_area
            if (
                left_of(ax, ay, bx, by, x, y)
                and left_of(bx, by, cx, cy, x, y)
                and left_of(cx, cy, ax, ay, x, y)
            ):
                wb = (ax - cx) * (y - cy) - (ay - cy) * (x - cx)
                wc = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
                above = az + (wb * (bz - az) + wc * (cz - az)) / twice_area - z
                close[p] |= abs(above) <= near
                if above > 0.0:
                    winding[p] += step
    return winding, close


@inner()
def _find(partners, begin, end, shell):
    """Return where a shell stands in an ascending list, or -1."""
    at = begin + np.searchsorted(partners[begin:end], shell)
    return at if at < end and partners[at] == shell else -1


@inner()
def _meets(p, q, a, b, c):
    """Return where (0 to 1) an edge p - q meets a triangle, also its rim; or -1."""
    ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    vx, vy, vz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
    nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    over_p = nx * (p[0] - a[0]) + ny * (p[1] - a[1]) + nz * (p[2] - a[2])
    over_q = nx * (q[0] - a[0]) + ny * (q[1] - a[1]) + nz * (q[2] - a[2])
    if over_p == over_q or min(over_p, over_q) > 0.0 or max(over_p, over_q) < 0.0:
        return -1.0
    t = over_p / (over_p - over_q)
    x = p[0] + t * (q[0] - p[0]) - a[0]
    y = p[1] + t * (q[1] - p[1]) - a[1]
    z = p[2] + t * (q[2] - p[2]) - a[2]
    square = nx * nx + ny * ny + nz * nz
    wb = nx * (y * vz - z * vy) + ny * (z * vx - x * vz) + nz * (x * vy - y * vx)
    wc = nx * (uy * z - uz * y) + ny * (uz * x - ux * z) + nz * (ux * y - uy * x)
    least = -1e-9 * square
    return t if wb >= least and wc >= least and wb + wc <= square - least else -1.0


@nb.njit(cache=True)
def meet(ends, of, first, partners, corners, faces, shell, box, cells):
    """List where edges of shells meet triangles of their partners.

    Parameters
    ----------
    ends : int64, shape (e, 2)
        Vertices of the edges.
    of : int64, shape (e,)
        Shell of each edge.
    first, partners : int64
        The shells that shell s is compared with, partners[first[s]:first[s + 1]],
        ascending.
    corners, faces, shell, box, cells
        As `wind` takes them.

    Returns
    -------
    edge, pair : int64, shape (h,)
        The edge, and where its shell and the other stand in `partners`.
    along : float64, shape (h,)
        Where it meets that shell: 0 at its first end, 1 at its last.
    """
    start, items = cells
    nx, ny = int(box[3]), int(box[4])
    count = 0
    edge, pair, along = np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    for filling in (False, True):
        if filling:
            edge, pair = np.empty(count, np.int64), np.empty(count, np.int64)
            along = np.empty(count)
            count = 0
        for e in range(ends.shape[0]):
            begin, end = first[of[e]], first[of[e] + 1]
            if begin == end:
                continue
            p, q = corners[ends[e, 0]], corners[ends[e, 1]]
            low, high = min(p[2], q[2]), max(p[2], q[2])
            i0, i1 = _span(min(p[0], q[0]), max(p[0], q[0]), box[0], box[2], nx)
            j0, j1 = _span(min(p[1], q[1]), max(p[1], q[1]), box[1], box[2], ny)
            for cell in range(i0 * ny + j0, i1 * ny + j1 + 1):
                if not j0 <= cell % ny <= j1:
                    continue
                for f in items[start[cell] : start[cell + 1]]:
                    at = _find(partners, begin, end, shell[f])
                    if at < 0:
                        continue
                    a, b, c = faces[f]
                    a_z, b_z, c_z = corners[a, 2], corners[b, 2], corners[c, 2]
                    if max(a_z, b_z, c_z) < low or min(a_z, b_z, c_z) > high:
                        continue
                    t = _meets(p, q, corners[a], corners[b], corners[c])
                    if t >= 0.0:
                        if filling:
                            edge[count], pair[count], along[count] = e, at, t
                        count += 1
    return edge, pair, along
