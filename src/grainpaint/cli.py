"""The command line: parse, call, write. No science here."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from grainpaint.errors import InputError

__all__ = ["app", "main"]

app = typer.Typer(
    name="grainpaint",
    help="Paint grains into parts of any shape with a 3-D diffusion model.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
simulate_app = typer.Typer(
    help="Simulate grain growth (reference and training volumes).",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(simulate_app, name="simulate")

Output = Annotated[Path, typer.Option("-o", "--output", help=".vti, .npz or .zarr")]
Force = Annotated[bool, typer.Option("--force", help="Replace what exists.")]
ModelName = Annotated[str, typer.Option("--model", help="Shipped name, or a folder.")]
Seed = Annotated[int, typer.Option("--seed", help="Same seed, same grains.")]
Device = Annotated[str, typer.Option("--device", help="cpu, cuda, ...")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done.")]


def main() -> None:
    """Run the command line; a user's mistake is one line and exit code 2."""
    try:
        app()
    except InputError as error:
        print(f"grainpaint: {error}", file=sys.stderr)
        sys.exit(2)
    except (OSError, MemoryError) as error:
        print(f"grainpaint: {error or 'out of memory'}", file=sys.stderr)
        sys.exit(1)


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", is_eager=True)
    ] = False,
) -> None:
    if version:
        from grainpaint import __version__

        print(__version__)
        raise typer.Exit


@app.command()
def paint(
    part: Annotated[Path, typer.Argument(help="An STL file of closed bodies.")],
    output: Output,
    voxel: Annotated[
        str | None, typer.Option("--voxel", help="Edge of a voxel, such as 50um.")
    ] = None,
    unit: Annotated[str, typer.Option("--unit", help="Unit of the STL file.")] = "mm",
    longest: Annotated[
        int, typer.Option("--longest", help="Voxels along the longest side.")
    ] = 128,
    model: ModelName = "iso",
    seed: Seed = 0,
    device: Device = "cpu",
    force: Force = False,
    dry_run: DryRun = False,
) -> None:
    """Paint grains into a CAD part."""
    from grainpaint.cad import load_part, plan_grid, voxelize
    from grainpaint.generation import check_memory
    from grainpaint.quantity import parse_length
    from grainpaint.record import check_outputs

    check_outputs(output, force)
    edge = None if voxel is None else parse_length(voxel)
    solid = load_part(part, unit)
    for note in solid.notes:
        print(f"{part}: {note}", file=sys.stderr)
    check_memory(plan_grid(solid, edge, longest)[0])
    grid = voxelize(solid, edge, longest)
    config = {
        "command": "paint",
        "part": str(part),
        "unit": unit,
        "voxel": voxel,
        "longest": longest,
    }
    _fill(
        grid.mask,
        grid.spacing,
        grid.origin,
        model,
        seed,
        device,
        output,
        config,
        dry_run,
    )


@app.command()
def generate(
    output: Output,
    shape: Annotated[str, typer.Option("--shape", help="Voxels X,Y,Z.")],
    voxel: Annotated[str, typer.Option("--voxel", help="Edge of a voxel.")] = "1um",
    model: ModelName = "iso",
    seed: Seed = 0,
    device: Device = "cpu",
    force: Force = False,
    dry_run: DryRun = False,
) -> None:
    """Generate a box of grains."""
    import numpy as np

    from grainpaint.generation import check_memory
    from grainpaint.quantity import parse_length, parse_shape
    from grainpaint.record import check_outputs

    check_outputs(output, force)
    voxels, spacing = parse_shape(shape), parse_length(voxel)
    check_memory(voxels)
    mask = np.ones(voxels, bool)
    config = {"command": "generate", "voxel": voxel}
    _fill(mask, spacing, (0.0,) * 3, model, seed, device, output, config, dry_run)


def _fill(
    mask: Any,
    spacing: float,
    origin: Any,
    model: str,
    seed: int,
    device: str,
    output: Path,
    config: dict[str, Any],
    dry_run: bool,
) -> None:
    """Paint grains into a mask and write everything, or say what would be done."""
    from grainpaint.generation import check_memory, paint_mask
    from grainpaint.model import load_model
    from grainpaint.plan import windows
    from grainpaint.progress import console
    from grainpaint.record import outputs, summary, write_run

    loaded = load_model(model, device)
    if dry_run:
        shape = " x ".join(map(str, mask.shape))
        n, n_box = (len(list(windows(mask.shape, m))) for m in (mask, None))
        _print_table(
            [
                ("voxels", f"{shape}, {int(mask.sum()):,} inside"),
                ("voxel edge", f"{spacing:g} µm"),
                ("windows", f"{n} of {n_box}"),
                ("memory", f"up to {check_memory(mask.shape) / 2**30:.1f} GiB"),
                *(("would write", str(path)) for path in outputs(output)),
            ]
        )
        return
    run = paint_mask(mask, loaded, seed, spacing, origin, console)
    config |= {"model": loaded.name, "weights_sha256": loaded.sha256, "seed": seed}
    for line in write_run(output, run, config, console):
        print(line, file=sys.stderr)
    _print_table(summary(run, outputs(output)))


def _print_table(rows: list[tuple[str, str]]) -> None:
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f"{name:<{width}}  {value}")


@simulate_app.command()
def iso(
    output: Annotated[
        Path, typer.Option("-o", "--output", help="A volume; a folder with --count.")
    ],
    shape: Annotated[str, typer.Option("--shape", help="Voxels X,Y,Z, even.")],
    time: Annotated[float, typer.Option("--time", help="SPPARKS' time units.")] = 100,
    spins: Annotated[int, typer.Option("--spins", help="Number of spins Q.")] = 1000,
    seed: Seed = 0,
    count: Annotated[
        int | None, typer.Option("--count", help="Make a set of so many volumes.")
    ] = None,
    force: Force = False,
) -> None:
    """Isotropic Potts grain growth in a periodic box (sc/26n, T = 0)."""
    from grainpaint.formats import check_output, write
    from grainpaint.progress import console
    from grainpaint.quantity import parse_shape
    from grainpaint.simulate import isotropic
    from grainpaint.simulate.sets import isotropic_set

    voxels = parse_shape(shape)
    if count is not None:
        isotropic_set(output, voxels, time, spins, seed, count, progress=console)
        print(f"{output}: {count} volumes")
        return
    check_output(output, force)
    volume = isotropic(voxels, time, spins, seed, progress=console)
    write(volume, output)
    print(f"{output}: {volume.n_grains:,} grains")


@app.command()
def train(
    stage: Annotated[str, typer.Argument(help="base or refine")],
    data: Annotated[Path, typer.Option("--data", help="A set of volumes.")],
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
def segment(
    field: Annotated[Path, typer.Argument(help="An .npz with 'field'.")],
    output: Output,
    force: Force = False,
) -> None:
    """Turn a field of colours or spins into grains."""
    from grainpaint.formats import check_output, write
    from grainpaint.formats.field import read_field
    from grainpaint.microstructure import Microstructure
    from grainpaint.segment import grains

    check_output(output, force)
    color, spacing, origin = read_field(field)
    volume = Microstructure(grains(color), spacing, origin)
    write(volume, output)
    print(f"{output}: {volume.n_grains:,} grains")


@app.command()
def view(
    volume: Annotated[
        Path, typer.Argument(help="A .vti, .npz or .zarr volume, or a SPPARKS file.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="A .png file.")],
    time: Annotated[
        float | None, typer.Option("--time", help="Which snapshot of a dump.")
    ] = None,
    force: Force = False,
) -> None:
    """Draw a volume: the part with a cut, and three slices."""
    from grainpaint.formats import read
    from grainpaint.plot import picture

    if output.suffix != ".png":
        raise InputError(f"{output}: pictures are written as .png")
    if output.exists() and not force:
        raise InputError(f"{output} exists: add --force to replace it")
    if not picture(read(volume, time), output):
        print("no usable OpenGL: the picture shows slices only", file=sys.stderr)
    print(output)


@app.command()
def models() -> None:
    """List the shipped models with their figures."""
    from grainpaint.model import describe, shipped

    for name in shipped():
        print(name)
        for line in describe(name):
            print(f"  {line}")
