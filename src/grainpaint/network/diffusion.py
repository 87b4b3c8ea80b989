r"""Noise levels, noising, the loss and one step of the reverse process.

Clean color vectors :math:`x_0` and noise :math:`\epsilon` mix on a straight line,

.. math:: x_t = (1 - t) x_0 + t \epsilon, \qquad 0 \le t \le 1,

(Liu, Gong, Liu, "Flow straight and fast", ICLR 2023, Eq. 1). The network predicts the
probability of each color of the palette; the expected color vector takes the place of
:math:`x_0` in a step from level t to level s < t,

.. math:: \hat\epsilon = (x_t - (1 - t) \hat x_0) / t, \qquad
          x_s = (1 - s) \hat x_0 + s \hat\epsilon,

which is the DDIM step (Song, Meng, Ermon, ICLR 2021, Eq. 12) in these variables.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = [
    "add_noise",
    "color_loss",
    "expected_colors",
    "led_on",
    "moved",
    "reverse_step",
    "shifted",
    "timesteps",
]


def shifted(u: np.ndarray, shift: float) -> np.ndarray:
    """Return noise levels for u in [0, 1]; shift > 1 crowds them at high noise.

    Notes
    -----
    t = shift u / (1 + (shift - 1) u): Esser et al., "Scaling rectified flow
    transformers", ICML 2024, Eq. 23.
    """
    return shift * u / (1 + (shift - 1) * u)


def timesteps(n_steps: int, shift: float) -> np.ndarray:
    """Return n_steps + 1 noise levels that fall from 1 to 0.

    Examples
    --------
    >>> timesteps(2, shift=3.0).tolist()
    [1.0, 0.75, 0.0]
    """
    return shifted(np.linspace(1.0, 0.0, n_steps + 1), shift)


def add_noise(x0: Tensor, t: Tensor | float, eps: Tensor) -> Tensor:
    """Mix clean vectors x0 and noise eps at level t (shapes broadcast)."""
    return (1 - t) * x0 + t * eps


def expected_colors(logits: Tensor, colors: Tensor) -> Tensor:
    """Return the expected color vectors (..., dim) for logits (..., n_colors)."""
    return logits.float().softmax(-1) @ colors


def color_loss(logits: Tensor, color: Tensor, t: Tensor) -> Tensor:
    """Return the mean cross-entropy over the unknown voxels, in nats.

    Parameters
    ----------
    logits : Tensor, shape (N, X, Y, Z, n_colors)
    color : Tensor, int64, shape (N, X, Y, Z)
        The clean colors.
    t : Tensor, shape (N, X, Y, Z, 1)
        Noise levels; voxels at 0 are known and do not count.
    """
    loss = F.cross_entropy(
        logits.float().flatten(0, -2), color.flatten(), reduction="none"
    )
    unknown = (t.flatten() > 0).float()
    return (loss * unknown).sum() / unknown.sum().clamp(min=1)


def reverse_step(x: Tensor, x0: Tensor, t: float, s: float) -> Tensor:
    """Return the state at level s < t, given the state at t and the expected x0."""
    return torch.add((s / t) * x, x0, alpha=1 - s / t)


def moved(array: Tensor, step: int) -> Tensor:
    """Return an array of voxels as a step sees it, given as the step before saw it.

    A network sees voxels in cells of 2^3, and grains end between two cells more often
    than within one. Every other step of a sample therefore sees all voxels one place
    farther along each axis; what leaves at one end comes in at the other.

    Parameters
    ----------
    array : Tensor, shape (N, X, Y, Z, ...)
        Of fewer axes: the same for all voxels, and returned as it is.
    step : int
        0, 1, 2, ...; the first sees voxels in their places.
    """
    if step == 0 or array.ndim < 4:
        return array
    by = 1 if step % 2 else -1
    return torch.roll(array, (by, by, by), (1, 2, 3))


def led_on(x0: Tensor, before: Tensor, levels: tuple[float, float, float]) -> Tensor:
    """Return what the expected x0 leads to in the step from a level to the next.

    DPM-Solver++(2M) (Lu et al., arXiv:2211.01095, 2022, Algorithm 2): a step of the
    second order takes it in place of x0. Nothing is led on from pure noise.

    Parameters
    ----------
    x0, before : Tensor
        Expected at the level of the step, and at the level before.
    levels : three floats
        The level before, that of the step, and the next one, falling, above 0.
    """
    if levels[0] >= 1:
        return x0
    first, now, then = (math.log((1 - t) / t) for t in levels)
    return torch.lerp(before, x0, 1 + (then - now) / (now - first) / 2)
