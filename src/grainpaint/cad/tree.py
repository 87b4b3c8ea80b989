"""Shells in a tree of boxes: which points and edges are in them."""

import numpy as np

from grainpaint.cad import rays

__all__ = ["Shells"]

# Boxes to look at for meetings, in all and for each edge: some seconds. Thousands of
# slivers aslant, each of which crosses all boxes, would take hours.
MOST_BOXES, MOST_OF_EDGE = 500_000_000, 500


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

    def winding(
        self, points: np.ndarray, shell: np.ndarray, near: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return how often shells wind around points.

        A point is judged by what lies beyond it along each of the three axes.

        Parameters
        ----------
        points : numpy.ndarray, float64, shape (k, 3)
        shell : numpy.ndarray, int64, shape (k,)
            The shell in question for each point.
        near : float
            Distance below which a point is on a shell.

        Returns
        -------
        winding : numpy.ndarray, int64, shape (k,)
        sure : numpy.ndarray, bool, shape (k,)
            Whether the axes agree and nothing is near.
        """
        found, sure = [], np.ones(len(points), np.bool_)
        for axis in range(3):
            turned = [(axis + 1) % 3, (axis + 2) % 3, axis]
            corners, low, high, seen = (
                np.ascontiguousarray(array[:, turned])
                for array in (self.vertices, self.low, self.high, points)
            )
            begin, end = self.begin[shell], self.end[shell]
            winding, close = rays.wind(
                seen, begin, end, near, corners, self.faces, low, high
            )
            found.append(winding)
            sure &= ~close & (winding == found[0])
        return found[0], sure

    def count(
        self, points: np.ndarray, pair: np.ndarray, other: np.ndarray, near: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Count the points in a shell, by pair; those that are not sure are on it.

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
        winding, sure = self.winding(points, other[pair], near)
        inside, outside = sure & (winding != 0), sure & (winding == 0)
        n_inside, n_outside, n_on = (
            np.bincount(pair[which], minlength=len(other))
            for which in (inside, outside, ~sure)
        )
        return n_inside, n_outside, n_on

    def meetings(
        self, ends: np.ndarray, of: np.ndarray, first: np.ndarray, others: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
        """Return edge, pair and place (0 to 1) where edges meet other shells.

        The last is the share of the edges that were looked at, below 1 only if all
        would take very long. See `rays.meet`.
        """
        room, count, done = 0, 4 * len(ends), len(ends)
        most = MOST_BOXES + MOST_OF_EDGE * len(ends)
        while count > room:
            room = count
            met = np.empty((2, room), np.int64)
            along = np.empty(room)
            count, done = rays.meet(
                ends,
                of,
                self.begin,
                self.end,
                first,
                others,
                self.vertices,
                self.faces,
                self.shell,
                (self.low, self.high),
                met,
                along,
                most,
            )
        share = done / max(len(ends), 1)
        return met[0, :count], met[1, :count], along[:count], share


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
