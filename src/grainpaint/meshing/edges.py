"""The edges of a mesh: whether grains are closed there, and how sharp they are."""

from dataclasses import dataclass

import numba as nb
import numpy as np

__all__ = ["EdgeCheck", "check_edges"]


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
    ends = np.concatenate([triangles[:, [i, (i + 1) % 3]] for i in range(3)])
    keys = ends.min(1) * len(points) + ends.max(1)
    order = np.argsort(keys, kind="stable")
    start = np.flatnonzero(np.diff(keys[order], prepend=-1, append=-1))
    of = order % len(triangles)
    ends = ends[order]
    forward = ends[:, 0] < ends[:, 1]
    found = _around_edges(points, triangles, pairs, of, forward, ends, start)
    return EdgeCheck(*found)


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
    length = np.sqrt((along**2).sum())
    if length == 0:
        return 0.0
    turned = (
        (m[1] * n[2] - m[2] * n[1]) * along[0]
        + (m[2] * n[0] - m[0] * n[2]) * along[1]
        + (m[0] * n[1] - m[1] * n[0]) * along[2]
    ) / length
    return np.pi - np.arctan2(turned, (m * n).sum())


@nb.njit(cache=True)
def _around_edges(points, corners, pairs, of, forward, ends, start):
    """Return how many edges are wrong and triple, and each triangle's dihedral."""
    wrong, lines = 0, 0
    smallest = np.full(len(corners), 2 * np.pi)
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
                        elif j > i:
                            sign = 1.0 - 2.0 * side
                            angle = _dihedral(
                                sign * _normal(points, corners[of[i]]),
                                (1.0 - 2.0 * other) * _normal(points, corners[of[j]]),
                                sign * (points[ends[i, 1]] - points[ends[i, 0]]),
                            )
                            smallest[of[i]] = min(smallest[of[i]], angle)
                            smallest[of[j]] = min(smallest[of[j]], angle)
                sound = sound and n == 1
        wrong += not sound
    return wrong, lines, smallest
