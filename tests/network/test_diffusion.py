import math
from itertools import pairwise

import numpy as np
import pytest
import torch

from grainpaint.network.diffusion import (
    add_noise,
    color_loss,
    expected_colors,
    led_on,
    reverse_step,
    timesteps,
)
from grainpaint.palette import palette


def test_timesteps_fall_from_one_to_zero_crowded_at_high_noise():
    t = timesteps(12, shift=3.2)
    assert t[0] == 1
    assert t[-1] == 0
    gaps = -np.diff(t)
    assert (gaps > 0).all()
    assert (np.diff(gaps) > 0).all()


def test_a_step_with_the_true_x0_lands_on_the_noising_line():
    x0, eps = torch.randn(2, 4, 4, 4, 3), torch.randn(2, 4, 4, 4, 3)
    x = add_noise(x0, torch.tensor(0.8), eps)
    torch.testing.assert_close(
        reverse_step(x, x0, 0.8, 0.3), add_noise(x0, torch.tensor(0.3), eps)
    )


def test_exact_denoiser_carries_noise_to_the_data_law():
    """Two-point data +-1 with its exact posterior mean tanh: the law is recovered.

    n = 200,000, alpha = 1e-4 for the share of +1 (p = 0.3): catches a wrong step.
    """
    p, n = 0.3, 200_000
    x = torch.randn(n, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    levels = timesteps(400, shift=3.0)
    levels[0] = 1 - 1e-9
    for t, s in pairwise(levels):
        x0 = torch.tanh((1 - t) * x / t**2 + 0.5 * math.log(p / (1 - p)))
        x = reverse_step(x, x0, t, s)
    assert ((x.abs() - 1).abs() < 1e-3).double().mean() > 0.999
    share = (x > 0).double().mean().item()
    assert abs(share - p) < 3.9 * math.sqrt(p * (1 - p) / n) + 2e-3  # + step error


def test_steps_of_the_second_order_lead_nearer_to_where_many_steps_lead():
    """From a level below pure noise; data are +-1, and the denoiser is exact."""
    start = torch.randn(2000, generator=torch.Generator().manual_seed(1)).double()

    def drawn(n_steps, order):
        x, before, level = start, start, 1.0
        for t, s in pairwise(np.geomspace(0.97, 0.2, n_steps + 1)):
            x0 = torch.tanh((1 - t) * x / t**2)
            ahead = led_on(x0, before, (level, t, s)) if order == 2 else x0
            x = reverse_step(x, ahead, t, s)
            before, level = x0, t
        return x

    fine = drawn(1000, 1)
    first, second = ((drawn(16, order) - fine).abs().mean() for order in (1, 2))
    assert second < 0.3 * first


def test_what_is_led_on_is_linear_in_the_logarithm_of_signal_over_noise():
    """The value at the middle of the step; nothing is led on from pure noise."""
    levels = (0.9, 0.7, 0.4)
    first, now, then = (math.log((1 - t) / t) for t in levels)
    at = [torch.full((2, 3), 5 + 2 * x) for x in (first, now, (now + then) / 2)]
    torch.testing.assert_close(led_on(at[1], at[0], levels), at[2])
    assert led_on(at[1], at[0], (1.0, 0.7, 0.4)) is at[1]


def test_known_voxels_do_not_count_in_the_loss():
    logits = torch.zeros(1, 2, 2, 2, 4)
    logits[0, 0, 0, 0, 3] = 50.0  # sure, and wrong
    color = torch.zeros(1, 2, 2, 2, dtype=torch.long)
    t = torch.ones(1, 2, 2, 2, 1)
    assert color_loss(logits, color, t) > 5
    t[0, 0, 0, 0] = 0.0
    assert color_loss(logits, color, t).item() == pytest.approx(math.log(4))


def test_expected_colors_of_sure_logits_are_the_colors():
    colors = torch.from_numpy(palette(3))
    color = torch.randint(12, (4, 2))
    sure = 99.0 * torch.nn.functional.one_hot(color, 12)
    torch.testing.assert_close(expected_colors(sure, colors), colors[color])
