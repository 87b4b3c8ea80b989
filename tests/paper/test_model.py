import numpy as np
import torch
import torch.nn.functional as F
from samples import PAPER_NETWORK

from grainpaint import simulate
from grainpaint.network.inference import Evaluator
from grainpaint.network.unet import UNet
from grainpaint.paper.data import (
    encode_block,
)
from grainpaint.paper.ddpm import add_noise, linear_schedule
from grainpaint.paper.model import denoiser, load_paper, predict

SCHEDULE = linear_schedule(30, 0.01, 0.2)


def test_a_new_network_gives_the_best_linear_guess_of_the_noise():
    schedule = linear_schedule()
    rng = torch.Generator().manual_seed(0)
    x0 = torch.randn((1, 1, 32, 32, 32), generator=rng) * 0.3**0.5
    eps = torch.randn(x0.shape, generator=rng)
    for t in (10, 120, 250):
        alpha_bar = schedule.alpha_bar[t]
        x = alpha_bar**0.5 * x0 + (1 - alpha_bar) ** 0.5 * eps
        slope = (x * eps).sum() / (x * x).sum()  # least squares
        with torch.no_grad():
            _, seen = predict(UNet(PAPER_NETWORK), x, torch.tensor([t]), schedule)
        torch.testing.assert_close(seen, slope * x, rtol=0.05, atol=0.01)


def test_one_level_a_block_is_the_same_level_at_every_voxel():
    torch.manual_seed(0)
    network = UNet(PAPER_NETWORK)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_(0, 0.2)
    see = denoiser(Evaluator(network, "float32"), SCHEDULE)
    x = torch.randn(2, 1, 16, 16, 16)
    for t in (torch.tensor([1, 4]), torch.tensor([4, 4])):
        everywhere = t.reshape(2, 1, 1, 1, 1).expand(2, 1, 16, 16, 16)
        torch.testing.assert_close(see(x, t), see(x, everywhere))
        with torch.no_grad():  # what it was trained as
            trained = predict(network, x, t, SCHEDULE)[1]
        torch.testing.assert_close(see(x, t), trained, rtol=1e-4, atol=1e-4)
    assert not torch.allclose(
        see(x, torch.tensor([1, 4])), see(x, torch.tensor([4, 1]))
    )


def test_the_shipped_network_sees_noise_where_values_alone_do_not():
    """On a simulated block that it was not trained on: error against the best line."""
    model = load_paper("paper-iso")
    spins = simulate.isotropic((32, 32, 32), 100, seed=77).grain_id
    rng = np.random.default_rng(0)
    x0 = torch.from_numpy(encode_block(spins, 1, rng))[None]
    schedule = model.card.levels.schedule
    eps = torch.randn(x0.shape, generator=torch.Generator().manual_seed(0))
    for t, part in ((50, 0.35), (150, 0.4), (250, 0.5)):
        x = add_noise(x0, t, eps, schedule)
        line = ((x * eps).sum() / (x * x).sum()) * x
        with torch.no_grad():
            seen = model.denoiser(x, torch.tensor([t]))
        errors = [F.mse_loss(guess, eps).item() for guess in (seen, line)]
        assert errors[0] < part * errors[1], t
