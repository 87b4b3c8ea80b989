"""Executors that do the tasks of a run: processes of one machine, or the user's own."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
)
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from typing import Any

from grainpaint.errors import InputError, brief
from grainpaint.generation.recipe import Recipe
from grainpaint.generation.worker import Run, Threads, begin, threads_here
from grainpaint.store import Store

__all__ = ["Hands", "Stopped", "own_pool", "stopping", "users_own"]

_STOP_SIGNALS = (signal.SIGTERM, signal.SIGUSR1)
_KEPT = "what is done is kept, the same command continues"
_LOST = ("ExecutorlibSocketError", "UncompletedJobError")  # of executorlib, submitit
_AT_ONCE = 2000  # tasks that an executor of unknown size is given beforehand


class Stopped(Exception):
    """A signal asked the run to leave; what is done is kept."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


@dataclass(frozen=True)
class Hands:
    """An executor, and how many tasks it is given at once."""

    executor: Executor
    at_once: int


def _begin(run: Run, store: Store, recipe: Recipe, threads: Threads) -> None:
    """Make this process a worker, which ends when its parent does."""
    parent = parent_process()
    if parent is not None:
        for number in (*_STOP_SIGNALS, signal.SIGINT):  # the parent decides
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)

        def leave() -> None:
            parent.join()
            os._exit(1)

        threading.Thread(target=leave, daemon=True).start()
    begin(run, store, recipe, threads)


class _Here(Executor):
    """An executor that does tasks at once, in this process."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


@contextmanager
def own_pool(run: Run, store: Store, recipe: Recipe, workers: int) -> Iterator[Hands]:
    """Yield processes of this machine; on an error, kill those that are running.

    They share the threads that this process may use. One worker is this process, which
    goes on with the threads that it has.

    Raises
    ------
    InputError
        If one of them was killed.
    """
    threads = threads_here()
    if workers == 1:
        begin(run, store, recipe, threads)
        yield Hands(_Here(), 1)
        return
    share = max(1, threads.kernels // workers)
    threads = Threads(share, share)
    pool = ProcessPoolExecutor(
        workers, get_context("spawn"), _begin, (run, store, recipe, threads)
    )
    try:
        yield Hands(pool, 2 * workers)  # no worker waits for the parent
    except BaseException as error:
        for process in list((pool._processes or {}).values()):
            process.terminate()  # files are whole or not there
        pool.shutdown(wait=True, cancel_futures=True)
        if isinstance(error, BrokenProcessPool):
            raise InputError(
                "a worker process was killed, perhaps for lack of memory: use fewer "
                f"workers or a smaller window; {_KEPT}"
            ) from None
        raise
    pool.shutdown()


@contextmanager
def users_own(executor: Executor) -> Iterator[Hands]:
    """Yield an executor from outside, which goes on living.

    Raises
    ------
    InputError
        If it gives up tasks.
    """
    try:
        yield Hands(executor, _AT_ONCE)
    except Exception as error:
        why = _why(error)
        if why is None:
            raise
        raise InputError(f"{why}; {_KEPT}") from None


def _why(error: Exception) -> str | None:
    """Return why an executor failed, as far as it is not a fault of this program."""
    text = brief(error)
    # Dask's errors go by their names, for it may not be installed.
    if type(error).__name__ == "KilledWorker":
        return (
            "several workers died of one task, perhaps for lack of memory: give them "
            f"more, or use a smaller window ({text})"
        )
    if isinstance(error, CancelledError):
        return "the executor gave up its tasks: its scheduler was lost, or it was shut"
    if isinstance(error, BrokenExecutor) or type(error).__name__ in _LOST:
        return f"the executor broke ({text})"
    if isinstance(error, ImportError) or "deserialization" in text:
        return f"a worker or scheduler lacks this version of grainpaint ({text})"
    return None


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
