"""Pictures of a volume: a view of the solid with a cut, and three slices."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from grainpaint.drawing.coloring import Coloring, coloring, draw_key
from grainpaint.formats.files import replace_with
from grainpaint.measure.dimensions import named
from grainpaint.microstructure import Microstructure

__all__ = ["draw_slice", "draw_volume", "plot_volume", "slice_axes", "trimmed"]

_KEY_INCHES = 1.7  # edge of the place of a color key
_THIN = 40  # sides of a slice in a larger ratio are not drawn to scale


def trimmed(image: np.ndarray) -> np.ndarray:
    """Return the image without its white margins."""
    drawn = image.min(axis=2) < 255
    rows, columns = np.flatnonzero(drawn.max(axis=1)), np.flatnonzero(drawn.max(axis=0))
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def plot_volume(
    volume: Microstructure,
    solid: np.ndarray | None = None,
    colored: Coloring | None = None,
) -> Figure:
    """Draw slices across x, y, z, beside a view of the solid if there is one.

    A section one voxel thick is drawn as it is.

    Parameters
    ----------
    volume : Microstructure
    solid : numpy.ndarray, uint8, shape (height, width, 3), optional
        The part on a white background.
    colored : Coloring, optional
        Of its grains; without it, colors tell them apart.
    """
    volume = volume.compact()[0]
    colored = colored or coloring(volume)
    across = slice_axes(volume)
    beside = _KEY_INCHES if colored.axis else 0.0  # room for the key, inches
    # Places are fixed, since a layout engine takes longer than all the rest.
    if len(across) == 1:
        figure, places = _one_panel(volume)
    elif solid is None:
        figure = Figure(figsize=(12, 4.4))
        places = [(0.055 + i / 3, 0.12, 0.27, 0.78) for i in range(3)]
    else:
        figure = Figure(figsize=(13, 7))
        places = [(0.695, 0.73 - i / 3, 0.295, 0.225) for i in range(3)]
    wide, tall = figure.get_size_inches()
    figure.set_size_inches(wide + beside, tall)
    share = wide / (wide + beside)
    places = [(x * share, y, w * share, h) for x, y, w, h in places]
    if solid is not None and len(across) == 3:
        main = figure.add_axes((0.005 * share, 0.02, 0.63 * share, 0.96))
        main.imshow(trimmed(solid))
        main.set_axis_off()
    for axis, place in zip(across, places):
        draw_slice(figure.add_axes(place), volume, axis, colored.colors)
    _draw_keys(figure, colored, share + 0.1 / (wide + beside))
    return figure


def _draw_keys(figure: Figure, colored: Coloring, left: float) -> None:
    """Draw the keys of colors one above the other."""
    wide, tall = figure.get_size_inches()
    for i, symmetry in enumerate(colored.symmetries):
        bottom = (0.35 + i * _KEY_INCHES) / tall
        width, height = (_KEY_INCHES - 0.45) / wide, (_KEY_INCHES - 0.75) / tall
        axes = figure.add_axes((left, bottom, width, height))
        draw_key(axes, symmetry, f"{symmetry}, along {colored.axis}")


def _one_panel(
    volume: Microstructure,
) -> tuple[Figure, list[tuple[float, float, float, float]]]:
    """Return a figure for a flat volume, and the place of its panel."""
    sides = _sides(volume, slice_axes(volume)[0])
    width, height = (volume.shape[a] * volume.spacing[a] for a in sides)
    tall = height / width if len(volume.axes) == 2 else 0.0
    # 8 inches for the longer side, at least 1 for the shorter one; 1 for labels.
    w, h = (8.0, max(8 * tall, 1.0)) if tall <= 1 else (max(8 / tall, 2.0), 8.0)
    figure = Figure(figsize=(w + 1, h + 1))
    return figure, [(0.75 / (w + 1), 0.55 / (h + 1), w / (w + 1), h / (h + 1))]


def slice_axes(volume: Microstructure) -> tuple[int, ...]:
    """Return the axes across which slices show a volume: one if it is flat."""
    if len(volume.axes) == 3:
        return (0, 1, 2)
    return (next(axis for axis in (2, 1, 0) if axis not in volume.axes),)


def _sides(volume: Microstructure, axis: int) -> list[int]:
    """Return the horizontal and the vertical axis of a slice; lines lie."""
    sides = [a for a in range(3) if a != axis]
    is_line = len(volume.axes) == 1
    return sides[::-1] if is_line and volume.axes[0] == sides[1] else sides


def draw_volume(
    volume: Microstructure,
    solid: np.ndarray | None,
    path: Path,
    colored: Coloring | None = None,
) -> None:
    """Write what `plot_volume` draws to a PNG file."""
    figure = plot_volume(volume, solid, colored)
    replace_with(path, lambda aside: figure.savefig(aside, dpi=110))


def draw_slice(ax: Axes, volume: Microstructure, axis: int, colors: np.ndarray) -> None:
    """Draw a full slice across an axis, close to the middle, in mm or µm.

    A line of voxels is drawn as a band, whatever its width, and what is very thin is
    stretched across, as the title then says.
    """
    inside = np.moveaxis(volume.mask, axis, 0).sum((1, 2))
    middle = np.abs(np.arange(inside.size) - inside.size / 2)
    index = int(np.lexsort((middle, -(inside > 0.9 * inside.max()).astype(int)))[0])
    across = _sides(volume, axis)
    plane = np.transpose(volume.grain_id, (axis, *across))[index]
    sides = [volume.shape[a] * volume.spacing[a] for a in across]
    unit, scale = ("mm", 1e-3) if max(sides) >= 2000 else ("µm", 1.0)
    is_line = len(volume.axes) == 1
    ratio = sides[0] / sides[1]
    stretch = max(1.0, ratio / _THIN) * min(1.0, ratio * _THIN)
    ax.imshow(
        colors[plane.T],
        origin="lower",
        interpolation="nearest",
        extent=(0, sides[0] * scale, 0, sides[1] * scale),
        aspect="auto" if is_line else stretch,
    )
    place = (index + 0.5) * volume.spacing[axis] * scale
    title = f"{'xyz'[axis]} = {place:.4g} {unit}"
    if len(volume.axes) < 3:
        title = named(volume.shape)
    if stretch != 1 and not is_line:
        title += f" ({'xyz'[across[int(ratio > 1)]]} stretched)"
    ax.set_title(title, fontsize=9)
    ax.set_xlabel(f"{'xyz'[across[0]]}, {unit}", fontsize=8)
    ax.set_ylabel(f"{'xyz'[across[1]]}, {unit}", fontsize=8)
    ax.tick_params(labelsize=7)
    if is_line:
        ax.set(yticks=[], ylabel="")
    elif not 1 / 6 < ratio < 6:  # little room for numbers
        ax.locator_params(axis="y" if ratio > 1 else "x", nbins=1)
