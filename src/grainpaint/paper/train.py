"""Training as in section 2.4: uniform levels, mean squared error of the noise."""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from grainpaint.errors import InputError
from grainpaint.network.fit import Files, Optimization, Run, spread
from grainpaint.network.precision import autocast, find_device
from grainpaint.network.unet import NetworkConfig, UNet
from grainpaint.network.weights import write_stage
from grainpaint.paper.data import Blocks, encode_block, load_blocks
from grainpaint.paper.ddpm import add_noise
from grainpaint.paper.model import Levels, PaperCard, predict
from grainpaint.paper.repaint import check_edge
from grainpaint.progress import Progress, silent

__all__ = ["PAPER", "PaperTraining", "train_paper"]

_HELD_OUT_LEVELS = (0.04, 0.2, 0.4, 0.6, 0.8, 1.0)  # shares of all


class PaperTraining(Optimization):
    """Everything that decides the weights, given the data."""

    edge: int = Field(default=32, ge=4, description="of a block, voxels")
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
    blocks: Blocks,
    levels: np.ndarray,
    config: PaperTraining,
    rng: np.random.Generator,
) -> list[Tensor]:
    """Return the errors for a block at each level, without and with the correction."""
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


def held_out_loss(
    network: UNet, blocks: Blocks, config: PaperTraining, n_samples: int = 8
) -> dict[str, float]:
    """Return the mean squared error of the noise at fixed levels and blocks."""
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
        Folder of the model, and of checkpoint and log.
    minutes : float
        Time to train, all resumed parts together.
    n_steps : int, optional
        Stop after so many steps, if that comes first.
    resume : bool
        Go on from the checkpoint in `out` if there is one.
    device : str
        A torch device.
    progress : Progress
        Told the minutes done, with the step and the loss.

    Returns
    -------
    PaperCard
        What was written to `paper.json`.

    Raises
    ------
    InputError
        If `out` holds a run and `resume` is false, or the run there was started with
        another configuration, or the data, the block, the device or the time cannot
        serve.
    """
    files = Files(out, "paper")
    if not minutes > 0:
        raise InputError(f"--minutes must be above 0, got {minutes}")
    check_edge(config.edge, len(config.network.channels))
    place = find_device(device)
    config = files.begin(config, resume, set(), device)
    blocks, held, description = load_blocks(data, config.edge)
    torch.manual_seed(config.seed)
    run = Run(UNet(config.network).to(place), config, files)

    def losses(network: UNet, rng: np.random.Generator, step: int) -> list[Tensor]:
        share = spread(step, config.batch)
        levels = 1 + (share * config.levels.n_steps).astype(np.int64)
        return _losses(network, blocks, levels, config, rng)

    run.go(losses, minutes, n_steps, progress, "train paper")
    network = run.averaged()
    card = PaperCard(
        edge=config.edge,
        network=config.network,
        levels=config.levels,
        data=description,
        training=config.model_dump(exclude={"edge", "network", "levels"}),
        n_steps=run.step,
        minutes=round(run.seconds / 60, 1),
        metrics={"held_out_noise_error": held_out_loss(network, held, config)},
    )
    write_stage(out, card, network)
    return card
