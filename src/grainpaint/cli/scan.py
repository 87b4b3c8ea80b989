"""What the commands that generate do with an additive model, which follows a scan."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from grainpaint.cli.app import WHAT
from grainpaint.cli.job import Job
from grainpaint.cli.options import (
    BoxFlags,
    ModelFlags,
    PartFlags,
    PlanFlags,
    option,
)
from grainpaint.cli.pyramid import make_volumes
from grainpaint.errors import InputError

if TYPE_CHECKING:
    from grainpaint.drawing.picture import Picture
    from grainpaint.generation.domain import Domain
    from grainpaint.generation.recipe import Recipe
    from grainpaint.simulate.am.recipe import AmRecipe

__all__ = ["ScanFlags"]


@dataclass(frozen=True)
class ScanFlags:
    """The scan that an additive model follows."""

    scan: Annotated[
        Path | None,
        option("--scan", "Recipe of a build (TOML), for the model am.", WHAT),
    ] = None

    @cached_property
    def recipe(self) -> AmRecipe:
        """The recipe of the build, read once."""
        from grainpaint.simulate.am.recipe import load_am_recipe

        if self.scan is None:
            raise InputError(
                "this model follows a scan: add --scan RECIPE.toml, a recipe that "
                "`grainpaint simulate am` takes"
            )
        return load_am_recipe(self.scan)

    def voxels_of(self, size: PartFlags) -> PartFlags:
        """Return how a part becomes voxels: by default, those of the scan."""
        if self.scan is None or size.voxel or size.longest:
            return size
        return replace(size, voxel=self.recipe.voxel)

    def domain(self, size: BoxFlags) -> Domain | None:
        """Return the box to fill, by default what the recipe builds; None without one.

        Parameters
        ----------
        size : BoxFlags
            The box that is asked for, if any.
        """
        from grainpaint.generation.domain import Domain
        from grainpaint.units import parse_length, parse_shape

        if self.scan is None:
            return None
        recipe = self.recipe
        edge = size.voxel or recipe.voxel
        if size.shape is not None:
            return Domain(parse_shape(size.shape), parse_length(edge))
        if recipe.part is not None:
            return PartFlags(edge, recipe.unit).domain(recipe.part)
        assert recipe.shape is not None
        return Domain(recipe.shape, parse_length(edge))

    def in_memory(self, output: Path) -> bool:
        """Return whether the volume is made in memory, not piece by piece on disk."""
        return output.suffix != ".zarr"

    def settled(
        self, domain: Callable[[], Domain], model: ModelFlags, plan: PlanFlags
    ) -> Recipe:
        """Settle all that decides the voxels, after saying what the model's card notes.

        Raises
        ------
        InputError
            If there is no scan, pieces were asked for, or as `make_scan_recipe`.
        """
        from grainpaint.generation.scan_recipe import make_scan_recipe
        from grainpaint.network.cards import read_card
        from grainpaint.network.lookup import find_model

        if plan != PlanFlags():
            raise InputError(
                f"the model {model.model!r} always makes base windows: leave --plan "
                "and --overlap out"
            )
        scan = self.recipe  # before a part is read
        recipe = make_scan_recipe(
            domain(), scan, model.model, model.seed, model.precision, model.device
        )
        note = read_card(find_model(model.model, "additive") / "additive.json").note
        if note:
            print(f"{model.model}: {note}", file=sys.stderr)
        return recipe

    def fill(self, job: Job, drawing: Picture | None) -> None:
        """Make volumes and write everything, or say what would be done."""
        make_volumes(job, drawing, self.settled, self.in_memory)
