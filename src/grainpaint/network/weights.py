"""Weights on disk: safetensors in float16, checked against the model card."""

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from grainpaint.errors import InputError, brief
from grainpaint.network.cards import Card
from grainpaint.network.unet import UNet

__all__ = ["begin_from", "read_network", "write_stage"]


def write_stage(folder: Path, card: Card, network: UNet) -> None:
    """Write `STAGE.safetensors` (float16) and `STAGE.json`."""
    half = {k: v.detach().half().contiguous() for k, v in network.state_dict().items()}
    save_file(half, folder / f"{card.stage}.safetensors")
    (folder / f"{card.stage}.json").write_text(card.model_dump_json(indent=1) + "\n")


def read_network(folder: Path, card: Card) -> UNet:
    """Build the network of a card and load its weights (float32, on the CPU).

    Raises
    ------
    InputError
        If the file of weights is missing or damaged, has other tensors or shapes than
        the card's network, or holds values that are not finite.
    """
    path = folder / f"{card.stage}.safetensors"
    with torch.device("meta"):  # no memory for what a damaged card may ask for
        wanted = UNet(card.network).state_dict()
    try:
        weights = load_file(path)
    except FileNotFoundError:
        raise InputError(f"{path}: the model lacks this file") from None
    except (SafetensorError, OSError, ValueError, RecursionError, KeyError) as error:
        raise InputError(
            f"{path}: damaged, or not a safetensors file ({brief(error)})"
        ) from None
    if weights.keys() != wanted.keys():
        odd = sorted(weights.keys() ^ wanted.keys())[0]
        raise InputError(f"{path}: not the weights of its card (tensor {brief(odd)!r})")
    for key, value in weights.items():
        if value.shape != wanted[key].shape:
            raise InputError(
                f"{path}: tensor {key!r} has shape {tuple(value.shape)}, the card "
                f"asks for {tuple(wanted[key].shape)}"
            )
        if value.dtype not in (torch.float16, torch.bfloat16, torch.float32):
            raise InputError(f"{path}: tensor {key!r} is of {value.dtype}, not floats")
        if not value.isfinite().all():
            raise InputError(f"{path}: tensor {key!r} holds values that are not finite")
    network = UNet(card.network)
    network.load_state_dict({key: value.float() for key, value in weights.items()})
    return network.eval()


def begin_from(network: UNet, other: UNet) -> None:
    """Give a new network the weights of one that reads fewer channels.

    The columns of the channels that only the new one reads become zero, so it begins
    by computing what the other computes.

    Raises
    ------
    InputError
        If the networks differ in more than what they read and how they pad.
    """
    mine, theirs = network.config, other.config
    same = ("dim", "n_colors", "channels", "head")
    if any(getattr(mine, k) != getattr(theirs, k) for k in same):
        raise InputError(
            "a network can begin from another one of the same palette and channels: "
            f"{theirs.n_colors} colors, {theirs.channels}; wanted {mine.n_colors}, "
            f"{mine.channels}"
        )
    weights = other.state_dict()
    n, m = network.own.in_features, other.own.in_features
    enter = torch.zeros(mine.channels[0], 8, n, 27)
    enter[:, :, :m] = weights["enter.weight"].view(-1, 8, m, 27)
    own = torch.zeros(mine.head, n)
    own[:, :m] = weights["own.weight"]
    weights["enter.weight"] = enter.view(mine.channels[0], -1)
    weights["own.weight"] = own
    network.load_state_dict(weights)
