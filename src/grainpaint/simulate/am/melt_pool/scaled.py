"""Melt pools whose level sets come from growing all axes by the same length."""

import numpy as np
from pydantic import PositiveFloat

from grainpaint.simulate.am.melt_pool.ends import PoolWithEnds, toward_melt

__all__ = ["FrontRearPool", "ScaledPool"]

_BISECTIONS = 30


class ScaledPool(PoolWithEnds):
    """A pool whose level sets come from growing all its axes by the same length."""

    width: PositiveFloat
    depth: PositiveFloat

    def _rear_term(self, share: np.ndarray) -> np.ndarray:
        """Return the term of x < 0 in the level, at a share of the rear length."""
        term: np.ndarray = share**2
        return term

    def _rear_slope(self, share: np.ndarray) -> np.ndarray:
        """Return the derivative of `_rear_term`, within the pool."""
        slope: np.ndarray = 2 * share
        return slope

    def distance(self, points: np.ndarray) -> np.ndarray:
        """Return the growth of all axes for which the surface reaches each point.

        Parameters
        ----------
        points : numpy.ndarray, float, shape (n, 3)
            In the axes of the pool; z <= 0.

        Returns
        -------
        numpy.ndarray, float, shape (n,)
            Negative inside the pool; between the distance to the surface and slightly
            more outside (the shells of SPPARKS' ``am/ellipsoid``).
        """
        x, y, z = np.abs(points.T)
        ahead = points[:, 0] >= 0
        front, rear = self.ends
        low = np.full(len(points), -min(front, rear, self.depth, self.width / 2))
        low *= 1 - 1e-9
        high = x + y + z  # axes grown this much contain the point
        for _ in range(_BISECTIONS):
            t = (low + high) / 2
            along = np.where(
                ahead, (x / (front + t)) ** 2, self._rear_term(x / (rear + t))
            )
            outside = (
                along + (y / (self.width / 2 + t)) ** 2 + (z / (self.depth + t)) ** 2
                > 1
            )
            low, high = np.where(outside, t, low), np.where(outside, high, t)
        distance: np.ndarray = (low + high) / 2
        return distance

    def reach(self, y: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the reach of the pool forward and back along the line (y, z).

        Parameters
        ----------
        y, z : numpy.ndarray, float
            Position across the track and (<= 0) below it.

        Returns
        -------
        front, rear : numpy.ndarray, float
            NaN where the line misses the pool.
        """
        with np.errstate(invalid="ignore"):
            left = 1 - (2 * y / self.width) ** 2 - (z / self.depth) ** 2
            left = np.where(left > 0, left, np.nan)
            front, rear = self.ends
            return front * np.sqrt(left), rear * self._rear_share(left)

    def growth(self, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Return the normal of the rear surface, into the melt, along the line (y, z).

        Parameters
        ----------
        y, z : numpy.ndarray, float
            As in `reach`.

        Returns
        -------
        numpy.ndarray, float, shape (..., 3)
            Unit vectors in the axes of the pool; NaN where the line misses it, along
            the track at a pointed tail.
        """
        y, z = np.broadcast_arrays(y, z)
        rear = self.reach(y, z)[1]
        along = self._rear_slope(rear / self.ends[1]) / self.ends[1]
        return toward_melt(along, -8 * y / self.width**2, -2 * z / self.depth**2)

    def _rear_share(self, level: np.ndarray) -> np.ndarray:
        """Invert `_rear_term`."""
        share: np.ndarray = np.sqrt(level)
        return share


class FrontRearPool(ScaledPool):
    """A pool with different lengths in front of its origin and behind it."""

    front: PositiveFloat
    rear: PositiveFloat

    @property
    def ends(self) -> tuple[float, float]:
        """Reach of the pool in front of its origin and behind it."""
        return self.front, self.rear
