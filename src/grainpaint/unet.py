"""The network: a fully convolutional 3-D U-Net that reads a noise map.

Activations are kept as (N, X, Y, Z, C), contiguous, so that norms, linear layers and
activation functions run on the last axis; convolutions take a permuted view. Voxels
enter by space-to-depth (2^3), so the finest level works on an eighth of the voxels. All
padding is circular: the network sees a torus, and windows discard a halo. There is no
attention and no pooling over the whole volume: any window size works whose edges are
multiples of `UNet.multiple`.
"""

import math
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

__all__ = ["NetworkConfig", "UNet"]

_N_TIME = 8  # features of the noise level


class NetworkConfig(BaseModel):
    """Size of a network: all that is needed to build it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dim: int = Field(ge=2, le=16, description="numbers a voxel, in")
    n_colors: int = Field(ge=2, le=127, description="logits a voxel, out")
    channels: tuple[int, ...] = Field(min_length=1, description="per level")


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


class _Conv(nn.Conv3d):
    """A 3 x 3 x 3 convolution on the torus."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__(n_in, n_out, 3)

    def forward(self, x: Tensor) -> Tensor:
        y = F.conv3d(_WrapPad.apply(x).permute(0, 4, 1, 2, 3), self.weight, self.bias)
        return y.permute(0, 2, 3, 4, 1)


class _Norm(nn.LayerNorm):
    """A norm over the channels of each voxel, in the dtype of its input."""

    def forward(self, x: Tensor) -> Tensor:
        weight, bias = self.weight.to(x.dtype), self.bias.to(x.dtype)
        return F.layer_norm(x, self.normalized_shape, weight, bias, self.eps)


class _Block(nn.Module):
    """A residual block that is told the noise level of each voxel."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.norm = _Norm(n_in)
        self.time = nn.Linear(_N_TIME, n_in)
        self.conv1 = _Conv(n_in, n_out)
        self.conv2 = _Conv(n_out, n_out)
        self.skip = nn.Linear(n_in, n_out) if n_in != n_out else nn.Identity()
        for parameter in self.conv2.parameters():  # a new block changes nothing
            nn.init.zeros_(parameter)

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        h = F.silu(self.norm(x) + self.time(time))
        h = self.conv2(F.silu(self.conv1(h)))
        out: Tensor = self.skip(x) + h
        return out


def _time_features(t: Tensor) -> Tensor:
    """Return (..., 8) features of noise levels (..., 1) in [0, 1]."""
    waves = [f(math.pi * k * t) for k in (1, 2, 4) for f in (torch.sin, torch.cos)]
    return torch.cat([t, 1 - t, *waves], -1)


def _space_to_depth(x: Tensor) -> Tensor:
    n, a, b, c, channels = x.shape
    x = x.view(n, a // 2, 2, b // 2, 2, c // 2, 2, channels)
    x = x.permute(0, 1, 3, 5, 2, 4, 6, 7)
    return x.reshape(n, a // 2, b // 2, c // 2, 8 * channels)


def _depth_to_space(x: Tensor) -> Tensor:
    n, a, b, c, channels = x.shape
    x = x.view(n, a, b, c, 2, 2, 2, channels // 8).permute(0, 1, 4, 2, 5, 3, 6, 7)
    return x.reshape(n, 2 * a, 2 * b, 2 * c, channels // 8)


def _pool(x: Tensor) -> Tensor:
    """Return the mean of each 2 x 2 x 2 cell."""
    return F.avg_pool3d(x.permute(0, 4, 1, 2, 3), 2).permute(0, 2, 3, 4, 1)


def _repeat(x: Tensor) -> Tensor:
    """Repeat each voxel 2 x 2 x 2."""
    x = x.permute(0, 4, 1, 2, 3)
    return F.interpolate(x, scale_factor=2, mode="nearest").permute(0, 2, 3, 4, 1)


class UNet(nn.Module):
    """Predict the clean colour of each voxel from noisy colour vectors.

    Parameters
    ----------
    config : NetworkConfig
        Palette and channels.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        channels = config.channels
        self.config = config
        self.enter = _Conv((config.dim + 1) * 8, channels[0])
        self.down = nn.ModuleList(_Block(c, c) for c in channels)
        self.widen = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(channels))
        self.middle = _Block(channels[-1], channels[-1])
        self.narrow = nn.ModuleList(nn.Linear(b, a) for a, b in pairwise(channels))
        self.up = nn.ModuleList(_Block(2 * c, c) for c in channels)
        self.norm = _Norm(channels[0])
        self.leave = nn.Linear(channels[0], config.n_colors * 8)
        for parameter in self.leave.parameters():
            nn.init.zeros_(parameter)

    @property
    def multiple(self) -> int:
        """Every edge of an input must be a multiple of this."""
        return int(2 ** len(self.config.channels))

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        """Return the logits of the clean colours.

        Parameters
        ----------
        x : Tensor, shape (N, X, Y, Z, dim)
            Noisy colour vectors.
        t : Tensor, shape (N, X, Y, Z, 1)
            Noise level of each voxel, 0 = known.

        Returns
        -------
        Tensor, shape (N, X, Y, Z, n_colors)
        """
        level = _pool(t)
        times = [_time_features(level)]
        for _ in self.widen:
            level = _pool(level)
            times.append(_time_features(level))

        h = self.enter(_space_to_depth(torch.cat([x, t], -1)))
        passed = []
        for i, block in enumerate(self.down):
            if i:
                h = self.widen[i - 1](_pool(h))
            h = block(h, times[i])
            passed.append(h)
        h = self.middle(h, times[-1])
        for i in reversed(range(len(self.up))):
            h = self.up[i](torch.cat([h, passed[i]], -1), times[i])
            if i:
                h = _repeat(self.narrow[i - 1](h))
        return _depth_to_space(self.leave(F.silu(self.norm(h))))
