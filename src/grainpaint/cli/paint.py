"""Commands that make volumes: paint, generate, plan."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grainpaint.cli.app import WHAT, WRITE, command, print_table
from grainpaint.cli.batch import BatchFlags, as_words
from grainpaint.cli.cluster import ClusterFlags
from grainpaint.cli.grouping import grouped, of_kind
from grainpaint.cli.job import Job
from grainpaint.cli.options import (
    BoxFlags,
    Force,
    ModelFlags,
    ModelName,
    Output,
    OutputFlags,
    PartFlags,
    PlanFlags,
    PrecisionName,
    option,
    output_option,
)
from grainpaint.cli.paper import PaperFlags
from grainpaint.cli.pyramid import (
    PyramidBoxFlags,
    PyramidFlags,
    forecast_rows,
)
from grainpaint.cli.scan import ScanFlags
from grainpaint.cli.texture import TextureFlags
from grainpaint.errors import InputError

if TYPE_CHECKING:
    from grainpaint.generation.domain import Domain

# From the kind of a model to its flags.
PAINTERS = dict[str, PyramidFlags | PaperFlags | ScanFlags]


PART_HELP = (
    "Closed bodies (STL, STEP, OBJ, PLY, 3MF, GLB, OFF) or a mask (npy, npz, vti, tif)."
)


def _make(context: typer.Context, job: Job, flags: PAINTERS) -> None:
    """Let the kind of the model make a volume."""
    painter = of_kind(context, job.model.model, flags)
    job.texture.check(job.output, painter.in_memory(job.output))
    with job.drawing(painter.in_memory(job.output)) as drawing:
        painter.fill(job, drawing)


@command()
@grouped
def paint(
    context: typer.Context,
    part: Annotated[Path, typer.Argument(help=PART_HELP)],
    output: Output,
    size: PartFlags,
    model: ModelFlags,
    pyramid: PyramidFlags,
    plan: PlanFlags,
    paper: PaperFlags,
    scan: ScanFlags,
    runs: ClusterFlags,
    texture: TextureFlags,
    written: OutputFlags,
) -> None:
    """Paint grains into a CAD part."""
    size.check(part)
    size = scan.voxels_of(size)
    config = {"command": "paint", "voxel": size.voxel, "longest": size.longest}
    job = Job(
        config, lambda: size.domain(part), output, model, plan, runs, texture, written
    )
    _make(context, job, {"pyramid": pyramid, "paper": paper, "additive": scan})


@command()
@grouped
def generate(
    context: typer.Context,
    output: Output,
    size: BoxFlags,
    model: ModelFlags,
    pyramid: PyramidBoxFlags,
    plan: PlanFlags,
    paper: PaperFlags,
    scan: ScanFlags,
    runs: ClusterFlags,
    texture: TextureFlags,
    written: OutputFlags,
) -> None:
    """Generate a box of grains."""
    if size.shape is not None:
        size.size(None)  # before libraries are loaded
    config = {"command": "generate", "voxel": size.voxel}
    job = Job(
        config,
        lambda: scan.domain(size) or size.domain(pyramid.grain_size),
        output,
        model,
        plan,
        runs,
        texture,
        written,
    )
    _make(context, job, {"pyramid": pyramid, "paper": paper, "additive": scan})


@command()
@grouped
def plan(
    context: typer.Context,
    size: PartFlags,
    pyramid: PyramidFlags,
    plan: PlanFlags,
    scan: ScanFlags,
    part: Annotated[Path | None, typer.Argument(help=PART_HELP)] = None,
    shape: Annotated[
        str | None, option("--shape", "Voxels X,Y,Z of a box instead.", WHAT)
    ] = None,
    model: ModelName = "iso",
    precision: PrecisionName = "auto",
    output: Annotated[Path | None, output_option("Draw the stages: a .png.")] = None,
    as_json: Annotated[bool, option("--json", "Print JSON.", WRITE)] = False,
    *,
    batch: BatchFlags,
    force: Force = False,
) -> None:
    """Estimate what a part or a box takes: windows, stages, time, memory, disk."""
    import json
    from dataclasses import asdict

    from grainpaint.formats.files import refuse_to_replace
    from grainpaint.generation.forecast import forecast

    if output is not None:
        refuse_to_replace(output, force)
    batch.check(force)
    painted_by = ModelFlags(model, 0, precision)
    kinds: dict[str, PyramidFlags | ScanFlags] = {"pyramid": pyramid, "paper": pyramid}
    chosen = of_kind(context, model, kinds | {"additive": scan})
    domain, words = _planned(part, BoxFlags(shape, size.voxel), size, pyramid, scan)
    recipe = chosen.settled(domain, painted_by, plan)
    told = forecast(recipe)
    if as_json:
        print(json.dumps({"recipe": recipe.model_dump(mode="json")} | asdict(told)))
    else:
        print_table(forecast_rows(recipe, told))
    if batch.sbatch is not None:
        batch.write([*words, *as_words(painted_by, pyramid, plan, scan)], told)
        if not as_json:
            print(f"{batch.sbatch}: makes {batch.place} when it is given to sbatch")
    if output is not None:
        from grainpaint.drawing.plan import draw_plan

        draw_plan(recipe.plan, recipe.shape, recipe.levels, recipe.core, output)
        print(output)


def _planned(
    part: Path | None,
    box: BoxFlags,
    size: PartFlags,
    pyramid: PyramidFlags,
    scan: ScanFlags,
) -> tuple[Callable[[], Domain], list[str]]:
    """Return what reads the domain that is planned, and the command that fills it."""
    if part is not None and box.shape is None:
        voxels = scan.voxels_of(size)
        return lambda: voxels.domain(part), ["paint", str(part), *as_words(size)]
    if part is None and (box.shape is not None or scan.scan is not None):
        words = ["generate", *as_words(box)]
        return lambda: scan.domain(box) or box.domain(pyramid.grain_size), words
    raise InputError("give either a part (a file) or --shape X,Y,Z")
