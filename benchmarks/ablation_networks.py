"""The networks of the ablations: the base with one thing changed."""

import math

import torch.nn.functional as F
from torch import nn

from grainpaint.network.layers import ChannelNorm, Conv, ResidualBlock

__all__ = ["by_adam", "preserving", "two_blocks", "without_norm"]


class Without(nn.Identity):
    """No norm."""


class UnitConv(Conv):
    """A convolution whose output is as large as its input: rows of norm 1."""

    def forward(self, x):
        """Convolve."""
        unit = F.normalize(self.weight, dim=1).view(self.shape)
        padded = F.pad(x.permute(0, 4, 1, 2, 3), (1,) * 6, "circular")
        return F.conv3d(padded, unit, self.bias).permute(0, 2, 3, 4, 1)


class UnitLinear(nn.Linear):
    """A linear layer with rows of norm 1."""

    def forward(self, x):
        """Multiply."""
        return F.linear(x, F.normalize(self.weight, dim=1), self.bias)


class Preserving(nn.Module):
    """A residual block that keeps magnitudes (Karras et al., CVPR 2024, Eq. 81, 88)."""

    def __init__(self, block):
        super().__init__()
        (n_out, n_in, *_) = block.conv1.shape
        self.gain = nn.Linear(block.condition.in_features, n_in)
        nn.init.zeros_(self.gain.weight)
        nn.init.ones_(self.gain.bias)
        self.conv1 = UnitConv(n_in, n_out, torus=True)
        self.conv2 = UnitConv(n_out, n_out, torus=True)
        self.skip = UnitLinear(n_in, n_out) if n_in != n_out else nn.Identity()

    def forward(self, x, conditions):
        """Add what the convolutions say."""
        h = F.silu(x * self.gain(conditions)) / 0.596
        h = self.conv2(F.silu(self.conv1(h)) / 0.596)
        return (0.7 * self.skip(x) + 0.3 * h) / math.hypot(0.7, 0.3)


class Two(nn.Module):
    """Two residual blocks in place of one."""

    def __init__(self, block):
        super().__init__()
        n_out = block.conv1.shape[0]
        self.first, self.second = block, ResidualBlock(n_out, n_out, torus=True)

    def forward(self, x, conditions):
        """Go through both."""
        return self.second(self.first(x, conditions), conditions)


def replaced(network, kind, new):
    """Replace all modules of a kind."""
    for parent in list(network.modules()):
        for name, child in parent.named_children():
            if isinstance(child, kind):
                setattr(parent, name, new(child))
    return network


def without_norm(network):
    return replaced(network, ChannelNorm, lambda _: Without())


def preserving(network):
    def unit(linear):
        return UnitLinear(linear.in_features, linear.out_features)

    replaced(network, ResidualBlock, Preserving)
    network.norm = Without()
    network.enter = UnitConv(network.enter.shape[1], network.enter.shape[0], True)
    for layers in (network.widen, network.narrow):
        replaced(layers, nn.Linear, unit)
    return network


def two_blocks(network):
    replaced(network.down, ResidualBlock, Two)
    replaced(network.up, ResidualBlock, Two)
    return network


def by_adam(network):
    """Leave one small matrix to Muon."""
    network.hidden_matrices = lambda: [network.conv.weight]
    return network
