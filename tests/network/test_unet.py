import numpy as np
import pytest
import torch

from grainpaint.network.unet import NetworkConfig, UNet, setting

PALETTE = {"dim": 3, "n_colors": 12, "head": 8}


def inputs(*shape):
    """Return random x, t and a setting of grains of 3 to 12 voxels."""
    one = torch.ones(*shape, 1)
    wanted = setting(3 + 9 * torch.rand_like(one), one)
    return torch.randn(*shape, 3), torch.rand(*shape, 1), wanted


@pytest.fixture
def network():
    torch.manual_seed(0)
    net = UNet(NetworkConfig(**PALETTE, channels=(8, 16)))
    with torch.no_grad():
        for weight in net.parameters():
            weight.copy_(torch.randn_like(weight) * 0.2)
    return net.eval()


def test_network_starts_as_the_uniform_distribution():
    net = UNet(NetworkConfig(**PALETTE, channels=(8,)))
    logits = net(*inputs(1, 8, 8, 8))
    assert logits.shape == (1, 8, 8, 8, 12)
    assert logits.abs().max() == 0


def test_moving_the_torus_moves_the_prediction(network):
    seen = inputs(1, 16, 8, 12)
    step = (network.multiple, -network.multiple, 2 * network.multiple)
    with torch.no_grad():
        moved = network(*(a.roll(step, (1, 2, 3)) for a in seen))
        torch.testing.assert_close(moved, network(*seen).roll(step, (1, 2, 3)))


@pytest.mark.parametrize("which", [1, 2], ids=["noise level", "setting"])
def test_each_voxel_reads_its_own(network, which):
    seen = inputs(1, 8, 8, 8)
    with torch.no_grad():
        before = network(*seen)
        seen[which][0, 0, 0, 0] += 0.5
        assert (network(*seen) - before).abs().max() > 1e-4


def test_every_weight_learns(network):
    network(*inputs(2, 8, 8, 8)).square().mean().backward()
    for name, weight in network.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
        assert weight.grad.abs().max() > 0, name


def test_a_guided_network_reads_its_guide():
    torch.manual_seed(0)
    net = UNet(NetworkConfig(**PALETTE, channels=(8,), guided=True))
    torch.nn.init.normal_(net.correct.weight)
    seen = inputs(1, 8, 8, 8)
    with torch.no_grad():
        a, b = (net(*seen, torch.randn_like(seen[0])) for _ in range(2))
    assert (a - b).abs().max() > 1e-4


def test_muon_trains_the_convolutions_between_the_first_and_the_logits(network):
    """Each hidden matrix is used as it is stored, and none is forgotten."""
    hidden = network.hidden_matrices()
    assert len(hidden) == 2 * 5 + 1  # two a block, one in the head
    assert all(weight.ndim == 2 for weight in hidden)
    assert all(weight is not network.enter.weight for weight in hidden)


def test_sizes_that_are_no_number_of_channels_are_refused():
    with pytest.raises(ValueError, match="channels"):
        NetworkConfig(**PALETTE, channels=())
    with pytest.raises(ValueError, match="width"):
        NetworkConfig(**PALETTE, channels=(8,), width=3)
    with pytest.raises(ValueError, match="one number a level"):
        NetworkConfig(**PALETTE, channels=(8, 8), inner=(4,))


def test_input_voxels_map_to_the_same_output_voxels(network):
    """Change one voxel: the prediction changes around it, most at the place itself."""
    x, _, wanted = inputs(1, 32, 32, 32)
    t = torch.full((1, 32, 32, 32, 1), 0.3)
    y = x.clone()
    y[0, 17, 9, 22] += 1
    with torch.no_grad():
        change = network(x, t, wanted) - network(y, t, wanted)
    change = change.abs().sum(-1)[0].numpy()
    where = np.unravel_index(change.argmax(), change.shape)
    assert np.abs(np.array(where) - (17, 9, 22)).max() <= 2
