"""Builds: from a recipe of pool, scan and part to grains."""

import math
import warnings
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from grainpaint.cad import find_losses, load_part, plan_grid
from grainpaint.errors import InputError, InputNote
from grainpaint.microstructure import Microstructure
from grainpaint.philox import check_seed
from grainpaint.progress import Progress, silent
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.am.plan_path import plan_path
from grainpaint.simulate.am.process_map import ProcessMap, process_map
from grainpaint.simulate.am.recipe import AmRecipe, Substrate, read_am_recipe
from grainpaint.simulate.am.replay import last_lives
from grainpaint.simulate.am.scan import ScanPath
from grainpaint.simulate.am.solidify import solidify
from grainpaint.simulate.iso.random_spins import random_spins
from grainpaint.simulate.set_tasks import Elsewhere, Simulate
from grainpaint.simulate.sets import check_place, simulate_into, write_set
from grainpaint.simulate.toml import from_anywhere
from grainpaint.units import parse_length

__all__ = [
    "PreparedBuild",
    "additive",
    "first_spins",
    "map_process",
    "map_volume",
    "prepare",
    "simulate_am",
    "simulate_am_set",
]


@dataclass(frozen=True, eq=False)
class PreparedBuild:
    """A recipe with its mask, its scan path, and the place of its voxels (µm).

    Notes say what was mended in its part, and what voxels lose of it.
    """

    recipe: AmRecipe
    mask: np.ndarray
    edge: float
    origin: tuple[float, float, float]
    path: ScanPath
    notes: tuple[str, ...] = ()

    def warn(self) -> None:
        """Warn of what a user should know of the part."""
        for note in self.notes:
            warnings.warn(f"{self.recipe.part}: {note}", InputNote, stacklevel=3)


def prepare(recipe: AmRecipe) -> PreparedBuild:
    """Voxelize the part of a recipe and plan its scan path.

    Raises
    ------
    InputError
        If the part or the file of the path cannot be read, a body has no voxel, or no
        line is left.
    """
    edge = parse_length(recipe.voxel)
    if recipe.part is None:
        assert recipe.shape is not None
        mask, origin = np.ones(recipe.shape, bool), (0.0, 0.0, 0.0)
        return PreparedBuild(
            recipe, mask, edge, origin, plan_path(recipe, mask, origin)
        )
    part = load_part(recipe.part, recipe.unit)
    grid = plan_grid(part, edge)
    mask, origin = grid.mask_of_all(), grid.origin
    path = plan_path(recipe, mask, origin)
    return PreparedBuild(
        recipe, mask, edge, origin, path, (*part.notes, *find_losses(grid))
    )


def first_spins(
    n_spins: int, substrate: Substrate | None, mask: np.ndarray, seed: int
) -> np.ndarray:
    """Return powder of random spins on top of the grains of the substrate.

    Parameters
    ----------
    n_spins : int
        Powder has spins 1..n_spins, grains of the substrate those that follow.
    substrate : Substrate, optional
    mask : numpy.ndarray, bool, shape (nx, ny, nz)
        Where there is material.
    seed : int

    Returns
    -------
    numpy.ndarray, int32, shape (nx, ny, nz)
        0 where there is no material.
    """
    nx, ny, nz = mask.shape
    spin = random_spins((nx, ny, nz), n_spins, seed).astype(np.int32)
    if substrate:
        rng = np.random.default_rng(seed)
        height = min(substrate.height, mask.shape[2])
        slab = (*mask.shape[:2], height)
        n = max(1, round(math.prod(slab) * 6 / math.pi / substrate.grain**3))
        seeds = rng.uniform(-0.5, np.array(slab) - 0.5, (n, 3))
        voxels = np.moveaxis(np.indices(slab), 0, -1)
        spin[:, :, :height] = n_spins + 1 + cKDTree(seeds).query(voxels)[1]
    spin[~mask] = 0
    return spin


def _simulate(job: PreparedBuild, seed: int, progress: Progress) -> Microstructure:
    """Simulate the grains of a build with one seed."""
    recipe = job.recipe
    spin = first_spins(recipe.spins, recipe.substrate, job.mask, seed)
    if recipe.copy_molten or recipe.pool.shape == "weld":
        spin = solidify(
            spin,
            job.path,
            recipe.pool,
            recipe.haz,
            n_spins=recipe.spins,
            temperature=recipe.temperature,
            copy_molten=recipe.copy_molten,
            freeze=recipe.freeze,
            seed=seed,
            progress=progress,
        )
    else:
        spin = last_lives(
            spin,
            job.path,
            (recipe.pool, recipe.haz),
            n_spins=recipe.spins,
            temperature=recipe.temperature,
            freeze=recipe.freeze,
            seed=seed,
            progress=progress,
        )
    grain_id = label_pieces(spin, corners=True)
    return Microstructure(grain_id, (job.edge,) * 3, job.origin)


def additive(
    recipe: AmRecipe | Mapping[str, Any] | str | Path,
    seed: int = 0,
    progress: Progress = silent,
) -> Microstructure:
    """Simulate the grains of an additively manufactured build.

    Parameters
    ----------
    recipe : path, mapping or AmRecipe
        A TOML file (docs/additive.md), or its content.
    seed : int
        The same seed gives the same grains, whatever the number of threads.
    progress : Progress
        Receives the number of segments of the scan that are done.

    Returns
    -------
    Microstructure
        A grain is a piece of equal spin connected through 26 neighbors; powder that
        was never molten remains as grains of single voxels.

    Raises
    ------
    InputError
        If the recipe has a mistake, the part cannot be read, the pool is deeper than
        the box, or the path misses the box.

    Warns
    -----
    InputNote
        Of what was mended in the part, and what voxels lose of it.

    Examples
    --------
    >>> recipe = {
    ...     "shape": [24, 20, 12],
    ...     "voxel": "5um",
    ...     "pool": {"shape": "ellipsoid", "width": 9, "depth": 6, "length": 12},
    ...     "haz": {"law": "linear", "width": 3},
    ...     "scan": {"speed": 12, "hatch": 6, "thickness": 4},
    ... }
    >>> volume = additive(recipe, seed=1)
    >>> volume.shape, volume.spacing
    ((24, 20, 12), (5.0, 5.0, 5.0))
    """
    check_seed(seed)
    job = prepare(read_am_recipe(recipe))
    job.warn()
    return _simulate(job, seed, progress)


def simulate_am(
    recipe: AmRecipe,
    output: Path,
    seed: int = 0,
    count: int = 1,
    force: bool = False,
    progress: Progress = silent,
    executor: Executor | None = None,
) -> str:
    """Simulate a build into a file, or with several seeds into a Zarr set.

    Parameters
    ----------
    recipe : AmRecipe
    output : path
        As in `grainpaint.simulate.sets.simulate_into`.
    seed, count : int
        Seeds seed, seed + 1, ...
    force, progress
        As in `grainpaint.simulate.sets.simulate_into`.
    executor : Executor, optional
        Simulates the volumes of a set in place of this process, see
        `grainpaint.simulate.set_tasks.Elsewhere`.

    Returns
    -------
    str
        What was made, in words.

    Raises
    ------
    InputError
        As in `additive`, and if the output cannot be written; as
        `grainpaint.simulate.sets.simulate_into` if there is an executor.

    Warns
    -----
    InputNote
        As in `additive`.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> import grainpaint
    >>> recipe = AmRecipe.model_validate({
    ...     "shape": [24, 20, 12],
    ...     "pool": {"shape": "ellipsoid", "width": 9, "depth": 6, "length": 12},
    ...     "haz": {"law": "linear", "width": 3},
    ...     "scan": {"speed": 12, "hatch": 6, "thickness": 4},
    ... })
    >>> with TemporaryDirectory() as folder:
    ...     made = simulate_am(recipe, Path(folder, "build.npz"), seed=1)
    ...     grainpaint.load(Path(folder, "build.npz")).shape
    (24, 20, 12)
    """
    if count < 1:
        raise InputError(f"the count must be at least 1, got {count}")
    check_seed(seed)
    check_place(output, count, force)  # before the part is voxelized
    job = prepare(recipe)
    job.warn()
    settings = {"kind": "additive", **recipe.model_dump(mode="json")}
    elsewhere = None
    if executor is not None:
        elsewhere = Elsewhere(executor, partial(_prepared, from_anywhere(recipe)))
    return simulate_into(
        output,
        settings | {"seed": seed, "count": count},
        [job.path.duration],
        _simulation(job),
        force,
        progress,
        elsewhere,
    )


def _simulation(job: PreparedBuild) -> Simulate:
    """Return what simulates a seed of a build."""
    return lambda seed, progress: iter([_simulate(job, seed, progress)])


def _prepared(recipe: AmRecipe) -> Simulate:
    """Return what simulates a seed of a recipe."""
    return _simulation(prepare(recipe))


def simulate_am_set(recipe: AmRecipe, output: Path, seed: int) -> None:
    """Simulate one build into a Zarr set, which keeps its recipe.

    Raises
    ------
    InputError
        As in `additive`, and if the output cannot be written.
    """
    job = prepare(recipe)
    job.warn()
    settings = {"kind": "additive", **recipe.model_dump(mode="json")}
    settings |= {"seed": seed, "count": 1}
    times = [job.path.duration]
    write_set(output, settings, times, lambda s: iter([_simulate(job, s, silent)]))


def map_process(recipe: AmRecipe) -> ProcessMap:
    """Return where each voxel of a build lies in the track that melted it last.

    Raises
    ------
    InputError
        As in `additive`.
    """
    return _mapped(prepare(recipe))


def map_volume(recipe: AmRecipe, volume: Microstructure) -> ProcessMap:
    """Return the process maps of a volume that a recipe built.

    Parameters
    ----------
    recipe : AmRecipe
        Its box or part does not matter: that is what the volume's grains fill.
    volume : Microstructure

    Raises
    ------
    InputError
        If voxels have another size than the recipe's, the volume is a box of another
        shape than the recipe's, or the path cannot be planned.
    """
    edge = parse_length(recipe.voxel)
    if not np.allclose(volume.spacing, edge, rtol=1e-4):
        x, y, z = volume.spacing
        raise InputError(
            f"the lengths of the recipe count voxels of {edge:g} µm, and the volume "
            f"has voxels of {x:g} x {y:g} x {z:g} µm"
        )
    if recipe.shape not in (None, volume.shape) and volume.mask.all():
        there, here = (" x ".join(map(str, s)) for s in (recipe.shape, volume.shape))
        raise InputError(f"the box of the recipe has {there} voxels, the volume {here}")
    x0, y0, z0 = volume.origin
    path = plan_path(recipe, volume.mask, (x0, y0, z0))
    return _mapped(PreparedBuild(recipe, volume.mask, edge, (x0, y0, z0), path))


def _mapped(job: PreparedBuild) -> ProcessMap:
    nx, ny, nz = job.mask.shape
    maps = process_map((nx, ny, nz), job.path, job.recipe.pool)
    maps.track[~job.mask] = -1
    for values in (maps.across, maps.below, maps.direction, maps.time, maps.growth):
        values[~job.mask] = np.nan
    return maps
