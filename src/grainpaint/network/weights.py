"""Weights on disk: safetensors in float16, checked against the model card."""

from pathlib import Path
from typing import TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from grainpaint.errors import InputError, brief
from grainpaint.formats.files import file_digest, replace_with
from grainpaint.network.card_file import check_file, parse_once
from grainpaint.network.cards import Card
from grainpaint.network.saving import save_whole
from grainpaint.network.unet import UNet

__all__ = ["begin_from", "read_network", "write_stage"]


C = TypeVar("C", bound=Card)

_MOST_HEADER = 1 << 20  # bytes: a network of ours has some hundred tensors


def write_stage(folder: Path, card: C, network: UNet) -> C:
    """Write `STAGE.safetensors` (float16) and `STAGE.json`; return the card written.

    The card gets the checksum of the weights.
    """
    half = {k: v.detach().half().contiguous() for k, v in network.state_dict().items()}
    path = folder / f"{card.stage}.safetensors"
    save_whole(half, path)
    card = card.model_copy(update={"weights_sha256": file_digest(path)})
    text = card.model_dump_json(indent=1) + "\n"
    replace_with(folder / f"{card.stage}.json", lambda aside: aside.write_text(text))
    return card


def _tensors(path: Path) -> dict[str, torch.Tensor]:
    """Return what a file of weights holds, which may be anything."""
    check_file(path)
    try:
        with path.open("rb") as file:
            head = file.read(8)
            n_header = int.from_bytes(head, "little")
            if len(head) < 8:
                raise ValueError("it is empty" if not head else "it is cut")
            if n_header <= _MOST_HEADER:
                parse_once(file.read(n_header))  # safetensors takes the last of two
                return load_file(path)
        reason: object = "its header claims to be larger than 1 MiB"
    except (SafetensorError, OSError, ValueError, RecursionError, KeyError) as error:
        reason = error
    raise InputError(f"{path}: damaged, or not a safetensors file ({brief(reason)})")


def read_network(folder: Path, card: Card) -> UNet:
    """Build the network of a card and load its weights (float32, on the CPU).

    Raises
    ------
    InputError
        If the file of weights is missing or damaged, has other tensors or shapes than
        the card's network or another checksum, or holds values that are not finite.
    """
    path = folder / f"{card.stage}.safetensors"
    with torch.device("meta"):  # no memory for what a damaged card may ask for
        wanted = UNet(card.network).state_dict()
    weights = _tensors(path)
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
    if card.weights_sha256 not in ("", file_digest(path)):
        raise InputError(
            f"{path}: damaged, or of another training: its SHA-256 is not that in "
            f"{card.stage}.json (if you changed it, empty weights_sha256 there)"
        )
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
    same = ("dim", "n_colors", "channels", "inner", "head")
    if any(getattr(mine, k) != getattr(theirs, k) for k in same):
        raise InputError(
            "a network can begin from another one of the same palette and channels: "
            f"{theirs.n_colors} colors, {theirs.channels}; wanted {mine.n_colors}, "
            f"{mine.channels}"
        )
    weights = other.state_dict()
    n, m = network.own.in_features, other.own.in_features
    rows = len(weights["enter.weight"])
    enter = torch.zeros(rows, 8, n, 27)
    enter[:, :, :m] = weights["enter.weight"].view(-1, 8, m, 27)
    own = torch.zeros(mine.head, n)
    own[:, :m] = weights["own.weight"]
    weights["enter.weight"] = enter.view(rows, -1)
    weights["own.weight"] = own
    network.load_state_dict(weights)
