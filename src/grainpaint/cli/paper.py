"""What the commands that generate do with a model of the paper's kind."""

from __future__ import annotations

import sys
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from grainpaint.cli.app import PAPER, print_table, say_if_slow
from grainpaint.cli.job import Job
from grainpaint.cli.options import option
from grainpaint.cli.written import summary, write_painted
from grainpaint.errors import InputError

if TYPE_CHECKING:
    from grainpaint.drawing.picture import Picture
    from grainpaint.paper.recipe import PaperRecipe
    from grainpaint.record import Outputs

__all__ = ["PaperFlags"]


@dataclass(frozen=True)
class PaperFlags:
    """How RePaint fills a volume, block by block."""

    resamplings: Annotated[
        int, option("--resamplings", "Jumps back at each noise level.", PAPER)
    ] = 10
    jump: Annotated[int, option("--jump", "Noise levels per jump.", PAPER)] = 1
    block: Annotated[int, option("--block", "Edge of a block, in voxels.", PAPER)] = 32
    field: Annotated[
        Path | None,
        option("--field", "Keep the values before segmentation, as .npz.", PAPER),
    ] = None

    def in_memory(self, output: Path) -> bool:
        """Return whether the volume is made in memory: always."""
        return True

    def fill(self, job: Job, drawing: Picture | None) -> None:
        """Make a volume as the paper does, or say what that takes."""
        from grainpaint.formats.files import refuse_to_replace
        from grainpaint.paper.paint import forecast_paper
        from grainpaint.record import check_outputs

        for field in fields(job.runs):
            if getattr(job.runs, field.name) != field.default:
                raise InputError(
                    f"--{field.name.replace('_', '-')} is not an option of the model "
                    f"{job.model.model!r}, which is of the kind paper"
                )
        written, values = job.written, self.field
        places = check_outputs(job.output, written.force, written.picture)
        if values is not None:
            if values.suffix != ".npz":
                raise InputError(f"{values}: the values are written as .npz")
            refuse_to_replace(values, written.force)
        recipe = self._recipe(job)
        if not written.dry_run:
            self._paint(recipe, job, places, drawing)
            return
        rows = forecast_paper(recipe, job.model.device)
        files = [("would write", str(p)) for p in places.files(written.picture)]
        print_table([*rows, *files])

    def _recipe(self, job: Job) -> PaperRecipe:
        from grainpaint.paper.recipe import PaperOptions, make_paper_recipe

        options = PaperOptions(
            job.plan.plan,
            self.block,
            job.plan.overlap,
            self.resamplings,
            self.jump,
        )
        model = job.model
        return make_paper_recipe(
            job.domain(),
            options,
            model.model,
            model.seed,
            model.precision,
            model.device,
        )

    def _paint(
        self, recipe: PaperRecipe, job: Job, places: Outputs, drawing: Picture | None
    ) -> None:
        from grainpaint.formats.field import write_values
        from grainpaint.formats.files import replace_with
        from grainpaint.paper.halfway import Halfway, halfway_path, halfway_precision
        from grainpaint.paper.paint import paint_paper
        from grainpaint.progress import console

        kept = None if job.written.force else halfway_precision(job.output)
        if job.model.precision == "auto" and kept is not None:
            recipe = recipe.model_copy(update={"precision": kept})
        say_if_slow(recipe.precision, job.model.device)
        halfway = Halfway(halfway_path(job.output), recipe.model_dump_json())
        if job.written.force:
            halfway.delete()
        try:
            painted, values = paint_paper(
                recipe, job.model.device, console, halfway=halfway
            )
        except KeyboardInterrupt:
            print(
                f"grainpaint: stopped: {halfway.path} holds what is done, the same "
                "command continues",
                file=sys.stderr,
            )
            raise typer.Exit(130) from None
        if self.field is not None:
            place = (recipe.spacing,) * 3, recipe.origin
            replace_with(self.field, lambda aside: write_values(aside, values, *place))
        painted = job.texture.oriented(painted, recipe.seed)
        settings = job.command | job.texture.settings(recipe.seed)
        write_painted(places, painted, recipe, settings, drawing)
        halfway.delete()
        files = places.files(job.written.picture)
        print_table(summary(painted, recipe.precision, files))
