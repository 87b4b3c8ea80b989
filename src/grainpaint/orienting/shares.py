"""Which grains have which texture, in which frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grainpaint.errors import InputError
from grainpaint.measure.misorientation import N_BINS, Boundaries
from grainpaint.microstructure import Microstructure
from grainpaint.orientations.disorientation import pair_angles
from grainpaint.orientations.texture_list import Texture
from grainpaint.orientations.texture_text import with_axis_file
from grainpaint.orienting.growth import directions, growth_of
from grainpaint.orienting.sources import Source, texture_of
from grainpaint.orienting.swaps import turned

__all__ = ["Share", "neighbors_at_random", "random_misorientations", "shares_of"]

_PAIRS = 1 << 20  # of random orientations, for their disorientations


@dataclass(frozen=True, eq=False)
class Share:
    """Grains with one texture.

    Parameters
    ----------
    grains : numpy.ndarray, int64, shape (n,)
        Which of the IDs of a volume, ascending.
    texture : Texture
        In the frames of the grains.
    frame : numpy.ndarray, float64, shape (n, 4)
        Unit quaternions that turn the sample's axes to those of each frame.
    along : bool
        Whether z of the frames is the direction in which the grains grew.
    """

    grains: np.ndarray
    texture: Texture
    frame: np.ndarray
    along: bool = False


def shares_of(
    texture: Source,
    symmetry: str,
    volume: Microstructure,
    rng: np.random.Generator,
    phase: str = "",
) -> list[Share]:
    """Return what the grains of a volume, of the phase of a name, have of a texture.

    Raises
    ------
    InputError
        If the texture cannot be used.
    """
    ids = volume.ids()
    every = np.arange(ids.size)
    still = np.tile([1.0, 0, 0, 0], (ids.size, 1))
    local = with_axis_file(texture) if isinstance(texture, str) else None
    if local is None:
        found = texture_of(texture, symmetry, ids.size, rng, phase)
        return [Share(every, found, still)]
    text, file = local
    along_z = texture_of(text, symmetry, ids.size, rng)
    growth = growth_of(volume, ids, directions(file, volume))
    if not growth.follows.any():
        raise InputError(f"{file}: none of the grains was molten there")
    along = [Share(every[growth.follows], along_z, growth.frame[growth.follows], True)]
    if not growth.follows.all():
        rest = every[~growth.follows]
        uniform = texture_of("uniform", symmetry, rest.size, rng)
        along.append(Share(rest, uniform, still[rest]))
    return along


def neighbors_at_random(
    shares: list[Share],
    groups: np.ndarray,
    frame: np.ndarray,
    found: Boundaries,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return the distribution of disorientations if neighbors are chosen at random.

    Parameters
    ----------
    shares : list of Share
    groups : numpy.ndarray, integer, shape (n,)
        Number of the share of each grain, a row for each ID from 1.
    frame : numpy.ndarray, float64, shape (n, 4)
        Of each grain.
    found : Boundaries
    rng : numpy.random.Generator

    Returns
    -------
    numpy.ndarray, float64, shape (90,)
        Shares in bins of two degrees.
    """
    first = shares[0]
    if not first.along:
        return random_misorientations(first.texture, rng)
    chosen = rng.choice(len(found.area), _PAIRS, p=found.area)
    grain = found.pairs[chosen].ravel()
    own = np.empty((grain.size, 4))
    for number, share in enumerate(shares):
        rows = groups[grain] == number
        own[rows] = share.texture.draw(int(rows.sum()), rng)
    return _distribution(turned(frame[grain], own), first.texture.symmetry)


def random_misorientations(
    texture: Texture, rng: np.random.Generator, n: int = _PAIRS
) -> np.ndarray:
    """Return the distribution of disorientations of random pairs of a texture.

    Returns
    -------
    numpy.ndarray, float64, shape (90,)
        Shares in bins of two degrees; for uniform cubic crystals, Mackenzie's.
    """
    return _distribution(texture.draw(2 * n, rng), texture.symmetry)


def _distribution(quaternion: np.ndarray, symmetry: str) -> np.ndarray:
    """Return the shares of bins of orientations 0 and 1, 2 and 3, ..."""
    pairs = np.arange(len(quaternion)).reshape(-1, 2)
    angle = pair_angles(quaternion, pairs, symmetry)
    share: np.ndarray = np.histogram(angle, N_BINS, (0, np.pi))[0] / len(pairs)
    return share
