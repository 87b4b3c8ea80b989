"""A curve through orientation space: orientations in an order in which near ones meet.

References
----------
Skilling, Programming the Hilbert curve, AIP Conf. Proc. 707 (2004) 381,
https://doi.org/10.1063/1.1751381.
"""

from __future__ import annotations

import numpy as np

from grainpaint.orientations.disorientation import near_identity

__all__ = ["curve_order", "curve_places", "homochoric"]

_BITS = 10


def homochoric(quaternion: np.ndarray) -> np.ndarray:
    """Return orientations as vectors in whose space equal volumes are equally likely.

    Parameters
    ----------
    quaternion : numpy.ndarray, float64, shape (n, 4)
        With w >= 0.

    Returns
    -------
    numpy.ndarray, float64, shape (n, 3)
        Along the axis, of length (3 (angle - sin angle) / 4)^(1/3); half the angle
        where that is small.
    """
    vector = quaternion[:, 1:]
    sine = np.linalg.norm(vector, axis=1)
    angle = 2 * np.arctan2(sine, quaternion[:, 0])
    # The difference is lost to rounding where angles are small, and is their cube / 6.
    volume = np.where(angle < 1e-2, angle**3 / 6, angle - np.sin(angle))
    length = np.cbrt(0.75 * volume)
    found: np.ndarray = vector * (length / np.maximum(sine, 1e-300))[:, None]
    return found


def curve_order(quaternion: np.ndarray, symmetry: str) -> np.ndarray:
    """Return the order of orientations along a Hilbert curve.

    Parameters
    ----------
    quaternion : numpy.ndarray, float64, shape (n, 4)
        Equivalent orientations have the same place on the curve.
    symmetry : str
        A key of `GROUPS`.

    Returns
    -------
    numpy.ndarray, int64, shape (n,)
        Indices.
    """
    order: np.ndarray = np.argsort(curve_places(quaternion, symmetry), kind="stable")
    return order


def curve_places(quaternion: np.ndarray, symmetry: str) -> np.ndarray:
    """Return the places of orientations on the curve (int64, shape (n,)).

    See `curve_order`. Places are relative to all the orientations given.
    """
    place = homochoric(near_identity(quaternion, symmetry))
    low, high = place.min(0), place.max(0)
    edge = max(float((high - low).max()), 1e-9)
    cells = ((place - low) / edge * ((1 << _BITS) - 1)).astype(np.int64)
    return _along_hilbert(cells)


def _along_hilbert(cells: np.ndarray) -> np.ndarray:
    """Return the places on the curve of cells of a cube, shape (n, 3)."""
    x = cells.T.copy()
    for level in range(_BITS - 1, 0, -1):
        bit, rest = 1 << level, (1 << level) - 1
        for axis in range(3):
            turned = (x[axis] & bit) > 0
            swapped = np.where(turned, 0, (x[0] ^ x[axis]) & rest)
            x[0] ^= np.where(turned, rest, swapped)
            x[axis] ^= swapped
    for axis in (1, 2):
        x[axis] ^= x[axis - 1]
    parity = np.zeros_like(x[0])
    for level in range(_BITS - 1, 0, -1):
        parity ^= np.where(x[2] & (1 << level), (1 << level) - 1, 0)
    x ^= parity
    place: np.ndarray = np.zeros_like(x[0])
    for level in range(_BITS):
        for axis in range(3):
            place |= ((x[axis] >> level) & 1) << (3 * level + 2 - axis)
    return place
