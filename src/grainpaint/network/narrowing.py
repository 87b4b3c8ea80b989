"""Begin a network with narrow blocks from a trained one with wide blocks.

What the convolutions of a trained network read and write lies near few directions, and
typical states say which (Kim et al., "Compression of deep convolutional neural
networks", ICLR 2016, with the scatter of the data in place of the weights alone)::

    wide      x ---------- conv1 ----- silu ----- conv2 -----------> + x
    narrow    x - squeeze - conv1' --- silu ----- conv2' - expand -> + x
                  directions that      channels that       directions of
                  matter most for      say most about      the largest
                  what is kept         the others          scatter

Each step is the best one for what the next layer reads, given those before it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from grainpaint.network.layers import Conv, ResidualBlock
from grainpaint.network.unet import UNet

__all__ = ["narrowed"]

_LEAST = 1e-6  # scatter below this share of the largest is noise


class _Moments:
    """Mean and products of channels, over all arrays (..., C) that were added."""

    def __init__(self, n_channels: int) -> None:
        self._n = 0
        self._sum = torch.zeros(n_channels, dtype=torch.float64)
        self._products = torch.zeros((n_channels, n_channels), dtype=torch.float64)

    def add(self, x: Tensor) -> None:
        x = x.detach().flatten(0, -2).double().cpu()
        self._n += len(x)
        self._sum += x.sum(0)
        self._products += x.T @ x

    @property
    def mean(self) -> Tensor:
        return self._sum / self._n

    @property
    def products(self) -> Tensor:
        return self._products / self._n

    @property
    def scatter(self) -> Tensor:
        return self.products - torch.outer(self.mean, self.mean)


@dataclass(frozen=True)
class _Linear:
    """A convolution or a linear layer: weight (n_out, n_in, taps), bias (n_out).

    Attributes
    ----------
    read, written : _Moments
        Of its inputs and outputs.
    """

    weight: Tensor
    bias: Tensor
    read: _Moments
    written: _Moments


def narrowed(wide: UNet, narrow: UNet, look: Callable[[UNet], None]) -> None:
    """Give a network with narrow blocks weights that come near to those of a wide one.

    Parameters
    ----------
    wide : UNet
        A trained network.
    narrow : UNet
        Its weights are set. It has the channels of the wide network, but fewer in its
        blocks and its head.
    look : callable
        Evaluates a network on typical states.
    """
    seen = _watched(wide, look)
    weights = narrow.state_dict()
    with torch.no_grad():
        for key, value in wide.state_dict().items():
            if key in weights and weights[key].shape == value.shape:
                weights[key].copy_(value)
        enter = seen[wide.enter]
        _set_written(narrow.enter, narrow.lift, enter, enter.weight, enter.bias)
        blocks = dict(narrow.named_modules())
        for name, block in wide.named_modules():
            if isinstance(block, ResidualBlock):
                _set_block(blocks[name], seen[block.conv1], seen[block.conv2])
        if narrow.config.head < wide.config.head:
            _set_head(narrow, wide, seen)


def _watched(network: UNet, look: Callable[[UNet], None]) -> dict[nn.Module, _Linear]:
    """Return the layers that become narrower, with what they read and wrote."""
    found: dict[nn.Module, _Linear] = {}
    hooks = []
    for layer in network.modules():
        if not isinstance(layer, Conv) and layer is not network.correct:
            continue
        weight, bias = (p.detach().double().cpu() for p in layer.parameters())
        n_out, n_in = layer.shape[:2] if isinstance(layer, Conv) else weight.shape
        read, written = _Moments(n_in), _Moments(n_out)
        found[layer] = _Linear(weight.view(n_out, n_in, -1), bias, read, written)

        def watch(layer: nn.Module, given: tuple[Tensor, ...], result: Tensor) -> None:
            found[layer].read.add(given[0])
            found[layer].written.add(result)

        hooks.append(layer.register_forward_hook(watch))
    with torch.no_grad():
        look(network)
    for hook in hooks:
        hook.remove()
    return found


def _kept(layer: _Linear, n: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return which inputs of a layer to keep, and its weight and bias for those.

    The next input to keep is the one that explains most of what the layer writes and
    those before it do not.
    """
    scatter, mean = layer.read.scatter, layer.read.mean
    least = _LEAST * scatter.diagonal().max()
    matter = torch.einsum("oit,ojt->ij", layer.weight, layer.weight)
    rest, chosen = scatter.clone(), torch.empty(0, dtype=torch.int64)
    for _ in range(n):
        explained = ((rest @ matter) * rest).sum(1)
        explained /= rest.diagonal().clamp(min=least)
        explained[chosen] = -1
        k = explained.argmax()
        chosen = torch.cat([chosen, k[None]])
        rest = rest - torch.outer(rest[k], rest[k]) / rest[k, k].clamp(min=least)
    among = scatter[chosen][:, chosen] + least * torch.eye(n, dtype=torch.float64)
    follow = torch.linalg.solve(among, scatter[chosen]).T  # all inputs, from the kept
    follow[chosen] = torch.eye(n, dtype=torch.float64)
    weight = torch.einsum("oit,ij->ojt", layer.weight, follow)
    lost = layer.weight.sum(-1) @ (mean - follow @ mean[chosen])
    return chosen, weight, layer.bias + lost


def _set_written(
    conv: nn.Module, after: nn.Module, layer: _Linear, weight: Tensor, bias: Tensor
) -> None:
    """Let a convolution write the directions of the largest scatter of a layer."""
    assert isinstance(conv, Conv)
    n, mean = conv.shape[0], layer.written.mean
    directions = torch.linalg.eigh(layer.written.scatter)[1][:, -n:]
    conv.weight.copy_(torch.einsum("od,oit->dit", directions, weight).flatten(1))
    conv.bias.zero_()
    after.get_parameter("weight").copy_(directions)
    after.get_parameter("bias").copy_(mean - directions @ directions.T @ (mean - bias))


def _set_block(block: nn.Module, first: _Linear, second: _Linear) -> None:
    """Set the layers of a narrow block from the two convolutions of a wide one."""
    assert isinstance(block, ResidualBlock)
    n = block.conv1.shape[0]
    kept, weight, bias = _kept(second, n)
    _set_written(block.conv2, block.expand, second, weight, bias)
    # The directions of x that matter most for what is kept, all of unit scatter.
    values, vectors = torch.linalg.eigh(first.read.products)
    root = values.clamp(min=_LEAST * values.max()).sqrt()
    taps = first.weight[kept]
    rows = torch.einsum("oit,ij->otj", taps, vectors * root).flatten(0, 1)
    directions = torch.linalg.eigh(rows.T @ rows)[1][:, -n:]
    block.squeeze.get_parameter("weight").copy_(directions.T @ (vectors / root).T)
    block.squeeze.get_parameter("bias").zero_()
    found = torch.einsum("oit,ij->ojt", taps, vectors * root @ directions)
    block.conv1.weight.copy_(found.flatten(1))
    block.conv1.bias.copy_(first.bias[kept])


def _set_head(narrow: UNet, wide: UNet, seen: dict[nn.Module, _Linear]) -> None:
    """Set the layers that correct the logits of each voxel."""
    n, most = narrow.config.head, wide.config.head
    kept, weight, bias = _kept(seen[wide.conv], n)
    last, correct, correct_bias = _kept(seen[wide.correct], n)
    narrow.conv.weight.copy_(weight[last].flatten(1))
    narrow.conv.bias.copy_(bias[last])
    narrow.correct.weight.copy_(correct[..., 0])
    narrow.correct.bias.copy_(correct_bias)
    for mine, theirs in ((narrow.own, wide.own), (narrow.spread, wide.spread)):
        rows = theirs.weight.view(-1, most, theirs.in_features)[:, kept]
        mine.weight.copy_(rows.flatten(0, 1))
        mine.bias.copy_(theirs.bias.view(-1, most)[:, kept].flatten())
