"""The application, and the options that several commands share."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from grainpaint.network.precision import Precision

__all__ = [
    "Device",
    "DryRun",
    "Force",
    "ModelName",
    "Output",
    "PrecisionName",
    "RunOptions",
    "Seed",
    "app",
    "print_table",
    "say_if_slow",
]

app = typer.Typer(
    name="grainpaint",
    help="Paint grains into parts of any shape with a 3-D diffusion model.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Output = Annotated[Path, typer.Option("-o", "--output", help=".vti, .npz or .zarr")]
Force = Annotated[bool, typer.Option("--force", help="Replace what exists.")]
ModelName = Annotated[str, typer.Option("--model", help="Shipped name, or a folder.")]
Seed = Annotated[int, typer.Option("--seed", help="Same seed, same grains.")]
Device = Annotated[str, typer.Option("--device", help="cpu, cuda, ...")]
PrecisionName = Annotated[
    str,
    typer.Option(
        "--precision", help="float32, bfloat16, or auto: the faster one here."
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done.")]


@dataclass(frozen=True)
class RunOptions:
    """How a recipe is carried out, and what its record tells of the command."""

    config: dict[str, Any]
    precision: str  # as it was asked for
    device: str
    workers: int
    picture: bool
    force: bool
    dry_run: bool


def say_if_slow(precision: Precision, device: str, advice: str = "") -> None:
    """Tell a user whose precision is slow on this machine."""
    from grainpaint.network.precision import slow_note

    note = slow_note(precision, device)
    if note is not None:
        print(f"grainpaint: {note}{advice}", file=sys.stderr)


def print_table(rows: list[tuple[str, str]]) -> None:
    """Print names and values in two columns."""
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f"{name:<{width}}  {value}")
