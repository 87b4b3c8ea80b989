"""The tasks of a run on disk: windows of the base, shards of the volume."""

import math
from collections import defaultdict
from dataclasses import dataclass
from itertools import product

import numpy as np

from grainpaint.executors.handing_out import Task
from grainpaint.generation.domain import load_grid
from grainpaint.generation.recipe import Recipe
from grainpaint.generation.windows import Key, Window, cells_of
from grainpaint.store import SHARD, Store

__all__ = [
    "Index",
    "Tasks",
    "base_name",
    "find_tasks",
    "generation_tasks",
    "n_growth_tasks",
    "survey_name",
]

_BASE_COST, _REFINE_COST = 8.0, 1.0  # of a voxel, about, all evaluations of a window

Index = tuple[int, int, int]


@dataclass(frozen=True)
class Tasks:
    """The windows and shards that a recipe needs.

    Parameters
    ----------
    base : list of Key
        Windows of the base.
    shards : dict of Index to list of Key
        Shards that hold a voxel of the volume, with the windows of the base under them.
    n_windows, n_windows_box : int
        Refinement windows that touch the part, and those of its box.
    """

    base: list[Key]
    shards: dict[Index, list[Key]]
    n_windows: int
    n_windows_box: int


def find_tasks(recipe: Recipe) -> Tasks:
    """Return the windows and shards that a recipe needs.

    Raises
    ------
    InputError
        If the part is missing or has changed.
    """
    plan, halo = recipe.plan, recipe.halo
    counts = [-(-n // core) for n, core in zip(recipe.shape, recipe.core)]
    edge = min(*recipe.core, SHARD)  # of blocks in one window and in one shard
    grid = load_grid(recipe)
    blocks = [-(-n // edge) for n in recipe.shape]
    touched = np.ones(blocks, bool) if grid is None else grid.touched(edge)
    # Intervals of the base under each window, axis by axis.
    under: list[list[list[int]]] = []
    for i, (axis, n, core) in enumerate(zip(plan.axes, counts, recipe.core)):
        spans = [((k * core,) * 3, ((k + 1) * core,) * 3) for k in range(n)]
        windows_along = [Window(a, b, (core,) * 3, halo) for a, b in spans]
        cells = [cells_of(w, recipe.levels, plan.stretch)[i] for w in windows_along]
        under.append([np.unique(axis.find(c)[0]).tolist() for c in cells])
    shards: dict[Index, set[Key]] = defaultdict(set)
    windows: set[Index] = set()
    for block in np.argwhere(touched).tolist():
        x, y, z = (i * edge // core for i, core in zip(block, recipe.core))
        i, j, k = (i * edge // SHARD for i in block)
        windows.add((x, y, z))
        shards[i, j, k].update(product(under[0][x], under[1][y], under[2][z]))
    return Tasks(
        sorted({key for keys in shards.values() for key in keys}),
        {shard: sorted(keys) for shard, keys in shards.items()},
        len(windows),
        math.prod(counts),
    )


def base_name(key: Key) -> str:
    """Return the name of the file of a base window in the store."""
    return "base/" + ".".join(map(str, key))


def survey_name(index: Index) -> str:
    """Return the name of the file of a shard's survey in the store."""
    return "survey/" + ".".join(map(str, index))


def n_growth_tasks(tasks: Tasks, recipe: Recipe) -> int:
    """Return how many tasks grow the shards of a recipe."""
    return len({_growth(index, recipe) for index in tasks.shards})


def _growth(index: Index, recipe: Recipe) -> Index:
    """Return which task grows a shard: those of one refinement window are one."""
    x, y, z = (i * SHARD // max(n, SHARD) for i, n in zip(index, recipe.core))
    return x, y, z


def generation_tasks(
    tasks: Tasks, recipe: Recipe, store: Store, done: set[str]
) -> list[Task]:
    """Return what is left to do up to the tags and surveys of all shards.

    Shards within one refinement window are one task.
    """
    plan = recipe.plan
    shards: list[Task] = []
    together: dict[Index, list[Index]] = defaultdict(list)
    for index in tasks.shards:
        tags = store.shard_task("tag", index)
        if tags not in done:
            together[_growth(index, recipe)].append(index)
        elif store.file_task(survey_name(index)) not in done:
            shards.append(Task(tags, ("survey", index), frozenset(), 0.0))
    wanted: set[Key] = set()
    for indices in together.values():
        keys = {key for index in indices for key in tasks.shards[index]}
        wanted.update(keys)
        needs = frozenset(store.file_task(base_name(key)) for key in keys)
        extents = ([b - a for a, b in store.box(index)] for index in indices)
        weight = _REFINE_COST * float(sum(math.prod(e) for e in extents))
        name = store.shard_task("tag", indices[0])
        shards.append(Task(name, ("tags", indices), needs, weight))
    base: list[Task] = []
    for key in tasks.base:
        name = store.file_task(base_name(key))
        if key in wanted and name not in done:
            weight = _BASE_COST * float(plan.n_seen([key]))
            base.append(Task(name, ("base", key), frozenset(), weight))
    return [*base, *shards]
