import numpy as np
import pytest
import torch
import torch.nn.functional as F

from grainpaint.unet import NetworkConfig, UNet, _WrapPad


@pytest.fixture
def network():
    torch.manual_seed(0)
    net = UNet(NetworkConfig(dim=3, n_colors=12, channels=(8, 16)))
    with torch.no_grad():
        for weight in net.parameters():
            weight.copy_(torch.randn_like(weight) * 0.2)
    return net.eval()


def test_wrap_padding_is_torchs_circular_padding():
    x = torch.randn(2, 4, 5, 6, 3, dtype=torch.float64, requires_grad=True)
    ours = _WrapPad.apply(x)
    theirs = F.pad(x.permute(0, 4, 1, 2, 3), (1,) * 6, mode="circular")
    torch.testing.assert_close(ours, theirs.permute(0, 2, 3, 4, 1))
    weight = torch.randn_like(ours)
    (grad,) = torch.autograd.grad((ours * weight).sum(), x)
    (their_grad,) = torch.autograd.grad(
        (theirs.permute(0, 2, 3, 4, 1) * weight).sum(), x
    )
    torch.testing.assert_close(grad, their_grad)


def test_network_starts_as_the_uniform_distribution():
    net = UNet(NetworkConfig(dim=3, n_colors=12, channels=(8,)))
    logits = net(torch.randn(1, 8, 8, 8, 3), torch.rand(1, 8, 8, 8, 1))
    assert logits.abs().max() == 0


def test_moving_the_torus_moves_the_prediction(network):
    x, t = torch.randn(1, 16, 8, 12, 3), torch.rand(1, 16, 8, 12, 1)
    step = (network.multiple, -network.multiple, 2 * network.multiple)
    with torch.no_grad():
        moved = network(*(a.roll(step, (1, 2, 3)) for a in (x, t)))
        torch.testing.assert_close(moved, network(x, t).roll(step, (1, 2, 3)))


def test_each_voxel_reads_its_own_noise_level(network):
    x, t = torch.randn(1, 8, 8, 8, 3), torch.full((1, 8, 8, 8, 1), 0.9)
    with torch.no_grad():
        before = network(x, t)
        t[0, 0, 0, 0] = 0.0
        assert (network(x, t) - before).abs().max() > 1e-4


def test_every_weight_learns(network):
    x, t = torch.randn(2, 8, 8, 8, 3), torch.rand(2, 8, 8, 8, 1)
    network(x, t).square().mean().backward()
    for name, weight in network.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
        assert weight.grad.abs().max() > 0, name


def test_sizes_that_are_no_number_of_channels_are_refused():
    with pytest.raises(ValueError, match="channels"):
        NetworkConfig(dim=3, n_colors=12, channels=())
    with pytest.raises(ValueError, match="width"):
        NetworkConfig(dim=3, n_colors=12, channels=(8,), width=3)


def test_input_voxels_map_to_the_same_output_voxels(network):
    """Change one voxel: the prediction changes around it, most at the place itself."""
    x, t = torch.randn(1, 32, 32, 32, 3), torch.full((1, 32, 32, 32, 1), 0.3)
    y = x.clone()
    y[0, 17, 9, 22] += 1
    with torch.no_grad():
        change = (network(x, t) - network(y, t)).abs().sum(-1)[0].numpy()
    where = np.unravel_index(change.argmax(), change.shape)
    assert np.abs(np.array(where) - (17, 9, 22)).max() <= 2
