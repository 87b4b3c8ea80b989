"""Pictures of a volume: a solid view with a cut, and three slices."""

from itertools import product
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import hsv_to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from grainpaint.formats.files import replace_with
from grainpaint.generation.blocks import Block
from grainpaint.generation.windows import BasePlan
from grainpaint.microstructure import Microstructure

__all__ = [
    "draw_plan",
    "draw_slice",
    "draw_volume",
    "grain_colors",
]

_GOLDEN = (5**0.5 - 1) / 2


def grain_colors(n_grains: int) -> np.ndarray:
    """Return the colors of grains 0..n (uint8, shape (n + 1, 3)); 0 is white.

    Hues follow the golden ratio, so that grains with near IDs look different; lightness
    varies too, which tells them apart without color vision.
    """
    k = np.arange(n_grains + 1)
    hue = k * _GOLDEN % 1.0
    saturation = 0.35 + 0.3 * (k * 0.7548776662 % 1.0)
    value = 0.55 + 0.4 * (k * 0.5698402910 % 1.0)
    colors = hsv_to_rgb(np.stack([hue, saturation, value], -1))
    colors[0] = 1.0
    return np.round(colors * 255).astype(np.uint8)


def _trimmed(image: np.ndarray) -> np.ndarray:
    """Cut the white margin off."""
    drawn = image.min(axis=2) < 255
    rows, columns = np.flatnonzero(drawn.max(axis=1)), np.flatnonzero(drawn.max(axis=0))
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def draw_volume(volume: Microstructure, solid: np.ndarray | None, path: Path) -> None:
    """Write a PNG: the part with a quarter cut away beside slices across x, y, z.

    Parameters
    ----------
    volume : Microstructure
    solid : numpy.ndarray, uint8, shape (height, width, 3), optional
        The part on white; slices alone without it.
    path : Path
        Ends in .png.
    """
    colors = grain_colors(int(volume.grain_id.max()))
    # Places are given, for a layout engine takes longer than all the rest.
    if solid is None:
        figure = Figure(figsize=(12, 4.4))
        places = [(0.055 + i / 3, 0.12, 0.27, 0.78) for i in range(3)]
    else:
        figure = Figure(figsize=(13, 7))
        main = figure.add_axes((0.005, 0.02, 0.63, 0.96))
        main.imshow(_trimmed(solid))
        main.set_axis_off()
        places = [(0.695, 0.73 - i / 3, 0.295, 0.225) for i in range(3)]
    for axis, place in enumerate(places):
        draw_slice(figure.add_axes(place), volume, axis, colors)
    replace_with(path, lambda aside: figure.savefig(aside, dpi=110))


def draw_slice(ax: Axes, volume: Microstructure, axis: int, colors: np.ndarray) -> None:
    """Draw the fullest slice near the middle across an axis, in mm or µm."""
    inside = np.moveaxis(volume.mask, axis, 0).sum((1, 2))
    middle = np.abs(np.arange(inside.size) - inside.size / 2)
    index = int(np.lexsort((middle, -(inside > 0.9 * inside.max()).astype(int)))[0])
    across = [a for a in range(3) if a != axis]
    plane = np.take(volume.grain_id, index, axis)
    sides = [volume.shape[a] * volume.spacing[a] for a in across]
    unit, scale = ("mm", 1e-3) if max(sides) >= 2000 else ("µm", 1.0)
    ax.imshow(
        colors[plane.T],
        origin="lower",
        interpolation="nearest",
        extent=(0, sides[0] * scale, 0, sides[1] * scale),
    )
    place = (index + 0.5) * volume.spacing[axis] * scale
    ax.set_title(f"{'xyz'[axis]} = {place:.4g} {unit}", fontsize=9)
    ax.set_xlabel(f"{'xyz'[across[0]]}, {unit}", fontsize=8)
    ax.set_ylabel(f"{'xyz'[across[1]]}, {unit}", fontsize=8)
    ax.tick_params(labelsize=7)


def draw_plan(
    plan: BasePlan, shape: tuple[int, int, int], levels: int, core: int, path: Path
) -> None:
    """Draw the windows of the base and of the refinement, across z.

    Parameters
    ----------
    plan : BasePlan
    shape : three ints
        Voxels of the volume along x, y, z.
    levels : int
        Level of the volume: it has 2^levels voxels for one of the base.
    core : int
        Voxels along the edge of a refinement window.
    path : Path
        A .png file.
    """
    edge = 2**levels
    figure = Figure(figsize=(11, 5.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    if plan.order is None:
        _draw_windows(left, plan, shape, edge)
    else:
        _draw_blocks(left, plan.order.blocks(plan.shape), plan.shape, edge)
    for x, y in product(*(range(0, n, core) for n in shape[:2])):
        right.add_patch(Rectangle((x, y), core, core, facecolor="C0", ec="white"))
    right.set_title("then: refinement windows")
    for axes in (left, right):
        axes.add_patch(Rectangle((0, 0), *shape[:2], fill=False, ec="black", lw=2))
        axes.set(xlabel="x, voxels", ylabel="y, voxels", aspect="equal")
        axes.autoscale_view()
    replace_with(path, figure.savefig)


def _draw_windows(
    axes: Axes, plan: BasePlan, shape: tuple[int, int, int], edge: int
) -> None:
    """Draw the windows of a base, and what one of them computes."""
    x, y, z = (np.arange(0, -(-n // edge)) for n in shape)
    base = [
        [
            (edge * axis.start(k), edge * axis.block, edge * axis.halo)
            for axis, k in zip(plan.axes, key)
        ]
        for key in plan.find([x, y, z[:1]])
    ]
    for i, ((left, width, halo), (low, height, wide), *_) in enumerate(base):
        box = Rectangle((left, low), width, height, facecolor="C0", ec="white")
        axes.add_patch(box)
        if (halo or wide) and i == 0:
            box = Rectangle(
                (left - halo, low - wide),
                width + 2 * halo,
                height + 2 * wide,
                fill=False,
                ec="C1",
                lw=2,
                zorder=3,
            )
            axes.add_patch(box)
    axes.set_title("first: base windows, what one computes")


def _draw_blocks(
    axes: Axes, blocks: list[Block], shape: tuple[int, int, int], edge: int
) -> None:
    """Draw the blocks that meet the middle layer of a base, by their stages."""
    stages: set[int] = set()
    for block in blocks:
        x, y, z = block.start
        if not z <= shape[2] // 2 < z + block.edge:
            continue
        label = "_" if block.stage in stages else f"stage {block.stage + 1}"
        stages.add(block.stage)
        axes.add_patch(
            Rectangle(
                (edge * x, edge * y),
                edge * block.edge,
                edge * block.edge,
                facecolor=f"C{block.stage}",
                alpha=0.35,
                ec=f"C{block.stage}",
                lw=2,
                label=label,
            )
        )
    axes.legend(loc="upper right")
    axes.set_title("first: blocks of the base in the middle layer")
