"""Grain sizes that vary by chance from place to place.

A network that is told one mean diameter everywhere makes grains that are too much
alike: what it draws lacks the larger grains, and growth does not bring them back. In
simulated volumes grains are finer in one place and coarser in another, over distances
of a few grains. So the size that is asked for varies, too.
"""

import math
from collections.abc import Sequence

import numpy as np

from grainpaint.philox import normal_field

__all__ = ["between", "unevenness"]

_STREAM = 16  # of random numbers
_SPACING = 8  # of the lattice, base voxels
_MOST = 2.0  # spreads


def unevenness(
    seed: int, voxels: Sequence[np.ndarray], periods: Sequence[int]
) -> np.ndarray:
    """Return how much coarser than the mean the grains at each base voxel should be.

    Parameters
    ----------
    seed : int
    voxels : three int arrays
        Base voxels along x, y, z.
    periods : three ints
        Base voxels after which the volume repeats; 0 = never.

    Returns
    -------
    numpy.ndarray, float64, shape (X, Y, Z)
        In spreads of the logarithm of the diameter, -2..2. A smooth function of seed
        and place, of mean 0.
    """
    nodes, steps = [], []
    for along, period in zip(voxels, periods):
        n = max(1, round(period / _SPACING))
        below, weights = between(along * (n / period if period else 1 / _SPACING))
        numbers, places = np.unique([below, below + 1], return_inverse=True)
        nodes.append(numbers % n if period else numbers)
        steps.append((places.reshape(2, -1), weights))
    field = normal_field(seed, _STREAM, nodes, 1)[..., 0]
    for axis, (places, weights) in enumerate(steps):
        turned = np.moveaxis(field, axis, -1)
        smooth = sum(turned[..., at] * weight for at, weight in zip(places, weights))
        field = np.moveaxis(smooth, -1, axis)
    found: np.ndarray = np.clip(field, -_MOST, _MOST)
    return found


def between(place: np.ndarray) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Return the lattice points below places, and weights that keep the variance.

    Parameters
    ----------
    place : numpy.ndarray, float
        Coordinates in units of the lattice.

    Returns
    -------
    numpy.ndarray, int
    two arrays
        Weights of the point below and of the next one; their squares add up to 1.
    """
    below = np.floor(place)
    angle = (place - below) * (math.pi / 2)
    return below.astype(int), (np.cos(angle), np.sin(angle))
