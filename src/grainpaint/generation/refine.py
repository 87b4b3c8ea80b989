"""Grains of a refinement window: the base doubled, drawn finer, and grown.

Each window depends on the base under it and on nothing else. What comes out are tags
(see `grainpaint.generation.tags`).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from grainpaint.generation.grain_size import Axes
from grainpaint.generation.margin import Inside, near_part
from grainpaint.generation.painter import Painter
from grainpaint.generation.sampler import Start, Tick, sample_one, unheard
from grainpaint.generation.tags import color_of, spin_of, tag_grains
from grainpaint.generation.windows import Key, Window, boxes_under, cells_of
from grainpaint.microstructure import VoxelBox
from grainpaint.network.loading import Pyramid
from grainpaint.philox import normal_field
from grainpaint.progress import Progress, silent
from grainpaint.simulate.iso.potts import grow

__all__ = [
    "Draft",
    "doubled",
    "draft_window",
    "grow_window",
    "growing",
    "grown",
    "grown_box",
    "named",
    "refine_window",
    "within",
]

_STREAM = 11  # of noise
_OPEN = (False, False, False)
_OLD = 64.0  # time at which growth is slow enough for long slots
_APART = 4096.0  # time between the growths of two levels


@torch.inference_mode()
def refine_window(
    painter: Painter,
    window: Window,
    colors: Callable[[Key], np.ndarray],
    tick: Tick = unheard,
    inside: Inside | None = None,
    progress: Progress = silent,
) -> np.ndarray:
    """Return the tags of a refinement window, cut to what it writes (uint16).

    The base is doubled to level 1, where grains grow to the size that was asked for;
    each further level only smooths the steps that doubling leaves. Grains of few voxels
    (level 0) grow in the base itself. In a part, only voxels inside it and near it
    grow; those far away are 0.

    Parameters
    ----------
    painter : Painter
    window : Window
    colors : callable
        Returns what a window of the base wrote.
    tick : callable
    inside : callable, optional
        Returns which voxels are inside the part; without it, all are.
    progress : Progress
        Told how far the longest step, growth at the first level, has come.
    """
    draft = draft_window(painter, window, colors)
    drawn = None
    if draft.start is not None:
        model = _pyramid(painter)
        drawn = sample_one(model.refine, draft.start, model.refine_card.sampling, tick)
    return grow_window(painter, draft, drawn, inside, progress)


@dataclass(frozen=True)
class Draft:
    """A refinement window before its boundaries are drawn and its grains grow.

    Attributes
    ----------
    window : Window
    tags : numpy.ndarray, uint16
        Of the first level that grows.
    torus, boxes
        See `_computed`.
    start : Start or None
        What the refine network draws boundaries from, if there is one.
    """

    window: Window
    tags: np.ndarray
    torus: tuple[bool, bool, bool]
    boxes: dict[int, VoxelBox]
    start: Start | None


def draft_window(
    painter: Painter, window: Window, colors: Callable[[Key], np.ndarray]
) -> Draft:
    """Return what `refine_window` does up to the refine network."""
    model = painter.model
    torus, boxes = _computed(painter, window)
    axes = painter.plan.axes
    cells = [
        np.arange(axis.block) if closed else read
        for axis, closed, read in zip(axes, torus, cells_of(window, painter.levels))
    ]
    found = tag_grains(
        painter.plan.gather(cells, colors),
        model.base.config.n_colors,
        [axis.wrap(c) for axis, c in zip(axes, cells)],
        painter.seed,
        model.base_card.sampling.largest_shape_factor,
        torus,
    )
    base = [(int(c[0]), int(c[-1]) + 1) for c in cells]
    if painter.levels == 0:
        return Draft(window, found[within(boxes[0], base)], torus, boxes, None)
    found = doubled(found, base, boxes[1])
    return Draft(window, found, torus, boxes, _start(painter, found, boxes[1]))


def grow_window(
    painter: Painter,
    draft: Draft,
    drawn: np.ndarray | None,
    inside: Inside | None = None,
    progress: Progress = silent,
) -> np.ndarray:
    """Return the tags of a window from its draft and what the refine network drew."""
    window, boxes, found = draft.window, draft.boxes, draft.tags
    if drawn is not None:
        found = drawn.astype(np.uint16) + np.uint16(1)
    first = min(painter.levels, 1)
    if first == 1:
        found = named(painter, found)
    for level in range(first, painter.levels + 1):
        if level > 1:
            found = doubled(found, boxes[level - 1], boxes[level])
        if inside is not None:
            found *= near_part(painter.levels, window.halo, boxes[level], level, inside)
        told = progress if level == first else silent
        torus = draft.torus
        found = grown(painter, found, boxes[level], level, torus=torus, progress=told)
    written = list(zip(window.start, window.stop))
    return np.ascontiguousarray(found[within(written, boxes[painter.levels])])


def _computed(
    painter: Painter, window: Window
) -> tuple[tuple[bool, bool, bool], dict[int, VoxelBox]]:
    """Return along which axes a window is a torus, and the box it computes per level.

    A torus no longer than the core is grown without a halo.
    """
    boxes = boxes_under(window, painter.levels)
    lengths = painter.plan.period(painter.levels)
    x, y, z = (a == 0 and 0 < n <= window.core for a, n in zip(window.start, lengths))
    torus = (x, y, z)
    for level, box in boxes.items():
        spans = zip(box, painter.plan.period(level), torus)
        boxes[level] = [(0, n) if closed else span for span, n, closed in spans]
    return torus, boxes


def _pyramid(painter: Painter) -> Pyramid:
    """Return the model of a painter, which has a refine network too."""
    assert isinstance(painter.model, Pyramid)
    return painter.model


def grown_box(painter: Painter, window: Window) -> VoxelBox:
    """Return the box of voxels of the result that a window computes."""
    return _computed(painter, window)[1][painter.levels]


def growing(painter: Painter, window: Window) -> int:
    """Return how many voxels of the result grow in a window of a box."""
    return math.prod(b - a for a, b in grown_box(painter, window))


def within(box: VoxelBox, outer: VoxelBox) -> tuple[slice, ...]:
    """Return where a box lies in a larger one."""
    return tuple(slice(a - c, b - c) for (a, b), (c, _) in zip(box, outer))


def doubled(coarse: np.ndarray, box: VoxelBox, finer: VoxelBox) -> np.ndarray:
    """Return the tags in a box of the next level."""
    x, y, z = (np.arange(a, b) // 2 - c for (a, b), (c, _) in zip(finer, box))
    return coarse[np.ix_(x, y, z)]


def _places(painter: Painter, box: VoxelBox, level: int) -> Axes:
    """Return the voxels of a box of a level as they repeat around a torus."""
    x, y, z = (
        np.arange(a, b) % n if n else np.arange(a, b)
        for (a, b), n in zip(box, painter.plan.period(level))
    )
    return x, y, z


def named(painter: Painter, tags: np.ndarray) -> np.ndarray:
    """Replace the tags of grains at level 1 by spins, as many as the model asks for.

    Few enough that equal spins meet as often as in the simulated data, where grains of
    equal spin that meet become one grain.
    """
    n_spins = _pyramid(painter).refine_card.sampling.spins
    if painter.wanted is not None:
        n_spins = painter.wanted.spins
    if n_spins == 0:
        return tags
    return spin_of(tags, painter.model.base.config.n_colors, n_spins)


def _start(painter: Painter, tags: np.ndarray, box: VoxelBox) -> Start | None:
    """Return what the refine network draws boundaries at level 1 from, if it does."""
    model = _pyramid(painter)
    config = model.refine.config
    if model.refine_card.sampling.n_steps == 0:
        return None
    voxels = _places(painter, box, 1)
    noise = normal_field(painter.seed, _STREAM, voxels, config.dim)
    return Start(noise, guide=color_of(tags, config.n_colors))


def grown(
    painter: Painter,
    tags: np.ndarray,
    box: VoxelBox,
    level: int,
    share: np.ndarray | None = None,
    torus: tuple[bool, bool, bool] = _OPEN,
    progress: Progress = silent,
) -> np.ndarray:
    """Let grains grow for a while by the Potts model at T = 0.

    With `share` (0..1), each voxel gets only that share of the growth; the box may be a
    torus along some axes.

    The growth law behind the data restores its boundaries, removes stray voxels and
    refills the small grain sizes long before large grains change: a corrector (Song et
    al., ICLR 2021, section 4.2) that is the physics itself.
    """
    sampling = _pyramid(painter).refine_card.sampling
    time, mobility = sampling.relax if level == 1 else sampling.smooth, None
    if level <= 1 and painter.wanted is not None:
        time, mobility = painter.wanted.growth(_places(painter, box, level), level)
    if time == 0:
        return tags
    if share is not None:
        mobility = share if mobility is None else share * mobility
    start = _OLD + _APART * level
    x0, y0, z0 = (a for a, _ in box)
    *_, end = grow(
        tags,
        [start + time],
        seed=painter.seed,
        start_time=start,
        periodic=torus,
        origin=(x0, y0, z0),
        period=painter.plan.period(level),
        mobility=mobility,
        progress=progress,
    )
    return end
