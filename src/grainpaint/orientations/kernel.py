"""The density of orientations of grains: a bell curve around each of them.

The bell curve is the kernel of de la Vallée Poussin, a power of the cosine of half the
angle. Its pole figures have a closed form, a power too. Densities are multiples of that
of a uniform texture: their mean is 1.

References
----------
Schaeben, The de la Vallée Poussin standard orientation density function, Textures and
Microstructures 33 (1999) 365, https://doi.org/10.1155/TSM.33.365.
"""

from __future__ import annotations

from functools import cache

import numba as nb
import numpy as np

from grainpaint.orientations.symmetry import operators

__all__ = ["HALF_WIDTH", "kernel", "pole_density", "texture_index"]

HALF_WIDTH = float(np.radians(10.0))  # angle at which the kernel has half its maximum
_POWER = float(np.log(0.5) / (2 * np.log(np.cos(HALF_WIDTH / 2))))
_DEGREES = 60  # of the series of the kernel; the rest is below 1e-15
_TABLE = 1 << 14
_EDGE = 90  # cells along the width of the hemisphere, in which poles are put together
_ALL_PAIRS = 1500  # grains; of more, pairs are drawn
_DRAWN = 1 << 20


def kernel(half_cosine: np.ndarray) -> np.ndarray:
    """Return the kernel of rotations.

    Parameters
    ----------
    half_cosine : numpy.ndarray
        Cosine of half their angle.
    """
    from scipy.special import beta

    height = beta(1.5, 0.5) / beta(1.5, _POWER + 0.5)
    found: np.ndarray = height * np.abs(half_cosine) ** (2 * _POWER)
    return found


@cache
def _twice() -> np.ndarray:
    """Return the kernel convolved with itself, over half cosines 0..1.

    By the characters of rotations, sin((2 l + 1) w / 2) / sin(w / 2).
    """
    nodes, weights = np.polynomial.legendre.leggauss(400)
    half = (nodes + 1) * np.pi / 4  # half the angle, 0..pi / 2
    values = kernel(np.cos(half)) * np.sin(half) ** 2 * weights
    table = np.arccos(np.linspace(0, 1, _TABLE))
    table[-1] = 1e-7
    found = np.zeros(_TABLE)
    for order in range(1, 2 * _DEGREES, 2):
        share = float((values * np.sin(order * half) / np.sin(half)).sum())
        found += share**2 / order * np.sin(order * table) / np.sin(table)
    return found


@nb.njit(inline="always")
def _looked_up(table, x):
    place = x * (len(table) - 1)
    at = min(int(place), len(table) - 2)
    return table[at] + (place - at) * (table[at + 1] - table[at])


@nb.njit(inline="always")
def _near(q, i, j, group, table):
    """Return the mean over the symmetry of the kernel between two orientations."""
    a, b, c, d = q[i]
    e, f, g, h = q[j]
    w = a * e + b * f + c * g + d * h
    x = a * f - b * e - c * h + d * g
    y = a * g + b * h - c * e - d * f
    z = a * h - b * g + c * f - d * e
    total = 0.0
    for s in range(len(group)):
        r = group[s]
        cosine = min(abs(w * r[0] + x * r[1] + y * r[2] + z * r[3]), 1.0)
        if cosine > 0.7:  # it is 0 beyond 90 degrees
            total += _looked_up(table, cosine)
    return total / len(group)


@nb.njit(cache=True)
def _over_all(q, weight, group, table):
    total, norm = 0.0, 0.0
    for i in range(len(q)):
        for j in range(i):
            both = weight[i] * weight[j]
            total += both * _near(q, i, j, group, table)
            norm += both
    return total / norm


@nb.njit(cache=True)
def _over_drawn(q, one, other, group, table):
    total, n = 0.0, 0
    for k in range(len(one)):
        if one[k] != other[k]:
            total += _near(q, one[k], other[k], group, table)
            n += 1
    return total / n


def texture_index(quaternion: np.ndarray, weight: np.ndarray, symmetry: str) -> float:
    """Return the texture index of grains: the mean square of the density.

    Parameters
    ----------
    quaternion : numpy.ndarray, float64, shape (n, 4)
    weight : numpy.ndarray, shape (n,)
        Volumes.
    symmetry : str
        A key of `GROUPS`.

    Returns
    -------
    float
        1 for a uniform texture, the larger the sharper; NaN for a single grain.

    Notes
    -----
    It is the mean, over pairs of grains by their volumes, of the kernel convolved with
    itself. A grain makes no pair with itself, so that the index does not grow as grains
    become few. Of more than 1,500 grains, 2^20 pairs are drawn; the standard error is
    then about 0.003 in a uniform texture.
    """
    if len(quaternion) < 2:
        return float("nan")
    q = np.ascontiguousarray(quaternion, np.float64)
    weight = np.asarray(weight, np.float64)
    group, table = operators(symmetry), _twice()
    if len(q) <= _ALL_PAIRS:
        return float(_over_all(q, weight, group, table))
    rng = np.random.default_rng(0)
    upto = np.cumsum(weight) / weight.sum()
    rows = np.searchsorted(upto, rng.random((2, _DRAWN)), side="right")
    one, other = np.minimum(rows, len(q) - 1)
    return float(_over_drawn(q, one, other, group, table))


@nb.njit(cache=True)
def _spread(directions, poles, weight, table, out):
    for i in range(len(directions)):
        x, y, z = directions[i]
        total = 0.0
        for k in range(len(poles)):
            near = abs(x * poles[k, 0] + y * poles[k, 1] + z * poles[k, 2])
            total += weight[k] * _looked_up(table, min(near, 1.0))
        out[i] = total


def pole_density(
    quaternion: np.ndarray,
    weight: np.ndarray,
    pole: np.ndarray,
    symmetry: str,
    directions: np.ndarray,
) -> np.ndarray:
    """Return how often crystals have a pole along directions of the sample.

    Parameters
    ----------
    quaternion : numpy.ndarray, float64, shape (n, 4)
    weight : numpy.ndarray, shape (n,)
        Volumes.
    pole : numpy.ndarray, float64, shape (3,)
        A direction in the crystal; its equivalents, and opposite ones, count too.
    symmetry : str
        A key of `GROUPS`.
    directions : numpy.ndarray, float64, shape (m, 3)
        Unit vectors.

    Returns
    -------
    numpy.ndarray, float64, shape (m,)
        Multiples of a uniform texture.
    """
    poles, share = _binned(*_poles(quaternion, weight, pole, symmetry))
    cosine = np.linspace(0, 1, _TABLE)
    both = ((1 + cosine) / 2) ** _POWER + ((1 - cosine) / 2) ** _POWER
    out = np.empty(len(directions))
    values = np.ascontiguousarray(directions, np.float64)
    _spread(values, poles, share, (1 + _POWER) / 2 * both, out)
    return out


def _poles(
    quaternion: np.ndarray, weight: np.ndarray, pole: np.ndarray, symmetry: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return the poles of all grains in the upper half of the sample, and weights."""
    from scipy.spatial.transform import Rotation

    group = Rotation.from_quat(operators(symmetry), scalar_first=True)
    equal = group.apply(pole / np.linalg.norm(pole))
    equal *= np.where(equal @ [1.0, 1e-3, 1e-6] < -1e-9, -1, 1)[:, None]
    equal = equal[np.unique(equal.round(6), axis=0, return_index=True)[1]]
    turn = Rotation.from_quat(quaternion, scalar_first=True)
    found = np.concatenate([turn.apply(one) for one in equal])
    found *= np.where(found[:, 2] < 0, -1, 1)[:, None]
    return found, np.tile(weight / weight.sum() / len(equal), len(equal))


def _binned(poles: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Put poles of one cell of about 2 degrees together, at their mean."""
    flat = poles[:, :2] / np.sqrt(1 + poles[:, 2:])  # within the circle of radius 1
    cells = np.clip(((flat + 1) / 2 * _EDGE).astype(np.int64), 0, _EDGE - 1)
    _, number = np.unique(cells @ [_EDGE, 1], return_inverse=True)
    sums = [np.bincount(number, weight * values) for values in poles.T]
    middle = np.stack(sums, 1)
    middle = middle / np.linalg.norm(middle, axis=1)[:, None]
    return middle, np.bincount(number, weight)
