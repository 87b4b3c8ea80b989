"""A resumable training run: it fits the weights of a network to a loss.

All randomness of a step is drawn from (seed, step), and the learning rate and the
average of the weights depend on nothing but the step. So a run that was killed
continues from its last checkpoint bit for bit (on the CPU), and any run can be
continued for longer.
"""

import copy
import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from grainpaint.network.checkpoint import Optimization, TrainingFiles
from grainpaint.network.unet import UNet
from grainpaint.progress import Progress, silent

__all__ = ["Losses", "TrainingRun"]

_CHECKPOINT_S = 120.0
_LOG_STEPS = 50
_MOMENTS = {"exp_avg", "exp_avg_sq", "momentum_buffer"}  # of AdamW and Muon
_GAMMA = 6.94  # EMA over the last 10 % of the run: Karras et al. 2024, Eq. 123

# From the network and the batch of a step to losses. Their sum is minimized; the last
# one is reported.
Losses = Callable[[UNet, Any], list[Tensor]]


class TrainingRun:
    """Weights in training, with their average, their moments, the step and the time.

    Parameters
    ----------
    network : UNet
        With its initial weights, on its device.
    config : Optimization
        Learning rates and seed.
    files : TrainingFiles
        Where the run is kept. If there is a checkpoint, the run continues from it.
    """

    def __init__(
        self, network: UNet, config: Optimization, files: TrainingFiles
    ) -> None:
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
            files.start(config)

    def go(
        self,
        batches: Iterator[Any],
        losses: Losses,
        minutes: float,
        n_steps: int | None = None,
        progress: Progress = silent,
        task: str = "train",
    ) -> None:
        """Take steps until the time is used up or the last step is done.

        Parameters
        ----------
        batches : iterator
            The batches of this step and those after it, see `batches_from`.
        losses : Losses
            Computes the losses of a batch.
        minutes : float
            Time to train, all resumed parts of the run together.
        n_steps : int, optional
            Stop after this many steps, if that comes first.
        progress : Progress
            Told the seconds done, with the step and the loss.
        task : str
            Name of the progress bar.
        """
        reported: list[float] = []
        saved = time.monotonic()
        first = self.step
        with progress(task, minutes * 60, self.seconds) as bar:
            while self.seconds < minutes * 60 and self.step != n_steps:
                start = time.monotonic()
                reported.append(self._advance(losses, self._next(batches, first)))
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

    def _next(self, batches: Iterator[Any], first: int) -> Any:
        """Return the batch of this step; save the steps since the first without one."""
        try:
            return next(batches)
        except BaseException:
            if self.step > first:
                self._save()
            raise

    def _rate(self) -> float:
        """Return the factor of the learning rates: a warm-up, then a falling root."""
        c = self.config
        rise = min(1.0, (self.step + 1) / c.warmup)
        return rise / math.sqrt(max(1.0, self.step / c.decay))

    def _advance(self, losses: Losses, batch: Any) -> float:
        """Take one step; return its loss."""
        found = losses(self.network, batch)
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

    @property
    def minutes(self) -> float:
        """Minutes of training so far, rounded for the card."""
        return round(self.seconds / 60, 1)

    def averaged(self) -> UNet:
        """Return a network with the averaged weights."""
        network = copy.deepcopy(self.network).eval()
        with torch.no_grad():
            for parameter, value in zip(network.parameters(), self.average):
                parameter.copy_(value)
        return network

    def _save(self) -> None:
        """Write a checkpoint."""
        tensors = {}
        for name, weight, mean in zip(self.names, self.weights, self.average):
            tensors[f"weight.{name}"] = weight.detach()
            tensors[f"average.{name}"] = mean
            state = self.muon.state.get(weight) or self.adam.state.get(weight, {})
            for key in _MOMENTS & state.keys():
                tensors[f"{key}.{name}"] = state[key]
        header = {"step": str(self.step), "seconds": repr(self.seconds)}
        self.files.save({key: t.contiguous() for key, t in tensors.items()}, header)

    def _restore(self) -> None:
        """Go back to the checkpoint."""
        stored, header = self.files.load()
        try:
            self._take(stored, header)
        except (KeyError, ValueError, RuntimeError) as error:
            raise self.files.damaged(self.files.state, error) from None

    def _take(self, stored: dict[str, Tensor], header: dict[str, str]) -> None:
        """Take weights, their averages and moments from a checkpoint."""
        self.step, self.seconds = int(header["step"]), float(header["seconds"])
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
