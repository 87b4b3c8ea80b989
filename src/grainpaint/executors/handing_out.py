"""Tasks handed to an executor as soon as those that they wait for are done."""

import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

from grainpaint.errors import InputError
from grainpaint.executors.hands import Hands

__all__ = ["Task", "hand_out"]

_LOOK_S = 0.2  # between looks at the jobs of an executor that does not call back


@dataclass(frozen=True)
class Task:
    """A call, the tasks that it waits for, and its weight in the progress."""

    name: str
    call: tuple[Any, ...]
    needs: frozenset[str]
    weight: float


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


def _results(ended: list[Any]) -> tuple[list[Any], Exception | None]:
    """Return what futures have returned, and the error of one of them."""
    results: list[Any] = []
    failed: Exception | None = None
    for future in ended:
        try:
            found = future.result()
        except (Exception, CancelledError) as error:
            failed = error
            continue
        if isinstance(found, InputError):
            failed = found
        else:
            results.append(found)
    return results, failed


def hand_out(
    hands: Hands,
    tasks: Iterable[Task],
    call: Callable[[Task], tuple[Any, ...]],
    keep: Callable[[list[Any]], None],
    advance: Callable[[float], None],
) -> None:
    """Do tasks in the order of their dependencies.

    Parameters
    ----------
    hands : Hands
    tasks : iterable of Task
    call : callable
        Returns the function of a task and its arguments, when it is handed out. An
        `InputError` that the function returns is raised here.
    keep : callable
        Told what tasks have returned, as soon as they end, also if others have failed.
    advance : callable
        Told the weight of each task that is done.

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
    try:
        while ready or running:
            while ready and len(running) < hands.at_once:
                task = _next(ready)
                future = hands.executor.submit(*call(task))
                running[future] = task
                arrivals.expect(future)
            ended = arrivals.take()
            results, error = _results(ended)
            keep(results)
            if error is not None:
                raise error
            for future in ended:
                task = running.pop(future)
                advance(task.weight)
                for other in after[task.name]:
                    waits[other.name] -= 1
                    if not waits[other.name]:
                        ready.append(other)
    except BaseException:
        for future in running:
            future.cancel()
        raise
