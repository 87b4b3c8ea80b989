"""The corners of separate triangles joined to vertices: equal ones, then near ones."""

import numpy as np

from grainpaint.cad.edges import connected
from grainpaint.cad.numbering import number_equal

__all__ = ["join_equal", "join_near", "resolution", "without_needles"]

_CROWDED = 30  # neighbors of a vertex within the tolerance, on average
_NOTHING = 1e-290  # smaller numbers have fewer digits
_DIGITS = range(5, 10)  # that numbers in text may have been rounded to


def join_equal(soup: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Join corners with equal coordinates.

    Parameters
    ----------
    soup : numpy.ndarray, float64, shape (m, 3, 3)
        Corners of each triangle.

    Returns
    -------
    vertices : numpy.ndarray, float64, shape (n, 3)
        In the order in which triangles use them first.
    faces : numpy.ndarray, int64, shape (m, 3)
    """
    corners = soup.reshape(-1, 3) + 0.0  # -0 becomes 0
    number, first = number_equal(corners.view(np.uint64))
    return corners[first], number.reshape(-1, 3)


def join_near(points: np.ndarray, tolerance: float) -> np.ndarray:
    """Join points closer than a tolerance, chains of such points as a whole.

    Parameters
    ----------
    points : numpy.ndarray, float64, shape (n, 3)
    tolerance : float

    Returns
    -------
    numpy.ndarray, int64, shape (n,)
        For each point the first of those that it is joined with.
    """
    from scipy.spatial import cKDTree

    tree = cKDTree(points)
    kept = into = np.arange(len(points))
    if tree.count_neighbors(tree, tolerance) > _CROWDED * len(points):
        # An outlier makes the part a point: join in cells, or all are pairs with all.
        cells = np.round((points - points.min(0)) / (tolerance / 2))
        _, kept, into = np.unique(cells, axis=0, return_index=True, return_inverse=True)
        tree, into = cKDTree(points[kept]), into.ravel()
    pairs = tree.query_pairs(tolerance, output_type="ndarray")
    label = connected(pairs, len(kept))[1][into]
    _, first = np.unique(label, return_index=True)
    return np.asarray(first[label])


def without_needles(faces: np.ndarray) -> np.ndarray:
    """Drop triangles of which two corners are the same vertex."""
    a, b, c = faces.T
    return np.asarray(faces[(a != b) & (b != c) & (c != a)])


def resolution(points: np.ndarray) -> float:
    """Return how fine the numbers of a file are where they are largest.

    That is the step of float32, if all numbers are float32, or of the decimals of a
    text, if all have at most nine digits; otherwise 0.
    """
    largest = float(np.abs(points).max(initial=0.0))
    if largest < _NOTHING:
        return 0.0
    with np.errstate(over="ignore"):
        single = points.astype(np.float32)
        if (single == points).all():
            return float(np.spacing(np.float32(largest)))
    numbers = np.unique(points[np.abs(points) > _NOTHING])
    power = np.floor(np.log10(np.abs(numbers)))
    for digits in _DIGITS:
        step = 10.0 ** (power - (digits - 1))
        if (np.abs(np.round(numbers / step) * step - numbers) <= 1e-6 * step).all():
            return float(step.max())
    return 0.0
