"""One window at a time: grains of a base window, and of a refinement window.

Both are pure functions: noise depends on (seed, stream, voxel) alone, and every window
of a kind has one shape and is computed by itself, so whoever computes it, whenever and
wherever, gets the same grains on the same kind of CPU.

The networks see grains as colours of a small palette; between windows a grain goes by
its tag, a number 1..65535 from which its colour follows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from grainpaint.diffusion import expected_colors, reverse_step, timesteps
from grainpaint.encode import color_grains, contact_graph, palette
from grainpaint.grain_size import Wanted
from grainpaint.model import Model, Sampling
from grainpaint.philox import normal_field
from grainpaint.plan import BasePlan, Box, Key, Window, boxes_under, cells_of, stage
from grainpaint.pyramid import halve
from grainpaint.segment import label_pieces, merge_fragments
from grainpaint.separate import separate
from grainpaint.simulate.potts import grow
from grainpaint.unet import UNet, setting

__all__ = ["Painter", "Tick", "base_window", "n_evaluations", "refine_window"]

_BASE, _REFINE = 10, 11  # streams of noise
_MIN_BASE_VOXELS = 2  # smaller pieces of the base are specks
_TAGS = 2**16 - 1
_UNKNOWN = 255  # no colour
_OPEN = (False, False, False)
_OLD = 64.0  # time at which growth is slow enough for long slots
_APART = 4096.0  # time between the growths of two levels
_SLAB = 1 << 20  # voxels whose probabilities are held at once

Tick = Callable[[], None]  # called after each network evaluation


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


def _expected(logits: Tensor, colors: Tensor) -> Tensor:
    """Return the mean colour vectors of voxels, slab by slab to save memory."""
    parts = logits.flatten(0, 3).split(_SLAB)
    x0 = torch.cat([expected_colors(part, colors) for part in parts])
    return x0.reshape(*logits.shape[:4], -1)


def _palette(network: UNet) -> Tensor:
    """Return a network's palette on its device."""
    device = next(network.parameters()).device
    return torch.from_numpy(palette(network.config.dim)).to(device)


def _sample(
    network: UNet,
    noise: np.ndarray,
    sampling: Sampling,
    tick: Tick,
    guide: np.ndarray | None = None,
    known: np.ndarray | None = None,
    diameter: np.ndarray | None = None,
) -> np.ndarray:
    """Denoise (X, Y, Z, dim); return colours (uint8, (X, Y, Z)).

    `guide` are the colours that a refiner reads, `known` those of known voxels, with
    _UNKNOWN where there is none, and `diameter` the mean grain diameters asked for.
    """
    colors = _palette(network)
    x = torch.from_numpy(noise)[None].to(colors.device)
    one = torch.ones_like(x[..., :1])
    vectors = None
    if guide is not None:
        vectors = colors[torch.from_numpy(guide).long().to(colors.device)][None]
    unknown = one
    if known is not None:
        given = torch.from_numpy(known).to(colors.device)[None, ..., None]
        unknown = (given == _UNKNOWN).to(x.dtype)
        fixed = colors[given[..., 0].long() * (given[..., 0] != _UNKNOWN)]
        x = torch.where(given == _UNKNOWN, x, fixed)
    asked = sampling.grain_diameter * one
    if diameter is not None:
        asked = torch.from_numpy(diameter).to(colors.device)[None, ..., None]
    wanted = setting(asked, float(sampling.halved) * one)
    levels = timesteps(sampling.n_steps, sampling.shift).tolist()
    for t, s in pairwise(levels):
        with torch.autocast(x.device.type, torch.bfloat16):
            logits = network(x, t * unknown, wanted, vectors)
        tick()
        if s > 0:
            moved = reverse_step(x, _expected(logits, colors), t, s)
            x = moved if known is None else torch.where(unknown > 0, moved, x)
    color: np.ndarray = logits[0].argmax(-1).to(torch.uint8).cpu().numpy()
    return color if known is None else np.where(known == _UNKNOWN, color, known)


@torch.inference_mode()
def base_window(
    painter: Painter,
    key: Key,
    tags: Callable[[Key], np.ndarray],
    tick: Tick = _unheard,
) -> np.ndarray:
    """Return the tags of the grains in a window of the base.

    Parameters
    ----------
    painter : Painter
    key : three ints
        The window.
    tags : callable
        Returns what another window wrote, of those that this one needs.
    tick : callable

    Returns
    -------
    numpy.ndarray, uint16, shape plan.shape(key)
        A number 1..65535 for each grain: 1 + its colour, a proper one, + a random
        multiple of the number of colours, so that grains that come to touch differ too.
        No specks, merged grains split.
    """
    model, plan, seed = painter.model, painter.plan, painter.seed
    voxels = plan.computed(key)
    n_colors = model.base.config.n_colors
    before = known = None
    if stage(key):
        before = plan.gather(voxels, lambda k: _or_unknown(plan, key, k, tags))
        known = np.where(before > 0, _colors(before, n_colors), _UNKNOWN)
    noise = normal_field(seed, _BASE, voxels, model.base.config.dim)
    diameter = None
    if painter.wanted is not None:
        x, y, z = (axis.wrap(v) for axis, v in zip(plan.axes, voxels))
        diameter = painter.wanted.asked((x, y, z))
    color = _sample(
        model.base,
        noise,
        model.base_card.sampling,
        tick,
        known=known,
        diameter=diameter,
    )
    torus = (key[0] % 2 == 0, key[1] % 2 == 0, key[2] % 2 == 0)
    grain_id, given = _clean(color, known, torus, model.base_card.sampling)
    rng = np.random.default_rng((seed, _BASE, *(q % 2**64 for q in key)))
    colors = color_grains(contact_graph(grain_id, torus), n_colors, rng, given)
    turn = rng.integers(_TAGS // n_colors, size=colors.size)
    of_grain = (1 + colors + n_colors * turn).astype(np.uint16)
    if before is not None:  # what goes on from another window keeps its tag
        of_grain[grain_id[before > 0]] = before[before > 0]
    return np.ascontiguousarray(of_grain[grain_id[plan.keep(key)]])


def _or_unknown(
    plan: BasePlan, key: Key, other: Key, tags: Callable[[Key], np.ndarray]
) -> np.ndarray:
    """Return what another window wrote, 0 everywhere for the window itself."""
    return np.zeros(plan.shape(key), np.uint16) if other == key else tags(other)


def _colors(tags: np.ndarray, n_colors: int) -> np.ndarray:
    """Return the colours of tagged grains (uint8); nonsense where there is no tag."""
    return ((tags - 1) % n_colors).astype(np.uint8)


def _clean(
    color: np.ndarray,
    known: np.ndarray | None,
    torus: tuple[bool, bool, bool],
    sampling: Sampling,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Give specks to their neighbours, split merged grains.

    Returns
    -------
    grain_id : numpy.ndarray, int32
    given : numpy.ndarray, int8, or None
        The colours of the grains that are known in part, -1 for the others.
    """
    piece = label_pieces(color.astype(np.int32) + 1, torus)
    grain_id = merge_fragments(piece, _MIN_BASE_VOXELS, torus)
    if known is not None:
        grain_id = np.where(known == _UNKNOWN, grain_id, piece)
    if sampling.largest_shape_factor is not None:
        grain_id = separate(grain_id, torus, sampling.largest_shape_factor)
    if known is None:
        return grain_id, None
    given = np.full(int(grain_id.max()) + 1, -1, np.int8)
    given[grain_id[known != _UNKNOWN]] = known[known != _UNKNOWN]
    return grain_id, given


@torch.inference_mode()
def refine_window(
    painter: Painter,
    window: Window,
    tags: Callable[[Key], np.ndarray],
    tick: Tick = _unheard,
) -> np.ndarray:
    """Return the tags of a refinement window, cut to what it writes (uint16).

    The base is doubled to level 1, where grains grow until they are as large as they
    should be; each further level only smooths the steps that doubling leaves.

    Parameters
    ----------
    painter : Painter
    window : Window
    tags : callable
        Returns what a window of the base wrote.
    tick : callable
    """
    boxes = boxes_under(window, painter.levels)
    cells = cells_of(window, painter.levels)
    found = painter.plan.gather(cells, tags)
    found = _doubled(found, [(int(c[0]), int(c[-1]) + 1) for c in cells], boxes[1])
    found = _grown(painter, _refined(painter, found, boxes[1], tick), boxes[1], 1)
    for level in range(2, painter.levels + 1):
        found = _doubled(found, boxes[level - 1], boxes[level])
        found = _grown(painter, found, boxes[level], level)
    if painter.levels == 0:
        finer = [(2 * a, 2 * b) for a, b in boxes[0]]
        found = halve(found[_within(finer, boxes[1])])
        found = _grown(painter, found, boxes[0], 0)
    written = list(zip(window.start, window.stop))
    return np.ascontiguousarray(found[_within(written, boxes[painter.levels])])


def _within(box: Box, outer: Box) -> tuple[slice, ...]:
    """Return where a box lies in a larger one."""
    return tuple(slice(a - c, b - c) for (a, b), (c, _) in zip(box, outer))


def _doubled(coarse: np.ndarray, box: Box, finer: Box) -> np.ndarray:
    """Return the tags in a box of the next level."""
    x, y, z = (np.arange(a, b) // 2 - c for (a, b), (c, _) in zip(finer, box))
    return coarse[np.ix_(x, y, z)]


def _refined(painter: Painter, tags: np.ndarray, box: Box, tick: Tick) -> np.ndarray:
    """Draw the boundaries of level 1 by the refine network, if the model has one."""
    network, sampling = painter.model.refine, painter.model.refine_card.sampling
    if sampling.n_steps == 0:
        return tags
    voxels = [
        np.arange(a, b) % n if n else np.arange(a, b)
        for (a, b), n in zip(box, painter.plan.period(1))
    ]
    guide = _colors(tags, network.config.n_colors)
    noise = normal_field(painter.seed, _REFINE, voxels, network.config.dim)
    color = _sample(network, noise, sampling, tick, guide=guide)
    return color.astype(np.uint16) + np.uint16(1)


def _grown(painter: Painter, tags: np.ndarray, box: Box, level: int) -> np.ndarray:
    """Let grains grow for a while by the Potts model at T = 0.

    The growth that the data come from makes boundaries as they are in the data, takes
    away stray voxels and refills the small sizes, long before large grains change: a
    corrector (Song et al., ICLR 2021, section 4.2) that is the physics itself.
    """
    sampling = painter.model.refine_card.sampling
    time, mobility = sampling.relax if level == 1 else sampling.smooth, None
    period = painter.plan.period(level)
    if level == 1 and painter.wanted is not None:
        x, y, z = (
            np.arange(a, b) % n if n else np.arange(a, b)
            for (a, b), n in zip(box, period)
        )
        time, mobility = painter.wanted.growth((x, y, z))
    if time == 0:
        return tags
    start = _OLD + _APART * abs(level - 1)
    x0, y0, z0 = (a for a, _ in box)
    *_, end = grow(
        tags,
        [start + time],
        seed=painter.seed,
        start_time=start,
        periodic=_OPEN,
        origin=(x0, y0, z0),
        period=period,
        mobility=mobility,
    )
    return end


def n_evaluations(model: Model) -> tuple[int, int]:
    """Return the network evaluations of a base and of a refinement window."""
    return model.base_card.sampling.n_steps, model.refine_card.sampling.n_steps
