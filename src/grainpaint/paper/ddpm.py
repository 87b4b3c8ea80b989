r"""The diffusion model of the paper: discrete steps that add and remove noise.

.. math:: x_t = \sqrt{\bar\alpha_t}\, x_0 + \sqrt{1 - \bar\alpha_t}\, \epsilon,
          \qquad \bar\alpha_t = \prod_{s=1}^t (1 - \beta_s), \quad t = 0 \dots T,

where t = 0 is the clean field. A denoiser is any function of noisy fields, shape
(N, ...), and their level t that returns the noise it detects in them.

References
----------
Ho, Jain, Abbeel, "Denoising diffusion probabilistic models", NeurIPS 2020,
https://doi.org/10.48550/arXiv.2006.11239. Hoffman et al., "GrainPaint", Acta
Materialia 288 (2025), sections 2.2 and 2.4.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from grainpaint.errors import InputError

__all__ = [
    "Denoiser",
    "NoiseSchedule",
    "Step",
    "add_noise",
    "ddim_step",
    "linear_schedule",
    "renoise",
    "respaced",
    "reverse_step",
]

Denoiser = Callable[[Tensor, Tensor], Tensor]


# From fields at level t, the noise detected in them, t, fresh noise and the schedule to
# the fields at level t - 1.
Step = Callable[[Tensor, Tensor, int, Tensor, "NoiseSchedule"], Tensor]


@dataclass(frozen=True)
class NoiseSchedule:
    """The amount of noise at every level.

    Parameters
    ----------
    beta : tuple of float
        The variance that each step 1..T adds, in (0, 1).
    """

    beta: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.beta or not all(0 < b < 1 for b in self.beta):
            raise InputError("a schedule needs variances, all above 0 and below 1")

    @property
    def n_steps(self) -> int:
        """The highest level, T."""
        return len(self.beta)

    @property
    def alpha_bar(self) -> np.ndarray:
        """The signal's remaining share of variance at the levels 0..T."""
        return np.concatenate([[1.0], np.cumprod(1 - np.array(self.beta))])


def linear_schedule(
    n_steps: int = 250, first: float = 1e-4, last: float = 0.02
) -> NoiseSchedule:
    """Return a schedule with linearly rising variances; the defaults are the paper's.

    Notes
    -----
    Ho et al. use 1,000 steps from 1e-4 to 0.02. With 250, alpha_bar ends at 0.08: the
    last level still holds 28 % of the signal's amplitude, yet sampling starts from pure
    noise.

    Examples
    --------
    >>> round(float(linear_schedule().alpha_bar[-1]), 3)
    0.08
    """
    if n_steps < 1:
        raise InputError(f"a schedule needs at least 1 step, got {n_steps}")
    return NoiseSchedule(tuple(np.linspace(first, last, n_steps).tolist()))


def add_noise(
    x0: Tensor, t: int | Tensor, eps: Tensor, schedule: NoiseSchedule
) -> Tensor:
    """Add noise to clean fields, up to level t: Eq. 4 of Ho et al.

    Parameters
    ----------
    x0, eps : Tensor, shape (N, ...)
        Clean fields and standard normal noise.
    t : int, or int64 Tensor of shape (N,)
        Levels, 0..T.
    schedule : NoiseSchedule
        The amount of noise at every level.
    """
    alpha_bar = torch.from_numpy(schedule.alpha_bar)[torch.as_tensor(t).cpu()]
    alpha_bar = alpha_bar.reshape(-1, *[1] * (x0.ndim - 1)).to(x0)
    return alpha_bar.sqrt() * x0 + (1 - alpha_bar).sqrt() * eps


def reverse_step(
    x: Tensor, eps: Tensor, t: int, noise: Tensor, schedule: NoiseSchedule
) -> Tensor:
    r"""Draw fields at level t - 1, given those at level t.

    Parameters
    ----------
    x : Tensor, shape (N, ...)
        Fields at level t, 1..T.
    eps : Tensor, shape of x
        The noise that the denoiser detects in them.
    t : int
        The level.
    noise : Tensor, shape of x
        Fresh standard normal noise; the last step, t = 1, does not use it.
    schedule : NoiseSchedule
        The amount of noise at every level.

    Notes
    -----
    The mean is Eq. 11 of Ho et al., the variance is the posterior's (Eq. 7),
    :math:`\beta_t (1 - \bar\alpha_{t-1}) / (1 - \bar\alpha_t)`. Nothing is clipped.
    """
    beta = schedule.beta[t - 1]
    before, now = schedule.alpha_bar[t - 1 : t + 1].tolist()
    mean = (x - beta / (1 - now) ** 0.5 * eps) / (1 - beta) ** 0.5
    deviation = (beta * (1 - before) / (1 - now)) ** 0.5
    return torch.add(mean, noise, alpha=deviation)


def ddim_step(
    x: Tensor, eps: Tensor, t: int, noise: Tensor, schedule: NoiseSchedule
) -> Tensor:
    """Compute fields at level t - 1 from those at level t, without fresh noise.

    Parameters
    ----------
    x, eps, t, noise, schedule
        As in `reverse_step`; `noise` is not used.

    Notes
    -----
    Eq. 12 of Song, Meng, Ermon, "Denoising diffusion implicit models", ICLR 2021,
    with sigma = 0.
    """
    before, now = schedule.alpha_bar[t - 1 : t + 1].tolist()
    x0 = (x - (1 - now) ** 0.5 * eps) / now**0.5
    return torch.add(before**0.5 * x0, eps, alpha=(1 - before) ** 0.5)


def respaced(
    denoiser: Denoiser, schedule: NoiseSchedule, n_steps: int
) -> tuple[Denoiser, NoiseSchedule]:
    """Return a denoiser and a schedule with fewer, evenly spaced levels.

    Parameters
    ----------
    denoiser : Denoiser
        Trained with `schedule`.
    schedule : NoiseSchedule
        The amount of noise at every level.
    n_steps : int
        Number of levels to keep, 1..T; the highest is one of them.

    Raises
    ------
    InputError
        If the schedule has fewer levels than `n_steps`.
    """
    if not 1 <= n_steps <= schedule.n_steps:
        raise InputError(
            f"a schedule with {schedule.n_steps} levels can keep "
            f"1..{schedule.n_steps} of them, got {n_steps}"
        )
    levels = np.rint(np.linspace(0, schedule.n_steps, n_steps + 1)).astype(int)
    kept = schedule.alpha_bar[levels]
    fewer = NoiseSchedule(tuple((1 - kept[1:] / kept[:-1]).tolist()))
    level_of = torch.from_numpy(levels)
    return lambda x, t: denoiser(x, level_of.to(t.device)[t]), fewer


def renoise(
    x: Tensor, s: int, t: int, noise: Tensor, schedule: NoiseSchedule
) -> Tensor:
    """Draw fields at level t, given those at level s < t (Eq. 2, in one go)."""
    kept = float(schedule.alpha_bar[t] / schedule.alpha_bar[s])
    return torch.add(kept**0.5 * x, noise, alpha=(1 - kept) ** 0.5)
