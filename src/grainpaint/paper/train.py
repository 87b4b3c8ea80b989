"""Train the paper's network as in its section 2.4: the squared error of the noise."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Unpack

import numpy as np
import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from grainpaint.network.checkpoint import Optimization
from grainpaint.network.fit import HowToTrain, TrainingTask, fit, spread
from grainpaint.network.precision import autocast
from grainpaint.network.training_run import TrainingRun
from grainpaint.network.unet import NetworkConfig, UNet
from grainpaint.paper.data import TrainingBlocks, encode_block, load_blocks
from grainpaint.paper.ddpm import add_noise
from grainpaint.paper.model import Levels, PaperCard, predict
from grainpaint.paper.repaint import check_edge

__all__ = ["PAPER", "PaperTraining", "train_paper"]

_HELD_OUT_LEVELS = (0.04, 0.2, 0.4, 0.6, 0.8, 1.0)  # shares of the highest level


class PaperTraining(Optimization):
    """Everything that decides the weights, given the data."""

    edge: int = Field(default=32, ge=4, description="edge of a block, voxels")
    network: NetworkConfig
    levels: Levels = Levels()


PAPER = PaperTraining(
    batch=8,
    network=NetworkConfig(
        dim=1, n_colors=1, channels=(32, 64, 96), head=8, torus=False
    ),
)


Drawn = tuple[Tensor, Tensor, Tensor]  # fields, levels, noise


def _draw(
    blocks: TrainingBlocks, levels: np.ndarray, dim: int, rng: np.random.Generator
) -> Drawn:
    """Draw a block for each level, and the noise."""
    fields = [encode_block(blocks.draw(rng), dim, rng) for _ in levels]
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    x0 = torch.from_numpy(np.stack(fields))
    eps = torch.randn(x0.shape, generator=generator)
    return x0, torch.from_numpy(levels), eps


@dataclass(frozen=True)
class _Drawing:
    """Draws the blocks of a step."""

    blocks: TrainingBlocks
    config: PaperTraining

    def __call__(self, rng: np.random.Generator, step: int) -> Drawn:
        share = spread(step, self.config.batch)
        levels = 1 + (share * self.config.levels.n_steps).astype(np.int64)
        return _draw(self.blocks, levels, self.config.network.dim, rng)

    def digest(self) -> str:
        """Return a digest of the blocks: their volumes decide, given the run."""
        return self.blocks.digest()


def _drawing(config: PaperTraining, data: Path) -> _Drawing:
    """Read the data of a run in a worker."""
    return _Drawing(load_blocks(data, config.edge)[0], config)


def _losses(network: UNet, drawn: Drawn, config: PaperTraining) -> list[Tensor]:
    """Return the mean squared errors of the noise, uncorrected and corrected."""
    place = next(network.parameters()).device
    x0, t, eps = (tensor.to(place) for tensor in drawn)
    schedule = config.levels.schedule
    with autocast(place, config.precision):
        seen = predict(network, add_noise(x0, t, eps, schedule), t, schedule)
    return [F.mse_loss(found, eps) for found in seen]


def held_out_error(
    network: UNet, blocks: TrainingBlocks, config: PaperTraining, n_samples: int = 8
) -> dict[str, float]:
    """Return the mean squared error of the noise on fixed blocks, by noise level."""
    result = {}
    for share in _HELD_OUT_LEVELS:
        level = max(1, round(share * config.levels.n_steps))
        rng = np.random.default_rng(7)
        levels = np.full(n_samples, level)
        with torch.no_grad():
            drawn = _draw(blocks, levels, config.network.dim, rng)
            loss = _losses(network, drawn, config)[1]
        result[str(level)] = round(loss.item(), 5)
    return result


def train_paper(
    config: PaperTraining,
    data: Path,
    out: Path,
    **how: Unpack[HowToTrain],
) -> PaperCard:
    """Train the paper's network and write `paper.safetensors` and `paper.json`.

    Parameters
    ----------
    config : PaperTraining
        Usually `PAPER`.
    data : Path
        Folder of volumes, see `grainpaint.paper.data.load_blocks`.
    out : Path
        Folder of the model.
    **how
        As in `grainpaint.network.fit.fit`.

    Returns
    -------
    PaperCard
        What was written to `paper.json`.

    Raises
    ------
    InputError
        As in `grainpaint.network.fit.fit`; or if the network cannot halve the edge of
        its blocks, or the data are refused.
    """
    check_edge(config.edge, len(config.network.channels))

    def prepare(config: PaperTraining, place: torch.device) -> TrainingTask[PaperCard]:
        trained, held_out, description = load_blocks(data, config.edge)
        periodic = all(all(volume.periodic) for volume in trained.volumes)

        def losses(network: UNet, drawn: Drawn) -> list[Tensor]:
            return _losses(network, drawn, config)

        def make_card(network: UNet, run: TrainingRun) -> PaperCard:
            error = held_out_error(network, held_out, config)
            return PaperCard(
                edge=config.edge,
                network=config.network,
                levels=config.levels,
                plan="grid" if periodic else "center",
                data=description,
                training=config.model_dump(exclude={"edge", "network", "levels"}),
                n_steps=run.step,
                minutes=run.minutes,
                metrics={"held_out_noise_error": error},
            )

        source = partial(_drawing, config, data.absolute())
        draw = _Drawing(trained, config)
        return TrainingTask(config.network, draw, source, losses, make_card)

    return fit("paper", config, prepare, out, **how)
