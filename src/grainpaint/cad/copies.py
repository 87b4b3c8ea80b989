"""Facets that a file holds more than once."""

from dataclasses import dataclass

import numpy as np

from grainpaint.cad.edges import Edges, connected, find_edges
from grainpaint.cad.runs import closed_runs, first_alike

__all__ = ["Copies", "find_copies"]


@dataclass(frozen=True, eq=False)
class Copies:
    """Triangles of which none is repeated without need.

    Parameters
    ----------
    faces : numpy.ndarray, int64, shape (m, 3)
    edges : Edges
        Of `faces`; bodies that touch have edges of their own where they are told apart.
    dropped : numpy.ndarray, int64, shape (k, 3)
        What was left out.
    repeated : bool
        Whether there were any copies, dropped or not.
    """

    faces: np.ndarray
    edges: Edges
    dropped: np.ndarray
    repeated: bool


def find_copies(faces: np.ndarray) -> Copies:
    """Leave out repeated triangles, except where the surface needs two of them.

    If the surface closes with each triangle (its corners in any order) taken once, as
    in an export of doubled or two-sided facets, it is. Otherwise bodies touch, and the
    order of the file mostly tells them apart (`closed_runs`). If it does not, patches
    of repeated triangles are taken once or twice, as closes more edges.
    """
    edges = find_edges(faces)
    none = faces[:0]
    if (edges.count == 2).all() and not _folded(edges, faces).any():
        return Copies(faces, edges, none, False)
    number, first = _numbered(edges, faces)
    if len(first) == len(faces):
        return Copies(faces, _apart(faces, closed_runs(edges, len(faces))), none, False)
    once = np.zeros(len(faces), np.bool_)
    once[first] = True
    edges_once = find_edges(faces[once])
    if not edges_once.odd.any():
        run = closed_runs(edges_once, int(once.sum()))
        return Copies(faces[once], _apart(faces[once], run), faces[~once], True)
    run = closed_runs(edges, len(faces))
    if run.any() and not _repeats_within(run, number):
        kept = first_alike(run, number)
        return Copies(faces[kept], _apart(faces[kept], run[kept]), faces[~kept], True)
    kept = _patched(faces, number, first)
    mended = find_edges(faces[kept])
    if mended.odd.any() and not edges.odd.any():
        return Copies(faces, edges, none, True)
    return Copies(faces[kept], mended, faces[~kept], True)


def _apart(faces: np.ndarray, run: np.ndarray) -> Edges:
    return find_edges(faces, np.repeat(run, 3))


def _folded(edges: Edges, faces: np.ndarray) -> np.ndarray:
    """Return which edges with two triangles have the same two corners opposite."""
    two = edges.start[:-1][edges.count == 2]
    a, b = faces[edges.sides[two] // 3], faces[edges.sides[two + 1] // 3]
    return np.asarray(a.sum(1) == b.sum(1))


def _numbered(edges: Edges, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a number of each triangle, that of its first copy, and all first ones."""
    suspect = _suspects(edges, faces)
    rows = np.sort(faces[suspect], 1)
    _, first, group = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    number = np.arange(len(faces))
    number[suspect] = suspect[first[group.ravel()]]
    return number, np.unique(number)


def _repeats_within(run: np.ndarray, number: np.ndarray) -> bool:
    pairs = run * len(number) + number
    return len(np.unique(pairs)) < len(pairs)


def _patched(faces: np.ndarray, number: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Return which triangles to keep: of copies one, or two where they are needed."""
    repeated = np.bincount(number, minlength=len(faces))[first] > 1
    twice = first[_needed_twice(faces[first], repeated)]
    kept = np.zeros(len(faces), np.bool_)
    kept[first] = True
    kept[_seconds(number, twice)] = True
    return kept


def _suspects(edges: Edges, faces: np.ndarray) -> np.ndarray:
    """Return the triangles that may have copies, as their edges tell."""
    crowded = edges.count > 2
    crowded[edges.count == 2] = _folded(edges, faces)
    n_crowded = np.bincount(edges.sides[crowded[edges.of_sides]] // 3)
    # All edges of a copy are shared with its twin.
    return np.flatnonzero(n_crowded == 3)


def _needed_twice(faces: np.ndarray, repeated: np.ndarray) -> np.ndarray:
    """Return which of the repeated triangles must not be reduced to one."""
    edges = find_edges(faces)
    pairs = edges.pairs()[0]
    within = repeated[pairs[:, 0]] == repeated[pairs[:, 1]]
    _, patch = connected(pairs[within], len(faces))
    # Sides of patches that are not between two triangles of the same patch.
    of_sides = edges.of_sides
    inner = np.zeros(len(edges.ends), np.bool_)
    inner[np.flatnonzero(edges.count == 2)[within]] = True
    rim = edges.sides[~inner[of_sides]] // 3
    odd = edges.odd[of_sides][~inner[of_sides]]
    n_rim = np.bincount(patch[rim], minlength=len(faces))
    n_odd = np.bincount(patch[rim], odd, minlength=len(faces))
    return np.asarray(repeated & (2 * n_odd > n_rim)[patch])


def _seconds(number: np.ndarray, twice: np.ndarray) -> np.ndarray:
    """Return the second copy of each triangle that is needed twice."""
    copies = np.flatnonzero(np.isin(number, twice))
    copies = copies[np.argsort(number[copies], kind="stable")]
    begin = np.flatnonzero(np.diff(number[copies], prepend=-1))
    return np.asarray(copies[begin + 1])
