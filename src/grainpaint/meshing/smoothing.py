"""Smoothing of a net: quadruple points, then triple lines, then faces.

Each kind of node goes by its neighbors of the kind or below it, and stays where it is
afterward. Steps back and forth (Taubin) keep balls from shrinking.

References
----------
G. Taubin, A signal processing approach to fair surface design, SIGGRAPH 1995,
https://doi.org/10.1145/218380.218473
"""

import numba as nb
import numpy as np

from grainpaint.meshing.nets import Net
from grainpaint.meshing.order import in_order

__all__ = ["FACE", "LINE", "POINT", "Smoother", "kinds_of", "smoothed"]

FACE, LINE, POINT = 2, 3, 4  # grains around a node, the outside counted as one
_FORTH, _BACK = 0.5, -0.526  # passes what is longer than some 10 edges
_REACH = 0.5  # that a node may leave the center of its cube, voxels


def smoothed(net: Net) -> np.ndarray:
    """Return where the nodes of a net come to lie (float64, shape (n, 3))."""
    smoother = Smoother(net)
    points = net.points
    every = np.ones(len(points), bool)
    for kind, n_steps in ((POINT, 10), (LINE, 20), (FACE, 20)):
        points = smoother.faired(points, kind, every, n_steps)
    return points


class Smoother:
    """Moves the nodes of a net, a kind at a time.

    Parameters
    ----------
    net : Net
    """

    def __init__(self, net: Net) -> None:
        self._net = net
        self._kinds = kinds_of(net)
        edges, n_faces = _unique_edges(net)
        self._edges = {FACE: edges, LINE: edges[n_faces > 2]}

    def faired(
        self, points: np.ndarray, kind: int, free: np.ndarray, n_steps: int
    ) -> np.ndarray:
        """Return the points after steps back and forth, within reach of their cubes.

        Parameters
        ----------
        points : numpy.ndarray, float64, shape (n, 3)
        kind : int
            `FACE`, `LINE`, or `POINT`: triple lines with the points that end them.
        free : numpy.ndarray, bool, shape (n,)
            Nodes that may move.
        n_steps : int
        """
        around = self._neighbors(kind, free, np.ones(len(points), bool))
        center = self._net.center
        near = np.clip(points, center - _REACH, center + _REACH)
        points = np.where(free[:, None], near, points)
        goes, there = self._goes(around, free), points.copy()
        for _ in range(n_steps):
            for factor in (_FORTH, _BACK):
                self._step(points, factor, around, goes, _REACH, there)
                points, there = there, points
        return points

    def relaxed(
        self, points: np.ndarray, kind: int, free: np.ndarray, among: np.ndarray
    ) -> np.ndarray:
        """Return the points after a step toward the neighbors among some nodes."""
        around = self._neighbors(kind, free, among)
        goes = self._goes(around, np.ones(len(points), bool))
        there = points.copy()
        self._step(points, _FORTH, around, goes, np.inf, there)
        return there

    def _neighbors(
        self, kind: int, free: np.ndarray, among: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the neighbors that a kind of node goes by, and where each's begin."""
        fixed = self._net.fixed
        edges = self._edges[min(kind, LINE)]
        own = self._kinds >= LINE if kind == POINT else self._kinds == kind
        both = np.concatenate([edges, edges[:, ::-1]])
        both = both[(own & free)[both[:, 0]] & among[both[:, 1]]]
        # Neighbors within the faces and edges of the box that a node lies in.
        both = both[(fixed[both[:, 1]] | ~fixed[both[:, 0]]).all(1)]
        both = both[in_order(both[:, 0])]
        return np.searchsorted(both[:, 0], np.arange(len(fixed) + 1)), both[:, 1]

    def _goes(
        self, around: tuple[np.ndarray, np.ndarray], free: np.ndarray
    ) -> np.ndarray:
        """Return the free nodes that have neighbors."""
        return np.flatnonzero(free & (np.diff(around[0]) > 0)[self._net.twin])

    def _step(
        self,
        points: np.ndarray,
        factor: float,
        around: tuple[np.ndarray, np.ndarray],
        goes: np.ndarray,
        reach: float,
        there: np.ndarray,
    ) -> None:
        """Set where some nodes are after a step to or from their neighbors."""
        net = self._net
        limits = net.center, reach
        _go(goes, points, factor, *around, net.fixed, net.twin, limits, there)


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
    kinds: np.ndarray = (seen >= 0).sum(1)
    return kinds


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
def _go(goes, points, factor, start, neighbor, fixed, twin, limits, there):
    """Set where some nodes are after a step to or from the mean of their neighbors.

    On periodic faces twins have like neighbors, but not in the same order: they go as
    the first of them does.
    """
    center, reach = limits
    for row in nb.prange(len(goes)):
        i = goes[row]
        own = twin[i]
        share = factor / (start[own + 1] - start[own])
        x, y, z = points[own, 0], points[own, 1], points[own, 2]
        u, v, w = 0.0, 0.0, 0.0
        for k in range(start[own], start[own + 1]):
            u += points[neighbor[k], 0] - x
            v += points[neighbor[k], 1] - y
            w += points[neighbor[k], 2] - z
        for axis, way in enumerate((u, v, w)):
            if not fixed[own, axis]:
                place = points[i, axis] + share * way
                low, high = center[i, axis] - reach, center[i, axis] + reach
                there[i, axis] = min(max(place, low), high)
