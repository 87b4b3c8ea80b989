"""Commands about models: train, models."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from grainpaint.cli.app import HOW, WRITE, command
from grainpaint.cli.cluster import DrawerFlags, refuse_workers
from grainpaint.cli.grouping import grouped
from grainpaint.cli.options import Device, PrecisionName, option
from grainpaint.errors import InputError

if TYPE_CHECKING:
    from grainpaint.network.cards import StageCard
    from grainpaint.paper.model import PaperCard


@command()
@grouped
def train(
    stage: Annotated[
        str,
        typer.Argument(help="What to train: base, refine, additive, paper or student."),
    ],
    data: Annotated[
        Path, option("--data", "Folder with a set of volumes, or with sets.", HOW)
    ],
    out: Annotated[Path, option("--out", "Folder of the model.", WRITE)],
    teacher: Annotated[
        str | None,
        option("--teacher", "Model that a student learns from.  [iso-large]", HOW),
    ] = None,
    minutes: Annotated[
        float, option("--minutes", "Training time, resumed runs included.", HOW)
    ] = 120,
    resume: Annotated[
        bool, option("--resume", "Continue the run in the model's folder.", WRITE)
    ] = False,
    precision: PrecisionName = "auto",
    device: Device = "cpu",
    workers: Annotated[
        int | None,
        option(
            "--workers",
            "Processes that draw batches ahead.  [on a GPU up to 8, else 0]",
            HOW,
        ),
    ] = None,
    *,
    cluster: DrawerFlags,
) -> None:
    """Train a network of your own, the paper's network, or a student.

    A student is a network with a quarter of the operations, which begins from the
    weights of its teacher (iso-large or a model like it) and learns its answers.
    """
    from grainpaint.progress import console

    name = cluster.given
    if name is not None:
        refuse_workers(name, workers is not None)
    run = _training(stage, precision, teacher)
    with cluster.executor() as executor:
        card = run(
            data,
            out,
            minutes=minutes,
            resume=resume,
            device=device,
            progress=console,
            workers=workers,
            executor=executor,
        )
    print(f"{out}: {stage}, {card.n_steps} steps in {card.minutes} minutes")
    for name, levels in card.metrics.items():
        told = ", ".join(f"{value:.4g} at {level}" for level, value in levels.items())
        print(f"{name.replace('_', ' ')} by noise level: {told}")


def _training(
    stage: str, precision: Any, teacher: str | None
) -> Callable[..., StageCard | PaperCard]:
    """Return what trains a network, given data and all that follows."""
    from grainpaint.network.train import PRESETS
    from grainpaint.network.train import train as run_training

    chosen = {"precision": precision}
    if stage == "student":
        from grainpaint.network.lookup import kind_of
        from grainpaint.network.student import STUDENT, train_student

        teacher = teacher or "iso-large"
        kind = kind_of(teacher)
        if kind != "pyramid":
            raise InputError(f"{teacher!r} is a {kind} model, which has no students")
        chosen["teacher"] = teacher
        return partial(train_student, STUDENT.model_copy(update=chosen))
    if teacher is not None:
        raise InputError(f"only a student has a teacher, not the stage {stage}")
    if stage == "paper":
        from grainpaint.paper.train import PAPER, train_paper

        return partial(train_paper, PAPER.model_copy(update=chosen))
    if stage not in PRESETS:
        raise InputError(
            f"the stage must be base, refine, additive, paper or student, got {stage!r}"
        )
    return partial(run_training, PRESETS[stage].model_copy(update=chosen))


@command()
def models() -> None:
    """List the shipped models with their training data and metrics."""
    from grainpaint.network.description import describe
    from grainpaint.network.lookup import kind_of, shipped
    from grainpaint.paper.model import describe_paper

    descriptions = {
        "pyramid": describe,
        "additive": describe,
        "paper": describe_paper,
    }
    for name in shipped():
        print(name)
        for line in descriptions[kind_of(name)](name):
            print(f"  {line}")
