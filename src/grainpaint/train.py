"""One resumable function that trains a network of the pyramid.

All randomness of a step is drawn from (seed, step), and the learning rate and the
average of the weights depend on nothing but the step: a run that was killed goes on
from its last checkpoint bit for bit (on the CPU), and any run can go on for longer.
"""

import json
import math
import os
import time
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from grainpaint.dataset import Samples, Stage, load_set
from grainpaint.diffusion import add_noise, color_loss, shifted
from grainpaint.encode import palette
from grainpaint.errors import InputError
from grainpaint.formats.zarr import read_recipe
from grainpaint.model import Sampling, StageCard, find_device, write_stage
from grainpaint.progress import Progress, silent
from grainpaint.pyramid import double, halve
from grainpaint.unet import NetworkConfig, UNet

__all__ = ["PRESETS", "TrainConfig", "train"]

_GOLDEN = (5**0.5 - 1) / 2
_CHECKPOINT_S = 120.0
_LOG_STEPS = 50
_HELD_OUT = 20  # one volume of so many is never trained on
_GAMMA = 6.94  # EMA over the last 10 % of the run: Karras et al. 2024, Eq. 123


class TrainConfig(BaseModel):
    """Everything that decides the weights, given the data."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: Literal["base", "refine"]
    network: NetworkConfig
    sampling: Sampling
    batch: int = Field(ge=1)
    learning_rate: float = Field(default=1.2e-3, gt=0)
    warmup: int = Field(default=200, ge=1, description="steps of rising learning rate")
    decay: int = Field(default=1000, ge=1, description="step from which it falls")
    shift: float = Field(ge=1, description="crowds noise levels at high noise")
    t_max: float = Field(default=1.0, gt=0, le=1, description="highest noise level")
    blocky: float = Field(
        default=0.0, ge=0, le=1, description="share doubled from half"
    )
    known: float = Field(default=0.25, ge=0, le=1, description="share with known boxes")
    seed: int = Field(default=0, ge=0)


_PALETTE = {"dim": 5, "n_colors": 40}
PRESETS: dict[Stage, TrainConfig] = {
    "base": TrainConfig(
        stage="base",
        network=NetworkConfig(**_PALETTE, channels=(112, 128, 96)),
        sampling=Sampling(n_steps=12, shift=3.2, largest_shape_factor=9.3),
        batch=4,
        shift=3.2,
    ),
    "refine": TrainConfig(
        stage="refine",
        network=NetworkConfig(**_PALETTE, channels=(48, 96)),
        sampling=Sampling(n_steps=2, shift=3.0, start=0.65),
        batch=1,
        shift=3.0,
        t_max=0.9,
        blocky=0.5,
    ),
}


def _noise_levels(config: TrainConfig, step: int) -> np.ndarray:
    """Spread the noise levels of a batch evenly, over the batch and over steps."""
    index = step * config.batch + np.arange(config.batch)
    highest = config.t_max / (config.shift - (config.shift - 1) * config.t_max)
    return shifted(highest * ((0.5 + index * _GOLDEN) % 1.0), config.shift)


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
    samples: Samples, config: TrainConfig, levels: np.ndarray, rng: np.random.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Return clean colours (N, X, Y, Z), the colours shown, and noise levels (..., 1).

    The colours shown differ from the clean ones where the refiner must learn to start
    from a volume that was doubled from half resolution.
    """
    clean = [samples.draw(rng) for _ in levels]
    shown, maps = [], []
    for color, t in zip(clean, levels):
        level = np.full(color.shape, t, np.float32)
        start = color
        if t > 0.5 and rng.random() < config.blocky:
            start = double(halve(color))
        if rng.random() < config.known:
            known = _known_boxes(color.shape, rng)
            level[known] = 0.0
            start = np.where(known, color, start)
        shown.append(start)
        maps.append(level[..., None])
    return (
        torch.from_numpy(np.stack(clean)).long(),
        torch.from_numpy(np.stack(shown)).long(),
        torch.from_numpy(np.stack(maps)),
    )


def _loss(
    network: UNet,
    batch: tuple[Tensor, Tensor, Tensor],
    colors: Tensor,
    generator: torch.Generator,
) -> Tensor:
    clean, shown, t = (part.to(colors.device) for part in batch)
    x0 = colors[shown]
    eps = torch.randn(x0.shape, generator=generator).to(colors.device)
    with torch.autocast(colors.device.type, torch.bfloat16):
        logits = network(add_noise(x0, t, eps), t)
    return color_loss(logits, clean, t)


class _Run:
    """The state of a run: weights, their average, Adam's moments, step and time."""

    def __init__(self, config: TrainConfig, device: torch.device) -> None:
        torch.manual_seed(config.seed)
        self.config = config
        self.network = UNet(config.network).to(device)
        self.names = [name for name, _ in self.network.named_parameters()]
        self.weights: list[Tensor] = list(self.network.parameters())
        self.average = [w.detach().clone() for w in self.weights]
        groups: list[dict[str, Any]] = [
            {"params": [w for w in self.weights if w.ndim > 1]},
            {"params": [w for w in self.weights if w.ndim == 1], "weight_decay": 0},
        ]
        self.optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.99), weight_decay=0.01)
        self.step = 0
        self.seconds = 0.0

    def learning_rate(self) -> float:
        """Warm up, hold, then fall with the square root of the step."""
        c = self.config
        rise = min(1.0, (self.step + 1) / c.warmup)
        return c.learning_rate * rise / math.sqrt(max(1.0, self.step / c.decay))

    def advance(self, samples: Samples, colors: Tensor) -> float:
        """Take one step; return its loss."""
        rng = np.random.default_rng((self.config.seed, self.step))
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        levels = _noise_levels(self.config, self.step)
        batch = _draw_batch(samples, self.config, levels, rng)
        loss = _loss(self.network, batch, colors, generator)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.weights, 1.0)
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate()
        self.optimizer.step()
        self.step += 1
        # Power-function average: Karras et al., CVPR 2024 (EDM2), Eq. 127.
        keep = (1 - 1 / self.step) ** (_GAMMA + 1)
        with torch.no_grad():
            torch._foreach_lerp_(self.average, self.weights, 1 - keep)
        return loss.item()

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
            if state := self.optimizer.state.get(weight):
                tensors[f"first.{name}"] = state["exp_avg"]
                tensors[f"second.{name}"] = state["exp_avg_sq"]
        header = {"step": str(self.step), "seconds": repr(self.seconds)}
        tensors = {key: t.contiguous() for key, t in tensors.items()}
        save_file(tensors, path.with_suffix(".partial"), header)
        os.replace(path.with_suffix(".partial"), path)

    def restore(self, path: Path) -> None:
        """Go back to the checkpoint."""
        with safe_open(path, "pt") as file, torch.no_grad():
            header = file.metadata()
            self.step, self.seconds = int(header["step"]), float(header["seconds"])
            for name, weight, mean in zip(self.names, self.weights, self.average):
                weight.copy_(file.get_tensor(f"weight.{name}"))
                mean.copy_(file.get_tensor(f"average.{name}"))
                if self.step:
                    self.optimizer.state[weight] = {
                        "step": torch.tensor(float(self.step)),
                        "exp_avg": file.get_tensor(f"first.{name}").to(weight.device),
                        "exp_avg_sq": file.get_tensor(f"second.{name}").to(
                            weight.device
                        ),
                    }


def held_out_loss(
    network: UNet, samples: Samples, config: TrainConfig, n_samples: int = 8
) -> dict[str, float]:
    """Return the cross-entropy (nats a voxel) at fixed noise levels and samples."""
    device = next(network.parameters()).device
    colors = torch.from_numpy(palette(config.network.dim)).to(device)
    result = {}
    for level in (0.3, 0.5, 0.7, 0.8, 0.85, 0.9, 0.95):
        if level > config.t_max:
            break
        rng = np.random.default_rng(7)
        generator = torch.Generator().manual_seed(7)
        fixed = config.model_copy(update={"known": 0.0})
        total = 0.0
        with torch.no_grad():
            for _ in range(n_samples):
                batch = _draw_batch(samples, fixed, np.array([level]), rng)
                total += _loss(network, batch, colors, generator).item()
        result[f"{level:g}"] = round(total / n_samples, 4)
    return result


def _read_recipe(data: Path) -> dict[str, Any]:
    """Return what `grainpaint simulate` noted about a set of volumes."""
    return read_recipe(data) or {"folder": data.name}


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
        Folder of periodic volumes, see `grainpaint.dataset.load_set`.
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
    volumes = load_set(data)
    if len(volumes) < 2:
        raise InputError(
            f"{data}: training needs at least 2 volumes, got {len(volumes)}"
        )
    out.mkdir(parents=True, exist_ok=True)
    n_held = max(1, len(volumes) // _HELD_OUT)
    samples = Samples(volumes[:-n_held], config.stage, config.network.n_colors)
    held = Samples(volumes[-n_held:], config.stage, config.network.n_colors)

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
        data=_read_recipe(data) | {"n_volumes": len(volumes), "n_held_out": n_held},
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
