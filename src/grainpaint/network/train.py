"""Train the base or the refine network of a pyramid."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Unpack

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from grainpaint.errors import InputError
from grainpaint.network.batch import Batch, draw_batch
from grainpaint.network.builds import (
    GRAIN_DIAMETER,
    Builds,
    describe_builds,
    load_builds,
)
from grainpaint.network.cards import Sampling, Stage, StageCard
from grainpaint.network.checkpoint import Optimization
from grainpaint.network.dataset import describe_sets, load_sets, split
from grainpaint.network.diffusion import add_noise, color_loss, shifted
from grainpaint.network.fit import HowToTrain, TrainingTask, fit, spread
from grainpaint.network.loading import read_stage
from grainpaint.network.lookup import kind_of
from grainpaint.network.precision import autocast
from grainpaint.network.samples import Samples
from grainpaint.network.training_run import TrainingRun
from grainpaint.network.unet import NetworkConfig, UNet
from grainpaint.palette import palette
from grainpaint.simulate.am.channels import CHANNELS

__all__ = [
    "PRESETS",
    "Drawing",
    "TrainConfig",
    "batch_losses",
    "card_of",
    "held_out_loss",
    "noise_levels",
    "noise_like",
    "noised",
    "read_samples",
    "train",
]

_HELD_OUT_LEVELS = (0.3, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98)  # noise levels


class TrainConfig(Optimization):
    """Everything that decides the weights, given the data."""

    stage: Stage
    network: NetworkConfig
    sampling: Sampling
    shift: float = Field(ge=1, description="above 1, crowds high noise levels")
    begin: str | None = Field(
        default=None, description="model whose weights a new run begins from"
    )
    known: float = Field(
        default=0.25, ge=0, le=1, description="share of samples with known boxes"
    )


_PALETTE = {"dim": 5, "n_colors": 40}
_BASE = NetworkConfig(**_PALETTE, channels=(112, 128, 96), head=32)
_REFINE = NetworkConfig(**_PALETTE, channels=(48, 96), head=16, guided=True)
PRESETS: dict[Stage, TrainConfig] = {
    "base": TrainConfig(
        stage="base",
        network=_BASE,
        sampling=Sampling(
            n_steps=5,
            shift=3.2,
            grain_diameter=4.4,
            halved=True,
            largest_shape_factor=9.2,
        ),
        batch=4,
        shift=3.2,
    ),
    "refine": TrainConfig(
        stage="refine",
        network=_REFINE,
        sampling=Sampling(n_steps=2, shift=3.0, grain_diameter=10.4),
        batch=4,
        shift=3.0,
    ),
    "additive": TrainConfig(
        stage="additive",
        network=NetworkConfig(
            **_PALETTE,
            channels=(112, 128, 96),
            inner=(56, 32, 32),
            head=16,
            torus=False,
            n_maps=len(CHANNELS),
        ),
        sampling=Sampling(
            n_steps=12,
            shift=16.0,
            order=2,
            grain_diameter=GRAIN_DIAMETER,
            halved=True,
            stretch=4,
            largest_shape_factor=10.0,
            smallest_split=16,
        ),
        batch=3,
        shift=15.0,
        known=0.0,
        begin="am",
    ),
}


def noise_levels(config: TrainConfig, step: int) -> np.ndarray:
    """Return the noise levels of a batch, spread evenly over it and over steps."""
    return shifted(spread(step, config.batch), config.shift)


def noise_like(batch: Batch, dim: int, generator: torch.Generator) -> Tensor:
    """Return normal noise for the color vectors of a batch, on the CPU."""
    return torch.randn((*batch.color.shape, dim), generator=generator)


def noised(batch: Batch, eps: Tensor, colors: Tensor) -> tuple[Tensor, Tensor]:
    """Return the noisy color vectors of a batch, and its colors, 0 where no grain is.

    Parameters
    ----------
    batch : Batch
    eps : Tensor
        See `noise_like`.
    colors : Tensor, float32, shape (n_colors, dim)
        The palette, on the device that computes.
    """
    color = batch.color.to(colors.device).long()
    t, eps = batch.t.to(colors.device), eps.to(colors.device)
    x0 = colors[color.clamp(min=0)] * (color >= 0).unsqueeze(-1)
    return add_noise(x0, t, eps), color.clamp(min=0)


def batch_losses(
    network: UNet, batch: Batch, colors: Tensor, eps: Tensor, precision: str
) -> list[Tensor]:
    """Return the cross-entropies of a batch: uncorrected and corrected logits.

    Parameters
    ----------
    network : UNet
    batch : Batch
    colors : Tensor, float32, shape (n_colors, dim)
        The palette, on the device of the network.
    eps : Tensor
        See `noise_like`.
    precision : {'float32', 'bfloat16'}
    """
    device = colors.device
    x, color = noised(batch, eps, colors)
    t = batch.t.to(device)
    guide = None if batch.maps is None else batch.maps.to(device)
    if batch.guide is not None:
        guide = colors[batch.guide.to(device).long()]
    with autocast(device, precision):
        logits = network.both(x, t, batch.setting.to(device), guide)
    return [color_loss(found, color, t) for found in logits]


def held_out_loss(
    network: UNet, samples: Samples | Builds, precision: str, n_samples: int = 8
) -> dict[str, float]:
    """Return the cross-entropy (nats a voxel) on fixed samples, by noise level."""
    device = next(network.parameters()).device
    colors = torch.from_numpy(palette(network.config.dim)).to(device)
    result = {}
    for level in _HELD_OUT_LEVELS:
        rng = np.random.default_rng(7)
        generator = torch.Generator().manual_seed(7)
        total = 0.0
        with torch.no_grad():
            for i in range(n_samples):
                source = i % len(samples.sources)
                batch = draw_batch(samples, np.array([level]), 0.0, rng, source)
                eps = noise_like(batch, network.config.dim, generator)
                loss = batch_losses(network, batch, colors, eps, precision)[1]
                total += loss.item()
        result[f"{level:g}"] = round(total / n_samples, 4)
    return result


def read_samples(
    config: TrainConfig, data: Path
) -> tuple[Samples | Builds, Samples | Builds, dict[str, Any]]:
    """Return the samples to train on, those held out, and the data in words."""
    n_colors = config.network.n_colors
    if config.stage == "additive":
        stretch = config.sampling.stretch
        builds, others = (
            Builds(load_builds(data, held), n_colors, stretch) for held in (False, True)
        )
        return builds, others, describe_builds(builds, others)
    sets = load_sets(data)
    if any(len(s.volumes) < 2 for s in sets):
        raise InputError(f"{data}: training needs at least 2 volumes of each set")
    trained, held_out = (
        Samples(split(sets, part), config.stage, n_colors) for part in (False, True)
    )
    return trained, held_out, describe_sets(sets)


@dataclass(frozen=True)
class Drawing:
    """Draws the batch of a step, with its noise."""

    samples: Samples | Builds
    config: TrainConfig

    def __call__(self, rng: np.random.Generator, step: int) -> tuple[Batch, Tensor]:
        """Return the batch of a step, and the noise for it."""
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        levels = noise_levels(self.config, step)
        batch = draw_batch(self.samples, levels, self.config.known, rng)
        return batch, noise_like(batch, self.config.network.dim, generator)

    def digest(self) -> str:
        """Return a digest of the samples: their volumes decide, given the run."""
        return self.samples.digest()


def _drawing(config: TrainConfig, data: Path) -> Drawing:
    """Read the data of a run in a worker."""
    return Drawing(read_samples(config, data)[0], config)


def card_of(
    config: TrainConfig,
    sampling: Sampling,
    data: dict[str, Any],
    loss: dict[str, float],
    run: TrainingRun,
) -> StageCard:
    """Return the card of a trained network.

    Parameters
    ----------
    config : TrainConfig
    sampling : Sampling
    data : dict
        What it learned from, see `read_samples`.
    loss : dict
        See `held_out_loss`.
    run : TrainingRun
    """
    return StageCard(
        stage=config.stage,
        network=config.network,
        sampling=sampling,
        data=data,
        training=config.model_dump(exclude={"stage", "network", "sampling"}),
        n_steps=run.step,
        minutes=run.minutes,
        metrics={"held_out_cross_entropy": loss},
    )


def train(
    config: TrainConfig,
    data: Path,
    out: Path,
    **how: Unpack[HowToTrain],
) -> StageCard:
    """Train one network and write `STAGE.safetensors` and `STAGE.json` to a folder.

    Parameters
    ----------
    config : TrainConfig
        Usually one of `PRESETS`.
    data : Path
        Folder of periodic volumes, or of several sets, see
        `grainpaint.network.dataset.load_sets`. Sets may grow before a run is resumed.
    out : Path
        Folder of the model. Checkpoint and log of the run lie beside the weights, as
        `STAGE.state.safetensors` and `STAGE.log.jsonl`.
    **how
        As in `grainpaint.network.fit.fit`.

    Returns
    -------
    StageCard
        What was written to `STAGE.json`.

    Raises
    ------
    InputError
        As in `grainpaint.network.fit.fit`; or if the data are refused, or a set has
        only one volume.
    """

    def prepare(config: TrainConfig, place: torch.device) -> TrainingTask[StageCard]:
        trained, held_out, description = read_samples(config, data)
        colors = torch.from_numpy(palette(config.network.dim)).to(place)

        def losses(network: UNet, drawn: tuple[Batch, Tensor]) -> list[Tensor]:
            return batch_losses(network, drawn[0], colors, drawn[1], config.precision)

        def make_card(network: UNet, run: TrainingRun) -> StageCard:
            loss = held_out_loss(network, held_out, config.precision)
            return card_of(config, config.sampling, description, loss, run)

        def begin(model: str) -> UNet:
            stage: Stage = "additive" if kind_of(model) == "additive" else "base"
            return read_stage(model, stage)[1]

        source = partial(_drawing, config, data.absolute())
        draw = Drawing(trained, config)
        first = None if config.begin is None else partial(begin, config.begin)
        return TrainingTask(config.network, draw, source, losses, make_card, first)

    return fit(config.stage, config, prepare, out, frozenset({"sampling"}), **how)
