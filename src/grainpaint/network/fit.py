"""One resumable run that fits a network to a loss.

All randomness of a step is drawn from (seed, step), and the learning rate and the
average of the weights depend on nothing but the step: a run that was killed goes on
from its last checkpoint bit for bit (on the CPU), and any run can go on for longer.
"""

import copy
import json
import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from grainpaint.errors import InputError
from grainpaint.network.precision import Precision, resolve
from grainpaint.network.unet import UNet
from grainpaint.progress import Progress, silent

__all__ = ["Files", "Losses", "Optimization", "Run", "spread"]

_GOLDEN = (5**0.5 - 1) / 2
_CHECKPOINT_S = 120.0
_LOG_STEPS = 50
_MOMENTS = {"exp_avg", "exp_avg_sq", "momentum_buffer"}  # of AdamW and Muon
_GAMMA = 6.94  # EMA over the last 10 % of the run: Karras et al. 2024, Eq. 123

# From the network, the step's random numbers and the step to the losses whose sum is
# descended; the last of them is reported.
Losses = Callable[[UNet, np.random.Generator, int], list[Tensor]]


class Optimization(BaseModel):
    """How weights are fitted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    batch: int = Field(ge=1)
    learning_rate: float = Field(default=1.2e-3, gt=0, description="AdamW's")
    muon_learning_rate: float = Field(default=2.4e-3, gt=0, description="convolutions")
    warmup: int = Field(default=200, ge=1, description="steps of rising learning rate")
    decay: int = Field(default=1000, ge=1, description="step from which it falls")
    seed: int = Field(default=0, ge=0)
    precision: Precision | Literal["auto"] = "auto"


def spread(step: int, batch: int) -> np.ndarray:
    """Return numbers of [0, 1) for a batch, spread evenly over it and over steps."""
    result: np.ndarray = (0.5 + (step * batch + np.arange(batch)) * _GOLDEN) % 1.0
    return result


C = TypeVar("C", bound=Optimization)


class Files:
    """Checkpoint, log and configuration of a run, beside the weights that it ends with.

    Parameters
    ----------
    folder : Path
        Of the model.
    name : str
        Of the network.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.state = folder / f"{name}.state.safetensors"
        self.log = folder / f"{name}.log.jsonl"
        self.settings = folder / f"{name}.config.json"

    def begin(self, config: C, resume: bool, free: set[str], device: str) -> C:
        """Return the configuration of a run that begins or goes on, precision settled.

        A run that goes on keeps its precision. Of the configuration, the fields in
        `free` decide no weights and may change.

        Raises
        ------
        InputError
            If a run with this configuration may not begin, or go on.
        """
        if not self.state.exists():
            chosen = resolve(config.precision, device)
            return config.model_copy(update={"precision": chosen})
        if not resume:
            raise InputError(
                f"{self.state} exists: add --resume to go on, or choose another --out"
            )
        found = type(config).model_validate_json(self.settings.read_text())
        if config.precision == "auto":
            config = config.model_copy(update={"precision": found.precision})
        if found.model_dump(exclude=free) != config.model_dump(exclude=free):
            raise InputError(
                f"{self.settings} differs from this configuration: use another --out"
            )
        return config

    def cut_log(self, step: int) -> None:
        """Drop the lines of steps that the checkpoint does not know."""
        rows = [json.loads(line) for line in self.log.read_text().splitlines()]
        kept = [json.dumps(row) + "\n" for row in rows if row["step"] <= step]
        self.log.write_text("".join(kept))

    def add_to_log(self, row: dict[str, float]) -> None:
        """Append a line."""
        with self.log.open("a") as file:
            file.write(json.dumps(row) + "\n")


class Run:
    """The state of a run: weights, their average, moments, step and time.

    Parameters
    ----------
    network : UNet
        With its first weights, on its device.
    config : Optimization
        What the run follows.
    files : Files
        Where it is kept; it goes on from there if it was begun.
    """

    def __init__(self, network: UNet, config: Optimization, files: Files) -> None:
        self.config = config
        self.network = network
        self.files = files
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
        if files.state.exists():
            self._restore()
            files.cut_log(self.step)
        else:
            files.folder.mkdir(parents=True, exist_ok=True)
            files.settings.write_text(config.model_dump_json(indent=1))
            files.log.write_text("")

    def go(
        self,
        losses: Losses,
        minutes: float,
        n_steps: int | None = None,
        progress: Progress = silent,
        task: str = "train",
    ) -> None:
        """Descend for so many minutes, all parts of the run together, or steps."""
        reported: list[float] = []
        saved = time.monotonic()
        with progress(task, minutes * 60, self.seconds) as bar:
            while self.seconds < minutes * 60 and self.step != n_steps:
                start = time.monotonic()
                reported.append(self._advance(losses))
                self.seconds += time.monotonic() - start
                bar.update(self.seconds, f"step {self.step}, loss {reported[-1]:.3f}")
                if self.step % _LOG_STEPS == 0:
                    row = {"step": self.step, "s": round(self.seconds, 1)}
                    row["loss"] = round(float(np.mean(reported)), 4)
                    self.files.add_to_log(row)
                    reported.clear()
                if time.monotonic() - saved > _CHECKPOINT_S:
                    self._save()
                    saved = time.monotonic()
        self._save()

    def _rate(self) -> float:
        """Warm up, hold 1, then fall with the square root of the step."""
        c = self.config
        rise = min(1.0, (self.step + 1) / c.warmup)
        return rise / math.sqrt(max(1.0, self.step / c.decay))

    def _advance(self, losses: Losses) -> float:
        """Take one step; return its loss."""
        rng = np.random.default_rng((self.config.seed, self.step))
        found = losses(self.network, rng, self.step)
        self.network.zero_grad(set_to_none=True)
        torch.stack(found).sum().backward()
        torch.nn.utils.clip_grad_norm_(self.weights, 1.0)
        rates = (self.config.muon_learning_rate, self.config.learning_rate)
        for optimizer, rate in zip((self.muon, self.adam), rates):
            for group in optimizer.param_groups:
                group["lr"] = rate * self._rate()
            optimizer.step()
        self.step += 1
        # Power-function average: Karras et al., CVPR 2024 (EDM2), Eq. 127.
        keep = (1 - 1 / self.step) ** (_GAMMA + 1)
        with torch.no_grad():
            torch._foreach_lerp_(self.average, self.weights, 1 - keep)
        return found[-1].item()

    def averaged(self) -> UNet:
        """Return a network with the averaged weights."""
        network = copy.deepcopy(self.network).eval()
        with torch.no_grad():
            for parameter, value in zip(network.parameters(), self.average):
                parameter.copy_(value)
        return network

    def _save(self) -> None:
        """Write the checkpoint aside, then rename it."""
        path = self.files.state
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

    def _restore(self) -> None:
        """Go back to the checkpoint."""
        path = self.files.state
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
