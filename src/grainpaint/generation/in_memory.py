"""Grains from a model, in memory: base, refinement window by window, segmentation.

The base comes at half resolution, in one window or in several (see
`grainpaint.generation.windows`); each refinement window depends on the base under it
and on nothing else.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter

import numpy as np
import psutil

from grainpaint.cad import load_part, plan_grid
from grainpaint.compiled import compile_seconds
from grainpaint.errors import InputError
from grainpaint.formats import file_digest
from grainpaint.generation.sampler import (
    Painter,
    base_window,
    n_evaluations,
    refine_window,
)
from grainpaint.generation.volume import (
    PartFile,
    Recipe,
    load_grid,
    make_painter,
    make_recipe,
    window_bytes,
)
from grainpaint.generation.windows import BasePlan, Key, Window, cells_of, windows
from grainpaint.microstructure import Microstructure, cut
from grainpaint.network.loading import load_model
from grainpaint.philox import check_seed
from grainpaint.progress import Progress, part_of, silent
from grainpaint.segmentation.pieces import grains

__all__ = [
    "COMPILING",
    "Clock",
    "Run",
    "check_memory",
    "fill",
    "generate",
    "paint",
    "paint_recipe",
    "paint_recipes",
]

_MAX_VOXELS = 2**31 - 1  # voxel indices of the segmentation are int32
COMPILING = "kernels"  # the step in which they compile
_BYTES_PER_VOXEL = 30  # at the peak, of the whole volume


@dataclass(frozen=True)
class Run:
    """A generated volume and how it came about.

    Of the box the share `grown` is near enough to the part to have grains.
    """

    volume: Microstructure
    seconds: dict[str, float]
    n_windows: int
    n_windows_box: int
    grown: float = 1.0


def check_memory(shape: tuple[int, int, int], plan: BasePlan) -> int:
    """Return the bytes that generation of a volume in memory takes at its peak.

    Raises
    ------
    InputError
        If there is not that much memory, or the volume has 2^31 voxels or more.
    """
    size = " x ".join(map(str, shape))
    n_voxels = math.prod(shape)
    need = window_bytes(plan) + _BYTES_PER_VOXEL * n_voxels
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


def fill(
    shape: tuple[int, int, int],
    painter: Painter,
    core: int,
    halo: int,
    mask: np.ndarray | None = None,
    spacing: float = 1.0,
    origin: tuple[float, ...] = (0.0, 0.0, 0.0),
    periodic: tuple[bool, ...] = (False, False, False),
    progress: Progress = silent,
) -> Run:
    """Fill a box, or the True voxels of a mask, with grains.

    Parameters
    ----------
    shape : three ints
        Voxels along x, y, z.
    painter : Painter
        Model, plan and seed: the same give the same grains.
    core, halo : int
        Edge of what a refinement window writes, and what it computes around that.
    mask : numpy.ndarray, bool, shape `shape`, optional
        True = inside the part.
    spacing : float
        Edge of a voxel, µm.
    origin : three floats
        Corner of voxel (0, 0, 0), µm.
    periodic : three bools
        Axes along which grains go on through the faces; the plan must be a torus of the
        volume's length there.
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
    check_seed(painter.seed)
    if mask is not None and not mask.any():
        raise InputError(
            f"no voxel center lies inside the part: use voxels below {spacing:g} µm"
        )
    check_memory(shape, painter.plan)
    clock = Clock()
    inside = None if mask is None else partial(cut, mask)
    chosen = list(windows(shape, mask, core, halo))
    base = _base(painter, chosen, progress)
    clock.lap("base")
    tags = np.zeros(shape, np.uint16)
    with progress("refine", len(chosen)) as bar:
        for i, window in enumerate(chosen):
            found = refine_window(
                painter,
                window,
                base.__getitem__,
                inside=inside,
                progress=part_of(bar, i, 1.0),
            )
            tags[window.write] = found
            bar.update(i + 1)
    grown = np.count_nonzero(tags) / tags.size
    if mask is not None:
        tags[~mask] = 0
    clock.lap("refine")
    with progress("segment", 1):
        grain_id = grains(tags, periodic, keep_cut=mask is None)
    clock.lap("segment")
    return Run(
        Microstructure(grain_id, (spacing,) * 3, origin, periodic),
        clock.seconds,
        n_windows=len(chosen),
        n_windows_box=len(list(windows(shape, None, core, halo))),
        grown=grown,
    )


def _base(
    painter: Painter, chosen: list[Window], progress: Progress
) -> dict[Key, np.ndarray]:
    """Return all windows of the base that some windows need."""
    cells = (cells_of(window, painter.levels) for window in chosen)
    keys = sorted({key for c in cells for key in painter.plan.find(c)})
    base: dict[Key, np.ndarray] = {}
    numbers = itertools.count(1)
    n_runs = len(keys) * painter.plan.n_runs
    with progress("base", n_runs * n_evaluations(painter.model)[0]) as bar:

        def tick() -> None:
            bar.update(next(numbers))

        for key in keys:
            base[key] = base_window(painter, key, tick)
    return base


class Clock:
    """Seconds of named steps; compiling kernels is a step of its own."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last, self._compiled = perf_counter(), compile_seconds()

    def lap(self, name: str) -> None:
        """End a step."""
        now, compiled = perf_counter(), compile_seconds()
        of_kernels = compiled - self._compiled
        if of_kernels > 0:
            before = self.seconds.get(COMPILING, 0.0)
            self.seconds[COMPILING] = before + of_kernels
        self.seconds[name] = now - self._last - of_kernels
        self._last, self._compiled = now, compiled


def paint_recipe(
    recipe: Recipe, device: str = "cpu", progress: Progress = silent
) -> Run:
    """Generate the volume of a recipe, in memory.

    Raises
    ------
    InputError
        As `fill`, or if model or part are others than in the recipe.
    """
    return next(paint_recipes([recipe], device, progress))


def paint_recipes(
    recipes: Sequence[Recipe], device: str = "cpu", progress: Progress = silent
) -> Iterator[Run]:
    """Generate the volumes of recipes that differ in their seeds, in memory.

    Mask and model are made once.

    Raises
    ------
    InputError
        As `paint_recipe`.
    """
    recipe = recipes[0]
    check_memory(recipe.shape, recipe.plan)
    grid = load_grid(recipe)
    mask = None if grid is None else grid.mask([(0, n) for n in recipe.shape])
    model = load_model(recipe.model, device, recipe.precision)
    for recipe in recipes:
        yield fill(
            recipe.shape,
            make_painter(recipe, model),
            recipe.core,
            recipe.halo,
            mask,
            recipe.spacing,
            recipe.origin,
            recipe.periodic,
            progress,
        )


def generate(
    shape: tuple[int, int, int],
    model: str = "iso",
    seed: int = 0,
    voxel: float = 1.0,
    grain_size: str | None = None,
    periodic: tuple[bool, bool, bool] = (False, False, False),
    device: str = "cpu",
    progress: Progress = silent,
    precision: str = "auto",
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
    grain_size : str, optional
        Mean grain diameter: a length, a formula of x, y, z in µm, or a file; see
        `grainpaint.generation.grain_size.read_grain_size`. Without it that of the
        model's data.
    periodic : three bools
        Axes along which grains go on through the faces.
    device : str
        A torch device.
    progress : Progress
        Told the network evaluations done.
    precision : {'auto', 'float32', 'bfloat16'}
        That networks are evaluated in; 'auto' is the faster one on the device. Both
        give nearly the same grains.

    Returns
    -------
    Microstructure

    Raises
    ------
    InputError
        As `fill`.
    """
    recipe = make_recipe(
        shape,
        voxel,
        model=model,
        seed=seed,
        grain_size=grain_size,
        periodic=periodic,
        precision=precision,
        device=device,
    )
    return paint_recipe(recipe, device, progress).volume


def paint(
    part: str | Path,
    voxel: float | None = None,
    unit: str = "mm",
    longest: int = 128,
    model: str = "iso",
    seed: int = 0,
    grain_size: str | None = None,
    device: str = "cpu",
    progress: Progress = silent,
    precision: str = "auto",
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
    model, seed, grain_size, device, progress, precision
        As in `generate`.

    Returns
    -------
    Microstructure
        In the part's own coordinates, µm; 0 outside.

    Raises
    ------
    InputError
        If the part cannot be voxelized, or as `fill`.
    """
    path = Path(part)
    grid = plan_grid(load_part(path, unit), voxel, longest)
    file = PartFile(path=str(path), unit=unit, sha256=file_digest(path))
    recipe = make_recipe(
        grid.shape,
        grid.spacing,
        grid.origin,
        model=model,
        seed=seed,
        part=file,
        grain_size=grain_size,
        precision=precision,
        device=device,
    )
    return paint_recipe(recipe, device, progress).volume
