"""Disorientation across grain boundaries, by their area."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grainpaint.errors import InputError
from grainpaint.measure.dimensions import BOUNDARY
from grainpaint.measure.grain_table import contacts
from grainpaint.microstructure import Microstructure
from grainpaint.orientations.disorientation import pair_angles

__all__ = ["BIN", "N_BINS", "Boundaries", "boundaries", "misorientations"]

BIN = np.radians(2.0)  # width of the bins of distributions
N_BINS = 90


@dataclass(frozen=True, eq=False)
class Boundaries:
    """The boundaries between grains.

    Parameters
    ----------
    pairs : numpy.ndarray, int64, shape (m, 2)
        Rows of the two grains, of grains 1, 2, ... from 0.
    area : numpy.ndarray, float64, shape (m,)
        Shares of the area of all boundaries (in sections, of their length).
    """

    pairs: np.ndarray
    area: np.ndarray


def boundaries(volume: Microstructure) -> Boundaries:
    """Return the boundaries between the grains of a volume, without its surface.

    Raises
    ------
    InputError
        If it has no grain.
    """
    found = contacts(volume)
    pairs = found[["grain", "other"]].to_numpy(np.int64) - 1
    area = found[BOUNDARY[len(volume.axes)]].to_numpy(np.float64)
    return Boundaries(pairs, area / area.sum() if area.size else area)


def misorientations(volume: Microstructure) -> np.ndarray:
    """Return the distribution of the disorientation across boundaries, by area.

    Boundaries between phases are left out.

    Returns
    -------
    numpy.ndarray, float64, shape (90,)
        Shares of the area in bins of two degrees.

    Raises
    ------
    InputError
        If the volume has no orientations, or no boundary within a phase.
    """
    known = volume.orientations
    if known is None:
        raise InputError("its grains have no orientations")
    found = boundaries(volume)
    share = np.zeros(N_BINS)
    phase = known.phase[found.pairs]
    for number, symmetry in enumerate(known.symmetry, 1):
        own = (phase == number).all(1)
        angle = pair_angles(known.quaternion, found.pairs[own], symmetry)
        bins = np.minimum((angle / BIN).astype(np.int64), N_BINS - 1)
        share += np.bincount(bins, found.area[own], N_BINS)
    if not share.any():
        raise InputError("no two grains of one phase share a boundary")
    shares: np.ndarray = share / share.sum()
    return shares
