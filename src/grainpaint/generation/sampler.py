"""One window at a time: colors of a base window, grains of a refinement window.

Both are pure functions: noise depends on (seed, stream, voxel) alone, and every window
of a kind has one shape and is computed by itself, so whoever computes it, whenever and
wherever, gets the same grains on the same kind of CPU.

The networks see grains as colors of a small palette. The base is kept as colors; what
comes out of a refinement window are tags (see `grainpaint.generation.tags`).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from grainpaint.generation.grain_size import Axes, Wanted
from grainpaint.generation.tags import color_of, spin_of, tag_grains
from grainpaint.generation.windows import (
    BasePlan,
    Box,
    Key,
    Order,
    Window,
    boxes_under,
    cells_of,
)
from grainpaint.network.cards import Sampling
from grainpaint.network.diffusion import expected_colors, reverse_step, timesteps
from grainpaint.network.inference import Evaluator
from grainpaint.network.loading import Model
from grainpaint.network.unet import setting
from grainpaint.palette import palette
from grainpaint.philox import normal_field
from grainpaint.progress import Progress, silent
from grainpaint.simulate.iso.potts import grow

__all__ = [
    "CELL",
    "UNKNOWN",
    "Inside",
    "Leaning",
    "Painter",
    "Tick",
    "base_colors",
    "base_window",
    "growing",
    "grown",
    "margin",
    "n_evaluations",
    "named",
    "refine_window",
    "widened",
]

_BASE, _REFINE = 10, 11  # streams of noise
_LEAN_UNTIL = 0.3  # noise level below which voxels lean no more
UNKNOWN = 255  # no color
_OPEN = (False, False, False)
CELL = 8  # edge of the cells of voxels that grow, or not, in a part
_OLD = 64.0  # time at which growth is slow enough for long slots
_APART = 4096.0  # time between the growths of two levels

Tick = Callable[[], None]  # called after each network evaluation
# Tells which voxels of a box of the result are inside the part.
Inside = Callable[[Box], np.ndarray]
# A color for each voxel, and what is added to the logarithm of its odds.
Leaning = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Painter:
    """All that decides the grains of a volume, but for the mask of a part.

    Parameters
    ----------
    model : Model
    plan : BasePlan
        Of the base.
    seed : int
    levels : int
        Level of the result: it has 2^levels voxels for one of the base.
    wanted : Wanted, optional
        Grain sizes; those of the model's card without.
    """

    model: Model
    plan: BasePlan
    seed: int
    levels: int = 1
    wanted: Wanted | None = None


def _unheard() -> None:
    """Tell nobody."""


def _sample(
    network: Evaluator,
    noise: np.ndarray,
    sampling: Sampling,
    tick: Tick,
    guide: np.ndarray | None = None,
    known: np.ndarray | None = None,
    diameter: np.ndarray | None = None,
    leaning: Leaning | None = None,
) -> np.ndarray:
    """Denoise (X, Y, Z, dim); return colors (uint8, (X, Y, Z)).

    `guide` are the colors that a refiner reads, `known` those of known voxels, with
    UNKNOWN where there is none, and `diameter` the mean grain diameters asked for.
    """
    device = network.device
    colors = torch.from_numpy(palette(network.config.dim)).to(device)
    x = torch.from_numpy(noise)[None].to(device)
    vectors = None if guide is None else colors[torch.from_numpy(guide).long()][None]
    unknown = None
    if known is not None:
        given = torch.from_numpy(known).to(device)[None, ..., None]
        unknown = given == UNKNOWN
        fixed = colors[given[..., 0].long() * ~unknown[..., 0]]
        x = torch.where(unknown, x, fixed)
    color = torch.empty(x.shape[1:4], dtype=torch.uint8, device=device)
    levels = timesteps(sampling.n_steps, sampling.shift).tolist()
    for t, s in pairwise(levels):
        told = _told(x, t, unknown, sampling, diameter)
        for planes, logits in network.slabs(x, told, vectors):
            if leaning is not None and t > _LEAN_UNTIL:
                logits = _leant(logits, leaning, planes)
            if s > 0:
                x0 = expected_colors(logits, colors)
                moved = reverse_step(x[:, planes], x0, t, s)
                if unknown is not None:
                    moved = torch.where(unknown[:, planes], moved, x[:, planes])
                x[:, planes] = moved
            else:
                color[planes] = logits[0].argmax(-1)
        tick()
    found: np.ndarray = color.cpu().numpy()
    return found if known is None else np.where(known == UNKNOWN, found, known)


def _told(
    x: Tensor,
    t: float,
    unknown: Tensor | None,
    sampling: Sampling,
    diameter: np.ndarray | None,
) -> Tensor:
    """Return what the network is told: the same of all voxels, or of each its own."""
    asked = torch.tensor([sampling.grain_diameter])
    if diameter is not None:
        asked = torch.from_numpy(diameter)[..., None]
        if (asked == asked.flatten()[0]).all():
            asked = asked.flatten()[:1]
    asked = asked.to(x.device)
    wanted = setting(asked, torch.full_like(asked, float(sampling.halved)))
    if unknown is None and wanted.ndim == 1:
        return torch.cat([torch.tensor([t], device=x.device), wanted])
    level = torch.full_like(x[..., :1], t)
    if unknown is not None:
        level = level * unknown
    return torch.cat([level, wanted.expand(*level.shape[:-1], 2)], -1)


def _leant(logits: Tensor, leaning: Leaning, planes: slice) -> Tensor:
    """Add to the logits of the colors that voxels lean to."""
    toward, lean = (
        torch.from_numpy(a[planes]).to(logits.device)[None, ..., None] for a in leaning
    )
    return logits.float().scatter_add(-1, toward.long(), lean)


@torch.inference_mode()
def base_window(painter: Painter, key: Key, tick: Tick = _unheard) -> np.ndarray:
    """Return the colors that a window of the base writes.

    What a voxel becomes depends on the noise around it, and hardly on any that is more
    than eight base voxels away: two windows that overlap so far agree on 98.6 % of the
    voxels at the face between them, and on 99.5 % of those three voxels inside.

    Parameters
    ----------
    painter : Painter
    key : three ints
        The window.
    tick : callable

    Returns
    -------
    numpy.ndarray, uint8, shape plan.shape
    """
    plan = painter.plan
    if plan.order is not None:
        return _in_order(painter, plan.order, tick)
    voxels = [axis.wrap(v) for axis, v in zip(plan.axes, plan.computed(key))]
    color = base_colors(painter, voxels, tick)
    return np.ascontiguousarray(color[plan.keep])


def _in_order(painter: Painter, order: Order, tick: Tick) -> np.ndarray:
    """Return the colors of a base, made block by block, each fitting those before."""
    shape, halo = painter.plan.shape, order.halo
    color = np.full(shape, UNKNOWN, np.uint8)
    inner = (slice(halo, halo + order.edge),) * 3
    for block in order.blocks(shape):
        x, y, z = (
            np.arange(a - halo, a + order.edge + halo) % n
            for a, n in zip(block.start, shape)
        )
        known = color[np.ix_(x, y, z)]
        found = base_colors(painter, [x, y, z], tick, known=known)[inner]
        color[block.read] = found[block.inside]
    return color


def base_colors(
    painter: Painter,
    voxels: list[np.ndarray],
    tick: Tick = _unheard,
    known: np.ndarray | None = None,
    leaning: Leaning | None = None,
) -> np.ndarray:
    """Return the colors of base voxels, by their indices along x, y, z, on a torus.

    `known` are the colors of known ones, UNKNOWN elsewhere.
    """
    network, sampling = painter.model.base, painter.model.base_card.sampling
    noise = normal_field(painter.seed, _BASE, voxels, network.config.dim)
    x, y, z = voxels
    asked = None if painter.wanted is None else painter.wanted.asked((x, y, z))
    return _sample(
        network, noise, sampling, tick, known=known, diameter=asked, leaning=leaning
    )


@torch.inference_mode()
def refine_window(
    painter: Painter,
    window: Window,
    colors: Callable[[Key], np.ndarray],
    tick: Tick = _unheard,
    inside: Inside | None = None,
    progress: Progress = silent,
) -> np.ndarray:
    """Return the tags of a refinement window, cut to what it writes (uint16).

    The base is doubled to level 1, where grains grow until they are as large as they
    should be; each further level only smooths the steps that doubling leaves. Grains
    of few voxels (level 0) grow in the base itself. In a part only what is inside and
    near grows; what is far away is 0.

    Parameters
    ----------
    painter : Painter
    window : Window
    colors : callable
        Returns what a window of the base wrote.
    tick : callable
    inside : callable, optional
        Tells which voxels are inside the part; all without.
    progress : Progress
        Told how far the longest step has come: the growth at the first level.
    """
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
    first = min(painter.levels, 1)
    if first == 0:
        found = found[_within(boxes[0], base)]
    else:
        found = _refined(painter, _doubled(found, base, boxes[1]), boxes[1], tick)
        found = named(painter, found)
    for level in range(first, painter.levels + 1):
        if level > 1:
            found = _doubled(found, boxes[level - 1], boxes[level])
        if inside is not None:
            found *= _near(painter, window.halo, boxes[level], level, inside)
        told = progress if level == first else silent
        found = grown(painter, found, boxes[level], level, torus=torus, progress=told)
    written = list(zip(window.start, window.stop))
    return np.ascontiguousarray(found[_within(written, boxes[painter.levels])])


def _computed(
    painter: Painter, window: Window
) -> tuple[tuple[bool, bool, bool], dict[int, Box]]:
    """Return along which axes a window is a torus, and what it computes at each level.

    A torus no longer than the core is grown as it is.
    """
    boxes = boxes_under(window, painter.levels)
    lengths = painter.plan.period(painter.levels)
    x, y, z = (a == 0 and 0 < n <= window.core for a, n in zip(window.start, lengths))
    torus = (x, y, z)
    for level, box in boxes.items():
        spans = zip(box, painter.plan.period(level), torus)
        boxes[level] = [(0, n) if closed else span for span, n, closed in spans]
    return torus, boxes


def growing(painter: Painter, window: Window) -> int:
    """Return how many voxels of the result a window in a box lets grow."""
    box = _computed(painter, window)[1][painter.levels]
    return math.prod(b - a for a, b in box)


def margin(halo: int, level: int) -> int:
    """Return how far around a part voxels of a level grow: half of the halo there.

    The part's grains do not feel what is further away.
    """
    return {0: halo // 4, 1: halo // 2}.get(level, CELL)


def widened(cells: np.ndarray, margin: int, edge: int) -> np.ndarray:
    """Return the cells, `edge` voxels a side, within a margin of True ones."""
    from scipy.ndimage import binary_dilation

    near: np.ndarray = binary_dilation(cells, np.ones((3, 3, 3)), -(-margin // edge))
    return near


def _near(
    painter: Painter, halo: int, box: Box, level: int, inside: Inside
) -> np.ndarray:
    """Return which voxels of a box of a level are inside the part or near it."""
    edge = CELL << (painter.levels - level)
    span = [(a // CELL, -(-b // CELL)) for a, b in box]
    mask = inside([(a * edge, b * edge) for a, b in span])
    x, y, z = (b - a for a, b in span)
    blocks = mask.reshape(x, edge, y, edge, z, edge)
    cells: np.ndarray = np.any(blocks, axis=(1, 3, 5))
    near = widened(cells, margin(halo, level), CELL)
    i, j, k = (np.arange(a, b) // CELL - c for (a, b), (c, _) in zip(box, span))
    return near[np.ix_(i, j, k)]


def _within(box: Box, outer: Box) -> tuple[slice, ...]:
    """Return where a box lies in a larger one."""
    return tuple(slice(a - c, b - c) for (a, b), (c, _) in zip(box, outer))


def _doubled(coarse: np.ndarray, box: Box, finer: Box) -> np.ndarray:
    """Return the tags in a box of the next level."""
    x, y, z = (np.arange(a, b) // 2 - c for (a, b), (c, _) in zip(finer, box))
    return coarse[np.ix_(x, y, z)]


def _places(painter: Painter, box: Box, level: int) -> Axes:
    """Return the voxels of a box of a level as they repeat around a torus."""
    x, y, z = (
        np.arange(a, b) % n if n else np.arange(a, b)
        for (a, b), n in zip(box, painter.plan.period(level))
    )
    return x, y, z


def named(painter: Painter, tags: np.ndarray) -> np.ndarray:
    """Give grains of level 1 spins in place of their tags, as many as the model says.

    Few enough that like spins meet as often as in the simulations of the data, where
    grains that meet their like become one.
    """
    n_spins = painter.model.refine_card.sampling.spins
    if painter.wanted is not None:
        n_spins = painter.wanted.spins
    if n_spins == 0:
        return tags
    return spin_of(tags, painter.model.base.config.n_colors, n_spins)


def _refined(painter: Painter, tags: np.ndarray, box: Box, tick: Tick) -> np.ndarray:
    """Draw the boundaries of level 1 by the refine network, if the model has one."""
    network, sampling = painter.model.refine, painter.model.refine_card.sampling
    if sampling.n_steps == 0:
        return tags
    voxels = _places(painter, box, 1)
    guide = color_of(tags, network.config.n_colors)
    noise = normal_field(painter.seed, _REFINE, voxels, network.config.dim)
    color = _sample(network, noise, sampling, tick, guide=guide)
    return color.astype(np.uint16) + np.uint16(1)


def grown(
    painter: Painter,
    tags: np.ndarray,
    box: Box,
    level: int,
    share: np.ndarray | None = None,
    torus: tuple[bool, bool, bool] = _OPEN,
    progress: Progress = silent,
) -> np.ndarray:
    """Let grains grow for a while by the Potts model at T = 0.

    With `share` (0..1) voxels of a level get only that share of it; the box may be a
    torus along some axes.

    The growth that the data come from makes boundaries as they are in the data, takes
    away stray voxels and refills the small sizes, long before large grains change: a
    corrector (Song et al., ICLR 2021, section 4.2) that is the physics itself.
    """
    sampling = painter.model.refine_card.sampling
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


def n_evaluations(model: Model) -> tuple[int, int]:
    """Return the network evaluations of a base and of a refinement window."""
    return model.base_card.sampling.n_steps, model.refine_card.sampling.n_steps
