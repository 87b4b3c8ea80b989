"""The paper's network on disk and in use: our U-Net with one channel in and out."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
import torch.nn.functional as F
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from grainpaint.network.cards import Sha256, read_card
from grainpaint.network.description import damage_told, describe_data
from grainpaint.network.devices import find_device
from grainpaint.network.inference import Evaluator
from grainpaint.network.lookup import find_model, model_digest
from grainpaint.network.precision import resolve
from grainpaint.network.unet import NetworkConfig, UNet
from grainpaint.network.weights import read_network
from grainpaint.paper.ddpm import Denoiser, NoiseSchedule, linear_schedule

__all__ = [
    "Levels",
    "PaperCard",
    "PaperModel",
    "denoiser",
    "describe_paper",
    "load_paper",
    "predict",
]

# Blocks that the authors trained on, by plan: 10 epochs of 78,767, and of 40,000.
_AUTHORS_BLOCKS = {"grid": 787_670, "center": 400_000}
_VARIANCE = 0.3  # variance of a centered and scaled block of random values


class Levels(BaseModel):
    """Settings of a schedule with linearly rising variances."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    n_steps: int = Field(default=250, ge=1, le=100_000)
    first: float = Field(default=1e-4, gt=0, lt=1)
    last: float = Field(default=0.02, gt=0, lt=1)

    @property
    def schedule(self) -> NoiseSchedule:
        """The schedule with these settings."""
        return linear_schedule(self.n_steps, self.first, self.last)


class PaperCard(BaseModel):
    """Card of a paper model."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    kind: Literal["paper"] = "paper"
    edge: int = Field(ge=4, le=512, description="edge of the training blocks, voxels")
    network: NetworkConfig
    levels: Levels
    plan: Literal["grid", "center"] = Field(
        default="grid",
        description="order of blocks: center for rows of grains that must stay in step",
    )
    data: dict[str, Any]
    training: dict[str, Any]
    n_steps: int = Field(ge=0)
    minutes: float = Field(ge=0)
    metrics: dict[str, Any]
    weights_sha256: Sha256 = ""

    @property
    def stage(self) -> str:
        """Name of the network's files, without suffix."""
        return "paper"

    @property
    def budget(self) -> str:
        """The training budget beside the authors', to be quoted with every figure."""
        n_blocks = self.n_steps * int(self.training["batch"])
        return (
            f"trained on {n_blocks:,} blocks in {self.minutes:g} minutes; the authors' "
            f"on {_AUTHORS_BLOCKS[self.plan] / n_blocks:.0f} times as many"
            f"{' in 59 hours of a GPU' if self.plan == 'grid' else ''}"
        )


@dataclass(frozen=True)
class PaperModel:
    """The network of a paper model, with its card.

    Attributes
    ----------
    name : str
        The shipped name, or the name of the folder.
    network : Evaluator
    card : PaperCard
    sha256 : str
        See `grainpaint.network.lookup.model_digest`.
    """

    name: str
    network: Evaluator
    card: PaperCard
    sha256: str

    @property
    def denoiser(self) -> Denoiser:
        """A function that detects the noise in fields, see `denoiser`."""
        return denoiser(self.network, self.card.levels.schedule)


def load_paper(name: str, device: str = "cpu", precision: str = "auto") -> PaperModel:
    """Load a shipped model by name, or the user's own by its folder.

    Parameters
    ----------
    name, device, precision : str
        As in `grainpaint.network.loading.load_model`.

    Raises
    ------
    InputError
        If the model is missing or damaged or of another kind, or the device or the
        precision is not available.
    """
    place, chosen = find_device(device), resolve(precision, device)
    folder = find_model(name, "paper")
    card = read_card(folder / "paper.json", PaperCard)
    network = Evaluator(read_network(folder, card).to(place), chosen)
    return PaperModel(Path(name).name, network, card, model_digest(name))


def _level_and_gain(
    t: Tensor, schedule: NoiseSchedule, device: torch.device
) -> tuple[Tensor, Tensor]:
    r"""Return the network's input for levels t, and the gain of its linear guess.

    Notes
    -----
    The network is given :math:`\arccos\sqrt{\bar\alpha}`, scaled to 0..1. Its output is
    added to the best linear guess of the noise,
    :math:`\sqrt{1 - \bar\alpha} \, x / \mathrm{var}(x)`.
    """
    alpha_bar = torch.from_numpy(schedule.alpha_bar).float().to(device)[t]
    level = alpha_bar.sqrt().clamp(max=1).acos() * (2 / torch.pi)
    gain = (1 - alpha_bar).sqrt() / (alpha_bar * _VARIANCE + 1 - alpha_bar)
    return level, gain


def predict(
    network: UNet, x: Tensor, t: Tensor, schedule: NoiseSchedule
) -> list[Tensor]:
    """Return the noise detected in fields, in training: uncorrected and corrected.

    Parameters
    ----------
    network : UNet
    x : Tensor, shape (N, dim, X, Y, Z)
        Noisy fields.
    t : Tensor, int64, shape (N,)
        Their levels, 1..T.
    schedule : NoiseSchedule

    Returns
    -------
    list of two Tensors, float32, shape of x
        See `grainpaint.network.unet.UNet.both`.
    """
    t = t.reshape(-1, 1, 1, 1, 1).expand(-1, 1, *x.shape[2:])
    level, gain = _level_and_gain(t, schedule, x.device)
    level = level.movedim(1, -1)
    setting = torch.zeros_like(level).expand(*level.shape[:-1], 2)
    found = network.both(x.movedim(1, -1), level, setting)
    return [torch.addcmul(f.movedim(-1, 1).float(), gain, x) for f in found]


def denoiser(network: Evaluator, schedule: NoiseSchedule) -> Denoiser:
    """Return a function that detects the noise in fields (N, dim, X, Y, Z).

    It takes the fields and their levels t, int64 in 1..T: of shape (N,) for one level a
    block, as in the paper, or of shape (N, 1, X, Y, Z) for one level a voxel.
    """

    def see(x: Tensor, t: Tensor) -> Tensor:
        if t.ndim == 1 and not (t == t[0]).all():
            t = t.reshape(-1, 1, 1, 1, 1).expand(-1, 1, *x.shape[2:])
        elif t.ndim == 1:
            t = t[:1]
        level, gain = _level_and_gain(t, schedule, x.device)
        told = F.pad(level if t.ndim == 1 else level.movedim(1, -1), (0, 2))
        found = network(x.movedim(1, -1), told).movedim(-1, 1).float()
        return torch.addcmul(found, gain, x)

    return see


def describe_paper(name: str) -> list[str]:
    """Return a description of a paper model, line by line.

    Raises
    ------
    InputError
        If there is no such model, or it is of another kind or damaged.
    """
    path = find_model(name, "paper") / "paper.json"
    card = read_card(path, PaperCard)
    channels = ", ".join(map(str, card.network.channels))
    with damage_told(path):
        return [
            f"paper: blocks of {card.edge}^3, {card.levels.n_steps} levels, channels "
            f"{channels}; {card.budget}",
            *describe_data(card.data, card.metrics),
        ]
