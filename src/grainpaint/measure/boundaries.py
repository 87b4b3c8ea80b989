"""Grain boundaries: their area per volume, and their roughness."""

from __future__ import annotations

import numpy as np

from grainpaint.formats.slabs import Slabs
from grainpaint.measure.dimensions import boundary_size, cell_size
from grainpaint.measure.tally import Tally, tally
from grainpaint.microstructure import Microstructure
from grainpaint.pyramid import halve

__all__ = ["boundary_density", "roughness"]


def boundary_density(
    volume: Microstructure | Slabs, counted: Tally | None = None
) -> float:
    """Return the smoothed grain boundary area per volume, 1/µm.

    In a section one voxel thick, it is the boundary length per area, 1/µm, and in a
    line of voxels the number of boundaries per length, 1/µm. The surface of the part
    and the faces of the box are not grain boundaries.

    Parameters
    ----------
    volume : Microstructure or Slabs
        Slabs are read as they are needed; without periodic axes.
    counted : Tally, optional
        The tally of this volume, if it is known already.

    Raises
    ------
    InputError
        If the volume has no grain.
    """
    counted = counted or tally(volume)
    # Boundaries are crossed from both sides, and so is the surface of the outside.
    between = (counted.crossings[1:].sum(0) - counted.crossings[0]) / 2
    axes = volume.axes
    size = counted.sums[1:, 0].sum() * cell_size(volume.spacing, axes)
    return float(boundary_size(between, volume.spacing, axes) / size)


def roughness(volume: Microstructure | Slabs, counted: Tally | None = None) -> float:
    """Return the boundary area over that at half resolution.

    Parameters
    ----------
    volume : Microstructure or Slabs
        Slabs are read as they are needed; without periodic axes.
    counted : Tally, optional
        The tally of this volume, if it is known already.

    Returns
    -------
    float
        1 for smooth boundaries; NaN if there are none at half resolution, where each
        voxel is the majority of 2 x 2 x 2 (of 2 x 2 in a section), or if half the
        resolution leaves one voxel of two or three along an axis.

    Raises
    ------
    InputError
        If the volume has no grain.
    """
    counted = counted or tally(volume)
    fine = boundary_density(volume, counted)
    if isinstance(volume, Slabs):
        return _rough_of(volume, fine, counted)
    even = tuple(max(1, n // 2 * 2) for n in volume.shape)
    whole = volume.crop((slice(even[0]), slice(even[1]), slice(even[2])))
    # A flat axis comes last, where a voxel is two alike: which corner of a cell wins a
    # tie then does not depend on the axis.
    order = sorted(range(3), key=lambda axis: even[axis] == 1)
    fine_id = whole.grain_id.transpose(order)
    for axis in range(3):
        if fine_id.shape[axis] == 1:
            fine_id = np.repeat(fine_id, 2, axis)
    coarse = Microstructure(
        halve(fine_id).transpose(np.argsort(order)),
        tuple(2 * s for s in whole.spacing),
        whole.origin,
        whole.periodic,
    )
    if coarse.axes != volume.axes or not coarse.grain_id.any():
        return float("nan")
    rough = boundary_density(coarse)
    return fine / rough if rough else float("nan")


def _rough_of(volume: Slabs, fine: float, counted: Tally) -> float:
    """Return the roughness of a solid that is read as it is needed."""

    def fetch(here: tuple[slice, slice, slice]) -> np.ndarray:
        spans = [s.indices(n)[:2] for s, n in zip(here, shape)]
        x, y, z = (slice(2 * a, 2 * b) for a, b in spans)
        ids = volume.index(volume.fetch((x, y, z)))
        return halve(ids, tuple(a for a, _ in spans))

    nx, ny, nz = (n // 2 for n in volume.shape)
    shape = nx, ny, nz
    if min(shape) < 2:
        return float("nan")
    double = tuple(2 * s for s in volume.spacing)
    coarse = Slabs(shape, double, volume.origin, volume.periodic, fetch)
    rough = boundary_density(
        coarse, tally(coarse, ids=np.arange(counted.ids.size, dtype=np.int32))
    )
    return fine / rough if rough else float("nan")
