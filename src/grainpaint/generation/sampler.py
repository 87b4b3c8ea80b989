"""Draw colors from a network: the sampler, step by step from noise to colors.

The networks see grains as colors of a small palette. Noise depends on (seed, stream,
voxel) alone, so a window is the same whoever computes it, whenever and wherever, on
processors of one kind.
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from grainpaint.network.cards import Sampling
from grainpaint.network.diffusion import expected_colors, reverse_step, timesteps
from grainpaint.network.inference import Evaluator
from grainpaint.network.unet import setting
from grainpaint.palette import palette
from grainpaint.simulate.am.channels import has_grains

__all__ = ["UNKNOWN", "Leaning", "Tick", "sample", "unheard"]

_LEAN_UNTIL = 0.3  # noise level below which voxels lean no more
UNKNOWN = 255  # no color

Tick = Callable[[], None]  # called after each network evaluation
# A color for each voxel, and what is added to the logarithm of its odds.
Leaning = tuple[np.ndarray, np.ndarray]


def unheard() -> None:
    """Ignore that an evaluation is done."""


def sample(
    network: Evaluator,
    noise: np.ndarray,
    sampling: Sampling,
    tick: Tick,
    guide: np.ndarray | None = None,
    known: np.ndarray | None = None,
    diameter: np.ndarray | None = None,
    leaning: Leaning | None = None,
    maps: np.ndarray | None = None,
) -> np.ndarray:
    """Denoise an array (X, Y, Z, dim); return colors (uint8, shape (X, Y, Z)).

    `guide` holds the colors that a refiner reads, `known` the colors of known voxels
    (UNKNOWN elsewhere), `diameter` the mean grain diameters that are asked for, and
    `maps` what an additive network reads of the scan.
    """
    device = network.device
    colors = torch.from_numpy(palette(network.config.dim)).to(device)
    x = torch.from_numpy(noise)[None].to(device)
    vectors = None if guide is None else colors[torch.from_numpy(guide).long()][None]
    unknown = None
    if maps is not None:
        vectors = torch.from_numpy(maps)[None].to(device)
        wanted = has_grains(maps)
        if not wanted.all():
            unknown = torch.from_numpy(wanted).to(device)[None, ..., None]
            x = x * unknown
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
    """Return noise level and setting for the network, for all voxels or for each."""
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
    """Raise the logits of the colors that voxels lean toward."""
    toward, lean = (
        torch.from_numpy(a[planes]).to(logits.device)[None, ..., None] for a in leaning
    )
    return logits.float().scatter_add(-1, toward.long(), lean)
