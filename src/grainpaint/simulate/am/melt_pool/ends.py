"""What pools have in common whose zone follows from distances and from their ends."""

import numpy as np

from grainpaint.simulate.toml import RecipePart

__all__ = ["PoolWithEnds", "toward_melt"]


def toward_melt(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Return unit vectors (float, shape (..., 3)); that along x where all are 0."""
    found = np.stack([x, y, z], -1).astype(float)
    length = np.linalg.norm(found, axis=-1, keepdims=True)
    pointed = length < 1e-12
    unit: np.ndarray = np.where(
        pointed, (1.0, 0, 0), found / np.where(pointed, 1, length)
    )
    return unit


class PoolWithEnds(RecipePart):
    """A pool that reaches so far in front of its origin and behind it."""

    @property
    def ends(self) -> tuple[float, float]:
        """Reach of the pool in front of its origin and behind it."""
        raise NotImplementedError

    def distance(self, points: np.ndarray) -> np.ndarray:
        """Return the distance of each point from the surface, negative inside."""
        raise NotImplementedError

    def zone(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the distances, and how far back the nearest surface lies.

        Parameters
        ----------
        points : numpy.ndarray, float, shape (n, 3)
            As in `distance`.

        Returns
        -------
        distance : numpy.ndarray, float, shape (n,)
        behind : numpy.ndarray, float, shape (n,)
            0 (at the origin or in front of it) to 1 (at the tail).
        """
        distance = self.distance(points)
        rear = self.ends[1] + np.maximum(distance, 0)
        return distance, np.clip(-points[:, 0] / rear, 0, 1)
