"""One window at a time: colours of a base window, and of a refinement window.

Both are pure functions: noise depends on (seed, stream, voxel) alone, and every window
of a kind has one shape and is computed by itself, so whoever computes it, whenever and
wherever, gets the same colours on the same kind of CPU.
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
_OLD = 64.0  # time at which growth is slow enough for long slots
_SLAB = 1 << 20  # voxels whose probabilities are held at once

Tick = Callable[[], None]  # called after each network evaluation


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
    255 where a voxel is unknown.
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
        unknown = (given == 255).to(x.dtype)
        fixed = colors[given[..., 0].long() * (given[..., 0] != 255)]
        x = torch.where(given == 255, x, fixed)
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
    return color if known is None else np.where(known == 255, color, known)


@torch.inference_mode()
def base_window(
    model: Model,
    plan: BasePlan,
    key: Key,
    colors: Callable[[Key], np.ndarray],
    seed: int,
    tick: Tick,
) -> np.ndarray:
    """Return the cleaned colours of a window of the base.

    Parameters
    ----------
    model : Model
    plan : BasePlan
    key : three ints
        The window.
    colors : callable
        Returns what another window wrote, of those that this one needs.
    seed : int
    tick : callable

    Returns
    -------
    numpy.ndarray, uint8, shape plan.shape(key)
        Colours of the refiner's palette: no specks, merged grains split.
    """
    voxels = plan.computed(key)
    dim = model.base.config.dim
    noise = normal_field(seed, _BASE, voxels, dim)
    known = None
    if stage(key):
        known = plan.gather(voxels, lambda k: _or_unknown(plan, key, k, colors))
    color = _sample(model.base, noise, model.base_card.sampling, tick, known=known)
    torus = (key[0] % 2 == 0, key[1] % 2 == 0, key[2] % 2 == 0)
    rng = np.random.default_rng((seed, _BASE, *(q % 2**64 for q in key)))
    limit = model.base_card.sampling.largest_shape_factor
    n_colors = model.refine.config.n_colors
    return _clean(color, known, torus, limit, n_colors, rng)[plan.keep(key)]


def _or_unknown(
    plan: BasePlan, key: Key, other: Key, colors: Callable[[Key], np.ndarray]
) -> np.ndarray:
    """Return what another window wrote, 255 everywhere for the window itself."""
    return np.full(plan.shape(key), 255, np.uint8) if other == key else colors(other)


def _clean(
    color: np.ndarray,
    known: np.ndarray | None,
    torus: tuple[bool, bool, bool],
    limit: float | None,
    n_colors: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Give specks to their neighbours, split merged grains, colour all properly.

    Grains with a known voxel (`known` is not 255 there) keep their colour.
    """
    grain_id = label_pieces(color.astype(np.int32) + 1, torus)
    merged = merge_fragments(grain_id, _MIN_BASE_VOXELS, torus)
    grain_id = merged if known is None else np.where(known == 255, merged, grain_id)
    if limit is not None:
        grain_id = separate(grain_id, torus, limit)
    given = None
    if known is not None:
        given = np.full(int(grain_id.max()) + 1, -1, np.int8)
        given[grain_id[known != 255]] = color[known != 255]
    graph = contact_graph(grain_id, torus)
    proper = color_grains(graph, n_colors, rng, given).astype(np.uint8)
    clean: np.ndarray = proper[grain_id]
    return clean


@torch.inference_mode()
def refine_window(
    model: Model,
    plan: BasePlan,
    window: Window,
    colors: Callable[[Key], np.ndarray],
    seed: int,
    tick: Tick,
) -> np.ndarray:
    """Return the colours of a refinement window, cut to what it writes (uint8).

    Parameters
    ----------
    model : Model
    plan : BasePlan
        Of the base under it.
    window : Window
    colors : callable
        Returns what a window of the base wrote.
    seed : int
    tick : callable
    """
    voxels = [axis.wrap(v, 2) for axis, v in zip(plan.axes, window.read())]
    noise = normal_field(seed, _REFINE, voxels, model.refine.config.dim)
    cells = cells_of(window)
    coarse = plan.gather(cells, colors)
    guide = coarse[np.ix_(*[v // 2 - c[0] for v, c in zip(window.read(), cells)])]
    sampling = model.refine_card.sampling
    color = _sample(model.refine, noise, sampling, tick, guide=guide)
    if sampling.relax > 0:
        x, y, z = (int(v[0]) for v in voxels)
        color = _relaxed(color, sampling.relax, seed, (x, y, z))
    return np.ascontiguousarray(color[window.keep])


def _relaxed(
    color: np.ndarray, time: float, seed: int, origin: tuple[int, int, int]
) -> np.ndarray:
    """Return colours after some grain growth by the Potts model at T = 0.

    A network of few evaluations leaves boundaries too rough and single stray voxels.
    The growth that its data come from takes both away before grains change: a corrector
    in the sense of Song et al., ICLR 2021, section 4.2, by the physics itself.
    """
    spin = color.astype(np.uint16) + 1
    periodic = (False, False, False)
    *_, end = grow(
        spin,
        [_OLD + time],
        seed=seed,
        start_time=_OLD,
        periodic=periodic,
        origin=origin,
    )
    relaxed: np.ndarray = (end - 1).astype(np.uint8)
    return relaxed


def n_evaluations(model: Model) -> tuple[int, int]:
    """Return the network evaluations of a base and of a refinement window."""
    return model.base_card.sampling.n_steps, model.refine_card.sampling.n_steps
