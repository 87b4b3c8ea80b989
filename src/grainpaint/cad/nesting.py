"""Which shells lie within which."""

from dataclasses import dataclass

import numpy as np

from grainpaint.cad import rays

__all__ = ["Nesting", "areas", "find_nesting", "shell_volumes"]

_MOST_MIDDLES = 200  # of a shell
_PASSES = 16  # over all edges: if time runs out, a sample has been seen


@dataclass(frozen=True, eq=False)
class Nesting:
    """Pairs of shells of which one lies within the other and does not cross it.

    Parameters
    ----------
    inner, outer : numpy.ndarray, int64, shape (p,)
        Shells.
    touching : numpy.ndarray, bool, shape (p,)
        Whether a part of the inner shell lies on the outer.
    """

    inner: np.ndarray
    outer: np.ndarray
    touching: np.ndarray

    def chosen(self, which: np.ndarray) -> "Nesting":
        """Return some of the pairs."""
        return Nesting(self.inner[which], self.outer[which], self.touching[which])


class Shells:
    """Triangles of several shells in a tree of boxes.

    Parameters
    ----------
    vertices : numpy.ndarray, float64, shape (n, 3)
    faces : numpy.ndarray, int64, shape (m, 3)
    shell : numpy.ndarray, int64, shape (m,)
    """

    def __init__(
        self, vertices: np.ndarray, faces: np.ndarray, shell: np.ndarray
    ) -> None:
        n = int(shell.max()) + 1
        middles = vertices[faces].mean(1)
        size = np.bincount(shell)
        centers = np.stack([np.bincount(shell, m) for m in middles.T], 1)
        of_shells = _along_a_curve(centers / np.maximum(size, 1)[:, None])
        order = np.lexsort((_along_a_curve(middles), shell, of_shells[shell]))
        self.vertices, self.faces, self.shell = vertices, faces[order], shell[order]
        self.begin = np.zeros(n, np.int64)
        begin = np.flatnonzero(np.diff(self.shell, prepend=-1))
        self.begin[self.shell[begin]] = begin
        self.end = self.begin + size
        self.low, self.high = rays.grow_boxes(vertices, self.faces)

    def count(
        self, points: np.ndarray, pair: np.ndarray, other: np.ndarray, near: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Count the points in a shell, by pair.

        A point is judged by what lies beyond it along each of the three axes; where
        these disagree, or something is near, it is on the shell.

        Parameters
        ----------
        points : numpy.ndarray, float64, shape (k, 3)
        pair : numpy.ndarray, int64, shape (k,)
            Pair of shells that each point stands for.
        other : numpy.ndarray, int64, shape (p,)
            The shell of each pair that the point may be in.
        near : float
            Distance below which a point is on a shell.

        Returns
        -------
        inside, outside, on : numpy.ndarray, int64, shape (p,)
        """
        inside, outside = np.ones((2, len(points)), np.bool_)
        begin, end = self.begin[other[pair]], self.end[other[pair]]
        for axis in range(3):
            turned = [(axis + 1) % 3, (axis + 2) % 3, axis]
            corners, low, high, seen = (
                np.ascontiguousarray(array[:, turned])
                for array in (self.vertices, self.low, self.high, points)
            )
            winding, close = rays.wind(
                seen, begin, end, near, corners, self.faces, low, high
            )
            inside &= (winding != 0) & ~close
            outside &= (winding == 0) & ~close
        n_inside, n_outside, n_on = (
            np.bincount(pair[which], minlength=len(other))
            for which in (inside, outside, ~(inside | outside))
        )
        return n_inside, n_outside, n_on


def _along_a_curve(points: np.ndarray) -> np.ndarray:
    """Return numbers by which near points mostly follow each other (Morton's order)."""
    low, size = points.min(0), np.ptp(points, axis=0).max() or 1.0
    code = ((points - low) / size * 1023).astype(np.int64)
    for shift, mask in (
        (16, 0x30000FF),
        (8, 0x300F00F),
        (4, 0x30C30C3),
        (2, 0x9249249),
    ):
        code = (code | code << shift) & mask
    return np.asarray(code @ np.array([1, 2, 4]))


def areas(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Return the area of each triangle."""
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    return np.asarray(np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2)


def shell_volumes(
    vertices: np.ndarray, faces: np.ndarray, shell: np.ndarray
) -> np.ndarray:
    """Return the signed volume of each shell (or body), float64, shape (n_shells,)."""
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    # From a middle of each shell: far from the origin digits would cancel.
    size = np.maximum(np.bincount(shell), 1)
    middle = np.stack([np.bincount(shell, x) / size for x in a.T], 1)[shell]
    cones = np.einsum("ij,ij->i", a - middle, np.cross(b - middle, c - middle)) / 6
    return np.asarray(np.bincount(shell, cones))


def find_nesting(
    vertices: np.ndarray, faces: np.ndarray, shell: np.ndarray, near: float
) -> Nesting:
    """Find which closed shells lie wholly within which.

    The middles of all triangles of the inner shell must lie within the outer, and so
    must its edges between the points where they meet the outer; the edges of the outer
    must nowhere lie within the inner. What is on the surface of the other decides
    nothing.

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
    touching = np.zeros(len(pairs), np.bool_)
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
        _, outside = _edges(surface, pairs, near)
        order = np.lexsort((pairs[:, 0], pairs[:, 1]))
        inside = np.empty(len(pairs), np.int64)
        inside[order] = _edges(surface, pairs[order, ::-1], near)[0]
        whole = (outside == 0) & (inside == 0)
        pairs, touching = pairs[whole], touching[whole]
    return Nesting(pairs[:, 0], pairs[:, 1], touching)


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
    pairs = rays.boxes_in_boxes(low, high, near, size, np.argsort(low[:, 0]))
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
) -> tuple[np.ndarray, np.ndarray]:
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
    """
    a, b = surface.faces.ravel(), np.roll(surface.faces, -1, axis=1).ravel()
    once = np.flatnonzero(a < b)  # the neighbor has the same edge from b to a
    once = np.concatenate([once[i::_PASSES] for i in range(_PASSES)])
    ends, of = np.stack([a, b], 1)[once], np.repeat(surface.shell, 3)[once]
    first = np.searchsorted(pairs[:, 0], np.arange(len(surface.begin) + 1))
    edge, pair, along = rays.meet(
        ends,
        of,
        surface.begin,
        surface.end,
        first,
        pairs[:, 1].copy(),
        surface.vertices,
        surface.faces,
        surface.shell,
        surface.low,
        surface.high,
    )
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
    return surface.count(points, pair, pairs[:, 1], near)[:2]
