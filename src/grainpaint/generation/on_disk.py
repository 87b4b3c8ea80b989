"""Run a recipe over a store: tasks with dependencies, workers, resume, signals.

::

    base -> tags of a shard, its survey -> join -> grain IDs of a shard

Each task writes one or two files, whole, and is then written down in the store's
journal; what stands there is not done again. Tasks are pure functions of the recipe, so
a run that was killed ends in the same volume as one that was not.
"""

import math
import os
import signal
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor
from concurrent.futures import wait as wait_for
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from multiprocessing import get_context, parent_process
from time import perf_counter
from typing import Any

import numpy as np
import psutil

from grainpaint.errors import InputError
from grainpaint.generation.volume import Recipe, Volume, load_grid, window_bytes
from grainpaint.generation.windows import BasePlan, Key, Window, cells_of
from grainpaint.progress import Progress, silent
from grainpaint.segmentation.tiles import Survey, apply, join, survey
from grainpaint.store import SHARD, Entry, Store

__all__ = ["Outcome", "Stopped", "Tasks", "find_tasks", "run"]

_STOP_SIGNALS = (signal.SIGTERM, signal.SIGUSR1)
_BASE_COST, _REFINE_COST = 8.0, 1.0  # of a voxel, about, all evaluations of a window

Index = tuple[int, int, int]


class Stopped(Exception):
    """A signal asked the run to leave; what is done is kept."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


@dataclass(frozen=True)
class Tasks:
    """What a recipe comes to, before anything is done.

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


@dataclass
class Outcome:
    """What a run did."""

    n_grains: int = 0
    n_tasks: int = 0
    n_tasks_before: int = 0
    n_windows: int = 0
    n_windows_box: int = 0
    seconds: dict[str, float] = field(default_factory=dict)


def find_tasks(recipe: Recipe) -> Tasks:
    """Return the windows and shards that a recipe asks for.

    Raises
    ------
    InputError
        If the part is missing or another one.
    """
    plan, core, halo = recipe.plan, recipe.core, recipe.halo
    counts = [-(-n // core) for n in recipe.shape]
    edge = min(core, SHARD)  # of blocks that lie in one window and in one shard
    grid = load_grid(recipe)
    blocks = [-(-n // edge) for n in recipe.shape]
    touched = np.ones(blocks, bool) if grid is None else grid.touched(edge)
    # Intervals of the base under each window, axis by axis.
    under: list[list[list[int]]] = []
    for axis, n in zip(plan.axes, counts):
        cells = [
            cells_of(
                Window((i * core,) * 3, ((i + 1) * core,) * 3, core, halo),
                recipe.levels,
            )[0]
            for i in range(n)
        ]
        under.append([np.unique(axis.find(c)[0]).tolist() for c in cells])
    shards: dict[Index, set[Key]] = defaultdict(set)
    windows: set[Index] = set()
    for block in np.argwhere(touched).tolist():
        x, y, z = (i * edge // core for i in block)
        i, j, k = (i * edge // SHARD for i in block)
        windows.add((x, y, z))
        shards[i, j, k].update(product(under[0][x], under[1][y], under[2][z]))
    return Tasks(
        sorted({key for keys in shards.values() for key in keys}),
        {shard: sorted(keys) for shard, keys in shards.items()},
        len(windows),
        math.prod(counts),
    )


def _base_name(key: Key) -> str:
    return "base/" + ".".join(map(str, key))


def _survey_name(index: Index) -> str:
    return "survey/" + ".".join(map(str, index))


class _Worker:
    """What a process needs to do tasks."""

    def __init__(self, store: Store, recipe: Recipe, device: str, threads: int) -> None:
        import numba
        import torch

        torch.set_num_threads(threads)
        numba.set_num_threads(min(threads, numba.get_num_threads()))
        self.store = store
        self.volume = Volume(recipe, device, self._read_base)

    def _read_base(self, key: Key) -> np.ndarray:
        data = np.frombuffer(self.store.read_file(_base_name(key)), np.uint8)
        return data.reshape(self.volume.plan.shape)

    def base(self, key: Key, rest: int | None) -> list[Entry]:
        color = self.volume.make_base(key)
        return [self.store.write_file(_base_name(key), color.tobytes(), rest)]

    def tags(self, indices: list[Index], rest: int | None) -> list[Entry]:
        entries = []
        for index in indices:
            tags = self.volume.tags(self.store.box(index))
            entries.append(self.store.write_shard("tag", index, tags, rest))
            entries.append(self._survey(index, tags, rest))
        return entries

    def survey(self, index: Index, rest: int | None) -> list[Entry]:
        tags = self.store.read("tag", self.store.box(index))
        return [self._survey(index, tags, rest)]

    def _survey(self, index: Index, tags: np.ndarray, rest: int | None) -> Entry:
        x, y, z = (a for a, _ in self.store.box(index))
        found = survey(tags, (x, y, z), self.volume.shape)
        return self.store.write_file(_survey_name(index), found.to_bytes(), rest)

    def grains(self, index: Index, grain: np.ndarray, rest: int | None) -> list[Entry]:
        tags = self.store.read("tag", self.store.box(index))
        grain_id = apply(tags, grain).astype(np.int32, copy=False)
        return [self.store.write_shard("grain_id", index, grain_id, rest)]


_worker: _Worker


def _begin(store: Store, recipe: Recipe, device: str, threads: int) -> None:
    """Make this process a worker that ends with its parent."""
    global _worker
    parent = parent_process()
    if parent is not None:
        for number in (*_STOP_SIGNALS, signal.SIGINT):  # the parent decides
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)

        def leave() -> None:
            parent.join()
            os._exit(1)

        threading.Thread(target=leave, daemon=True).start()
    _worker = _Worker(store, recipe, device, threads)


def _do(kind: str, *arguments: Any) -> list[Entry]:
    done: list[Entry] = getattr(_worker, kind)(*arguments)
    return done


class _Here(Executor):
    """Do tasks at once, in this process."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


@contextmanager
def _executor(
    store: Store, recipe: Recipe, device: str, workers: int
) -> Iterator[Executor]:
    """Yield something to submit tasks to; kill what is under way on an error."""
    threads = max(1, (os.cpu_count() or 1) // workers)
    if workers == 1:
        _begin(store, recipe, device, threads)
        yield _Here()
        return
    pool = ProcessPoolExecutor(
        workers, get_context("spawn"), _begin, (store, recipe, device, threads)
    )
    try:
        yield pool
    except BaseException:
        for process in list((pool._processes or {}).values()):
            process.terminate()  # files are whole or not there
        pool.shutdown(wait=True, cancel_futures=True)
        raise
    pool.shutdown()


@contextmanager
def _stopping() -> Iterator[None]:
    """Turn SIGTERM and SIGUSR1 into `Stopped` while the block runs."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: Any) -> None:
        raise Stopped(number)

    before = {number: signal.signal(number, stop) for number in _STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass(frozen=True)
class _Task:
    """A call of a method of `_Worker`, the tasks it waits for, and its weight."""

    name: str
    call: tuple[Any, ...]
    needs: frozenset[str]
    weight: float


def _next(ready: deque[_Task]) -> _Task:
    """Return one of the tasks whose dependencies are done: any would do."""
    return ready.popleft()


def _run_all(
    executor: Executor,
    tasks: Iterable[_Task],
    store: Store,
    workers: int,
    advance: Callable[[float], None],
) -> None:
    """Do tasks in an order that suits their dependencies; write down what is done."""
    tasks = list(tasks)
    at_once = 1 if workers == 1 else 2 * workers  # no worker waits for the parent
    names = {task.name for task in tasks}
    waits = {task.name: len(task.needs & names) for task in tasks}
    after: dict[str, list[_Task]] = defaultdict(list)
    for task in tasks:
        for name in task.needs & names:
            after[name].append(task)
    ready = deque(task for task in tasks if not waits[task.name])
    running: dict[Future[list[Entry]], _Task] = {}
    left, n_bytes, n_done = len(tasks), 0, 0
    while ready or running:
        while ready and len(running) < at_once:
            task = _next(ready)
            rest = round(n_bytes / n_done * (left - 1)) if n_done else None
            running[executor.submit(_do, *task.call, rest)] = task
        finished = wait_for(running, return_when=FIRST_COMPLETED)[0]
        entries = [entry for future in finished for entry in future.result()]
        store.record(*entries)
        n_bytes += sum(entry.n_bytes for entry in entries)
        for future in finished:
            task = running.pop(future)
            left, n_done = left - 1, n_done + 1
            advance(task.weight)
            for other in after[task.name]:
                waits[other.name] -= 1
                if not waits[other.name]:
                    ready.append(other)


def _generation_tasks(
    tasks: Tasks, recipe: Recipe, store: Store, done: set[str]
) -> list[_Task]:
    """Return what is still to do up to the tags and surveys of all shards.

    Shards of one window are one task.
    """
    plan = recipe.plan
    shards: list[_Task] = []
    together: dict[Index, list[Index]] = defaultdict(list)
    for index in tasks.shards:
        tags = store.shard_task("tag", index)
        if tags not in done:
            x, y, z = (i * SHARD // max(recipe.core, SHARD) for i in index)
            together[x, y, z].append(index)
        elif store.file_task(_survey_name(index)) not in done:
            shards.append(_Task(tags, ("survey", index), frozenset(), 0.0))
    wanted: set[Key] = set()
    for indices in together.values():
        keys = {key for index in indices for key in tasks.shards[index]}
        wanted.update(keys)
        needs = frozenset(store.file_task(_base_name(key)) for key in keys)
        extents = ([b - a for a, b in store.box(index)] for index in indices)
        weight = _REFINE_COST * float(sum(math.prod(e) for e in extents))
        name = store.shard_task("tag", indices[0])
        shards.append(_Task(name, ("tags", indices), needs, weight))
    base: list[_Task] = []
    weight = _BASE_COST * float(np.prod(plan.seen_shape)) * plan.n_runs
    for key in tasks.base:
        name = store.file_task(_base_name(key))
        if key in wanted and name not in done:
            base.append(_Task(name, ("base", key), frozenset(), weight))
    return [*base, *shards]


def run(
    recipe: Recipe,
    store: Store,
    workers: int = 1,
    device: str = "cpu",
    progress: Progress = silent,
) -> Outcome:
    """Bring a store to its end, from wherever it is.

    Parameters
    ----------
    recipe : Recipe
        Of the store.
    store : Store
    workers : int
        Processes, which share the cores; any number gives the same volume.
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
        raise InputError(f"--workers must be at least 1, got {workers}")
    _check_memory(recipe.plan, workers)
    outcome = Outcome()
    with store.lock():
        if store.complete:
            return outcome
        done = set(store.done())
        tasks = find_tasks(recipe)
        if not tasks.shards:
            raise InputError("no voxel center lies inside the part: use smaller voxels")
        outcome.n_tasks_before = len(done)
        outcome.n_windows = tasks.n_windows
        outcome.n_windows_box = tasks.n_windows_box
        generation = _generation_tasks(tasks, recipe, store, done)
        outcome.n_tasks = len(generation)
        try:
            with _stopping(), _executor(store, recipe, device, workers) as executor:
                start = perf_counter()
                total = sum(task.weight for task in generation)
                with progress("generate", max(total, 1.0)) as bar:
                    reached = 0.0

                    def advance(weight: float) -> None:
                        nonlocal reached
                        reached += weight
                        bar.update(reached)

                    _run_all(executor, generation, store, workers, advance)
                outcome.seconds["generate"] = perf_counter() - start
                start = perf_counter()
                outcome.n_grains = _segment(
                    executor, tasks, store, recipe.part is None, workers, progress
                )
                outcome.seconds["segment"] = perf_counter() - start
        except BrokenProcessPool:
            raise InputError(
                "a worker process was killed, by lack of memory perhaps: give fewer "
                "--workers or a smaller --window; the same command goes on"
            ) from None
        kept = {store.file_task(_base_name(key)) for key in tasks.base}
        surveys = {store.file_task(_survey_name(index)) for index in tasks.shards}
        store.finish(kept | surveys)
    return outcome


def _check_memory(plan: BasePlan, workers: int) -> None:
    """Raise if the workers do not fit into memory; say what does."""
    need, have = workers * window_bytes(plan), psutil.virtual_memory().available
    if need <= have:
        return
    shape = " x ".join(map(str, plan.seen_shape))
    fits = have // window_bytes(plan)
    advice = f"give --workers {fits}" if fits else "give a smaller --window"
    raise InputError(
        f"{workers} workers with base windows of {shape} voxels would take "
        f"{need / 2**30:,.1f} GiB of memory, {have / 2**30:,.1f} GiB are free: {advice}"
    )


def _segment(
    executor: Executor,
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
                yield Survey.from_bytes(store.read_file(_survey_name(index)))
                bar.update(i + 1)

        n_grains, grain = join(surveys(), keep_cut=keep_cut)
    if n_grains > np.iinfo(np.int32).max:
        raise InputError(f"{n_grains:,} grains are more than 2^31 - 1: cut the part")
    done = set(store.done())
    todo = []
    for index in sorted(tasks.shards):
        name = store.shard_task("grain_id", index)
        x, y, z = (a for a, _ in store.box(index))
        if name not in done:
            call = ("grains", index, grain[x, y, z])
            todo.append(_Task(name, call, frozenset(), 1.0))
    with progress("label", max(len(todo), 1)) as bar:
        reached = 0.0

        def advance(weight: float) -> None:
            nonlocal reached
            reached += weight
            bar.update(reached)

        _run_all(executor, todo, store, workers, advance)
    return n_grains
