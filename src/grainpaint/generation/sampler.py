"""Draw colors from a network: the sampler, step by step from noise to colors.

The networks see grains as colors of a small palette. Noise depends on (seed, stream,
voxel) alone, so a window is the same whoever computes it, whenever and wherever, on
processors of one kind.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, overload

import numpy as np
import torch
from torch import Tensor

from grainpaint.errors import InputError
from grainpaint.network.cards import Sampling
from grainpaint.network.devices import empty_cache, is_out_of_memory
from grainpaint.network.diffusion import (
    expected_colors,
    led_on,
    moved,
    reverse_step,
    timesteps,
)
from grainpaint.network.inference import Evaluator
from grainpaint.network.unet import setting
from grainpaint.palette import palette
from grainpaint.simulate.am.channels import has_columns

__all__ = [
    "UNKNOWN",
    "Leaning",
    "Start",
    "Tick",
    "no_memory",
    "sample",
    "sample_one",
    "unheard",
]

_LEAN_UNTIL = 0.3  # noise level below which voxels lean no more
UNKNOWN = 255  # no color

Tick = Callable[[], None]  # called after each network evaluation
# A color for each voxel, and what is added to the logarithm of its odds.
Leaning = tuple[np.ndarray, np.ndarray]


def unheard() -> None:
    """Ignore that an evaluation is done."""


@dataclass(frozen=True)
class Start:
    """What the colors of a window are drawn from.

    Parameters
    ----------
    noise : numpy.ndarray, float32, shape (X, Y, Z, dim)
        That of a single window on the CPU is overwritten.
    guide : numpy.ndarray, uint8, shape (X, Y, Z), optional
        The colors that a refiner reads.
    known : numpy.ndarray, uint8, shape (X, Y, Z), optional
        The colors of known voxels, UNKNOWN elsewhere.
    diameter : numpy.ndarray, float32, broadcasts to (X, Y, Z), optional
        The mean grain diameters that are asked for.
    leaning : pair of arrays, optional
    maps : numpy.ndarray, float32, shape (X, Y, Z, n_maps), optional
        What an additive network reads of the scan.
    """

    noise: np.ndarray
    guide: np.ndarray | None = None
    known: np.ndarray | None = None
    diameter: np.ndarray | None = None
    leaning: Leaning | None = None
    maps: np.ndarray | None = None


def sample_one(
    network: Evaluator, start: Start, sampling: Sampling, tick: Tick = unheard
) -> np.ndarray:
    """Denoise one window; return its colors (uint8, shape (X, Y, Z)).

    What torch keeps of a card's memory for later is given back: other processes may
    share the card, and cannot take it from this one while its window grows.

    Raises
    ------
    InputError
        If it does not fit into the memory of the device.
    """
    try:
        return sample(network, [start], sampling, tick)[0]
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
    finally:
        empty_cache(network.device)
    raise no_memory(network.device)


def no_memory(device: torch.device) -> InputError:
    """Return the error of a window that alone is too large for a device."""
    return InputError(
        f"a window does not fit into the memory of {device}: use fewer workers, the "
        "device cpu or, unless it is of a build, a smaller window"
    )


def sample(
    network: Evaluator,
    starts: Sequence[Start],
    sampling: Sampling,
    tick: Tick = unheard,
) -> list[np.ndarray]:
    """Denoise windows of one shape at once; return their colors (uint8, (X, Y, Z)).

    Together or one by one, they come out alike but for rounding.

    Parameters
    ----------
    network : Evaluator
    starts : sequence of Start
        Of one kind: all with a guide or none, and so on.
    sampling : Sampling
    tick : callable
    """
    device = network.device
    colors = torch.from_numpy(palette(network.config.dim)).to(device)
    x = _stacked([start.noise for start in starts], device)
    vectors = guide = _stacked([start.guide for start in starts], device)
    if guide is not None:
        vectors = colors[guide.long()]
    unknown = None
    maps = _stacked([start.maps for start in starts], device)
    if maps is not None:
        vectors = maps
        wanted = np.stack([has_columns(a.maps) for a in starts if a.maps is not None])
        unknown = torch.from_numpy(wanted).to(device)[..., None]
        x = x * unknown
    known = _stacked([start.known for start in starts], device)
    if known is not None:
        drawn = known[..., None] == UNKNOWN
        fixed = colors[known.long() * ~drawn[..., 0]]
        x = torch.where(drawn, x, fixed)
        unknown = drawn if unknown is None else drawn & unknown
    if unknown is not None and unknown.all():
        unknown = None
    told = _settings([start.diameter for start in starts], sampling, x)
    leaning: list[Any] = _leanings(starts, device)
    color = torch.empty(x.shape[:4], dtype=torch.uint8, device=device)
    levels = timesteps(sampling.n_steps, sampling.shift).tolist()
    before, level_before = torch.empty_like(x) if sampling.order == 2 else None, 1.0
    for step, (t, s) in enumerate(pairwise(levels)):
        x, told, *leaning = (moved(a, step) for a in (x, told, *leaning))
        before, vectors, unknown = (
            None if a is None else moved(a, step) for a in (before, vectors, unknown)
        )
        seen = network.slabs(x, _told(x, t, unknown, told), vectors)
        for planes, logits in seen:
            if leaning and t > _LEAN_UNTIL:
                toward, lean = (a[:, planes] for a in leaning)
                logits = logits.float().scatter_add(-1, toward.long(), lean)
            if s > 0:
                x0 = expected_colors(logits, colors)
                if before is not None:
                    ahead = led_on(x0, before[:, planes], (level_before, t, s))
                    before[:, planes], x0 = x0, ahead
                after = reverse_step(x[:, planes], x0, t, s)
                if unknown is not None:
                    after = torch.where(unknown[:, planes], after, x[:, planes])
                x[:, planes] = after
            else:
                color[:, planes] = logits.argmax(-1).to(torch.uint8)
        level_before = t
        tick()
    if step % 2:
        color = moved(color, step + 1)
    found: np.ndarray = color.cpu().numpy()
    return [_kept(start.known, drawn) for start, drawn in zip(starts, found)]


def _kept(known: np.ndarray | None, drawn: np.ndarray) -> np.ndarray:
    """Return what was drawn, and what was known in its place."""
    return drawn if known is None else np.where(known == UNKNOWN, drawn, known)


@overload
def _stacked(arrays: list[np.ndarray], device: torch.device) -> Tensor: ...
@overload
def _stacked(
    arrays: list[np.ndarray | None], device: torch.device
) -> Tensor | None: ...
def _stacked(arrays: Any, device: torch.device) -> Tensor | None:
    """Return arrays along a new first axis, on a device; None if there are none."""
    if arrays[0] is None:
        return None
    together = arrays[0][None] if len(arrays) == 1 else np.stack(arrays)
    return torch.from_numpy(together).to(device)


def _leanings(starts: Sequence[Start], device: torch.device) -> list[Tensor]:
    """Return colors that voxels lean toward, and how much, with an axis of colors."""
    pairs = [start.leaning for start in starts if start.leaning is not None]
    return [_stacked([*a], device)[..., None] for a in zip(*pairs)]


def _settings(
    diameters: list[np.ndarray | None], sampling: Sampling, x: Tensor
) -> Tensor:
    """Return what the network is told besides the noise: once, or for each voxel."""
    asked = torch.tensor([sampling.grain_diameter])
    given = [a for a in diameters if a is not None]
    if given:
        asked = torch.stack([torch.from_numpy(a) for a in given])[..., None]
        if (asked == asked.flatten()[0]).all():
            asked = asked.flatten()[:1]
    asked = asked.to(x.device)
    return setting(asked, torch.full_like(asked, float(sampling.halved)))


def _told(x: Tensor, t: float, unknown: Tensor | None, wanted: Tensor) -> Tensor:
    """Return noise level and setting for the network, for all voxels or for each."""
    if unknown is None and wanted.ndim == 1:
        return torch.cat([torch.tensor([t], device=x.device), wanted])
    level = torch.full_like(x[..., :1], t)
    if unknown is not None:
        level = level * unknown
    return torch.cat([level, wanted.expand(*level.shape[:-1], 2)], -1)
