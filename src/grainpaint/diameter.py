"""Diameters of balls, circles and lines; which axes of a volume are not flat."""

from collections.abc import Sequence
from typing import overload

import numpy as np

__all__ = ["ball_diameter", "equivalent_diameter", "long_axes"]


@overload
def equivalent_diameter(volume: float) -> float: ...
@overload
def equivalent_diameter(volume: np.ndarray) -> np.ndarray: ...
def equivalent_diameter(volume: float | np.ndarray) -> float | np.ndarray:
    """Return the diameter of the ball of a given volume, (6 V / pi)^(1/3).

    Parameters
    ----------
    volume : float or numpy.ndarray
        In any unit, such as µm³ or voxels.

    Examples
    --------
    >>> round(float(equivalent_diameter(4 / 3 * np.pi)), 6)
    2.0
    """
    diameter: float | np.ndarray = np.cbrt(6 / np.pi * volume)
    return diameter


def ball_diameter(content: np.ndarray, dimension: int) -> np.ndarray:
    """Return diameters of balls of given volumes, circles of areas, or lengths.

    Parameters
    ----------
    content : numpy.ndarray
        Volumes, areas or lengths.
    dimension : int
        3 for volumes, 2 for areas, 1 for lengths.

    Examples
    --------
    >>> ball_diameter(np.array([np.pi]), 2).tolist()
    [2.0]
    """
    if dimension == 3:
        return equivalent_diameter(content)
    diameter: np.ndarray = np.sqrt(4 / np.pi * content) if dimension == 2 else content
    return diameter


def long_axes(shape: Sequence[int]) -> tuple[int, ...]:
    """Return the axes along which a volume has more than one voxel.

    Parameters
    ----------
    shape : three ints
        Voxels along x, y, z.

    Returns
    -------
    tuple of int
        Three axes of a solid, two of a section one voxel thick, one of a line of
        voxels. A single voxel is a solid.

    Examples
    --------
    >>> long_axes((64, 64, 64)), long_axes((64, 64, 1)), long_axes((1, 1, 9))
    ((0, 1, 2), (0, 1), (2,))
    """
    return tuple(axis for axis in range(3) if shape[axis] > 1) or (0, 1, 2)
