"""Noise that is alike along the height of a build, where its grains are columns.

Columns reach through hundreds of voxels, farther than a network sees: drawn from noise
that is independent from voxel to voxel they break off. A network takes what is alike in
its noise for a trace of the grains, so a little of that leads it to one color along a
column; how wide columns are it decides itself, from the process maps. Therefore the
noise has the same strength at all widths (octaves), and is longer the wider it is.
The lowest columns grow from the grains of the substrate: over each of those the noise
has a little of its color.
"""

import math

import numpy as np

from grainpaint.generation.grain_size import Axes
from grainpaint.generation.sampler import UNKNOWN
from grainpaint.generation.scatter import between
from grainpaint.palette import palette
from grainpaint.philox import normal_field
from grainpaint.simulate.am.channels import depths_above, mobile_dose

__all__ = ["alike_along_columns", "grown_from"]

_STREAM = 12  # of random numbers, and those after it
_WIDTHS = (4, 8, 16, 32)  # of the octaves, base voxels
_ASPECT = 16  # height by width
_STRENGTH = 0.05  # of an octave, beside noise of 1
_TURN = 0.7  # angle between the lattices of two octaves
_FEW, _MANY = 24.0, 40.0  # units of dose: grains are columns where they move on
_COLOR = 0.12  # strength of the color of the grain under a place
_OVER = 80  # widths of base voxels above that grain at which it has fallen to 0
_RISE = 0.4  # pool depths above the substrate, by width, from which columns are so wide


def alike_along_columns(
    noise: np.ndarray, seed: int, voxels: Axes, maps: np.ndarray
) -> np.ndarray:
    """Return noise of unit variance, some of which is alike along columns.

    Parameters
    ----------
    noise : numpy.ndarray, float32, shape (X, Y, Z, dim)
        Independent normal noise.
    seed : int
    voxels : three int arrays
        Where base voxels lie along x, y, z, in their widths, evenly spaced.
    maps : numpy.ndarray, float32, shape (X, Y, Z, n_maps)
        See `grainpaint.simulate.am.channels`.

    Returns
    -------
    numpy.ndarray, float32, shape of noise
        A function of seed, place and maps.
    """
    moving = np.clip((mobile_dose(maps) - _FEW) / (_MANY - _FEW), 0, 1)
    depths = depths_above(maps)
    if not (moving * depths).any():
        return noise
    found, variance = noise.copy(), np.ones(noise.shape[:3], np.float32)
    for number, width in enumerate(_WIDTHS):
        strength = _STRENGTH * moving * np.clip(depths / (_RISE * width), 0, 1)
        alike = _octave(seed, number, width, voxels, noise.shape[-1])
        found += strength[..., None] * alike
        variance += strength**2
    found /= np.sqrt(variance)[..., None]
    return found


def grown_from(noise: np.ndarray, known: np.ndarray, stretch: int) -> np.ndarray:
    """Return noise that has a little of the color of the grain under each place.

    Parameters
    ----------
    noise : numpy.ndarray, float32, shape (X, Y, Z, dim)
        Of unit variance.
    known : numpy.ndarray, uint8, shape (X, Y, Z)
        The colors of the substrate, UNKNOWN above.
    stretch : int
        Height of a base voxel over its width.

    Returns
    -------
    numpy.ndarray, float32, shape of noise
    """
    z = np.arange(known.shape[2])
    top = np.where(known != UNKNOWN, z, -1).max(2)
    under = top >= 0
    color = np.take_along_axis(known, np.maximum(top, 0)[..., None], 2)[..., 0]
    vectors = palette(noise.shape[-1])[np.where(under, color, 0)]
    above = stretch * np.maximum(z - top[..., None], 0)
    strength = _COLOR * np.maximum(0, 1 - above / _OVER) * under[..., None]
    strength = strength.astype(np.float32)[..., None]
    found: np.ndarray = noise + strength * vectors[:, :, None]
    found /= np.sqrt(1 + strength**2)
    return found


def _octave(seed: int, number: int, width: int, voxels: Axes, dim: int) -> np.ndarray:
    """Return normal noise between the points of a lattice, turned about z."""
    x, y, z = (np.asarray(v, float) for v in voxels)
    c, s = math.cos(_TURN * number) / width, math.sin(_TURN * number) / width
    i, across = between(c * x[:, None] + s * y)
    j, along = between(c * y - s * x[:, None])
    k, up = between(z / (width * _ASPECT))
    nodes = [np.arange(n.min(), n.max() + 2) for n in (i, j, k)]
    values = normal_field(seed, _STREAM + number, nodes, dim)
    i, j, k = (n - nodes[axis][0] for axis, n in enumerate((i, j, k)))
    flat = sum(
        (across[a] * along[b])[..., None, None] * values[i + a, j + b]
        for a in (0, 1)
        for b in (0, 1)
    )
    found: np.ndarray = sum(up[a][:, None] * flat[:, :, k + a] for a in (0, 1))
    return found.astype(np.float32)
