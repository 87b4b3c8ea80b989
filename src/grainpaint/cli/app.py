"""The application, and the options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "Device",
    "DryRun",
    "Force",
    "ModelName",
    "Output",
    "Seed",
    "app",
    "print_table",
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
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done.")]


def print_table(rows: list[tuple[str, str]]) -> None:
    """Print names and values in two columns."""
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f"{name:<{width}}  {value}")
