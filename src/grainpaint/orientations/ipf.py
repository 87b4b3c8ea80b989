"""Inverse pole figures: the crystal direction along an axis of the sample, as a color.

A direction and all its equivalents, opposite ones included, have one place in a sector
of the sphere with three corners. It is a sum of the corners' unit vectors; the roots of
its three parts, the largest set to 1, are red, green and blue. The corners are pure
red, green and blue, and within mirrors the color changes without a jump.

That is so for Laue classes whose sectors are bounded by mirrors on all sides; the
others have keys of another kind (`grainpaint.orientations.round_keys`).
"""

from __future__ import annotations

import numpy as np

from grainpaint.errors import InputError
from grainpaint.orientations.by_grain import Orientations
from grainpaint.orientations.round_keys import round_colors

__all__ = [
    "KEYS",
    "check_axis",
    "direction_colors",
    "ipf_colors",
    "sector_corners",
    "symmetries_of",
]

# Symmetry to the names of the red, green and blue corner of its sector.
KEYS = {
    "432": ("001", "011", "111"),
    "622": ("0001", "2-1-10", "10-10"),
    "422": ("001", "100", "110"),
    "222": ("001", "100", "010"),
}
_FOLD = {"622": 6, "422": 4, "222": 2}  # of the axis z


def check_axis(axis: str) -> str:
    """Return an axis of the sample.

    Raises
    ------
    InputError
        Unless it is x, y or z.
    """
    if axis not in ("x", "y", "z"):
        raise InputError(
            f"colors show the crystal direction along x, y or z; got {axis!r}"
        )
    return axis


def symmetries_of(orientations: Orientations | None, ids: np.ndarray) -> list[str]:
    """Return the symmetries of grains.

    Parameters
    ----------
    orientations : Orientations, optional
    ids : numpy.ndarray, integer, shape (n,)
        IDs of grains.

    Raises
    ------
    InputError
        If they have no orientations.
    """
    if orientations is None:
        raise InputError(
            "colors of crystal directions need orientations, and the grains have none: "
            "add some with orient"
        )
    phases = np.unique(orientations.phase[ids - 1])
    return list(dict.fromkeys(orientations.symmetry[p - 1] for p in phases))


def sector_corners(symmetry: str) -> np.ndarray:
    """Return the corners of the sector of a symmetry.

    Parameters
    ----------
    symmetry : str
        A key of `KEYS`.

    Returns
    -------
    numpy.ndarray, float64, shape (3, 3)
        Rows are the unit vectors that are red, green and blue.
    """
    if symmetry == "432":
        rows = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 1.0]])
        return np.asarray(rows / np.linalg.norm(rows, axis=1)[:, None])
    angle = np.pi / _FOLD[symmetry]
    return np.array([[0, 0, 1], [1, 0, 0], [np.cos(angle), np.sin(angle), 0]])


def _in_sector(directions: np.ndarray, symmetry: str) -> np.ndarray:
    """Return the equivalents of directions that lie in the sector."""
    if symmetry == "432":
        return np.sort(np.abs(directions), axis=1)
    angle = 2 * np.pi / _FOLD[symmetry]
    x, y, z = directions.T
    turn = np.arctan2(y, x) % angle
    turn = np.minimum(turn, angle - turn)
    away = np.hypot(x, y)
    return np.stack([away * np.cos(turn), away * np.sin(turn), np.abs(z)], 1)


def direction_colors(directions: np.ndarray, symmetry: str) -> np.ndarray:
    """Return the colors of directions in the crystal.

    Parameters
    ----------
    directions : numpy.ndarray, float64, shape (n, 3)
        Unit vectors.
    symmetry : str
        A key of `GROUPS`.

    Returns
    -------
    numpy.ndarray, uint8, shape (n, 3)

    Examples
    --------
    >>> direction_colors(np.array([[0, 0, -1.0], [0.6, 0.0, 0.8]]), "432").tolist()
    [[255, 0, 0], [124, 255, 0]]
    """
    if symmetry not in KEYS:
        return round_colors(np.asarray(directions, np.float64), symmetry)
    inside = _in_sector(np.asarray(directions, np.float64), symmetry)
    parts = inside @ np.linalg.inv(sector_corners(symmetry))
    roots = np.sqrt(np.clip(parts, 0, None))  # rounding goes below 0 at the rims
    found = np.round(roots / roots.max(1, keepdims=True) * 255)
    return np.asarray(found, np.uint8)


def ipf_colors(orientations: Orientations, axis: str = "z") -> np.ndarray:
    """Return the colors of the crystal directions along an axis of the sample.

    Parameters
    ----------
    orientations : Orientations
    axis : {'x', 'y', 'z'}
        Of the sample.

    Returns
    -------
    numpy.ndarray, uint8, shape (n + 1, 3)
        Row g is that of grain g; 0 is white.
    """
    w, x, y, z = orientations.quaternion.T
    along = {  # the rows of the matrix that turns crystal to sample coordinates
        "x": (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        "y": (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        "z": (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    }[check_axis(axis)]
    directions = np.stack(along, 1)
    colors = np.full((len(orientations) + 1, 3), 255, np.uint8)
    for phase, symmetry in enumerate(orientations.symmetry, 1):
        own = np.flatnonzero(orientations.phase == phase)
        colors[own + 1] = direction_colors(directions[own], symmetry)
    return colors
