"""Triangles: quads cut along their better diagonal, angles."""

import numba as nb
import numpy as np

from grainpaint.meshing.nets import Net

__all__ = ["folded", "outward", "smallest_angles", "triangulated"]

_TIE = 1e-6  # radians: diagonals are equally good


def triangulated(
    net: Net, points: np.ndarray, scale: tuple[float, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the triangles of a net whose nodes lie at `points`, and their grains.

    Quads are cut so that their smallest angle is as large as can be; among equals, at
    their first node, so that opposite periodic faces are cut alike.

    Parameters
    ----------
    net : Net
    points : numpy.ndarray, float64, shape (n, 3)
        Voxels.
    scale : three floats
        Edges of a voxel.

    Returns
    -------
    triangles : numpy.ndarray, int64, shape (m, 3)
    pairs : numpy.ndarray, int32, shape (m, 2)
        The normals point from the first grain to the second.
    """
    triangles = np.empty((2 * len(net.quads), 3), np.int64)
    _cut(points * scale, net.quads, triangles)
    pairs = np.concatenate([np.repeat(net.quad_pairs, 2, axis=0), net.triangle_pairs])
    return np.concatenate([triangles, net.triangles]), pairs


def outward(triangles: np.ndarray, pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the same triangles turned so that the lesser grain comes first, 0 last."""
    flip = (pairs[:, 0] == 0) | ((pairs[:, 1] > 0) & (pairs[:, 0] > pairs[:, 1]))
    return (
        np.where(flip[:, None], triangles[:, ::-1], triangles),
        np.where(flip[:, None], pairs[:, ::-1], pairs),
    )


def folded(points: np.ndarray, triangles: np.ndarray, sides: np.ndarray) -> np.ndarray:
    """Return which triangles in a face of the box do not face out of it.

    Where the outline of the face stays, these are all that can overlap others in it.

    Parameters
    ----------
    points : numpy.ndarray, float64, shape (n, 3)
    triangles : numpy.ndarray, int64, shape (m, 3)
        As `outward` turns them.
    sides : numpy.ndarray, int8, shape (n, 3)
        -1 or 1 for nodes in the low or high face across x, y, z, otherwise 0.

    Returns
    -------
    numpy.ndarray, bool, shape (m,)
    """
    found = np.zeros(len(triangles), bool)
    for axis in range(3):
        side = sides[triangles, axis]
        flat = np.flatnonzero((side != 0).all(1))
        a, b, c = (points[triangles[flat, i]] for i in range(3))
        found[flat] |= np.cross(b - a, c - a)[:, axis] * side[flat, 0] <= 0
    return found


def smallest_angles(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Return the smallest angle of each triangle, radians; 0 if it has no area.

    Examples
    --------
    >>> right = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0.0]])
    >>> np.degrees(smallest_angles(right, np.array([[0, 1, 2]]))).round(6).tolist()
    [45.0]
    """
    angles = np.empty(len(triangles))
    _angles(points, triangles, angles)
    return angles


@nb.njit(inline="always")
def _square(points, p, q):
    """Return the square of the distance of two nodes."""
    x, y, z = (
        points[p, 0] - points[q, 0],
        points[p, 1] - points[q, 1],
        points[p, 2] - points[q, 2],
    )
    return x * x + y * y + z * z


@nb.njit(cache=True)
def _smallest(points, p, q, r):
    """Return the smallest angle of a triangle: the one across its shortest side."""
    a, b, c = _square(points, q, r), _square(points, r, p), _square(points, p, q)
    if a <= b and a <= c:
        at, one, other = p, q, r
    elif b <= c:
        at, one, other = q, r, p
    else:
        at, one, other = r, p, q
    ux, uy, uz = (
        points[one, 0] - points[at, 0],
        points[one, 1] - points[at, 1],
        points[one, 2] - points[at, 2],
    )
    vx, vy, vz = (
        points[other, 0] - points[at, 0],
        points[other, 1] - points[at, 1],
        points[other, 2] - points[at, 2],
    )
    x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    return np.arctan2(np.sqrt(x * x + y * y + z * z), ux * vx + uy * vy + uz * vz)


@nb.njit(cache=True, parallel=True)
def _angles(points, triangles, angles):
    """Put the smallest angle of each triangle into `angles`."""
    for i in nb.prange(len(triangles)):
        a, b, c = triangles[i]
        angles[i] = _smallest(points, a, b, c)


@nb.njit(cache=True, parallel=True)
def _cut(points, quads, triangles):
    """Put the two triangles of each quad into `triangles`."""
    for i in nb.prange(len(quads)):
        a, b, c, d = quads[i]
        first = min(_smallest(points, a, b, c), _smallest(points, a, c, d))
        second = min(_smallest(points, b, c, d), _smallest(points, b, d, a))
        if first >= second - _TIE:
            triangles[2 * i] = a, b, c
            triangles[2 * i + 1] = a, c, d
        else:
            triangles[2 * i] = b, c, d
            triangles[2 * i + 1] = b, d, a
