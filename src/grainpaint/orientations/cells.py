"""Orientation space in cells: how far two textures lie apart, and how sharp one is."""

from __future__ import annotations

import numpy as np

from grainpaint.orientations.curve import homochoric
from grainpaint.orientations.disorientation import near_identity

__all__ = ["CELL", "cells_of", "numbered", "texture_distance"]

CELL = np.radians(10.0)  # edge of a cell, as an angle of rotation


def cells_of(
    quaternion: np.ndarray,
    symmetry: str,
    edge: float = CELL,
    turn: np.ndarray | None = None,
    shift: np.ndarray | float = 0.5,
) -> np.ndarray:
    """Return the cells of orientations.

    Cells are cubes in homochoric space, so they all have one volume, except those that
    the faces of the fundamental zone cut.

    Parameters
    ----------
    quaternion : numpy.ndarray, float64, shape (n, 4)
    symmetry : str
        A key of `GROUPS`.
    edge : float
        Of a cell, as an angle of rotation, radians.
    turn : numpy.ndarray, shape (3, 3), optional
        A rotation of the grid.
    shift : numpy.ndarray, shape (3,), or float
        Of the grid, in cells; by 0.5, a cell has its middle at the identity.

    Returns
    -------
    numpy.ndarray, int64, shape (n, 3)
    """
    place = homochoric(near_identity(quaternion, symmetry))
    turned = place if turn is None else place @ turn
    return np.floor(turned / (edge / 2) + shift).astype(np.int64)


def texture_distance(
    one: tuple[np.ndarray, np.ndarray],
    other: tuple[np.ndarray, np.ndarray],
    symmetry: str,
) -> float:
    """Return the L1 distance of two textures over cells of 10 degrees.

    Parameters
    ----------
    one, other : tuple of numpy.ndarray
        Unit quaternions (n, 4) and their weights (n,), such as volumes of grains.
    symmetry : str
        A key of `GROUPS`.

    Returns
    -------
    float
        Sum over the cells of the differences of their shares: 0 if equal, 2 if no cell
        is shared.
    """
    cells = np.concatenate([cells_of(q, symmetry) for q, _ in (one, other)])
    share = np.concatenate([w / w.sum() * s for (_, w), s in ((one, 1), (other, -1))])
    _, cell = np.unique(numbered(cells), return_inverse=True)
    return float(np.abs(np.bincount(cell, share)).sum())


def numbered(cells: np.ndarray) -> np.ndarray:
    """Return one number for each cell, of integers of shape (n, 3)."""
    from_low = cells - cells.min(0)
    ny, nz = from_low[:, 1].max() + 1, from_low[:, 2].max() + 1
    number: np.ndarray = (from_low[:, 0] * ny + from_low[:, 1]) * nz + from_low[:, 2]
    return number
