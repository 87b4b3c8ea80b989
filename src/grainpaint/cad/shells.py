"""Closed shells: triangles that belong together, all turned the same way."""

from pathlib import Path

import numpy as np

from grainpaint.cad.amounts import areas
from grainpaint.cad.edges import Edges, connected, place
from grainpaint.cad.mixed import refuse_mixed
from grainpaint.cad.pairing import pair_sheets
from grainpaint.errors import InputError

__all__ = ["find_shells"]


def find_shells(
    path: Path, vertices: np.ndarray, faces: np.ndarray, edges: Edges, unit: str
) -> tuple[np.ndarray, np.ndarray, int]:
    """Split a closed surface into closed shells that are oriented each for itself.

    Triangles on both sides of an edge belong together. Where more than two meet, a
    shell that closes by itself passes the edge alone; what remains is paired so that
    each pair has inside between it.

    Parameters
    ----------
    path : Path
        For messages.
    vertices : numpy.ndarray, float64, shape (n, 3)
    faces : numpy.ndarray, int64, shape (m, 3)
        An even number of them at each edge.
    edges : Edges
        Of `faces`.
    unit : str
        Of the vertices, for messages.

    Returns
    -------
    faces : numpy.ndarray, int64, shape (m, 3)
        Neighbors agree on what is inside; most of the area of each shell is as it was.
    shell : numpy.ndarray, int64, shape (m,)
        Counted from 0 in the order of their first triangles.
    n_turned : int
        Triangles that were turned.

    Raises
    ------
    InputError
        If a shell has one side only, triangles around an edge fit in no way, or bodies
        that touch cannot be told apart.
    """
    area = areas(vertices, faces)
    pairs, agree = edges.pairs()
    sheet, turned, bad = _agree(pairs, agree, area)
    if bad.size:
        middle = vertices[edges.ends[edges.count == 2][bad[0]]].mean(0)
        raise InputError(
            f"{path}: the surface has one side only, near {place(middle, unit)}: it "
            "bounds no solid; mend it in the CAD program"
        )
    of_sheets = np.arange(int(sheet.max()) + 1)
    if (edges.count > 2).any():
        sheets, agree, where = pair_sheets(vertices, faces, edges, sheet, turned)
        of_sheets, sheet_turned, bad = _agree(sheets, agree, np.bincount(sheet, area))
        if bad.size:
            middle = vertices[where[bad[0]]].mean(0)
            raise InputError(
                f"{path}: the triangles do not agree on what is inside where more than "
                f"two meet at an edge, at {place(middle, unit)}: mend it in the CAD "
                "program"
            )
        turned = turned != sheet_turned[sheet]
    faces = np.where(turned[:, None], faces[:, ::-1], faces)
    shell = _in_order(of_sheets[sheet])
    refuse_mixed(path, vertices, faces, sheet, shell, unit)
    return faces, shell, int(np.count_nonzero(turned))


def _in_order(label: np.ndarray) -> np.ndarray:
    """Renumber labels in the order in which they first occur."""
    _, first, index = np.unique(label, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return np.asarray(rank[index.ravel()])


def _agree(
    pairs: np.ndarray, agree: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Turn things (triangles, or whole sheets) until all pairs of them agree.

    Parameters
    ----------
    pairs : numpy.ndarray, int64, shape (p, 2)
    agree : numpy.ndarray, bool, shape (p,)
        Whether a pair agrees as it is.
    weight : numpy.ndarray, float64, shape (n,)
        Within each piece, what weighs more stays as it is.

    Returns
    -------
    piece : numpy.ndarray, int64, shape (n,)
    turned : numpy.ndarray, bool, shape (n,)
    bad : numpy.ndarray, int64
        Pairs of pieces in which not all can agree.
    """
    n = len(weight)
    n_pieces, piece = connected(pairs, n)
    if agree.all():
        return piece, np.zeros(n, np.bool_), np.empty(0, np.int64)
    # Node i is a thing as it is, node n + i the same thing turned.
    i, j = pairs.T
    i_too, j_too = np.stack([i, i + n], 1), np.stack([j, j + n], 1)
    j_too[~agree] = j_too[~agree, ::-1]
    double = np.stack([i_too.ravel(), j_too.ravel()], 1)
    _, side = connected(double, 2 * n)
    one_sided = side[:n] == side[n:]
    bad = np.flatnonzero(one_sided[i] & ~agree)
    first = np.unique(piece, return_index=True)[1]
    turned = side[:n] != side[first][piece]
    share = np.bincount(piece, np.where(turned, weight, -weight), n_pieces)
    return piece, turned != (share > 0)[piece], bad
