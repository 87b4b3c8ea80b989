"""A narrow network begins near to the wide one that it comes from."""

import pytest
import torch

from grainpaint.network.layers import ResidualBlock
from grainpaint.network.narrowing import narrowed
from grainpaint.network.unet import NetworkConfig, UNet

WIDE = NetworkConfig(dim=3, n_colors=12, channels=(8, 12), head=6)
LEVELS, SIZE = torch.linspace(0.1, 1, 6), (16, 8, 8)


@pytest.fixture
def wide():
    torch.manual_seed(4)
    network = UNet(WIDE).requires_grad_(requires_grad=False)
    for parameter in network.parameters():  # the last layers begin with zeros
        parameter.add_(0.2 * torch.randn_like(parameter))
    return network


def look(network, seed=5):
    """Return logits at some levels."""
    generator = torch.Generator().manual_seed(seed)
    found = []
    for level in LEVELS:
        x = torch.randn(1, *SIZE, 3, generator=generator)
        wanted = torch.rand(1, *SIZE, 2, generator=generator)
        found.append(network(x, level.expand(1, *SIZE, 1), wanted))
    return torch.stack(found)


def narrow_of(wide, inner, head):
    """Return the narrow network, and how far it is from the wide one elsewhere."""
    network = UNet(WIDE.model_copy(update={"inner": inner, "head": head}))
    network.requires_grad_(requires_grad=False)
    narrowed(wide, network, look)
    wanted, found = look(wide, seed=6), look(network, seed=6)
    return network, ((found - wanted).square().mean() / wanted.var()).item()


def test_more_channels_come_nearer(wide):
    apart = [
        narrow_of(wide, *how)[1] for how in (((2, 3), 2), ((4, 6), 4), ((7, 10), 5))
    ]
    assert apart[0] > apart[1] > apart[2] > 1e-6


def test_what_says_the_same_twice_is_left_out_at_no_loss(wide):
    """Half of the channels repeat the others, or are not read."""

    def repeat_rows(layer, n):
        for parameter in layer.parameters():
            parameter[n : 2 * n] = 2 * parameter[:n]

    repeat_rows(wide.enter, 4)
    for block in wide.modules():
        if isinstance(block, ResidualBlock):
            n = block.conv1.shape[0] // 2
            repeat_rows(block.conv2, n)
            for parameter in block.conv1.parameters():
                parameter[n:] = parameter[:n]
            read = torch.randn(block.conv1.shape[1], n)
            once = block.conv1.weight.view(2 * n, -1, 27)
            once = torch.einsum("oit,ik,jk->ojt", once, read, read) / n
            block.conv1.weight.copy_(once.flatten(1) / 3)
    for parameter in wide.conv.parameters():
        parameter[3:] = parameter[:3]
    for layer in (wide.own, wide.spread):
        for parameter in layer.parameters():
            rows = parameter.view(-1, 6, *parameter.shape[1:])
            rows[:, 3:] = rows[:, :3]
    assert narrow_of(wide, (4, 6), 3)[1] < 1e-5
    assert narrow_of(wide, (3, 6), 3)[1] > 1e-3


def test_what_is_not_narrow_is_copied(wide):
    narrow, _ = narrow_of(wide, (4, 6), 6)
    for layer in ("widen.0", "narrow.0", "leave", "conv", "correct", "down.1.norm"):
        for mine, theirs in zip(
            narrow.get_submodule(layer).parameters(),
            wide.get_submodule(layer).parameters(),
        ):
            torch.testing.assert_close(mine, theirs)
