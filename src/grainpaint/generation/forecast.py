"""What a recipe will take: windows, time, memory, disk."""

import math
from dataclasses import dataclass, replace
from time import process_time

import numpy as np

from grainpaint.generation.base import base_window
from grainpaint.generation.domain import load_grid
from grainpaint.generation.finish import finish_window
from grainpaint.generation.margin import CELL, margin, widened
from grainpaint.generation.painter import make_painter
from grainpaint.generation.paper_plans import waves
from grainpaint.generation.recipe import Recipe, window_bytes
from grainpaint.generation.refine import growing, growing_in_all
from grainpaint.generation.tasks import find_tasks, n_growth_tasks
from grainpaint.generation.windows import HALO, BaseAxis, BasePlan, Window
from grainpaint.network.loading import Pyramid, load_any
from grainpaint.store import SHARD

__all__ = ["Forecast", "Timing", "forecast", "timed"]

_MOST_CELLS = 10**7  # in which a part is looked at
_TRIAL = 32  # base voxels along the edge of the window that is timed, less its halo
_TRIAL_STEPS = 2  # evaluations that are timed; one leaves noise, which grows slowly
_WARM_UP = 8  # voxels along the edge of one that is made first
_TRIAL_CORE = 64  # voxels along the edge of the refinement window that is timed
_SEGMENT_VOXELS = 35e6  # a second and core, survey and labels (benchmarks/RESULTS.md)
_DISK_BYTES = 0.354  # a voxel, tags and grain IDs (benchmarks/RESULTS.md)


@dataclass(frozen=True)
class Forecast:
    """What a recipe will take.

    Parameters
    ----------
    n_base_windows : int
        Windows of the base.
    n_blocks, n_waves : int
        Blocks that they are made of, and how many rounds these take.
    n_windows, n_windows_box : int
        Refinement windows that are made, and those of the whole box.
    grown : float
        Share of the box that is near enough to the part to be grown.
    n_growth_tasks : int
        Tasks that the refinement windows are, each for one worker.
    n_shards : int
        Files of 128^3 voxels.
    n_evaluations : int
        Of a network, on one window each.
    core_seconds : float
        On one core of this machine, extrapolated from one small window of each kind.
    base_seconds, growth_seconds : float
        Parts of it.
    memory_bytes : int
        Peak memory of one worker.
    disk_bytes : int
        Approximate size of the finished .zarr volume.
    """

    n_base_windows: int
    n_blocks: int
    n_waves: int
    n_windows: int
    n_windows_box: int
    grown: float
    n_growth_tasks: int
    n_shards: int
    n_evaluations: int
    core_seconds: float
    base_seconds: float
    growth_seconds: float
    memory_bytes: int
    disk_bytes: int

    @property
    def n_workers(self) -> int:
        """Workers for whom there is work: of the base, or of growth if that has more.

        Labels are many small tasks.
        """
        return max(1, self.n_base_windows, self.n_growth_tasks)

    def elapsed_seconds(self, n_workers: int) -> float:
        """Return the time that workers like a core of this machine take.

        Growth is counted after the base; a worker that finds no task waits.
        """
        rest = self.core_seconds - self.base_seconds - self.growth_seconds
        stages = (
            (self.base_seconds, self.n_base_windows),
            (self.growth_seconds, self.n_growth_tasks),
            (rest, self.n_shards),
        )
        return sum(s / n * math.ceil(n / n_workers) for s, n in stages if n)


@dataclass(frozen=True)
class Timing:
    """Core-seconds per base voxel, and per voxel that grows."""

    per_base_voxel: float
    per_grown_voxel: float


def forecast(recipe: Recipe, timing: Timing | None = None) -> Forecast:
    """Say what a recipe will take.

    Parameters
    ----------
    recipe : Recipe
    timing : Timing, optional
        From a trial of a similar recipe; without it, a trial is made.

    Raises
    ------
    InputError
        If the model or the part is missing or another one than in the recipe.
    """
    tasks = find_tasks(recipe)
    plan = recipe.plan
    model = load_any(recipe.model, precision=recipe.precision)
    n_base_voxels = plan.n_seen(tasks.base)
    n_voxels = len(tasks.shards) * SHARD**3
    timing = timing or timed(recipe)
    painter = make_painter(recipe, model)
    grown = _grown(recipe)
    n_grown = grown * growing_in_all(painter, recipe.shape, recipe.core, recipe.halo)
    base_steps = model.base_card.sampling.n_steps
    refine_steps = 0
    if isinstance(model, Pyramid):
        refine_steps = model.refine_card.sampling.n_steps
    base_seconds = timing.per_base_voxel * n_base_voxels
    growth_seconds = timing.per_grown_voxel * n_grown
    return Forecast(
        n_base_windows=len(tasks.base),
        n_blocks=len(tasks.base) * plan.n_runs,
        n_waves=1 if plan.order is None else len(waves(plan.order.blocks(plan.shape))),
        n_windows=tasks.n_windows,
        n_windows_box=tasks.n_windows_box,
        grown=grown,
        n_growth_tasks=n_growth_tasks(tasks, recipe),
        n_shards=len(tasks.shards),
        n_evaluations=base_steps * plan.n_runs * len(tasks.base)
        + refine_steps * tasks.n_windows,
        core_seconds=base_seconds + growth_seconds + n_voxels / _SEGMENT_VOXELS,
        base_seconds=base_seconds,
        growth_seconds=growth_seconds,
        memory_bytes=window_bytes(recipe),
        disk_bytes=round(_DISK_BYTES * n_voxels),
    )


def _grown(recipe: Recipe) -> float:
    """Return the share of the box that grows, estimated on at most 10^7 cells."""
    grid = load_grid(recipe)
    if grid is None:
        return 1.0
    edge = CELL
    while math.prod(recipe.shape) > _MOST_CELLS * edge**3:
        edge *= 2
    near = widened(grid.touched(edge), margin(recipe.halo, recipe.levels), edge)
    n_voxels = [
        np.minimum(edge, n - edge * np.arange(-(-n // edge))) for n in grid.shape
    ]
    return float(np.einsum("ijk,i,j,k", near.astype(float), *n_voxels)) / math.prod(
        grid.shape
    )


def timed(recipe: Recipe) -> Timing:
    """Measure how long voxels take, with one small window of each kind.

    Raises
    ------
    InputError
        If there is no such model.
    """
    import torch

    model = load_any(recipe.model, precision=recipe.precision)
    card = model.base_card
    n_steps = min(_TRIAL_STEPS, card.sampling.n_steps)
    sampling = card.sampling.model_copy(update={"n_steps": n_steps})
    quick = replace(model, base_card=card.model_copy(update={"sampling": sampling}))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        axes = zip(recipe.plan.axes, recipe.core)
        x, y, z = (_trial_axis(axis, core, recipe.levels) for axis, core in axes)
        plan = BasePlan((x, y, z), stretch=recipe.stretch)
        painter = replace(make_painter(recipe, quick), plan=plan)
        color = base_window(painter, (0, 0, 0))
        small = Window((0, 0, 0), (_WARM_UP,) * 3, (_WARM_UP,) * 3, recipe.halo)
        finish_window(painter, small, lambda key: color)  # compiles what is timed
        start = process_time()
        color = base_window(painter, (0, 0, 0))
        middle = process_time()
        # Of a higher level less is grown at lower ones in a wide window.
        most = _TRIAL_CORE << max(0, recipe.levels - 1)
        i, j, k = (min(n, most) for n in recipe.core)
        window = Window((0, 0, 0), (i, j, k), (i, j, k), recipe.halo)
        finish_window(painter, window, lambda key: color)
        per_grown_voxel = (process_time() - middle) / growing(painter, window)
        n_voxels = math.prod(painter.plan.computed_shape)
        per_evaluation = (middle - start) / n_voxels / n_steps
        return Timing(per_evaluation * card.sampling.n_steps, per_grown_voxel)
    finally:
        torch.set_num_threads(threads)


def _trial_axis(axis: BaseAxis, core: int, levels: int) -> BaseAxis:
    """Return a short axis that gives a refinement window its usual work."""
    if axis.closed and axis.block << levels <= core:
        return BaseAxis(min(axis.block, _TRIAL))  # a torus without a halo
    return BaseAxis(_TRIAL, HALO)
