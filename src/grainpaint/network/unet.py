"""The network: a fully convolutional 3-D U-Net that reads a noise map.

Activations are kept as (N, X, Y, Z, C), contiguous, so that norms, linear layers and
activation functions run on the last axis; convolutions take a permuted view. Voxels
enter by space-to-depth (2^3), so the finest level works on an eighth of the voxels.
Padding is circular: the network sees a torus, and windows discard a halo; or zero, for
blocks that are not discarded at their faces. There is no
attention and no pooling over the whole volume: any window size works whose edges are
multiples of `UNet.multiple`.

Each voxel brings its noise level and its setting: the mean grain diameter that is
wanted there, and whether boundaries are as smooth as those of a halved volume.
"""

import math
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

__all__ = [
    "Block",
    "Conv",
    "NetworkConfig",
    "UNet",
    "condition_features",
    "depth_to_space",
    "pool",
    "repeat",
    "setting",
    "space_to_depth",
]

_N_CONDITIONS = 12  # features of noise level and setting


class NetworkConfig(BaseModel):
    """Size of a network: all that is needed to build it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dim: int = Field(ge=1, le=16, description="numbers of a color vector")
    n_colors: int = Field(ge=1, le=127, description="colors of the palette")
    guided: bool = Field(default=False, description="reads the volume it refines")
    channels: tuple[int, ...] = Field(min_length=1, description="per level")
    head: int = Field(ge=1, description="channels of a voxel, where logits are refined")
    torus: bool = Field(default=True, description="sees a torus; else zeros around it")


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
        bound = (27 * n_in) ** -0.5
        self.weight = nn.Parameter(torch.empty(n_out, 27 * n_in).normal_(0, bound))
        self.bias = nn.Parameter(torch.zeros(n_out))

    def forward(self, x: Tensor) -> Tensor:
        """Return an array (N, X, Y, Z, n_out) for one (N, X, Y, Z, n_in)."""
        weight = self.weight.view(self.shape)
        if self.torus:
            x = _WrapPad.apply(x)
        padding = 0 if self.torus else 1
        y = F.conv3d(x.permute(0, 4, 1, 2, 3), weight, self.bias, padding=padding)
        return y.permute(0, 2, 3, 4, 1)


class _Norm(nn.LayerNorm):
    """A norm over the channels of each voxel, in the dtype of its input."""

    def forward(self, x: Tensor) -> Tensor:
        weight, bias = self.weight.to(x.dtype), self.bias.to(x.dtype)
        return F.layer_norm(x, self.normalized_shape, weight, bias, self.eps)


class Block(nn.Module):
    """A residual block that is told noise level and setting of each voxel."""

    def __init__(self, n_in: int, n_out: int, torus: bool) -> None:
        super().__init__()
        self.norm = _Norm(n_in)
        self.condition = nn.Linear(_N_CONDITIONS, n_in)
        self.conv1 = Conv(n_in, n_out, torus)
        self.conv2 = Conv(n_out, n_out, torus)
        self.skip = nn.Linear(n_in, n_out) if n_in != n_out else nn.Identity()
        for parameter in self.conv2.parameters():  # a new block changes nothing
            nn.init.zeros_(parameter)

    def forward(self, x: Tensor, conditions: Tensor) -> Tensor:
        """Return an array (N, X, Y, Z, n_out); conditions as `condition_features`."""
        h = F.silu(self.norm(x) + self.condition(conditions))
        h = self.conv2(F.silu(self.conv1(h)))
        out: Tensor = self.skip(x) + h
        return out


def setting(grain_diameter: Tensor, halved: Tensor) -> Tensor:
    """Return what the network is told about the grains that are wanted at each voxel.

    Parameters
    ----------
    grain_diameter : Tensor, shape (N, X, Y, Z, 1)
        Mean equivalent diameter, voxels.
    halved : Tensor, shape (N, X, Y, Z, 1)
        1 = boundaries as smooth as those of a halved volume, 0 = as simulated.

    Returns
    -------
    Tensor, shape (N, X, Y, Z, 2)
    """
    return torch.cat([torch.log2(grain_diameter / 6), halved], -1)


def condition_features(level: Tensor) -> Tensor:
    """Return (..., 12) features of noise levels and settings (..., 3)."""
    t, size, halved = level.split(1, -1)
    waves = [f(math.pi * k * t) for k in (1, 2, 4) for f in (torch.sin, torch.cos)]
    return torch.cat([t, 1 - t, *waves, size, size**2, halved, size * halved], -1)


def space_to_depth(x: Tensor) -> Tensor:
    """Move each cell of 2 x 2 x 2 voxels into the channels of one."""
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


class UNet(nn.Module):
    """Predict the clean color of each voxel from noisy color vectors.

    Parameters
    ----------
    config : NetworkConfig
        Palette and channels.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        channels, torus = config.channels, config.torus
        self.config = config
        n_in = config.dim * (1 + config.guided) + 1
        self.enter = Conv(n_in * 8, channels[0], torus)
        self.down = nn.ModuleList(Block(c, c, torus) for c in channels)
        self.widen = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(channels))
        self.middle = Block(channels[-1], channels[-1], torus)
        self.narrow = nn.ModuleList(nn.Linear(b, a) for a, b in pairwise(channels))
        self.up = nn.ModuleList(Block(2 * c, c, torus) for c in channels)
        self.norm = _Norm(channels[0])
        self.leave = nn.Linear(channels[0], config.n_colors * 8)
        self.spread = nn.Linear(channels[0], config.head * 8)
        self.own = nn.Linear(n_in, config.head)
        self.conv = Conv(config.head, config.head, torus)
        self.correct = nn.Linear(config.head, config.n_colors)
        for parameter in [*self.leave.parameters(), *self.correct.parameters()]:
            nn.init.zeros_(parameter)

    @property
    def multiple(self) -> int:
        """Every edge of an input must be a multiple of this."""
        return int(2 ** len(self.config.channels))

    def hidden_matrices(self) -> list[nn.Parameter]:
        """Return the weights of all convolutions but the first."""
        convs = [m for m in self.modules() if isinstance(m, Conv)]
        return [conv.weight for conv in convs if conv is not self.enter]

    def _features(self, x: Tensor, level: Tensor) -> Tensor:
        """Return the features of each cell of 2 x 2 x 2 voxels."""
        level = pool(level)
        conditions = [condition_features(level)]
        for _ in self.widen:
            level = pool(level)
            conditions.append(condition_features(level))

        h = self.enter(space_to_depth(x))
        passed = []
        for i, block in enumerate(self.down):
            if i:
                h = self.widen[i - 1](pool(h))
            h = block(h, conditions[i])
            passed.append(h)
        h = self.middle(h, conditions[-1])
        for i in reversed(range(len(self.up))):
            h = self.up[i](torch.cat([h, passed[i]], -1), conditions[i])
            if i:
                h = repeat(self.narrow[i - 1](h))
        return F.silu(self.norm(h))

    def both(
        self, x: Tensor, t: Tensor, setting: Tensor, guide: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return the logits that the cells alone give, and the corrected ones.

        A cell gives the logits of its eight voxels from too few features to read each
        voxel's own color well, and likes boundaries between cells. The correction
        reads the voxel itself and its neighbors. Trained without the first logits,
        the network leans on the voxels' own colors and the cells learn little.
        """
        parts = [x, t] if guide is None else [x, t, guide]
        seen = torch.cat(parts, -1)
        cells = self._features(seen, torch.cat([t, setting], -1))
        rough = depth_to_space(self.leave(cells))
        h = depth_to_space(self.spread(cells)) + self.own(seen)
        return rough, rough + self.correct(F.silu(self.conv(F.silu(h))))

    def forward(
        self, x: Tensor, t: Tensor, setting: Tensor, guide: Tensor | None = None
    ) -> Tensor:
        """Return the logits of the clean colors.

        Parameters
        ----------
        x : Tensor, shape (N, X, Y, Z, dim)
            Noisy color vectors.
        t : Tensor, shape (N, X, Y, Z, 1)
            Noise level of each voxel, 0 = known.
        setting : Tensor, shape (N, X, Y, Z, 2)
            What is wanted there, see `setting`.
        guide : Tensor, shape of x, optional
            The volume to refine, doubled, as color vectors; for a guided network.

        Returns
        -------
        Tensor, shape (N, X, Y, Z, n_colors)
        """
        return self.both(x, t, setting, guide)[1]
