r"""RePaint: inpaint fields with a model that was trained without masks.

At every level s the known part is drawn afresh from its distribution,

.. math:: x_s \sim N(\sqrt{\bar\alpha_s}\, x_0, \, 1 - \bar\alpha_s),

and the unknown part is drawn by a reverse step. (Line 5 of Algorithm 1 in the RePaint
paper lacks the square root in the standard deviation; Eq. 13 of the GrainPaint paper
uses the level of the previous step.) Going back up some levels and down again makes the
two parts agree.

References
----------
Lugmayr et al., "RePaint: inpainting using denoising diffusion probabilistic models",
CVPR 2022, https://doi.org/10.1109/CVPR52688.2022.01117. Hoffman et al., "GrainPaint",
Acta Materialia 288 (2025), section 2.3.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from grainpaint.errors import InputError
from grainpaint.paper.ddpm import (
    Denoiser,
    NoiseSchedule,
    Step,
    add_noise,
    renoise,
    reverse_step,
)
from grainpaint.philox import check_seed, normal_field

__all__ = ["block_noise", "check_edge", "repaint", "timeline"]


def check_edge(edge: int, n_halvings: int) -> None:
    """Raise InputError unless a block's edge can be halved `n_halvings` times."""
    multiple = 2**n_halvings
    if edge < multiple or edge % multiple:
        raise InputError(
            f"the network halves a block {n_halvings} times: its edge must be a "
            f"multiple of {multiple} voxels, got {edge}"
        )


def timeline(
    n_steps: int, n_resample: int = 11, jump_length: int = 1, n_free: int = 25
) -> list[int]:
    """Return the noise levels that RePaint passes through, from n_steps to 0.

    Parameters
    ----------
    n_steps : int
        The highest level.
    n_resample : int
        How often each stretch of `jump_length` levels is descended; 1 is plain
        replacement of the known part.
    jump_length : int
        Levels in a jump back up; it must divide n_steps and n_free.
    n_free : int
        Number of last levels, which are descended once.

    Raises
    ------
    InputError
        If a number is out of range, or the jump length does not divide the others.

    Notes
    -----
    This is the schedule of the RePaint authors, without a jump to n_steps itself. The
    GrainPaint paper counts 10 jumps, hence ``n_resample=11``: 10 jumps at 224 levels
    and 250 steps make 2,490 evaluations.

    Examples
    --------
    >>> timeline(4, n_resample=2, jump_length=1, n_free=2)
    [4, 3, 2, 3, 2, 1, 0]
    >>> sum(t > s for t, s in pairwise(timeline(250)))
    2490
    """
    if n_resample < 1:
        raise InputError(f"there must be at least 1 resampling, got {n_resample}")
    if not 0 <= n_free <= n_steps:
        raise InputError(
            f"the number of last steps without jumps must be 0..{n_steps}, got {n_free}"
        )
    if jump_length < 1 or n_steps % jump_length or n_free % jump_length:
        raise InputError(
            f"the jump length must divide the {n_steps} steps and the {n_free} last "
            f"steps without jumps, got {jump_length}"
        )
    levels = range(n_free, n_steps - jump_length, jump_length)
    jumps = dict.fromkeys(levels, n_resample - 1)
    t = n_steps
    passed = [t]
    while t > 0:
        t -= 1
        passed.append(t)
        if jumps.get(t, 0) > 0:
            jumps[t] -= 1
            passed += range(t + 1, t + jump_length + 1)
            t += jump_length
    return passed


def block_noise(
    seed: int, places: Sequence[int], edge: int, n_channels: int = 1
) -> Callable[[int], Tensor]:
    """Return the noise of blocks, draw by draw; it does not depend on the batch.

    Parameters
    ----------
    seed : int
        Seed of the volume, 0..2^63 - 1.
    places : sequence of int
        Place of each block in the plan. Overlapping blocks draw different noise: known
        values must be independent of the noise that is added to them.
    edge : int
        Edge of the blocks, voxels.
    n_channels : int
        Values per voxel.

    Returns
    -------
    callable
        Takes the number of a draw, 0, 1, 2, ..., and returns a float32 Tensor of shape
        (N, n_channels, edge, edge, edge).
    """
    check_seed(seed)
    along = np.arange(edge)

    def draw(number: int) -> Tensor:
        fields = [  # one key a draw; the blocks lie one behind the other along x
            normal_field(seed, number, (along + edge * place, along, along), n_channels)
            for place in places
        ]
        return torch.from_numpy(np.stack(fields)).movedim(-1, 1)

    return draw


@torch.no_grad()
def repaint(
    denoiser: Denoiser,
    x0: Tensor,
    known: Tensor,
    schedule: NoiseSchedule,
    noise: Callable[[int], Tensor],
    n_resample: int = 11,
    jump_length: int = 1,
    n_free: int = 25,
    watch: Callable[[int, Tensor], None] | None = None,
    step: Step = reverse_step,
) -> Tensor:
    """Fill the unknown part of fields.

    Parameters
    ----------
    denoiser : Denoiser
        Called with fields of shape (N, ...) and levels, int64 of shape (N,), 1..T.
    x0 : Tensor, shape (N, ...)
        The known values; other values have no influence.
    known : Tensor, bool, shape of x0
        True = given, keep. Without any True this is plain sampling.
    schedule : NoiseSchedule
        The one that the denoiser was trained with.
    noise : callable
        Takes 0, 1, 2, ... and returns independent standard normal noise, shape of x0.
    n_resample, jump_length, n_free : int
        See `timeline`.
    watch : callable, optional
        Called with each level that is reached and the fields at that level.
    step : callable
        How the unknown part descends a level: `grainpaint.paper.ddpm.reverse_step` or
        `grainpaint.paper.ddpm.ddim_step`.

    Returns
    -------
    Tensor, shape of x0
        The known values unchanged, and the filled ones.

    Raises
    ------
    InputError
        As in `timeline`; or if x0 and known differ in shape.
    """
    if x0.shape != known.shape:
        raise InputError(
            f"the known values and their mask must have the same shape, got "
            f"{tuple(x0.shape)} and {tuple(known.shape)}"
        )
    x0 = torch.where(known, x0, torch.zeros_like(x0))
    levels = timeline(schedule.n_steps, n_resample, jump_length, n_free)
    x = noise(0).to(x0)
    for number, (t, s) in enumerate(pairwise(levels), 1):
        fresh = noise(number).to(x0)
        if s > t:
            x = renoise(x, t, s, fresh, schedule)
        else:
            eps = denoiser(x, torch.full(x.shape[:1], t, device=x.device))
            drawn = step(x, eps, t, fresh, schedule)
            x = torch.where(known, add_noise(x0, s, fresh, schedule), drawn)
        if watch is not None:
            watch(s, x)
    return x
