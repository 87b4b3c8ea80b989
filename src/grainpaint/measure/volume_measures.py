"""Measures of a volume as a whole."""

from __future__ import annotations

import numpy as np

from grainpaint.measure.boundaries import boundary_density, roughness
from grainpaint.measure.junctions import count_junctions
from grainpaint.measure.tally import Tally, tally
from grainpaint.microstructure import Microstructure

__all__ = ["volume_measures"]


def volume_measures(
    volume: Microstructure, counted: Tally | None = None
) -> dict[str, float]:
    """Measure a volume as a whole.

    Parameters
    ----------
    volume : Microstructure
    counted : Tally, optional
        The tally of this volume, if it is known already.

    Returns
    -------
    dict of str to float
        - `grains_per_mm3`: grains per volume, border grains included;
        - `mean_volume_um3`, `weighted_volume_um3`: mean grain volume by number and by
          volume;
        - `boundary_per_um`: smoothed grain boundary area per volume;
        - `triple_lines_per_um2`: length of triple lines per volume: twice the number of
          triple points per area of plane sections, averaged over sections across x, y
          and z (Underwood, Quantitative Stereology, 1970, L_V = 2 P_A);
        - `quadruple_points_per_um3`: points per volume at which four triple lines meet
          (see `grainpaint.measure.junctions`);
        - `roughness`: boundary area over that at half resolution; 1 if smooth.

    Raises
    ------
    InputError
        If the volume has no grain.
    """
    counted = counted or tally(volume)
    sizes = counted.sums[1:, 0]
    sizes = sizes[sizes > 0].astype(float)
    voxel = float(np.prod(volume.spacing))
    total = sizes.sum() * voxel
    triple, quadruple = count_junctions(volume)
    # A section consists of as many squares as voxels, with the area of a voxel face.
    points_per_area = np.array(triple) / volume.n_voxels / voxel * volume.spacing
    return {
        "grains_per_mm3": float(sizes.size / total * 1e9),
        "mean_volume_um3": float(sizes.mean() * voxel),
        "weighted_volume_um3": float((sizes**2).sum() / sizes.sum() * voxel),
        "boundary_per_um": boundary_density(volume, counted),
        "triple_lines_per_um2": 2 * float(points_per_area.mean()),
        "quadruple_points_per_um3": float(quadruple / total),
        "roughness": roughness(volume, counted),
    }
