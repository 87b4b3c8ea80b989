"""Grains of a refinement window: the base doubled, drawn finer, and grown.

Each window depends on the base under it and on nothing else. What comes out are tags
(see `grainpaint.generation.tags`).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch

from grainpaint.generation.grain_size import Axes
from grainpaint.generation.margin import Inside, near_part
from grainpaint.generation.painter import Painter
from grainpaint.generation.sampler import Start, Tick, sample_one, unheard
from grainpaint.generation.tags import color_of, spin_of, tag_grains
from grainpaint.generation.windows import (
    Key,
    Shape,
    Window,
    boxes_under,
    cells_of,
)
from grainpaint.microstructure import VoxelBox
from grainpaint.network.loading import Pyramid
from grainpaint.philox import normal_field
from grainpaint.progress import Progress, part_of, silent
from grainpaint.simulate.iso.potts import grow

__all__ = [
    "Draft",
    "doubled",
    "draft_window",
    "grow_window",
    "growing",
    "growing_in_all",
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
# How much of the halo grows, up to which share of the time. What happens in it reaches
# less far the later it happens.
_NARROWING = ((1 / 7, 1.0), (3 / 7, 0.75), (5 / 7, 0.625), (1.0, 0.5))


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
    window = _trimmed(painter, window)
    torus, boxes = _computed(painter, window)
    axes = painter.plan.axes
    cells = [
        np.arange(axis.period) if closed else read
        for axis, closed, read in zip(axes, torus, cells_of(window, painter.levels))
    ]
    found = tag_grains(
        painter.plan.gather(cells, colors),
        model.base.config.n_colors,
        [axis.wrap(c) for axis, c in zip(axes, cells)],
        painter.seed,
        model.base_card.sampling,
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
        found = grown(
            painter,
            found,
            boxes[level],
            level,
            torus=draft.torus,
            progress=told,
            halo=window.halo if painter.thrifty and level == 1 else 0,
        )
    written = list(zip(window.start, window.stop))
    return np.ascontiguousarray(found[within(written, boxes[painter.levels])])


def _trimmed(painter: Painter, window: Window) -> Window:
    """Return a window that ends where the volume begins again."""
    if not painter.thrifty:
        return window
    lengths = painter.plan.period(painter.levels)
    x, y, z = (
        min(core, n - a) if 0 <= a < n else core
        for a, n, core in zip(window.start, lengths, window.core)
    )
    ends = zip(window.stop, window.start, (x, y, z))
    i, j, k = (min(stop, a + core) for stop, a, core in ends)
    return replace(window, core=(x, y, z), stop=(i, j, k))


def _computed(
    painter: Painter, window: Window
) -> tuple[tuple[bool, bool, bool], dict[int, VoxelBox]]:
    """Return along which axes a window is a torus, and the box it computes per level.

    A torus no longer than the core is grown without a halo.
    """
    boxes = boxes_under(window, painter.levels)
    lengths = painter.plan.period(painter.levels)
    x, y, z = (
        a == 0 and 0 < n <= core
        for a, n, core in zip(window.start, lengths, window.core)
    )
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
    return _computed(painter, _trimmed(painter, window))[1][painter.levels]


def growing(painter: Painter, window: Window) -> int:
    """Return how many voxels of the result grow in a window of a box."""
    return math.prod(b - a for a, b in grown_box(painter, window))


def growing_in_all(painter: Painter, shape: Shape, core: Shape, halo: int) -> int:
    """Return how many voxels of the result grow in all windows of a box."""
    n_voxels = 1
    for axis in range(3):
        starts = range(0, shape[axis], core[axis])
        spans = (
            grown_box(painter, Window((a,) * 3, (a + 1,) * 3, core, halo))[axis]
            for a in starts
        )
        n_voxels *= sum(b - a for a, b in spans)
    return n_voxels


def within(box: VoxelBox, outer: VoxelBox) -> tuple[slice, ...]:
    """Return where a box lies in a larger one."""
    return tuple(slice(a - c, b - c) for (a, b), (c, _) in zip(box, outer))


def doubled(
    coarse: np.ndarray, box: VoxelBox, finer: VoxelBox, stretch: int = 1
) -> np.ndarray:
    """Return the tags in a box of the next level, from voxels that may be tall."""
    spans = zip(finer, box, (2, 2, 2 * stretch))
    x, y, z = (np.arange(a, b) // edge - c for (a, b), (c, _), edge in spans)
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
    halo: int = 0,
) -> np.ndarray:
    """Let grains grow for a while by the Potts model at T = 0.

    With `share` (0..1), each voxel gets only that share of the growth; the box may be a
    torus along some axes. Along the others, what lies in a halo is needed for what lies
    inside alone, and grows for as long as that takes; `tags` is overwritten then.

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
    start, reached = _OLD + _APART * level, 0.0
    stages = _NARROWING if halo and not all(torus) else ((1.0, 1.0),)
    with progress("grain growth", start + time, start) as bar:
        for until, kept in stages:
            stop = time if until == 1 else float(round(time * until))
            if stop <= reached:
                continue
            rim = halo - math.ceil(halo * kept)
            inner = within(
                [
                    span if closed else (span[0] + rim, span[1] - rim)
                    for span, closed in zip(box, torus)
                ],
                box,
            )
            x0, y0, z0 = (a + s.start for (a, _), s in zip(box, inner))
            *_, end = grow(
                tags[inner],
                [start + stop],
                seed=painter.seed,
                start_time=start + reached,
                periodic=torus,
                origin=(x0, y0, z0),
                period=painter.plan.period(level),
                mobility=None if mobility is None else mobility[inner],
                progress=part_of(bar, start + reached),
            )
            if len(stages) == 1:
                return end
            tags[inner] = end
            reached = stop
    return tags
