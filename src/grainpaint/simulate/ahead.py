"""Work that other threads prepare ahead, on machines that may be busy.

The caller never depends on the other threads: what they have not begun when it is
needed the caller makes itself, and what a thread has begun but does not get the core to
end is made a second time. So other work on the machine costs the help, not more.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from itertools import islice
from typing import Generic, TypeVar

__all__ = ["made_ahead"]

_Job = TypeVar("_Job")
_Made = TypeVar("_Made")

_PATIENCE = 0.01  # seconds that the caller waits for what a thread has begun
_REACH = 3  # jobs ahead, for each thread


def made_ahead(
    make: Callable[[_Job], _Made], jobs: Iterable[_Job], n_threads: int
) -> Iterator[_Made]:
    """Yield `make(job)` for each job, in order.

    Parameters
    ----------
    make : callable
        A function of the job alone, which leaves the interpreter to others for most of
        its time; it may be called twice for a job.
    jobs : iterable
        Read by the caller's thread, a few jobs ahead.
    n_threads : int
        Threads in all, at least 1, which is the caller alone. No thread starts for a
        single job.

    Yields
    ------
    object
        What `make` returns; errors that it raises are raised where its result is due.
    """
    jobs = iter(jobs)
    for job in islice(jobs, 1):
        yield make(job)
    if n_threads == 1:
        yield from map(make, jobs)
        return
    row = _Row(make)
    reach = 1 + _REACH * (n_threads - 1)
    row.add(islice(jobs, reach))
    helpers = [
        threading.Thread(target=row.help, daemon=True)
        for _ in range(min(n_threads, len(row.tasks)) - 1)
    ]
    for helper in helpers:
        helper.start()
    try:
        while row.tasks:
            made = row.first()
            row.add(islice(jobs, 1))
            yield made
    finally:
        row.stop()
        for helper in helpers:
            helper.join()


class _Task(Generic[_Job, _Made]):
    """A job, and what became of it."""

    def __init__(self, job: _Job) -> None:
        self.job = job
        self.begun = False
        self.end: Future[_Made] | None = None


class _Row(Generic[_Job, _Made]):
    """Tasks in the order in which they are due."""

    def __init__(self, make: Callable[[_Job], _Made]) -> None:
        self.tasks: deque[_Task[_Job, _Made]] = deque()
        self._make = make
        self._changed = threading.Condition()
        self._stopped = False

    def add(self, jobs: Iterable[_Job]) -> None:
        """Append tasks."""
        new = [_Task[_Job, _Made](job) for job in jobs]
        with self._changed:
            self.tasks.extend(new)
            self._changed.notify_all()

    def stop(self) -> None:
        """Let the helpers end after what they are making."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def help(self) -> None:
        """Make what nobody has begun, until the row is stopped."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._stopped or self._next())
                if self._stopped:
                    return
                task = self._begin()
            if task:
                self._do(task)

    def first(self) -> _Made:
        """Remove the first task and return what was made of it."""
        task = self.tasks[0]
        while task.end is None:
            with self._changed:
                free = self._begin()
            if free:  # the first task, or a later one while a helper makes the first
                self._do(free)
                continue
            with self._changed:
                made = self._changed.wait_for(lambda: task.end, _PATIENCE)
            if not made:
                self._do(task)
        with self._changed:
            self.tasks.popleft()
        return task.end.result()

    def _next(self) -> _Task[_Job, _Made] | None:
        return next((task for task in self.tasks if not task.begun), None)

    def _begin(self) -> _Task[_Job, _Made] | None:
        task = self._next()
        if task:
            task.begun = True
        return task

    def _do(self, task: _Task[_Job, _Made]) -> None:
        """Make a task, unless another thread is faster."""
        made: Future[_Made] = Future()
        try:
            made.set_result(self._make(task.job))
        except BaseException as error:  # raised where the result is due
            made.set_exception(error)
        with self._changed:
            task.end = task.end or made
            self._changed.notify_all()
