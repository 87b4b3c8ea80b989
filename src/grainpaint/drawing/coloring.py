"""Colors of grains: to tell them apart, or the crystal direction along an axis."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from grainpaint.errors import InputError
from grainpaint.microstructure import Microstructure
from grainpaint.orientations.ipf import (
    KEYS,
    check_axis,
    check_keys,
    direction_colors,
    ipf_colors,
    sector_corners,
)

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
        If colors are to show directions and the grains have no orientations, or a
        symmetry without a key.
    """
    if axis is None:
        return Coloring(grain_colors(int(volume.grain_id.max())))
    check_axis(axis)
    symmetries = check_keys(volume.orientations, volume.ids())
    assert volume.orientations is not None
    return Coloring(ipf_colors(volume.orientations, axis), axis, tuple(symmetries))


def best_coloring(volume: Microstructure) -> Coloring:
    """Return the crystal directions along z as colors where there is a key for them."""
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
        # One of three values is the largest; the other two are rounded to steps.
        steps = int(np.sqrt(n / 3))
        values = colored.colors[1:].astype(np.int64)
        coarse = values * steps // 256
        cell = (coarse[:, 0] * steps + coarse[:, 1]) * steps + coarse[:, 2]
        _, number, size = np.unique(cell, return_inverse=True, return_counts=True)
        sums = [np.bincount(number, channel) for channel in values.T]
        colors = np.round(np.stack(sums, 1) / size[:, None]).astype(np.uint8)
    return np.append(0, number + 1).astype(np.uint8), colors


def key_picture(
    symmetry: str, edge: int = _KEY_PIXELS
) -> tuple[np.ndarray, np.ndarray]:
    """Return the sector of a symmetry in its colors, in stereographic projection.

    Parameters
    ----------
    symmetry : str
        A key of `grainpaint.orientations.ipf.KEYS`.
    edge : int
        Pixels along the width.

    Returns
    -------
    image : numpy.ndarray, uint8, shape (height, width, 4)
        RGBA, the first row at the bottom; transparent outside.
    corners : numpy.ndarray, float64, shape (3, 2)
        Places of the corners in the image, pixels.
    """
    corners = sector_corners(symmetry)
    # The red corner is the origin, the green one lies to the right.
    right = corners[1] - (corners[1] @ corners[0]) * corners[0]
    right /= np.linalg.norm(right)
    up = corners[2] - (corners[2] @ corners[0]) * corners[0]
    up -= (up @ right) * right
    up /= np.linalg.norm(up)
    base = np.stack([right, up, corners[0]])
    places = corners @ base.T
    places = places[:, :2] / (1 + places[:, 2:])
    # The rims are arcs: the sector reaches farther than its corners.
    share = np.linspace(0, 1, 50)[:, None]
    arc = (share * corners[2] + (1 - share) * corners[1]) @ base.T
    arc /= np.linalg.norm(arc, axis=1)[:, None]
    high = (arc[:, :2] / (1 + arc[:, 2:])).max(0)
    step = high[0] / edge
    n = int(np.ceil(high[1] / step))
    x, y = np.meshgrid((np.arange(edge) + 0.5) * step, (np.arange(n) + 0.5) * step)
    square = x**2 + y**2
    flat = np.stack([2 * x, 2 * y, 1 - square], -1) / (1 + square)[..., None]
    directions = flat.reshape(-1, 3) @ base
    inside = (directions @ np.linalg.inv(corners) > -1e-9).all(1)
    image = np.zeros((n * edge, 4), np.uint8)
    image[inside, :3] = direction_colors(directions[inside], symmetry)
    image[inside, 3] = 255
    return image.reshape(n, edge, 4), places / step


def draw_key(axes: Axes, symmetry: str, title: str) -> None:
    """Draw the color key of a symmetry, with the indices of its corners."""
    image, corners = key_picture(symmetry)
    axes.imshow(image, origin="lower", extent=(0, image.shape[1], 0, image.shape[0]))
    ends: tuple[tuple[str, float], ...] = (("left", -6), ("right", -6), ("right", 6))
    for name, (x, y), (side, gap) in zip(KEYS[symmetry], corners, ends):
        axes.text(
            x, y + gap, indices(name), ha=side,
            va="top" if gap < 0 else "bottom", fontsize=8,
        )  # fmt: skip
    axes.set_title(title, fontsize=8, pad=18)
    axes.set_axis_off()


def indices(name: str) -> str:
    """Return indices with bars for negative ones, as mathtext."""
    signs = re.findall(r"(-?)(\d)", name)
    return "$" + "".join(rf"\bar{{{d}}}" if s else d for s, d in signs) + "$"
