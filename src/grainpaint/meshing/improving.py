"""Nodes within grains moved so that the worst tetrahedra get better.

The shape of a tetrahedron is its volume over the cube of the mean (by squares) of its
edges, 1 for a regular one and negative inside out (Knupp's mean ratio is a power of
it). A node goes where the worst tetrahedron around it is best, in small steps.
"""

from __future__ import annotations

import numba as nb
import numpy as np

__all__ = ["improved", "shapes"]

_REGULAR = 6 * 2**0.5  # an edge cubed over the volume
_GOOD = 0.6  # nodes with nothing worse around them stay; that of the lattice is 0.93
_STEPS = (0.25, 0.12, 0.12, 0.06, 0.03)  # voxels


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


def improved(
    points: np.ndarray,
    tetrahedra: np.ndarray,
    movable: np.ndarray,
    twin: np.ndarray,
    spacing: tuple[float, ...],
    good: float = _GOOD,
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
    spacing : three floats
        Edges of a voxel.
    """
    edge = np.array(spacing)
    there = points * edge
    poor = tetrahedra[shapes(there, tetrahedra) < good]
    near = np.zeros(len(points), bool)
    near[twin[poor]] = True
    # Nodes by the one with which they move, and the tetrahedra around each.
    moves = np.flatnonzero(movable.any(1) & near[twin])
    moves = moves[np.argsort(twin[moves], kind="stable")]
    starts = np.append(np.unique(twin[moves], return_index=True)[1], moves.size)
    row = np.full(len(points), -1, np.int32)
    row[moves] = np.arange(moves.size)
    incident = _incident(tetrahedra, row, moves.size)
    for step in _STEPS:
        _improve(there, tetrahedra, starts, moves, incident, movable, step * edge, good)
    found: np.ndarray = there / edge
    return found


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
def _shape(points, row):
    """Return the shape of a tetrahedron."""
    a, b, c, d = row[0], row[1], row[2], row[3]
    ux, uy, uz = (
        points[b, 0] - points[a, 0],
        points[b, 1] - points[a, 1],
        points[b, 2] - points[a, 2],
    )
    vx, vy, vz = (
        points[c, 0] - points[a, 0],
        points[c, 1] - points[a, 1],
        points[c, 2] - points[a, 2],
    )
    wx, wy, wz = (
        points[d, 0] - points[a, 0],
        points[d, 1] - points[a, 1],
        points[d, 2] - points[a, 2],
    )
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
    return _REGULAR / 6 * six / (mean * np.sqrt(mean)) if mean > 0 else 0.0


@nb.njit(cache=True, parallel=True)
def _shapes(points, tetrahedra, found):
    for i in nb.prange(len(tetrahedra)):
        found[i] = _shape(points, tetrahedra[i])


@nb.njit(cache=True)
def _worst(points, tetrahedra, first, last, incident, least):
    """Return the worst shape around nodes, or one at most `least`; and where it is.

    The nodes are rows first..last - 1 of the incident tetrahedra.
    """
    begin, around = incident
    worst, at = 2.0, -1
    for k in range(begin[first], begin[last]):
        found = _shape(points, tetrahedra[around[k]])
        if found < worst:
            worst, at = found, around[k]
            if worst <= least:
                return worst, at
    return worst, at


@nb.njit(cache=True)
def _improve(points, tetrahedra, starts, moves, incident, movable, step, good):
    """Move each group of nodes to the best of the places around it, some times."""
    way = np.empty((7, 3))
    for g in range(len(starts) - 1):
        p, q = starts[g], starts[g + 1]
        nodes = moves[p:q]
        worst, at = _worst(points, tetrahedra, p, q, incident, -9.0)
        for _ in range(4):
            if worst >= good:
                break
            way[:] = 0
            for axis in range(3):
                way[2 * axis, axis] = step[axis]
                way[2 * axis + 1, axis] = -step[axis]
            _away(points, tetrahedra[at], nodes, step, way[6])
            chosen = -1
            for i in range(7):
                for axis in range(3):
                    if not movable[nodes[0], axis]:
                        way[i, axis] = 0
                _shift(points, nodes, way[i], 1.0)
                found, there = _worst(points, tetrahedra, p, q, incident, worst)
                _shift(points, nodes, way[i], -1.0)
                if found > worst + 1e-4:
                    worst, at, chosen = found, there, i
            if chosen < 0:
                break
            _shift(points, nodes, way[chosen], 1.0)


@nb.njit(cache=True)
def _shift(points, nodes, way, sign):
    for node in nodes:
        for axis in range(3):
            points[node, axis] += sign * way[axis]


@nb.njit(cache=True)
def _away(points, row, nodes, step, way):
    """Set the way that adds most to the volume of a tetrahedron at one of the nodes."""
    for i in range(4):
        for node in nodes:
            if row[i] != node:
                continue
            p, q, r = row[(i + 1) % 4], row[(i + 2) % 4], row[(i + 3) % 4]
            u, v = points[q] - points[p], points[r] - points[p]
            sign = 1.0 if i % 2 else -1.0
            way[0] = sign * (u[1] * v[2] - u[2] * v[1])
            way[1] = sign * (u[2] * v[0] - u[0] * v[2])
            way[2] = sign * (u[0] * v[1] - u[1] * v[0])
            length = np.sqrt((way**2).sum())
            if length > 0:
                way *= step / length
