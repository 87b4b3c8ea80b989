"""Fast evaluation of a trained network, without gradients and in one precision.

An `Evaluator` computes what a `UNet` computes, but faster:

- weights are converted once to the precision and layout that convolutions need;
- where noise level and setting are the same everywhere, a block's conditioning is a
  vector, and is added to the bias of its norm;
- activations are written straight into padded arrays;
- a block takes a few planes at a time, and logits are computed slab by slab, so that
  they stay in the processor's cache; all at once they would be the largest arrays;
- in float32 on a processor, large convolutions multiply tiles
  (`grainpaint.network.winograd`).
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from grainpaint.network.devices import exact
from grainpaint.network.layers import (
    Conv,
    ResidualBlock,
    condition_features,
    depth_to_space,
    pool,
    repeat,
    space_to_depth,
)
from grainpaint.network.precision import DTYPES, Precision, has_onednn
from grainpaint.network.unet import NetworkConfig, UNet

__all__ = ["Evaluator"]

_SLAB = 1 << 17  # number of voxels whose logits are held at once
_CELLS = 1 << 15  # number of cells that a block takes at once
_NO_PADDING, _UNIT = (0, 0, 0), (1, 1, 1)


def _pool(x: Tensor) -> Tensor:
    """Return the mean of each 2 x 2 x 2 cell, in any precision."""
    x = x[:, ::2] + x[:, 1::2]
    x = x[:, :, ::2] + x[:, :, 1::2]
    return (x[:, :, :, ::2] + x[:, :, :, 1::2]).mul_(1 / 8)


class Evaluator:
    """A network that is evaluated many times.

    Parameters
    ----------
    network : UNet
        On its device. Later changes to its weights have no effect.
    precision : {'float32', 'bfloat16'}
        See `grainpaint.network.precision.resolve`.
    """

    def __init__(self, network: UNet, precision: Precision) -> None:
        self.config: NetworkConfig = network.config
        self.multiple = network.multiple
        self.precision = precision
        self.dtype = DTYPES[precision]
        self.device = next(network.parameters()).device
        self._network = network
        self._has_onednn = has_onednn(self.device, self.dtype)
        self._in_tiles = precision == "float32" and self.device.type == "cpu"
        self._of_tiles: dict[nn.Module, Tensor] = {}
        self._weights = {
            module: self._laid_out(module)
            for module in network.modules()
            if isinstance(module, Conv | nn.Linear | nn.LayerNorm)
        }

    def _laid_out(self, module: nn.Module) -> tuple[Tensor, Tensor]:
        """Return weight and bias in the precision and layout that are needed."""
        weight, bias = (
            module.get_parameter(name).detach().to(self.dtype)
            for name in ("weight", "bias")
        )
        if isinstance(module, Conv):
            weight = weight.view(module.shape)
            weight = weight.contiguous(memory_format=torch.channels_last_3d)
        return weight, bias

    @torch.inference_mode()
    def __call__(self, x: Tensor, told: Tensor, guide: Tensor | None = None) -> Tensor:
        """Return all logits, shape (N, X, Y, Z, n_colors); parameters as in `slabs`."""
        return torch.cat([logits for _, logits in self.slabs(x, told, guide)], 1)

    @torch.inference_mode()
    def slabs(
        self, x: Tensor, told: Tensor, guide: Tensor | None = None
    ) -> Iterator[tuple[slice, Tensor]]:
        """Yield the logits of the clean colors, slab by slab along x.

        Parameters
        ----------
        x : Tensor, float32, shape (N, X, Y, Z, dim)
            Noisy color vectors; the caller may change them between two slabs.
        told : Tensor, float32, shape (N, X, Y, Z, 3) or (3,)
            Noise level and setting (`grainpaint.network.unet.setting`) of each voxel,
            or one for all voxels.
        guide : Tensor, shape of x, optional
            Color vectors of the volume to refine, doubled; for a guided network.

        Yields
        ------
        planes : slice
            The voxels along x.
        logits : Tensor, shape (N, planes, Y, Z, n_colors)
            In the precision of the evaluator.
        """
        told = told.to(self.device)
        level = told[..., :1].expand(*x.shape[:-1], 1)
        parts = [x, level] if guide is None else [x, level, guide]
        seen = torch.cat([part.to(self.dtype) for part in parts], -1)
        with exact(self.device):
            cells = self._features(seen, told)
        n = max(1, _SLAB // (8 * cells[:, 0, ..., 0].numel()))
        for start in range(0, cells.shape[1], n):
            stop = min(start + n, cells.shape[1])
            with exact(self.device):
                logits = self._head(cells, seen, start, stop)
            yield slice(2 * start, 2 * stop), logits

    def _features(self, seen: Tensor, told: Tensor) -> Tensor:
        """Return the features of each cell of 2 x 2 x 2 voxels."""
        network = self._network
        known = []
        for _ in network.down:
            told = told if told.ndim == 1 else pool(told)
            known.append(condition_features(told).to(self.dtype))

        h = self._conv(network.enter, self._padded(space_to_depth(seen)))
        h = self._linear(network.lift, h)
        passed = []
        for i, block in enumerate(network.down):
            if i:
                h = self._linear(network.widen[i - 1], _pool(h))
            h = self._block(block, [h], known[i])
            passed.append(h)
        h = self._block(network.middle, [h], known[-1])
        for i in reversed(range(len(network.up))):
            h = self._block(network.up[i], [h, passed.pop()], known[i])
            if i:
                h = repeat(self._linear(network.narrow[i - 1], h))
        return F.silu(self._norm(network.norm, h), inplace=True)

    def _block(self, block: nn.Module, parts: list[Tensor], known: Tensor) -> Tensor:
        """Evaluate a `grainpaint.network.layers.ResidualBlock`, its input in parts.

        ::

            planes of the input     start-2 ............ stop+2
            after one convolution      start-1 ...... stop+1
            after two                      start ... stop

        Of what the next planes need too, the first two arrays keep two planes.
        """
        assert isinstance(block, ResidualBlock)
        n_planes, cells = parts[0].shape[1], parts[0][0, 0, ..., 0].numel()
        step = max(1, _CELLS // cells)
        if step >= n_planes or self.device.type != "cpu":
            return self._block_at_once(block, torch.cat(parts, -1), known)
        out = parts[0].new_empty([*parts[0].shape[:4], block.n_out])
        first = second = None
        for start in range(0, n_planes, step):
            stop = min(start + step, n_planes)
            new = torch.arange(start + 2 if start else -2, stop + 2)
            x = torch.cat([part[:, new % n_planes] for part in parts], -1)
            told = known if known.ndim == 1 else known[:, new % n_planes]
            h, activate = self._entering(block, x, told)
            first = self._joined(first, h, activate, (new < 0) | (new >= n_planes))
            h = self._conv(block.conv1, first)
            new = torch.arange(start + 1 if start else -1, stop + 1)
            second = self._joined(second, h, True, (new < 0) | (new >= n_planes))
            x = torch.cat([part[:, start:stop] for part in parts], -1)
            torch.add(
                self._linear(block.expand, self._conv(block.conv2, second)),
                self._linear(block.skip, x),
                out=out[:, start:stop],
            )
        return out

    def _block_at_once(self, block: ResidualBlock, x: Tensor, known: Tensor) -> Tensor:
        h, activate = self._entering(block, x, known)
        h = self._conv(block.conv1, self._padded(h, activate=activate))
        h = self._conv(block.conv2, self._padded(h, activate=True))
        return self._linear(block.expand, h).add_(self._linear(block.skip, x))

    def _entering(
        self, block: ResidualBlock, x: Tensor, known: Tensor
    ) -> tuple[Tensor, bool]:
        """Return what the first convolution reads, and whether silu is still due."""
        shift = self._linear(block.condition, known)
        if known.ndim == 1:
            h = self._norm(block.norm, x, shift)
        else:
            h = self._norm(block.norm, x).add_(shift)
        if isinstance(block.squeeze, nn.Identity):
            return h, True
        return self._linear(block.squeeze, F.silu(h, inplace=True)), False

    def _joined(
        self, before: Tensor | None, x: Tensor, activate: bool, outside: Tensor
    ) -> Tensor:
        """Return two old planes and new ones, or their silu, padded along y and z."""
        x = self._padded(x, axes=(2, 3), activate=activate)
        if not self.config.torus:
            x[:, outside] = 0
        return x if before is None else torch.cat([before[:, -2:], x], 1)

    def _head(self, cells: Tensor, seen: Tensor, start: int, stop: int) -> Tensor:
        """Return the logits of the voxels in the planes start..stop of cells."""
        network = self._network
        # One more plane of voxels on either side, for the convolution.
        under = torch.arange(start - 1, stop + 1, device=self.device) % cells.shape[1]
        around = torch.arange(2 * start - 1, 2 * stop + 1, device=self.device)
        h = depth_to_space(self._linear(network.spread, cells[:, under]))[:, 1:-1]
        h = self._linear(network.own, seen[:, around % seen.shape[1]]).add_(h)
        h = self._padded(h, axes=(2, 3), activate=True)
        if not self.config.torus:  # zeros around the volume
            outside = (around < 0) | (around >= seen.shape[1])
            h[:, outside] = 0
        h = F.silu(self._conv(network.conv, h), inplace=True)
        rough = depth_to_space(self._linear(network.leave, cells[:, start:stop]))
        return self._linear(network.correct, h).add_(rough)

    def _linear(self, layer: nn.Module, x: Tensor) -> Tensor:
        if not isinstance(layer, nn.Linear):  # an identity
            return x
        return F.linear(x, *self._weights[layer])

    def _norm(
        self, layer: nn.LayerNorm, x: Tensor, shift: Tensor | float = 0.0
    ) -> Tensor:
        weight, bias = self._weights[layer]
        return F.layer_norm(x, layer.normalized_shape, weight, bias + shift, layer.eps)

    def _conv(self, layer: Conv, x: Tensor) -> Tensor:
        """Convolve a padded array."""
        weight, bias = self._weights[layer]
        if self._in_tiles:
            from grainpaint.network import winograd  # loads numba

            nx, ny, nz = (n - 2 for n in x.shape[1:4])
            if winograd.is_faster((nx, ny, nz), *weight.shape[1::-1]):
                if layer not in self._of_tiles:
                    self._of_tiles[layer] = winograd.transformed(weight)
                weights = self._of_tiles[layer]
                found = [winograd.convolve(a, weights, bias) for a in x]
                return found[0][None] if len(found) == 1 else torch.stack(found)
        x = x.permute(0, 4, 1, 2, 3)
        if self._has_onednn:  # torch itself skips it for small float32 arrays
            y = torch.mkldnn_convolution(x, weight, bias, _NO_PADDING, _UNIT, _UNIT, 1)
        else:
            y = F.conv3d(x, weight, bias)
        return y.permute(0, 2, 3, 4, 1)

    def _padded(
        self, x: Tensor, axes: tuple[int, ...] = (1, 2, 3), activate: bool = False
    ) -> Tensor:
        """Return an array, or its silu, padded by one voxel along some axes."""
        shape = [n + 2 * (i in axes) for i, n in enumerate(x.shape)]
        inner = tuple(slice(1, -1) if i in axes else slice(None) for i in range(4))
        out = x.new_empty(shape) if self.config.torus else x.new_zeros(shape)
        if activate:
            torch.ops.aten.silu.out(x, out=out[inner])
        else:
            out[inner] = x
        if self.config.torus:
            for axis in axes:
                out.select(axis, 0).copy_(out.select(axis, -2))
                out.select(axis, -1).copy_(out.select(axis, 1))
        return out
