"""A melt pool that tapers to a point."""

from typing import Literal

import numpy as np

from grainpaint.simulate.am.melt_pool.scaled import FrontRearPool

__all__ = ["Teardrop"]


class Teardrop(FrontRearPool):
    r"""A round front and a rear that tapers to a point.

    At a fraction s of the rear length the cross section is half an ellipse whose axes
    are scaled by :math:`\sqrt{1 - 3 s^2 + 2 s^3} = (1 - s) \sqrt{1 + 2 s}`.

    Parameters
    ----------
    width, depth : float
        Full width and depth, voxels.
    front, rear : float
        Lengths in front of the origin and behind it, voxels.
    """

    shape: Literal["teardrop"] = "teardrop"

    def _rear_term(self, share: np.ndarray) -> np.ndarray:
        return np.where(share < 1, share**2 * (3 - 2 * share), share)

    def _rear_slope(self, share: np.ndarray) -> np.ndarray:
        slope: np.ndarray = 6 * share * (1 - share)
        return slope

    def _rear_share(self, level: np.ndarray) -> np.ndarray:
        # The root of 3 s^2 - 2 s^3 = level in 0..1, by the trigonometric formula.
        share: np.ndarray = 0.5 - np.sin(np.arcsin(1 - 2 * level) / 3)
        return share
