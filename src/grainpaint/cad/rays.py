"""Kernels: points and edges of some shells against the triangles of others.

Triangles are sorted by shell and place. Each LEAF of them have a box, each two
neighboring boxes a larger one, and so on: box i contains boxes 2 i and 2 i + 1, box 1
contains all. Corners may be given with any axis as the last, which is called z here.
"""

import numba as nb
import numpy as np

from grainpaint.cad.columns import left_of
from grainpaint.compiled import inner

__all__ = ["LEAF", "boxes_in_boxes", "grow_boxes", "meet", "wind"]

LEAF = 4
_OF_LEAF = 16  # what a leaf costs, in boxes
_DEEP = 64  # boxes that may wait at once: one for each level


@nb.njit(cache=True)
def boxes_in_boxes(low, high, slack, size, order, start):
    """List pairs (i, j) of boxes of which i lies in j and has the smaller size.

    Parameters
    ----------
    low, high : float64, shape (n, 3)
    slack : float
        By which a box may reach out of another.
    size : float64, shape (n,)
    order : int64, shape (n,)
        Boxes by their lowest x.
    start : int64, shape (n,)
        For each box j the first in that order which may lie in it.
    """
    n = order.size
    total = 0
    pairs = np.empty((0, 2), np.int64)
    for filling in (False, True):
        if filling:
            pairs = np.empty((total, 2), np.int64)
            total = 0
        for j in range(n):
            for at in range(start[j], n):
                i = order[at]
                if low[i, 0] > high[j, 0]:
                    break
                within = size[i] < size[j]
                for axis in range(3):
                    within &= low[i, axis] >= low[j, axis] - slack
                    within &= high[i, axis] <= high[j, axis] + slack
                if within:
                    if filling:
                        pairs[total, 0] = i
                        pairs[total, 1] = j
                    total += 1
    return pairs


@nb.njit(cache=True)
def grow_boxes(corners, faces):
    """Return the lowest and highest corners of all boxes, float64, shape (n, 3) each.

    Parameters
    ----------
    corners : float64, shape (n, 3)
    faces : int64, shape (m, 3)
        Sorted by place.
    """
    n_leaves = 1
    while n_leaves * LEAF < faces.shape[0]:
        n_leaves *= 2
    low = np.full((2 * n_leaves, 3), np.inf)
    high = np.full((2 * n_leaves, 3), -np.inf)
    for f in range(faces.shape[0]):
        box = n_leaves + f // LEAF
        for corner in faces[f]:
            for axis in range(3):
                low[box, axis] = min(low[box, axis], corners[corner, axis])
                high[box, axis] = max(high[box, axis], corners[corner, axis])
    for box in range(n_leaves - 1, 0, -1):
        for axis in range(3):
            low[box, axis] = min(low[2 * box, axis], low[2 * box + 1, axis])
            high[box, axis] = max(high[2 * box, axis], high[2 * box + 1, axis])
    return low, high


@nb.njit(cache=True)
def wind(points, begin, end, near, corners, faces, low, high):
    """Count how often shells wind around points, by what lies above.

    Parameters
    ----------
    points : float64, shape (p, 3)
    begin, end : int64, shape (p,)
        The triangles of the shell in question.
    near : float
        A distance below which a point lies on the surface.
    corners, faces, low, high
        As `grow_boxes` takes and returns them.

    Returns
    -------
    winding : int64, shape (p,)
    close : bool, shape (p,)
        Whether the shell is near the point, as far as can be seen along z.
    """
    n_leaves = low.shape[0] // 2
    winding = np.zeros(points.shape[0], np.int64)
    close = np.zeros(points.shape[0], np.bool_)
    waiting = np.empty((_DEEP, 2), np.int64)
    for p in range(points.shape[0]):
        x, y, z = points[p]
        waiting[0, 0], waiting[0, 1] = 1, n_leaves  # a box, and the leaves in it
        n = 1
        while n:
            n -= 1
            box, size = waiting[n, 0], waiting[n, 1]
            first = (box * size - n_leaves) * LEAF
            if first >= end[p] or first + size * LEAF <= begin[p]:
                continue
            if x < low[box, 0] or x > high[box, 0] or z > high[box, 2] + near:
                continue
            if y < low[box, 1] or y > high[box, 1]:
                continue
            if size > 1:
                waiting[n, 0], waiting[n, 1] = 2 * box, size // 2
                waiting[n + 1, 0], waiting[n + 1, 1] = 2 * box + 1, size // 2
                n += 2
                continue
            for f in range(max(first, begin[p]), min(first + LEAF, end[p])):
                step, above = _over(corners, faces[f], x, y)
                if step != 0:
                    close[p] |= abs(above - z) <= near
                    if above > z:
                        winding[p] += step
    return winding, close


@inner()
def _over(corners, face, x, y):
    """Return 1 if a triangle is a top face over (x, y), -1 if a bottom face, and z."""
    ax, ay, az = corners[face[0]]
    bx, by, bz = corners[face[1]]
    cx, cy, cz = corners[face[2]]
    twice_area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    if twice_area == 0.0:
        return 0, 0.0
    step = 1
    if twice_area < 0.0:
        step = -1
        bx, by, bz, cx, cy, cz = cx, cy, cz, bx, by, bz
        twice_area = -twice_area
    if not (
        left_of(ax, ay, bx, by, x, y)
        and left_of(bx, by, cx, cy, x, y)
        and left_of(cx, cy, ax, ay, x, y)
    ):
        return 0, 0.0
    wb = (ax - cx) * (y - cy) - (ay - cy) * (x - cx)
    wc = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
    return step, az + (wb * (bz - az) + wc * (cz - az)) / twice_area


@inner()
def _find(partners, begin, end, shell):
    """Return where a shell stands in an ascending list, or -1."""
    while begin < end:
        middle = (begin + end) // 2
        if partners[middle] == shell:
            return middle
        if partners[middle] < shell:
            begin = middle + 1
        else:
            end = middle
    return -1


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


@inner()
def _apart(p, q, low, high):
    """Return whether the box around an edge lies beside another box."""
    for axis in range(3):
        if min(p[axis], q[axis]) > high[axis] or max(p[axis], q[axis]) < low[axis]:
            return True
    return False


@nb.njit(cache=True)
def meet(
    ends,
    of,
    begins,
    stops,
    first,
    partners,
    corners,
    faces,
    shell,
    boxes,
    met,
    along,
    most,
):
    """List where edges of shells meet triangles of their partners.

    Parameters
    ----------
    ends, of : int64, shape (e, 2) and (e,)
        Vertices and shell of each edge.
    begins, stops : int64
        The triangles of shell s are those from begins[s] on, up to stops[s].
    first, partners : int64
        The shells that shell s is compared with, partners[first[s]:first[s + 1]],
        ascending.
    corners, faces, shell, boxes
        As `grow_boxes` takes and returns them; `shell` of each triangle.
    met, along : int64, shape (2, room); float64, shape (room,)
        Receive the edge and where its shell and the other stand in `partners`; where
        it meets that shell: 0 at its first end, 1 at its last.
    most : int
        Boxes to look at; the edges that are left then are not looked at.

    Returns
    -------
    count, done : int
        Meetings, also those for which there was no room; edges that were looked at.
    """
    low, high = boxes
    n_leaves = low.shape[0] // 2
    count = cost = 0
    waiting = np.empty((_DEEP, 2), np.int64)
    for e in range(ends.shape[0]):
        if cost > most:
            return count, e
        own, begin, end = of[e], first[of[e]], first[of[e] + 1]
        p, q = corners[ends[e, 0]], corners[ends[e, 1]]
        waiting[0, 0], waiting[0, 1] = 1, n_leaves
        n = 1 if begin < end else 0
        while n:
            n -= 1
            cost += 1
            box, size = waiting[n, 0], waiting[n, 1]
            f0 = (box * size - n_leaves) * LEAF
            f1 = min(f0 + size * LEAF, faces.shape[0])
            if f0 >= begins[own] and f1 <= stops[own]:
                continue
            if _apart(p, q, low[box], high[box]):
                continue
            if size > 1:
                waiting[n, 0], waiting[n, 1] = 2 * box, size // 2
                waiting[n + 1, 0], waiting[n + 1, 1] = 2 * box + 1, size // 2
                n += 2
                continue
            cost += _OF_LEAF
            for f in range(f0, f1):
                at = _find(partners, begin, end, shell[f])
                if at >= 0:
                    a, b, c = faces[f]
                    t = _meets(p, q, corners[a], corners[b], corners[c])
                    if t >= 0.0:
                        if count < along.size:
                            met[0, count] = e
                            met[1, count] = at
                            along[count] = t
                        count += 1
    return count, ends.shape[0]
