"""The edges of a triangle mesh, and the triangles that meet at each."""

from dataclasses import dataclass

import numpy as np

__all__ = ["Edges", "connected", "find_edges", "place"]


@dataclass(frozen=True, eq=False)
class Edges:
    """Edges of a mesh with m triangles, those that are apart last, by their ends.

    Side s of the mesh runs from corner s % 3 of triangle s // 3 to its next corner.

    Parameters
    ----------
    ends : numpy.ndarray, int64, shape (e, 2)
        Vertices, the lower number first.
    start : numpy.ndarray, int64, shape (e + 1,)
        The sides at edge i are sides[start[i]:start[i + 1]].
    sides : numpy.ndarray, int64, shape (3 m,)
    forward : numpy.ndarray, bool, shape (3 m,)
        Whether each of `sides` runs from the lower vertex to the higher.
    """

    ends: np.ndarray
    start: np.ndarray
    sides: np.ndarray
    forward: np.ndarray

    @property
    def count(self) -> np.ndarray:
        """Triangles at each edge, int64, shape (e,)."""
        return np.diff(self.start)

    @property
    def odd(self) -> np.ndarray:
        """Whether the surface does not close at each edge, bool, shape (e,)."""
        return np.asarray(self.count % 2 == 1)

    @property
    def of_sides(self) -> np.ndarray:
        """Edge of each of `sides`, int64, shape (3 m,)."""
        return np.repeat(np.arange(len(self.ends)), self.count)

    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the triangles on both sides of edges where two meet.

        Returns
        -------
        triangles : numpy.ndarray, int64, shape (p, 2)
        agree : numpy.ndarray, bool, shape (p,)
            Whether the two run along the edge in opposite ways, as neighbors should.
        """
        first = self.start[:-1][self.count == 2]
        triangles = np.stack([self.sides[first], self.sides[first + 1]], 1) // 3
        return triangles, self.forward[first] != self.forward[first + 1]


def find_edges(faces: np.ndarray, apart: np.ndarray | None = None) -> Edges:
    """Return the edges of triangles.

    Parameters
    ----------
    faces : numpy.ndarray, int64, shape (m, 3)
        With distinct corners.
    apart : numpy.ndarray, int64, shape (3 m,), optional
        Sides with different numbers do not meet, though they have the same ends.
    """
    a, b = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
    low, high = np.minimum(a, b), np.maximum(a, b)
    n = int(faces.max()) + 1 if faces.size else 1
    key = low * n + high
    if apart is not None and n * n * (float(apart.max(initial=0)) + 1) < 2**62:
        key += n * n * apart
    sides = np.argsort(key, kind="stable")
    key = key[sides]
    start = np.flatnonzero(np.diff(key, prepend=-1, append=-1))
    ends = np.stack(np.divmod(key[start[:-1]] % (n * n), n), 1)
    return Edges(ends, start, sides, a[sides] < b[sides])


def connected(pairs: np.ndarray, n: int) -> tuple[int, np.ndarray]:
    """Return number and label of the pieces of a graph of `n` nodes, int64, shape (n,).

    Parameters
    ----------
    pairs : numpy.ndarray, int64, shape (p, 2)
    n : int
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    i, j = pairs.T
    graph = coo_array((np.ones(len(pairs), np.bool_), (i, j)), (n, n))
    count, label = connected_components(graph, directed=False)
    return int(count), label.astype(np.int64)


def place(point: np.ndarray, unit: str) -> str:
    """Return a place in words, coordinates in the unit of the file."""
    return f"({', '.join(f'{v:.6g}' for v in point)}) {unit}"
