"""Kernels: volume of a solid, exactly and in voxels, in blocks of voxels.

Both are sums over triangles. What lies under a triangle (seen along z) counts as
volume, positive under a top face and negative under a bottom face; what remains is the
solid. Where bodies overlap, both count twice.
"""

import math

import numba as nb
import numpy as np

from grainpaint.cad.columns import left_of
from grainpaint.compiled import inner

__all__ = ["add_exact", "add_voxels", "take_above"]

_MOST = 12  # corners of a triangle that was cut by six planes: nine


@inner()
def _copy(source, n, target):
    """Copy the first n corners; for slices numba compiles messages of errors, 8 s."""
    for i in range(n):
        for c in range(3):
            target[i, c] = source[i, c]


@inner()
def _clip(source, n, axis, value, side, target):
    """Keep what lies at `value` or beyond it (side = 1), or before it (side = -1)."""
    m = 0
    for i in range(n):
        j = (i + 1) % n
        dp, dq = side * (source[i, axis] - value), side * (source[j, axis] - value)
        if dp >= 0.0:
            for c in range(3):
                target[m, c] = source[i, c]
            m += 1
        if (dp > 0.0 and dq < 0.0) or (dp < 0.0 and dq > 0.0):
            t = dp / (dp - dq)
            for c in range(3):
                target[m, c] = source[i, c] + t * (source[j, c] - source[i, c])
            target[m, axis] = value
            m += 1
    return m


@inner()
def _cut(source, n, axis, index, count, spare, target):
    """Keep what lies in a layer of blocks; the first and the last have no end."""
    if index > 0:
        n = _clip(source, n, axis, float(index), 1.0, spare)
    else:
        _copy(source, n, spare)
    if index < count - 1:
        return _clip(spare, n, axis, float(index + 1), -1.0, target)
    _copy(spare, n, target)
    return n


@inner()
def _layers(polygon, n, axis, count):
    """Return the first and the last layer of blocks that a polygon meets."""
    low = high = polygon[0, axis]
    for i in range(1, n):
        low = min(low, polygon[i, axis])
        high = max(high, polygon[i, axis])
    first = min(max(math.floor(low), 0), count - 1)
    last = min(max(math.ceil(high) - 1, first), count - 1)
    return first, last


@inner()
def _add_piece(piece, n, k, volume, below):
    """Add what lies under a piece of a triangle to block k of a column of blocks."""
    ax, ay, az = piece[0, 0], piece[0, 1], piece[0, 2]
    for i in range(1, n - 1):
        bx, by, bz = piece[i, 0] - ax, piece[i, 1] - ay, piece[i, 2] - az
        cx, cy, cz = piece[i + 1, 0] - ax, piece[i + 1, 1] - ay, piece[i + 1, 2] - az
        nz = bx * cy - by * cx
        volume[k] += 0.5 * nz * (az + (bz + cz) / 3.0 - k)
        below[k] += 0.5 * nz


@inner()
def _add_sides(piece, n, x0, n_x, depth, inner_area, outer_area):
    """Add the surface of a piece to the blocks a little below it and above it."""
    x1, n_y, n_z = x0 + inner_area.shape[0], inner_area.shape[1], inner_area.shape[2]
    ax, ay, az = piece[0, 0], piece[0, 1], piece[0, 2]
    for i in range(1, n - 1):
        bx, by, bz = piece[i, 0] - ax, piece[i, 1] - ay, piece[i, 2] - az
        cx, cy, cz = piece[i + 1, 0] - ax, piece[i + 1, 1] - ay, piece[i + 1, 2] - az
        nx, ny, nz = by * cz - bz * cy, bz * cx - bx * cz, bx * cy - by * cx
        twice = math.sqrt(nx * nx + ny * ny + nz * nz)
        if twice == 0.0:
            continue
        mx, my, mz = ax + (bx + cx) / 3.0, ay + (by + cy) / 3.0, az + (bz + cz) / 3.0
        step = depth / twice
        p = min(max(math.floor(mx - step * nx), 0), n_x - 1)
        q = min(max(math.floor(my - step * ny), 0), n_y - 1)
        r = min(max(math.floor(mz - step * nz), 0), n_z - 1)
        if x0 <= p < x1:
            inner_area[p - x0, q, r] += 0.5 * twice
        p, q = math.floor(mx + step * nx), math.floor(my + step * ny)
        r = math.floor(mz + step * nz)
        if x0 <= p < x1 and 0 <= q < n_y and 0 <= r < n_z:
            outer_area[p - x0, q, r] += 0.5 * twice


@nb.njit(cache=True)
def add_exact(corners, faces, x0, n_x, depth, volume, below, inner_area, outer_area):
    """Add the exact volume and surface of triangles to the blocks of some layers.

    A face on the border of two blocks, or near it, bounds what lies in one of them and
    leaves room in the other. It thus counts by side.

    Parameters
    ----------
    corners : float64, shape (n, 3)
        In blocks: block i reaches from i to i + 1.
    faces : int64, shape (m, 3)
    x0, n_x : int
        The first layer of blocks along x that is wanted, and their number in all.
    depth : float
        How far from a surface the blocks are that it is counted to, blocks, below 1.
    volume, below : float64, shape (layers, n_y, n_z)
        Volume of blocks, without what is to be added to all blocks below; that.
    inner_area, outer_area : float64, shape (layers, n_y, n_z)
        Surface of the part in the blocks that it lies in, and in the blocks of the room
        before it; where that is beyond the grid it is left out.
    """
    x1, n_y, n_z = x0 + volume.shape[0], volume.shape[1], volume.shape[2]
    areas = inner_area, outer_area
    # For literals numba would compile the functions below once for each.
    x, y, z, three = np.int64(0), np.int64(1), np.int64(2), np.int64(3)
    triangle, spare = np.empty((_MOST, 3)), np.empty((_MOST, 3))
    in_x, in_xy, in_xyz = (
        np.empty((_MOST, 3)),
        np.empty((_MOST, 3)),
        np.empty((_MOST, 3)),
    )
    for f in range(faces.shape[0]):
        for c in range(3):
            for axis in range(3):
                triangle[c, axis] = corners[faces[f, c], axis]
        i0, i1 = _layers(triangle, three, x, n_x)
        # The layers before and behind may hold surface of what lies in these.
        for i in range(max(i0, x0 - 1), min(i1, x1) + 1):
            n_i = _cut(triangle, three, x, i, n_x, spare, in_x) if i0 < i1 else three
            in_i = in_x if i0 < i1 else triangle
            if n_i < 3:
                continue
            j0, j1 = _layers(in_i, n_i, y, n_y)
            for j in range(j0, j1 + 1):
                n_j = _cut(in_i, n_i, y, j, n_y, spare, in_xy) if j0 < j1 else n_i
                in_j = in_xy if j0 < j1 else in_i
                if n_j < 3:
                    continue
                k0, k1 = _layers(in_j, n_j, z, n_z)
                for k in range(k0, k1 + 1):
                    n_k = _cut(in_j, n_j, z, k, n_z, spare, in_xyz) if k0 < k1 else n_j
                    in_k = in_xyz if k0 < k1 else in_j
                    if n_k < 3:
                        continue
                    _add_sides(in_k, n_k, x0, n_x, depth, *areas)
                    if x0 <= i < x1:
                        _add_piece(in_k, n_k, k, volume[i - x0, j], below[i - x0, j])


@nb.njit(cache=True)
def add_voxels(corners, faces, body, x0, x1, shape, edge, volume, below, of_body):
    """Add the voxels under triangles to the blocks of some layers, and to bodies.

    Parameters
    ----------
    corners : float64, shape (n, 3)
        In voxels: voxel centers are whole numbers.
    faces, body : int64, shape (m, 3), (m,)
        Triangles and the bodies that they belong to.
    x0, x1 : int
        Voxels along x that are wanted, half open; x0 is a multiple of `edge`.
    shape : three ints
        Voxels in all.
    edge : int
        Of a block, voxels.
    volume, below : float64, shape (layers of blocks, n_y, n_z)
        As in `add_exact`, in voxels.
    of_body : int64, shape (bodies,)
        Voxels of each body.
    """
    n_z = volume.shape[2]
    for f in range(faces.shape[0]):
        ax, ay, az = corners[faces[f, 0]]
        bx, by, bz = corners[faces[f, 1]]
        cx, cy, cz = corners[faces[f, 2]]
        twice_area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if twice_area == 0.0:
            continue
        sign = 1
        if twice_area < 0.0:
            sign = -1
            bx, by, bz, cx, cy, cz = cx, cy, cz, bx, by, bz
            twice_area = -twice_area
        i0 = max(x0, math.ceil(min(ax, bx, cx)))
        i1 = min(x1 - 1, math.floor(max(ax, bx, cx)))
        j0 = max(0, math.ceil(min(ay, by, cy)))
        j1 = min(shape[1] - 1, math.floor(max(ay, by, cy)))
        for i in range(i0, i1 + 1):
            for j in range(j0, j1 + 1):
                if not (
                    left_of(ax, ay, bx, by, i, j)
                    and left_of(bx, by, cx, cy, i, j)
                    and left_of(cx, cy, ax, ay, i, j)
                ):
                    continue
                wb = (ax - cx) * (j - cy) - (ay - cy) * (i - cx)
                wc = (bx - ax) * (j - ay) - (by - ay) * (i - ax)
                z = az + (wb * (bz - az) + wc * (cz - az)) / twice_area
                n = min(max(math.ceil(z), 0), shape[2])
                k = min(n // edge, n_z - 1)
                p, q = (i - x0) // edge, j // edge
                volume[p, q, k] += sign * (n - k * edge)
                below[p, q, k] += sign * edge
                of_body[body[f]] += sign * n


@nb.njit(cache=True)
def take_above(volume, below):
    """Add to each block what all blocks above it add to those below them."""
    for i in range(volume.shape[0]):
        for j in range(volume.shape[1]):
            total = 0.0
            for k in range(volume.shape[2] - 1, -1, -1):
                volume[i, j, k] += total
                total += below[i, j, k]
