"""The network: a fully convolutional 3-D U-Net, conditioned on a map of noise levels.

Voxels enter by space-to-depth (2^3), so the finest level works on an eighth of the
voxels. Padding is circular for windows, which discard a halo, or zero for blocks that
are kept up to their faces. There is no attention and no pooling over the whole volume:
any window works whose edges are multiples of `UNet.multiple`.

Each voxel has its own noise level and its own setting: the mean grain diameter that is
wanted there, and whether boundaries are as smooth as those of a halved volume.
"""

from itertools import pairwise
from typing import Annotated, Self

import torch
import torch.nn.functional as F
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn

from grainpaint.network.layers import (
    ChannelNorm,
    Conv,
    ResidualBlock,
    condition_features,
    depth_to_space,
    pool,
    repeat,
    space_to_depth,
)

__all__ = ["NetworkConfig", "UNet", "setting"]

Channels = Annotated[int, Field(ge=1, le=4096)]  # more are a damaged card


class NetworkConfig(BaseModel):
    """Size of a network: all that is needed to build it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dim: int = Field(ge=1, le=16, description="length of a color vector")
    n_colors: int = Field(ge=1, le=127, description="number of colors in the palette")
    guided: bool = Field(default=False, description="takes the volume to refine, too")
    n_maps: int = Field(
        default=0, ge=0, le=64, description="process maps that it reads, too"
    )
    channels: tuple[Channels, ...] = Field(
        min_length=1, max_length=8, description="one a level"
    )
    inner: tuple[Channels, ...] = Field(
        default=(),
        max_length=8,
        description="channels of the convolutions in blocks, one a level, if fewer",
    )
    head: Channels = Field(description="channels per voxel where logits are corrected")
    torus: bool = Field(default=True, description="circular padding; else zeros")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.inner and len(self.inner) != len(self.channels):
            raise ValueError("inner must have one number a level, as channels do")
        return self


def setting(grain_diameter: Tensor, halved: Tensor) -> Tensor:
    """Return the network's input that says which grains are wanted at each voxel.

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
        inner = config.inner or (None,) * len(channels)
        self.config = config
        n_in = config.dim * (1 + config.guided) + 1 + config.n_maps
        self.enter = Conv(n_in * 8, inner[0] or channels[0], torus)
        self.lift = nn.Linear(inner[0], channels[0]) if inner[0] else nn.Identity()
        self.down = nn.ModuleList(
            ResidualBlock(c, c, torus, k) for c, k in zip(channels, inner)
        )
        self.widen = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(channels))
        self.middle = ResidualBlock(channels[-1], channels[-1], torus, inner[-1])
        self.narrow = nn.ModuleList(nn.Linear(b, a) for a, b in pairwise(channels))
        self.up = nn.ModuleList(
            ResidualBlock(2 * c, c, torus, k) for c, k in zip(channels, inner)
        )
        self.norm = ChannelNorm(channels[0])
        self.leave = nn.Linear(channels[0], config.n_colors * 8)
        self.spread = nn.Linear(channels[0], config.head * 8)
        self.own = nn.Linear(n_in, config.head)
        self.conv = Conv(config.head, config.head, torus)
        self.correct = nn.Linear(config.head, config.n_colors)
        for parameter in [*self.leave.parameters(), *self.correct.parameters()]:
            nn.init.zeros_(parameter)

    @property
    def multiple(self) -> int:
        """Number that every edge of an input must be a multiple of."""
        return int(2 ** len(self.config.channels))

    def hidden_matrices(self) -> list[nn.Parameter]:
        """Return the weights of all convolutions except the first."""
        convs = [m for m in self.modules() if isinstance(m, Conv)]
        return [conv.weight for conv in convs if conv is not self.enter]

    def _features(self, x: Tensor, level: Tensor) -> Tensor:
        """Return the features of each cell of 2 x 2 x 2 voxels."""
        level = pool(level)
        conditions = [condition_features(level)]
        for _ in self.widen:
            level = pool(level)
            conditions.append(condition_features(level))

        h = self.lift(self.enter(space_to_depth(x)))
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
        """Return the logits from the cells alone, and the corrected logits.

        A cell of 2 x 2 x 2 voxels has too few features to reproduce each voxel's own
        color well, and favors boundaries between cells. The correction reads each voxel
        and its neighbors. If only the corrected logits are trained, the network relies
        on the voxels' own colors and the cells learn little.
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
            Noise level of each voxel, 0..1; 0 = known.
        setting : Tensor, shape (N, X, Y, Z, 2)
            Which grains are wanted, see `setting`.
        guide : Tensor, shape (N, X, Y, Z, dim or n_maps), optional
            Color vectors of the volume to refine, doubled, for a guided network; or
            process maps.

        Returns
        -------
        Tensor, shape (N, X, Y, Z, n_colors)
        """
        return self.both(x, t, setting, guide)[1]
