"""Kernel average misorientation, of voxels whose orientation is that of their grain."""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from grainpaint.microstructure import Microstructure
from grainpaint.orientations.disorientation import half_cosine
from grainpaint.orientations.symmetry import operators

__all__ = ["kernel_averages"]


@nb.njit(cache=True)
def _add(ids, long, periodic, q, of_phase, number, group, sums, n):
    """Add up, by grain, the averages of the voxels of a phase."""
    shape = ids.shape
    for x in range(shape[0]):
        for y in range(shape[1]):
            for z in range(shape[2]):
                g = ids[x, y, z]
                if g == 0 or of_phase[g - 1] != number:
                    continue
                total, count = 0.0, 0
                for axis in range(3):
                    if not long[axis]:
                        continue
                    for step in (-1, 1):
                        place = (x, y, z)[axis] + step
                        if place < 0 or place >= shape[axis]:
                            if not periodic[axis]:
                                continue
                            place %= shape[axis]
                        if axis == 0:
                            h = ids[place, y, z]
                        elif axis == 1:
                            h = ids[x, place, z]
                        else:
                            h = ids[x, y, place]
                        if h == 0 or of_phase[h - 1] != number:
                            continue
                        count += 1
                        if h != g:
                            total += 2 * math.acos(
                                half_cosine(q, g - 1, q, h - 1, group)
                            )
                if count:
                    sums[g] += total / count
                    n[g] += 1


def kernel_averages(volume: Microstructure) -> np.ndarray:
    """Return the kernel average misorientation of grains.

    That of a voxel is the mean disorientation to the voxels that share a face with it
    and are of its phase: 6 in a solid, 4 in a section, 0 within a grain. That of a
    grain is the mean over its voxels.

    Parameters
    ----------
    volume : Microstructure
        With orientations.

    Returns
    -------
    numpy.ndarray, float64, shape (n + 1,)
        Row g is that of grain g, degrees; NaN if none of its voxels has such a
        neighbor.
    """
    known = volume.orientations
    assert known is not None
    sums, n = np.zeros(len(known) + 1), np.zeros(len(known) + 1, np.int64)
    long = np.isin(np.arange(3), volume.axes)
    wraps = np.array(volume.periodic)
    quaternion = np.ascontiguousarray(known.quaternion)
    for number, symmetry in enumerate(known.symmetry, 1):
        group = operators(symmetry)
        _add(
            volume.grain_id, long, wraps, quaternion, known.phase, number, group,
            sums, n,
        )  # fmt: skip
    found = np.full(len(sums), np.nan)
    np.divide(sums, n, out=found, where=n > 0)
    return np.asarray(np.degrees(found))
