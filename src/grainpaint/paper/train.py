"""Train the paper's network as in its section 2.4: the squared error of the noise."""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from grainpaint.network.checkpoint import Optimization
from grainpaint.network.fit import TrainingTask, fit, spread
from grainpaint.network.precision import autocast
from grainpaint.network.training_run import TrainingRun
from grainpaint.network.unet import NetworkConfig, UNet
from grainpaint.paper.data import TrainingBlocks, encode_block, load_blocks
from grainpaint.paper.ddpm import add_noise
from grainpaint.paper.model import Levels, PaperCard, predict
from grainpaint.paper.repaint import check_edge
from grainpaint.progress import Progress, silent

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


def _losses(
    network: UNet,
    blocks: TrainingBlocks,
    levels: np.ndarray,
    config: PaperTraining,
    rng: np.random.Generator,
) -> list[Tensor]:
    """Return the mean squared errors, one block a level, uncorrected and corrected."""
    dim, place = network.config.dim, next(network.parameters()).device
    fields = [encode_block(blocks.draw(rng), dim, rng) for _ in levels]
    x0 = torch.from_numpy(np.stack(fields)).to(place)
    t = torch.from_numpy(levels).to(place)
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    eps = torch.randn(x0.shape, generator=generator).to(place)
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
            loss = _losses(network, blocks, levels, config, rng)[1]
        result[str(level)] = round(loss.item(), 5)
    return result


def train_paper(
    config: PaperTraining,
    data: Path,
    out: Path,
    minutes: float = 120.0,
    n_steps: int | None = None,
    resume: bool = False,
    device: str = "cpu",
    progress: Progress = silent,
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
    minutes, n_steps, resume, device, progress
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

        def losses(network: UNet, rng: np.random.Generator, step: int) -> list[Tensor]:
            share = spread(step, config.batch)
            levels = 1 + (share * config.levels.n_steps).astype(np.int64)
            return _losses(network, trained, levels, config, rng)

        def make_card(network: UNet, run: TrainingRun) -> PaperCard:
            error = held_out_error(network, held_out, config)
            return PaperCard(
                edge=config.edge,
                network=config.network,
                levels=config.levels,
                data=description,
                training=config.model_dump(exclude={"edge", "network", "levels"}),
                n_steps=run.step,
                minutes=run.minutes,
                metrics={"held_out_noise_error": error},
            )

        return TrainingTask(config.network, losses, make_card)

    return fit(
        "paper", config, prepare, out, minutes, n_steps, resume, device, progress
    )
