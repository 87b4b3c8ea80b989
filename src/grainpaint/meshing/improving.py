"""Nodes within grains moved so that the worst tetrahedra get better.

The shape of a tetrahedron is its volume over the cube of the mean (by squares) of its
edges, 1 for a regular one and negative inside out (Knupp's mean ratio is a power of
it). A node goes where the worst tetrahedron around it is best, in small steps.

Nodes are moved one after the other in blocks of layers across x. Every second block is
moved at the same time: none of its nodes shares a tetrahedron with those of another, so
the places do not depend on the number of threads.
"""

from __future__ import annotations

from collections.abc import Sequence

import numba as nb
import numpy as np

__all__ = ["GOOD", "THICK", "contents", "improved", "shapes"]

_REGULAR = 6 * 2**0.5  # an edge cubed over the volume
GOOD = 0.5  # nodes with nothing worse around them stay; that of the lattice is 0.93
_TINY = 1e-300
_GAIN = 1e-4  # of a shape, for which a node moves
THICK = 4  # layers of a block; a tetrahedron begins and ends within three of them


def shapes(points: np.ndarray, tetrahedra: np.ndarray) -> np.ndarray:
    """Return the shape of each tetrahedron, 1 if it is regular (float64, (m,)).

    Examples
    --------
    >>> corners = np.array([[0, 0, 0], [1, 1, 0], [0, 1, 1], [1, 0, 1.0]])
    >>> shapes(corners, np.array([[0, 1, 2, 3], [0, 2, 1, 3]])).round(9).tolist()
    [1.0, -1.0]
    """
    found = np.empty(len(tetrahedra))
    _shapes(points, tetrahedra, found)
    return found


def contents(points: np.ndarray, tetrahedra: np.ndarray) -> np.ndarray:
    """Return the volume of each tetrahedron, negative inside out (float64, (m,)).

    Examples
    --------
    >>> corners = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 6.0]])
    >>> contents(corners, np.array([[0, 1, 2, 3], [0, 2, 1, 3]])).tolist()
    [1.0, -1.0]
    """
    found = np.empty(len(tetrahedra))
    _contents(points, tetrahedra, found)
    return found


def improved(
    points: np.ndarray,
    tetrahedra: np.ndarray,
    movable: np.ndarray,
    twin: np.ndarray,
    layer: np.ndarray,
    spacing: tuple[float, ...],
    good: float,
    steps: Sequence[float],
) -> np.ndarray:
    """Return better places of nodes.

    Parameters
    ----------
    points : numpy.ndarray, float64, shape (n, 3)
        Voxels.
    tetrahedra : numpy.ndarray, int32, shape (m, 4)
    movable : numpy.ndarray, bool, shape (n, 3)
        Along which axes a node may move.
    twin : numpy.ndarray, int64, shape (n,)
        The least of the nodes that move together.
    layer : numpy.ndarray, integer, shape (n,)
        Voxels along x up to where each node began.
    spacing : three floats
        Edges of a voxel.
    good : float
        Shape of the worst tetrahedron around a node that stays.
    steps : floats
        How far nodes go at once, voxels; each takes as long.
    """
    edge = np.array(spacing)
    there = points * edge
    poor, near = np.zeros((2, len(points)), bool)
    _mark_poor(there, tetrahedra, good, poor)
    near[twin[poor]] = True
    moves, starts, blocks = _in_blocks(movable.any(1) & near[twin], twin, layer)
    row = np.full(len(points), -1, np.int32)
    row[moves] = np.arange(moves.size)
    incident = _incident(tetrahedra, row, moves.size)
    groups = moves, starts, blocks
    most = int(np.diff(incident[0][starts]).max(initial=0))
    for step in steps:
        ways = step * edge
        _improve(there, tetrahedra, groups, incident, movable, ways, good, most)
    found: np.ndarray = there / edge
    return found


def _in_blocks(
    chosen: np.ndarray, twin: np.ndarray, layer: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the nodes that move, where the groups and the blocks of groups begin.

    Groups of several nodes, which lie apart, are the last block.
    """
    moves = np.flatnonzero(chosen)
    moves = moves[np.argsort(twin[moves], kind="stable")]
    starts = np.append(np.unique(twin[moves], return_index=True)[1], moves.size)
    sizes = np.diff(starts)
    low = int(layer.min(initial=0))
    n_blocks = (int(layer.max(initial=0)) - low) // THICK + 1
    block = (layer[moves[starts[:-1]]] - low) // THICK
    block[sizes > 1] = n_blocks
    order = np.argsort(block, kind="stable")
    moves = moves[np.argsort(np.repeat(block, sizes), kind="stable")]
    starts = np.append(0, np.cumsum(sizes[order]))
    return moves, starts, np.searchsorted(block[order], np.arange(n_blocks + 2))


@nb.njit(cache=True)
def _incident(tetrahedra, row, n):
    """Return where the tetrahedra of each row begin, and which they are."""
    begin = np.zeros(n + 1, np.int64)
    for i in range(len(tetrahedra)):
        for node in tetrahedra[i]:
            if row[node] >= 0:
                begin[row[node] + 1] += 1
    begin = np.cumsum(begin)
    at = begin[:-1].copy()
    around = np.empty(begin[-1], np.int32)
    for i in range(len(tetrahedra)):
        for node in tetrahedra[i]:
            if row[node] >= 0:
                around[at[row[node]]] = i
                at[row[node]] += 1
    return begin, around


@nb.njit(inline="always")
def _shape(ax, ay, az, bx, by, bz, cx, cy, cz, dx, dy, dz):
    """Return the shape of a tetrahedron."""
    ux, uy, uz = bx - ax, by - ay, bz - az
    vx, vy, vz = cx - ax, cy - ay, cz - az
    wx, wy, wz = dx - ax, dy - ay, dz - az
    six = (uy * vz - uz * vy) * wx + (uz * vx - ux * vz) * wy + (ux * vy - uy * vx) * wz
    uu, vv, ww = (
        ux * ux + uy * uy + uz * uz,
        vx * vx + vy * vy + vz * vz,
        wx * wx + wy * wy + wz * wz,
    )
    # The other edges: |u - v|^2 = uu + vv - 2 u.v, and so on.
    dots = (
        ux * vx + uy * vy + uz * vz + ux * wx + uy * wy + uz * wz
        + vx * wx + vy * wy + vz * wz
    )  # fmt: skip
    mean = (3 * (uu + vv + ww) - 2 * dots) / 6
    return _REGULAR / 6 * six / max(mean * np.sqrt(mean), _TINY)


@nb.njit(inline="always")
def _shape_of(points, corners):
    """Return the shape of the tetrahedron of four nodes."""
    a, b, c, d = corners
    return _shape(
        points[a, 0], points[a, 1], points[a, 2],
        points[b, 0], points[b, 1], points[b, 2],
        points[c, 0], points[c, 1], points[c, 2],
        points[d, 0], points[d, 1], points[d, 2],
    )  # fmt: skip


@nb.njit(cache=True, parallel=True, error_model="numpy")
def _shapes(points, tetrahedra, found):
    for i in nb.prange(len(tetrahedra)):
        found[i] = _shape_of(points, tetrahedra[i])


@nb.njit(cache=True, parallel=True, error_model="numpy")
def _mark_poor(points, tetrahedra, good, poor):
    """Mark the nodes of tetrahedra whose shape is below a good one."""
    for i in nb.prange(len(tetrahedra)):
        if _shape_of(points, tetrahedra[i]) < good:
            for node in tetrahedra[i]:
                poor[node] = True


@nb.njit(cache=True, parallel=True)
def _contents(points, tetrahedra, found):
    for i in nb.prange(len(tetrahedra)):
        a, b, c, d = tetrahedra[i]
        x, y, z = points[a, 0], points[a, 1], points[a, 2]
        ux, uy, uz = points[b, 0] - x, points[b, 1] - y, points[b, 2] - z
        vx, vy, vz = points[c, 0] - x, points[c, 1] - y, points[c, 2] - z
        wx, wy, wz = points[d, 0] - x, points[d, 1] - y, points[d, 2] - z
        six = (uy * vz - uz * vy) * wx + (uz * vx - ux * vz) * wy
        found[i] = (six + (ux * vy - uy * vx) * wz) / 6


@nb.njit(cache=True, error_model="numpy")
def _moved_shapes(at, goes, first, last, way, found):
    """Set the shapes of some tetrahedra whose corners that go have gone a way."""
    x, y, z = way[0], way[1], way[2]
    for k in range(first, last):  # in vectors of the processor: no branch, no call
        e, f, g, h = goes[0, k], goes[1, k], goes[2, k], goes[3, k]
        found[k] = _shape(
            at[0, 0, k] + e * x, at[0, 1, k] + e * y, at[0, 2, k] + e * z,
            at[1, 0, k] + f * x, at[1, 1, k] + f * y, at[1, 2, k] + f * z,
            at[2, 0, k] + g * x, at[2, 1, k] + g * y, at[2, 2, k] + g * z,
            at[3, 0, k] + h * x, at[3, 1, k] + h * y, at[3, 2, k] + h * z,
        )  # fmt: skip


@nb.njit(cache=True)
def _worst(corners, goes, m, way, shape, first, least):
    """Return the worst of m shapes after a way, or one at most `least`; and which.

    That of `first` is looked at before the others.
    """
    _moved_shapes(corners, goes, first, first + 1, way, shape)
    if shape[first] <= least:
        return shape[first], first
    _moved_shapes(corners, goes, 0, m, way, shape)
    which = 0
    for k in range(m):
        if shape[k] < shape[which]:
            which = k
    return shape[which], which


@nb.njit(cache=True, parallel=True)
def _improve(points, tetrahedra, groups, incident, movable, step, good, most):
    """Move each group of nodes to the best of the places around it, some times."""
    blocks = groups[2]
    n = len(blocks) - 2
    for odd in range(2):
        for half in nb.prange((n - odd + 1) // 2):
            _improve_block(
                points, tetrahedra, groups, 2 * half + odd, incident, movable, step,
                good, most,
            )  # fmt: skip
    _improve_block(points, tetrahedra, groups, n, incident, movable, step, good, most)


@nb.njit(cache=True)
def _improve_block(
    points, tetrahedra, groups, block, incident, movable, step, good, most
):
    """Move the groups of a block, one after the other."""
    moves, starts, blocks = groups
    way = np.empty((7, 3))
    still, shape = np.zeros(3), np.empty(most)
    corners, goes = np.empty((4, 3, most)), np.empty((4, most))
    for g in range(blocks[block], blocks[block + 1]):
        p, q = starts[g], starts[g + 1]
        nodes = moves[p:q]
        m = _gather(points, tetrahedra, nodes, p, q, incident, corners, goes)
        worst, at = _worst(corners, goes, m, still, shape, 0, -9.0)
        for _ in range(4):
            if worst >= good:
                break
            way[:] = 0
            for axis in range(3):
                way[2 * axis, axis] = step[axis]
                way[2 * axis + 1, axis] = -step[axis]
            _away(corners[:, :, at], goes[:, at], step, way[6])
            chosen = -1
            for i in (6, 0, 1, 2, 3, 4, 5):
                for axis in range(3):
                    if not movable[nodes[0], axis]:
                        way[i, axis] = 0
                if way[i, 0] == 0 and way[i, 1] == 0 and way[i, 2] == 0:
                    continue
                least = worst + _GAIN
                found, there = _worst(corners, goes, m, way[i], shape, at, least)
                if found > least:
                    worst, at, chosen = found, there, i
            if chosen < 0:
                break
            for axis in range(3):
                for node in nodes:
                    points[node, axis] += way[chosen, axis]
                for c in range(4):
                    for k in range(m):
                        corners[c, axis, k] += goes[c, k] * way[chosen, axis]


@nb.njit(cache=True)
def _gather(points, tetrahedra, nodes, p, q, incident, corners, goes):
    """Copy the corners of the tetrahedra around nodes; return how many there are."""
    begin, around = incident
    m = begin[q] - begin[p]
    for k in range(m):
        row = tetrahedra[around[begin[p] + k]]
        for c in range(4):
            goes[c, k] = 0.0
            for node in nodes:
                if row[c] == node:
                    goes[c, k] = 1.0
            for axis in range(3):
                corners[c, axis, k] = points[row[c], axis]
    return m


@nb.njit(cache=True)
def _away(corners, goes, step, way):
    """Set the way of a corner that adds most to the volume of a tetrahedron."""
    for i in range(4):
        if goes[i] == 0:
            continue
        p, q, r = corners[(i + 1) % 4], corners[(i + 2) % 4], corners[(i + 3) % 4]
        ux, uy, uz = q[0] - p[0], q[1] - p[1], q[2] - p[2]
        vx, vy, vz = r[0] - p[0], r[1] - p[1], r[2] - p[2]
        sign = 1.0 if i % 2 else -1.0
        way[0] = sign * (uy * vz - uz * vy)
        way[1] = sign * (uz * vx - ux * vz)
        way[2] = sign * (ux * vy - uy * vx)
        length = np.sqrt(way[0] ** 2 + way[1] ** 2 + way[2] ** 2)
        if length > 0:
            for axis in range(3):
                way[axis] *= step[axis] / length
