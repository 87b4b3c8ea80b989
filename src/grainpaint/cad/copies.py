"""Facets that a file holds more than once."""

from dataclasses import dataclass

import numpy as np

from grainpaint.cad.edges import Edges, connected, find_edges

__all__ = ["Copies", "find_copies"]


@dataclass(frozen=True, eq=False)
class Copies:
    """Triangles of which none is repeated without need.

    Parameters
    ----------
    faces : numpy.ndarray, int64, shape (m, 3)
    edges : Edges
        Of `faces`.
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

    A patch of triangles that are there more than once (with their corners in any order)
    is taken once if it closes the surface, as in an export of doubled or two-sided
    facets. Where one would leave more edges open than closed, the patch is a wall
    between bodies that touch, or a fin without thickness: then two are kept, one of
    each orientation if there are such.
    """
    edges = find_edges(faces)
    suspect = _suspects(edges, faces)
    if not suspect.size:
        return Copies(faces, edges, faces[:0], False)
    rows = np.sort(faces[suspect], 1)
    _, first, group = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    if len(first) == len(suspect):
        return Copies(faces, edges, faces[:0], False)
    group = group.ravel()
    alone = np.ones(len(faces), np.bool_)
    alone[suspect] = False
    alone[suspect[first]] = True
    once = np.flatnonzero(alone)
    number = np.ones(len(faces), np.int64)
    number[suspect[first]] = np.bincount(group)
    twice = _needed_twice(faces[once], number[once] > 1)
    kept = np.zeros(len(faces), np.bool_)
    kept[once] = True
    kept[_partners(faces, suspect, first, group, once[twice])] = True
    chosen = faces[kept]
    return Copies(chosen, find_edges(chosen), faces[~kept], True)


def _suspects(edges: Edges, faces: np.ndarray) -> np.ndarray:
    """Return the triangles that may have copies, as their edges tell."""
    opposite = faces.sum(1)[edges.sides // 3] - edges.ends[edges.of_sides].sum(1)
    two = edges.start[:-1][edges.count == 2]
    folded = two[opposite[two] == opposite[two + 1]]
    crowded = (edges.count > 2)[edges.of_sides]
    crowded[folded] = crowded[folded + 1] = True
    n_crowded = np.bincount(edges.sides[crowded] // 3)
    return np.flatnonzero(
        n_crowded == 3
    )  # all edges of a copy are shared with its twin


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


def _partners(
    faces: np.ndarray,
    suspect: np.ndarray,
    first: np.ndarray,
    group: np.ndarray,
    twice: np.ndarray,
) -> np.ndarray:
    """Return for each triangle needed twice its best copy: turned, or else any."""
    lowest = np.argmin(faces[suspect], 1)
    second = np.take_along_axis(faces[suspect], (lowest[:, None] + 1) % 3, 1)[:, 0]
    last = np.take_along_axis(faces[suspect], (lowest[:, None] + 2) % 3, 1)[:, 0]
    way = second < last
    is_first = np.zeros(len(suspect), np.bool_)
    is_first[first] = True
    # In each group the first comes first, then those of the other orientation.
    rank = np.where(is_first, 0, np.where(way != way[first][group], 1, 2))
    order = np.lexsort((rank, group))
    begin = np.flatnonzero(np.diff(group[order], prepend=-1))
    many = np.bincount(group) > 1
    partner = suspect[order[begin[many] + 1]]
    wanted = np.isin(suspect[first][many], twice)
    return np.asarray(partner[wanted])
