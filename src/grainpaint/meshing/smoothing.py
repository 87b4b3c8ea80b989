"""Smoothing of a net: quadruple points, then triple lines, then faces.

Each kind of node goes by its neighbors of the kind or below it, and stays where it is
afterwards. Steps back and forth (Taubin) keep balls from shrinking.

References
----------
G. Taubin, A signal processing approach to fair surface design, SIGGRAPH 1995,
https://doi.org/10.1145/218380.218473
"""

import numba as nb
import numpy as np

from grainpaint.meshing.nets import Net

__all__ = ["FACE", "LINE", "POINT", "kinds_of", "moved", "smoothed"]

FACE, LINE, POINT = 2, 3, 4  # grains around a node, the outside counted as one
_FORTH, _BACK = 0.5, -0.526  # passes what is longer than some 10 edges
_N_STEPS = {POINT: 10, LINE: 20, FACE: 20}
_REACH = 0.5  # that a node may leave the center of its cube, voxels


def smoothed(net: Net) -> np.ndarray:
    """Return where the nodes of a net come to lie (float64, shape (n, 3))."""
    kinds = kinds_of(net)
    pairs, n_faces = _unique_edges(net)
    lines = pairs[n_faces > 2]
    points = net.points.copy()
    for kind, joined in ((POINT, lines), (LINE, lines), (FACE, pairs)):
        free = kinds >= LINE if kind == POINT else kinds == kind
        both = np.concatenate([joined, joined[:, ::-1]])
        both = both[free[both[:, 0]]]
        # Neighbors within the faces and edges of the box that a node lies in.
        within = (net.fixed[both[:, 1]] | ~net.fixed[both[:, 0]]).all(1)
        both = both[within]
        both = both[np.argsort(both[:, 0], kind="stable")]
        start = np.searchsorted(both[:, 0], np.arange(len(points) + 1))
        movable = free[:, None] & ~net.fixed
        for _ in range(_N_STEPS[kind]):
            for factor in (_FORTH, _BACK):
                shift = _to_neighbors(points, start, both[:, 1])
                step = moved(net, factor * shift * movable)
                points = np.clip(
                    points + step, net.center - _REACH, net.center + _REACH
                )
    return points


def kinds_of(net: Net) -> np.ndarray:
    """Return the number of grains around each node, 4 where there are more.

    The outside counts as a grain.

    Returns
    -------
    numpy.ndarray, int64, shape (n,)
    """
    seen = np.full((len(net.points), POINT), -1, np.int32)
    for rows, pairs in (
        (net.quads, net.quad_pairs),
        (net.triangles, net.triangle_pairs),
    ):
        _collect(rows, pairs, seen)
    return (seen >= 0).sum(1)


def moved(net: Net, shift: np.ndarray) -> np.ndarray:
    """Return the mean shift of the nodes that are one through periodic faces."""
    others = np.flatnonzero(net.twin != np.arange(len(net.twin)))
    if not others.size:
        return shift
    total = shift.copy()
    count = np.ones(len(shift))
    np.add.at(total, net.twin[others], shift[others])
    np.add.at(count, net.twin[others], 1)
    mean: np.ndarray = (total / count[:, None])[net.twin]
    return mean


def _unique_edges(net: Net) -> tuple[np.ndarray, np.ndarray]:
    """Return each edge, and the number of polygons that it has."""
    edges = np.sort(net.edges(), axis=1)
    n = len(net.points)
    keys, counts = np.unique(edges[:, 0] * n + edges[:, 1], return_counts=True)
    return np.stack([keys // n, keys % n], 1), counts


@nb.njit(cache=True)
def _collect(rows, pairs, seen):
    """Note the grains of polygons at their nodes, as far as there is room."""
    for i in range(len(rows)):
        for node in rows[i]:
            for grain in pairs[i]:
                for k in range(seen.shape[1]):
                    if seen[node, k] == grain:
                        break
                    if seen[node, k] < 0:
                        seen[node, k] = grain
                        break


@nb.njit(cache=True, parallel=True)
def _to_neighbors(points, start, neighbor):
    """Return the way from each node to the mean of its neighbors; 0 without any."""
    shift = np.zeros_like(points)
    for i in nb.prange(len(points)):
        n = start[i + 1] - start[i]
        for k in range(start[i], start[i + 1]):
            for axis in range(3):
                shift[i, axis] += (points[neighbor[k], axis] - points[i, axis]) / n
    return shift
