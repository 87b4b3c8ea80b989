"""Tetrahedra that fill the grains between their boundaries.

They are dual to the voxels as boundaries are: around an edge between two voxels of one
grain the nodes of the cubes stand in a ring, and each two that follow each other make a
tetrahedron with the two voxels' centers. Between two grains, the triangles of the ring
make tetrahedra with the center on either side. So the mesh conforms, has the triangles
of the boundaries, and begins as the tetrahedra of a body-centered lattice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba as nb
import numpy as np

from grainpaint.meshing.nets import Cubes, Net, ring_nodes, ring_table, twins

__all__ = ["Filling", "filling_of", "having", "without_unused"]


@dataclass(frozen=True, eq=False)
class Filling:
    """Tetrahedra between the nodes of a net and others; lengths in voxels.

    Parameters
    ----------
    points : numpy.ndarray, float64, shape (n, 3)
        Those of the net come first.
    start : numpy.ndarray, float64, shape (n, 3)
        Places in which no tetrahedron is inside out.
    sides : numpy.ndarray, int8, shape (n, 3)
        As in `Net`.
    twin : numpy.ndarray, int64, shape (n,)
        As in `Net`.
    tetrahedra : numpy.ndarray, int32, shape (m, 4)
        Nodes; the last one sees the first three turn to the left.
    grain : numpy.ndarray, int32, shape (m,)
        As in the labels of the cubes.
    """

    points: np.ndarray
    start: np.ndarray
    sides: np.ndarray
    twin: np.ndarray
    tetrahedra: np.ndarray
    grain: np.ndarray


def filling_of(
    cubes: Cubes, net: Net, points: np.ndarray, triangles: np.ndarray
) -> Filling:
    """Return the tetrahedra of all grains.

    Parameters
    ----------
    cubes : Cubes
    net : Net
        Of the cubes.
    points : numpy.ndarray, float64, shape (n, 3)
        Where its nodes lie, voxels.
    triangles : numpy.ndarray, int64, shape (m, 3)
        As `triangulated` returns them.
    """
    labels = cubes.labels
    # Every node of a cube: on the net, or within a grain.
    n_net, n_cut = len(points), len(cubes.places)
    number = np.full(n_cut, -1)
    known = net.number >= 0
    number[net.number[known]] = np.flatnonzero(known)
    inner = np.flatnonzero(number < 0)
    number[inner] = n_net + np.arange(inner.size)
    plain = (cubes.first < 0) & (labels[:-1, :-1, :-1] > 0)
    n_plain = int(np.count_nonzero(plain))
    first = cubes.first.copy()
    first[plain] = n_cut + np.arange(n_plain)
    number = np.append(number, n_net + inner.size + np.arange(n_plain))
    filled = np.flatnonzero(labels)
    voxel = np.full(labels.size, -1)
    voxel[filled] = n_net + inner.size + n_plain + np.arange(filled.size)

    middle = np.stack(np.unravel_index(filled, labels.shape), 1) - 0.5
    low, high = cubes.box
    middle_sides = (middle >= high) * 1 - (middle <= low) * 1
    periodic = (low > 0).tolist()
    middle_sides[:, low == 0] = 0
    tail = [cubes.places[inner], np.argwhere(plain).astype(float), middle]
    sides = [net.sides, cubes.sides[inner], np.zeros((n_plain, 3)), middle_sides]
    all_sides = np.concatenate(sides).astype(np.int8)
    rings = ring_table()
    cut = first, cubes.kind, cubes.node
    inside = _inside(labels, cut, rings, number, voxel, all_sides)
    ends = np.concatenate([np.repeat(net.quad_ends, 2, axis=0), net.triangle_ends])
    caps = []
    for side, order in enumerate(([0, 1, 2], [0, 2, 1])):
        own = voxel[ends[:, side]]
        there = own >= 0
        cap = np.column_stack([own[there], triangles[there][:, order]])
        caps.append(cap.astype(np.int32))
    rows = np.concatenate([inside, *caps])
    rows = rows[~_flat(all_sides, rows)]
    grain = labels.ravel()[filled][rows[:, 0] - voxel[filled[0]]]
    start = np.concatenate([net.points, *tail])
    twin = twins(start, all_sides != 0, cubes.box, periodic)
    there = np.concatenate([points, *tail])
    return Filling(there, start, all_sides, twin, rows, grain)


def without_unused(
    tetrahedra: np.ndarray, order: np.ndarray, n: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return which of n nodes tetrahedra have, and these in an order, by their nodes.

    Examples
    --------
    >>> rows = np.array([[9, 3, 4, 5], [3, 4, 5, 6]])
    >>> used, there = without_unused(rows, np.array([1, 0]), 10)
    >>> np.flatnonzero(used).tolist(), there.tolist()
    ([3, 4, 5, 6, 9], [[0, 1, 2, 3], [4, 0, 1, 2]])
    """
    used = np.zeros(n, bool)
    _mark(tetrahedra, used)
    new = (np.cumsum(used) - 1).astype(np.int32)
    rows = np.empty((len(order), 4), np.int32)
    _rename(tetrahedra, order, new, rows)
    return used, rows


def having(tetrahedra: np.ndarray, nodes: np.ndarray) -> np.ndarray:
    """Return the tetrahedra that have one of the nodes of a mask.

    Examples
    --------
    >>> rows = np.array([[0, 1, 2, 3], [1, 2, 3, 4]])
    >>> having(rows, np.array([False, False, False, False, True])).tolist()
    [[1, 2, 3, 4]]
    """
    found = np.empty(len(tetrahedra), bool)
    _find(tetrahedra, nodes, found)
    return tetrahedra[found]


@nb.njit(cache=True, parallel=True)
def _find(tetrahedra, nodes, found):
    for i in nb.prange(len(tetrahedra)):
        a, b, c, d = tetrahedra[i]
        found[i] = nodes[a] or nodes[b] or nodes[c] or nodes[d]


@nb.njit(cache=True)
def _mark(tetrahedra, used):
    for i in range(len(tetrahedra)):
        for k in range(4):
            used[tetrahedra[i, k]] = True


@nb.njit(cache=True, parallel=True)
def _rename(tetrahedra, order, new, rows):
    for i in nb.prange(len(order)):
        for k in range(4):
            rows[i, k] = new[tetrahedra[order[i], k]]


@nb.njit(cache=True, parallel=True)
def _flat(sides, rows):
    """Return which tetrahedra have no volume, since centers lie in a face of the box.

    Four nodes lie in one face, three on one edge, or two in one corner.
    """
    found = np.zeros(len(rows), np.bool_)
    for i in nb.prange(len(rows)):
        n_in_faces = 0
        for k in range(4):
            node = rows[i, k]
            if sides[node, 0] != 0 or sides[node, 1] != 0 or sides[node, 2] != 0:
                n_in_faces += 1
        if n_in_faces < 2:
            continue
        for chosen in range(1, 16):  # bits: some of the nodes
            size, n_shared = 0, 0
            for k in range(4):
                size += chosen >> k & 1
            for axis in range(3):
                low, high = 1, -1
                for k in range(4):
                    if chosen >> k & 1:
                        low = min(low, sides[rows[i, k], axis])
                        high = max(high, sides[rows[i, k], axis])
                n_shared += low == high and low != 0
            if size > 1 and n_shared >= 5 - size:
                found[i] = True
    return found


@nb.njit(cache=True)
def _inside(labels, cut, rings, number, voxel, sides):
    """Return the tetrahedra around edges between voxels of one grain."""
    begin = np.zeros(len(labels) + 1, np.int64)
    rows = np.empty((0, 4), np.int32)
    _fill(labels, cut, rings, number, voxel, sides, begin, rows)
    for x in range(len(labels)):
        begin[x + 1] += begin[x]
    rows = np.empty((begin[-1], 4), np.int32)
    _fill(labels, cut, rings, number, voxel, sides, begin, rows)
    return rows


@nb.njit(cache=True, parallel=True)
def _fill(labels, cut, rings, number, voxel, sides, begin, rows):
    """Count the tetrahedra of each layer across x, or put them where it begins."""
    nx, ny, nz = labels.shape
    first, kind, node = cut
    steps, lengths, table = rings
    writing = len(rows) > 0
    for x in nb.prange(nx):
        ring = np.empty(12, np.int64)
        n = begin[x] if writing else 0
        for y in range(ny):
            for z in range(nz):
                grain = labels[x, y, z]
                if grain == 0:
                    continue
                for i in range(len(steps)):
                    u, v, w = x + steps[i, 0], y + steps[i, 1], z + steps[i, 2]
                    if u >= nx or v >= ny or w >= nz or labels[u, v, w] != grain:
                        continue
                    around = table[i, : lengths[i]]
                    m = ring_nodes(x, y, z, first, kind, node, around, ring)
                    if m < 3:
                        continue
                    for k in range(m):
                        ring[k] = number[ring[k]]
                    a = voxel[(x * ny + y) * nz + z]
                    b = voxel[(u * ny + v) * nz + w]
                    n += _around(a, b, ring[:m], sides, rows[n:])
        if not writing:
            begin[x + 1] = n


@nb.njit(cache=True)
def _around(a, b, ring, sides, rows):
    """Put the tetrahedra around an edge into rows, if any; return their number."""
    m = len(ring)
    if m == 3:
        for k in range(3):
            p = ring[k]
            for axis in range(3):
                side = sides[p, axis]
                if side != 0 and side == sides[a, axis] and side == sides[b, axis]:
                    q, r = ring[(k + 1) % 3], ring[(k + 2) % 3]
                    if sides[q, axis] == 0 and sides[r, axis] == 0:
                        # The diagonal of a square in a face, with p on it.
                        if len(rows):
                            rows[0] = a, q, r, p
                            rows[1] = b, r, q, p
                        return 2
    if len(rows):
        for k in range(m):
            rows[k] = a, ring[k], ring[(k + 1) % m], b
    return m
