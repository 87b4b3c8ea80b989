from itertools import pairwise

import diffusers
import numpy as np
import pytest
import torch
from samples import PAPER_NETWORK

from grainpaint.errors import InputError
from grainpaint.network.inference import Evaluator
from grainpaint.network.unet import UNet
from grainpaint.paper.ddpm import linear_schedule
from grainpaint.paper.model import denoiser
from grainpaint.paper.repaint import block_noise, check_edge, repaint, timeline


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    """Thousands of small products: threads would only wait for one another."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def noise_like(x, seed=0):
    """Independent normal draws of the shape of x."""
    generator = torch.Generator().manual_seed(seed)
    return lambda number: torch.randn(x.shape, generator=generator, dtype=x.dtype)


def gaussian(schedule, covariance):
    """Exact denoiser of a Gaussian field: E[eps | x_t], linear in x_t."""

    def denoiser(x, t):
        a = schedule.alpha_bar[int(t[0])]
        law = a * covariance + (1 - a) * torch.eye(len(covariance), dtype=x.dtype)
        return (1 - a) ** 0.5 * x @ torch.linalg.inv(law)

    return denoiser


def field(n=8, n_known=3):
    """Covariance of a field on a line and the kriging of its last voxels."""
    place = np.arange(n)
    c = np.exp(-np.abs(place[:, None] - place) / 4.0)
    weights = np.linalg.solve(c[:n_known, :n_known], c[:n_known, n_known:]).T
    left = c[n_known:, n_known:] - weights @ c[:n_known, n_known:]
    return torch.from_numpy(c), weights, left


@pytest.mark.parametrize(("n_resample", "jump", "n_free"), [(1, 1, 0), (3, 2, 4)])
def test_the_known_part_has_its_law_at_every_level(n_resample, jump, n_free):
    """N(sqrt(alpha_bar_s) x0, 1 - alpha_bar_s), n = 5,000, alpha = 1e-4 for all.

    Catches the level of the step before, and a variance in place of a deviation.
    """
    n, x0 = 5_000, torch.tensor([0.9, -0.4], dtype=torch.float64)
    schedule = linear_schedule(20, 1e-3, 0.3)
    start = torch.cat([x0, torch.zeros(1)]).expand(n, 3).clone()
    known = torch.tensor([True, True, False]).expand(n, 3)
    scores = []

    def watch(s, x):
        a, seen = schedule.alpha_bar[s], x[:, :2]
        if s == 0:
            torch.testing.assert_close(seen, x0.expand(n, 2))
            return
        scores.extend((seen.mean(0) - a**0.5 * x0) / ((1 - a) / n) ** 0.5)
        scores.extend((seen.var(0) / (1 - a) - 1) / (2 / n) ** 0.5)

    denoiser = gaussian(schedule, torch.eye(3, dtype=torch.float64))
    repaint(
        denoiser, start, known, schedule, noise_like(start), n_resample, jump, n_free,
        watch,
    )  # fmt: skip
    assert len(scores) >= 4 * 19
    assert max(abs(float(score)) for score in scores) < 5.2


@pytest.mark.slow
def test_the_filled_part_tends_to_kriging_as_resamplings_grow():
    """Exact linear denoiser on a Gaussian field, n = 4,000; errors are the largest.

    Means err by 0.62, 0.33, 0.17 after 1, 5, 20 resamplings (chance: 0.05), entries of
    the covariance by 0.14, 0.07, 0.04 (0.06): catches a known part that does not reach
    the unknown one.
    """
    covariance, weights, left = field()
    schedule = linear_schedule(200, 1e-3, 0.06)
    given = np.array([1.0, -0.5, 1.5])
    start = torch.zeros(4_000, 8, dtype=torch.float64)
    start[:, :3] = torch.from_numpy(given)
    known = (torch.arange(8) < 3).expand(start.shape)
    means, spreads = [], []
    for n_resample in (1, 5, 20):
        x = repaint(
            gaussian(schedule, covariance), start, known, schedule, noise_like(start),
            n_resample, jump_length=20, n_free=0,
        )  # fmt: skip
        filled = x[:, 3:].numpy()
        means.append(np.abs(filled.mean(0) - weights @ given).max())
        spreads.append(np.abs(np.cov(filled.T) - left).max())
    assert means[1] < 0.65 * means[0]
    assert means[2] < 0.65 * means[1]
    assert means[2] < 0.22
    assert spreads[1] < 0.8 * spreads[0]
    assert spreads[2] < 0.06


def test_without_known_voxels_a_field_is_drawn_from_the_model():
    covariance, _, _ = field()
    schedule = linear_schedule(100, 1e-4, 0.16)
    start = torch.zeros(5_000, 8, dtype=torch.float64)
    x = repaint(
        gaussian(schedule, covariance), start, start > 0, schedule, noise_like(start), 1
    )
    assert np.abs(np.cov(x.numpy().T) - covariance.numpy()).max() < 0.1


def test_what_stands_at_unknown_places_has_no_influence():
    schedule = linear_schedule(20)
    known = torch.rand(2, 1, 4, 4, 4) < 0.5
    x0 = torch.randn(2, 1, 4, 4, 4)
    other = torch.where(known, x0, torch.full_like(x0, float("nan")))

    def denoiser(x, t):
        return x * 0.9

    results = [
        repaint(denoiser, v, known, schedule, block_noise(5, [0, 7], 4), 2, n_free=5)
        for v in (x0, other)
    ]
    torch.testing.assert_close(results[0], results[1], rtol=0, atol=0)
    assert (results[0][known] == x0[known]).all()
    assert (results[0][~known] != x0[~known]).all()


def test_noise_depends_on_the_block_and_the_draw_not_on_the_batch():
    together, alone = block_noise(3, [4, 9], 4), block_noise(3, [9], 4)
    torch.testing.assert_close(together(6)[1:], alone(6), rtol=0, atol=0)
    draws = [together(6)[0], together(6)[1], together(7)[0], block_noise(4, [4], 4)(6)]
    for a, b in pairwise(draws):
        assert (a.flatten() != b.flatten()).all()
    big = block_noise(3, range(20), 16)(0)
    assert abs(big.mean().item()) < 4 / big.numel() ** 0.5
    assert big.std().item() == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(("n_resample", "jump"), [(1, 1), (10, 1), (3, 5), (10, 10)])
def test_the_timeline_is_that_of_diffusers(n_resample, jump):
    theirs = diffusers.RePaintScheduler(num_train_timesteps=250)
    theirs.set_timesteps(250, jump_length=jump, jump_n_sample=n_resample)
    ours = timeline(250, n_resample, jump, n_free=0)
    assert ours == [250, *theirs.timesteps.tolist()]


def test_the_last_steps_are_free_and_the_first_are_gone_down_as_often_as_asked():
    levels = timeline(250, n_resample=11)
    down = [t for t, s in pairwise(levels) if s < t]
    counts = np.bincount(down, minlength=251)[1:]
    assert (counts[:25] == 1).all()
    assert (counts[25:249] == 11).all()
    assert len(down) == 2490  # the paper's program: 224 x 11 + 25


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: timeline(250, n_resample=0), "at least 1 resampling"),
        (lambda: timeline(250, jump_length=3), "must divide"),
        (lambda: timeline(250, jump_length=10), "must divide"),
        (lambda: timeline(250, jump_length=0), "must divide"),
        (lambda: timeline(250, n_free=251), "0..250"),
        (lambda: check_edge(36, 3), "multiple of 8"),
        (lambda: check_edge(0, 2), "multiple of 4"),
        (
            lambda: repaint(
                lambda x, t: x, torch.zeros(2, 3), torch.zeros(2, 2) > 0,
                linear_schedule(25), lambda n: torch.zeros(2, 3),
            ),
            "the same shape",
        ),
    ],
)  # fmt: skip
def test_impossible_runs_are_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()


@pytest.mark.parametrize("n_halvings", [1, 2, 3])
def test_edges_that_can_be_halved_often_enough_pass_and_no_others(n_halvings):
    passed = []
    for edge in range(40):
        try:
            check_edge(edge, n_halvings)
        except InputError:
            continue
        passed.append(edge)
    assert passed == list(range(2**n_halvings, 40, 2**n_halvings))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_fills_fields_as_the_cpu_does():
    """Up to the rounding of its convolutions: 2 % of the scatter of the values."""
    torch.manual_seed(0)
    network = UNet(PAPER_NETWORK)
    with torch.no_grad():
        for weight in network.parameters():
            weight.normal_(0, 0.05)
    schedule = linear_schedule(20, 1e-3, 0.3)
    known = torch.rand(2, 1, 16, 16, 16) < 0.3
    x0 = torch.randn(known.shape)
    cpu, cuda = (
        repaint(
            denoiser(Evaluator(network.to(place), "float32"), schedule),
            x0.to(place),
            known.to(place),
            schedule,
            block_noise(3, [0, 1], 16),
            n_resample=2,
            n_free=5,
        ).cpu()
        for place in ("cpu", "cuda")
    )
    assert (cuda[known] == x0[known]).all()
    assert (cuda - cpu).std() < 0.02 * cpu.std()
