"""What the commands that generate do with a model of the paper's kind."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grainpaint.cli.app import RunOptions, print_table, say_if_slow
from grainpaint.errors import InputError

if TYPE_CHECKING:
    from grainpaint.drawing.picture import Picture
    from grainpaint.paper.paint import PaperRecipe

Resamplings = Annotated[
    int,
    typer.Option("--resamplings", help="Jumps back at a level; of the paper's model."),
]
Jump = Annotated[int, typer.Option("--jump", help="Levels of a jump; likewise.")]
BlockEdge = Annotated[int, typer.Option("--block", help="Its edge, voxels; likewise.")]
FieldFile = Annotated[
    Path | None, typer.Option("--field", help="Keep the values, .npz; likewise.")
]

_OURS = ("window", "halo", "workers", "count", "grain_size", "periodic")
_PAPERS = ("resamplings", "jump", "block", "field")


def given(context: typer.Context, name: str) -> bool:
    """Whether an option stands on the command line."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def is_papers(context: typer.Context, model: str) -> bool:
    """Whether a model is of the paper's kind; refuse the options of the other kind."""
    from grainpaint.network.library import kind_of

    paper = kind_of(model) == "paper"
    for name in _OURS if paper else _PAPERS:
        if given(context, name):
            kind = "the paper's" if paper else "our own"
            option = name.replace("_", "-")
            raise InputError(
                f"--{option} is no option of the model {model!r}, of {kind} kind"
            )
    return paper


def fill_paper(
    recipe: PaperRecipe,
    output: Path,
    values: Path | None,
    options: RunOptions,
    drawing: Picture | None,
) -> None:
    """Make a volume as the paper does and write everything, or say what it takes."""
    from grainpaint.cli.record import summary, write_run
    from grainpaint.formats import refuse_to_replace, replace_with
    from grainpaint.formats.field import write_values
    from grainpaint.paper.halfway import Halfway, halfway_path, kept_precision
    from grainpaint.paper.paint import forecast_paper, paint_paper
    from grainpaint.progress import console
    from grainpaint.record import check_outputs

    places = check_outputs(output, options.force, options.picture)
    if values is not None:
        if values.suffix != ".npz":
            raise InputError(f"{values}: the values are written as .npz")
        refuse_to_replace(values, options.force)
    if options.dry_run:
        rows = forecast_paper(recipe, options.device)
        print_table(
            [*rows, *(("would write", str(p)) for p in places.files(options.picture))]
        )
        return
    kept = None if options.force else kept_precision(output)
    if options.precision == "auto" and kept is not None:
        recipe = recipe.model_copy(update={"precision": kept})
    say_if_slow(recipe.precision, options.device)
    halfway = Halfway(halfway_path(output), recipe.model_dump_json())
    if options.force:
        halfway.delete()
    try:
        run, field = paint_paper(recipe, options.device, console, halfway=halfway)
    except KeyboardInterrupt:
        print(
            f"grainpaint: stopped: {halfway.path} holds what is done, the same command "
            "goes on",
            file=sys.stderr,
        )
        raise typer.Exit(130) from None
    if values is not None:
        place = (recipe.spacing,) * 3, recipe.origin
        replace_with(values, lambda aside: write_values(aside, field, *place))
    for line in write_run(places, run, recipe, options.config, drawing, console):
        print(line, file=sys.stderr)
    halfway.delete()
    print_table(summary(run, recipe.precision, places.files(options.picture)))
