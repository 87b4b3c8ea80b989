"""Whether a mesh is sound: edges, volumes, angles, crossings."""

from __future__ import annotations

from dataclasses import dataclass

import numba as nb
import numpy as np

from grainpaint.meshing.crossings import crossing
from grainpaint.meshing.mesh import GrainMesh
from grainpaint.meshing.triangles import smallest_angles
from grainpaint.microstructure import Microstructure

__all__ = ["Quality", "quality_of"]


@dataclass(frozen=True)
class Quality:
    """What is known of a mesh.

    Parameters
    ----------
    n_grains, n_nodes, n_triangles : int
    n_faces : int
        Pairs of grains that touch, the outside counted as one.
    n_line_edges : int
        Edges of triple lines.
    n_points : int
        Nodes at which four grains or more meet, the outside counted as one.
    n_wrong_edges : int
        Edges at which a grain does not have two triangles that continue each other.
    n_crossing : int
        Triangles that cross another one, or are folded over in a face of the box.
    volume_error : float
        Largest difference of a grain's volume from that of its voxels, as a share.
    worst_grain : int
        ID of that grain.
    smallest_angle : float
        Of a triangle, degrees.
    smallest_dihedral : float
        Between two triangles, inside a grain, degrees.
    """

    n_grains: int
    n_nodes: int
    n_triangles: int
    n_faces: int
    n_line_edges: int
    n_points: int
    n_wrong_edges: int
    n_crossing: int
    volume_error: float
    worst_grain: int
    smallest_angle: float
    smallest_dihedral: float

    @property
    def sound(self) -> bool:
        """Whether surfaces are closed and nothing crosses."""
        return not (self.n_wrong_edges or self.n_crossing)


def quality_of(mesh: GrainMesh, volume: Microstructure) -> Quality:
    """Check a mesh against the volume that it was made of."""
    ids = volume.ids()
    voxels = volume.grain_volumes() * np.prod(volume.spacing)
    errors = np.abs(mesh.volumes(ids) / voxels - 1)
    pairs = np.stack([mesh.inside, mesh.outside], 1)
    corners, n = mesh.triangles, len(mesh.points)
    ends = np.concatenate([corners[:, [i, (i + 1) % 3]] for i in range(3)])
    keys = ends.min(1) * n + ends.max(1)
    order = np.argsort(keys, kind="stable")
    start = np.flatnonzero(np.diff(keys[order], prepend=-1, append=-1))
    of = order % len(corners)  # triangle of each of three sides
    forward = (ends[:, 0] < ends[:, 1])[order]
    wrong, lines, dihedral = _around_edges(
        mesh.points, corners, pairs, of, forward, ends[order], start
    )
    crossed = crossing(mesh.points / volume.spacing, corners) | mesh.folded()
    return Quality(
        n_grains=ids.size,
        n_nodes=n,
        n_triangles=len(corners),
        n_faces=len(np.unique(pairs[:, 0].astype(np.int64) << 32 | pairs[:, 1])),
        n_line_edges=lines,
        n_points=int((mesh.kinds > 3).sum()),
        n_wrong_edges=wrong,
        n_crossing=int(crossed.sum()),
        volume_error=float(errors.max()),
        worst_grain=int(ids[errors.argmax()]),
        smallest_angle=float(np.degrees(smallest_angles(mesh.points, corners).min())),
        smallest_dihedral=float(np.degrees(dihedral)),
    )


@nb.njit(cache=True)
def _normal(points, corners):
    """Return the normal of a triangle, not of unit length."""
    u = points[corners[1]] - points[corners[0]]
    v = points[corners[2]] - points[corners[0]]
    return np.array(
        [
            u[1] * v[2] - u[2] * v[1],
            u[2] * v[0] - u[0] * v[2],
            u[0] * v[1] - u[1] * v[0],
        ]
    )


@nb.njit(cache=True)
def _dihedral(m, n, along):
    """Return the angle inside, between faces of outward normals m and n.

    The edge goes along the first face counter-clockwise, seen from outside.
    """
    turned = (
        (m[1] * n[2] - m[2] * n[1]) * along[0]
        + (m[2] * n[0] - m[0] * n[2]) * along[1]
        + (m[0] * n[1] - m[1] * n[0]) * along[2]
    ) / np.sqrt((along**2).sum())
    return np.pi - np.arctan2(turned, (m * n).sum())


@nb.njit(cache=True)
def _around_edges(points, corners, pairs, of, forward, ends, start):
    """Return how many edges are wrong, how many are triple, the smallest dihedral."""
    wrong, lines, smallest = 0, 0, 2 * np.pi
    for k in range(len(start) - 1):
        first, last = start[k], start[k + 1]
        lines += last - first > 2
        sound = True
        for i in range(first, last):
            for side in range(2):
                grain = pairs[of[i], side]
                n = 0
                for j in range(first, last):
                    if j == i:
                        continue
                    for other in range(2):
                        if pairs[of[j], other] != grain:
                            continue
                        n += 1
                        # Seen from within the grain they go opposite ways.
                        if (forward[i] == forward[j]) == (side == other):
                            sound = False
                        elif j > i and grain > 0:
                            sign = 1.0 - 2.0 * side
                            angle = _dihedral(
                                sign * _normal(points, corners[of[i]]),
                                (1.0 - 2.0 * other) * _normal(points, corners[of[j]]),
                                sign * (points[ends[i, 1]] - points[ends[i, 0]]),
                            )
                            smallest = min(smallest, angle)
                sound = sound and n == 1
        wrong += not sound
    return wrong, lines, smallest
