"""One window at a time: colours of a base window, grains of a refinement window.

Both are pure functions: noise depends on (seed, stream, voxel) alone, and every window
of a kind has one shape and is computed by itself, so whoever computes it, whenever and
wherever, gets the same grains on the same kind of CPU.

The networks see grains as colours of a small palette. The base is kept as colours; what
comes out of a refinement window are tags (see `grainpaint.tags`).
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from grainpaint.diffusion import expected_colors, reverse_step, timesteps
from grainpaint.encode import palette
from grainpaint.model import Model, Sampling
from grainpaint.philox import normal_field
from grainpaint.plan import BasePlan, Key, Window, cells_of
from grainpaint.simulate.potts import grow
from grainpaint.tags import color_of, tag_grains
from grainpaint.unet import UNet, setting

__all__ = ["Tick", "base_window", "n_evaluations", "refine_window"]

_BASE, _REFINE = 10, 11  # streams of noise
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
) -> np.ndarray:
    """Denoise (X, Y, Z, dim); return colours (uint8, (X, Y, Z)).

    `guide` are the colours that a refiner reads.
    """
    colors = _palette(network)
    x = torch.from_numpy(noise)[None].to(colors.device)
    one = torch.ones_like(x[..., :1])
    vectors = None
    if guide is not None:
        vectors = colors[torch.from_numpy(guide).long().to(colors.device)][None]
    wanted = setting(sampling.grain_diameter * one, float(sampling.halved) * one)
    levels = timesteps(sampling.n_steps, sampling.shift).tolist()
    for t, s in pairwise(levels):
        with torch.autocast(x.device.type, torch.bfloat16):
            logits = network(x, t * one, wanted, vectors)
        tick()
        if s > 0:
            x = reverse_step(x, _expected(logits, colors), t, s)
    color: np.ndarray = logits[0].argmax(-1).to(torch.uint8).cpu().numpy()
    return color


@torch.inference_mode()
def base_window(
    model: Model, plan: BasePlan, key: Key, seed: int, tick: Tick = _unheard
) -> np.ndarray:
    """Return the colours that a window of the base writes.

    What a voxel becomes depends on the noise around it, and hardly on any that is more
    than eight base voxels away: two windows that overlap so far agree on 98.6 % of the
    voxels at the face between them, and on 99.5 % of those three voxels inside.

    Parameters
    ----------
    model : Model
    plan : BasePlan
    key : three ints
        The window.
    seed : int
    tick : callable

    Returns
    -------
    numpy.ndarray, uint8, shape plan.shape
    """
    voxels = [axis.wrap(v) for axis, v in zip(plan.axes, plan.computed(key))]
    noise = normal_field(seed, _BASE, voxels, model.base.config.dim)
    color = _sample(model.base, noise, model.base_card.sampling, tick)
    return np.ascontiguousarray(color[plan.keep])


@torch.inference_mode()
def refine_window(
    model: Model,
    plan: BasePlan,
    window: Window,
    colors: Callable[[Key], np.ndarray],
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
    colors : callable
        Returns what a window of the base wrote.
    seed : int
    tick : callable
    """
    voxels = [axis.wrap(v, 2) for axis, v in zip(plan.axes, window.read())]
    cells = cells_of(window)
    coarse = tag_grains(
        plan.gather(cells, colors),
        model.base.config.n_colors,
        [axis.wrap(c) for axis, c in zip(plan.axes, cells)],
        seed,
        model.base_card.sampling.largest_shape_factor,
    )
    found = coarse[np.ix_(*[v // 2 - c[0] for v, c in zip(window.read(), cells)])]
    sampling = model.refine_card.sampling
    x, y, z = (int(v[0]) for v in window.read())
    if sampling.n_steps > 0:
        guide = color_of(found, model.refine.config.n_colors)
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
