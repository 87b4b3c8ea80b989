"""A build: from a recipe of pool, scan and part to grains."""

from __future__ import annotations

import math
import shutil
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import (
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    model_validator,
)
from scipy.spatial import cKDTree

from grainpaint import formats
from grainpaint.cad import load_part, voxelize
from grainpaint.errors import InputError
from grainpaint.microstructure import Microstructure
from grainpaint.philox import check_seed
from grainpaint.progress import Progress, silent
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.am.hatch import Hatch, contours, fill
from grainpaint.simulate.am.melt_pool import Haz, Pool, RecipePart
from grainpaint.simulate.am.process_map import ProcessMap, process_map
from grainpaint.simulate.am.scan import Corner, Path, make_path, read_csv
from grainpaint.simulate.am.solidify import solidify
from grainpaint.simulate.iso.potts import random_spins
from grainpaint.simulate.sets import write_set
from grainpaint.simulate.toml import check_recipe, load_toml
from grainpaint.units import parse_length

__all__ = [
    "AdditiveRecipe",
    "CsvScan",
    "HatchScan",
    "Substrate",
    "additive",
    "load_recipe",
    "map_process",
    "plan_path",
    "simulate",
]


class Substrate(RecipePart):
    """Grains that stand before the build begins, on which new ones grow on.

    Parameters
    ----------
    height : int
        Voxels from the bottom.
    grain : float
        Mean equivalent diameter of the (Voronoi) grains, voxels.
    """

    height: PositiveInt
    grain: PositiveFloat


class HatchScan(RecipePart):
    """Layers filled with hatch lines.

    Parameters
    ----------
    speed : float
        Voxels per unit of time (26 sweeps).
    hatch, thickness : float
        Distance of the lines; height of a layer, voxels.
    first : float, optional
        Height of the surface while the first layer is scanned; by default one
        thickness above the substrate. The last layer ends at the top of the box.
    angle, rotation : float
        Angle of the lines of the first layer to x, and what each layer adds, degrees.
    start : corner
        Where a layer begins: L or U (low, high y), L or R (low, high x).
    serpentine : bool
        Every other line runs back.
    overrun : float
        By how much lines go on beyond the part at both ends, voxels.
    island : float
        Edge of the squares that are scanned one by one, at right angles to their
        neighbors, voxels; 0 = none.
    contours : int
        Loops along the edge of each layer, scanned before the fill.
    """

    kind: Literal["lines"] = "lines"
    speed: PositiveFloat
    hatch: PositiveFloat
    thickness: PositiveFloat
    first: NonNegativeFloat | None = None
    angle: float = 0.0
    rotation: float = 67.0
    start: Corner = "LL"
    serpentine: bool = True
    overrun: NonNegativeFloat = 0.0
    island: NonNegativeFloat = 0.0
    contours: NonNegativeInt = 0


class CsvScan(RecipePart):
    """A path read from a file (see `grainpaint.simulate.am.scan.read_csv`).

    Parameters
    ----------
    file : path
        Relative to the recipe.
    """

    kind: Literal["csv"] = "csv"
    file: FilePath


class AdditiveRecipe(RecipePart):
    """Everything that decides the grains of a build, but the seed.

    Parameters
    ----------
    shape : three ints, optional
        Voxels of the box; or else a part.
    part : path, optional
        STL file, relative to the recipe; grains exist only inside it.
    unit : str
        Unit of the part.
    voxel : str
        Edge of a voxel with its unit.
    spins : int
        Molten voxels take one of so many random spins.
    temperature : float
        Of the Potts model, >= 0.
    copy_molten : bool
        Whether voxels may take the spin of a molten neighbor, as in SPPARKS.
    freeze : bool
        Whether the melt freezes from its edge inward where the beam goes off; in
        SPPARKS it stays as powder.
    substrate, pool, haz, scan
        See there.
    """

    shape: tuple[PositiveInt, PositiveInt, PositiveInt] | None = None
    part: FilePath | None = None
    unit: str = "mm"
    voxel: str = "1um"
    spins: Annotated[int, Field(ge=2, lt=2**30)] = 10_000
    temperature: NonNegativeFloat = 0.25
    copy_molten: bool = False
    freeze: bool = True
    substrate: Substrate | None = None
    pool: Pool
    haz: Haz
    scan: Annotated[HatchScan | CsvScan, Field(discriminator="kind")]

    @model_validator(mode="before")
    @classmethod
    def _lines_are_the_usual_scan(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("scan"), dict):
            return data | {"scan": {"kind": "lines"} | data["scan"]}
        return data

    @model_validator(mode="after")
    def _box_or_part(self) -> Self:
        if (self.shape is None) == (self.part is None):
            raise ValueError("give either the shape of a box or a part")
        return self


def load_recipe(path: FilePath) -> AdditiveRecipe:
    """Read the recipe of a build from a TOML file.

    Raises
    ------
    InputError
        If the file is missing, is not TOML, or a key is unknown, missing or out of
        range.
    """
    data = load_toml(path)
    for table, key in ((data, "part"), (data.get("scan"), "file")):
        if isinstance(table, dict) and isinstance(table.get(key), str):
            table[key] = str(path.parent / table[key])
    return check_recipe(AdditiveRecipe, data, str(path))


def _domain(
    recipe: AdditiveRecipe,
) -> tuple[np.ndarray, float, tuple[float, float, float]]:
    """Return the mask of a build, its voxel edge (µm) and its corner (µm)."""
    edge = parse_length(recipe.voxel)
    if recipe.part is None:
        assert recipe.shape is not None
        return np.ones(recipe.shape, bool), edge, (0.0, 0.0, 0.0)
    grid = voxelize(load_part(recipe.part, recipe.unit), edge)
    return grid.mask, grid.spacing, grid.origin


def plan_path(recipe: AdditiveRecipe, mask: np.ndarray) -> Path:
    """Return the scan path of a build inside a mask (bool, shape (nx, ny, nz)).

    Raises
    ------
    InputError
        If the file of the path is missing or damaged, or no line is left.
    """
    scan = recipe.scan
    if scan.kind == "csv":
        return read_csv(scan.file)
    hatch = Hatch(
        scan.speed,
        scan.hatch,
        scan.start,
        scan.serpentine,
        scan.overrun,
        scan.island,
    )
    ground = recipe.substrate.height if recipe.substrate else 0
    first = ground - 1 + scan.thickness if scan.first is None else scan.first
    top = mask.shape[2] - 1
    if first > top:
        raise InputError(
            f"the first layer is scanned at height {first:g}, outside the box, whose "
            f"highest voxel is {top}: give a lower `first` or a higher box"
        )
    n_layers = max(1, math.ceil((top - first) / scan.thickness - 1e-9) + 1)
    segments, heights = [], []
    for i in range(n_layers):
        z = min(first + i * scan.thickness, top)
        low = max(0, math.floor(z - scan.thickness) + 1)
        area = np.asarray(mask[:, :, low : math.floor(z) + 1].any(axis=2))
        loops, inner = contours(area, scan.contours, scan.hatch, scan.speed)
        lines = fill(inner, hatch, scan.angle + i * scan.rotation)
        segments += loops + lines
        heights += [z] * (len(loops) + len(lines))
    return make_path(segments, heights)


def _start(recipe: AdditiveRecipe, mask: np.ndarray, seed: int) -> np.ndarray:
    """Return powder of random spins on the substrate's grains (int32)."""
    nx, ny, nz = mask.shape
    spin = random_spins((nx, ny, nz), recipe.spins, seed).astype(np.int32)
    if recipe.substrate:
        rng = np.random.default_rng(seed)
        height = min(recipe.substrate.height, mask.shape[2])
        slab = (*mask.shape[:2], height)
        n = max(1, round(math.prod(slab) * 6 / math.pi / recipe.substrate.grain**3))
        seeds = rng.uniform(-0.5, np.array(slab) - 0.5, (n, 3))
        voxels = np.moveaxis(np.indices(slab), 0, -1)
        spin[:, :, :height] = recipe.spins + 1 + cKDTree(seeds).query(voxels)[1]
    spin[~mask] = 0
    return spin


def additive(
    recipe: AdditiveRecipe, seed: int = 0, progress: Progress = silent
) -> Microstructure:
    """Simulate the grains of a build.

    Parameters
    ----------
    recipe : AdditiveRecipe
    seed : int
        The same seed gives the same grains, whatever the number of threads.
    progress : Progress
        Told the sweeps done.

    Returns
    -------
    Microstructure
        A grain is a piece of equal spin connected through 26 neighbors; powder that
        was never molten stays as grains of single voxels.

    Raises
    ------
    InputError
        If the part cannot be read, the pool is deeper than the box, or the path misses
        the box.
    """
    check_seed(seed)
    mask, edge, origin = _domain(recipe)
    spin = solidify(
        _start(recipe, mask, seed),
        plan_path(recipe, mask),
        recipe.pool,
        recipe.haz,
        n_spins=recipe.spins,
        temperature=recipe.temperature,
        copy_molten=recipe.copy_molten,
        freeze=recipe.freeze,
        seed=seed,
        progress=progress,
    )
    return Microstructure(label_pieces(spin, corners=True), (edge,) * 3, origin)


def simulate(
    recipe: AdditiveRecipe,
    output: FilePath,
    seed: int = 0,
    count: int = 1,
    force: bool = False,
    progress: Progress = silent,
) -> str:
    """Simulate a build into a file, or several of them into a Zarr set.

    Parameters
    ----------
    recipe : AdditiveRecipe
    output : path
        A volume; with `count` > 1 a set, NAME.zarr, which goes on where it was stopped.
    seed, count : int
        Seeds seed, seed + 1, ...
    force : bool
        Replace what exists.
    progress : Progress
        Told the sweeps, or the volumes done.

    Returns
    -------
    str
        What was made, in words.

    Raises
    ------
    InputError
        As `additive`, and if the output cannot be written.
    """
    if count < 1:
        raise InputError(f"--count must be at least 1, got {count}")
    if count == 1:
        formats.check_output(output, force)
        volume = additive(recipe, seed, progress)
        formats.write(volume, output)
        return f"{volume.n_grains:,} grains"
    if output.suffix != ".zarr":
        raise InputError(
            f"{output}: several volumes go into a Zarr set, -o {output.stem}.zarr"
        )
    check_seed(seed)
    mask, _, _ = _domain(recipe)
    path = plan_path(recipe, mask)
    if force and output.exists():
        shutil.rmtree(output)
    settings = {"kind": "additive", **recipe.model_dump(mode="json")}
    n = write_set(
        output,
        settings | {"seed": seed, "count": count},
        [path.duration],
        lambda seed: iter([additive(recipe, seed)]),
        progress,
    )
    return f"{n} volumes"


def map_process(recipe: AdditiveRecipe) -> ProcessMap:
    """Return where each voxel of a build lies in the track that melted it last.

    Raises
    ------
    InputError
        As `additive`.
    """
    mask, _, _ = _domain(recipe)
    nx, ny, nz = mask.shape
    maps = process_map((nx, ny, nz), plan_path(recipe, mask), recipe.pool)
    maps.track[~mask] = -1
    for values in (maps.across, maps.below, maps.direction, maps.time):
        values[~mask] = np.nan
    return maps
