"""One resumable function that trains a network of the pyramid."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from grainpaint.errors import InputError
from grainpaint.network.cards import Sampling, StageCard
from grainpaint.network.dataset import Samples, Stage, TrainingSet, load_sets
from grainpaint.network.diffusion import add_noise, color_loss, shifted
from grainpaint.network.fit import Files, Optimization, Run, spread
from grainpaint.network.precision import autocast, find_device
from grainpaint.network.unet import NetworkConfig, UNet, setting
from grainpaint.network.weights import write_stage
from grainpaint.palette import palette
from grainpaint.progress import Progress, silent

__all__ = ["PRESETS", "TrainConfig", "train"]

_HELD_OUT = 20  # one volume of so many is never trained on


class TrainConfig(Optimization):
    """Everything that decides the weights, given the data."""

    stage: Literal["base", "refine"]
    network: NetworkConfig
    sampling: Sampling
    shift: float = Field(ge=1, description="crowds noise levels at high noise")
    known: float = Field(default=0.25, ge=0, le=1, description="share with known boxes")


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
}


@dataclass(frozen=True)
class _Batch:
    """Clean colors, noise levels and settings, and what a refiner is guided by."""

    color: Tensor  # int64 (N, X, Y, Z)
    t: Tensor  # (N, X, Y, Z, 1)
    setting: Tensor  # (N, X, Y, Z, 2)
    guide: Tensor | None  # int64, as color


def _noise_levels(config: TrainConfig, step: int) -> np.ndarray:
    """Spread the noise levels of a batch evenly, over the batch and over steps."""
    return shifted(spread(step, config.batch), config.shift)


def _known_boxes(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Return a mask (bool, `shape`) of one to three random boxes on the torus."""
    known = np.zeros(shape, bool)
    for _ in range(rng.integers(1, 4)):
        ranges = [
            (rng.integers(n) + np.arange(rng.choice([n // 8, n // 4, n // 2, n]))) % n
            for n in shape
        ]
        known[np.ix_(*ranges)] = True
    return known


def _draw_batch(
    samples: Samples,
    config: TrainConfig,
    levels: np.ndarray,
    rng: np.random.Generator,
    kind: int | None = None,
) -> _Batch:
    """Draw a sample for each noise level, some with known boxes."""
    colors, guides, maps, settings = [], [], [], []
    for t in levels:
        sample = samples.draw(rng, kind)
        shape = sample.color.shape[:3]
        level = np.full((*shape, 1), t, np.float32)
        if rng.random() < config.known:
            level[_known_boxes(shape, rng)] = 0.0
        colors.append(sample.color)
        if sample.guide is not None:
            guides.append(sample.guide)
        maps.append(level)
        settings.append(
            setting(
                torch.full((*shape, 1), sample.grain_diameter),
                torch.full((*shape, 1), float(sample.halved)),
            )
        )
    return _Batch(
        torch.from_numpy(np.stack(colors)).long(),
        torch.from_numpy(np.stack(maps)),
        torch.stack(settings),
        torch.from_numpy(np.stack(guides)).long() if guides else None,
    )


def _losses(
    network: UNet,
    batch: _Batch,
    colors: Tensor,
    generator: torch.Generator,
    config: TrainConfig,
) -> tuple[Tensor, Tensor]:
    """Return the cross-entropies before and after the correction."""
    device = colors.device
    color, t = batch.color.to(device), batch.t.to(device)
    x0 = colors[color]
    eps = torch.randn(x0.shape, generator=generator).to(device)
    guide = None
    if batch.guide is not None:
        guide = colors[batch.guide.to(device)]
    with autocast(device, config.precision):
        rough, fine = network.both(
            add_noise(x0, t, eps), t, batch.setting.to(device), guide
        )
    return color_loss(rough, color, t), color_loss(fine, color, t)


def held_out_loss(
    network: UNet, samples: Samples, config: TrainConfig, n_samples: int = 8
) -> dict[str, float]:
    """Return the cross-entropy (nats a voxel) at fixed noise levels and samples."""
    device = next(network.parameters()).device
    colors = torch.from_numpy(palette(config.network.dim)).to(device)
    result = {}
    for level in (0.3, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95):
        rng = np.random.default_rng(7)
        generator = torch.Generator().manual_seed(7)
        fixed = config.model_copy(update={"known": 0.0})
        total = 0.0
        with torch.no_grad():
            for i in range(n_samples):
                kind = i % len(samples.kinds)
                batch = _draw_batch(samples, fixed, np.array([level]), rng, kind)
                loss = _losses(network, batch, colors, generator, config)[1]
                total += loss.item()
        result[f"{level:g}"] = round(total / n_samples, 4)
    return result


def _describe(sets: list[TrainingSet]) -> dict[str, Any]:
    """Return what the card says of the data."""
    return {
        "sets": [
            {**s.recipe, "grain_diameter_voxels": round(s.grain_diameter, 3)}
            for s in sets
        ],
        "n_volumes": sum(len(s.volumes) for s in sets),
        "n_held_out": sum(len(s.volumes) for s in _split(sets, True)),
    }


def _split(sets: list[TrainingSet], held_out: bool) -> list[TrainingSet]:
    """Return the sets without, or with only, one volume of twenty.

    The first is held out, and each twentieth after it: the same while a set grows.
    """
    return [
        replace(
            s,
            volumes=[
                v for i, v in enumerate(s.volumes) if (i % _HELD_OUT == 0) == held_out
            ],
        )
        for s in sets
    ]


def train(
    config: TrainConfig,
    data: Path,
    out: Path,
    minutes: float = 120.0,
    n_steps: int | None = None,
    resume: bool = False,
    device: str = "cpu",
    progress: Progress = silent,
) -> StageCard:
    """Train one stage and write `STAGE.safetensors` and `STAGE.json` to a folder.

    Parameters
    ----------
    config : TrainConfig
        Usually one of `PRESETS`.
    data : Path
        Folder of periodic volumes, or of several sets, see
        `grainpaint.network.dataset.load_sets`. Sets may grow while a run is
        interrupted.
    out : Path
        Folder of the model. Checkpoint and log of the run lie beside the weights, as
        `STAGE.state.safetensors` and `STAGE.log.jsonl`.
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
    StageCard
        What was written to `STAGE.json`.

    Raises
    ------
    InputError
        If `out` holds a run and `resume` is false, or the run there was started with
        another configuration, or the data, the device or the time cannot serve.
    """
    files = Files(out, config.stage)
    if not minutes > 0:
        raise InputError(f"--minutes must be above 0, got {minutes}")
    place = find_device(device)
    config = files.begin(config, resume, {"sampling"}, device)
    sets = load_sets(data)
    if any(len(s.volumes) < 2 for s in sets):
        raise InputError(f"{data}: training needs at least 2 volumes of each set")
    samples, held = (
        Samples(_split(sets, held_out), config.stage, config.network.n_colors)
        for held_out in (False, True)
    )
    torch.manual_seed(config.seed)
    run = Run(UNet(config.network).to(place), config, files)
    colors = torch.from_numpy(palette(config.network.dim)).to(place)

    def losses(network: UNet, rng: np.random.Generator, step: int) -> list[Tensor]:
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        levels = _noise_levels(config, step)
        batch = _draw_batch(samples, config, levels, rng)
        return list(_losses(network, batch, colors, generator, config))

    run.go(losses, minutes, n_steps, progress, f"train {config.stage}")
    network = run.averaged()
    card = StageCard(
        stage=config.stage,
        network=config.network,
        sampling=config.sampling,
        data=_describe(sets),
        training=config.model_dump(exclude={"stage", "network", "sampling"}),
        n_steps=run.step,
        minutes=round(run.seconds / 60, 1),
        metrics={"held_out_cross_entropy": held_out_loss(network, held, config)},
    )
    write_stage(out, card, network)
    return card
