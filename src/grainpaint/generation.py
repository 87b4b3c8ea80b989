"""Grains from a model, in memory: base, refinement window by window, segmentation.

The base comes at half resolution, in one window or in several (see `grainpaint.plan`);
each refinement window depends on the base under it and on nothing else.
"""

import itertools
import math
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
import psutil

from grainpaint.cad import load_part, plan_grid
from grainpaint.errors import InputError
from grainpaint.microstructure import Microstructure
from grainpaint.model import Model, load_model
from grainpaint.philox import check_seed
from grainpaint.plan import BasePlan, Key, Window, cells_of, whole, windows
from grainpaint.progress import Progress, silent
from grainpaint.sample import base_window, n_evaluations, refine_window
from grainpaint.segment import grains
from grainpaint.volume import PartFile, Recipe, file_digest, load_grid, make_recipe

__all__ = ["Run", "check_memory", "generate", "paint", "paint_mask", "paint_recipe"]

_MAX_VOXELS = 2**31 - 1  # voxel indices of the segmentation are int32
_BYTES_PER_VOXEL, _BYTES_PER_BASE_VOXEL = 30, 400  # at the peak
_BYTES_FIXED = 700 << 20  # interpreter, libraries, one window


@dataclass(frozen=True)
class Run:
    """A generated volume and how it came about."""

    volume: Microstructure
    seconds: dict[str, float]
    n_windows: int
    n_windows_box: int


def check_memory(shape: tuple[int, int, int], plan: BasePlan | None = None) -> int:
    """Return the bytes that generation of a volume in memory takes at its peak.

    Raises
    ------
    InputError
        If there is not that much memory, or the volume has 2^31 voxels or more.
    """
    size = " x ".join(map(str, shape))
    n_voxels = math.prod(shape)
    plan = plan or whole(shape, multiple=8)
    n_base = math.prod(plan.computed_shape)
    need = _BYTES_FIXED + _BYTES_PER_BASE_VOXEL * n_base + _BYTES_PER_VOXEL * n_voxels
    if n_voxels > _MAX_VOXELS:
        raise InputError(
            f"{size} voxels are too many ({n_voxels:.3g}; at most {_MAX_VOXELS}, and "
            f"they would take {need / 2**30:,.0f} GiB of memory): use larger voxels"
        )
    have = psutil.virtual_memory().available
    if need > have:
        raise InputError(
            f"{size} voxels would take {need / 2**30:,.1f} GiB of memory, "
            f"{have / 2**30:,.1f} GiB are free: use larger voxels or a smaller volume, "
            "or --plan windows"
        )
    return need


def paint_mask(
    mask: np.ndarray,
    model: Model,
    seed: int = 0,
    spacing: float = 1.0,
    origin: tuple[float, ...] = (0.0, 0.0, 0.0),
    plan: BasePlan | None = None,
    progress: Progress = silent,
) -> Run:
    """Fill the True voxels of a mask with grains.

    Parameters
    ----------
    mask : numpy.ndarray, bool, shape (nx, ny, nz)
        True = inside the part.
    model : Model
        See `grainpaint.model.load_model`.
    seed : int
        0..2^63 - 1. The same seed, mask and model give the same grains.
    spacing : float
        Edge of a voxel, µm.
    origin : three floats
        Corner of voxel (0, 0, 0), µm.
    plan : BasePlan, optional
        How the base is cut; by default `grainpaint.plan.whole`.
    progress : Progress
        Told the network evaluations done.

    Returns
    -------
    Run
        The volume, the seconds of each step and the windows.

    Raises
    ------
    InputError
        If the mask is empty, the memory is too small or the seed out of range.
    """
    check_seed(seed)
    if not mask.any():
        raise InputError(
            f"no voxel centre lies inside the part: use voxels below {spacing:g} µm"
        )
    plan = plan or whole(mask.shape, model.base.multiple)
    check_memory(mask.shape, plan)
    clock = _Clock()
    size = model.refine_card.sampling.core, model.refine_card.sampling.halo
    chosen = list(windows(mask.shape, mask, *size))
    base = _base(model, plan, chosen, seed, progress)
    clock.lap("base")
    tags = np.zeros(mask.shape, np.uint16)
    with progress("refine", len(chosen)) as bar:
        for i, window in enumerate(chosen):
            tags[window.write] = refine_window(
                model, plan, window, base.__getitem__, seed
            )
            bar.update(i + 1)
    tags[~mask] = 0
    clock.lap("refine")
    with progress("segment", 1):
        grain_id = grains(tags)
    clock.lap("segment")
    return Run(
        Microstructure(grain_id, (spacing,) * 3, origin),
        clock.seconds,
        n_windows=len(chosen),
        n_windows_box=len(list(windows(mask.shape, None, *size))),
    )


def _base(
    model: Model,
    plan: BasePlan,
    chosen: list[Window],
    seed: int,
    progress: Progress,
) -> dict[Key, np.ndarray]:
    """Return all windows of the base that some windows need."""
    keys = sorted({k for w in chosen for k in plan.find(cells_of(w))})
    base: dict[Key, np.ndarray] = {}
    numbers = itertools.count(1)
    with progress("base", len(keys) * n_evaluations(model)[0]) as bar:

        def tick() -> None:
            bar.update(next(numbers))

        for key in keys:
            base[key] = base_window(model, plan, key, seed, tick)
    return base


class _Clock:
    """Seconds of named steps."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = perf_counter()

    def lap(self, name: str) -> None:
        now = perf_counter()
        self.seconds[name] = now - self._last
        self._last = now


def paint_recipe(
    recipe: Recipe, device: str = "cpu", progress: Progress = silent
) -> Run:
    """Generate the volume of a recipe, in memory.

    Raises
    ------
    InputError
        As `paint_mask`, or if model or part are others than in the recipe.
    """
    check_memory(recipe.shape, recipe.plan)
    grid = load_grid(recipe)
    if grid is None:
        mask = np.ones(recipe.shape, bool)
    else:
        mask = grid.mask([(0, n) for n in recipe.shape])
    model = load_model(recipe.model, device)
    return paint_mask(
        mask, model, recipe.seed, recipe.spacing, recipe.origin, recipe.plan, progress
    )


def generate(
    shape: tuple[int, int, int],
    model: str = "iso",
    seed: int = 0,
    voxel: float = 1.0,
    device: str = "cpu",
    progress: Progress = silent,
) -> Microstructure:
    """Generate a box of grains.

    Parameters
    ----------
    shape : three ints
        Voxels along x, y, z.
    model : str
        A shipped model's name, or the folder of another.
    seed : int
        0..2^63 - 1.
    voxel : float
        Edge of a voxel, µm.
    device : str
        A torch device.
    progress : Progress
        Told the network evaluations done.

    Returns
    -------
    Microstructure
        Not periodic.

    Raises
    ------
    InputError
        As `paint_mask`.
    """
    recipe = make_recipe(shape, voxel, model=model, seed=seed)
    return paint_recipe(recipe, device, progress).volume


def paint(
    part: str | Path,
    voxel: float | None = None,
    unit: str = "mm",
    longest: int = 128,
    model: str = "iso",
    seed: int = 0,
    device: str = "cpu",
    progress: Progress = silent,
) -> Microstructure:
    """Paint grains into a CAD part.

    Parameters
    ----------
    part : path
        An STL file, binary or ASCII, of closed bodies.
    voxel : float, optional
        Edge of a voxel, µm; without it the longest side gets `longest` voxels.
    unit : str
        Unit of the coordinates in the file (STL names none).
    longest : int
        Voxels along the longest side, where `voxel` is not given.
    model, seed, device, progress
        As in `generate`.

    Returns
    -------
    Microstructure
        In the part's own coordinates, µm; 0 outside.

    Raises
    ------
    InputError
        If the part cannot be voxelized, or as `paint_mask`.
    """
    path = Path(part)
    grid = plan_grid(load_part(path, unit), voxel, longest)
    file = PartFile(path=str(path), unit=unit, sha256=file_digest(path))
    recipe = make_recipe(
        grid.shape, grid.spacing, grid.origin, model=model, seed=seed, part=file
    )
    return paint_recipe(recipe, device, progress).volume
