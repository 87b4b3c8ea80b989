import numpy as np
import pytest
import torch

from grainpaint.errors import InputError
from grainpaint.paper.ddpm import (
    NoiseSchedule,
    add_noise,
    ddim_step,
    linear_schedule,
    renoise,
    respaced,
    reverse_step,
)


@pytest.fixture(scope="module")
def theirs():
    """The scheduler of diffusers with the paper's settings."""
    import diffusers  # takes seconds, and every process collects every test

    return diffusers.DDPMScheduler(
        num_train_timesteps=250,
        beta_start=1e-4,
        beta_end=0.02,
        beta_schedule="linear",
        variance_type="fixed_small",
        clip_sample=False,
    )


def randn(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def test_noising_is_that_of_diffusers_at_every_level(theirs):
    schedule = linear_schedule()
    x0, eps = randn(250, 1, 4, 4, 4), randn(250, 1, 4, 4, 4, seed=1)
    t = torch.arange(1, 251)
    torch.testing.assert_close(
        add_noise(x0, t, eps, schedule), theirs.add_noise(x0, eps, t - 1)
    )


def test_every_reverse_step_is_that_of_diffusers(theirs):
    schedule = linear_schedule()
    x, eps = randn(2, 1, 4, 4, 4), randn(2, 1, 4, 4, 4, seed=1)
    for t in range(250, 0, -1):
        noise = randn(2, 1, 4, 4, 4, seed=t)
        generator = torch.Generator().manual_seed(t)
        expected = theirs.step(eps, t - 1, x, generator=generator).prev_sample
        torch.testing.assert_close(
            reverse_step(x, eps, t, noise, schedule), expected, rtol=1e-4, atol=1e-5
        )


def test_few_ddim_steps_are_those_of_diffusers(theirs):
    from diffusers import DDIMScheduler

    fewer = DDIMScheduler.from_config(
        theirs.config, timestep_spacing="trailing", set_alpha_to_one=True
    )
    fewer.set_timesteps(10)
    asked = []

    def denoiser(x, t):
        asked.append(t.tolist())
        return 0.7 * x

    few, schedule = respaced(denoiser, linear_schedule(), 10)
    x = expected = randn(2, 1, 4, 4, 4)
    for t, s in zip(range(10, 0, -1), fewer.timesteps, strict=True):
        expected = fewer.step(0.7 * expected, s, expected, eta=0.0).prev_sample
        x = ddim_step(x, few(x, torch.full((2,), t)), t, x, schedule)
        assert asked[-1] == [s + 1, s + 1]
        torch.testing.assert_close(x, expected, rtol=1e-4, atol=1e-5)


def test_all_levels_respaced_are_all_levels():
    schedule = linear_schedule()
    _, same = respaced(lambda x, t: x, schedule, 250)
    np.testing.assert_allclose(same.beta, schedule.beta, rtol=1e-9)
    with pytest.raises(InputError, match=r"1\.\.250 of them, got 251"):
        respaced(lambda x, t: x, schedule, 251)


def test_a_reverse_step_draws_from_the_exact_posterior_when_x0_is_known():
    """Bayes' rule for two Gaussians, without Ho's algebra."""
    schedule, t, x0, x = linear_schedule(), 40, 0.3, torch.tensor([[0.8]])
    before, now = schedule.alpha_bar[t - 1 : t + 1]
    beta = schedule.beta[t - 1]
    precision = 1 / (1 - before) + (1 - beta) / beta
    mean = before**0.5 * x0 / (1 - before) + (1 - beta) ** 0.5 / beta * x.item()
    eps = (x - now**0.5 * x0) / (1 - now) ** 0.5
    drawn = [
        reverse_step(x, eps, t, torch.tensor([[n]]), schedule).item() for n in (0, 1)
    ]
    assert drawn[0] == pytest.approx(mean / precision, rel=1e-5)
    assert drawn[1] - drawn[0] == pytest.approx(precision**-0.5, rel=1e-5)


def test_noising_in_two_goes_is_noising_in_one():
    """Exact algebra: signal and variance of two goes against the law of one."""
    schedule = linear_schedule()
    one, none = torch.ones(1, 1), torch.zeros(1, 1)
    for s, t in ((0, 250), (10, 30), (249, 250)):
        signal = renoise(add_noise(one, s, none, schedule), s, t, none, schedule)
        first = renoise(add_noise(none, s, one, schedule), s, t, none, schedule)
        second = renoise(none, s, t, one, schedule)
        alpha_bar = schedule.alpha_bar[t]
        assert signal.item() == pytest.approx(alpha_bar**0.5, rel=1e-5)
        variance = first.item() ** 2 + second.item() ** 2
        assert variance == pytest.approx(1 - alpha_bar, rel=1e-5)


def test_the_paper_starts_from_noise_that_still_holds_signal():
    alpha_bar = linear_schedule().alpha_bar
    assert len(alpha_bar) == 251
    assert alpha_bar[0] == 1
    assert (np.diff(alpha_bar) < 0).all()
    assert alpha_bar[-1] == pytest.approx(0.08, abs=0.001)


def test_impossible_schedules_are_refused():
    for make in (lambda: linear_schedule(0), lambda: NoiseSchedule((0.1, 1.0))):
        with pytest.raises(InputError):
            make()
