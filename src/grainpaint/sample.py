"""One window at a time: grains of a base window, and of a refinement window.

Both are pure functions: noise depends on (seed, stream, voxel) alone, and every window
of a kind has one shape and is computed by itself, so whoever computes it, whenever and
wherever, gets the same grains on the same kind of CPU.

The networks see grains as colours of a small palette; between windows a grain goes by
its tag, a number 1..65535 from which its colour follows.
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from grainpaint.diffusion import expected_colors, reverse_step, timesteps
from grainpaint.encode import color_grains, contact_graph, palette
from grainpaint.model import Model, Sampling
from grainpaint.philox import normal_field
from grainpaint.plan import BasePlan, Key, Window, cells_of, stage
from grainpaint.segment import label_pieces, merge_fragments
from grainpaint.separate import separate
from grainpaint.simulate.potts import grow
from grainpaint.unet import UNet, setting

__all__ = ["Tick", "base_window", "n_evaluations", "refine_window"]

_BASE, _REFINE = 10, 11  # streams of noise
_MIN_BASE_VOXELS = 2  # smaller pieces of the base are specks
_TAGS = 2**16 - 1
_UNKNOWN = 255  # no colour
_OPEN = (False, False, False)
_OLD = 64.0  # time at which growth is slow enough for long slots
_SLAB = 1 << 20  # voxels whose probabilities are held at once

Tick = Callable[[], None]  # called after each network evaluation


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
) -> np.ndarray:
    """Denoise (X, Y, Z, dim); return colours (uint8, (X, Y, Z)).

    `guide` are the colours that a refiner reads, `known` those of known voxels, with
    _UNKNOWN where there is none.
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
    wanted = setting(sampling.grain_diameter * one, float(sampling.halved) * one)
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
    model: Model,
    plan: BasePlan,
    key: Key,
    tags: Callable[[Key], np.ndarray],
    seed: int,
    tick: Tick = _unheard,
) -> np.ndarray:
    """Return the tags of the grains in a window of the base.

    Parameters
    ----------
    model : Model
    plan : BasePlan
    key : three ints
        The window.
    tags : callable
        Returns what another window wrote, of those that this one needs.
    seed : int
    tick : callable

    Returns
    -------
    numpy.ndarray, uint16, shape plan.shape(key)
        A number 1..65535 for each grain: 1 + its colour, a proper one, + a random
        multiple of the number of colours, so that grains that come to touch differ too.
        No specks, merged grains split.
    """
    voxels = plan.computed(key)
    n_colors = model.base.config.n_colors
    before = known = None
    if stage(key):
        before = plan.gather(voxels, lambda k: _or_unknown(plan, key, k, tags))
        known = np.where(before > 0, _colors(before, n_colors), _UNKNOWN)
    noise = normal_field(seed, _BASE, voxels, model.base.config.dim)
    color = _sample(model.base, noise, model.base_card.sampling, tick, known=known)
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
    model: Model,
    plan: BasePlan,
    window: Window,
    tags: Callable[[Key], np.ndarray],
    seed: int,
    tick: Tick = _unheard,
) -> np.ndarray:
    """Return the tags of a refinement window, cut to what it writes (uint16).

    Parameters
    ----------
    model : Model
    plan : BasePlan
        Of the base under it.
    window : Window
    tags : callable
        Returns what a window of the base wrote.
    seed : int
    tick : callable
    """
    voxels = [axis.wrap(v, 2) for axis, v in zip(plan.axes, window.read())]
    cells = cells_of(window)
    coarse = plan.gather(cells, tags)
    found = coarse[np.ix_(*[v // 2 - c[0] for v, c in zip(window.read(), cells)])]
    sampling = model.refine_card.sampling
    x, y, z = (int(v[0]) for v in window.read())
    if sampling.n_steps > 0:
        guide = _colors(found, model.refine.config.n_colors)
        noise = normal_field(seed, _REFINE, voxels, model.refine.config.dim)
        color = _sample(model.refine, noise, sampling, tick, guide=guide)
        found = color.astype(np.uint16) + np.uint16(1)
    if sampling.relax > 0:
        found = _relaxed(found, sampling.relax, seed, (x, y, z))
    return np.ascontiguousarray(found[window.keep])


def _relaxed(
    tags: np.ndarray, time: float, seed: int, origin: tuple[int, int, int]
) -> np.ndarray:
    """Let grains grow for a while by the Potts model at T = 0.

    The growth that the data come from makes boundaries as they are in the data, takes
    away stray voxels and refills the small sizes, long before large grains change: a
    corrector (Song et al., ICLR 2021, section 4.2) that is the physics itself.
    """
    *_, end = grow(
        tags,
        [_OLD + time],
        seed=seed,
        start_time=_OLD,
        periodic=_OPEN,
        origin=origin,
    )
    return end


def n_evaluations(model: Model) -> tuple[int, int]:
    """Return the network evaluations of a base and of a refinement window."""
    return model.base_card.sampling.n_steps, model.refine_card.sampling.n_steps
