"""Make the volume of a recipe in a store on disk, piece by piece.

::

    base -> tags of a shard, its survey -> join -> grain IDs of a shard

Each task writes one or two files as a whole and is then entered in the store's journal;
tasks that stand there are not done again. Tasks are pure functions of the recipe, so a
run that was killed and continued gives the same volume as one that was not.
"""

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np

from grainpaint.cad import no_voxel_inside
from grainpaint.errors import InputError
from grainpaint.executors.handing_out import Task
from grainpaint.executors.hands import KEPT, Hands, stopping, users_own
from grainpaint.generation.handing_out import run_all
from grainpaint.generation.memory import check_free, free_bytes, smaller_window
from grainpaint.generation.recipe import Recipe, window_bytes
from grainpaint.generation.tasks import (
    Tasks,
    base_name,
    find_tasks,
    generation_tasks,
    survey_name,
)
from grainpaint.generation.worker import Run
from grainpaint.generation.workers import own_pool
from grainpaint.progress import Progress, silent
from grainpaint.segmentation.survey import Survey
from grainpaint.segmentation.tiles import join_tiles
from grainpaint.store import Store
from grainpaint.units import count_text

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
    executor: Executor | None = None,
    kept: str = KEPT,
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
    executor : Executor, optional
        Does the tasks instead of own processes: of `concurrent.futures`, or one that is
        used in the same way. Its workers need the store, and the files of the part and
        the model, under the same paths; each opens them once. It is not shut down.
    kept : str
        What is said of the work so far if that executor gives up.

    Returns
    -------
    Outcome

    Raises
    ------
    InputError
        If another run holds the store, it is damaged, the disk is full, the workers do
        not fit into memory, or one was killed; if the executor gives up, or its workers
        lack something.
    Stopped
        If SIGTERM or SIGUSR1 came. What is done is kept.
    """
    _check_hands(recipe, workers, executor)
    outcome = Outcome()
    with store.lock():
        if store.complete:
            return outcome
        tasks = find_tasks(recipe)
        if not tasks.shards:
            raise no_voxel_inside(recipe.spacing)
        done = _done(tasks, store)
        outcome.n_tasks_before = len(done)
        outcome.n_windows = tasks.n_windows
        outcome.n_windows_box = tasks.n_windows_box
        generation = generation_tasks(tasks, recipe, store, done)
        outcome.n_tasks = len(generation)
        with ExitStack() as stack:
            run = Run.here(store, stack.enter_context(store.signed()), device)
            stack.enter_context(stopping())
            if executor is None:
                pool = own_pool(run, store, recipe, workers)
            else:
                pool = users_own(executor, kept)
            do_all = partial(_do_all, stack.enter_context(pool), run, store, progress)
            start = perf_counter()
            do_all("generate", generation)
            outcome.seconds["generate"] = perf_counter() - start
            start = perf_counter()
            n_grains, labels = _joined(tasks, store, recipe.part is None, progress)
            outcome.n_grains = n_grains
            do_all("label", labels)
            outcome.seconds["segment"] = perf_counter() - start
        bases = {store.file_task(base_name(key)) for key in tasks.base}
        surveys = {store.file_task(survey_name(index)) for index in tasks.shards}
        store.finish(bases | surveys)
    return outcome


def _done(tasks: Tasks, store: Store) -> set[str]:
    """Return what need not be made again.

    Grain IDs are written once the tags of all shards are there. Where tags were lost
    since, those that are made now may have other grains, if the processor is another
    one: all IDs are then written anew, since they are numbers of all grains.
    """
    done = set(store.done())
    if all(store.shard_task("tag", index) in done for index in tasks.shards):
        return done
    ids = {store.shard_task("grain_id", index) for index in tasks.shards} & done
    if ids:
        store.forget(ids)
    return done - ids


def _check_hands(recipe: Recipe, workers: int, executor: Executor | None) -> None:
    """Raise if these workers cannot make a volume."""
    if workers < 1:
        raise InputError(f"there must be at least 1 worker, got {workers}")
    if executor is None:
        _check_memory(recipe, workers)
    elif recipe.grain_size is not None and recipe.grain_size.given is not None:
        raise InputError(
            "a grain size that is a function or an array cannot go to an executor's "
            "workers: give a formula as text, or an .npz"
        )


def _check_memory(recipe: Recipe, workers: int) -> None:
    """Raise if the workers do not fit into memory."""
    shape = " x ".join(map(str, recipe.plan.seen_shape))
    need = window_bytes(recipe)
    fits = free_bytes() // need
    advice = smaller_window(recipe.scan is not None)
    if fits:
        advice = f"use at most {count_text(fits, 'worker')}"
    what = f"{count_text(workers, 'worker')} with base windows of {shape} voxels"
    check_free(workers * need, what, advice)


def _do_all(
    hands: Hands,
    run: Run,
    store: Store,
    progress: Progress,
    name: str,
    todo: list[Task],
) -> None:
    """Do tasks, and show how much of their weight is done."""
    total = sum(task.weight for task in todo)
    with progress(name, max(total, 1.0)) as bar:
        reached = 0.0

        def advance(weight: float) -> None:
            nonlocal reached
            reached += weight
            bar.update(reached)

        run_all(hands, run, todo, store, advance)


def _joined(
    tasks: Tasks, store: Store, keep_cut: bool, progress: Progress
) -> tuple[int, list[Task]]:
    """Join the surveys; return how many grains there are, and what writes their IDs."""
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
    return n_grains, todo
