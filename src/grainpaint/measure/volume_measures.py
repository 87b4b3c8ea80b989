"""Measures of a volume as a whole."""

from __future__ import annotations

import numpy as np

from grainpaint.formats.slabs import Slabs
from grainpaint.measure.boundaries import boundary_density, roughness
from grainpaint.measure.dimensions import CONTENT, cell_size
from grainpaint.measure.junctions import count_junctions
from grainpaint.measure.tally import Tally, tally
from grainpaint.microstructure import Microstructure

__all__ = ["volume_measures"]


def volume_measures(
    volume: Microstructure | Slabs, counted: Tally | None = None
) -> dict[str, float]:
    """Measure a volume as a whole.

    Parameters
    ----------
    volume : Microstructure or Slabs
        Slabs are read as they are needed; solids without periodic axes.
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

        In a section one voxel thick:

        - `grains_per_mm2`, `mean_area_um2`, `weighted_area_um2`;
        - `boundary_length_per_um`: smoothed grain boundary length per area;
        - `triple_points_per_um2`: points per area at which three grains meet; where
          four meet, two;
        - `roughness`: boundary length over that at half resolution.

        In a line of voxels: `grains_per_mm`, `mean_length_um`, `weighted_length_um`.

    Raises
    ------
    InputError
        If the volume has no grain.
    """
    counted = counted or tally(volume)
    axes, dimension = volume.axes, len(volume.axes)
    sizes = counted.sums[1:, 0]
    sizes = sizes[sizes > 0].astype(float)
    voxel = cell_size(volume.spacing, axes)
    total = sizes.sum() * voxel
    power = "" if dimension == 1 else str(dimension)
    name = CONTENT[dimension]
    found = {
        f"grains_per_mm{power}": float(sizes.size / total * 1e3**dimension),
        f"mean_{name}": float(sizes.mean() * voxel),
        f"weighted_{name}": float((sizes**2).sum() / sizes.sum() * voxel),
    }
    if dimension == 1:
        return found
    triple, quadruple = count_junctions(volume)
    if dimension == 2:
        return found | {
            "boundary_length_per_um": boundary_density(volume, counted),
            "triple_points_per_um2": float(triple[3 - sum(axes)] / total),
            "roughness": roughness(volume, counted),
        }
    # A section consists of as many squares as voxels, with the area of a voxel face.
    points_per_area = np.array(triple) / sizes.sum() / voxel * volume.spacing
    return found | {
        "boundary_per_um": boundary_density(volume, counted),
        "triple_lines_per_um2": 2 * float(points_per_area.mean()),
        "quadruple_points_per_um3": float(quadruple / total),
        "roughness": roughness(volume, counted),
    }
