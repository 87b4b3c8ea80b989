"""What a recipe will take, before anything is done."""

import math
from collections import Counter
from dataclasses import dataclass
from time import process_time

import numpy as np

from grainpaint.engine import find_tasks
from grainpaint.model import Model, load_model
from grainpaint.plan import BaseAxis, BasePlan, Window, stage
from grainpaint.sample import Painter, base_window, n_evaluations, refine_window
from grainpaint.store import SHARD
from grainpaint.volume import Recipe

__all__ = ["Forecast", "forecast"]

_TRIAL = 48  # base voxels along the edge of the window that is timed
_SEGMENT_VOXELS = 35e6  # a second and core, survey and labels (benchmarks/RESULTS.md)
_DISK_BYTES = 0.31  # a voxel, tags and grain IDs (benchmarks/RESULTS.md)
_FIXED_BYTES, _BYTES_PER_BASE_VOXEL = 700 << 20, 400  # of a worker


@dataclass(frozen=True)
class Forecast:
    """What a recipe will take.

    Parameters
    ----------
    base_stages : tuple of int
        Base windows of each stage; those of a stage depend on earlier stages only.
    n_windows, n_windows_box : int
        Refinement windows that are made, and those of the whole box.
    n_shards : int
        Files of 128^3 voxels.
    n_evaluations : int
        Of a network, on one window each.
    core_seconds : float
        On one core of this machine, from the time of one window of each kind.
    memory_bytes : int
        Of one worker at its peak.
    disk_bytes : int
        Of the finished .zarr volume, about.
    """

    base_stages: tuple[int, ...]
    n_windows: int
    n_windows_box: int
    n_shards: int
    n_evaluations: int
    core_seconds: float
    memory_bytes: int
    disk_bytes: int


def forecast(recipe: Recipe) -> Forecast:
    """Say what a recipe will take.

    Raises
    ------
    InputError
        If the model or the part is missing or another one than in the recipe.
    """
    tasks = find_tasks(recipe)
    plan = recipe.plan
    model = load_model(recipe.model)
    stages = Counter(stage(key) for key in tasks.base)
    largest = max(axis.block for axis in plan.axes)
    # Windows of a stage differ in shape: count each shape once.
    shapes = Counter((x % 2, y % 2, z % 2) for x, y, z in tasks.base)
    n_base_voxels = sum(
        count * math.prod(len(v) for v in plan.computed(kind))
        for kind, count in shapes.items()
    )
    n_voxels = len(tasks.shards) * SHARD**3
    per_base_voxel, per_window = _timed(model, recipe)
    base_steps, refine_steps = n_evaluations(model)
    return Forecast(
        base_stages=tuple(stages[i] for i in range(max(stages) + 1)),
        n_windows=tasks.n_windows,
        n_windows_box=tasks.n_windows_box,
        n_shards=len(tasks.shards),
        n_evaluations=base_steps * len(tasks.base) + refine_steps * tasks.n_windows,
        core_seconds=per_base_voxel * n_base_voxels
        + per_window * tasks.n_windows
        + n_voxels / _SEGMENT_VOXELS,
        memory_bytes=_FIXED_BYTES
        + _BYTES_PER_BASE_VOXEL * min(largest**3, n_base_voxels),
        disk_bytes=round(_DISK_BYTES * n_voxels),
    )


def _timed(model: Model, recipe: Recipe) -> tuple[float, float]:
    """Return core-seconds of a base voxel and of a refinement window, by trial."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        x, y, z = (BaseAxis(_TRIAL) for _ in range(3))
        painter = Painter(model, BasePlan((x, y, z)), 0, recipe.levels)
        start = process_time()
        color = base_window(painter, (0, 0, 0), _no_window)
        middle = process_time()
        core = recipe.core
        window = Window((0, 0, 0), (core, core, core), core, recipe.halo)
        refine_window(painter, window, lambda key: color)
        return (middle - start) / _TRIAL**3, process_time() - middle
    finally:
        torch.set_num_threads(threads)


def _no_window(key: tuple[int, int, int]) -> np.ndarray:
    raise AssertionError(f"a closed plan has no window {key}")
