"""Teach a network with narrow blocks what a trained one answers.

A student begins from the weights of its teacher (`grainpaint.network.narrowing`) and
learns its probabilities (Hinton, Vinyals, Dean, "Distilling the knowledge in a neural
network", 2015) for noised data, as the teacher met them, and for what the teacher sees
on its own way from noise to colors, at the noise levels of its sampler.
"""

from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, Unpack

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from grainpaint.errors import InputError
from grainpaint.network.batch import Batch
from grainpaint.network.cards import Sampling, StageCard
from grainpaint.network.diffusion import expected_colors, moved, reverse_step, timesteps
from grainpaint.network.fit import HowToTrain, TrainingTask, fit
from grainpaint.network.inference import Evaluator
from grainpaint.network.loading import read_stage
from grainpaint.network.narrowing import narrowed
from grainpaint.network.precision import autocast, resolve
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
from grainpaint.network.unet import NetworkConfig, UNet, setting
from grainpaint.palette import palette

__all__ = ["STUDENT", "StudentConfig", "Teacher", "student_losses", "train_student"]

_N_LOOKS = 4  # batches whose states say what the convolutions read and write


class StudentConfig(TrainConfig):
    """Everything that decides the weights of a student, given the data."""

    teacher: str = Field(description="model that is the teacher")


# How a base learns from the shipped one: a quarter of the operations.
_NARROW = PRESETS["base"].network.model_copy(update={"inner": (56, 32, 32), "head": 16})
_HOW = {"network": _NARROW, "batch": 3, "warmup": 50, "decay": 500}
STUDENT = StudentConfig(teacher="iso-large", **dict(PRESETS["base"]) | _HOW)

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

    def states(self, drawn: _Drawn) -> list[_State]:
        """Return states with their levels, settings and logits.

        Parameters
        ----------
        drawn : tuple
            A batch, its noise, the noise that a sample begins from, shape (1, X, Y, Z,
            dim), and the mean grain diameter that is asked for there, base voxels.
        """
        batch, eps, noise, diameter = drawn
        device = self.colors.device
        x = noised(batch, eps, self.colors)[0]
        t, wanted = batch.t.to(device), batch.setting.to(device)
        logits = self.network(x, torch.cat([t, wanted], -1))
        way = self.on_the_way(noise.to(device), float(diameter))
        return [(x, t, wanted, logits), *way]

    def on_the_way(self, noise: Tensor, diameter: float) -> list[_State]:
        """Return states from noise to colors, as `states` does."""
        x = noise
        found: list[_State] = []
        asked = torch.full((*noise.shape[:-1], 1), diameter, device=noise.device)
        wanted = setting(asked, torch.full_like(asked, float(self.sampling.halved)))
        levels = timesteps(self.sampling.n_steps, self.sampling.shift).tolist()
        for step, (t, s) in enumerate(pairwise(levels)):
            x = moved(x, step)
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
        See `Teacher.states`.
    teacher : Teacher
    precision : {'float32', 'bfloat16'}
    """
    *parts, answers = zip(*teacher.states(drawn))
    x, t, wanted = (torch.cat(part) for part in parts)
    log_p = torch.cat(answers).float().log_softmax(-1)
    unknown = (t > 0).float()
    with autocast(teacher.colors.device, precision):
        both = network.both(x, t, wanted)
    found = []
    for logits in both:
        apart = log_p.exp() * (log_p - logits.float().log_softmax(-1))
        found.append((apart.sum(-1, keepdim=True) * unknown).sum() / unknown.sum())
    return found


def _outside(config: NetworkConfig) -> NetworkConfig:
    """Return a network without what is narrower in that of a student."""
    return config.model_copy(update={"inner": (), "head": 1})


def train_student(
    config: StudentConfig,
    data: Path,
    out: Path,
    **how: Unpack[HowToTrain],
) -> StageCard:
    """Train a student and write `STAGE.safetensors` and `STAGE.json` to a folder.

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
        As in `grainpaint.network.train.train`; or if the teacher is a student, or has
        another palette or other channels.
    """

    def prepare(config: StudentConfig, place: torch.device) -> TrainingTask[StageCard]:
        card, wide = read_stage(config.teacher, config.stage)
        if card.network.inner:
            raise InputError(
                f"the model {config.teacher!r} is a student itself: a teacher is a "
                "wide network, such as iso-large"
            )
        if _outside(card.network) != _outside(config.network):
            raise InputError(
                "a student has the palette and the channels of its teacher, "
                f"{card.network.n_colors} colors and {card.network.channels}: got "
                f"{config.network.n_colors} and {config.network.channels}"
            )
        trained, held_out, description = read_samples(config, data)
        teacher = Teacher(
            Evaluator(wide.to(place), resolve(config.precision, place)),
            card.sampling,
            torch.from_numpy(palette(config.network.dim)).to(place),
        )
        draw = _Questions(Drawing(trained, config))

        def look(network: UNet) -> None:
            for step in range(_N_LOOKS):
                drawn = draw(np.random.default_rng(step), step)
                for x, t, wanted, _ in teacher.states(drawn):
                    network(x, t, wanted)

        def losses(network: UNet, drawn: Any) -> list[Tensor]:
            return student_losses(network, drawn, teacher, config.precision)

        def make_card(network: UNet, run: TrainingRun) -> StageCard:
            loss = held_out_loss(network, held_out, config.precision)
            return card_of(config, card.sampling, description, loss, run)

        def begin() -> UNet:
            network = UNet(config.network).to(place)
            narrowed(wide, network, look)
            return network

        source = partial(_questions, config, data.absolute())
        return TrainingTask(config.network, draw, source, losses, make_card, begin)

    return fit(config.stage, config, prepare, out, frozenset({"sampling"}), **how)
