"""Which shells lie within which."""

from dataclasses import dataclass

import numpy as np

from grainpaint.cad import rays
from grainpaint.cad.amounts import areas, shell_volumes
from grainpaint.cad.tree import Shells

__all__ = ["Nesting", "find_nesting"]

_MOST_MIDDLES = 200  # of a shell
_PASSES = 16  # over all edges: if there are too many, those seen are a sample


@dataclass(frozen=True, eq=False)
class Nesting:
    """Pairs of shells of which one lies within the other and does not cross it.

    Parameters
    ----------
    inner, outer : numpy.ndarray, int64, shape (p,)
        Shells.
    touching : numpy.ndarray, bool, shape (p,)
        Whether a part of the inner shell lies on the outer.
    share : float
        Of the edges that were looked at; below 1 if all would take very long.
    """

    inner: np.ndarray
    outer: np.ndarray
    touching: np.ndarray
    share: float = 1.0

    def chosen(self, which: np.ndarray) -> "Nesting":
        """Return some of the pairs."""
        pairs = self.inner[which], self.outer[which]
        return Nesting(*pairs, self.touching[which], self.share)


def find_nesting(
    vertices: np.ndarray, faces: np.ndarray, shell: np.ndarray, near: float
) -> Nesting:
    """Find which closed shells lie wholly within which.

    The middles of the largest triangles of the inner shell must lie within the outer,
    and so must its edges between the points where they meet the outer; the edges of
    the outer must nowhere lie within the inner. What is on the surface of the other
    decides nothing.

    Parameters
    ----------
    vertices : numpy.ndarray, float64, shape (n, 3)
    faces : numpy.ndarray, int64, shape (m, 3)
    shell : numpy.ndarray, int64, shape (m,)
        Counted from 0.
    near : float
        Distance below which a point is on a surface.
    """
    pairs = _candidates(vertices, faces, shell, near)
    touching, share = np.zeros(len(pairs), np.bool_), 1.0
    if len(pairs):
        # Only the shells of pairs take part.
        involved = np.zeros(int(shell.max()) + 1, np.bool_)
        involved[pairs] = True
        some = involved[shell]
        surface = Shells(vertices, faces[some], shell[some])
        inside, outside, on = _middles(surface, pairs, near)
        within = (inside > 0) & (outside == 0)
        pairs, touching = pairs[within], on[within] > 0
    if len(pairs):
        _, outside, share = _edges(surface, pairs, near)
        order = np.lexsort((pairs[:, 0], pairs[:, 1]))
        inside = np.empty(len(pairs), np.int64)
        inside[order], _, other = _edges(surface, pairs[order, ::-1], near)
        share = min(share, other)
        whole = (outside == 0) & (inside == 0)
        pairs, touching = pairs[whole], touching[whole]
    return Nesting(pairs[:, 0], pairs[:, 1], touching, share)


def _candidates(
    vertices: np.ndarray, faces: np.ndarray, shell: np.ndarray, near: float
) -> np.ndarray:
    """Return pairs (inner, outer) by their boxes and volumes, int64, shape (p, 2)."""
    order = np.argsort(shell, kind="stable")
    begin = np.flatnonzero(np.diff(shell[order], prepend=-1))
    corners = vertices[faces[order]]
    low = np.minimum.reduceat(corners.min(1), begin)
    high = np.maximum.reduceat(corners.max(1), begin)
    size = np.abs(shell_volumes(vertices, faces, shell))
    order = np.argsort(low[:, 0], kind="stable")
    start = np.searchsorted(low[order, 0], low[:, 0] - near)
    pairs = rays.boxes_in_boxes(low, high, near, size, order, start)
    return np.asarray(pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))])


def _middles(
    surface: Shells, pairs: np.ndarray, near: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return how many middles of triangles of a pair's first shell are in the second.

    Of many triangles, the largest are looked at.

    Returns
    -------
    inside, outside, on : numpy.ndarray, int64, shape (p,)
    """
    order = np.lexsort((-areas(surface.vertices, surface.faces), surface.shell))
    shell = surface.shell[order]
    shells = np.arange(len(surface.begin) + 1)
    rank = np.arange(len(order)) - np.searchsorted(shell, shells)[shell]
    order = order[rank < _MOST_MIDDLES]
    middles = surface.vertices[surface.faces[order]].mean(1)
    begin = np.searchsorted(surface.shell[order], shells)
    # Each middle is asked for with each partner of its shell.
    size = np.diff(begin)[pairs[:, 0]]
    pair = np.repeat(np.arange(len(pairs)), size)
    point = np.arange(len(pair)) + np.repeat(
        begin[pairs[:, 0]] - np.cumsum(size) + size, size
    )
    return surface.count(middles[point], pair, pairs[:, 1], near)


def _edges(
    surface: Shells, pairs: np.ndarray, near: float
) -> tuple[np.ndarray, np.ndarray, float]:
    """Return how many pieces of edges of a pair's first shell are in the second.

    Edges that do not meet the second shell are left out.

    Parameters
    ----------
    surface : Shells
    pairs : numpy.ndarray, int64, shape (p, 2)
        Sorted.
    near : float

    Returns
    -------
    inside, outside : numpy.ndarray, int64, shape (p,)
    share : float
        Of the edges that were looked at.
    """
    a, b = surface.faces.ravel(), np.roll(surface.faces, -1, axis=1).ravel()
    once = np.flatnonzero(a < b)  # the neighbor has the same edge from b to a
    once = np.concatenate([once[i::_PASSES] for i in range(_PASSES)])
    ends, of = np.stack([a, b], 1)[once], np.repeat(surface.shell, 3)[once]
    first = np.searchsorted(pairs[:, 0], np.arange(len(surface.begin) + 1))
    edge, pair, along, share = surface.meetings(ends, of, first, pairs[:, 1].copy())
    met, index = np.unique(np.stack([edge, pair], 1), axis=0, return_inverse=True)
    # The ends of an edge, and all places between, one edge after the other.
    n = len(met)
    which = np.concatenate([index.ravel(), np.arange(n), np.arange(n)])
    along = np.concatenate([along, np.zeros(n), np.ones(n)])
    order = np.lexsort((along, which))
    which, along = which[order], along[order]
    same = which[1:] == which[:-1]
    which, middle = which[1:][same], (along[1:] + along[:-1])[same] / 2
    edge, pair = met[which].T
    start, stop = surface.vertices[ends[edge, 0]], surface.vertices[ends[edge, 1]]
    points = start + middle[:, None] * (stop - start)
    inside, outside, _ = surface.count(points, pair, pairs[:, 1], near)
    return inside, outside, share
