"""Kernels: points and edges of some shells against the triangles of others.

Triangles are sorted into square cells, as seen along z. Which shells are compared is a
list of pairs: the partners of shell s are partners[first[s]:first[s + 1]], ascending.
"""

import math

import numba as nb
import numpy as np

from grainpaint.cad.columns import left_of
from grainpaint.compiled import inner

__all__ = ["boxes_in_boxes", "mark_crossings", "sort_into_cells", "wind"]


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
    corners : float64, shape (n, 3)
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


@inner()
def _find(partners, begin, end, shell):
    """Return where a shell stands in an ascending list, or -1."""
    at = begin + np.searchsorted(partners[begin:end], shell)
    return at if at < end and partners[at] == shell else -1


@nb.njit(cache=True)
def wind(points, of, slot, first, partners, corners, faces, shell, box, cells, near):
    """Count how often shells wind around points, by what lies above (along z).

    Parameters
    ----------
    points : float64, shape (p, 3)
    of : int64, shape (p,)
        Shell of each point.
    slot : int64, shape (p,)
        Where the results for the partners of each point's shell begin.
    first, partners
        The pairs, see above.
    corners, faces, shell
        The triangles, and the shell of each.
    box, cells
        As `sort_into_cells` takes and returns them.
    near : float
        A distance below which a point lies on the surface.

    Returns
    -------
    winding : int32, shape (n_slots,)
    on : bool, shape (n_slots,)
        Whether the point lies on that shell, as far as can be seen along z.
    """
    start, items = cells
    n_slots = slot[-1] + first[of[-1] + 1] - first[of[-1]]
    winding = np.zeros(n_slots, np.int32)
    on = np.zeros(n_slots, np.bool_)
    nx, ny = int(box[3]), int(box[4])
    for p in range(points.shape[0]):
        x, y, z = points[p]
        i, _ = _span(x, x, box[0], box[2], nx)
        j, _ = _span(y, y, box[1], box[2], ny)
        begin, end = first[of[p]], first[of[p] + 1]
        for f in items[start[i * ny + j] : start[i * ny + j + 1]]:
            at = _find(partners, begin, end, shell[f])
            if at < 0:
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
            if not (
                left_of(ax, ay, bx, by, x, y)
                and left_of(bx, by, cx, cy, x, y)
                and left_of(cx, cy, ax, ay, x, y)
            ):
                continue
            wb = (ax - cx) * (y - cy) - (ay - cy) * (x - cx)
            wc = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
            above = az + (wb * (bz - az) + wc * (cz - az)) / twice_area - z
            k = slot[p] + at - begin
            on[k] |= abs(above) <= near
            if above > 0.0:
                winding[k] += step
    return winding, on


@inner()
def _passes(p, q, a, b, c, near):
    """Return whether the edge p - q passes through a triangle, not only touches it."""
    ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    vx, vy, vz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
    nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    norm = math.sqrt(nx * nx + ny * ny + nz * nz)
    if norm == 0.0:
        return False
    nx, ny, nz = nx / norm, ny / norm, nz / norm
    over_p = nx * (p[0] - a[0]) + ny * (p[1] - a[1]) + nz * (p[2] - a[2])
    over_q = nx * (q[0] - a[0]) + ny * (q[1] - a[1]) + nz * (q[2] - a[2])
    if over_p * over_q >= 0.0 or min(abs(over_p), abs(over_q)) <= near:
        return False
    t = over_p / (over_p - over_q)
    x = p[0] + t * (q[0] - p[0]) - a[0]
    y = p[1] + t * (q[1] - p[1]) - a[1]
    z = p[2] + t * (q[2] - p[2]) - a[2]
    wb = nx * (y * vz - z * vy) + ny * (z * vx - x * vz) + nz * (x * vy - y * vx)
    wc = nx * (uy * z - uz * y) + ny * (uz * x - ux * z) + nz * (ux * y - uy * x)
    least = -1e-9 * norm
    return wb >= least and wc >= least and wb + wc <= norm - least


@nb.njit(cache=True)
def mark_crossings(
    ends, of, first, partners, corners, faces, shell, box, cells, near, crossing
):
    """Mark the pairs of shells of which an edge passes through a triangle.

    Parameters
    ----------
    ends : int64, shape (e, 2)
        Vertices of the edges.
    of : int64, shape (e,)
        Shell of each edge.
    first, partners, corners, faces, shell, box, cells, near
        As `wind` takes them.
    crossing : bool, shape of partners
        Is set to True where the edge's shell passes through its partner.
    """
    start, items = cells
    x0, y0, edge = box[0], box[1], box[2]
    nx, ny = int(box[3]), int(box[4])
    for e in range(ends.shape[0]):
        begin, end = first[of[e]], first[of[e] + 1]
        if begin == end:
            continue
        p, q = corners[ends[e, 0]], corners[ends[e, 1]]
        low, high = min(p[2], q[2]), max(p[2], q[2])
        i0, i1 = _span(min(p[0], q[0]), max(p[0], q[0]), x0, edge, nx)
        j0, j1 = _span(min(p[1], q[1]), max(p[1], q[1]), y0, edge, ny)
        for i in range(i0, i1 + 1):
            for j in range(j0, j1 + 1):
                for f in items[start[i * ny + j] : start[i * ny + j + 1]]:
                    at = _find(partners, begin, end, shell[f])
                    if at < 0 or crossing[at]:
                        continue
                    a, b, c = (
                        corners[faces[f, 0]],
                        corners[faces[f, 1]],
                        corners[faces[f, 2]],
                    )
                    if max(a[2], b[2], c[2]) < low or min(a[2], b[2], c[2]) > high:
                        continue
                    if _passes(p, q, a, b, c, near):
                        crossing[at] = True
