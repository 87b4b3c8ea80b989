"""The disorientation of random pairs of crystals, of any symmetry."""

from __future__ import annotations

from functools import cache

import numpy as np

from grainpaint.orientations.disorientation import pair_angles
from grainpaint.orientations.mackenzie import mackenzie
from grainpaint.orientations.texture_parts import Uniform

__all__ = ["random_density"]

_PAIRS = 1 << 20
_STEP = 1.0  # degrees


def random_density(symmetry: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the density of the disorientation angle of random pairs.

    Parameters
    ----------
    symmetry : str
        A key of `GROUPS`.

    Returns
    -------
    angle : numpy.ndarray, float64, shape (k,)
        Degrees.
    density : numpy.ndarray, float64, shape (k,)
        Per degree: Mackenzie's law for 432, otherwise that of 2^20 pairs in bins of one
        degree.
    """
    if symmetry == "432":
        angle = np.linspace(0, 63, 631)
        return angle, np.radians(1) * mackenzie(np.radians(angle))
    return _sampled(symmetry)


@cache
def _sampled(symmetry: str) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    first, second = (Uniform().orientations(rng.random((_PAIRS, 3))) for _ in range(2))
    pairs = np.arange(2 * _PAIRS).reshape(2, _PAIRS).T
    angle = np.degrees(pair_angles(np.concatenate([first, second]), pairs, symmetry))
    edges = np.arange(0, np.ceil(angle.max()) + _STEP, _STEP)
    count = np.histogram(angle, edges)[0]
    middle = (edges[1:] + edges[:-1]) / 2
    ends = np.append(0.0, middle), np.append(0.0, count / _PAIRS / _STEP)
    return np.append(ends[0], edges[-1]), np.append(ends[1], 0.0)
