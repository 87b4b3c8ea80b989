"""Processes that do the tasks of a run; signals that stop it."""

import os
import signal
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor
from concurrent.futures import wait as wait_for
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from typing import Any

import numpy as np

from grainpaint.generation.recipe import Recipe
from grainpaint.generation.tasks import Index, Task, base_name, survey_name
from grainpaint.generation.volume import Volume
from grainpaint.generation.windows import Key
from grainpaint.segmentation.survey import survey
from grainpaint.segmentation.tiles import apply
from grainpaint.store import Entry, Store

__all__ = ["Stopped", "executor", "run_all", "stopping"]

_STOP_SIGNALS = (signal.SIGTERM, signal.SIGUSR1)


class Stopped(Exception):
    """A signal asked the run to leave; what is done is kept."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


class Worker:
    """What a process needs to do its tasks."""

    def __init__(self, store: Store, recipe: Recipe, device: str, threads: int) -> None:
        import numba
        import torch

        torch.set_num_threads(threads)
        numba.set_num_threads(min(threads, numba.get_num_threads()))
        self.store = store
        self.volume = Volume(recipe, device, self._read_base)

    def _read_base(self, key: Key) -> np.ndarray:
        data = np.frombuffer(self.store.read_file(base_name(key)), np.uint8)
        return data.reshape(self.volume.plan.shape)

    def base(self, key: Key, rest: int | None) -> list[Entry]:
        color = self.volume.make_base(key)
        return [self.store.write_file(base_name(key), color.tobytes(), rest)]

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
        corners = self.volume.painter.corners
        found = survey(tags, (x, y, z), self.volume.shape, corners=corners)
        return self.store.write_file(survey_name(index), found.to_bytes(), rest)

    def grains(self, index: Index, grain: np.ndarray, rest: int | None) -> list[Entry]:
        tags = self.store.read("tag", self.store.box(index))
        grain_id = apply(tags, grain, self.volume.painter.corners)
        grain_id = grain_id.astype(np.int32, copy=False)
        return [self.store.write_shard("grain_id", index, grain_id, rest)]


_worker: Worker


def _begin(store: Store, recipe: Recipe, device: str, threads: int) -> None:
    """Make this process a worker, which ends when its parent does."""
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
    _worker = Worker(store, recipe, device, threads)


def _do(kind: str, *arguments: Any) -> list[Entry]:
    done: list[Entry] = getattr(_worker, kind)(*arguments)
    return done


class _Here(Executor):
    """An executor that does tasks at once, in this process."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


@contextmanager
def executor(
    store: Store, recipe: Recipe, device: str, workers: int
) -> Iterator[Executor]:
    """Yield an executor for tasks; on an error, kill those that are running."""
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
def stopping() -> Iterator[None]:
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


def _next(ready: deque[Task]) -> Task:
    """Return one of the tasks that are ready: any would do."""
    return ready.popleft()


def run_all(
    executor: Executor,
    tasks: Iterable[Task],
    store: Store,
    workers: int,
    advance: Callable[[float], None],
) -> None:
    """Do tasks in the order of their dependencies; enter each in the journal."""
    tasks = list(tasks)
    at_once = 1 if workers == 1 else 2 * workers  # no worker waits for the parent
    names = {task.name for task in tasks}
    waits = {task.name: len(task.needs & names) for task in tasks}
    after: dict[str, list[Task]] = defaultdict(list)
    for task in tasks:
        for name in task.needs & names:
            after[name].append(task)
    ready = deque(task for task in tasks if not waits[task.name])
    running: dict[Future[list[Entry]], Task] = {}
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
