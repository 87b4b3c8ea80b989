"""Commands about models: train, models."""

from pathlib import Path
from typing import Annotated

import typer

from grainpaint.cli.app import Device, app
from grainpaint.errors import InputError


@app.command()
def train(
    stage: Annotated[str, typer.Argument(help="base or refine")],
    data: Annotated[Path, typer.Option("--data", help="A set, or several.")],
    out: Annotated[Path, typer.Option("--out", help="Folder of the model.")],
    minutes: Annotated[float, typer.Option("--minutes", help="In all.")] = 120,
    resume: Annotated[bool, typer.Option("--resume", help="Go on.")] = False,
    device: Device = "cpu",
) -> None:
    """Train one stage of a model on a set of volumes."""
    from grainpaint.progress import console
    from grainpaint.train import PRESETS
    from grainpaint.train import train as run_training

    if stage not in PRESETS:
        raise InputError(f"the stage is base or refine, got {stage!r}")
    card = run_training(
        PRESETS[stage],
        data,
        out,
        minutes,
        resume=resume,
        device=device,
        progress=console,
    )
    loss = card.metrics["held_out_cross_entropy"]
    print(f"{out}: {stage}, {card.n_steps} steps in {card.minutes} minutes")
    print("held-out cross-entropy by noise level:", loss)


@app.command()
def models() -> None:
    """List the shipped models with their figures."""
    from grainpaint.model import describe, shipped

    for name in shipped():
        print(name)
        for line in describe(name):
            print(f"  {line}")
