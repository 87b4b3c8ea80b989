"""A texture as a list of orientations with weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Texture"]


@dataclass(frozen=True, eq=False)
class Texture:
    """How likely orientations are, as a list of orientations with weights.

    Parameters
    ----------
    quaternion : numpy.ndarray, float64, shape (n, 4)
        Unit quaternions, as `Orientations` has them.
    weight : numpy.ndarray, float64, shape (n,)
        Volumes; only their ratios matter.
    symmetry : str
        That of the crystals, a key of `GROUPS`.
    """

    quaternion: np.ndarray
    weight: np.ndarray
    symmetry: str = "432"

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Return n independent orientations, by their weights.

        Returns
        -------
        numpy.ndarray, float64, shape (n, 4)
        """
        drawn: np.ndarray = self.quaternion[self.drawn_rows(n, rng)]
        return drawn

    def drawn_rows(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Return rows of n independent orientations (int64, shape (n,))."""
        upto = np.cumsum(self.weight)
        at = np.searchsorted(upto, rng.random(n) * upto[-1], side="right")
        rows: np.ndarray = np.minimum(at, upto.size - 1)
        return rows
