r"""The surface area of grains, from the places where voxel lines leave them.

The smoothed surface area is the Cauchy-Crofton estimate: lines along a direction d,
each of which stands for a cross-section A_d, meet the surface I_d times, and

.. math:: S = 2 \sum_d \omega_d I_d A_d, \qquad \sum_d \omega_d = 1,

where omega_d is the share of the sphere that lies nearest to d (Lehmann and Legland,
Insight Journal 2012, 852; Ohser and Mücklich, Statistical Analysis of Microstructures,
2000). The estimate is unbiased for surfaces that face all directions alike; a flat face
across an axis comes out 7 % too small. Counting voxel faces instead overestimates the
surface of a ball by half.
"""

from __future__ import annotations

import itertools
from functools import cache

import numpy as np

__all__ = ["DIRECTION_CLASSES", "face_areas", "surface_area"]

# Crossings are counted in seven classes of directions: x, y, z, xy, xz, yz, body.
DIRECTION_CLASSES = {
    (1, 0, 0): 0,
    (0, 1, 0): 1,
    (0, 0, 1): 2,
    (1, 1, 0): 3,
    (1, 0, 1): 4,
    (0, 1, 1): 5,
    (1, 1, 1): 6,
}


@cache
def _crofton_weights(spacing: tuple[float, ...]) -> np.ndarray:
    """Return the area in µm² that one crossing of each of the seven classes adds."""
    from scipy.spatial import SphericalVoronoi

    steps = np.array([s for s in itertools.product((-1, 0, 1), repeat=3) if any(s)])
    length = np.linalg.norm(steps * spacing, axis=1)
    share = SphericalVoronoi(steps * spacing / length[:, None]).calculate_areas()
    share /= share.sum()
    cell = float(np.prod(spacing))
    weights = np.zeros(7)
    for step, omega, step_length in zip(steps, share, length):
        # Two opposite steps are one direction; directions of a class weigh the same.
        x, y, z = (int(abs(s)) for s in step)
        weights[DIRECTION_CLASSES[x, y, z]] = 2 * (2 * omega) * cell / step_length
    return weights


def surface_area(crossings: np.ndarray, spacing: tuple[float, ...]) -> np.ndarray:
    """Return the smoothed surface area from counts of crossings.

    Parameters
    ----------
    crossings : numpy.ndarray, int, shape (..., 7)
        Unlike neighbors in each of `DIRECTION_CLASSES`.
    spacing : three floats
        Edges of a voxel, µm.

    Returns
    -------
    numpy.ndarray, float64, shape (...)
        µm².
    """
    area: np.ndarray = crossings @ _crofton_weights(spacing)
    return area


def face_areas(spacing: tuple[float, ...]) -> np.ndarray:
    """Return the areas in µm² of the voxel faces with normals x, y, z."""
    return float(np.prod(spacing)) / np.array(spacing)
