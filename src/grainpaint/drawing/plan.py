"""The plan of a run: a picture of its windows, or of its blocks and their stages."""

from itertools import product
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from grainpaint.formats.files import replace_with
from grainpaint.generation.paper_plans import Block
from grainpaint.generation.windows import BasePlan, Shape

__all__ = ["draw_plan"]


def draw_plan(
    plan: BasePlan, shape: tuple[int, int, int], levels: int, core: Shape, path: Path
) -> None:
    """Draw the windows of the base and of the refinement, projected along z.

    Parameters
    ----------
    plan : BasePlan
    shape : three ints
        Voxels of the volume along x, y, z.
    levels : int
        Number of refinements: an edge of a base voxel is 2^levels voxels long.
    core : three ints
        Edges of a refinement window, voxels.
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
    for x, y in product(*(range(0, n, c) for n, c in zip(shape[:2], core))):
        right.add_patch(Rectangle((x, y), *core[:2], facecolor="C0", ec="white"))
    right.set_title("then: refinement windows")
    for axes in (left, right):
        axes.add_patch(Rectangle((0, 0), *shape[:2], fill=False, ec="black", lw=2))
        axes.set(xlabel="x, voxels", ylabel="y, voxels", aspect="equal")
        axes.autoscale_view()
    replace_with(path, figure.savefig)


def _draw_windows(
    axes: Axes, plan: BasePlan, shape: tuple[int, int, int], edge: int
) -> None:
    """Draw the windows of a base, and the region that one of them computes."""
    x, y, z = (np.arange(0, -(-n // edge)) for n in shape)
    base = [
        [
            (edge * axis.start(k), edge * axis.written(k), edge * axis.halo)
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
    """Draw the blocks that cross the middle layer of a base, colored by stage."""
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
