"""One resumable function that trains a network of the pyramid.

All randomness of a step is drawn from (seed, step), and the learning rate and the
average of the weights depend on nothing but the step: a run that was killed goes on
from its last checkpoint bit for bit (on the CPU), and any run can go on for longer.
"""

import json
import math
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from grainpaint.dataset import Samples, Stage, TrainingSet, load_sets
from grainpaint.diffusion import add_noise, color_loss, shifted
from grainpaint.encode import palette
from grainpaint.errors import InputError
from grainpaint.model import Sampling, StageCard, find_device, write_stage
from grainpaint.progress import Progress, silent
from grainpaint.unet import NetworkConfig, UNet, setting

__all__ = ["PRESETS", "TrainConfig", "train"]

_GOLDEN = (5**0.5 - 1) / 2
_CHECKPOINT_S = 120.0
_LOG_STEPS = 50
_HELD_OUT = 20  # one volume of so many is never trained on
_MOMENTS = {"exp_avg", "exp_avg_sq", "momentum_buffer"}  # of AdamW and Muon
_GAMMA = 6.94  # EMA over the last 10 % of the run: Karras et al. 2024, Eq. 123


class TrainConfig(BaseModel):
    """Everything that decides the weights, given the data."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: Literal["base", "refine"]
    network: NetworkConfig
    sampling: Sampling
    batch: int = Field(ge=1)
    learning_rate: float = Field(default=1.2e-3, gt=0, description="AdamW's")
    muon_learning_rate: float = Field(default=2.4e-3, gt=0, description="convolutions")
    warmup: int = Field(default=200, ge=1, description="steps of rising learning rate")
    decay: int = Field(default=1000, ge=1, description="step from which it falls")
    shift: float = Field(ge=1, description="crowds noise levels at high noise")
    known: float = Field(default=0.25, ge=0, le=1, description="share with known boxes")
    seed: int = Field(default=0, ge=0)


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
    """Clean colours, noise levels and settings, and what a refiner is guided by."""

    color: Tensor  # int64 (N, X, Y, Z)
    t: Tensor  # (N, X, Y, Z, 1)
    setting: Tensor  # (N, X, Y, Z, 2)
    guide: Tensor | None  # int64, as color


def _noise_levels(config: TrainConfig, step: int) -> np.ndarray:
    """Spread the noise levels of a batch evenly, over the batch and over steps."""
    index = step * config.batch + np.arange(config.batch)
    return shifted((0.5 + index * _GOLDEN) % 1.0, config.shift)


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
    network: UNet, batch: _Batch, colors: Tensor, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return the cross-entropies before and after the correction."""
    device = colors.device
    color, t = batch.color.to(device), batch.t.to(device)
    x0 = colors[color]
    eps = torch.randn(x0.shape, generator=generator).to(device)
    guide = None
    if batch.guide is not None:
        guide = colors[batch.guide.to(device)]
    with torch.autocast(device.type, torch.bfloat16):
        rough, fine = network.both(
            add_noise(x0, t, eps), t, batch.setting.to(device), guide
        )
    return color_loss(rough, color, t), color_loss(fine, color, t)


class _Run:
    """The state of a run: weights, their average, Adam's moments, step and time."""

    def __init__(self, config: TrainConfig, device: torch.device) -> None:
        torch.manual_seed(config.seed)
        self.config = config
        self.network = UNet(config.network).to(device)
        self.names = [name for name, _ in self.network.named_parameters()]
        self.weights: list[Tensor] = list(self.network.parameters())
        self.average = [w.detach().clone() for w in self.weights]
        hidden = self.network.hidden_matrices()
        others = [w for w in self.weights if all(w is not h for h in hidden)]
        groups: list[dict[str, Any]] = [
            {"params": [w for w in others if w.ndim > 1]},
            {"params": [w for w in others if w.ndim == 1], "weight_decay": 0},
        ]
        self.muon = torch.optim.Muon(
            hidden, weight_decay=0.01, adjust_lr_fn="match_rms_adamw"
        )
        self.adam = torch.optim.AdamW(groups, betas=(0.9, 0.99), weight_decay=0.01)
        self.step = 0
        self.seconds = 0.0

    def rate(self) -> float:
        """Warm up, hold 1, then fall with the square root of the step."""
        c = self.config
        rise = min(1.0, (self.step + 1) / c.warmup)
        return rise / math.sqrt(max(1.0, self.step / c.decay))

    def advance(self, samples: Samples, colors: Tensor) -> float:
        """Take one step; return its loss."""
        rng = np.random.default_rng((self.config.seed, self.step))
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        levels = _noise_levels(self.config, self.step)
        batch = _draw_batch(samples, self.config, levels, rng)
        rough, fine = _losses(self.network, batch, colors, generator)
        self.network.zero_grad(set_to_none=True)
        (rough + fine).backward()
        torch.nn.utils.clip_grad_norm_(self.weights, 1.0)
        rates = (self.config.muon_learning_rate, self.config.learning_rate)
        for optimizer, rate in zip((self.muon, self.adam), rates):
            for group in optimizer.param_groups:
                group["lr"] = rate * self.rate()
            optimizer.step()
        self.step += 1
        # Power-function average: Karras et al., CVPR 2024 (EDM2), Eq. 127.
        keep = (1 - 1 / self.step) ** (_GAMMA + 1)
        with torch.no_grad():
            torch._foreach_lerp_(self.average, self.weights, 1 - keep)
        return fine.item()

    def averaged(self) -> UNet:
        """Return a network with the averaged weights."""
        network = UNet(self.config.network).to(self.weights[0].device).eval()
        with torch.no_grad():
            for parameter, value in zip(network.parameters(), self.average):
                parameter.copy_(value)
        return network

    def save(self, path: Path) -> None:
        """Write the checkpoint aside, then rename it."""
        tensors = {}
        for name, weight, mean in zip(self.names, self.weights, self.average):
            tensors[f"weight.{name}"] = weight.detach()
            tensors[f"average.{name}"] = mean
            state = self.muon.state.get(weight) or self.adam.state.get(weight, {})
            for key in _MOMENTS & state.keys():
                tensors[f"{key}.{name}"] = state[key]
        header = {"step": str(self.step), "seconds": repr(self.seconds)}
        tensors = {key: t.contiguous() for key, t in tensors.items()}
        save_file(tensors, path.with_suffix(".partial"), header)
        os.replace(path.with_suffix(".partial"), path)

    def restore(self, path: Path) -> None:
        """Go back to the checkpoint."""
        with safe_open(path, "pt") as file:
            header = file.metadata()
        self.step, self.seconds = int(header["step"]), float(header["seconds"])
        stored = load_file(path)
        with torch.no_grad():
            for name, weight, mean in zip(self.names, self.weights, self.average):
                weight.copy_(stored[f"weight.{name}"])
                mean.copy_(stored[f"average.{name}"])
                state = {
                    key: stored[f"{key}.{name}"].to(weight.device)
                    for key in _MOMENTS
                    if f"{key}.{name}" in stored
                }
                if "momentum_buffer" in state:
                    self.muon.state[weight] = state
                elif state:
                    self.adam.state[weight] = {
                        "step": torch.tensor(float(self.step)),
                        **state,
                    }


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
                total += _losses(network, batch, colors, generator)[1].item()
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
        `grainpaint.dataset.load_sets`. Sets may grow while a run is interrupted.
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
    state = out / f"{config.stage}.state.safetensors"
    log = out / f"{config.stage}.log.jsonl"
    settings = out / f"{config.stage}.config.json"
    if not minutes > 0:
        raise InputError(f"--minutes must be above 0, got {minutes}")
    place = find_device(device)
    if state.exists() and not resume:
        raise InputError(
            f"{state} exists: add --resume to go on, or choose another --out"
        )
    if state.exists():
        found = TrainConfig.model_validate_json(settings.read_text())
        if found.model_copy(update={"sampling": config.sampling}) != config:
            raise InputError(
                f"{settings} differs from this configuration: use another --out"
            )
    sets = load_sets(data)
    if any(len(s.volumes) < 2 for s in sets):
        raise InputError(f"{data}: training needs at least 2 volumes of each set")
    samples, held = (
        Samples(_split(sets, held_out), config.stage, config.network.n_colors)
        for held_out in (False, True)
    )
    out.mkdir(parents=True, exist_ok=True)

    run = _Run(config, place)
    if state.exists():
        run.restore(state)
        _cut_log(log, run.step)
    else:
        settings.write_text(config.model_dump_json(indent=1))
        log.write_text("")
    colors = torch.from_numpy(palette(config.network.dim)).to(place)

    losses: list[float] = []
    saved = time.monotonic()
    with progress(f"train {config.stage}", minutes * 60) as bar:
        while run.seconds < minutes * 60 and run.step != n_steps:
            start = time.monotonic()
            losses.append(run.advance(samples, colors))
            run.seconds += time.monotonic() - start
            bar.update(run.seconds, f"step {run.step}, loss {losses[-1]:.3f}")
            if run.step % _LOG_STEPS == 0:
                row = {"step": run.step, "s": round(run.seconds, 1)}
                row["loss"] = round(float(np.mean(losses)), 4)
                with log.open("a") as file:
                    file.write(json.dumps(row) + "\n")
                losses.clear()
            if time.monotonic() - saved > _CHECKPOINT_S:
                run.save(state)
                saved = time.monotonic()
    run.save(state)

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


def _cut_log(log: Path, step: int) -> None:
    """Drop the lines of steps that the checkpoint does not know."""
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    kept = [json.dumps(row) + "\n" for row in rows if row["step"] <= step]
    log.write_text("".join(kept))
