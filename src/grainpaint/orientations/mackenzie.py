"""Mackenzie's law: the disorientation of cubic crystals that are oriented at random.

References
----------
Mackenzie, Second paper on statistics associated with the random disorientation of
cubes, Biometrika 45 (1958) 229, https://doi.org/10.1093/biomet/45.1-2.229.
"""

from __future__ import annotations

import numpy as np

__all__ = ["LARGEST", "mackenzie", "mackenzie_cdf"]

_T = np.sqrt(2) - 1  # tan 22.5 degrees
LARGEST = float(2 * np.arctan(np.sqrt(23 - 16 * np.sqrt(2))))  # 62.8 degrees
_THREEFOLD = np.pi / 3
# Where the sphere of one angle reaches the edges of the fundamental zone, 60.72 degrees
_EDGE = float(2 * np.arctan(np.sqrt(2) * _T))


def mackenzie(angle: np.ndarray) -> np.ndarray:
    """Return the density of the disorientation angle of random pairs, 432.

    Parameters
    ----------
    angle : numpy.ndarray
        Radians; the density is 0 outside 0..LARGEST.

    Returns
    -------
    numpy.ndarray, float64
        Per radian; the integral is 1.
    """
    theta = np.asarray(angle, np.float64)
    sine, versed = np.sin(theta), 1 - np.cos(theta)
    slope = 3 * _T
    found = versed
    found = np.where(theta > np.pi / 4, slope * sine - 2 * versed, found)
    slope += 4 / np.sqrt(3)
    found = np.where(theta > _THREEFOLD, slope * sine - 6 * versed, found)
    with np.errstate(divide="ignore", invalid="ignore"):
        cot = 1 / np.tan(theta / 2)
        x = _T / np.sqrt(1 - (_T * cot) ** 2)
        y = _T**2 / np.sqrt(3 - cot**2)
        near = 2 * _T * _arccos(x * cot) + _arccos(y * cot) / np.sqrt(3)
        far = 2 * _arccos(x / _T / np.sqrt(2)) + _arccos(y / _T / np.sqrt(2))
        cut = 12 / np.pi * (far * versed - near * sine)
    found = np.where(theta > _EDGE, found + cut, found)
    inside = (theta > 0) & (theta < LARGEST)
    # Mackenzie gives it per degree with the factor 2 / 15.
    return np.where(inside, 24 / np.pi * found, 0.0)


def _arccos(values: np.ndarray) -> np.ndarray:
    angle: np.ndarray = np.arccos(np.clip(values, -1, 1))
    return angle


def mackenzie_cdf(angle: np.ndarray) -> np.ndarray:
    """Return the share of random pairs, 432, with at most this disorientation.

    Parameters
    ----------
    angle : numpy.ndarray
        Radians.
    """
    grid = np.linspace(0, LARGEST, 20_001)
    middle = mackenzie((grid[1:] + grid[:-1]) / 2)
    share: np.ndarray = np.append(0.0, np.cumsum(middle))
    return np.asarray(np.interp(angle, grid, share / share[-1]))
