"""The edges of a mesh: whether grains are closed there, and how sharp they are."""

from dataclasses import dataclass

import numba as nb
import numpy as np

from grainpaint.meshing.order import in_order

__all__ = ["EdgeCheck", "check_edges", "normal"]


@dataclass(frozen=True, eq=False)
class EdgeCheck:
    """What is known of the edges of a mesh.

    Parameters
    ----------
    n_wrong : int
        Edges at which a grain does not have two triangles that continue each other.
    n_lines : int
        Edges at which three triangles or more meet.
    dihedral : numpy.ndarray, float64, shape (m,)
        Smallest angle of each triangle with another one, in a grain or outside,
        radians; 0 where one is folded onto the other.
    """

    n_wrong: int
    n_lines: int
    dihedral: np.ndarray


def check_edges(
    points: np.ndarray, triangles: np.ndarray, pairs: np.ndarray
) -> EdgeCheck:
    """Check the edges of triangles.

    Parameters
    ----------
    points : numpy.ndarray, float64, shape (n, 3)
    triangles : numpy.ndarray, int64, shape (m, 3)
        Their normals point from the first grain to the second.
    pairs : numpy.ndarray, integer, shape (m, 2)
    """
    m = len(triangles)
    ends = np.concatenate([triangles[:, [i, (i + 1) % 3]] for i in range(3)])
    low, high = ends.min(1), ends.max(1)
    order = in_order(high)
    order = order[in_order(low[order])]
    keys = low[order] * len(points) + high[order]
    start = np.flatnonzero(np.diff(keys, prepend=-1, append=-1))
    of = order % m
    ends = ends[order]
    normals = np.empty((m, 3))
    _set_normals(points, triangles, normals)
    angle = np.empty(3 * m)
    wrong = _around_edges(points, normals, pairs, of, ends, start, angle)
    of_side = np.empty(3 * m)
    of_side[order] = angle
    return EdgeCheck(
        int(np.count_nonzero(wrong)),
        int(np.count_nonzero(np.diff(start) > 2)),
        of_side.reshape(3, m).min(0),
    )


@nb.njit(inline="always")
def normal(points, p, q, r):
    """Return the normal of a triangle, not of unit length."""
    ux, uy, uz = (
        points[q, 0] - points[p, 0],
        points[q, 1] - points[p, 1],
        points[q, 2] - points[p, 2],
    )
    vx, vy, vz = (
        points[r, 0] - points[p, 0],
        points[r, 1] - points[p, 1],
        points[r, 2] - points[p, 2],
    )
    return uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx


@nb.njit(cache=True, parallel=True)
def _set_normals(points, corners, normals):
    """Set the normals of triangles, not of unit length."""
    for i in nb.prange(len(corners)):
        a, b, c = corners[i]
        normals[i, 0], normals[i, 1], normals[i, 2] = normal(points, a, b, c)


@nb.njit(cache=True)
def _dihedral(m, n, side, other, start, end):
    """Return the angle in a grain between faces of normals m, n; 180° at most.

    The grain is on this side of the first face and on the other one of the second:
    normals point out of it from side 0. The edge from `start` to `end` goes along the
    first face counter-clockwise, seen from where its normal points.
    """
    x, y, z = end[0] - start[0], end[1] - start[1], end[2] - start[2]
    length = np.sqrt(x * x + y * y + z * z)
    if length == 0:
        return 0.0
    turned = (
        (m[1] * n[2] - m[2] * n[1]) * x
        + (m[2] * n[0] - m[0] * n[2]) * y
        + (m[0] * n[1] - m[1] * n[0]) * z
    ) / length
    dot = m[0] * n[0] + m[1] * n[1] + m[2] * n[2]
    # Outward are both normals, and the way along the edge, times the signs of sides.
    turned = turned if other == 0 else -turned
    # Where it is over 180 degrees, another grain has less. Faces folded onto each other
    # are at 0 or 360, as rounding has it.
    return np.pi - abs(np.arctan2(turned, dot if side == other else -dot))


@nb.njit(cache=True, parallel=True)
def _around_edges(points, normals, pairs, of, ends, start, angle):
    """Return which edges are wrong; set the least angle at each side of triangles."""
    wrong = np.zeros(len(start) - 1, np.bool_)
    for k in nb.prange(len(start) - 1):
        first, last = start[k], start[k + 1]
        angle[first:last] = 2 * np.pi
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
                        like = ends[i, 0] == ends[j, 0]
                        if like == (side == other):
                            wrong[k] = True
                        elif j > i:
                            found = _dihedral(
                                normals[of[i]],
                                normals[of[j]],
                                side,
                                other,
                                points[ends[i, 0]],
                                points[ends[i, 1]],
                            )
                            angle[i] = min(angle[i], found)
                            angle[j] = min(angle[j], found)
                if n != 1:
                    wrong[k] = True
    return wrong
