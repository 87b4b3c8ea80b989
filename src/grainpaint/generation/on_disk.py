"""Make the volume of a recipe in a store on disk, piece by piece.

::

    base -> tags of a shard, its survey -> join -> grain IDs of a shard

Each task writes one or two files as a whole and is then entered in the store's journal;
tasks that stand there are not done again. Tasks are pure functions of the recipe, so a
run that was killed and continued gives the same volume as one that was not.
"""

from collections.abc import Iterator
from concurrent.futures import Executor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import numpy as np

from grainpaint.cad import no_voxel_inside
from grainpaint.errors import InputError
from grainpaint.generation.memory import check_free, free_bytes
from grainpaint.generation.recipe import Recipe, window_bytes
from grainpaint.generation.tasks import (
    Task,
    Tasks,
    base_name,
    find_tasks,
    generation_tasks,
    survey_name,
)
from grainpaint.generation.windows import BasePlan
from grainpaint.generation.workers import executor, run_all, stopping
from grainpaint.progress import Progress, silent
from grainpaint.segmentation.survey import Survey
from grainpaint.segmentation.tiles import join_tiles
from grainpaint.store import Store

__all__ = ["Outcome", "run"]


@dataclass
class Outcome:
    """What a run has done."""

    n_grains: int = 0
    n_tasks: int = 0
    n_tasks_before: int = 0
    n_windows: int = 0
    n_windows_box: int = 0
    seconds: dict[str, float] = field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        """Return what the record of a run says of it."""
        return {
            "grains": self.n_grains,
            "windows": self.n_windows,
            "windows_of_box": self.n_windows_box,
            "seconds": {name: round(s, 3) for name, s in self.seconds.items()},
        }


def run(
    recipe: Recipe,
    store: Store,
    workers: int = 1,
    device: str = "cpu",
    progress: Progress = silent,
) -> Outcome:
    """Finish the volume of a store, however far it is.

    Parameters
    ----------
    recipe : Recipe
        Of the store.
    store : Store
    workers : int
        Number of processes, which share the cores; any number gives the same volume.
    device : str
        A torch device.
    progress : Progress
        Told the work done.

    Returns
    -------
    Outcome

    Raises
    ------
    InputError
        If another run holds the store, it is damaged, the disk is full, the workers do
        not fit into memory, or one was killed.
    Stopped
        If SIGTERM or SIGUSR1 came. What is done is kept.
    """
    if workers < 1:
        raise InputError(f"there must be at least 1 worker, got {workers}")
    _check_memory(recipe.plan, workers)
    outcome = Outcome()
    with store.lock():
        if store.complete:
            return outcome
        done = set(store.done())
        tasks = find_tasks(recipe)
        if not tasks.shards:
            raise no_voxel_inside(recipe.spacing)
        outcome.n_tasks_before = len(done)
        outcome.n_windows = tasks.n_windows
        outcome.n_windows_box = tasks.n_windows_box
        generation = generation_tasks(tasks, recipe, store, done)
        outcome.n_tasks = len(generation)
        try:
            with stopping(), executor(store, recipe, device, workers) as pool:
                start = perf_counter()
                total = sum(task.weight for task in generation)
                with progress("generate", max(total, 1.0)) as bar:
                    reached = 0.0

                    def advance(weight: float) -> None:
                        nonlocal reached
                        reached += weight
                        bar.update(reached)

                    run_all(pool, generation, store, workers, advance)
                outcome.seconds["generate"] = perf_counter() - start
                start = perf_counter()
                outcome.n_grains = _segment(
                    pool, tasks, store, recipe.part is None, workers, progress
                )
                outcome.seconds["segment"] = perf_counter() - start
        except BrokenProcessPool:
            raise InputError(
                "a worker process was killed, perhaps for lack of memory: use fewer "
                "workers or a smaller window; the same command continues"
            ) from None
        kept = {store.file_task(base_name(key)) for key in tasks.base}
        surveys = {store.file_task(survey_name(index)) for index in tasks.shards}
        store.finish(kept | surveys)
    return outcome


def _check_memory(plan: BasePlan, workers: int) -> None:
    """Raise if the workers do not fit into memory."""
    shape = " x ".join(map(str, plan.seen_shape))
    fits = free_bytes() // window_bytes(plan)
    advice = f"use at most {fits} workers" if fits else "use a smaller window"
    what = f"{workers} workers with base windows of {shape} voxels"
    check_free(workers * window_bytes(plan), what, advice)


def _segment(
    pool: Executor,
    tasks: Tasks,
    store: Store,
    keep_cut: bool,
    workers: int,
    progress: Progress,
) -> int:
    """Join the surveys, write the grain IDs of the shards; return how many grains."""
    with progress("join", len(tasks.shards)) as bar:

        def surveys() -> Iterator[Survey]:
            for i, index in enumerate(sorted(tasks.shards)):
                yield Survey.from_bytes(store.read_file(survey_name(index)))
                bar.update(i + 1)

        n_grains, grain = join_tiles(surveys(), keep_cut=keep_cut)
    if n_grains > np.iinfo(np.int32).max:
        raise InputError(f"{n_grains:,} grains are more than 2^31 - 1: cut the part")
    done = set(store.done())
    todo = []
    for index in sorted(tasks.shards):
        name = store.shard_task("grain_id", index)
        x, y, z = (a for a, _ in store.box(index))
        if name not in done:
            call = ("grains", index, grain[x, y, z])
            todo.append(Task(name, call, frozenset(), 1.0))
    with progress("label", max(len(todo), 1)) as bar:
        reached = 0.0

        def advance(weight: float) -> None:
            nonlocal reached
            reached += weight
            bar.update(reached)

        run_all(pool, todo, store, workers, advance)
    return n_grains
