"""Layers of the network, on arrays (N, X, Y, Z, C).

The channels come last and arrays are contiguous, so that norms, linear layers and
activation functions run on the last axis; convolutions take a permuted view.
"""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = [
    "ChannelNorm",
    "Conv",
    "ResidualBlock",
    "condition_features",
    "depth_to_space",
    "pool",
    "repeat",
    "space_to_depth",
]

_N_CONDITIONS = 12  # features of noise level and setting


class _WrapPad(torch.autograd.Function):
    """Pad x, y, z by one voxel around the torus (F.pad is slower in this layout)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        n, a, b, c, channels = x.shape
        out = x.new_empty(n, a + 2, b + 2, c + 2, channels)
        out[:, 1:-1, 1:-1, 1:-1] = x
        for axis in (1, 2, 3):
            out.select(axis, 0).copy_(out.select(axis, -2))
            out.select(axis, -1).copy_(out.select(axis, 1))
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        grad = grad.clone(memory_format=torch.contiguous_format)
        for axis in (3, 2, 1):
            grad.select(axis, -2).add_(grad.select(axis, 0))
            grad.select(axis, 1).add_(grad.select(axis, -1))
        return grad[:, 1:-1, 1:-1, 1:-1].contiguous()


class Conv(nn.Module):
    """A 3 x 3 x 3 convolution; its weight is a matrix, for Muon."""

    def __init__(self, n_in: int, n_out: int, torus: bool) -> None:
        super().__init__()
        self.torus = torus
        self.shape = (n_out, n_in, 3, 3, 3)
        weight = torch.empty(n_out, 27 * n_in)
        if not weight.is_meta:  # for normal numbers without values torch loads sympy
            weight.normal_(0, (27 * n_in) ** -0.5)
        self.weight = nn.Parameter(weight)
        self.bias = nn.Parameter(torch.zeros(n_out))

    def forward(self, x: Tensor) -> Tensor:
        """Convolve an array (N, X, Y, Z, n_in) into one (N, X, Y, Z, n_out)."""
        weight = self.weight.view(self.shape)
        if self.torus:
            x = _WrapPad.apply(x)
        padding = 0 if self.torus else 1
        y = F.conv3d(x.permute(0, 4, 1, 2, 3), weight, self.bias, padding=padding)
        return y.permute(0, 2, 3, 4, 1)


class ChannelNorm(nn.LayerNorm):
    """A layer norm over the channels of each voxel, in the dtype of its input."""

    def forward(self, x: Tensor) -> Tensor:
        """Normalize an array (N, X, Y, Z, C)."""
        weight, bias = self.weight.to(x.dtype), self.bias.to(x.dtype)
        return F.layer_norm(x, self.normalized_shape, weight, bias, self.eps)


class ResidualBlock(nn.Module):
    """A residual block, conditioned on the noise level and setting of each voxel.

    Parameters
    ----------
    n_in, n_out : int
        Channels.
    torus : bool
        How convolutions pad.
    inner : int, optional
        Channels that its convolutions read and write, fewer than the block's; linear
        layers lead there and back (He et al., "Deep residual learning for image
        recognition", CVPR 2016, Fig. 5).
    """

    def __init__(
        self, n_in: int, n_out: int, torus: bool, inner: int | None = None
    ) -> None:
        super().__init__()
        self.n_out = n_out
        self.norm = ChannelNorm(n_in)
        self.condition = nn.Linear(_N_CONDITIONS, n_in)
        self.squeeze = nn.Linear(n_in, inner) if inner else nn.Identity()
        self.conv1 = Conv(inner or n_in, inner or n_out, torus)
        self.conv2 = Conv(inner or n_out, inner or n_out, torus)
        self.expand = nn.Linear(inner, n_out) if inner else nn.Identity()
        self.skip = nn.Linear(n_in, n_out) if n_in != n_out else nn.Identity()
        last = self.expand if inner else self.conv2
        for parameter in last.parameters():  # a new block changes nothing
            nn.init.zeros_(parameter)

    def forward(self, x: Tensor, conditions: Tensor) -> Tensor:
        """Return an array (N, X, Y, Z, n_out); conditions from `condition_features`."""
        h = self.squeeze(F.silu(self.norm(x) + self.condition(conditions)))
        h = self.expand(self.conv2(F.silu(self.conv1(h))))
        out: Tensor = self.skip(x) + h
        return out


def condition_features(level: Tensor) -> Tensor:
    """Return features (..., 12) of noise levels and settings (..., 3)."""
    t, size, halved = level.split(1, -1)
    waves = [f(math.pi * k * t) for k in (1, 2, 4) for f in (torch.sin, torch.cos)]
    return torch.cat([t, 1 - t, *waves, size, size**2, halved, size * halved], -1)


def space_to_depth(x: Tensor) -> Tensor:
    """Move each cell of 2 x 2 x 2 voxels into the channels of one voxel."""
    n, a, b, c, channels = x.shape
    x = x.view(n, a // 2, 2, b // 2, 2, c // 2, 2, channels)
    x = x.permute(0, 1, 3, 5, 2, 4, 6, 7)
    return x.reshape(n, a // 2, b // 2, c // 2, 8 * channels)


def depth_to_space(x: Tensor) -> Tensor:
    """Undo `space_to_depth`."""
    n, a, b, c, channels = x.shape
    x = x.view(n, a, b, c, 2, 2, 2, channels // 8).permute(0, 1, 4, 2, 5, 3, 6, 7)
    return x.reshape(n, 2 * a, 2 * b, 2 * c, channels // 8)


def pool(x: Tensor) -> Tensor:
    """Return the mean of each 2 x 2 x 2 cell."""
    return F.avg_pool3d(x.permute(0, 4, 1, 2, 3), 2).permute(0, 2, 3, 4, 1)


def repeat(x: Tensor) -> Tensor:
    """Repeat each voxel 2 x 2 x 2."""
    x = x.permute(0, 4, 1, 2, 3)
    return F.interpolate(x, scale_factor=2, mode="nearest").permute(0, 2, 3, 4, 1)
