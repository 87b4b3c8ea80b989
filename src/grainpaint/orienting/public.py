"""The front door: orientations for the grains of a volume."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from grainpaint.errors import InputError
from grainpaint.measure.misorientation import boundaries
from grainpaint.microstructure import Microstructure
from grainpaint.orientations import Orientations
from grainpaint.orientations.symmetry import checked_symmetry
from grainpaint.orientations.texture import assigned
from grainpaint.orienting.shares import neighbors_at_random, shares_of
from grainpaint.orienting.sources import Source, wanted_misorientations
from grainpaint.orienting.swaps import swapped, turned
from grainpaint.philox import check_seed
from grainpaint.progress import Progress, silent

__all__ = ["Oriented", "orient", "orient_measured"]

_STREAM = 31
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
    n_along : int, optional
        Grains whose fibre lies along the direction in which they grew, if that was
        asked for; the others have any orientation.
    """

    volume: Microstructure
    distance: float
    floor: float
    n_along: int | None = None


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
        uniform; fibre:<001>,z,10deg; fibre:<001>,build.toml,10deg, along the direction
        in which grains of this build grew; component:goss,10deg; a list of orientations
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
        shares = shares_of(texture, symmetry, volume, rng)
        quaternion = np.tile([1.0, 0, 0, 0], (int(ids[-1]), 1))
        frame, groups = quaternion.copy(), np.zeros(len(quaternion), int)
        size = np.ones(len(quaternion))
        size[ids - 1] = volumes
        for number, share in enumerate(shares):
            rows = ids[share.grains] - 1
            quaternion[rows] = assigned(share.texture, size[rows], rng)
            frame[rows], groups[rows] = share.frame, number
        bar.update(1)
        found = boundaries(volume)
        bar.update(2)
        distance = floor = float("nan")
        if len(found.pairs):
            if wanted is None:
                wanted = neighbors_at_random(shares, groups, frame, found, rng)
            floor = _floor(wanted, found.area)
            enough = _ENOUGH * floor
            quaternion, distance = swapped(
                quaternion, size, found, wanted, symmetry, seed, enough, frame, groups
            )
        else:
            quaternion = turned(frame, quaternion)
        known = Orientations(quaternion, symmetry)
    n_along = shares[0].grains.size if shares[0].along else None
    return Oriented(replace(volume, orientations=known), distance, floor, n_along)


def _floor(wanted: np.ndarray, area: np.ndarray) -> float:
    """Return the mean distance of boundaries that each draw their angle from `wanted`.

    The share of a bin then scatters about as normal numbers do.
    """
    variance = wanted * (1 - wanted) * (area**2).sum()
    return float(np.sqrt(2 / np.pi * variance).sum())
