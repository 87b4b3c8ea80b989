"""Textures from texts, and orientations for grains drawn from them."""

from __future__ import annotations

import numpy as np

from grainpaint.orientations.curve import curve_order
from grainpaint.orientations.evening import evened
from grainpaint.orientations.texture_list import Texture
from grainpaint.orientations.texture_parts import fill
from grainpaint.orientations.texture_text import parse_texture

__all__ = ["assigned", "sampled"]

# Orientations in the list of a texture
_LEAST, _PER_GRAIN, _MOST = 1 << 16, 16, 1 << 21


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
    n = min(max(_LEAST, _PER_GRAIN * n_grains), _MOST) // len(parts)
    quaternion = np.concatenate([fill(part, n, rng) for part, _ in parts])
    weight = np.repeat([share / n for _, share in parts], n)
    return Texture(quaternion, weight, symmetry)


def assigned(
    texture: Texture, volumes: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return an orientation for each grain, so that their volume has the texture.

    The texture is laid out along a curve through orientation space on which near
    orientations follow each other, each as long as its weight. Grains take pieces of
    the curve as long as their volumes, in random order, and the orientation in the
    middle of their piece. The volume of the grains in a region of orientation space
    then differs from its share by no more than the pieces that the region cuts. Last,
    grains take another orientation where that evens things out (see `evened`).

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
    chosen = np.empty(volumes.size, np.int64)
    chosen[place] = along[np.minimum(at, upto.size - 1)]
    found: np.ndarray = texture.quaternion[evened(texture, chosen, volumes, rng)]
    return found
