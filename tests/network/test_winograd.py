"""Convolutions by tiles against the direct sum."""

import pytest
import torch

from grainpaint.network.inference import Evaluator
from grainpaint.network.unet import NetworkConfig, UNet
from grainpaint.network.winograd import convolve, is_faster, transformed


def inputs(shape, n_in, n_out):
    draw = torch.Generator().manual_seed(1)
    x = torch.randn(*(n + 2 for n in shape), n_in, generator=draw)
    weight = torch.randn(n_out, n_in, 3, 3, 3, generator=draw) / (27 * n_in) ** 0.5
    return x, weight, torch.randn(n_out, generator=draw)


@pytest.mark.parametrize("shape", [(4, 4, 4), (5, 8, 11), (18, 7, 6), (40, 30, 20)])
@pytest.mark.parametrize("channels", [(3, 5), (16, 8)])
def test_the_sums_are_those_of_a_direct_convolution(shape, channels):
    x, weight, bias = inputs(shape, *channels)
    exact = torch.nn.functional.conv3d(
        x.permute(3, 0, 1, 2)[None].double(), weight.double(), bias.double()
    )[0].permute(1, 2, 3, 0)
    found = convolve(x, transformed(weight), bias)
    assert found.shape == exact.shape
    error = (found - exact).abs()
    assert error.max() < 5e-4
    assert error.pow(2).mean().sqrt() < 2e-5


def test_results_do_not_depend_on_the_number_of_threads():
    x, weight, bias = inputs((21, 18, 17), 48, 64)
    weights, n = transformed(weight), torch.get_num_threads()
    found = []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            found.append(convolve(x, weights, bias))
    finally:
        torch.set_num_threads(n)
    assert all(torch.equal(found[0], other) for other in found[1:])


@pytest.mark.parametrize("torus", [True, False])
def test_a_network_gives_the_same_logits(torus):
    config = NetworkConfig(dim=2, n_colors=3, channels=(48,), head=8, torus=torus)
    torch.manual_seed(2)
    network = UNet(config).requires_grad_(requires_grad=False)
    for parameter in network.parameters():  # the last layers begin with zeros
        parameter.add_(0.1 * torch.randn_like(parameter))
    n = 32
    assert is_faster((n // 2,) * 3, 48, 48)
    x, told = torch.randn(1, n, n, n, 2), torch.tensor([0.7, 0.2, 1.0])
    everywhere = told.expand(1, n, n, n, 3)
    wanted = network(x, everywhere[..., :1], everywhere[..., 1:])
    evaluator = Evaluator(network, "float32")
    found = evaluator(x, told)
    assert len(evaluator._of_tiles) == 6
    torch.testing.assert_close(found, wanted, atol=2e-3, rtol=1e-3)
