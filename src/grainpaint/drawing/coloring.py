"""Colors of grains: to tell them apart, or the crystal direction along an axis."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from grainpaint.errors import InputError
from grainpaint.microstructure import Microstructure
from grainpaint.orientations.ipf import (
    KEYS,
    check_axis,
    direction_colors,
    ipf_colors,
    sector_corners,
    symmetries_of,
)
from grainpaint.orientations.round_keys import ROUND_KEYS, in_round_key

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "Coloring",
    "best_coloring",
    "coloring",
    "draw_key",
    "few_colors",
    "grain_colors",
    "indices",
    "key_picture",
]

_GOLDEN = (5**0.5 - 1) / 2
_KEY_PIXELS = 160


@dataclass(frozen=True, eq=False)
class Coloring:
    """The colors of grains, and what they mean.

    Parameters
    ----------
    colors : numpy.ndarray, uint8, shape (n + 1, 3)
        Row g is that of grain g, 0 that of the outside.
    axis : {'x', 'y', 'z'}, optional
        The axis of the sample whose crystal directions they show; None if they tell
        grains apart.
    symmetries : tuple of str
        Those of the crystals, if colors show directions.
    """

    colors: np.ndarray
    axis: str | None = None
    symmetries: tuple[str, ...] = ()

    @property
    def meaning(self) -> str:
        """What the colors say, as the caption of a picture."""
        if self.axis is None:
            return "Colors tell grains apart."
        return f"Colors show the crystal direction along {self.axis}."


def grain_colors(n_grains: int) -> np.ndarray:
    """Return the colors of grains 0..n (uint8, shape (n + 1, 3)); 0 is white.

    Hues follow the golden ratio, so that grains with similar IDs look different;
    lightness varies too, so that they differ without color vision.
    """
    from matplotlib.colors import hsv_to_rgb

    k = np.arange(n_grains + 1)
    hue = k * _GOLDEN % 1.0
    saturation = 0.35 + 0.3 * (k * 0.7548776662 % 1.0)
    value = 0.55 + 0.4 * (k * 0.5698402910 % 1.0)
    colors = np.asarray(hsv_to_rgb(np.stack([hue, saturation, value], -1)))
    colors[0] = 1.0
    return np.round(colors * 255).astype(np.uint8)


def coloring(volume: Microstructure, axis: str | None = None) -> Coloring:
    """Return the colors of the grains of a volume.

    Parameters
    ----------
    volume : Microstructure
        Its IDs are fit to be indices (see `Microstructure.compact`).
    axis : {'x', 'y', 'z'}, optional
        Of the sample: colors show the crystal directions along it.

    Raises
    ------
    InputError
        If colors are to show directions and the grains have no orientations.
    """
    if axis is None:
        return Coloring(grain_colors(int(volume.grain_id.max())))
    check_axis(axis)
    symmetries = symmetries_of(volume.orientations, volume.ids())
    assert volume.orientations is not None
    return Coloring(ipf_colors(volume.orientations, axis), axis, tuple(symmetries))


def best_coloring(volume: Microstructure) -> Coloring:
    """Return the crystal directions along z as colors if grains have orientations."""
    try:
        return coloring(volume, "z")
    except InputError:
        return coloring(volume)


def few_colors(colored: Coloring, n: int = 255) -> tuple[np.ndarray, np.ndarray]:
    """Return grains in at most n colors.

    Parameters
    ----------
    colored : Coloring
    n : int
        At least 7.

    Returns
    -------
    number : numpy.ndarray, uint8, shape (grains + 1,)
        Of the color of each grain, from 1; 0 is the outside.
    colors : numpy.ndarray, uint8, shape (m, 3)
        Colors 1, 2, ... If they show directions, a mean of near ones.
    """
    grains = np.arange(len(colored.colors) - 1)
    if colored.axis is None:
        number, colors = grains % n, grain_colors(n)[1:]
    else:
        values = colored.colors[1:].astype(np.int64)
        # In most keys one of three values is the largest; others are rounded to steps.
        full = (values.max(1) == 255).all()
        steps = int(np.sqrt(n / 3)) if full else int(np.cbrt(n))
        coarse = values * steps // 256
        cell = (coarse[:, 0] * steps + coarse[:, 1]) * steps + coarse[:, 2]
        _, number, size = np.unique(cell, return_inverse=True, return_counts=True)
        sums = [np.bincount(number, channel) for channel in values.T]
        colors = np.round(np.stack(sums, 1) / size[:, None]).astype(np.uint8)
    return np.append(0, number + 1).astype(np.uint8), colors


def key_picture(
    symmetry: str, edge: int = _KEY_PIXELS
) -> tuple[np.ndarray, dict[str, tuple[float, float]]]:
    """Return the sector of a symmetry in its colors, in stereographic projection.

    Parameters
    ----------
    symmetry : str
        A key of `grainpaint.orientations.GROUPS`.
    edge : int
        Pixels along the longer side.

    Returns
    -------
    image : numpy.ndarray, uint8, shape (height, width, 4)
        RGBA, the first row at the bottom; transparent outside.
    places : dict of str to two floats
        Where named directions are in the image, pixels.
    """
    named, base, inside = _sector(symmetry)
    # The sector in a coarse picture of the half sphere tells how far it reaches.
    x, y = np.meshgrid(*2 * (np.linspace(-1, 1, 401),))
    near = inside(_directions(x, y) @ base).reshape(x.shape)
    low = np.array([x[near].min(), y[near].min()])
    size = np.array([x[near].max(), y[near].max()]) - low
    step = float(size.max()) / edge
    width, height = np.maximum(np.ceil(size / step - 1e-9), 1).astype(int)
    x, y = np.meshgrid(
        low[0] + (np.arange(width) + 0.5) * step,
        low[1] + (np.arange(height) + 0.5) * step,
    )
    directions = _directions(x, y) @ base
    shown = inside(directions)
    image = np.zeros((height * width, 4), np.uint8)
    image[shown, :3] = direction_colors(directions[shown], symmetry)
    image[shown, 3] = 255
    places = {}
    for name, direction in named.items():
        flat = base @ np.array(direction)
        u, v = (flat[:2] / (1 + flat[2]) - low) / step
        places[name] = float(u), float(v)
    return image.reshape(height, width, 4), places


def _directions(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the directions at places of the projection; below z outside the circle."""
    square = x**2 + y**2
    flat = np.stack([2 * x, 2 * y, 1 - square], -1) / (1 + square)[..., None]
    return np.asarray(flat.reshape(-1, 3))


def _sector(
    symmetry: str,
) -> tuple[dict[str, Any], np.ndarray, Callable[[np.ndarray], np.ndarray]]:
    """Return named directions, axes of the picture, and what tells the sector."""
    if symmetry not in KEYS:
        named: dict[str, Any] = dict(ROUND_KEYS[symmetry])
        return named, np.eye(3), lambda some: in_round_key(some, symmetry)
    corners = sector_corners(symmetry)
    # The red corner is in the middle, the green one lies to the right.
    right = corners[1] - (corners[1] @ corners[0]) * corners[0]
    right /= np.linalg.norm(right)
    base = np.stack([right, np.cross(corners[0], right), corners[0]])
    if base[1] @ corners[2] < 0:
        base[1] *= -1
    within = np.linalg.inv(corners)
    named = dict(zip(KEYS[symmetry], corners))
    return named, base, lambda some: np.asarray((some @ within > -1e-9).all(1))


def draw_key(axes: Axes, symmetry: str, title: str) -> None:
    """Draw the color key of a symmetry, with the indices of directions in it."""
    image, places = key_picture(symmetry)
    height, width = image.shape[:2]
    axes.imshow(image, origin="lower", extent=(0, width, 0, height))
    for name, (x, y) in places.items():
        # Away from the middle, where there is nothing.
        way = np.array([x - width / 2, y - height / 2])
        length = float(np.linalg.norm(way))
        u, v = way / length if length > 0.1 * width else (0.0, 0.0)
        axes.text(
            x + 5 * u, y + 5 * v, indices(name), fontsize=8,
            ha="left" if u > 0.8 else "right" if u < -0.8 else "center",
            va="bottom" if v > 0.4 else "top" if v < -0.4 else "center",
        )  # fmt: skip
    axes.set_title(title, fontsize=8, pad=18)
    axes.set_axis_off()


def indices(name: str) -> str:
    """Return indices with bars for negative ones, as mathtext."""
    signs = re.findall(r"(-?)(\w)", name)
    return "$" + "".join(rf"\bar{{{d}}}" if s else d for s, d in signs) + "$"
