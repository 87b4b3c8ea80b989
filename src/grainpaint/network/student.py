"""Teach a small network what a trained one answers.

A student learns the probabilities of its teacher (Hinton, Vinyals, Dean, "Distilling
the knowledge in a neural network", 2015) for two kinds of states: noised data, as the
teacher met them, and what the teacher sees on its own way from noise to colors, at the
noise levels of its sampler.
"""

from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from grainpaint.network.batch import Batch
from grainpaint.network.cards import Sampling, StageCard
from grainpaint.network.diffusion import expected_colors, reverse_step, timesteps
from grainpaint.network.fit import TrainingTask, fit
from grainpaint.network.inference import Evaluator
from grainpaint.network.loading import load_model
from grainpaint.network.precision import autocast
from grainpaint.network.samples import GRAIN_RANGE
from grainpaint.network.train import (
    PRESETS,
    Drawing,
    TrainConfig,
    card_of,
    held_out_loss,
    noised,
    read_samples,
)
from grainpaint.network.training_run import TrainingRun
from grainpaint.network.unet import UNet, setting
from grainpaint.palette import palette
from grainpaint.progress import Progress, silent

__all__ = ["STUDENT", "StudentConfig", "Teacher", "student_losses", "train_student"]


class StudentConfig(TrainConfig):
    """Everything that decides the weights of a student, given the data."""

    teacher: str = Field(default="iso", description="model whose base is the teacher")


_BASE = PRESETS["base"]
STUDENT = StudentConfig(
    stage="base",
    network=_BASE.network.model_copy(update={"channels": (56, 72, 72), "head": 16}),
    sampling=_BASE.sampling,
    batch=3,
    shift=_BASE.shift,
)

_State = tuple[Tensor, Tensor, Tensor, Tensor]
_Drawn = tuple[Batch, Tensor, Tensor, Tensor]  # with the noise of both, and a diameter


@dataclass(frozen=True)
class _Questions:
    """Draws noised data, the noise that a sample begins from, and a grain diameter."""

    drawing: Drawing

    def __call__(self, rng: np.random.Generator, step: int) -> _Drawn:
        batch, eps = self.drawing(rng, step)
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        noise = torch.randn((1, *eps.shape[1:]), generator=generator)
        low, high = np.log(GRAIN_RANGE["base"])
        diameter = torch.tensor(np.exp(rng.uniform(low, high)))
        return batch, eps, noise, diameter

    def digest(self) -> str:
        """Return a digest of the samples: their volumes decide, given the run."""
        return self.drawing.digest()


def _questions(config: StudentConfig, data: Path) -> _Questions:
    """Read the data of a run in a worker."""
    return _Questions(Drawing(read_samples(config, data)[0], config))


@dataclass(frozen=True)
class Teacher:
    """Answers questions about states.

    Attributes
    ----------
    network : Evaluator
    sampling : Sampling
        How it is sampled.
    colors : Tensor, float32, shape (n_colors, dim)
    """

    network: Evaluator
    sampling: Sampling
    colors: Tensor

    def on_the_way(self, noise: Tensor, diameter: float) -> list[_State]:
        """Return states from noise to colors: vectors, levels, settings and logits."""
        x = noise
        found: list[_State] = []
        asked = torch.full((*noise.shape[:-1], 1), diameter, device=noise.device)
        wanted = setting(asked, torch.full_like(asked, float(self.sampling.halved)))
        levels = timesteps(self.sampling.n_steps, self.sampling.shift).tolist()
        for t, s in pairwise(levels):
            level = torch.full_like(asked, t)
            told = torch.cat([level, wanted], -1)[0, 0, 0, 0]
            logits = self.network(x, told)
            found.append((x, level, wanted, logits))
            x = reverse_step(x, expected_colors(logits, self.colors), t, s)
        return found


def student_losses(
    network: UNet, drawn: _Drawn, teacher: Teacher, precision: str
) -> list[Tensor]:
    """Return how far both logits are from the teacher's (Kullback-Leibler, nats).

    Parameters
    ----------
    network : UNet
    drawn : tuple
        A batch, its noise, the noise that a sample begins from, shape (1, X, Y, Z,
        dim), and the mean grain diameter that is asked for there, base voxels.
    teacher : Teacher
    precision : {'float32', 'bfloat16'}
    """
    batch, eps, noise, diameter = drawn
    device = teacher.colors.device
    x = noised(batch, eps, teacher.colors)[0]
    t, wanted = batch.t.to(device), batch.setting.to(device)
    answer = teacher.network(x, torch.cat([t, wanted], -1))
    states = [(x, t, wanted, answer)]
    states += teacher.on_the_way(noise.to(device), float(diameter))
    x, t, wanted, answer = (torch.cat(parts) for parts in zip(*states))
    log_p = answer.float().log_softmax(-1)
    unknown = (t > 0).float()
    with autocast(device, precision):
        both = network.both(x, t, wanted)
    found = []
    for logits in both:
        apart = log_p.exp() * (log_p - logits.float().log_softmax(-1))
        found.append((apart.sum(-1, keepdim=True) * unknown).sum() / unknown.sum())
    return found


def train_student(
    config: StudentConfig,
    data: Path,
    out: Path,
    minutes: float = 120.0,
    n_steps: int | None = None,
    resume: bool = False,
    device: str = "cpu",
    progress: Progress = silent,
    workers: int | None = None,
    executor: Executor | None = None,
) -> StageCard:
    """Train a student and write `base.safetensors` and `base.json` to a folder.

    Parameters
    ----------
    config : StudentConfig
        Usually `STUDENT`.
    data, out, minutes, n_steps, resume, device, progress, workers, executor
        As in `grainpaint.network.train.train`.

    Returns
    -------
    StageCard
        With the sampling of the teacher, its table of grain sizes included.

    Raises
    ------
    InputError
        As in `grainpaint.network.train.train`.
    """

    def prepare(config: StudentConfig, place: torch.device) -> TrainingTask[StageCard]:
        trained, held_out, description = read_samples(config, data)
        model = load_model(config.teacher, device, config.precision)
        colors = torch.from_numpy(palette(config.network.dim)).to(place)
        teacher = Teacher(model.base, model.base_card.sampling, colors)

        def losses(network: UNet, drawn: Any) -> list[Tensor]:
            return student_losses(network, drawn, teacher, config.precision)

        def make_card(network: UNet, run: TrainingRun) -> StageCard:
            loss = held_out_loss(network, held_out, config.precision)
            return card_of(config, teacher.sampling, description, loss, run)

        draw = _Questions(Drawing(trained, config))
        source = partial(_questions, config, data.absolute())
        return TrainingTask(config.network, draw, source, losses, make_card)

    return fit(
        "base", config, prepare, out, minutes, n_steps, resume, device, progress,
        frozenset({"sampling"}), workers, executor,
    )  # fmt: skip
