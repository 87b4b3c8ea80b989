"""A picture of a scan path: one layer in the order of its tracks, and all layers."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from grainpaint.errors import InputError
from grainpaint.formats.files import replace_with
from grainpaint.units import count_text

__all__ = ["Tracks", "draw_path", "layer_heights"]

_MOST = 100_000  # tracks that are drawn in a layer
_MOST_OF_ALL = 15_000  # tracks that are drawn of the whole build


class Tracks(NamedTuple):
    """Tracks as they are drawn.

    `start` and `end` have the shape (n, 3), `on` says which burn; `unit` names the axes
    and `box` holds the low and the high corner of the voxels, if there are voxels.
    """

    start: np.ndarray
    end: np.ndarray
    on: np.ndarray
    unit: str
    box: tuple[tuple[float, ...], tuple[float, ...]] | None = None


def layer_heights(tracks: Tracks) -> np.ndarray:
    """Return the heights of the layers in which tracks burn, from the lowest."""
    return np.unique(tracks.start[tracks.on, 2])


def draw_path(tracks: Tracks, path: Path, layer: int | None = None) -> None:
    """Draw a layer of a path, travel dashed, beside all tracks that burn.

    Parameters
    ----------
    tracks : Tracks
    path : Path
        A .png file.
    layer : int, optional
        From 1, the lowest; by default the middle one.

    Raises
    ------
    InputError
        If there is no such layer.
    """
    heights = layer_heights(tracks)
    if layer is None:
        layer = (len(heights) + 1) // 2
    if not 1 <= layer <= len(heights):
        raise InputError(
            f"layers are counted from 1 to {len(heights):,}, there is no layer {layer}"
        )
    figure = Figure(figsize=(13, 6), layout="constrained")
    left = figure.add_subplot(1, 2, 1)
    z = float(heights[layer - 1])
    lines, title = _draw_layer(left, tracks, z)
    left.set_title(f"layer {layer} of {len(heights)}, z = {z:.6g} {tracks.unit}{title}")
    ticks = MaxNLocator(integer=True, min_n_ticks=1)
    label = "track of the layer"
    figure.colorbar(lines, ax=left, label=label, shrink=0.8, ticks=ticks)
    _draw_all(figure, tracks)
    replace_with(path, lambda aside: figure.savefig(aside, dpi=110))


def _every(index: np.ndarray, most: int) -> tuple[np.ndarray, str]:
    """Return so many of the tracks at most, and what to say of that."""
    step = max(1, -(-len(index) // most))
    said = f"; one track in {step:,}" if step > 1 else ""
    return index[::step], said


def _draw_layer(axes: Axes, tracks: Tracks, z: float) -> tuple[LineCollection, str]:
    """Draw the tracks at a height; return those that burn, and what is left out."""
    start, end = tracks.start, tracks.end
    at = (start[:, 2] == z) & (end[:, 2] == z)
    jump = at[:-1] & at[1:] & (start[1:, :2] != end[:-1, :2]).any(axis=1)
    jumps = np.stack([end[:-1][jump, :2], start[1:][jump, :2]], axis=1)
    off = at & ~tracks.on
    travel = np.concatenate([jumps, np.stack([start[off, :2], end[off, :2]], axis=1)])
    burning = np.flatnonzero(at & tracks.on)
    order, said = _every(np.arange(len(burning)), _MOST)
    chosen = burning[order]
    travel = travel[_every(np.arange(len(travel)), _MOST)[0]]
    axes.add_collection(
        LineCollection(list(travel), colors="0.6", linewidths=0.6, linestyles="--")
    )
    lines = LineCollection(
        list(np.stack([start[chosen, :2], end[chosen, :2]], axis=1)),
        array=order + 1,
        cmap="viridis",
        linewidths=1.5 if len(chosen) < 300 else 0.8,
    )
    axes.add_collection(lines)
    if tracks.box is not None:
        (x0, y0, _), (x1, y1, _) = tracks.box
        axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, ec="black"))
    axes.set(xlabel=f"x, {tracks.unit}", ylabel=f"y, {tracks.unit}", aspect="equal")
    axes.autoscale_view()
    return lines, said


def _draw_all(figure: Figure, tracks: Tracks) -> None:
    """Draw all tracks that burn, later ones in lighter colors."""
    from mpl_toolkits.mplot3d import Axes3D
    from mpl_toolkits.mplot3d.art3d import Line3DCollection

    axes = figure.add_subplot(1, 2, 2, projection="3d")
    assert isinstance(axes, Axes3D)
    burning = np.flatnonzero(tracks.on)
    chosen, said = _every(burning, _MOST_OF_ALL)
    ends = np.stack([tracks.start[chosen], tracks.end[chosen]], axis=1)
    axes.add_collection3d(
        Line3DCollection(list(ends), array=chosen, cmap="viridis", linewidths=0.5)
    )
    low, high = ends.min(axis=(0, 1)), ends.max(axis=(0, 1))
    if tracks.box is not None:
        low, high = np.minimum(low, tracks.box[0]), np.maximum(high, tracks.box[1])
        axes.add_collection3d(
            Line3DCollection(_edges(*tracks.box), colors="black", linewidths=0.7)
        )
    size = np.maximum(high - low, 1e-3 * (high - low).max())
    middle = (low + high) / 2
    for name, center, width in zip("xyz", middle, size):
        limits = (center - width / 2, center + width / 2)
        axes.set(**{f"{name}lim": limits, f"{name}label": f"{name}, {tracks.unit}"})
    axes.set_box_aspect(tuple(np.maximum(size, 0.15 * size.max())), zoom=0.85)
    for axis, width in zip((axes.xaxis, axes.yaxis, axes.zaxis), size):
        axis.set_major_locator(MaxNLocator(int(np.clip(6 * width / size.max(), 2, 6))))
    axes.set_title(f"{count_text(len(burning), 'track')}{said}")


def _edges(low: tuple[float, ...], high: tuple[float, ...]) -> list[np.ndarray]:
    """Return the twelve edges of a box."""
    corner = np.array([low, high])
    edges = []
    for axis in range(3):
        a, b = (i for i in range(3) if i != axis)
        for u in range(2):
            for v in range(2):
                ends = np.empty((2, 3))
                ends[:, axis] = corner[:, axis]
                ends[:, a], ends[:, b] = corner[u, a], corner[v, b]
                edges.append(ends)
    return edges
