"""Grains from a model, in memory: base, refinement window by window, segmentation.

The base has half the resolution, in one window or several (see
`grainpaint.generation.windows`); each refinement window depends on the base under it
and on nothing else.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np

from grainpaint.cad import no_voxel_inside
from grainpaint.compiled import compile_seconds
from grainpaint.errors import InputError
from grainpaint.generation.base import base_window
from grainpaint.generation.domain import load_mask
from grainpaint.generation.finish import finish_window, label_grains
from grainpaint.generation.margin import Inside
from grainpaint.generation.memory import check_free
from grainpaint.generation.overlapped import painted_windows
from grainpaint.generation.painter import Painter, make_painter
from grainpaint.generation.recipe import Recipe, base_bytes
from grainpaint.generation.windows import (
    BasePlan,
    Key,
    Shape,
    Window,
    cells_of,
    windows,
)
from grainpaint.microstructure import Microstructure, cut
from grainpaint.network.loading import load_any
from grainpaint.philox import check_seed
from grainpaint.progress import Progress, part_of, silent

__all__ = [
    "COMPILING",
    "Painted",
    "StepClock",
    "check_memory",
    "fill",
    "paint_recipe",
    "paint_recipes",
]

_MAX_VOXELS = 2**31 - 1  # voxel indices of the segmentation are int32
COMPILING = "kernels"  # the step in which they compile
_BYTES_PER_VOXEL = 30  # at the peak, of the whole volume


@dataclass(frozen=True)
class Painted:
    """A generated volume and how it was made.

    Parameters
    ----------
    volume : Microstructure
    seconds : dict
        Of each step.
    n_windows, n_windows_box : int
        Refinement windows that were made, and those of the whole box.
    grown : float
        Share of the box that is near enough to the part to have grains.
    """

    volume: Microstructure
    seconds: dict[str, float]
    n_windows: int
    n_windows_box: int
    grown: float = 1.0

    def record(self) -> dict[str, Any]:
        """Return what the record of a run says of it."""
        return {
            "voxels": self.volume.n_voxels,
            "grains": self.volume.n_grains,
            "windows": self.n_windows,
            "windows_of_box": self.n_windows_box,
            "grown": round(self.grown, 4),
            "seconds": {name: round(s, 3) for name, s in self.seconds.items()},
        }


def check_memory(shape: tuple[int, int, int], plan: BasePlan) -> int:
    """Return the peak memory of making a volume in memory, bytes.

    Raises
    ------
    InputError
        If there is not enough memory, or the volume has 2^31 voxels or more.
    """
    size = " x ".join(map(str, shape))
    n_voxels = math.prod(shape)
    need = base_bytes(plan) + _BYTES_PER_VOXEL * n_voxels
    if n_voxels > _MAX_VOXELS:
        raise InputError(
            f"{size} voxels are too many ({n_voxels:.3g}; at most {_MAX_VOXELS}, and "
            f"they would take {need / 2**30:,.0f} GiB of memory): use larger voxels"
        )
    advice = (
        "use larger voxels or a smaller volume, or have it made piece by piece: as "
        "NAME.zarr, without periodic axes"
    )
    check_free(need, f"{size} voxels", advice)
    return need


def fill(
    shape: tuple[int, int, int],
    painter: Painter,
    core: Shape,
    halo: int,
    mask: np.ndarray | None = None,
    spacing: float = 1.0,
    origin: tuple[float, ...] = (0.0, 0.0, 0.0),
    periodic: tuple[bool, ...] = (False, False, False),
    progress: Progress = silent,
) -> Painted:
    """Fill a box, or the True voxels of a mask, with grains.

    Parameters
    ----------
    shape : three ints
        Voxels along x, y, z.
    painter : Painter
        Model, plan and seed: the same give the same grains.
    core : three ints
        Edges of what a refinement window writes.
    halo : int
        What it computes around that.
    mask : numpy.ndarray, bool, shape `shape`, optional
        True = inside the part.
    spacing : float
        Edge of a voxel, µm.
    origin : three floats
        Corner of voxel (0, 0, 0), µm.
    periodic : three bools
        Axes along which grains continue through the faces; the plan must be a torus of
        the volume's length there.
    progress : Progress
        Told the network evaluations done.

    Returns
    -------
    Painted
        The volume, the seconds of each step and the windows.

    Raises
    ------
    InputError
        If the mask is empty, there is not enough memory, or the seed is out of range.
    """
    check_seed(painter.seed)
    if mask is not None and not mask.any():
        raise no_voxel_inside(spacing)
    check_memory(shape, painter.plan)
    clock = StepClock()
    inside = None if mask is None else partial(cut, mask)
    chosen = list(windows(shape, mask, core, halo))
    tags = np.zeros(shape, np.uint16)
    if overlaps(painter):
        made = painted_windows(painter, chosen, inside, progress)
    else:
        base = _base(painter, chosen, progress)
        clock.lap("base")
        made = _refined(painter, chosen, inside, base, progress)
    for window, found in made:
        tags[window.write] = found
    grown = np.count_nonzero(tags) / tags.size
    if mask is not None:
        tags[~mask] = 0
    clock.lap("paint" if overlaps(painter) else "refine")
    with progress("segment", 1):
        grain_id = label_grains(painter, tags, periodic)
    clock.lap("segment")
    return Painted(
        Microstructure(grain_id, (spacing,) * 3, origin, periodic),
        clock.seconds,
        n_windows=len(chosen),
        n_windows_box=len(list(windows(shape, None, core, halo))),
        grown=grown,
    )


def overlaps(painter: Painter) -> bool:
    """Return whether a card evaluates the networks, while the processor does the rest.

    On a processor, the one would take the cores of the other.
    """
    return painter.model.base.device.type != "cpu" and painter.plan.order is None


def _refined(
    painter: Painter,
    chosen: list[Window],
    inside: Inside | None,
    base: dict[Key, np.ndarray],
    progress: Progress,
) -> Iterator[tuple[Window, np.ndarray]]:
    """Yield windows with their tags."""
    with progress("refine", len(chosen)) as bar:
        for i, window in enumerate(chosen):
            found = finish_window(
                painter,
                window,
                base.__getitem__,
                inside=inside,
                progress=part_of(bar, i, 1.0),
            )
            yield window, found
            bar.update(i + 1)


def _base(
    painter: Painter, chosen: list[Window], progress: Progress
) -> dict[Key, np.ndarray]:
    """Return all windows of the base that some windows need."""
    plan = painter.plan
    cells = (cells_of(window, painter.levels, plan.stretch) for window in chosen)
    keys = sorted({key for c in cells for key in plan.find(c)})
    base: dict[Key, np.ndarray] = {}
    numbers = itertools.count(1)
    n_runs = len(keys) * plan.n_runs
    with progress("base", n_runs * painter.model.base_card.sampling.n_steps) as bar:

        def tick() -> None:
            bar.update(next(numbers))

        for key in keys:
            base[key] = base_window(painter, key, tick)
    return base


class StepClock:
    """The seconds that named steps take; compiling kernels counts as its own step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last, self._compiled = perf_counter(), compile_seconds()

    def lap(self, name: str) -> None:
        """End a step and begin the next."""
        now, compiled = perf_counter(), compile_seconds()
        of_kernels = compiled - self._compiled
        if of_kernels > 0:
            before = self.seconds.get(COMPILING, 0.0)
            self.seconds[COMPILING] = before + of_kernels
        self.seconds[name] = now - self._last - of_kernels
        self._last, self._compiled = now, compiled


def paint_recipe(
    recipe: Recipe, device: str = "cpu", progress: Progress = silent
) -> Painted:
    """Generate the volume of a recipe, in memory.

    Raises
    ------
    InputError
        As `fill`, or if model or part are others than in the recipe.
    """
    return next(paint_recipes([recipe], device, progress))


def paint_recipes(
    recipes: Sequence[Recipe], device: str = "cpu", progress: Progress = silent
) -> Iterator[Painted]:
    """Generate the volumes of recipes that differ in their seeds, in memory.

    The mask and the model are loaded once.

    Raises
    ------
    InputError
        As `paint_recipe`.
    """
    recipe = recipes[0]
    check_memory(recipe.shape, recipe.plan)
    mask = load_mask(recipe)
    model = load_any(recipe.model, device, recipe.precision)
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
