"""Tasks handed to an executor as soon as those that they wait for are done."""

import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

from grainpaint.errors import InputError
from grainpaint.generation.tasks import Task
from grainpaint.generation.worker import Run, do
from grainpaint.generation.workers import Hands
from grainpaint.store import Entry, Store

__all__ = ["run_all"]

_LOOK_S = 0.2  # between looks at the jobs of an executor that does not call back


class _Arrivals:
    """The futures of an executor, in the order in which they end."""

    def __init__(self) -> None:
        self._ended: SimpleQueue[Any] = SimpleQueue()
        self._silent: list[Any] = []

    def expect(self, future: Any) -> None:
        if hasattr(future, "add_done_callback"):
            future.add_done_callback(self._ended.put)
        else:  # submitit's jobs are files that must be looked for
            self._silent.append(future)

    def take(self) -> list[Any]:
        """Wait for at least one future that has ended."""
        while self._silent:
            ended = [future for future in self._silent if future.done()]
            if ended:
                self._silent = [f for f in self._silent if f not in ended]
                return ended
            time.sleep(_LOOK_S)
        ended = [self._ended.get()]
        with suppress(Empty):
            while True:
                ended.append(self._ended.get_nowait())
        return ended


def _next(ready: deque[Task]) -> Task:
    """Return one of the tasks that are ready: any would do."""
    return ready.popleft()


def _results(ended: list[Any]) -> tuple[list[Entry], Exception | None]:
    """Return what futures have written, and the error of one of them."""
    entries: list[Entry] = []
    failed: Exception | None = None
    for future in ended:
        try:
            found: list[Entry] | InputError = future.result()
        except (Exception, CancelledError) as error:
            failed = error
            continue
        if isinstance(found, InputError):
            failed = found
        else:
            entries += found
    return entries, failed


def run_all(
    hands: Hands,
    run: Run,
    tasks: Iterable[Task],
    store: Store,
    advance: Callable[[float], None],
) -> None:
    """Do tasks in the order of their dependencies; enter each in the journal.

    Raises
    ------
    InputError
        If a task says so.
    """
    tasks = list(tasks)
    names = {task.name for task in tasks}
    waits = {task.name: len(task.needs & names) for task in tasks}
    after: dict[str, list[Task]] = defaultdict(list)
    for task in tasks:
        for name in task.needs & names:
            after[name].append(task)
    ready = deque(task for task in tasks if not waits[task.name])
    running: dict[Any, Task] = {}
    arrivals = _Arrivals()
    left, n_bytes, n_done = len(tasks), 0, 0
    try:
        while ready or running:
            while ready and len(running) < hands.at_once:
                task = _next(ready)
                rest = round(n_bytes / n_done * (left - 1)) if n_done else None
                future = hands.executor.submit(do, run, *task.call, rest)
                running[future] = task
                arrivals.expect(future)
            ended = arrivals.take()
            entries, error = _results(ended)
            store.record(*entries)
            if error is not None:
                raise error
            n_bytes += sum(entry.n_bytes for entry in entries)
            for future in ended:
                task = running.pop(future)
                left, n_done = left - 1, n_done + 1
                advance(task.weight)
                for other in after[task.name]:
                    waits[other.name] -= 1
                    if not waits[other.name]:
                        ready.append(other)
    except BaseException:
        for future in running:
            future.cancel()
        raise
