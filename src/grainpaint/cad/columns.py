"""Kernels: where columns of voxel centers enter and leave a solid."""

import math

import numba as nb
import numpy as np

from grainpaint.compiled import inner

__all__ = ["add_repeats", "cross", "fill_columns", "left_of", "touch"]


@inner()
def left_of(px, py, qx, qy, x, y):
    """Return whether (x, y) lies left of the directed edge p -> q; ties count once.

    The cross product is taken with the corners in a fixed order, so that two triangles
    get exactly opposite values for the edge that they share; a point on the edge
    belongs to one of them, as if it were moved by an infinitesimal step.
    """
    if (px, py) < (qx, qy):
        cross = (qx - px) * (y - py) - (qy - py) * (x - px)
    else:
        cross = -((px - qx) * (y - qy) - (py - qy) * (x - qx))
    if cross != 0.0:
        return cross > 0.0
    return qy < py or (qy == py and qx > px)


@inner()
def _sort(values):
    """Sort a few numbers in place: numba's own sort takes long to compile."""
    for i in range(1, values.size):
        v = values[i]
        j = i
        while j > 0 and values[j - 1] > v:
            values[j] = values[j - 1]
            j -= 1
        values[j] = v


@nb.njit(cache=True)
def cross(vertices, faces, x0, x1, y0, y1, nz):
    """List where each column enters (+1) and leaves (-1) bodies, from below.

    A crossing is 4 z + step + 1, where z is the first voxel center above it. The sorted
    crossings of column (x, y) begin at start[(x - x0) * (y1 - y0) + y - y0].
    """
    ny = y1 - y0
    start = np.zeros((x1 - x0) * ny + 1, np.int64)
    found = np.empty(0, np.int64)
    for filling in (False, True):
        if filling:
            start = np.cumsum(start)
            found = np.empty(start[-1], np.int64)
            place = start.copy()
        for f in range(faces.shape[0]):
            ax, ay, az = vertices[faces[f, 0]]
            bx, by, bz = vertices[faces[f, 1]]
            cx, cy, cz = vertices[faces[f, 2]]
            twice_area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
            if twice_area == 0.0:
                continue
            step = -1  # seen from above counter-clockwise: a top face
            if twice_area < 0.0:
                step = 1
                bx, by, bz, cx, cy, cz = cx, cy, cz, bx, by, bz
                twice_area = -twice_area
            i0 = max(x0, math.ceil(min(ax, bx, cx)))
            i1 = min(x1 - 1, math.floor(max(ax, bx, cx)))
            j0 = max(y0, math.ceil(min(ay, by, cy)))
            j1 = min(y1 - 1, math.floor(max(ay, by, cy)))
            for i in range(i0, i1 + 1):
                for j in range(j0, j1 + 1):
                    if not (
                        left_of(ax, ay, bx, by, i, j)
                        and left_of(bx, by, cx, cy, i, j)
                        and left_of(cx, cy, ax, ay, i, j)
                    ):
                        continue
                    column = (i - x0) * ny + j - y0
                    if not filling:
                        start[column + 1] += 1
                        continue
                    wb = (ax - cx) * (j - cy) - (ay - cy) * (i - cx)
                    wc = (bx - ax) * (j - ay) - (by - ay) * (i - ax)
                    z = az + (wb * (bz - az) + wc * (cz - az)) / twice_area
                    found[place[column]] = 4 * min(max(math.ceil(z), 0), nz) + step + 1
                    place[column] += 1
    for column in range(start.size - 1):
        _sort(found[start[column] : start[column + 1]])
    return start, found


@nb.njit(cache=True)
def fill_columns(start, crossings, mask, z0):
    """Set the voxels from z0 on where the winding number is positive."""
    columns = mask.reshape(-1, mask.shape[2])
    for column in range(columns.shape[0]):
        winding = 0
        since = 0
        for c in crossings[start[column] : start[column + 1]]:
            z = c // 4
            if winding > 0:
                columns[column, max(since - z0, 0) : max(z - z0, 0)] = True
            winding += c % 4 - 1
            since = z


@nb.njit(cache=True)
def touch(start, crossings, ny, nz, edge, touched):
    """Mark the blocks (along y and z) that contain an inside voxel of these columns."""
    for column in range(start.size - 1):
        winding = 0
        since = 0
        for c in crossings[start[column] : start[column + 1]]:
            z = c // 4
            if winding > 0 and z > since:
                touched[column % ny // edge, since // edge : (z - 1) // edge + 1] = True
            winding += c % 4 - 1
            since = z


@nb.njit(cache=True)
def add_repeats(start, crossings, repeats):
    """Add the voxels that bodies hold once too often, and those that cavities take so.

    Parameters
    ----------
    start, crossings : int64
        Of `cross`.
    repeats : int64, shape (2,)
        Voxels of bodies, and of cavities; the k-th repeat of a voxel counts, too.
    """
    for column in range(start.size - 1):
        winding = 0
        since = 0
        for c in crossings[start[column] : start[column + 1]]:
            z = c // 4
            if winding > 1:
                repeats[0] += (winding - 1) * (z - since)
            elif winding < 0:
                repeats[1] -= winding * (z - since)
            winding += c % 4 - 1
            since = z
