r"""The perimeter of grains in a section, from the places where pixel lines leave them.

The smoothed perimeter is the Cauchy-Crofton estimate in a plane: lines along a
direction d, a distance A_d apart, meet the outline I_d times, and

.. math:: P = \frac{\pi}{2} \sum_d \omega_d I_d A_d, \qquad \sum_d \omega_d = 1,

where omega_d is the share of the half circle that lies nearest to d; d points to the
eight neighbors (Ohser and Mücklich, Statistical Analysis of Microstructures, 2000). The
estimate is unbiased for outlines that face all directions alike: on average over their
places, circles come out 1 % too short at a radius of 3 pixels, 0.2 % at 6, and 0.05 %
at 12, for pixels up to three times as long as wide. A straight edge along an axis comes
out 5 % too short. Counting pixel edges instead overestimates the perimeter of a circle
by 27 %.
"""

from __future__ import annotations

import numpy as np

from grainpaint.measure.surface import DIRECTION_CLASSES

__all__ = ["edge_lengths", "perimeter"]


def _crofton_weights(spacing: tuple[float, ...], axes: tuple[int, ...]) -> np.ndarray:
    """Return the length in µm that one crossing of each of the seven classes adds."""
    u, v = (spacing[axis] for axis in axes)
    tilt = np.arctan2(v, u)  # of the diagonals
    weights = np.zeros(7)
    # Shares of the half circle; both diagonals are one class.
    for step, share in (
        ((1, 0), tilt / np.pi),
        ((1, 1), 1 / 4),
        ((0, 1), 1 / 2 - tilt / np.pi),
    ):
        place = [0, 0, 0]
        place[axes[0]], place[axes[1]] = step
        length = np.hypot(step[0] * u, step[1] * v)
        apart = u * v / length
        x, y, z = place
        weights[DIRECTION_CLASSES[x, y, z]] = np.pi / 2 * share * apart
    return weights


def perimeter(
    crossings: np.ndarray, spacing: tuple[float, ...], axes: tuple[int, ...]
) -> np.ndarray:
    """Return the smoothed perimeter from counts of crossings.

    Parameters
    ----------
    crossings : numpy.ndarray, int, shape (..., 7)
        Unlike neighbors in each of `grainpaint.measure.surface.DIRECTION_CLASSES`.
    spacing : three floats
        Edges of a voxel, µm.
    axes : two ints
        The axes of the section.

    Returns
    -------
    numpy.ndarray, float64, shape (...)
        µm.
    """
    length: np.ndarray = crossings @ _crofton_weights(spacing, axes)
    return length


def edge_lengths(spacing: tuple[float, ...], axes: tuple[int, ...]) -> np.ndarray:
    """Return the lengths in µm of pixel edges with normals x, y, z; 0 for no edge."""
    length = np.zeros(3)
    length[axes[0]], length[axes[1]] = spacing[axes[1]], spacing[axes[0]]
    return length
