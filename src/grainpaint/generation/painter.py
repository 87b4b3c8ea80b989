"""What decides the grains of a volume: model, plan, seed, level, sizes, scan."""

from dataclasses import dataclass

import numpy as np

from grainpaint.errors import InputError
from grainpaint.generation.domain import load_grid
from grainpaint.generation.grain_size import Wanted, make_wanted
from grainpaint.generation.recipe import Recipe
from grainpaint.generation.scan_field import ScanField
from grainpaint.generation.scan_recipe import path_digest
from grainpaint.generation.windows import BasePlan
from grainpaint.network.loading import Model
from grainpaint.segmentation.fragments import MIN_VOXELS
from grainpaint.simulate.am.plan_path import layers_within, plan_path
from grainpaint.simulate.am.recipe_range import check_path_in_range
from grainpaint.simulate.am.solidify import check_scan

__all__ = ["Painter", "make_painter"]


@dataclass(frozen=True)
class Painter:
    """What decides the grains of a volume, apart from the mask of a part.

    Parameters
    ----------
    model : Model
    plan : BasePlan
        Of the base.
    seed : int
    levels : int
        Level of the result, which has 2^levels voxels per base voxel.
    wanted : Wanted, optional
        Grain sizes; without them, the size on the model's card.
    scan : ScanField, optional
        What an additive model follows.
    in_box : bool
        Whether a box is filled, not a part.
    thrifty, even : bool
        See `grainpaint.generation.recipe.Recipe`.
    """

    model: Model
    plan: BasePlan
    seed: int
    levels: int = 1
    wanted: Wanted | None = None
    scan: ScanField | None = None
    in_box: bool = True
    thrifty: bool = False
    even: bool = False

    @property
    def min_voxels(self) -> int:
        """Voxels of the smallest grains: in a build, single voxels are grains."""
        return MIN_VOXELS if self.scan is None else 1


def make_painter(recipe: Recipe, model: Model) -> Painter:
    """Return a recipe's painter: what decides its grains, with the model loaded."""
    size, wanted = recipe.grain_size, None
    if size is not None:
        rows = model.base_card.sampling.calibration
        wanted = make_wanted(size, rows, recipe.spacing, recipe.levels, recipe.origin)
    return Painter(
        model,
        recipe.plan,
        recipe.seed,
        recipe.levels,
        wanted,
        _scan_field(recipe),
        in_box=recipe.part is None,
        thrifty=recipe.thrifty,
        even=recipe.even,
    )


def _scan_field(recipe: Recipe) -> ScanField | None:
    """Return what an additive model follows, its path planned."""
    if recipe.scan is None:
        return None
    scan, grid = recipe.scan, load_grid(recipe)
    part = None if grid is None else grid.mask
    if scan.scan.kind == "lines":
        layers_within(scan, recipe.shape)  # refuses lines that cannot build it
        return ScanField(scan, recipe.shape, part=part, stretch=recipe.stretch)
    if recipe.path_sha256 not in (None, path_digest(scan)):
        raise InputError(f"{scan.scan.file} has changed since the volume was begun")
    mask = np.ones(recipe.shape, bool) if grid is None else grid.mask_of_all()
    path = plan_path(scan, mask, recipe.origin)
    check_path_in_range(path, scan.pool)
    check_scan(recipe.shape, path, scan.pool)
    return ScanField(scan, recipe.shape, path, part, recipe.stretch)
