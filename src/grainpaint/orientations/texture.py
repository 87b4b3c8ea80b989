"""Textures as weighted orientations, and orientations for grains drawn from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grainpaint.orientations.curve import curve_order
from grainpaint.orientations.parts import fill
from grainpaint.orientations.texture_text import parse_texture

__all__ = ["Texture", "assigned", "sampled"]

_LEAST, _PER_GRAIN = 1 << 16, 16  # orientations in the list of a texture


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
        upto = np.cumsum(self.weight)
        at = np.searchsorted(upto, rng.random(n) * upto[-1], side="right")
        return self.quaternion[np.minimum(at, upto.size - 1)]


def sampled(
    text: str, symmetry: str, n_grains: int, rng: np.random.Generator
) -> Texture:
    """Return the texture that a text describes, in many more orientations than grains.

    Parameters
    ----------
    text : str
        See `parse_texture`.
    symmetry : str
        A key of `GROUPS`.
    n_grains : int
    rng : numpy.random.Generator

    Raises
    ------
    InputError
        If the text describes none.
    """
    parts = parse_texture(text, symmetry)
    n = max(_LEAST, _PER_GRAIN * n_grains) // len(parts)
    quaternion = np.concatenate([fill(part, n, rng) for part, _ in parts])
    weight = np.repeat([share / n for _, share in parts], n)
    return Texture(quaternion, weight, symmetry)


def assigned(
    texture: Texture, volumes: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return an orientation for each grain, so that their volume has the texture.

    The texture is laid out along a curve through orientation space on which near
    orientations follow each other, each as long as its weight. Grains take pieces of
    the curve as long as their volumes, in random order, and the orientation in
    the middle of their piece. So the volume of the grains in any region of orientation space differs
    from its share by no more than the pieces that its ends cut.

    Parameters
    ----------
    texture : Texture
    volumes : numpy.ndarray, shape (n,)
        Those of the grains, > 0.
    rng : numpy.random.Generator

    Returns
    -------
    numpy.ndarray, float64, shape (n, 4)
    """
    along = curve_order(texture.quaternion, texture.symmetry)
    upto = np.cumsum(texture.weight[along])
    place = rng.permutation(volumes.size)
    share = volumes[place] / volumes.sum()
    middle = np.cumsum(share) - share / 2
    at = np.searchsorted(upto, middle * upto[-1], side="right")
    found = np.empty((volumes.size, 4))
    found[place] = texture.quaternion[along[np.minimum(at, upto.size - 1)]]
    return found
