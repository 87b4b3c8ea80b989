"""Boundaries of grains as polygons: surface nets that part where grains touch.

See `grainpaint.meshing.cells`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba as nb
import numpy as np

from grainpaint.meshing.cells import nodes_of, rings
from grainpaint.microstructure import Microstructure

__all__ = ["Cubes", "Net", "cubes_of", "net_of", "ring_nodes", "ring_table", "twins"]


@dataclass(frozen=True, eq=False)
class Net:
    """Conforming boundaries of all grains; lengths in voxels.

    Parameters
    ----------
    points : numpy.ndarray, float64, shape (n, 3)
        Nodes, against the lower corner of voxel (0, 0, 0).
    center : numpy.ndarray, float64, shape (n, 3)
        Of the cube between eight voxels' centers in which each node lies.
    sides : numpy.ndarray, int8, shape (n, 3)
        Whether a node lies in the low (-1) or high (1) face of the box across x, y, z.
    twin : numpy.ndarray, int64, shape (n,)
        The least node that is the same one through periodic faces.
    quads, triangles : numpy.ndarray, int64, shape (m, 4) and (m, 3)
        Nodes; their normals point from the first grain to the second.
    quad_pairs, triangle_pairs : numpy.ndarray, int32, shape (m, 2)
        The two grains; 0 = outside.
    box : numpy.ndarray, float64, shape (2, 3)
        Lowest and highest corner.
    quad_ends, triangle_ends : numpy.ndarray, int64, shape (m, 2)
        The voxel of each of the two grains that a polygon lies between, by their places
        in `Cubes.labels`.
    number : numpy.ndarray, int64, shape (n,)
        Number of each node among those of `Cubes`; -1: in the middle of a polygon.
    """

    points: np.ndarray
    center: np.ndarray
    sides: np.ndarray
    twin: np.ndarray
    quads: np.ndarray
    quad_pairs: np.ndarray
    triangles: np.ndarray
    triangle_pairs: np.ndarray
    box: np.ndarray
    quad_ends: np.ndarray
    triangle_ends: np.ndarray
    number: np.ndarray

    @property
    def fixed(self) -> np.ndarray:
        """Along which axes nodes stay, in a face of the box (bool, shape (n, 3))."""
        fixed: np.ndarray = self.sides != 0
        return fixed

    def edges(self) -> np.ndarray:
        """Return the edges of all polygons, once for each polygon (int64, (m, 2))."""
        q, t = self.quads, self.triangles
        pairs = [q[:, [i, (i + 1) % 4]] for i in range(4)]
        pairs += [t[:, [i, (i + 1) % 3]] for i in range(3)]
        return np.concatenate(pairs)


@dataclass(frozen=True, eq=False)
class Cubes:
    """The cubes between the centers of voxels, and the nodes in them.

    Parameters
    ----------
    labels : numpy.ndarray, int32, shape (nx, ny, nz)
        Grains, with the images of the first voxels behind periodic axes, and the
        outside all around.
    first : numpy.ndarray, int64, shape (nx - 1, ny - 1, nz - 1)
        Number of the first node of each cube; -1 where all voxels are equal.
    kind : numpy.ndarray, int32, shape (nx - 1, ny - 1, nz - 1)
        Row of each cube in `node`.
    node : numpy.ndarray, int64, shape (k, 6)
        Node of each tetrahedron of a cube, see `nodes_of`; the last row is 0.
    places : numpy.ndarray, float64, shape (n, 3)
        Nodes, against the lower corner of voxel (0, 0, 0), voxels.
    center : numpy.ndarray, float64, shape (n, 3)
        Of the cube of each node.
    sides : numpy.ndarray, int8, shape (n, 3)
        As in `Net`.
    box : numpy.ndarray, float64, shape (2, 3)
        As in `Net`.
    """

    labels: np.ndarray
    first: np.ndarray
    kind: np.ndarray
    node: np.ndarray
    places: np.ndarray
    center: np.ndarray
    sides: np.ndarray
    box: np.ndarray


def ring_table() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return `rings` as arrays: steps (7, 3), lengths (7,), cubes and tetrahedra."""
    steps = np.array([step for step, _ in rings()])
    lengths = np.array([len(ring) for _, ring in rings()])
    table = np.zeros((7, 6, 4), np.int64)
    for i, (_, ring) in enumerate(rings()):
        table[i, : len(ring)] = ring
    return steps, lengths, table


def cubes_of(volume: Microstructure) -> Cubes:
    """Return the cubes between the voxels of a volume.

    The box is closed by its faces. Along periodic axes it goes from the centers of the
    first voxels to those of their images, so that grains have the same outlines on
    opposite faces.

    Parameters
    ----------
    volume : Microstructure
    """
    labels = volume.grain_id
    for axis, periodic in enumerate(volume.periodic):
        if periodic:
            labels = np.concatenate([labels, labels.take([0], axis)], axis)
    labels = np.pad(labels, 1)
    codes = _codes(labels)
    keys, row = np.unique(codes[codes >= 0], return_inverse=True)
    found = [nodes_of(*_pattern(int(key))) for key in keys]
    first = np.full(codes.shape, -1, np.int64)
    kind = np.full(codes.shape, len(found), np.int32)
    count = np.array([len(places) for _, places in found])
    mixed = codes >= 0
    kind[mixed] = row
    first[mixed] = np.cumsum(count[row]) - count[row]

    # The nodes: the cubes that have them, and their places.
    cubes = np.argwhere(mixed)
    places = np.concatenate([places for _, places in found])
    start = np.cumsum(count) - count
    of = np.repeat(np.arange(len(cubes)), count[row])
    which = np.arange(of.size) - np.repeat(first[mixed], count[row])
    center = cubes[of].astype(float)
    ends = np.array(codes.shape) - 1
    sides = ((center == ends) * 1 - (center == 0) * 1).astype(np.int8)
    box = np.array([np.zeros(3), ends.astype(float)])
    inset = 0.5 * np.array(volume.periodic)
    box[0] += inset
    box[1] -= inset
    center = np.clip(center, *box)
    points = center + places[start[row[of]] + which]
    node = np.array([*(n for n, _ in found), np.zeros(6, np.int64)])
    return Cubes(labels, first, kind, node, points, center, sides, box)


def net_of(volume: Microstructure, cubes: Cubes | None = None) -> Net:
    """Return the boundaries between the grains of a volume, and with the outside.

    Parameters
    ----------
    volume : Microstructure
    cubes : Cubes, optional
        Those of the volume, if they are known.
    """
    cubes = cubes_of(volume) if cubes is None else cubes
    steps, lengths, table = ring_table()
    corners, ends, sizes = _polygons(
        cubes.labels, cubes.first, cubes.kind, cubes.node, steps, lengths, table
    )
    return _assembled(cubes, corners, ends, sizes, volume)


def _assembled(
    cubes: Cubes,
    corners: np.ndarray,
    ends: np.ndarray,
    sizes: np.ndarray,
    volume: Microstructure,
) -> Net:
    """Return a net without unused nodes; polygons of many corners get a middle node."""
    points, center, sides = cubes.places, cubes.center, cubes.sides
    number = np.arange(len(points))
    starts = np.cumsum(sizes) - sizes
    quads = corners[starts[sizes == 4][:, None] + np.arange(4)]
    triangles = [corners[starts[sizes == 3][:, None] + np.arange(3)]]
    triangle_ends = [ends[sizes == 3]]
    n = len(points)
    for size in range(5, 13):
        chosen = corners[starts[sizes == size][:, None] + np.arange(size)]
        if not len(chosen):
            continue
        middle = n + np.arange(len(chosen))
        n += len(chosen)
        points = np.concatenate([points, points[chosen].mean(1)])
        center = np.concatenate([center, points[middle]])
        number = np.concatenate([number, np.full(len(chosen), -1)])
        common = np.where((sides[chosen] != 0).all(1), sides[chosen[:, 0]], 0)
        sides = np.concatenate([sides, common.astype(np.int8)])
        for i in range(size):
            rim = [chosen[:, i], chosen[:, (i + 1) % size]]
            triangles.append(np.stack([*rim, middle], 1))
            triangle_ends.append(ends[sizes == size])
    rows = np.concatenate(triangles)
    used = np.zeros(n, bool)
    used[quads] = True
    used[rows] = True
    new = np.cumsum(used) - 1
    points, center, sides = points[used], center[used], sides[used]
    quad_ends, row_ends = ends[sizes == 4], np.concatenate(triangle_ends)
    grain = cubes.labels.ravel()
    return Net(
        points,
        center,
        sides,
        twins(points, sides != 0, cubes.box, volume.periodic),
        new[quads],
        grain[quad_ends],
        new[rows],
        grain[row_ends],
        cubes.box,
        quad_ends,
        row_ends,
        number[used],
    )


def twins(
    points: np.ndarray, fixed: np.ndarray, box: np.ndarray, periodic: tuple[bool, ...]
) -> np.ndarray:
    """Return the least node at the place of each through periodic faces."""
    twin = np.arange(len(points))
    joined = fixed & np.array(periodic)
    on = np.flatnonzero(joined.any(1))
    if on.size:
        moved = np.where(joined[on], box[0], points[on])
        moved = moved.round(6)
        order = np.lexsort(moved.T)  # stable: the least of each place comes first
        begins = (np.diff(moved[order], axis=0, prepend=np.nan) != 0).any(1)
        least = on[order[begins]]
        twin[on[order]] = least[np.cumsum(begins) - 1]
    return twin


def _pattern(key: int) -> tuple[tuple[int, ...], tuple[bool, bool, bool]]:
    """Return what `nodes_of` takes, from the code of a cube."""
    ranks = tuple(key >> 3 * (7 - corner) & 7 for corner in range(8))
    outer = key >> 24
    return ranks, (bool(outer & 1), bool(outer & 2), bool(outer & 4))


@nb.njit(cache=True, parallel=True)
def _codes(labels):
    """Return which corners of each cube are equal, and where it leaves the box.

    -1 where all are equal.
    """
    nx, ny, nz = labels.shape[0] - 1, labels.shape[1] - 1, labels.shape[2] - 1
    codes = np.empty((nx, ny, nz), np.int32)
    for x in nb.prange(nx):
        seen = np.empty(8, np.int32)
        for y in range(ny):
            for z in range(nz):
                n = 0
                code = 0
                for corner in range(8):
                    label = labels[
                        x + (corner >> 2), y + (corner >> 1 & 1), z + (corner & 1)
                    ]
                    rank = 0
                    while rank < n and seen[rank] != label:
                        rank += 1
                    if rank == n:
                        seen[n] = label
                        n += 1
                    code = code * 8 + rank
                if n == 1:
                    codes[x, y, z] = -1
                    continue
                outer = 0
                if x == 0 or x == nx - 1:
                    outer |= 1
                if y == 0 or y == ny - 1:
                    outer |= 2
                if z == 0 or z == nz - 1:
                    outer |= 4
                codes[x, y, z] = code + (outer << 24)
    return codes


@nb.njit(cache=True)
def ring_nodes(x, y, z, first, kind, node, ring, out):
    """Put the nodes around an edge into `out`; return how many differ from the last."""
    n = 0
    for i in range(len(ring)):
        cx, cy, cz = x + ring[i, 0], y + ring[i, 1], z + ring[i, 2]
        at = first[cx, cy, cz] + node[kind[cx, cy, cz], ring[i, 3]]
        if n == 0 or out[n - 1] != at:
            out[n] = at
            n += 1
    while n > 1 and out[n - 1] == out[0]:
        n -= 1
    return n


@nb.njit(cache=True)
def _polygons(labels, first, kind, node, steps, lengths, table):
    """Return corners, the voxels at both ends, and sizes of all polygons."""
    nx, ny, nz = labels.shape
    out = np.empty(12, np.int64)
    n_polygons, n_corners = 0, 0
    corners = np.empty(0, np.int64)
    ends = np.empty((0, 2), np.int64)
    sizes = np.empty(0, np.int64)
    for writing in range(2):
        if writing:
            corners = np.empty(n_corners, np.int64)
            ends = np.empty((n_polygons, 2), np.int64)
            sizes = np.empty(n_polygons, np.int64)
            n_polygons, n_corners = 0, 0
        for x in range(nx):
            for y in range(ny):
                for z in range(nz):
                    a = labels[x, y, z]
                    for i in range(len(steps)):
                        u, v, w = x + steps[i, 0], y + steps[i, 1], z + steps[i, 2]
                        if u >= nx or v >= ny or w >= nz:
                            continue
                        b = labels[u, v, w]
                        if a == b:
                            continue
                        ring = table[i, : lengths[i]]
                        n = ring_nodes(x, y, z, first, kind, node, ring, out)
                        if n < 3:
                            continue
                        if writing:
                            for c in range(n):
                                corners[n_corners + c] = out[c]
                            ends[n_polygons, 0] = (x * ny + y) * nz + z
                            ends[n_polygons, 1] = (u * ny + v) * nz + w
                            sizes[n_polygons] = n
                        n_corners += n
                        n_polygons += 1
    return corners, ends, sizes
