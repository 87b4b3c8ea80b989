"""Shells of which a part is inside out."""

from pathlib import Path

import numpy as np

from grainpaint.cad.amounts import areas
from grainpaint.cad.edges import place
from grainpaint.cad.tree import Shells
from grainpaint.errors import InputError

__all__ = ["refuse_mixed"]

_LOOKED_AT = 3  # triangles of each sheet, the largest
_OFF = 1e-3  # of the root of a triangle's area: distance of a point before it


def refuse_mixed(
    path: Path,
    vertices: np.ndarray,
    faces: np.ndarray,
    sheet: np.ndarray,
    shell: np.ndarray,
    unit: str,
) -> None:
    """Refuse shells that were joined from sheets of which some face another way.

    Before a triangle of a solid, the shell winds around a point 0 times or more; before
    one of a shell that is inside out as a whole, less than 0 times.

    Parameters
    ----------
    path : Path
        For messages.
    vertices : numpy.ndarray, float64, shape (n, 3)
    faces : numpy.ndarray, int64, shape (m, 3)
    sheet, shell : numpy.ndarray, int64, shape (m,)
        Of each triangle; a shell holds whole sheets.
    unit : str
        Of the vertices, for messages.

    Raises
    ------
    InputError
        If a shell has triangles of both kinds.
    """
    of_sheet = np.zeros(int(sheet.max()) + 1, np.int64)
    of_sheet[sheet] = shell
    joined = (np.bincount(of_sheet) > 1)[shell]
    if not joined.any():
        return
    faces, sheet, shell = faces[joined], sheet[joined], shell[joined]
    area = areas(vertices, faces)
    order = np.lexsort((-area, sheet))
    begin = np.searchsorted(sheet[order], np.arange(len(of_sheet)))
    looked = order[np.arange(len(order)) - begin[sheet[order]] < _LOOKED_AT]
    a, b, c = (vertices[faces[looked, i]] for i in range(3))
    normal = np.cross(b - a, c - a)
    length = np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-300)
    off = _OFF * np.sqrt(area[looked])[:, None]
    points = (a + b + c) / 3 + off * normal / length
    winding, sure = Shells(vertices, faces, shell).winding(points, shell[looked], 0.0)
    good = np.bincount(shell[looked], sure & (winding >= 0))
    wrong = np.bincount(shell[looked], sure & (winding < 0))
    mixed = (good > 0) & (wrong > 0)
    if mixed.any():
        at = np.flatnonzero(sure & (winding < 0) & mixed[shell[looked]])[0]
        raise InputError(
            f"{path}: bodies that touch each other face different ways, one at "
            f"{place(points[at], unit)}, and cannot be told apart: turn them, or join "
            "them, in the CAD program"
        )
