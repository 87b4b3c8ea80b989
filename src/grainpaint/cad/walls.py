"""Shells without thickness, which bound nothing."""

from pathlib import Path

import numpy as np

from grainpaint.cad.amounts import areas, shell_volumes
from grainpaint.cad.edges import place
from grainpaint.errors import InputError

__all__ = ["drop_walls"]

_THIN = 1e-10  # thickness, as a share of the size


def drop_walls(
    path: Path, vertices: np.ndarray, faces: np.ndarray, shell: np.ndarray, unit: str
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Leave out shells without thickness: two layers of triangles on each other.

    Parameters
    ----------
    path, vertices, faces, shell, unit
        As `find_shells` takes and returns them.

    Returns
    -------
    faces : numpy.ndarray, int64, shape (k, 3)
        Triangles of shells that bound something.
    shell : numpy.ndarray, int64, shape (k,)
        Counted from 0 again.
    notes : list of str
        What was left out, in words.

    Raises
    ------
    InputError
        If no shell bounds anything, or one bounds as much inside out as outside in.
    """
    area = np.bincount(shell, areas(vertices, faces))
    volume = np.abs(shell_volumes(vertices, faces, shell))
    thin = volume <= _THIN * area * np.ptp(vertices, axis=0).max()
    if not thin.any():
        return faces, shell, []
    for which in np.flatnonzero(thin):
        corners = vertices[faces[shell == which]]
        middle = (corners.min((0, 1)) + corners.max((0, 1))) / 2
        if not _is_flat(corners) and not _is_folded(faces[shell == which]):
            raise InputError(
                f"{path}: the shell around {place(middle, unit)} crosses itself: it "
                "bounds as much inside out as outside in; mend it in the CAD program"
            )
    if thin.all():
        raise InputError(f"{path}: the surface bounds no volume: it has no thickness")
    where = place(vertices[faces[thin[shell]][0]].mean(0), unit)
    n = int(thin.sum())
    walls = "a wall without thickness" if n == 1 else f"{n} walls without thickness"
    first = "" if n == 1 else "the first "
    kept = ~thin[shell]
    return (
        faces[kept],
        (np.cumsum(~thin) - 1)[shell[kept]],
        [f"{walls}, {first}at {where}: left out"],
    )


def _is_flat(corners: np.ndarray) -> bool:
    """Return whether triangles lie in one plane."""
    points = corners.reshape(-1, 3) - corners.reshape(-1, 3).mean(0)
    width = np.linalg.svd(points.T @ points)[1]
    return bool(width[2] <= _THIN * width[0])


def _is_folded(faces: np.ndarray) -> bool:
    """Return whether each triangle lies on another with the same corners."""
    _, count = np.unique(np.sort(faces, 1), axis=0, return_counts=True)
    return bool((count % 2 == 0).all())
