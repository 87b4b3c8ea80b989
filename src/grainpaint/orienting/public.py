"""The front door: orientations for the grains of a volume."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from grainpaint.errors import InputError
from grainpaint.measure.misorientation import N_BINS, boundaries
from grainpaint.microstructure import Microstructure
from grainpaint.orientations import Orientations
from grainpaint.orientations.disorientation import pair_angles
from grainpaint.orientations.symmetry import checked_symmetry
from grainpaint.orientations.texture import assigned
from grainpaint.orientations.texture_list import Texture
from grainpaint.orienting.sources import Source, texture_of, wanted_misorientations
from grainpaint.orienting.swaps import swapped
from grainpaint.philox import check_seed
from grainpaint.progress import Progress, silent

__all__ = ["Oriented", "orient", "orient_measured", "random_misorientations"]

_STREAM = 31
_PAIRS = 1 << 20  # of random orientations, for their disorientations
_ENOUGH = 0.5  # of the distance of so many random boundaries: then swaps stop


@dataclass(frozen=True, eq=False)
class Oriented:
    """A volume with orientations, and how well they are what was asked for.

    Parameters
    ----------
    volume : Microstructure
    distance : float
        Sum, over bins of two degrees, of the differences between the distribution of
        the disorientation across boundaries and the wanted one; NaN without boundaries.
    floor : float
        The distance that as many boundaries with independent angles would have.
    """

    volume: Microstructure
    distance: float
    floor: float


def orient(
    volume: Microstructure,
    texture: Source = "uniform",
    misorientations: Source | None = None,
    symmetry: str = "432",
    seed: int = 0,
) -> Microstructure:
    """Give the grains of a volume orientations.

    Parameters
    ----------
    volume : Microstructure
        Orientations that it has are replaced.
    texture : str, path or Microstructure
        uniform; fibre:<001>,z,10deg; component:goss,10deg; a list of orientations
        (.csv); or a volume or map whose grains have orientations. See
        `grainpaint.orientations.texture_text.parse_texture`.
    misorientations : path or Microstructure, optional
        A volume or map, whose distribution of the disorientation angle across
        boundaries is wanted; if not given, that of neighbors chosen at random.
    symmetry : str
        Of the crystals: 432 for cubic, 622 for hexagonal metals, or another key of
        `grainpaint.orientations.GROUPS`.
    seed : int
        The same seed gives the same orientations.

    Returns
    -------
    Microstructure
        The same grains; if their largest ID is far above their number, numbered anew
        in the order of their IDs.

    Raises
    ------
    InputError
        If the volume has no grain, or a texture, file or symmetry cannot be used.

    Examples
    --------
    >>> halves = np.ones((4, 4, 4), int)
    >>> halves[2:] = 2
    >>> volume = orient(Microstructure(halves), "component:goss,0deg")
    >>> volume.orientations.euler().round(3)
    array([[0.   , 0.785, 0.   ],
           [0.   , 0.785, 0.   ]])
    """
    return orient_measured(volume, texture, misorientations, symmetry, seed).volume


def orient_measured(
    volume: Microstructure,
    texture: Source = "uniform",
    misorientations: Source | None = None,
    symmetry: str = "432",
    seed: int = 0,
    progress: Progress = silent,
) -> Oriented:
    """Do what `orient` does, and return how near it came."""
    check_seed(seed)
    checked_symmetry(symmetry)
    if not volume.grain_id.any():
        raise InputError("the volume has no grain to orient")
    rng = np.random.default_rng((seed, _STREAM))
    wanted = None
    if misorientations is not None:
        wanted = wanted_misorientations(misorientations, symmetry)
    with progress("orient", 3) as bar:
        volume = replace(volume, orientations=None).compact()[0]
        ids, volumes = volume.ids(), volume.grain_volumes()
        drawn = texture_of(texture, symmetry, ids.size, rng)
        quaternion = np.zeros((int(ids[-1]), 4))
        quaternion[:, 0] = 1.0  # of IDs that no grain has
        quaternion[ids - 1] = assigned(drawn, volumes, rng)
        bar.update(1)
        found = boundaries(volume)
        bar.update(2)
        distance = floor = float("nan")
        if len(found.pairs):
            if wanted is None:
                wanted = random_misorientations(drawn, rng)
            floor = _floor(wanted, found.area)
            size = np.ones(len(quaternion))
            size[ids - 1] = volumes
            quaternion, distance = swapped(
                quaternion, size, found, wanted, symmetry, seed, _ENOUGH * floor
            )
        known = Orientations(quaternion, symmetry)
    return Oriented(replace(volume, orientations=known), distance, floor)


def random_misorientations(
    texture: Texture, rng: np.random.Generator, n: int = _PAIRS
) -> np.ndarray:
    """Return the distribution of disorientations of random pairs of a texture.

    Returns
    -------
    numpy.ndarray, float64, shape (90,)
        Shares in bins of two degrees; for uniform cubic crystals, Mackenzie's.
    """
    q = texture.draw(2 * n, rng)
    pairs = np.arange(2 * n).reshape(n, 2)
    angle = pair_angles(q, pairs, texture.symmetry)
    share: np.ndarray = np.histogram(angle, N_BINS, (0, np.pi))[0] / n
    return share


def _floor(wanted: np.ndarray, area: np.ndarray) -> float:
    """Return the mean distance of boundaries that each draw their angle from `wanted`.

    The share of a bin then scatters about as normal numbers do.
    """
    variance = wanted * (1 - wanted) * (area**2).sum()
    return float(np.sqrt(2 / np.pi * variance).sum())
