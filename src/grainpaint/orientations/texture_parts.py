"""What a texture is made of, and orientations that fill it evenly.

Spreads are standard deviations. About an ideal orientation, each of the three
components of the rotation vector is normal; about a fiber, both tilts of its crystal
axis are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.spatial.transform import Rotation

__all__ = ["Component", "Fiber", "TexturePart", "Uniform", "fill"]

# The root of x^4 = x + 1: multiples of its inverse powers fill a cube evenly (Roberts,
# The unreasonable effectiveness of quasirandom sequences, 2018).
_GOLDEN = 1.2207440846057596


@dataclass(frozen=True)
class Uniform:
    """All orientations equally likely."""

    def orientations(self, u: np.ndarray) -> np.ndarray:
        """Return orientations from numbers in 0..1, shape (n, 3) (Shoemake, 1992)."""
        near, far = np.sqrt(1 - u[:, 0]), np.sqrt(u[:, 0])
        one, other = 2 * np.pi * u[:, 1], 2 * np.pi * u[:, 2]
        parts = (
            near * np.sin(one),
            near * np.cos(one),
            far * np.sin(other),
            far * np.cos(other),
        )
        return np.stack(parts, 1)


@dataclass(frozen=True)
class Fiber:
    """A crystal axis that lies along a sample axis, up to a spread.

    Parameters
    ----------
    crystal, sample : tuple of three floats
        Unit vectors.
    spread : float
        Radians.
    """

    crystal: tuple[float, ...]
    sample: tuple[float, ...]
    spread: float

    def orientations(self, u: np.ndarray) -> np.ndarray:
        """Return orientations from numbers in 0..1, shape (n, 3)."""
        from scipy.spatial.transform import Rotation

        sample = np.array(self.sample)
        along = Rotation.from_rotvec(np.outer(2 * np.pi * u[:, 0], sample))
        # Two unit vectors across the axis of the sample.
        across = np.linalg.svd(sample[None])[2][1:]
        tilt = np.minimum(self.spread * np.sqrt(-2 * np.log1p(-u[:, 1])), np.pi)
        turn = 2 * np.pi * u[:, 2]
        axis = np.stack([np.cos(turn), np.sin(turn)], 1) @ across
        tilted = Rotation.from_rotvec(tilt[:, None] * axis)
        turned = tilted * along * _onto(self.crystal, sample)
        return np.asarray(turned.as_quat(scalar_first=True))


def _onto(crystal: tuple[float, ...], sample: np.ndarray) -> Rotation:
    """Return a rotation that takes one unit vector onto another."""
    from scipy.spatial.transform import Rotation

    start = np.array(crystal)
    cosine = float(start @ sample)
    if cosine < -1 + 1e-12:
        return Rotation.from_rotvec(np.pi * np.linalg.svd(start[None])[2][1])
    w = np.array([1 + cosine, *np.cross(start, sample)])
    return Rotation.from_quat(w, scalar_first=True)


@dataclass(frozen=True, eq=False)
class Component:
    """Ideal orientations, up to a spread.

    Parameters
    ----------
    ideal : numpy.ndarray, float64, shape (n, 4)
        Unit quaternions, all equally likely.
    spread : float
        Radians.
    """

    ideal: np.ndarray
    spread: float

    def orientations(self, u: np.ndarray) -> np.ndarray:
        """Return orientations from numbers in 0..1, shape (n, 3)."""
        from scipy.spatial.transform import Rotation
        from scipy.special import ndtri

        vector = self.spread * ndtri(np.clip(u, 1e-9, 1 - 1e-9))
        ideal = self.ideal[np.arange(len(u)) % len(self.ideal)]
        turned = Rotation.from_rotvec(vector)
        turned = turned * Rotation.from_quat(ideal, scalar_first=True)
        return np.asarray(turned.as_quat(scalar_first=True))


TexturePart = Uniform | Fiber | Component


def fill(part: TexturePart, n: int, rng: np.random.Generator) -> np.ndarray:
    """Return n orientations that fill a part of a texture evenly.

    Returns
    -------
    numpy.ndarray, float64, shape (n, 4)
        Unit quaternions.
    """
    steps = _GOLDEN ** -np.arange(1.0, 4.0)
    return part.orientations((rng.random(3) + np.arange(n)[:, None] * steps) % 1)
